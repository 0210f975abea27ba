//! Templates of which only a part is known.

use std::fmt::Write as _;

use super::super::{Expression, Value, secret};
use super::{CLOSE, OPEN, Part, Template};

impl Template {
    /// Returns the value as far as it is known: `value_of` answers for each expression, and those that it does not know
    /// stay as they are written. A secret stays one, and so does a value that would read like an expression itself.
    pub fn fill(&self, mut value_of: impl FnMut(&Expression) -> Option<Value>) -> Value {
        let mut known = |expression: &Expression| value_of(expression).filter(is_safe);
        if let Some(expression) = self.as_expression() {
            return known(expression).unwrap_or_else(|| Value::String(self.source.clone()));
        }
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(own) => text.push_str(own),
                Part::Expression { expression, .. } => match known(expression) {
                    Some(value) => text.push_str(&value.to_text()),
                    None => _ = write!(text, "{OPEN} {} {CLOSE}", expression.source()),
                },
            }
        }
        Value::String(text)
    }
}

fn is_safe(value: &Value) -> bool {
    match value {
        Value::String(text) => !secret::contains_marker(text) && !text.contains(OPEN),
        Value::Array(array) => array.items().iter().all(is_safe),
        Value::Object(object) => object.iter().all(|(_, field)| is_safe(field)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays() {
        let value_of = |expression: &Expression| match expression.source() {
            "github.sha" => Some(Value::from("abc")),
            "github.run_number" => Some(Value::Number(3.0)),
            "github.token" => Some(Value::String(secret::marker("GITHUB_TOKEN"))),
            "github.actor" => Some(Value::from("${{ x }}")),
            _ => None,
        };
        for (text, expected) in [
            ("a ${{ github.sha }} b", Value::from("a abc b")),
            ("${{ github.run_number }}", Value::Number(3.0)),
            ("${{env.A}}", Value::from("${{env.A}}")),
            ("${{env.A}}-${{ github.sha }}", Value::from("${{ env.A }}-abc")),
            ("${{ github.token }}", Value::from("${{ github.token }}")),
            ("by ${{ github.actor }}", Value::from("by ${{ github.actor }}")),
        ] {
            assert_eq!(Template::parse(text).unwrap().fill(value_of), expected, "{text}");
        }
    }
}
