//! The `if` of a job in the flat workflow.
//!
//! A status function asks about everything before the job, through all needs. In the flat workflow that is the same as
//! long as whatever stands for a job ends as it does, and as long as a called workflow asks nothing of its own: there it
//! would see its caller's needs too, and that somebody cancelled before its call began. Where it is not the same, the
//! condition names the jobs and their results.
//!
//! Results do not tell everything of a run that is cancelled: whether a call had begun by then has to be guessed from
//! them, so that a job in it which asks for `always()` or `cancelled()` may run where it did not, or not where it did.

use super::rewriting::{Refusal, Rewriter, Statuses};
use super::standing::not_cancelled;
use crate::expression::tree::Node;
use crate::expression::{Condition, Function};

/// A condition in which status functions mean what they say.
pub(super) struct Native {
    pub(super) node: Node,
    /// Whether no `success()` is implied.
    pub(super) asks: bool,
}

impl Native {
    /// Returns what has to be written of it: nothing when it is the implied `success()`.
    pub(super) fn rest(self) -> Option<Node> {
        let Self { node, asks } = self;
        match node.truth() {
            Some(true) if !asks => None,
            Some(false) => Some(node),
            _ if asks && !node.asks_status() => Some(Node::all([always(), node]).into_condition()),
            _ => Some(node),
        }
    }
}

impl Rewriter<'_> {
    /// Returns whether the condition of the job at `place` can leave the status functions as they are.
    pub(super) fn is_native(&self, place: usize) -> bool {
        let layout = self.layout;
        let asks = layout.asks_status(place);
        match layout.caller(place) {
            None => !self.asks_success(place) || layout.is_plain_before(place),
            Some(_) if asks => false,
            Some(caller) if layout.needs(place).is_empty() => self.is_native(caller),
            Some(_) => !layout.runs_behind_failure(place) && layout.is_plain_before(place),
        }
    }

    /// Returns the condition of the job at `place`; none when it is the implied `success()`.
    pub(super) fn condition_of_job(&self, place: usize) -> Result<Option<Node>, Refusal> {
        let Native { node, asks } = if self.is_native(place) {
            self.native(place)?
        } else {
            Native {
                node: self.told(place, false)?,
                asks: true,
            }
        };
        let node = without_always(node.into_condition());
        Ok(Native { node, asks }.rest())
    }

    fn native(&self, place: usize) -> Result<Native, Refusal> {
        let layout = self.layout;
        let asks = layout.asks_status(place);
        let caller = layout.caller(place).filter(|_| layout.needs(place).is_empty());
        let Some(caller) = caller else {
            let node = self.own_condition(place, Statuses::Own)?;
            return Ok(Native { node, asks });
        };
        let outer = self.native(caller)?;
        // It is the first of its workflow: nothing is before it, and all is well unless somebody cancels.
        let own = self.own_condition(place, Statuses::Own)?;
        let status = outer.asks.then(not_cancelled);
        Ok(Native {
            node: Node::all(status.into_iter().chain([outer.node, own])),
            asks: outer.asks,
        })
    }

    fn asks_success(&self, place: usize) -> bool {
        let condition = self.layout.plan.definition(place).condition.as_ref();
        let functions = condition.map(Condition::functions_used).unwrap_or_default();
        let mut asked = functions.iter().map(|found| found.function);
        !self.layout.asks_status(place) || asked.any(|function| function == Function::Success)
    }
}

/// Returns a condition without the `always()` that says nothing beside another status function.
fn without_always(node: Node) -> Node {
    let is_always = |part: &Node| matches!(part, Node::Call(call) if call.function == Function::Always);
    match node {
        Node::And(parts) if parts.iter().any(|part| !is_always(part) && part.asks_status()) => {
            Node::all(parts.into_iter().filter(|part| !is_always(part)))
        }
        other => other,
    }
}

fn always() -> Node {
    Node::call(Function::Always, Vec::new())
}
