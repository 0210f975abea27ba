//! A text as the scanner reads it.
//!
//! The scanner's own input for texts makes room for 128 bytes more at every word of a plain scalar, and decodes every
//! character that it looks at. Here a scalar takes the room that it needs, and a character of ASCII is its byte. The
//! events are the same, except that a tab behind `key:` is white space, as in YAML and on GitHub.

use saphyr_parser::Input;
use saphyr_parser::input::SkipTabs;

/// How many characters the scanner looks ahead at most: so much room it makes at every word of a plain scalar, which
/// begins with 32.
const AHEAD: usize = 16;

/// A text, and how far it is read.
pub(super) struct Text<'t> {
    text: &'t str,
    rest: &'t [u8],
    /// How many characters were asked for ahead: all are there, so that they are only counted.
    ahead: usize,
}

impl<'t> Text<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            rest: text.as_bytes(),
            ahead: 0,
        }
    }

    /// Returns the next byte; 0 at the end, which the scanner takes for the same.
    #[inline]
    fn byte(&self) -> u8 {
        self.rest.first().copied().unwrap_or(0)
    }

    /// Goes to the end of the line; returns how many characters that were.
    fn skip_comment(&mut self) -> usize {
        let mut count = 0;
        while !matches!(self.peek(), '\n' | '\r' | '\0' | '\u{FEFF}') {
            self.skip();
            count += 1;
        }
        count
    }

    /// Returns a character of which the scanner has seen that not all before it are of ASCII.
    #[cold]
    #[inline(never)]
    fn decoded(&self, n: usize) -> char {
        let at = self.text.len() - self.rest.len();
        self.text[at..].chars().nth(n).unwrap_or('\0')
    }
}

