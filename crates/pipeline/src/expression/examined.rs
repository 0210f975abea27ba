//! Where an expression looks into a secret.
//!
//! Expressions of a run know the names of secrets, not their values: a secret passes through, and only whether it is empty
//! can be asked. Found is what stands directly in the tree; a secret that comes by a variable or an output is not.

use super::function::Function;
use super::syntax::Node;
use super::{ContextUse, Value, reference};

/// Returns the secrets whose values would decide, with their places.
pub(super) fn secrets(root: &Node) -> Vec<ContextUse> {
    let mut found = Vec::new();
    root.walk(&mut |node| match node {
        Node::Call(call) => match call.function {
            Function::Contains | Function::StartsWith | Function::EndsWith | Function::HashFiles => {
                found.extend(call.arguments.iter().filter_map(secret));
            }
            Function::FromJson | Function::Format => found.extend(call.arguments.first().and_then(secret)),
            _ => {}
        },
        Node::Compare(_, sides) => {
            let [left, right] = sides.as_ref();
            found.extend(
                [(left, right), (right, left)]
                    .into_iter()
                    .filter_map(|(one, other)| secret(one).filter(|_| !can_be_empty(other))),
            );
        }
        Node::Index(parts) => found.extend(secret(&parts[1])),
        _ => {}
    });
    found
}

/// Returns the secret that a node is, or may be.
fn secret(node: &Node) -> Option<ContextUse> {
    match node {
        Node::Or(parts) => return parts.iter().find_map(secret),
        Node::And(parts) => return parts.last().and_then(secret),
        Node::Index(..) => {}
        _ => return None,
    }
    let mut uses = reference::contexts(node);
    let used = uses
        .pop()
        .filter(|used| used.name == "secrets" && used.path.len() == 1)?;
    uses.is_empty().then_some(used)
}

/// Returns whether a comparison with it asks only whether a secret is empty, or may do so.
fn can_be_empty(node: &Node) -> bool {
    match node {
        Node::Literal(Value::String(text)) => text.is_empty(),
        Node::Literal(value) => *value == Value::Null,
        _ => true,
    }
}
