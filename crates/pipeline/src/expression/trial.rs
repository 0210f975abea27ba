//! Conditions of which only a part is known.
//!
//! Before a run, most of a condition is known and the outputs of earlier jobs are not. A part that is not known keeps a
//! condition open only when it matters: `false && x` is false whatever `x` is. The ordinary evaluation cannot say so,
//! because it must end at the first thing that it does not know; it also keeps no account of why. So this walks
//! `&&`, `||` and `!` itself, leaves everything below to the ordinary evaluation, and remembers the parts that decided.

use super::certainty::{Knowledge, is_certain};
use super::condition::Condition;
use super::evaluation::Evaluator;
use super::function::Function;
use super::syntax::Node;
use super::text;
use super::{ContextUse, Scope, Value, reference};

/// A scope of which a part is not known yet.
pub struct Partial<'s> {
    /// What is known.
    pub scope: &'s dyn Scope,
    /// Returns what is known of this use of a context.
    pub knows: &'s dyn Fn(&ContextUse) -> Knowledge,
    /// Whether the scope knows how everything before stands.
    pub knows_status: bool,
}

/// What is known of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Whether it holds; `None` while that is open.
    pub holds: Option<bool>,
    /// The parts that decide it, or keep it open, in the order of the text.
    pub because: Vec<Finding>,
}

/// A part of a condition without `&&` and `||`, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The part, as text.
    pub text: String,
    /// Whether it holds; `None` while that is open.
    pub holds: Option<bool>,
    /// What it reads, with the values that are known; the part itself is left out when it is only that.
    pub reads: Vec<(String, Option<Value>)>,
}

impl Condition {
    /// Returns what is known of the condition, without the implied `success()`.
    pub fn try_in(&self, partial: &Partial<'_>) -> Trial {
        match self.root() {
            Some(root) => weigh(root, partial),
            None => Trial {
                holds: Some(true),
                because: Vec::new(),
            },
        }
    }
}

fn weigh(node: &Node, partial: &Partial<'_>) -> Trial {
    match node {
        Node::And(parts) => first(parts, partial, false),
        Node::Or(parts) => first(parts, partial, true),
        Node::Not(inner) => {
            let trial = weigh(inner, partial);
            Trial {
                holds: trial.holds.map(|holds| !holds),
                ..trial
            }
        }
        leaf => {
            let finding = finding(leaf, partial);
            Trial {
                holds: finding.holds,
                because: vec![finding],
            }
        }
    }
}

/// Weighs the parts of `&&` (whose result a false one decides) or `||` (a true one).
fn first(parts: &[Node], partial: &Partial<'_>, decides: bool) -> Trial {
    let trials: Vec<Trial> = parts.iter().map(|part| weigh(part, partial)).collect();
    if let Some(decided) = trials.iter().find(|trial| trial.holds == Some(decides)) {
        return decided.clone();
    }
    let is_open = trials.iter().any(|trial| trial.holds.is_none());
    let deciding = trials.into_iter().filter(|trial| !is_open || trial.holds.is_none());
    Trial {
        holds: (!is_open).then_some(!decides),
        because: deciding.flat_map(|trial| trial.because).collect(),
    }
}

fn finding(node: &Node, partial: &Partial<'_>) -> Finding {
    let mut status_asked = false;
    node.walk(&mut |part| {
        status_asked |=
            matches!(part, Node::Call(call) if call.function.is_status() && call.function != Function::Always);
    });
    let is_known = is_certain(node, partial) && (partial.knows_status || !status_asked);
    let value = if is_known { evaluated(node, partial) } else { None };
    let mut reads = Vec::new();
    read(node, partial, &mut reads);
    if reads.len() == 1 && text::of(node) == reads[0].0 && !matters(reads[0].1.as_ref()) {
        reads.clear();
    }
    Finding {
        text: text::of(node),
        holds: value.map(|value| value.is_truthy()),
        reads,
    }
}

/// Whether a value, or that it is not known, says more than that it is true or false.
fn matters(value: Option<&Value>) -> bool {
    !matches!(value, Some(Value::Boolean(_)))
}

