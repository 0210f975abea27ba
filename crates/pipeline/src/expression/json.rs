//! `toJSON` and `fromJSON`.

mod reader;

use std::fmt::Write as _;

use super::number;
use super::secret;
use super::value::Value;

pub use reader::NotJson;
pub(super) use reader::parse;

/// Returns the value as JSON, indented by two spaces, as the runner writes it.
pub(super) fn to_text(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text
}

/// Returns `text` as it stands between the quotes of a JSON string.
pub(super) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            '\u{8}' => result.push_str("\\b"),
            '\u{c}' => result.push_str("\\f"),
            '\u{0}'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(result, "\\u{:04x}", u32::from(character));
            }
            _ => result.push(character),
        }
    }
    result
}

fn write(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => text.push_str(&number::to_text(*value)),
        Value::String(value) => write_string(text, value),
        Value::Array(array) if array.items().is_empty() => text.push_str("[]"),
        Value::Object(object) if object.is_empty() => text.push_str("{}"),
        Value::Array(array) => {
            text.push('[');
            for (at, item) in array.items().iter().enumerate() {
                start_line(text, at, depth + 1);
                write(text, item, depth + 1);
            }
            start_line(text, 0, depth);
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (at, (key, value)) in object.iter().enumerate() {
                start_line(text, at, depth + 1);
                write_string(text, key);
                text.push_str(": ");
                write(text, value, depth + 1);
            }
            start_line(text, 0, depth);
            text.push('}');
        }
    }
}

fn start_line(text: &mut String, position: usize, depth: usize) {
    if position > 0 {
        text.push(',');
    }
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

fn write_string(text: &mut String, value: &str) {
    text.push('"');
    text.push_str(&escaped(&secret::within_json(value)));
    text.push('"');
}
