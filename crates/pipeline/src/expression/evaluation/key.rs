//! What stands between `[` and `]`, as lists and objects read it.

use std::borrow::Cow;

use super::super::value::Value;
use super::super::{EvaluationError, secret};

/// An index: a name for objects, a position for lists.
pub(super) struct Key<'v> {
    index: &'v Value,
    name: Option<Cow<'v, str>>,
}

impl<'v> Key<'v> {
    pub(super) fn new(index: &'v Value) -> Result<Self, EvaluationError> {
        let name = index.is_primitive().then(|| index.text());
        if name.as_deref().is_some_and(secret::contains_marker) {
            return Err(EvaluationError::SecretCompared);
        }
        Ok(Self { index, name })
    }

    /// Returns what it names in `value`.
    pub(super) fn of<'c>(&self, value: &'c Value) -> Option<&'c Value> {
        match value {
            Value::Array(array) => array.items().get(self.position()?),
            Value::Object(object) => object.get(self.name.as_deref()?),
            _ => None,
        }
    }

    fn position(&self) -> Option<usize> {
        let number = self.index.to_number().floor();
        (number >= 0.0 && number <= f64::from(i32::MAX)).then_some(number as usize)
    }
}
