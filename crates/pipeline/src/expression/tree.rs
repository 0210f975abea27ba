//! The trees of parsed expressions, for who makes other expressions of them.
//!
//! Rewriting a text would have to know what is a name and what stands in quotes, which the parser has already found
//! out. So a tree is taken apart and put together here, and only its end is a text again.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Scope;
use super::condition::Condition;
use super::evaluation::Evaluator;
use super::function::Function;
use super::template::Template;
use super::value::Value;
use super::{ContextUse, EvaluationError, Expression, FunctionUse, reference, text};

pub(crate) use super::syntax::{Call, Comparison, Name, Node};

/// A part of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'t> {
    /// Text that stands for itself.
    Text(&'t str),
    /// What stands between `${{` and `}}`.
    Expression(&'t Expression),
}

impl Expression {
    /// Returns its tree.
    pub(crate) fn tree(&self) -> &Node {
        &self.root
    }
}

impl Condition {
    /// Returns its tree; none when it is only the implied `success()`. Text beside a `${{ }}` becomes what it is on
    /// GitHub: a `format` of all of it.
    pub(crate) fn tree(&self) -> Option<Node> {
        match self.template() {
            Some(template) => Some(template.tree()),
            None => self.root().cloned(),
        }
    }
}

impl Template {
    /// Returns the one expression that its value is.
    pub(crate) fn tree(&self) -> Node {
        if let Some(text) = self.as_literal() {
            return Node::text(text);
        }
        if let Some(expression) = self.as_expression() {
            return expression.root.clone();
        }
        let mut pattern = String::new();
        let mut values = Vec::new();
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => pattern += &text.replace('{', "{{").replace('}', "}}"),
                Piece::Expression(expression) => {
                    _ = write!(pattern, "{{{}}}", values.len());
                    values.push(expression.root.clone());
                }
            }
        }
        values.insert(0, Node::text(pattern));
        Node::call(Function::Format, values)
    }
}