fn evaluated(node: &Node, partial: &Partial<'_>) -> Option<Value> {
    Evaluator::new(partial.scope).evaluate(node).ok()
}

/// Adds the contexts that `node` reads, each with the whole path that is written.
fn read(node: &Node, partial: &Partial<'_>, reads: &mut Vec<(String, Option<Value>)>) {
    if let Node::Context(_) | Node::Index(..) | Node::Filter(_) = node
        && let uses @ [_, ..] = reference::contexts(node).as_slice()
    {
        let text = text::of(node);
        if reads.iter().all(|(known, _)| *known != text) {
            let is_known = uses.iter().all(|found| (partial.knows)(found) == Knowledge::Value);
            reads.push((text, if is_known { evaluated(node, partial) } else { None }));
        }
        return;
    }
    match node {
        Node::Not(inner) => read(inner, partial, reads),
        Node::Compare(_, sides) => sides.iter().for_each(|side| read(side, partial, reads)),
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| read(part, partial, reads)),
        Node::Call(call) => call
            .arguments
            .iter()
            .for_each(|argument| read(argument, partial, reads)),
        Node::Literal(_) | Node::Context(_) | Node::Index(..) | Node::Filter(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::scope::KnownContexts;

    #[track_caller]
    fn check(condition: &str, holds: Option<bool>, because: &[&str]) {
        let github = Value::object([("ref", Value::from("refs/heads/topic")), ("fork", Value::from(false))]);
        let needs = Value::object([("a", Value::object([("result", Value::from("success"))]))]);
        let scope = KnownContexts::new([("github", github), ("needs", needs)]).standing(Status::SUCCESS);
        let partial = Partial {
            scope: &scope,
            knows: &|found| (found.name != "needs" || found.path.first().is_some_and(|need| need == "a")).into(),
            knows_status: false,
        };
        let trial = Condition::parse(condition).unwrap().try_in(&partial);
        let told: Vec<String> = trial
            .because
            .iter()
            .map(|found| {
                let reads: Vec<String> = found
                    .reads
                    .iter()
                    .map(|(name, value)| format!("{name}={}", value.as_ref().map_or("?".into(), Value::to_text)))
                    .collect();
                format!("{} {}", found.text, reads.join(","))
            })
            .collect();
        assert_eq!(trial.holds, holds, "{condition}");
        assert_eq!(told, because, "{condition}");
    }

    #[test]
    fn what_decides_is_told_with_its_values() {
        let main = "github.ref == 'refs/heads/main'";
        let main_told = "github.ref == 'refs/heads/main' github.ref=refs/heads/topic";
        check(main, Some(false), &[main_told]);
        check(&format!("${{{{ !({main}) }}}}"), Some(true), &[main_told]);
        check("github.fork", Some(false), &["github.fork "]);
        check("github['REF']", Some(true), &["github.REF github.REF=refs/heads/topic"]);
        check("", Some(true), &[]);
        check("text ${{ github.ref }}", Some(true), &[]);
    }

    #[test]
    fn what_is_not_known_matters_only_where_it_decides() {
        let open = "needs.b.outputs.go == 'yes'";
        let open_told = "needs.b.outputs.go == 'yes' needs.b.outputs.go=?";
        check(open, None, &[open_told]);
        check("needs.b.outputs.go", None, &["needs.b.outputs.go needs.b.outputs.go=?"]);
        check(&format!("{open} && github.fork"), Some(false), &["github.fork "]);
        check(&format!("github.fork || {open}"), None, &[open_told]);
        check(&format!("{open} || !github.fork"), Some(true), &["github.fork "]);
        check(
            "needs.a.result == 'success'",
            Some(true),
            &["needs.a.result == 'success' needs.a.result=success"],
        );
        check("toJSON(needs) == ''", None, &["toJSON(needs) == '' needs=?"]);
        check("failure()", None, &["failure() "]);
        check("failure() && github.fork", Some(false), &["github.fork "]);
        check("hashFiles('a') == ''", None, &["hashFiles('a') == '' "]);
    }
}
