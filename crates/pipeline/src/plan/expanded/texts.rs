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
///
/// A key cannot be escaped where everybody reads keys as they stand, but GitHub evaluates them, too: a value with such
/// a key is an expression as a whole.
pub(super) fn of_value(value: &Value) -> Yaml {
    if has_open_key(value) {
        return Yaml::Text(in_braces(&Node::of_value(value.clone()).to_source()));
    }
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

/// Returns whether a key anywhere in a value looks like an expression.
fn has_open_key(value: &Value) -> bool {
    match value {
        Value::Array(array) => array.items().iter().any(has_open_key),
        Value::Object(object) => object
            .iter()
            .any(|(key, value)| key.contains(OPEN) || has_open_key(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Template;
    use crate::scope::KnownContexts;

    #[test]
    fn a_key_that_looks_like_an_expression_stays_a_key() {
        let open = || Value::object([("${{ github.token }}", Value::from("it's ${{ 1 }}"))]);
        for value in [open(), Value::array([Value::Null, Value::object([("k", open())])])] {
            let Yaml::Text(text) = of_value(&value) else {
                panic!("a key of {value:?} can be an expression");
            };
            let template = Template::parse(text).unwrap();
            assert!(template.contexts_used().is_empty());
            assert_eq!(
                template.evaluate(&KnownContexts::new([])).unwrap().to_json(),
                value.to_json()
            );
        }
    }

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
