//! From a tree and a scope to a value.
//!
//! As GitHub's runner does it, nothing is evaluated that nobody asks for: not only the right side of `&&` and `||`,
//! but also the values of `case` that are not chosen, the values of `format` that no place names, and the index of what
//! has no fields. So a mistake there is none.

mod call;
mod key;

use std::borrow::Cow;
use std::cmp::Ordering;

use super::comparison;
use super::syntax::{Comparison, Name, Node};
use super::value::{Array, Value};
use super::{EvaluationError, Scope, context_named};

use key::Key;

/// The most bytes that one evaluation may produce, as on GitHub.
pub(super) const MAX_BYTES: usize = 10 << 20;

/// Evaluates one tree; `left` is what remains of [`MAX_BYTES`].
pub(super) struct Evaluator<'s> {
    scope: &'s dyn Scope,
    left: usize,
    /// The contexts that were read: building one may cost, and each is equal only to itself.
    read: Vec<(&'static str, Value)>,
    /// Where the name of the innermost call or context stands that has no value, and its length.
    blamed: Option<(usize, usize)>,
}

type Evaluated<'n> = Result<Cow<'n, Value>, EvaluationError>;

impl<'s> Evaluator<'s> {
    pub(super) fn new(scope: &'s dyn Scope) -> Self {
        Self {
            scope,
            left: MAX_BYTES,
            read: Vec::new(),
            blamed: None,
        }
    }

    /// Returns the place in the text of what ended the evaluation, and its length, where that is known.
    pub(super) fn blamed(&self) -> Option<(usize, usize)> {
        self.blamed
    }

    pub(super) fn evaluate(&mut self, node: &Node) -> Result<Value, EvaluationError> {
        self.value(node).map(Cow::into_owned)
    }

    fn value<'n>(&mut self, node: &'n Node) -> Evaluated<'n> {
        match node {
            Node::Literal(value) => Ok(Cow::Borrowed(value)),
            Node::Context(name) => {
                let value = self.context(&name.text).map(Cow::Owned);
                self.blaming(name, value)
            }
            Node::Index(parts) => self.index(&parts[0], &parts[1]),
            Node::Filter(base) => {
                let base = self.value(base)?;
                self.filter(&base)
            }
            Node::Not(inner) => truth(!self.value(inner)?.is_truthy()),
            Node::And(parts) => self.first(parts, |value| !value.is_truthy()),
            Node::Or(parts) => self.first(parts, Value::is_truthy),
            Node::Compare(comparison, sides) => {
                let (left, right) = (self.value(&sides[0])?, self.value(&sides[1])?);
                truth(compare(*comparison, &left, &right)?)
            }
            Node::Call(call) => {
                let value = self.call(call);
                self.blaming(&call.name, value)
            }
        }
    }

    /// Notes the place of what has no value; the innermost comes first.
    fn blaming<'n>(&mut self, name: &Name, value: Evaluated<'n>) -> Evaluated<'n> {
        if value.is_err() {
            self.blamed.get_or_insert((name.position, name.text.len()));
        }
        value
    }

    fn context(&mut self, text: &str) -> Result<Value, EvaluationError> {
        let missing = || EvaluationError::ContextUnavailable(text.to_owned());
        let name = context_named(text).ok_or_else(missing)?;
        if let Some((_, value)) = self.read.iter().find(|(read, _)| *read == name) {
            return Ok(value.clone());
        }
        let value = self.scope.context(name).ok_or_else(missing)?;
        self.read.push((name, value.clone()));
        Ok(value)
    }

    /// Returns the first value that `decides`, or the last one.
    fn first<'n>(&mut self, parts: &'n [Node], decides: fn(&Value) -> bool) -> Evaluated<'n> {
        let mut value = Cow::Owned(Value::Null);
        for part in parts {
            value = self.value(part)?;
            if decides(&value) {
                break;
            }
        }
        Ok(value)
    }

    fn index<'n>(&mut self, base: &'n Node, index: &'n Node) -> Evaluated<'n> {
        let base = self.value(base)?;
        if base.is_primitive() {
            return Ok(Cow::Owned(Value::Null));
        }
        let index = self.value(index)?;
        let key = Key::new(&index)?;
        match base.as_ref() {
            Value::Array(array) if array.is_filtered() => {
                let found = array.items().iter().filter_map(|item| key.of(item).cloned()).collect();
                self.filtered(found)
            }
            base => Ok(Cow::Owned(key.of(base).cloned().unwrap_or_default())),
        }
    }

    fn filter<'n>(&mut self, base: &Value) -> Evaluated<'n> {
        let items = match base {
            Value::Array(array) if array.is_filtered() => array.items().iter().flat_map(children).collect(),
            other => children(other),
        };
        self.filtered(items)
    }

    fn filtered<'n>(&mut self, items: Vec<Value>) -> Evaluated<'n> {
        self.spend(items.len() * size_of::<usize>())?;
        Ok(Cow::Owned(Value::Array(Array::filtered(items))))
    }

    /// Refuses a text that grows beyond what is left, before it is whole.
    fn afford(&self, bytes: usize) -> Result<(), EvaluationError> {
        if bytes > self.left {
            return Err(EvaluationError::TooLarge);
        }
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), EvaluationError> {
        self.left = self.left.checked_sub(bytes).ok_or(EvaluationError::TooLarge)?;
        Ok(())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every use is the result of an evaluation")]
fn truth<'n>(value: bool) -> Evaluated<'n> {
    Ok(Cow::Owned(Value::Boolean(value)))
}

fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(array) => array.items().to_vec(),
        Value::Object(object) => object.iter().map(|(_, value)| value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    let equal = || comparison::equals(left, right);
    let order = || comparison::order(left, right);
    Ok(match comparison {
        Comparison::Equal => equal()?,
        Comparison::NotEqual => !equal()?,
        Comparison::Greater => order()? == Some(Ordering::Greater),
        Comparison::Less => order()? == Some(Ordering::Less),
        Comparison::GreaterOrEqual => equal()? || order()? == Some(Ordering::Greater),
        Comparison::LessOrEqual => equal()? || order()? == Some(Ordering::Less),
    })
}
