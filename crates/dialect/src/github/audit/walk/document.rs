//! Here-documents: from the word behind `<<` to the line that is this word.

use std::borrow::Cow;
use std::ops::Range;

use super::super::embedded::closing;

/// A here-document that begins on the next line.
#[derive(Clone)]
pub(super) struct Document<'t> {
    /// The line that ends it.
    word: Cow<'t, str>,
    /// Whether its lines, and the one that ends it, may begin with tabs: `<<-`.
    may_be_indented: bool,
    /// Whether variables in it are replaced.
    pub(super) is_replaced: bool,
}

impl<'t> Document<'t> {
    /// Returns what the `<<` at the start of a text announces, if there is a word, and the length of both.
    pub(super) fn announced(text: &'t str) -> (Option<Self>, usize) {
        let behind = &text[2..];
        let unmarked = behind.strip_prefix('-').unwrap_or(behind);
        let word = unmarked.trim_start_matches([' ', '\t']);
        let length = end_of_word(word);
        let written = &word[..length];
        let is_replaced = !written.contains(['\'', '"', '\\']);
        let document = (length > 0).then(|| Self {
            word: if is_replaced {
                Cow::Borrowed(written)
            } else {
                Cow::Owned(written.replace(['\'', '"', '\\'], ""))
            },
            may_be_indented: unmarked.len() < behind.len(),
            is_replaced,
        });
        (document, text.len() - word.len() + length)
    }

    /// Returns where its text stands, when it begins at `from`, and where the line behind it begins.
    pub(super) fn read(&self, script: &str, from: usize) -> (Range<usize>, usize) {
        let from = from.min(script.len());
        let mut at = from;
        for line in script.get(from..).unwrap_or_default().split_inclusive('\n') {
            let text = line.strip_suffix('\n').unwrap_or(line);
            let text = if self.may_be_indented {
                text.trim_start_matches('\t')
            } else {
                text
            };
            if text == self.word {
                return (from..at, at + line.len());
            }
            at += line.len();
        }
        // Without its end it is all that is left; no place in it is taken for one behind it.
        (from..at, script.len() + 1)
    }
}

/// Returns where the first word of a text ends, as a shell reads it.
fn end_of_word(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'\\' => 2,
            b'\'' | b'"' => {
                let length = bytes[at + 1..].iter().position(|other| other == byte);
                length.map_or(bytes.len(), |length| length + 2)
            }
            b'$' if text[at..].starts_with("${{") => {
                let length = closing(&text[at + 3..]);
                length.map_or(bytes.len(), |length| length + 5)
            }
            _ if byte.is_ascii_whitespace() || b";&|<>()".contains(byte) => break,
            _ => 1,
        };
    }
    // Behind a backslash may stand more than one byte.
    (at.min(bytes.len())..=bytes.len())
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, word: &str, is_replaced: bool, length: usize) {
        let (document, found) = Document::announced(text);
        let document = document.unwrap();
        assert_eq!(
            (&*document.word, document.is_replaced, found),
            (word, is_replaced, length),
            "{text}"
        );
    }

    #[test]
    fn the_word_is_read_without_its_quotes() {
        check("<<E > a", "E", true, 3);
        check("<<- \"E F\"; b", "E F", false, 9);
        check("<<'E';", "E", false, 5);
        check("<<\\E)", "E", false, 4);
        check("<<E'f'|", "Ef", false, 6);
        check("<<E_${{ a.b }} c", "E_${{ a.b }}", true, 14);
        check("<<'E", "E", false, 4);
        assert_eq!(Document::announced("<< \n").1, 3);
    }

    #[test]
    fn only_the_word_alone_ends_it() {
        let document = Document::announced("<<E").0.unwrap();
        assert_eq!(document.read("a\n E\nE \nE\nb", 0), (0..8, 10));
        let document = Document::announced("<<-E").0.unwrap();
        assert_eq!(document.read("a\n\tE\nb", 0), (0..2, 5));
        assert_eq!(document.read("a\n", 0), (0..2, 3));
    }
}
