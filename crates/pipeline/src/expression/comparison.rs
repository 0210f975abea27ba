//! Loose comparison: JavaScript's abstract comparison, but without regard to case, and collections
//! equal only to themselves.

use std::cmp::Ordering;

use super::secret;
use super::value::Value;

/// A comparison that would need the value of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NeedsSecret;

/// Returns whether both are loosely equal.
pub(super) fn equals(left: &Value, right: &Value) -> Result<bool, NeedsSecret> {
    Ok(match (left, right) {
        (Value::Array(left), Value::Array(right)) => left.is_same(right),
        (Value::Object(left), Value::Object(right)) => left.is_same(right),
        _ => order(left, right)? == Some(Ordering::Equal),
    })
}

/// Returns how both compare; `None` when they do not, as NaN or an array.
pub(super) fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, NeedsSecret> {
    refuse_secret(left, right)?;
    refuse_secret(right, left)?;
    Ok(match (left, right) {
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => None,
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(order_texts(left, right)),
        _ => left.to_number().partial_cmp(&right.to_number()),
    })
}

/// Returns `text` such that two texts that differ in case only become the same.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.chars().map(folded_character).collect()
}

fn refuse_secret(value: &Value, other: &Value) -> Result<(), NeedsSecret> {
    match value {
        Value::String(text) if secret::contains_marker(text) => match other {
            Value::Null | Value::Array(_) | Value::Object(_) => Ok(()),
            Value::String(other) if other.is_empty() => Ok(()),
            _ => Err(NeedsSecret),
        },
        _ => Ok(()),
    }
}

fn order_texts(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        let upper = |text: &str| text.bytes().map(|byte| byte.to_ascii_uppercase()).collect::<Vec<u8>>();
        return upper(left).cmp(&upper(right));
    }
    // By UTF-16 units, as .NET and JavaScript do.
    folded(left).encode_utf16().cmp(folded(right).encode_utf16())
}

/// Returns the upper case where it is one character; the dotless i stays itself.
fn folded_character(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (character, upper.next(), upper.next()) {
        ('\u{131}', ..) => character,
        (_, Some(upper), None) => upper,
        _ => character,
    }
}
