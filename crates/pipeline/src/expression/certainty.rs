//! Whether a part of a condition is the same in every run that a scope stands for.
//!
//! Some values of a scope only stand for others: the login of nobody for those of all strangers. What such a value is
//! says nothing, only that it is not a name that somebody else has. So it counts where it is compared as a whole with a
//! text that is fixed, or where the part of it that only its owner has is; a search in it, an order, or what is
//! calculated of it, has another result for another name.

use super::evaluation::Evaluator;
use super::function::Function;
use super::syntax::{Comparison, Node};
use super::trial::Partial;
use super::{ContextUse, Value, reference};

/// What is known of a context that stands in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Nothing.
    Nothing,
    /// Its value.
    Value,
    /// That it is a name, or the number of one: the scope has one that stands for it.
    Name,
    /// That it is such a name of others, which is neither one that is known nor one that stands in a condition. What
    /// stands before its first `/` or `:` is nobody else's.
    NameOfOthers,
}

impl From<bool> for Knowledge {
    fn from(is_known: bool) -> Self {
        if is_known { Self::Value } else { Self::Nothing }
    }
}

/// Returns whether the value of `node` is that of all for whom the scope stands.
pub(super) fn is_certain(node: &Node, partial: &Partial<'_>) -> bool {
    let known = || {
        reference::contexts(node)
            .into_iter()
            .map(|found| (partial.knows)(&found))
    };
    if known().any(|known| known == Knowledge::Nothing) {
        return false;
    }
    let is_certain = |part: &Node| is_certain(part, partial);
    known().all(|known| known == Knowledge::Value)
        || match node {
            Node::Literal(_) | Node::Context(_) => false,
            Node::Filter(inner) | Node::Not(inner) => is_certain(inner),
            Node::And(parts) | Node::Or(parts) => parts.iter().all(is_certain),
            Node::Index(parts) => parts.iter().all(is_certain),
            Node::Compare(comparison, sides) => {
                let [left, right] = sides.as_ref();
                let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                is_equality && (is_told_from(left, right, partial) || is_told_from(right, left, partial))
                    || sides.iter().all(is_certain)
            }
            Node::Call(call) => {
                let is_of_names = match (call.function, call.arguments.as_slice()) {
                    (Function::Contains, [list, name]) => is_told_from_all(name, list, partial),
                    (Function::StartsWith, [name, start]) => is_told_by_start(name, start, partial),
                    _ => false,
                };
                is_of_names || call.arguments.iter().all(is_certain)
            }
        }
}

/// Returns whether a name of others is compared with something fixed.
fn is_told_from(name: &Node, fixed: &Node, partial: &Partial<'_>) -> bool {
    let name = name_of_others(name, partial);
    name.zip(fixed_value(fixed, partial))
        .is_some_and(|(name, fixed)| is_of_its_kind(&name, &fixed))
}

/// Returns whether a name of others is looked for in a list of whole names.
fn is_told_from_all(name: &Node, list: &Node, partial: &Partial<'_>) -> bool {
    let Node::Call(call) = list else { return false };
    let is_fixed = call.function == Function::FromJson && call.arguments.iter().all(|json| is_fixed(json, partial));
    match (name_of_others(name, partial), value(list, partial)) {
        (Some(name), Some(Value::Array(list))) => {
            is_fixed && list.items().iter().all(|item| is_of_its_kind(&name, item))
        }
        _ => false,
    }
}

/// Returns whether a name of others is asked whether it starts with the whole of what only its owner has.
fn is_told_by_start(name: &Node, start: &Node, partial: &Partial<'_>) -> bool {
    let start = fixed_value(start, partial);
    name_of_others(name, partial).is_some() && matches!(start, Some(Value::String(start)) if start.contains(['/', ':']))
}

/// Returns whether a name equals no more than one value like this: several texts are the same number.
fn is_of_its_kind(name: &Value, fixed: &Value) -> bool {
    match (name, fixed) {
        // It is absent from all the runs.
        (Value::Null, _) | (Value::Number(_), Value::Number(_)) => true,
        (Value::String(_) | Value::Number(_), Value::String(fixed)) => !fixed.is_empty(),
        _ => false,
    }
}

fn name_of_others(node: &Node, partial: &Partial<'_>) -> Option<Value> {
    let is_of_others = named(node).is_some_and(|found| (partial.knows)(&found) == Knowledge::NameOfOthers);
    is_of_others.then(|| value(node, partial)).flatten()
}

fn fixed_value(node: &Node, partial: &Partial<'_>) -> Option<Value> {
    is_fixed(node, partial).then(|| value(node, partial)).flatten()
}

