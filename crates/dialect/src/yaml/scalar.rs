//! Single values: their type, and where each part of their text stands in the file.

use lockgate_core::Span;
use lockgate_pipeline::expression::Value;

/// A single value.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text, without quotes and with escapes resolved.
    pub text: String,
    /// How it is written.
    pub style: Style,
    /// What it means.
    pub resolved: Resolved,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As a block behind `|` or `>`.
    Block,
}

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    String,
}

impl Scalar {
    pub(super) fn new(text: String, style: Style, tag: Option<&str>) -> Self {
        let resolved = match tag {
            None if style == Style::Plain => resolve(&text),
            None | Some("str") => Resolved::String,
            Some(_) => resolve(&text),
        };
        Self { text, style, resolved }
    }

    /// Returns the typed value.
    pub fn value(&self) -> Value {
        match self.resolved {
            Resolved::Null => Value::Null,
            Resolved::Boolean(value) => Value::Boolean(value),
            Resolved::Number(value) => Value::Number(value),
            Resolved::String => Value::from(self.text.as_str()),
        }
    }

    /// Returns the value as text: of a number and a boolean the normal form, as GitHub takes them for a text.
    ///
    /// The text of `3.10` is therefore `3.1`.
    pub fn to_text(&self) -> String {
        match self.resolved {
            Resolved::String => self.text.clone(),
            _ => self.value().to_text(),
        }
    }

    /// Returns the value as text, as [`Scalar::to_text`] does.
    pub(super) fn into_text(self) -> String {
        match self.resolved {
            Resolved::String => self.text,
            _ => self.value().to_text(),
        }
    }

    /// Returns where the part `position..position + length` of the text stands, for a scalar at `span` of `source`.
    pub fn part(&self, source: &str, span: Span, position: usize, length: usize) -> Span {
        self.parts(source, span).part(position, length)
    }
}

/// Returns a text as it stands behind a key of a block, on one line, so that it is read back as it is.
pub fn written(text: &str) -> String {
    const OPENING: &str = "-?:,[]{}#&*!|>'\"%@`";
    let is_control = |c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    if text.contains(is_control) {
        let escaped = text.chars().map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            '\n' => "\\n".to_owned(),
            _ if is_control(c) => format!("\\U{:08x}", u32::from(c)),
            _ => c.to_string(),
        });
        return format!("\"{}\"", escaped.collect::<String>());
    }
    let is_plain = resolve(text) == Resolved::String
        && !text.starts_with(|c: char| c.is_whitespace() || OPENING.contains(c))
        && !text.ends_with(|c: char| c.is_whitespace() || c == ':')
        && !text.contains(": ")
        && !text.contains(" #");
    if is_plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Boolean(true),
        "false" | "False" | "FALSE" => Resolved::Boolean(false),
        _ => number(text).map_or(Resolved::String, Resolved::Number),
    }
}

/// Returns the number that a plain scalar is by the core schema.
fn number(text: &str) -> Option<f64> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'-' | b'+' | b'.') {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if first == b'-' => return Some(f64::NEG_INFINITY),
        ".inf" | ".Inf" | ".INF" => return Some(f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if is_number { text.parse().ok() } else { None }
}

fn radix(digits: &str, radix: u32) -> Option<f64> {
    u64::from_str_radix(digits, radix)
        .ok()
        .filter(|_| !digits.starts_with('+'))
        .map(|number| number as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (text, expected) in [
            ("${{ github.head_ref }}", "${{ github.head_ref }}"),
            ("${{ format('a: {0}', b) }}", "'${{ format(''a: {0}'', b) }}'"),
            ("a #b", "'a #b'"),
            ("a:b#c", "a:b#c"),
            ("a:", "'a:'"),
            ("- a", "'- a'"),
            ("!cancelled()", "'!cancelled()'"),
            ("*a", "'*a'"),
            ("1", "'1'"),
            ("", "''"),
            (" a", "' a'"),
            ("a\n  \"b\" \\ c", "\"a\\n  \\\"b\\\" \\\\ c\""),
            ("a\tb", "\"a\\U00000009b\""),
        ] {
            assert_eq!(written(text), expected);
            let file = lockgate_core::SourceFile::new("a.yml", format!("a: {expected}\n"));
            let root = crate::yaml::parse(&file).0.unwrap();
            assert_eq!(root.get("a").unwrap().as_scalar().unwrap().text, text);
        }
    }

    #[test]
    fn plain_scalars_are_typed_by_the_core_schema() {
        for (text, resolved) in [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("True", Resolved::Boolean(true)),
            ("tRue", Resolved::String),
            ("on", Resolved::String),
            ("yes", Resolved::String),
            ("1_000", Resolved::String),
            ("3.10", Resolved::Number(3.1)),
            ("010", Resolved::Number(10.0)),
            ("0o10", Resolved::Number(8.0)),
            ("0xff", Resolved::Number(255.0)),
            ("-0xff", Resolved::String),
            ("1e3", Resolved::Number(1000.0)),
            ("-.5", Resolved::Number(-0.5)),
            ("1.2.3", Resolved::String),
            ("-", Resolved::String),
            (".", Resolved::String),
            ("-.inf", Resolved::Number(f64::NEG_INFINITY)),
            ("12e", Resolved::String),
        ] {
            assert_eq!(
                Scalar::new(text.into(), Style::Plain, None).resolved,
                resolved,
                "{text}"
            );
        }
        assert_eq!(Scalar::new("1".into(), Style::Single, None).resolved, Resolved::String);
        assert_eq!(
            Scalar::new("1".into(), Style::Plain, Some("str")).resolved,
            Resolved::String
        );
        assert_eq!(Scalar::new("3.10".into(), Style::Plain, None).to_text(), "3.1");
    }
}
