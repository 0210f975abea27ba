//! Which values can become the result of an expression, or a part of it.
//!
//! Narrower than the contexts that stand in it: what is only compared, asked about or used to choose never gets out,
//! so `contains(github.event.issue.title, 'x') && 'a' || 'b'` carries no title. Who judges where text goes needs
//! exactly this difference.

use super::Value;
use super::function::Function;
use super::syntax::{Call, Node};

/// A value that can become the result of an expression, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The context in lower case, then the names behind it as written; `*` where any name is possible.
    pub path: Vec<String>,
    /// Whether it comes out with everything that is in it.
    pub extent: Extent,
    /// The byte at which the context's name starts.
    pub position: usize,
    /// The length in bytes of the context's name.
    pub length: usize,
}

/// How much of a value comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The value itself; a list or an object is only named.
    Itself,
    /// Everything in it, through `toJSON`.
    Whole,
}

pub(super) fn flows(root: &Node) -> Vec<Flow> {
    let mut found = Vec::new();
    collect(root, Extent::Itself, &mut found);
    found
}

fn collect(node: &Node, extent: Extent, found: &mut Vec<Flow>) {
    match node {
        Node::Context(_) | Node::Index(..) | Node::Filter(_) => path(node, extent, found),
        // What stands before the last `&&` only comes out when it is false or empty.
        Node::And(parts) => {
            if let Some(last) = parts.last() {
                collect(last, extent, found);
            }
        }
        Node::Or(parts) => {
            for part in parts {
                collect(part, extent, found);
            }
        }
        Node::Call(call) => arguments(call, extent, found),
        Node::Literal(_) | Node::Not(_) | Node::Compare(..) => {}
    }
}

fn arguments(call: &Call, extent: Extent, found: &mut Vec<Flow>) {
    let all = call.arguments.iter();
    match call.function {
        Function::ToJson => all.for_each(|argument| collect(argument, Extent::Whole, found)),
        Function::Format | Function::FromJson | Function::Join => {
            all.for_each(|argument| collect(argument, extent, found));
        }
        Function::Case => {
            let last = all.len().saturating_sub(1);
            let values = all.enumerate().filter(|(at, _)| at % 2 == 1 || *at == last);
            values.for_each(|(_, value)| collect(value, extent, found));
        }
        _ => {}
    }
}

/// Adds the path that ends with `node`; the value of an index only chooses.
fn path(node: &Node, extent: Extent, found: &mut Vec<Flow>) {
    let mut behind = Vec::new();
    let mut at = node;
    loop {
        match at {
            Node::Index(parts) => {
                let [base, index] = parts.as_ref();
                behind.push(match index {
                    Node::Literal(Value::String(name)) => name.clone(),
                    _ => "*".to_owned(),
                });
                at = base;
            }
            Node::Filter(inner) => {
                behind.push("*".to_owned());
                at = inner;
            }
            Node::Context(name) => {
                behind.push(name.text.to_ascii_lowercase());
                behind.reverse();
                found.push(Flow {
                    path: behind,
                    extent,
                    position: name.position,
                    length: name.text.len(),
                });
                return;
            }
            other => return collect(other, extent, found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expression;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let flows = Expression::parse(text).unwrap().flows();
        let paths: Vec<String> = flows
            .iter()
            .map(|flow| match flow.extent {
                Extent::Itself => flow.path.join("."),
                Extent::Whole => format!("{{{}}}", flow.path.join(".")),
            })
            .collect();
        assert_eq!(paths, expected, "{text}");
    }

    #[test]
    fn what_can_come_out_is_found() {
        check("github.event.issue.title", &["github.event.issue.title"]);
        check("GITHUB['event'].commits.*.message", &["github.event.commits.*.message"]);
        check("github.event.commits[0].message", &["github.event.commits.*.message"]);
        check("github.head_ref || github.ref", &["github.head_ref", "github.ref"]);
        check("format('{0}', env.A)", &["env.A"]);
        check("toJSON(github.event)", &["{github.event}"]);
        check("fromJSON(inputs.x).y", &["inputs.x"]);
        check(
            "join(github.event.commits.*.message, ' ')",
            &["github.event.commits.*.message"],
        );
        check("case(env.A == '1', env.B, env.C)", &["env.B", "env.C"]);
    }

    #[test]
    fn what_only_decides_does_not_come_out() {
        check("github.head_ref == 'main'", &[]);
        check("contains(github.event.issue.title, 'x') && 'a' || 'b'", &[]);
        check("github.head_ref && 'a'", &[]);
        check("!github.head_ref", &[]);
        check("hashFiles(env.A)", &[]);
        check("env[github.head_ref]", &["env.*"]);
    }
}
