//! An expression of a job of the plan, as it has to read in the flat workflow.
//!
//! Whatever is known becomes a literal. What names a job (`needs`, `jobs`) names those that stand for it; what a called
//! workflow gets (`inputs`, `secrets`) becomes what its caller gives, read where the caller stands. The rest stays.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::certainty::is_surely;
use super::layout::Layout;
use super::site::Site;
use crate::definition::{CallInputKind, PassedSecrets};
use crate::expression::Value;
use crate::expression::tree::{Call, Node};
use crate::plan::call::template_of;

/// The most parts of a rewritten expression: more than fit into the length that GitHub allows.
const MOST_PARTS: usize = 10_000;

/// The secret that every called workflow has.
const TOKEN: &str = "GITHUB_TOKEN";

/// Why an expression has no equivalent in the flat workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

/// How much of what is known is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// All.
    All,
    /// What the flat workflow does not know.
    Necessary,
}

/// What the status functions ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statuses {
    /// Everything before the job or step that asks, as they do by themselves.
    Own,
    /// The jobs before this one, which they have to be told by name.
    Named {
        /// The job.
        place: usize,
        /// Whether the answer is from before, when nobody had cancelled the run.
        is_past: bool,
    },
}

/// What is said about the expressions of one job.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<BTreeSet<String>>);

impl Notes {
    pub(super) fn add(&self, words: String) {
        self.0.borrow_mut().insert(words);
    }

    pub(super) fn into_words(self) -> BTreeSet<String> {
        self.0.into_inner()
    }
}

/// Rewrites the expressions of one place.
#[derive(Clone)]
pub(super) struct Rewriter<'w> {
    pub(super) layout: &'w Layout<'w>,
    pub(super) site: Site<'w>,
    /// The job in which the result will stand, which may be one of a workflow that the place's job calls.
    pub(super) reader: Option<usize>,
    pub(super) statuses: Statuses,
    pub(super) filled: Filled,
    /// Whether `needs` is the same there as in the plan.
    pub(super) has_own_needs: bool,
    pub(super) notes: &'w Notes,
    pub(super) spent: &'w Cell<usize>,
}

/// A name behind a context.
#[derive(Clone, Debug)]
enum Segment {
    Name(String),
    Star,
    Computed(Node),
}

impl<'w> Rewriter<'w> {
    /// Returns the rewriter of another place for the same reader.
    pub(super) fn at(&self, site: Site<'w>) -> Self {
        Self {
            site,
            has_own_needs: false,
            ..self.clone()
        }
    }

    /// Returns the expression as it reads in the flat workflow.
    pub(super) fn rewrite(&self, node: &Node) -> Result<Node, Refusal> {
        self.spend()?;
        if let Some(value) = self.known(node) {
            return Ok(Node::of_value(value));
        }
        let rewritten = match node {
            Node::Literal(_) => node.clone(),
            Node::Context(_) | Node::Index(..) | Node::Filter(_) => return self.path(node),
            Node::Not(inner) => Node::Not(Box::new(self.rewrite(inner)?)),
            Node::And(parts) => Node::all(self.each(parts)?),
            Node::Or(parts) => Node::any(self.each(parts)?),
            Node::Compare(comparison, sides) => {
                let [left, right] = sides.as_ref();
                Node::Compare(*comparison, Box::new([self.rewrite(left)?, self.rewrite(right)?]))
            }
            Node::Call(call) if call.function.is_status() => self.status(call)?,
            Node::Call(call) => Node::from(Call {
                arguments: self.each(&call.arguments)?,
                ..Call::clone(call)
            }),
        };
        // What the parts became may decide the whole.
        let is_changed = rewritten.contexts().is_empty() && !node.contexts().is_empty();
        let value = if is_changed { self.site.known(&rewritten) } else { None };
        Ok(value.map_or(rewritten, Node::of_value))
    }

    fn each(&self, nodes: &[Node]) -> Result<Vec<Node>, Refusal> {
        nodes.iter().map(|node| self.rewrite(node)).collect()
    }

    /// Notes one part more.
    pub(super) fn spend(&self) -> Result<(), Refusal> {
        self.spend_for(&[])
    }

    /// Notes one part more, and one for each of the jobs that it reads.
    pub(super) fn spend_for(&self, ids: &[String]) -> Result<(), Refusal> {
        let spent = self.spent.get() + 1 + ids.len();
        self.spent.set(spent);
        if spent > MOST_PARTS {
            return Err(Refusal::too_long());
        }
        Ok(())
    }

