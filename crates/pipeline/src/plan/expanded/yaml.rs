//! YAML as text, for people first: block style, quotes only where they are needed, scripts as they were written.

use std::fmt::Write as _;
use std::rc::Rc;

/// What stands around a value: the space before it, and the end of the line.
const AROUND_BYTES: usize = 9;

/// What is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    /// A text.
    Text(String),
    /// Something that is no text: a number, `true`, `null`.
    Bare(String),
    List(Vec<Yaml>),
    Map(Vec<Entry>),
    /// What stands in several places.
    Shared(Rc<Yaml>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Lines that stand before it.
    pub(super) comments: Vec<String>,
    pub(super) key: String,
    pub(super) value: Yaml,
}

impl Entry {
    pub(super) fn new(key: &str, value: Yaml) -> Self {
        Self {
            comments: Vec::new(),
            key: key.to_owned(),
            value,
        }
    }

    /// Returns how many bytes it takes about.
    pub(super) fn size(&self) -> usize {
        self.key.len() + self.value.size() + AROUND_BYTES
    }
}

impl Yaml {
    /// Returns how many bytes it takes about.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) | Self::Bare(text) => text.len(),
            Self::List(items) => items.iter().map(|item| item.size() + AROUND_BYTES).sum(),
            Self::Map(entries) => entries.iter().map(Entry::size).sum(),
            Self::Shared(inner) => inner.size(),
        }
    }

    /// Returns the document.
    pub(super) fn document(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Map(entries) if !entries.is_empty() => write_entries(entries, 0, &mut text),
            other => {
                other.write_inline(0, &mut text);
                text.push('\n');
            }
        }
        text
    }

    /// Writes what stands behind a `:` or a `-`, with the end of the line.
    fn write_behind(&self, depth: usize, text: &mut String) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                write_entries(entries, depth, text);
            }
            Self::List(items) if !items.is_empty() => {
                text.push('\n');
                write_items(items, depth, text);
            }
            Self::Shared(inner) => inner.write_behind(depth, text),
            other => {
                text.push(' ');
                other.write_inline(depth, text);
                text.push('\n');
            }
        }
    }

    fn write_inline(&self, depth: usize, text: &mut String) {
        match self {
            Self::Bare(word) => text.push_str(word),
            Self::List(_) => text.push_str("[]"),
            Self::Map(_) => text.push_str("{}"),
            Self::Shared(inner) => inner.write_inline(depth, text),
            Self::Text(own) if own.contains('\n') && fits_block(own) => write_block(own, depth, text),
            Self::Text(own) => text.push_str(&quoted(own)),
        }
    }
}

/// Returns a comment of one line.
pub(super) fn comment(words: &str, depth: usize) -> String {
    let line: String = words.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    format!("{}# {line}\n", "  ".repeat(depth))
}

fn write_entries(entries: &[Entry], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for entry in entries {
        write_entry(entry, depth, &indent, text);
    }
}

fn write_entry(entry: &Entry, depth: usize, indent: &str, text: &mut String) {
    for words in &entry.comments {
        text.push_str(&comment(words, depth));
    }
    // Everybody writes `on` without quotes, and every reader of workflows takes it.
    let key = if entry.key == "on" {
        "on".to_owned()
    } else {
        quoted(&entry.key)
    };
    _ = write!(text, "{indent}{key}:");
    entry.value.write_behind(depth + 1, text);
}

fn write_items(items: &[Yaml], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for item in items {
        _ = write!(text, "{indent}-");
        match item {
            Yaml::Map(entries) if !entries.is_empty() && entries[0].comments.is_empty() => {
                text.push(' ');
                write_entry(&entries[0], depth + 1, "", text);
                write_entries(&entries[1..], depth + 1, text);
            }
            other => other.write_behind(depth + 1, text),
        }
    }
}

/// Whether a text of several lines can stand as it is.
fn fits_block(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    !first.is_empty()
        && !first.starts_with([' ', '\t'])
        && text.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
}

fn write_block(text: &str, depth: usize, into: &mut String) {
    let body = text.trim_end_matches('\n');
    into.push_str(match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    let indent = "  ".repeat(depth);
    for line in body.split('\n') {
        into.push('\n');
        if !line.is_empty() {
            into.push_str(&indent);
            into.push_str(line);
        }
    }
    for _ in 1..text.len() - body.len() {
        into.push('\n');
    }
}

/// Returns a text of one line, in quotes where it would mean something else without.
fn quoted(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().all(is_printable) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        escaped(text)
    }
}

fn is_plain(text: &str) -> bool {
    const INDICATORS: &[char] = &[
        '-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' ', '=', '<',
    ];
    const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"];
    let reads_like_a_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '.'))
        && text.chars().all(|c| {
            c.is_ascii_hexdigit() || matches!(c, '+' | '-' | '.' | '_' | ':' | 'x' | 'o' | 'n' | 'i' | 'N' | 'I')
        });
    !text.is_empty()
        && !text.starts_with(INDICATORS)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
        && !reads_like_a_number
        && text.chars().all(is_printable)
}

fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn escaped(text: &str) -> String {
    let mut result = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            other if is_printable(other) => result.push(other),
            other => _ = write!(result, "\\u{:04x}", u32::from(other)),
        }
    }
    result.push('"');
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let document = Yaml::Map(vec![Entry::new("a", Yaml::Text(text.to_owned()))]).document();
        assert_eq!(document, format!("a: {expected}\n"));
    }

    #[test]
    fn a_text_stays_a_text() {
        for plain in [
            "make test",
            "ubuntu-latest",
            "a:b",
            "x # y".split(' ').next().unwrap(),
            "${{ env.A }}",
            "v1.2",
        ] {
            check(plain, plain);
        }
        for text in [
            "", "true", "No", "on", "~", "1", "1.5", "0x1f", "1e3", "-x", "*", "a: b", "a #b", " a", "a ", "a:", "[a]",
            "{a}", "@a", "!a", "%a", "12:30", ".5", ".inf", "=",
        ] {
            check(text, &format!("'{text}'"));
        }
        check("it's: 1", "'it''s: 1'");
        check("a\u{7}b", "\"a\\u0007b\"");
        check(" first\nsecond", "\" first\\nsecond\"");
        check("one\r\ntwo", "\"one\\r\\ntwo\"");
        check("one\ntwo", "|-\n  one\n  two");
        check("one\n\n  two\n", "|\n  one\n\n    two");
        check("one\n\n\n", "|+\n  one\n\n");
    }

    #[test]
    fn lists_and_maps_nest() {
        let step = Yaml::Map(vec![
            Entry::new("run", Yaml::Text("a\nb\n".to_owned())),
            Entry::new("with", Yaml::Map(vec![Entry::new("k", Yaml::Bare("1".to_owned()))])),
        ]);
        let mut job = Entry::new("steps", Yaml::List(vec![step, Yaml::List(Vec::new())]));
        job.comments.push("why\nnot".to_owned());
        let document = Yaml::Map(vec![job]).document();
        let expected = "# why not\nsteps:\n  - run: |\n      a\n      b\n    with:\n      k: 1\n  - []\n";
        assert_eq!(document, expected);
    }
}
