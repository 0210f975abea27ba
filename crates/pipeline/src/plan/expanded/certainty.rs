//! Whether an expression surely gives a value of a type.
//!
//! A called workflow is not called when an input is of another type than it takes. The flat workflow calls nothing, so
//! an input that may be of another type cannot be written. `fromJSON` counts as sure: it is how a text becomes a value,
//! and who writes it means one of the type.

use crate::definition::CallInputKind;
use crate::expression::tree::Node;
use crate::expression::{Function, Value};

/// Returns whether `node` surely gives what an input of this kind takes.
pub(super) fn is_surely(node: &Node, kind: CallInputKind) -> bool {
    match (node, kind) {
        (_, CallInputKind::String)
        | (Node::Literal(Value::Boolean(_)) | Node::Not(_) | Node::Compare(..), CallInputKind::Boolean)
        | (Node::Literal(Value::Number(_)), CallInputKind::Number) => true,
        (Node::Call(call), kind) => {
            let is_test = matches!(
                call.function,
                Function::Contains | Function::StartsWith | Function::EndsWith
            );
            let is_boolean = is_test || call.function.is_status();
            call.function == Function::FromJson || (is_boolean && kind == CallInputKind::Boolean)
        }
        (Node::And(parts), kind) => parts.iter().all(|part| is_surely(part, kind)),
        (Node::Or(parts), kind) => parts.split_last().is_some_and(|(last, others)| {
            is_surely(last, kind) && others.iter().all(|part| is_surely_when_true(part, kind))
        }),
        _ => false,
    }
}

/// Returns whether `node` surely gives what an input of this kind takes, unless what it gives is not true.
fn is_surely_when_true(node: &Node, kind: CallInputKind) -> bool {
    match node {
        Node::And(parts) => parts.last().is_some_and(|last| is_surely_when_true(last, kind)),
        Node::Or(parts) => parts.iter().all(|part| is_surely_when_true(part, kind)),
        other => is_surely(other, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;

    #[test]
    fn what_may_be_a_text_is_not_sure() {
        let is_surely = |text: &str, kind| is_surely(Expression::parse(text).unwrap().tree(), kind);
        for text in [
            "needs.a.result == 'x'",
            "!needs.a.outputs.o",
            "true && !contains(needs.a.outputs.o, 'x')",
            "fromJSON(needs.a.outputs.o)",
            "false || true",
        ] {
            assert!(is_surely(text, CallInputKind::Boolean), "{text}");
        }
        for text in [
            "needs.a.outputs.o",
            "needs.a.result == 'x' && 'true'",
            "1",
            "'true'",
            "null",
        ] {
            assert!(!is_surely(text, CallInputKind::Boolean), "{text}");
            assert!(is_surely(text, CallInputKind::String), "{text}");
        }
        assert!(is_surely("fromJSON(needs.a.outputs.o) || 3", CallInputKind::Number));
        assert!(is_surely("needs.a.result == 'x' && 1 || 2", CallInputKind::Number));
        assert!(!is_surely("needs.a.outputs.o || 3", CallInputKind::Number));
        assert!(!is_surely("needs.a.result == 'x' && 1", CallInputKind::Number));
        assert!(!is_surely("1 == 2", CallInputKind::Number));
    }
}