/// Returns whether a value is a literal or a name that is none of others, or a text made of these.
fn is_fixed(node: &Node, partial: &Partial<'_>) -> bool {
    match node {
        Node::Literal(_) => true,
        Node::Call(call) => {
            call.function == Function::Format && call.arguments.iter().all(|argument| is_fixed(argument, partial))
        }
        _ => named(node).is_some_and(|found| (partial.knows)(&found) == Knowledge::Name),
    }
}

/// Returns the context that a node is, with its whole path.
fn named(node: &Node) -> Option<ContextUse> {
    fn is_path(node: &Node) -> bool {
        match node {
            Node::Context(_) => true,
            Node::Index(parts) => is_path(&parts[0]) && matches!(parts[1], Node::Literal(Value::String(_))),
            _ => false,
        }
    }
    is_path(node).then(|| reference::contexts(node).pop()).flatten()
}

fn value(node: &Node, partial: &Partial<'_>) -> Option<Value> {
    Evaluator::new(partial.scope).evaluate(node).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Condition, Status};
    use super::*;
    use crate::scope::KnownContexts;

    #[track_caller]
    fn check(condition: &str, holds: Option<bool>) {
        let github = Value::object([
            ("event_name", Value::from("push")),
            ("owner", Value::from("\u{1}")),
            ("actor", Value::from("\u{2}")),
            ("label", Value::from("\u{2}:\u{2}")),
            ("id", Value::from(0.5)),
        ]);
        let scope = KnownContexts::new([("github", github)]).standing(Status::SUCCESS);
        let partial = Partial {
            scope: &scope,
            knows: &|found| match found.path.first().map(String::as_str) {
                Some("event_name") => Knowledge::Value,
                Some("owner") => Knowledge::Name,
                Some("actor" | "label" | "id" | "absent") => Knowledge::NameOfOthers,
                _ => Knowledge::Nothing,
            },
            knows_status: false,
        };
        let condition = condition.replace("g.", "github.");
        assert_eq!(
            Condition::parse(condition.as_str()).unwrap().try_in(&partial).holds,
            holds,
            "{condition}"
        );
    }

    #[test]
    fn a_whole_name_is_told_from_others() {
        for (condition, holds) in [
            ("g.actor == 'octocat'", false),
            ("'octocat' != github['actor']", true),
            ("(g.actor == 'octocat') == false", true),
            ("g.actor == g.owner", false),
            ("g.label == format('{0}:{1}', g.owner, 'main')", false),
            ("contains(fromJSON('[\"octo\\u0063at\"]'), g.actor)", false),
            ("contains(fromJSON('[1, \"2\"]'), g.id)", false),
            ("startsWith(g.label, 'octo:')", false),
            ("startsWith(g.label, format('{0}:', g.owner))", false),
            ("g.id == 1234", false),
            ("g.id == '1234'", false),
            ("g.absent == 'a'", false),
            ("case(g.actor == 'a', true, g.event_name == 'push')", true),
        ] {
            check(condition, Some(holds));
        }
    }

    #[test]
    fn a_part_of_a_name_tells_nobody_from_others() {
        for condition in [
            "g.actor",
            "!g.actor",
            "g.owner == 'octo'",
            "g.actor == ''",
            "g.actor == null",
            "g.actor == 1",
            "g.actor == g.label",
            "g.actor == g.event_name",
            "g.actor == g.other",
            "g.actor >= 'octo/'",
            "contains(g.actor, '-bot-')",
            "contains('octo_cat', g.actor)",
            "contains(fromJSON('\"octo\\u0063at\"'), g.actor)",
            "contains(fromJSON('[\"octocat\"]')[0], g.actor)",
            "contains(fromJSON('[1]') && 'octocat', g.actor)",
            "contains(fromJSON('[1]'), g.actor)",
            "contains(toJSON(fromJSON('[\"octocat\"]')), g.actor)",
            "contains(g.event_name, g.actor)",
            "startsWith(g.actor, 'octo')",
            "startsWith(g.label, g.owner)",
            "startsWith('octo:main', g.label)",
            "startsWith(g.label, g.event_name != 'pull' && 'octo:')",
            "endsWith(g.actor, '[bot]')",
            "format('{0}', g.actor) == 'octocat'",
            "fromJSON(format('{{\"{0}\": 1}}', g.actor)).octocat == 1",
            "fromJSON('{\"octocat\": 1}')[g.actor] == 1",
        ] {
            check(condition, None);
        }
    }
}
