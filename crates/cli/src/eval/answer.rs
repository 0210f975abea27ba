//! A value and its kind, as programs read them.

use lockgate_pipeline::expression::Value;
use serde::{Serialize, Serializer};

/// The kind of a value, and the value as plain JSON, in which NaN and the infinities are texts.
#[derive(Serialize)]
pub(super) struct Answer<'v> {
    kind: &'static str,
    value: Plain<'v>,
}

impl<'v> Answer<'v> {
    pub(super) fn of(value: &'v Value) -> Self {
        Self {
            kind: value.kind_name(),
            value: Plain(value),
        }
    }
}

struct Plain<'v>(&'v Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) if !number.is_finite() => serializer.serialize_str(&self.0.to_text()),
            Value::Number(number) if *number == 0.0 && number.is_sign_negative() => serializer.serialize_f64(*number),
            Value::Array(array) => serializer.collect_seq(array.items().iter().map(Plain)),
            Value::Object(object) => serializer.collect_map(object.iter().map(|(name, field)| (name, Plain(field)))),
            other => other.serialize(serializer),
        }
    }
}
