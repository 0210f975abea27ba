//! From a tree and a scope to a value.

use std::cmp::Ordering;

use super::comparison;
use super::function::{self, Function};
use super::syntax::{Call, Comparison, Node};
use super::value::{Array, Value};
use super::{EvaluationError, Need, Scope, json, secret};

/// The most bytes that one evaluation may produce, as on GitHub.
const MAX_BYTES: usize = 10 << 20;

/// Evaluates one tree; `left` is what remains of [`MAX_BYTES`].
pub(super) struct Evaluator<'s> {
    scope: &'s dyn Scope,
    left: usize,
}

type Evaluated = Result<Value, EvaluationError>;

impl<'s> Evaluator<'s> {
    pub(super) fn new(scope: &'s dyn Scope) -> Self {
        Self { scope, left: MAX_BYTES }
    }

    pub(super) fn evaluate(&mut self, node: &Node) -> Evaluated {
        match node {
            Node::Literal(value) => Ok(value.clone()),
            Node::Context(name) => {
                let context = self.scope.context(&name.text.to_ascii_lowercase());
                context.ok_or_else(|| EvaluationError::ContextUnavailable(name.text.clone()))
            }
            Node::Index(base, index) => self.index(base, index),
            Node::Filter(base) => {
                let base = self.evaluate(base)?;
                self.filter(&base)
            }
            Node::Not(inner) => Ok(Value::Boolean(!self.evaluate(inner)?.is_truthy())),
            Node::And(parts) => self.first(parts, |value| !value.is_truthy()),
            Node::Or(parts) => self.first(parts, Value::is_truthy),
            Node::Compare(comparison, left, right) => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                compare(*comparison, &left, &right)
            }
            Node::Call(call) => self.call(call),
        }
    }

    /// Returns the first value that `decides`, or the last one.
    fn first(&mut self, parts: &[Node], decides: fn(&Value) -> bool) -> Evaluated {
        let mut value = Value::Null;
        for part in parts {
            value = self.evaluate(part)?;
            if decides(&value) {
                break;
            }
        }
        Ok(value)
    }

    fn index(&mut self, base: &Node, index: &Node) -> Evaluated {
        let base = self.evaluate(base)?;
        let index = self.evaluate(index)?;
        let key = if index.is_primitive() {
            Some(index.to_text())
        } else {
            None
        };
        if key.as_deref().is_some_and(secret::contains_marker) {
            return Err(EvaluationError::SecretCompared);
        }
        let key = Key {
            position: position(&index),
            name: key,
        };
        match &base {
            Value::Array(array) if array.is_filtered() => {
                let found = array.items().iter().filter_map(|item| key.of(item).cloned()).collect();
                self.filtered(found)
            }
            _ => Ok(key.of(&base).cloned().unwrap_or_default()),
        }
    }

    fn filter(&mut self, base: &Value) -> Evaluated {
        let items = match base {
            Value::Array(array) if array.is_filtered() => array.items().iter().flat_map(children).collect(),
            other => children(other),
        };
        self.filtered(items)
    }

    fn filtered(&mut self, items: Vec<Value>) -> Evaluated {
        self.spend(items.len() * size_of::<usize>())?;
        Ok(Value::Array(Array::filtered(items)))
    }

    fn call(&mut self, call: &Call) -> Evaluated {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.evaluate(argument)?);
        }
        let value = match call.function {
            Function::Always => Value::Boolean(true),
            Function::Cancelled => Value::Boolean(self.scope.status().cancelled),
            Function::Failure => Value::Boolean(self.scope.status().failure),
            Function::Success => Value::Boolean(self.scope.status().success),
            Function::Case => return function::case(&arguments),
            Function::Contains => function::contains(&arguments)?,
            Function::EndsWith => function::ends_with(&arguments)?,
            Function::StartsWith => function::starts_with(&arguments)?,
            Function::Format => {
                self.foresee_format(&arguments)?;
                function::format(&arguments)?
            }
            Function::Join => {
                self.foresee_join(&arguments)?;
                function::join(&arguments)
            }
            Function::ToJson => Value::String(json::to_text(arguments.first().unwrap_or(&Value::Null))),
            Function::FromJson => {
                self.spend(arguments.first().map_or(0, |text| text.to_text().len()))?;
                return function::from_json(&arguments);
            }
            Function::HashFiles => self.hash_files(&arguments)?,
        };
        if let Value::String(text) = &value {
            self.spend(text.len())?;
        }
        Ok(value)
    }

    fn hash_files(&mut self, arguments: &[Value]) -> Evaluated {
        let patterns: Vec<String> = arguments.iter().map(Value::to_text).collect();
        if patterns.iter().any(|pattern| secret::contains_marker(pattern)) {
            return Err(EvaluationError::SecretCompared);
        }
        match self.scope.hash_files(&patterns) {
            Ok(digest) => Ok(Value::String(digest)),
            Err(Need::HashFiles(patterns)) => Err(EvaluationError::Needs(patterns)),
        }
    }

    /// Refuses a `format` whose result would be too long, before it is built.
    fn foresee_format(&self, arguments: &[Value]) -> Result<(), EvaluationError> {
        let Some((Value::String(pattern), values)) = arguments.split_first() else {
            return Ok(());
        };
        if secret::contains_marker(pattern) {
            return Err(EvaluationError::SecretCompared);
        }
        let mut places = pattern.as_str();
        let mut length = pattern.len();
        while let Some(at) = places.find('{') {
            places = &places[at + 1..];
            let digits = places.bytes().take_while(u8::is_ascii_digit).count();
            let value = places[..digits].parse().ok().and_then(|place: usize| values.get(place));
            length = length.saturating_add(value.map_or(0, text_length));
        }
        self.foresee(length)
    }

    /// Refuses a `join` whose result would be too long, before it is built.
    fn foresee_join(&self, arguments: &[Value]) -> Result<(), EvaluationError> {
        let Some(Value::Array(array)) = arguments.first() else {
            return Ok(());
        };
        let separator = arguments.get(1).map_or(1, text_length);
        let items = array.items();
        let length: usize = items.iter().map(text_length).sum();
        self.foresee(length.saturating_add(separator.saturating_mul(items.len().saturating_sub(1))))
    }

    fn foresee(&self, bytes: usize) -> Result<(), EvaluationError> {
        // The estimate of a number's length is rough, so only what is far too long is refused here.
        if bytes > self.left.saturating_add(MAX_BYTES) {
            return Err(EvaluationError::TooLarge);
        }
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), EvaluationError> {
        self.left = self.left.checked_sub(bytes).ok_or(EvaluationError::TooLarge)?;
        Ok(())
    }
}