impl Node {
    /// Returns the literal of a text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Literal(Value::String(text.into()))
    }

    /// Returns what has this value: a literal, or `fromJSON` of one.
    pub(crate) fn of_value(value: Value) -> Self {
        if value.is_primitive() {
            return Self::Literal(value);
        }
        let json = serde_json::to_string(&value).unwrap_or_default();
        Self::call(Function::FromJson, vec![Self::text(json)])
    }

    /// Returns the path of `names` behind a context.
    pub(crate) fn path(context: &str, names: &[&str]) -> Self {
        let context = Self::Context(Name {
            text: context.to_owned().into(),
            position: 0,
        });
        names.iter().fold(context, |base, name| base.field(*name))
    }

    /// Returns the field `name` of it.
    pub(crate) fn field(self, name: impl Into<String>) -> Self {
        Self::Index(Box::new([self, Self::text(name)]))
    }

    /// Returns the call of a function.
    pub(crate) fn call(function: Function, arguments: Vec<Self>) -> Self {
        Self::from(Call {
            function,
            name: Name {
                text: function.name().into(),
                position: 0,
            },
            arguments,
        })
    }

    /// Returns whether it is the same as a text.
    pub(crate) fn equals(self, text: &str) -> Self {
        Self::Compare(Comparison::Equal, Box::new([self, Self::text(text)]))
    }

    /// Returns whether it is another than a text.
    pub(crate) fn differs(self, text: &str) -> Self {
        Self::Compare(Comparison::NotEqual, Box::new([self, Self::text(text)]))
    }

    /// Returns the first of `parts` that is false, else the last; `true` of none.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::And(inner) => inner,
            other => vec![other],
        });
        Self::joined(decisive(flat.collect(), true), true, Self::And)
    }

    /// Returns the first of `parts` that is true, else the last; `false` of none.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Or(inner) => inner,
            other => vec![other],
        });
        Self::joined(decisive(flat.collect(), false), false, Self::Or)
    }

    fn joined(mut parts: Vec<Self>, of_none: bool, join: impl Fn(Vec<Self>) -> Self) -> Self {
        match parts.len() {
            0 => Self::Literal(Value::Boolean(of_none)),
            1 => parts.swap_remove(0),
            _ => join(parts),
        }
    }

    /// Returns what only has to be as true as it is: without literals that decide nothing.
    pub(crate) fn into_condition(self) -> Self {
        match self {
            Self::And(parts) => undecided(parts, false).map_or(Self::Literal(Value::Boolean(false)), Self::all),
            Self::Or(parts) => undecided(parts, true).map_or(Self::Literal(Value::Boolean(true)), Self::any),
            Self::Not(inner) => match inner.into_condition() {
                literal @ Self::Literal(_) => Self::Literal(Value::Boolean(literal.truth() == Some(false))),
                other => Self::Not(Box::new(other)),
            },
            other => other,
        }
    }

    /// Returns whether it is a literal that is true, or one that is false.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self {
            Self::Literal(value) => Some(value.is_truthy()),
            _ => None,
        }
    }

    /// Returns what gives its value as a text.
    pub(crate) fn into_text(self) -> Self {
        match self {
            Self::Literal(value) => Self::Literal(Value::String(value.to_text())),
            other if other.is_always_text() => other,
            other => Self::call(Function::Format, vec![Self::text("{0}"), other]),
        }
    }

    /// Returns whether it gives a text, or nothing, which reads like an empty one.
    fn is_always_text(&self) -> bool {
        match self {
            Self::Literal(value) => matches!(value, Value::String(_) | Value::Null),
            Self::Call(call) => matches!(
                call.function,
                Function::Format | Function::Join | Function::ToJson | Function::HashFiles
            ),
            Self::Or(parts) => parts
                .split_last()
                .is_some_and(|(last, others)| last.is_always_text() && others.iter().all(Self::is_text_when_true)),
            Self::Index(..) => match self.contexts().as_slice() {
                [only] => match (only.name.as_str(), only.path.as_slice()) {
                    ("secrets" | "env" | "vars", [_]) => true,
                    ("needs", [_, result]) => result == "result",
                    ("needs", [_, outputs, _]) => outputs == "outputs",
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    fn is_text_when_true(&self) -> bool {
        match self {
            Self::And(parts) => parts.last().is_some_and(Self::is_always_text),
            other => other.is_always_text(),
        }
    }

    /// Returns whether it gives nothing unless a job gave an output.
    pub(crate) fn is_nothing_without_job(&self) -> bool {
        match self {
            Self::Or(parts) => parts.iter().all(Self::is_nothing_without_job),
            Self::Index(..) => match self.contexts().as_slice() {
                [only] => only.name == "needs" && only.path.len() == 3 && only.path[1] == "outputs",
                _ => false,
            },
            Self::Literal(value) => matches!(value, Value::Null),
            _ => false,
        }
    }

    /// Returns the contexts that stand in it.
    pub(crate) fn contexts(&self) -> Vec<ContextUse> {
        reference::contexts(self)
    }

    /// Returns the functions that stand in it.
    pub(crate) fn functions(&self) -> Vec<FunctionUse> {
        reference::functions(self)
    }

    /// Returns whether it asks how the job or the run stands.
    pub(crate) fn asks_status(&self) -> bool {
        self.functions().iter().any(|found| found.function.is_status())
    }

    /// Returns its value in `scope`.
    pub(crate) fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        Evaluator::new(scope).evaluate(self)
    }

    /// Returns it as the text of an expression.
    pub(crate) fn to_source(&self) -> String {
        text::of(self)
    }
}

/// Returns the parts that are left of `parts`; none when one of them decides by being `by`.
fn undecided(parts: Vec<Node>, by: bool) -> Option<Vec<Node>> {
    let mut parts: Vec<Node> = parts.into_iter().map(Node::into_condition).collect();
    let mut seen = BTreeSet::new();
    parts.retain(|part| seen.insert(part.to_source()));
    if parts.iter().any(|part| part.truth() == Some(by)) {
        return None;
    }
    parts.retain(|part| part.truth().is_none());
    Some(parts)
}

/// Leaves out the parts of a chain that do not decide: those that are `going_on`, but for the last, and what stands
/// behind one that ends it.
fn decisive(mut parts: Vec<Node>, going_on: bool) -> Vec<Node> {
    let last = parts.len().saturating_sub(1);
    let mut at = 0;
    parts.retain(|part| {
        at += 1;
        at - 1 == last || part.truth() != Some(going_on)
    });
    if let Some(end) = parts.iter().position(|part| part.truth() == Some(!going_on)) {
        parts.truncate(end + 1);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        Expression::parse(text).unwrap().tree().clone()
    }

    #[test]
    fn a_template_is_one_expression() {
        for (template, expected) in [
            ("a", "'a'"),
            ("${{ env.A }}", "env.A"),
            (
                "{a} ${{ env.A }}'${{ env.B }}",
                "format('{{a}} {0}''{1}', env.A, env.B)",
            ),
        ] {
            assert_eq!(Template::parse(template).unwrap().tree().to_source(), expected);
        }
        let condition = |text: &str| Condition::parse(text).unwrap().tree().map(|tree| tree.to_source());
        assert_eq!(condition(""), None);
        assert_eq!(condition("env.A == 1").as_deref(), Some("env.A == 1"));
        assert_eq!(condition("${{ env.A }}").as_deref(), Some("env.A"));
        assert_eq!(condition("x ${{ env.A }}").as_deref(), Some("format('x {0}', env.A)"));
    }

    #[test]
    fn what_decides_nothing_is_left_out() {
        let (yes, no) = (|| tree("true"), || tree("false"));
        let all = |parts: Vec<Node>| Node::all(parts).to_source();
        assert_eq!(all(vec![]), "true");
        assert_eq!(all(vec![yes(), tree("env.A")]), "env.A");
        // The value of `env.A && true` is not that of `env.A`.
        assert_eq!(all(vec![tree("env.A"), yes()]), "env.A && true");
        assert_eq!(all(vec![tree("env.A"), no(), tree("env.B")]), "env.A && false");
        let any = |parts: Vec<Node>| Node::any(parts).to_source();
        assert_eq!(any(vec![]), "false");
        assert_eq!(any(vec![no(), tree("env.A"), yes(), tree("env.B")]), "env.A || true");
        let condition = |text: &str| tree(text).into_condition().to_source();
        assert_eq!(condition("env.A && true"), "env.A");
        assert_eq!(condition("env.B || !(env.A && false)"), "true");
        assert_eq!(condition("env.A && (env.B && env.A)"), "env.A && env.B");
        assert_eq!(condition("env.A || !true || !(env.B && true)"), "env.A || !env.B");
    }

    #[test]
    fn what_is_a_text_already_is_not_made_one() {
        let text = |text: &str| tree(text).into_text().to_source();
        assert_eq!(text("1.50"), "'1.5'");
        assert_eq!(text("needs.a.outputs.b || ''"), "needs.a.outputs.b || ''");
        assert_eq!(text("env.A == 1 && secrets.B || ''"), "env.A == 1 && secrets.B || ''");
        assert_eq!(text("secrets.A"), "secrets.A");
        assert_eq!(
            text("needs.a.outputs.b == 'x'"),
            "format('{0}', needs.a.outputs.b == 'x')"
        );
        assert_eq!(text("github[env.A]"), "format('{0}', github[env.A])");
    }

    #[test]
    fn a_value_becomes_what_gives_it() {
        let value = Value::object([("a", Value::array([Value::from("it's"), Value::Number(1.0)]))]);
        let source = Node::of_value(value).to_source();
        assert_eq!(source, "fromJSON('{\"a\":[\"it''s\",1]}')");
    }
}
