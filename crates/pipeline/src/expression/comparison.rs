//! Loose comparison: JavaScript's abstract comparison, but without regard to case, and collections
//! equal only to themselves.
//!
//! The case is ignored as .NET's ordinal comparison does it: character by character, each in its upper case when that
//! is one character. So `ß` equals neither `SS` nor `ẞ`, and the dotless i is no i.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::value::Value;
use super::{EvaluationError, secret};

/// Returns whether both are loosely equal.
pub(crate) fn equals(left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    refuse_secrets(left, right)?;
    Ok(match (left, right) {
        (Value::Array(left), Value::Array(right)) => left.is_same(right),
        (Value::Object(left), Value::Object(right)) => left.is_same(right),
        (Value::String(left), Value::String(right)) => are_same_text(left, right),
        _ => order(left, right)? == Some(Ordering::Equal),
    })
}

/// Returns how both compare; `None` when they do not, as NaN or an array.
pub(super) fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, EvaluationError> {
    refuse_secrets(left, right)?;
    Ok(match (left, right) {
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => None,
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(order_texts(left, right)),
        _ => left.to_number().partial_cmp(&right.to_number()),
    })
}

/// Returns `text` such that two texts that differ in case only become the same.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(text.chars().map(folded_character).collect());
    }
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Cow::Owned(text.to_ascii_uppercase());
    }
    Cow::Borrowed(text)
}

/// Returns the name under which an object keeps a field whose case does not matter.
///
/// In lower case, because most names are written so, and such a name needs no copy.
pub(super) fn folded_name(name: &str) -> Cow<'_, str> {
    if !name.is_ascii() {
        return Cow::Owned(name.chars().map(|c| folded_character(c).to_ascii_lowercase()).collect());
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}

/// Returns whether two texts differ in case at most.
pub(super) fn are_same_text(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars()
        .map(folded_character)
        .eq(right.chars().map(folded_character))
}

fn order_texts(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        let (left, right) = (left.bytes(), right.bytes());
        let upper = |byte: u8| byte.to_ascii_uppercase();
        return left.map(upper).cmp(right.map(upper));
    }
    // By UTF-16 units, as .NET and JavaScript do.
    folded(left).encode_utf16().cmp(folded(right).encode_utf16())
}

fn refuse_secrets(left: &Value, right: &Value) -> Result<(), EvaluationError> {
    refuse_secret(left, right)?;
    refuse_secret(right, left)
}

fn refuse_secret(value: &Value, other: &Value) -> Result<(), EvaluationError> {
    match value {
        Value::String(text) if secret::contains_marker(text) => match other {
            Value::Null | Value::Array(_) | Value::Object(_) => Ok(()),
            Value::String(other) if other.is_empty() => Ok(()),
            _ => Err(EvaluationError::SecretCompared),
        },
        _ => Ok(()),
    }
}

/// Returns the upper case where it is one character; the dotless i stays itself.
///
/// Some Greek letters have an upper case of two characters and one of a single character that Unicode calls title
/// case; their lower case stands for both.
fn folded_character(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    let mut upper = character.to_uppercase();
    match (character, upper.next(), upper.next()) {
        ('\u{131}', ..) => character,
        (_, Some(upper), None) => upper,
        _ => single(character.to_lowercase()).unwrap_or(character),
    }
}

fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next();
    first.filter(|_| characters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_is_ignored_character_by_character() {
        for (left, right) in [("é", "É"), ("ς", "Σ"), ("ᾳ", "ᾼ"), ("𐐨", "𐐀"), ("ǆ", "Ǆ"), ("ﬀ", "ﬀ")]
        {
            assert!(are_same_text(left, right), "{left} {right}");
            assert_eq!(folded(left), folded(right));
            assert_eq!(folded_name(left), folded_name(right));
        }
        for (left, right) in [
            ("ß", "ss"),
            ("ß", "ẞ"),
            ("ﬀ", "ff"),
            ("ı", "i"),
            ("İ", "i"),
            ("\u{212a}", "k"),
        ] {
            assert!(!are_same_text(left, right), "{left} {right}");
            assert_ne!(folded_name(left), folded_name(right));
        }
    }
}
