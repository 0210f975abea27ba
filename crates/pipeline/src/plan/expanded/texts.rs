//! Values written so that no text in them becomes an expression.

use super::yaml::{Entry, Yaml};
use crate::expression::tree::Node;
use crate::expression::{OPEN, Value};

/// Returns the text of an expression as it stands in a value.
pub(super) fn in_braces(text: &str) -> String {
    format!("{OPEN} {text} }}}}")
}

/// Returns a text that reads as `text` where expressions are evaluated.
pub(super) fn escaped(text: &str) -> String {
    text.replace(OPEN, &in_braces(&Node::text(OPEN).to_source()))
}

/// Returns a value in which no text is an expression.
pub(super) fn of_value(value: &Value) -> Yaml {
    match value {
        Value::String(text) => Yaml::Text(escaped(text)),
        Value::Array(array) => Yaml::List(array.items().iter().map(of_value).collect()),
        Value::Object(object) => {
            let fields = object.iter();
            Yaml::Map(fields.map(|(key, value)| Entry::new(key, of_value(value))).collect())
        }
        Value::Number(number) if !number.is_finite() => Yaml::Text(value.to_text()),
        Value::Null => Yaml::Bare("null".to_owned()),
        Value::Boolean(_) | Value::Number(_) => Yaml::Bare(value.to_text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Template;
    use crate::scope::KnownContexts;

    #[test]
    fn a_text_that_looks_like_an_expression_stays_a_text() {
        let nothing = KnownContexts::new([]);
        for text in [
            "",
            "plain",
            "${{ secrets.TOKEN }}",
            "a ${{ 'it''s }}' }} b",
            "$${{${{",
            "${{",
            "}} ${{ '",
        ] {
            let template = Template::parse(escaped(text)).unwrap();
            assert_eq!(template.evaluate_to_string(&nothing).unwrap(), text);
            assert!(template.contexts_used().is_empty(), "{text}");
        }
    }
}
