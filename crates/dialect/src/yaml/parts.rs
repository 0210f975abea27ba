//! Where a part of a value stands in the file, whatever quotes, escapes and line breaks it is written with.

use lockgate_core::Span;

use super::{Scalar, Style};

impl Scalar {
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
            read: if self.style == Style::Block {
                self.empty_lines()
            } else {
                0
            },
        };
        Parts {
            offset: span.start,
            start,
            walk: start,
        }
    }

    /// Returns how many empty lines the text begins with: the span of a block begins behind them.
    fn empty_lines(&self) -> usize {
        self.text.bytes().take_while(|byte| *byte == b'\n').count()
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
        let start = self.walk.begin(position);
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
    /// Goes on to the byte `position` of the text; returns where in what is written it begins.
    fn begin(&mut self, position: usize) -> usize {
        let mut at = self.to(position);
        // What stands before it and gives nothing.
        while self.style == Style::Double
            && self.written[at..].starts_with(b"\\")
            && let (wide, 0) = escape(&self.written[at..], 0)
        {
            at += wide;
        }
        if !self.is_same && self.text.get(position).is_some_and(|byte| !is_space(*byte)) {
            at += spaces(&self.written[at..]);
        }
        at
    }

    /// Goes on to the byte `position` of the text; returns where in what is written the one before it ends.
    fn to(&mut self, position: usize) -> usize {
        if self.is_same {
            return position.min(self.written.len());
        }
        while self.read < position.min(self.text.len()) && self.at < self.written.len() {
            self.step();
        }
        self.at.min(self.written.len())
    }

    fn step(&mut self) {
        let (written, text) = (&self.written[self.at..], &self.text[self.read..]);
        let (wide, read) = match (written[0], text[0]) {
            (b'\\', _) if self.style == Style::Double => escape(written, text[0]),
            (w, _) if self.style != Style::Block && is_space(w) && breaks(written) > 0 => {
                // A line break becomes a space, and of more than one the first becomes nothing.
                (spaces(written), (breaks(written) - 1).max(1))
            }
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

/// Returns how many line breaks the white space at the start has: `\n`, `\r\n`, or `\r` alone.
fn breaks(bytes: &[u8]) -> usize {
    let ends_line = |(at, byte): &(usize, &u8)| match **byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes[..spaces(bytes)].iter().enumerate().filter(ends_line).count()
}

/// Returns how many bytes an escape takes and how many it gives, which begin with `first`.
fn escape(written: &[u8], first: u8) -> (usize, usize) {
    let given = match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    match &written[1..] {
        [b'x', ..] => (4, given),
        [b'u', ..] => (6, given),
        [b'U', ..] => (10, given),
        // A line break behind it is none in the text; empty lines behind that are.
        [b'\r', b'\n', rest @ ..] => (3 + spaces(rest), breaks(rest)),
        [b'\n', rest @ ..] => (2 + spaces(rest), breaks(rest)),
        _ => (2, given),
    }
}

/// Returns how many spaces at the start of a written line the text does not have.
fn indentation(written: &[u8], text: &[u8]) -> usize {
    let spaces = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == b' ').count();
    spaces(written).saturating_sub(spaces(text))
}

#[cfg(test)]
mod tests {
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
            ("a: |\n\n  one X\n  two\n", "X"),
            ("a: |\n\n\n  one\n\n  two X\n", "X"),
            ("a: |2\n\n    \n\n  one X", "X"),
            ("a: |\r\n\r\n  one\r\n    two X\r\n", "X"),
            ("a: >-\n\n  one\n  two X\n", "X"),
            ("a: \"one\\\r\n   two X\"", "X"),
            ("a: \"one\\\n   two X\"", "X"),
            ("a: \"\\u0041\\u20ac\\N\\U0001f600 X\"", "X"),
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

    #[test]
    fn every_word_of_a_block_is_found_whatever_lines_stand_around_it() {
        const LINES: [&str; 6] = ["", "    ", "X a  b", "  X", "X\t", "a'X: #"];
        for headings in ["|", "|-", "|+", ">", ">-", "|2", ">2-"] {
            for ending in ["\n", "\r\n"] {
                for number in 0..LINES.len().pow(4) {
                    let lines = (0..4).map(|at| LINES[number / LINES.len().pow(at) % LINES.len()]);
                    let lines: Vec<String> = lines.map(|line| format!("  {line}")).collect();
                    all_are_found(&format!("a: {headings}{ending}{}{ending}b: c", lines.join(ending)));
                    all_are_found(&format!(
                        "a: {headings}{ending}{}{ending}b: c",
                        lines.join(ending).replace("  \n", "\n")
                    ));
                }
            }
        }
    }

    #[test]
    fn every_word_of_a_quoted_text_is_found_whatever_stands_around_it() {
        const DOUBLE: [&str; 12] = [
            "X",
            " ",
            "\\\n  ",
            "\\\r\n ",
            "\\\n\n\n ",
            "\n  ",
            "\r\n\r\n ",
            "\\x41",
            "\\u20ac",
            "\\\"",
            "\\n",
            "é",
        ];
        const SINGLE: [&str; 8] = ["X", " ", "''", "\n  ", "\r\n\r\n ", "\r\r ", "\\", "é"];
        let all = |quote: &str, pieces: &[&str]| {
            for number in 0..pieces.len().pow(4) {
                let text = (0..4).map(|at| pieces[number / pieces.len().pow(at) % pieces.len()]);
                all_are_found(&format!("a: {quote}X{}X{quote}\nb: c", text.collect::<String>()));
            }
        };
        all("\"", &DOUBLE);
        all("'", &SINGLE);
    }

    #[track_caller]
    fn all_are_found(yaml: &str) {
        let file = lockgate_core::SourceFile::new("a.yml", yaml);
        let Some(node) = super::super::parse(&file).0 else {
            return;
        };
        let value = &node.as_mapping().unwrap()[0].value;
        let scalar = value.as_scalar().unwrap();
        let mut parts = scalar.parts(yaml, value.span);
        let found = scalar.text.match_indices('X').map(|(at, _)| parts.part(at, 1).start);
        let written = yaml.match_indices('X').map(|(at, _)| at);
        assert!(found.eq(written), "{yaml:?}: {:?}", scalar.text);
    }
}
