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

    /// Returns where the part `position..position + length` of the text stands, for a scalar at `span` of `source`.
    pub fn part(&self, source: &str, span: Span, position: usize, length: usize) -> Span {
        self.parts(source, span).part(position, length)
    }

    /// Returns where many parts of the text stand, each found from the one before it.
    pub fn parts<'s>(&'s self, source: &'s str, span: Span) -> Parts<'s> {
        let written = source.get(span.start..span.end).unwrap_or_default();
        let is_quoted = matches!(self.style, Style::Single | Style::Double);
        let start = Walk {
            written: written.as_bytes(),
            text: self.text.as_bytes(),
            style: self.style,
            is_same: written == self.text,
            at: usize::from(is_quoted),
            read: 0,
        };
        Parts {
            offset: span.start,
            start,
            walk: start,
        }
    }
}

/// The places of parts of a text; asked in the order of the text, all of them take one walk along it.
pub struct Parts<'s> {
    /// Where the text begins in the file.
    offset: usize,
    start: Walk<'s>,
    walk: Walk<'s>,
}

impl Parts<'_> {
    /// Returns where the part `position..position + length` of the text stands in the file.
    pub fn part(&mut self, position: usize, length: usize) -> Span {
        if position < self.walk.read {
            self.walk = self.start;
        }
        let start = self.walk.to(position);
        let end = self.walk.clone().to(position + length);
        let most = self.walk.written.len();
        Span::new(self.offset + start, self.offset + end.max(start + 1).min(most))
    }
}

/// A walk along a text and what is written of it, side by side.
///
/// What the text does not have (quotes, escapes, indentation, folded line breaks) is passed over in what is written.
#[derive(Clone, Copy)]
struct Walk<'s> {
    written: &'s [u8],
    text: &'s [u8],
    style: Style,
    /// Whether nothing is passed over.
    is_same: bool,
    /// The next byte of what is written.
    at: usize,
    /// The next byte of the text.
    read: usize,
}

impl Walk<'_> {
    /// Goes on to the byte `position` of the text; returns its offset in what is written.
    fn to(&mut self, position: usize) -> usize {
        if self.is_same {
            return position.min(self.written.len());
        }
        while self.read < position.min(self.text.len()) && self.at < self.written.len() {
            self.step();
        }
        let mut at = self.at;
        if self.text.get(position).is_some_and(|byte| !is_space(*byte)) {
            at += spaces(self.written.get(at..).unwrap_or_default());
        }
        at.min(self.written.len())
    }

    fn step(&mut self) {
        let (written, text) = (&self.written[self.at..], &self.text[self.read..]);
        let (wide, read) = match (written[0], text[0]) {
            (b'\\', _) if self.style == Style::Double => escape(written),
            (b'\'', b'\'') if self.style == Style::Single => (2, 1),
            (b'\n', b'\n') if self.style == Style::Block => (1 + indentation(&written[1..], &text[1..]), 1),
            (w, t) if w == t => (1, 1),
            (w, t) if is_space(w) && is_space(t) => (spaces(written), spaces(text)),
            (w, _) if is_space(w) => (1, 0),
            _ => (1, 1),
        };
        self.at += wide;
        self.read += read;
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Returns how many spaces and line breaks stand at the start.
fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_space(**byte)).count()
}

/// Returns how many bytes an escape takes and how many it gives.
fn escape(written: &[u8]) -> (usize, usize) {
    match written.get(1) {
        Some(b'x') => (4, 1),
        Some(b'u') => (6, 2),
        Some(b'U') => (10, 4),
        Some(b'\n') => (
            2 + written[2..]
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count(),
            0,
        ),
        _ => (2, 1),
    }
}

/// Returns how many spaces at the start of a written line the text does not have.
fn indentation(written: &[u8], text: &[u8]) -> usize {
    let spaces = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == b' ').count();
    spaces(written).saturating_sub(spaces(text))
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

    #[test]
    fn a_part_of_the_text_is_found_where_it_is_written() {
        for (yaml, part) in [
            ("a: one X two", "X"),
            ("a: 'it''s X'", "X"),
            ("a: \"t\\tu\\u00e9 X\"", "X"),
            ("a: one\n  two X", "X"),
            ("a: |\n  one\n    two X\n\n  X2", "X2"),
            ("a: >\n  one\n  two\n\n  X three", "X"),
            ("a: !!str  X", "X"),
            ("é: &anchor 'ü X'", "X"),
        ] {
            let file = lockgate_core::SourceFile::new("a.yml", yaml);
            let (node, diagnostics) = super::super::parse(&file);
            assert_eq!(diagnostics, []);
            let node = node.unwrap();
            let value = &node.as_mapping().unwrap()[0].value;
            let scalar = value.as_scalar().unwrap();
            let position = scalar.text.find(part).unwrap();
            let span = scalar.part(yaml, value.span, position, part.len());
            assert_eq!(&yaml[span.start..span.end], part, "{yaml}");
        }
    }
}
