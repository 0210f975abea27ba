//! Which contexts and functions stand in an expression, and where.

use super::syntax::Node;
use super::{ContextUse, FunctionUse, Value};

pub(super) fn contexts(root: &Node) -> Vec<ContextUse> {
    let mut uses = Vec::new();
    collect(root, &mut uses);
    uses
}

pub(super) fn functions(root: &Node) -> Vec<FunctionUse> {
    let mut uses = Vec::new();
    root.walk(&mut |node| {
        if let Node::Call(call) = node {
            uses.push(FunctionUse {
                function: call.function,
                position: call.name.position,
                length: call.name.text.len(),
            });
        }
    });
    uses
}

/// Adds what stands in `node`; returns the use whose path a further index prolongs.
fn collect(node: &Node, uses: &mut Vec<ContextUse>) -> Option<usize> {
    match node {
        Node::Context(name) => {
            uses.push(ContextUse {
                name: name.text.to_ascii_lowercase(),
                path: Vec::new(),
                position: name.position,
                length: name.text.len(),
            });
            return Some(uses.len() - 1);
        }
        Node::Index(parts) => {
            let [base, index] = parts.as_ref();
            let at = collect(base, uses);
            if let Node::Literal(Value::String(name)) = index {
                let at = at?;
                uses[at].path.push(name.clone());
                return Some(at);
            }
            collect(index, uses);
        }
        Node::Literal(_) => {}
        Node::Filter(inner) | Node::Not(inner) => {
            collect(inner, uses);
        }
        Node::Compare(_, sides) => {
            for side in sides.iter() {
                collect(side, uses);
            }
        }
        Node::And(parts) | Node::Or(parts) => {
            for part in parts {
                collect(part, uses);
            }
        }
        Node::Call(call) => {
            for argument in &call.arguments {
                collect(argument, uses);
            }
        }
    }
    None
}