impl Input for Text<'_> {
    #[inline]
    fn lookahead(&mut self, count: usize) {
        self.ahead = self.ahead.max(count);
    }

    #[inline]
    fn buflen(&self) -> usize {
        self.ahead
    }

    #[inline]
    fn bufmaxlen(&self) -> usize {
        AHEAD
    }

    #[inline]
    fn raw_read_ch(&mut self) -> char {
        let next = self.peek();
        self.skip();
        next
    }

    #[inline]
    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        let next = self.peek();
        let is_content = !matches!(next, '\0' | '\n' | '\r' | '\u{FEFF}');
        is_content.then(|| {
            self.skip();
            next
        })
    }

    #[inline]
    fn skip(&mut self) {
        self.rest = match self.rest {
            [] => &[],
            [next, rest @ ..] if next.is_ascii() => rest,
            rest => &rest[self.decoded(0).len_utf8()..],
        };
    }

    #[inline]
    fn skip_n(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    #[inline]
    fn peek(&self) -> char {
        match self.byte() {
            next if next.is_ascii() => char::from(next),
            _ => self.decoded(0),
        }
    }

    #[inline]
    fn peek_nth(&self, n: usize) -> char {
        match self.rest.get(..=n) {
            Some(ahead) if ahead.is_ascii() => char::from(ahead[n]),
            _ => self.decoded(n),
        }
    }

    #[inline]
    fn peek_opt(&self) -> Option<char> {
        (!self.rest.is_empty()).then(|| self.peek())
    }

    fn skip_ws_to_eol(&mut self, tabs: SkipTabs) -> (usize, Result<SkipTabs, &'static str>) {
        let (mut count, mut found_tab, mut found_space) = (0, false, false);
        loop {
            match self.byte() {
                b' ' => found_space = true,
                b'\t' if tabs != SkipTabs::No => found_tab = true,
                b'#' if !found_space && !found_tab => {
                    let message = "comments must be separated from other tokens by whitespace";
                    return (count, Err(message));
                }
                b'#' => {
                    count += self.skip_comment();
                    break;
                }
                _ => break,
            }
            self.skip();
            count += 1;
        }
        // Only behind the `:` of a key does the scanner ask for a space; what may not follow it there is refused anyway.
        (count, Ok(SkipTabs::Result(found_tab, found_space || found_tab)))
    }

    #[inline]
    fn next_is_blank_or_breakz(&self) -> bool {
        matches!(self.byte(), b' ' | b'\t' | b'\n' | b'\r' | 0)
    }

    #[inline]
    fn next_can_be_plain_scalar(&self, in_flow: bool) -> bool {
        let is_flow = |next: char| in_flow && matches!(next, ',' | '[' | ']' | '{' | '}');
        match self.byte() {
            b':' => {
                let behind = self.peek_nth(1);
                !matches!(behind, ' ' | '\t' | '\n' | '\r' | '\0') && !is_flow(behind)
            }
            next if next.is_ascii() => !is_flow(char::from(next)),
            _ => self.decoded(0) != '\u{FEFF}',
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use saphyr_parser::{Parser, StrInput};

    use super::Text;

    #[track_caller]
    fn same(text: &str) {
        let mut theirs = Parser::new(StrInput::new(text));
        for ours in Parser::new(Text::new(text)) {
            // Behind a mistake a parser says the same again and again.
            let is_last = ours.is_err();
            assert_eq!(Some(ours), theirs.next(), "{text:?}");
            if is_last {
                return;
            }
        }
        assert_eq!(theirs.next(), None, "{text:?}");
    }

    #[expect(clippy::disallowed_methods, reason = "a test reads the corpus")]
    fn files_below(folder: &Path, texts: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, texts);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                texts.extend(std::fs::read_to_string(&path));
            }
        }
    }

    #[test]
    fn the_events_are_those_of_the_scanners_own_input() {
        for text in [
            "",
            "\0",
            "a: b\0c",
            "é: ü # ö\n- x",
            "\u{FEFF}a: b\u{FEFF}c",
            "a: |\n  é\n   b\r\n  c\u{FEFF}d\n\n e",
            "a:\n                    deep: |\n                              deeper\n                              é",
            "a: >-\n  folded\n\n  more",
            "key: a very long plain text with many words that goes on and on,\n  and on the next line é too",
            "\"esc \\u00e9 \\\n  x\": 'it''s'",
            "---\na\n...\n---\nb",
            "- - - a\n    - b",
            "{a: [b, c: d], ? e : f}",
            "a: *b\n&c d: !!str e",
            "\ta: b",
            "a:\t\"b\"",
            "a:\t{b: c}\t# d",
            "a: b\n\t# c",
            "%YAML 1.2\n---\na",
        ] {
            same(text);
        }
    }

    #[test]
    fn a_tab_behind_a_key_is_white_space() {
        let events = |text: &'static str| -> Vec<_> {
            let events = Parser::new(Text::new(text)).map(|event| event.map(|(event, _)| event));
            events.collect::<Result<_, _>>().unwrap()
        };
        for (tab, space) in [
            ("a:\tb", "a: b"),
            ("a:\t\t-1\t# c", "a: -1"),
            ("- a:\tb\n  c:\td", "- a: b\n  c: d"),
        ] {
            assert_eq!(events(tab), events(space), "{tab:?}");
        }
        for text in ["a:\t- b", "a:\tb: c", "a:\t# c\n\tb: d"] {
            assert!(Parser::new(Text::new(text)).any(|event| event.is_err()), "{text:?}");
        }
    }

    #[test]
    fn the_events_of_whole_files_are_the_same_cut_anywhere() {
        let mut texts = Vec::new();
        files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), &mut texts);
        texts.retain(|text| !text.contains(":\t"));
        assert!(texts.len() > 250, "{}", texts.len());
        for (number, text) in texts.iter().enumerate() {
            same(text);
            same(&text.replace('\n', "\r\n"));
            same(&text.replace('e', "é"));
            for cut in 0..3 {
                let at = text.floor_char_boundary((number * 61 + cut * 997) % text.len().max(1));
                same(&text[..at]);
                same(&text[at..]);
            }
        }
    }
}