/// An index as both kinds of collection read it.
struct Key {
    name: Option<String>,
    position: Option<usize>,
}

impl Key {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match value {
            Value::Array(array) => array.items().get(self.position?),
            Value::Object(object) => object.get(self.name.as_deref()?),
            _ => None,
        }
    }
}

fn position(index: &Value) -> Option<usize> {
    let number = index.to_number().floor();
    (number >= 0.0 && number <= f64::from(i32::MAX)).then_some(number as usize)
}

fn text_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        _ => 8,
    }
}

fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(array) => array.items().to_vec(),
        Value::Object(object) => object.iter().map(|(_, value)| value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Evaluated {
    let equal = || comparison::equals(left, right).map_err(|_| EvaluationError::SecretCompared);
    let order = || comparison::order(left, right).map_err(|_| EvaluationError::SecretCompared);
    Ok(Value::Boolean(match comparison {
        Comparison::Equal => equal()?,
        Comparison::NotEqual => !equal()?,
        Comparison::Greater => order()? == Some(Ordering::Greater),
        Comparison::Less => order()? == Some(Ordering::Less),
        Comparison::GreaterOrEqual => equal()? || order()? == Some(Ordering::Greater),
        Comparison::LessOrEqual => equal()? || order()? == Some(Ordering::Less),
    }))
}
