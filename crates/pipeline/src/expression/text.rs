//! Expressions as text again, for parts of one that are told to people.

use super::syntax::{Comparison, Node};
use super::value::Value;

/// Returns the text of `node`: what was written, but for spaces, needless brackets and `['name']` for `.name`.
pub(super) fn of(node: &Node) -> String {
    match node {
        Node::Literal(value) => literal(value),
        Node::Context(name) => name.text.to_string(),
        Node::Index(parts) => match parts.as_ref() {
            [base, Node::Literal(Value::String(name))] if is_name(name) => {
                format!("{}.{name}", below(base, Strength::Name))
            }
            [base, index] => format!("{}[{}]", below(base, Strength::Name), of(index)),
        },
        Node::Filter(base) => format!("{}.*", below(base, Strength::Name)),
        Node::Not(inner) => format!("!{}", below(inner, Strength::Not)),
        Node::And(parts) => joined(parts, " && ", Strength::Compare),
        Node::Or(parts) => joined(parts, " || ", Strength::And),
        Node::Compare(comparison, sides) => {
            let [left, right] = sides.each_ref().map(|side| below(side, Strength::Not));
            format!("{left} {} {right}", sign(*comparison))
        }
        Node::Call(call) => {
            let arguments: Vec<String> = call.arguments.iter().map(of).collect();
            format!("{}({})", call.name.text, arguments.join(", "))
        }
    }
}

/// Returns a value as an expression writes it; lists and objects, which it cannot write, by their kind.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_text(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Or,
    And,
    Compare,
    Not,
    Name,
}

fn strength(node: &Node) -> Strength {
    match node {
        Node::Or(_) => Strength::Or,
        Node::And(_) => Strength::And,
        Node::Compare(..) => Strength::Compare,
        Node::Not(_) => Strength::Not,
        _ => Strength::Name,
    }
}

fn below(node: &Node, least: Strength) -> String {
    if strength(node) < least {
        format!("({})", of(node))
    } else {
        of(node)
    }
}

fn joined(parts: &[Node], sign: &str, least: Strength) -> String {
    let parts: Vec<String> = parts.iter().map(|part| below(part, least)).collect();
    parts.join(sign)
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
    }
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::super::{Function, parser};
    use super::*;

    #[test]
    fn an_expression_comes_back_as_it_was_meant() {
        for (written, told) in [
            ("github.ref=='x'", "github.ref == 'x'"),
            ("(a.b || env.c) && !true", "(github.b || env.c) && !true"),
            ("a.b || env.c && true", "github.b || env.c && true"),
            ("(a.b == 1) == true", "(github.b == 1) == true"),
            ("a['b c'].*.d[0]", "github['b c'].*.d[0]"),
            ("!(1 < 2)", "!(1 < 2)"),
            ("contains('it''s', 's')", "contains('it''s', 's')"),
            ("fromJSON('{}').a != null", "fromJSON('{}').a != null"),
        ] {
            let written = written.replace("a.b", "github.b").replace("a['", "github['");
            let told_again = of(&parser::parse(&written, Function::arity).unwrap());
            assert_eq!(told_again, told);
            assert_eq!(of(&parser::parse(&told_again, Function::arity).unwrap()), told);
        }
    }
}