    fn known(&self, node: &Node) -> Option<Value> {
        if matches!(node, Node::Literal(_)) {
            return None;
        }
        let is_wanted = match self.filled {
            Filled::All => !node.contexts().is_empty(),
            Filled::Necessary => is_other_there(node),
        };
        if is_wanted { self.site.known(node) } else { None }
    }

    /// Returns what the names behind a context become.
    fn path(&self, node: &Node) -> Result<Node, Refusal> {
        let mut segments = Vec::new();
        let mut base = node;
        loop {
            base = match base {
                Node::Index(parts) => {
                    let [inner, index] = parts.as_ref();
                    segments.push(match self.rewrite(index)? {
                        Node::Literal(value) if value.is_primitive() => Segment::Name(value.to_text()),
                        other => Segment::Computed(other),
                    });
                    inner
                }
                Node::Filter(inner) => {
                    segments.push(Segment::Star);
                    inner
                }
                other => break base = other,
            };
            if let Some(value) = self.site.known(base).filter(|_| is_other_there(base)) {
                segments.reverse();
                return Ok(behind(Node::of_value(value), &segments));
            }
        }
        segments.reverse();
        let Node::Context(name) = base else {
            return Ok(behind(self.rewrite(base)?, &segments));
        };
        match (name.text.to_ascii_lowercase().as_str(), self.site.place, self.site.call) {
            ("needs", Some(place), _) => self.needs(place, base, &segments),
            ("jobs", None, Some(call)) => self.jobs(call, &segments),
            ("inputs", _, Some(call)) => self.inputs(call, &segments),
            ("secrets", _, Some(call)) => self.secrets(call, base, &segments),
            _ => Ok(behind(base.clone(), &segments)),
        }
    }

    fn needs(&self, place: usize, base: &Node, segments: &[Segment]) -> Result<Node, Refusal> {
        let needs = self.layout.needs(place);
        let is_same = |need: &usize| {
            let ids = self.layout.ids(*need);
            ids.len() == 1 && ids[0] == self.layout.plan.definition(*need).id
        };
        match segments {
            [Segment::Name(id), ..] => {
                let call = self.layout.plan.call_of(place);
                let need = self.layout.place(call, id).filter(|need| needs.contains(need));
                let Some(need) = need else {
                    return Ok(Node::Literal(Value::Null));
                };
                self.of_job(need, id, segments)
            }
            _ if self.has_own_needs && needs.iter().all(is_same) => Ok(behind(base.clone(), segments)),
            [Segment::Star, Segment::Name(field)] if field.eq_ignore_ascii_case("result") => self.results(needs),
            _ => Err(Refusal(
                "`needs` as a whole is another one in a flat workflow, where jobs have other ids".to_owned(),
            )),
        }
    }

    fn jobs(&self, call: usize, segments: &[Segment]) -> Result<Node, Refusal> {
        match segments {
            [Segment::Name(id), ..] => match self.layout.place(Some(call), id) {
                Some(place) => self.of_job(place, id, segments),
                None => Ok(Node::Literal(Value::Null)),
            },
            _ => Err(Refusal("`jobs` as a whole is not there in a flat workflow".to_owned())),
        }
    }

    /// Returns what a path that begins with the name of a job becomes.
    fn of_job(&self, place: usize, id: &str, segments: &[Segment]) -> Result<Node, Refusal> {
        let is_one = !self.layout.is_call(place) && self.layout.ids(place).len() == 1;
        if is_one {
            let own = self.layout.ids(place)[0].as_str();
            return Ok(behind(Node::path("needs", &[own]), &segments[1..]));
        }
        let is = |name: &str, field: &str| name.eq_ignore_ascii_case(field);
        match segments {
            [_, Segment::Name(field)] if is(field, "result") => self.result(place),
            [_, Segment::Name(field), Segment::Name(output)] if is(field, "outputs") => self.output(place, output),
            _ if !self.layout.may_run(place) => {
                let result = ("result", Value::from("skipped"));
                let skipped = Value::object([result, ("outputs", Value::object::<String>([]))]);
                Ok(behind(Node::of_value(skipped), &segments[1..]))
            }
            _ => Err(Refusal(format!(
                "`{id}` is several jobs in a flat workflow, of which only `result` and `outputs.NAME` can be read together"
            ))),
        }
    }

    /// Returns `needs.*.result`.
    fn results(&self, needs: &[usize]) -> Result<Node, Refusal> {
        let results: Result<Vec<Node>, Refusal> = needs.iter().map(|need| self.result(*need)).collect();
        let pattern: Vec<String> = (0..needs.len()).map(|index| format!("\"{{{index}}}\"")).collect();
        let mut arguments = vec![Node::text(format!("[{}]", pattern.join(",")))];
        arguments.extend(results?);
        let json = match arguments.as_slice() {
            [_] => Node::text("[]"),
            _ => Node::call(crate::expression::Function::Format, arguments),
        };
        Ok(Node::call(crate::expression::Function::FromJson, vec![json]))
    }

    fn inputs(&self, call: usize, segments: &[Segment]) -> Result<Node, Refusal> {
        let (called, given) = self.interface_of(call)?;
        let [Segment::Name(name), ..] = segments else {
            return Err(Refusal(
                "`inputs` as a whole holds values that only the run knows, and a flat workflow has none".to_owned(),
            ));
        };
        let declared = called.interface.inputs.iter();
        let Some(declared) = declared.into_iter().find(|input| input.name.eq_ignore_ascii_case(name)) else {
            return Ok(Node::Literal(Value::Null));
        };
        let Some(template) = template_of(declared, given) else {
            return Ok(Node::Literal(declared.kind.empty()));
        };
        let value = self.of_caller()?.rewrite(&template.tree())?;
        let value = match declared.kind {
            CallInputKind::String => value.into_text(),
            kind if is_surely(&value, kind) => value,
            kind => {
                return Err(Refusal(format!(
                    "the input `{}` takes {}, and only a run knows whether `{}` is that; a comparison and `fromJSON(…)` are",
                    declared.name,
                    kind.words(),
                    template.source()
                )));
            }
        };
        Ok(behind(value, &segments[1..]))
    }

    /// Checks that the inputs of a call are of their types.
    pub(super) fn check_inputs(&self, call: usize) -> Result<(), Refusal> {
        let (called, _) = self.interface_of(call)?;
        let open = &self.layout.plan.calls[call].open;
        let inputs = called.interface.inputs.iter();
        for input in inputs.filter(|input| input.kind != CallInputKind::String && open.contains(&input.name)) {
            self.inputs(call, &[Segment::Name(input.name.clone())])?;
        }
        Ok(())
    }

    fn secrets(&self, call: usize, base: &Node, segments: &[Segment]) -> Result<Node, Refusal> {
        let (_, given) = self.interface_of(call)?;
        let caller = self.of_caller()?;
        let given = match &given.secrets {
            PassedSecrets::Given(given) => given,
            PassedSecrets::Inherit => {
                return match caller.site.call {
                    Some(outer) => caller.secrets(outer, base, segments),
                    None => Ok(behind(base.clone(), segments)),
                };
            }
        };
        let [Segment::Name(name), ..] = segments else {
            return Err(Refusal(
                "`secrets` as a whole is only what the caller passes, and in a flat workflow all that there are"
                    .to_owned(),
            ));
        };
        let passed = given.iter().find(|(passed, _)| passed.eq_ignore_ascii_case(name));
        match passed {
            Some((_, template)) => Ok(caller.rewrite(&template.tree())?.into_text()),
            None if name.eq_ignore_ascii_case(TOKEN) => Ok(behind(base.clone(), segments)),
            None => Ok(Node::Literal(Value::Null)),
        }
    }

    fn interface_of(
        &self,
        call: usize,
    ) -> Result<(&'w crate::definition::Called, &'w crate::definition::Call), Refusal> {
        let plan = self.layout.plan;
        let planned = &plan.calls[call];
        let called = plan.called.get(&planned.workflow);
        let given = plan.definition(planned.caller).call.as_deref();
        called
            .zip(given)
            .ok_or_else(|| Refusal(format!("`{}` is not in the plan", planned.workflow)))
    }

    fn of_caller(&self) -> Result<Self, Refusal> {
        let caller = self.site.of_caller();
        Ok(self.at(caller.ok_or_else(|| Refusal("nobody calls the workflow".to_owned()))?))
    }
}

impl Refusal {
    /// Returns the refusal of an expression that grows too much.
    pub(super) fn too_long() -> Self {
        Self("written out it is longer, or nested deeper, than GitHub allows".to_owned())
    }
}

/// Whether a part of an expression reads what has not the same value in the flat workflow.
fn is_other_there(node: &Node) -> bool {
    let contexts = node.contexts();
    contexts
        .iter()
        .any(|found| !matches!(found.name.as_str(), "github" | "vars"))
}

fn behind(base: Node, segments: &[Segment]) -> Node {
    segments.iter().fold(base, |base, segment| match segment {
        Segment::Name(name) => base.field(name),
        Segment::Star => Node::Filter(Box::new(base)),
        Segment::Computed(index) => Node::Index(Box::new([base, index.clone()])),
    })
}
