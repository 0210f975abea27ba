//! Keeps secrets out of everything that people read.
//!
//! A secret is looked for in every form in which programs commonly print it
//! ([`encodings`]), across chunk boundaries and interleaved terminal sequences
//! ([`stream`]). All overlapping matches are united before they are replaced, so that
//! the tail of one secret never survives because another one began earlier.
//!
//! Masking is a net, not a boundary: a program that knows a secret can always print it
//! in a form of its own.

pub mod encodings;
pub mod stream;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

pub use stream::MaskStream;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// A line of a secret with fewer characters is not looked for on its own: it would mask ordinary text.
const SHORTEST_LINE: usize = 4;

/// The secrets of one job, shared by everything that writes for it.
///
/// Secrets may be added while streams run; they hold for everything that is not yet written.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    shared: Arc<RwLock<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    values: BTreeSet<String>,
    patterns: Arc<Patterns>,
}

/// The compiled forms of all secrets.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    /// Looked for in the text as it is, without terminal sequences.
    pub(crate) plain: Option<PatternSet>,
    /// Looked for in the text without the ends of long lines as well: encodings that tools wrap.
    pub(crate) wrapped: Option<PatternSet>,
}

/// One automaton with its patterns in order, the longest of which bounds what a stream holds back.
#[derive(Debug)]
pub(crate) struct PatternSet {
    automaton: AhoCorasick,
    sorted: Vec<Vec<u8>>,
    longest: usize,
}

impl Masker {
    /// Returns a masker for these secrets.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let masker = Self::default();
        masker.add(values);
        masker
    }

    /// Adds secrets; blank ones are ignored, as GitHub does.
    pub fn add<'a>(&self, values: impl IntoIterator<Item = &'a str>) {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        let before = shared.values.len();
        shared.values.extend(
            values
                .into_iter()
                .filter(|value| !value.trim().is_empty())
                .map(str::to_owned),
        );
        if shared.values.len() != before {
            shared.patterns = Arc::new(Patterns::of(&shared.values));
        }
    }

    /// Returns the secrets.
    pub fn values(&self) -> Vec<String> {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        shared.values.iter().cloned().collect()
    }

    /// Adds a secret; returns whether it is new.
    pub fn adds(&self, value: &str) -> bool {
        let count = || self.shared.read().unwrap_or_else(PoisonError::into_inner).values.len();
        let before = count();
        self.add([value]);
        count() != before
    }

    /// Returns a masker that knows the same secrets and learns others on its own.
    #[must_use]
    pub fn fork(&self) -> Self {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        let copy = Shared {
            values: shared.values.clone(),
            patterns: Arc::clone(&shared.patterns),
        };
        Self {
            shared: Arc::new(RwLock::new(copy)),
        }
    }

    /// Returns `text` with every secret replaced by [`MASK`].
    pub fn mask(&self, text: &str) -> String {
        let mut stream = MaskStream::new(self.clone());
        let mut out = Vec::with_capacity(text.len());
        stream.push(text.as_bytes(), &mut out);
        stream.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Returns whether `text` contains a secret in any form.
    pub fn finds_in(&self, text: &str) -> bool {
        self.mask(text) != text
    }

    pub(crate) fn patterns(&self) -> Arc<Patterns> {
        Arc::clone(&self.shared.read().unwrap_or_else(PoisonError::into_inner).patterns)
    }
}

impl Patterns {
    fn of(values: &BTreeSet<String>) -> Self {
        let mut plain = BTreeSet::new();
        let mut wrapped = BTreeSet::new();
        for value in values {
            plain.insert(value.as_bytes().to_vec());
            plain.insert(value.trim().as_bytes().to_vec());
            encodings::collect(value, &mut plain, &mut wrapped);
            if value.contains('\n') {
                let lines = value
                    .lines()
                    .map(str::trim)
                    .filter(|line| line.chars().count() >= SHORTEST_LINE);
                for line in lines {
                    plain.insert(line.as_bytes().to_vec());
                    encodings::collect(line, &mut plain, &mut wrapped);
                }
            }
        }
        Self {
            plain: PatternSet::of(plain),
            wrapped: PatternSet::of(wrapped),
        }
    }
}

impl PatternSet {
    fn of(patterns: BTreeSet<Vec<u8>>) -> Option<Self> {
        let sorted: Vec<Vec<u8>> = patterns.into_iter().collect();
        let longest = sorted.iter().map(Vec::len).max()?;
        // The full automaton that the crate would choose takes a kilobyte for each byte of each form.
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(&sorted)
            .ok()?;
        Some(Self {
            automaton,
            sorted,
            longest,
        })
    }

    /// Calls `found` with the start and end of every match, overlapping ones included.
    pub(crate) fn find(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        for hit in self.automaton.find_overlapping_iter(text) {
            found(hit.start(), hit.end());
        }
    }

    /// Returns where the longest tail of `text` starts that may become a match with more text.
    pub(crate) fn unfinished(&self, text: &[u8]) -> usize {
        let first = text.len().saturating_sub(self.longest - 1);
        (first..text.len())
            .find(|start| self.begins_a_pattern(&text[*start..]))
            .unwrap_or(text.len())
    }

    fn begins_a_pattern(&self, tail: &[u8]) -> bool {
        let at = self.sorted.partition_point(|pattern| pattern.as_slice() < tail);
        self.sorted[at..]
            .iter()
            .find(|pattern| pattern.len() != tail.len() || pattern.as_slice() != tail)
            .is_some_and(|pattern| pattern.starts_with(tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(secrets: &[&str], text: &str, expected: &str) {
        assert_eq!(Masker::new(secrets.iter().copied()).mask(text), expected);
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        check(&["hunter2"], "pass=hunter2;hunter2", "pass=***;***");
        check(&["hunter2"], "hunter", "hunter");
        check(&["a"], "banana", "b***n***n***");
        check(&["", "  "], "a  b", "a  b");
    }

    #[test]
    fn overlapping_secrets_leave_no_tail() {
        check(&["abcdefg", "efghij"], "<abcdefghij>", "<***>");
        check(&["abc", "abcdef"], "abcdef abc", "*** ***");
    }

    #[test]
    fn each_line_of_a_secret_is_a_secret() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nab\n-----END KEY-----\n";
        check(&[key], "x MIIEvQIBADAN y ab", "x *** y ab");
        check(&[key], key, "***");
    }

    #[test]
    fn encodings_are_masked() {
        let secret = "hunter2's \"p&ss\"\\";
        for text in [
            "aHVudGVyMidzICJwJnNzIlw",
            "68756e746572322773202270267373225c",
            "68756E746572322773202270267373225C",
            "hunter2%27s%20%22p%26ss%22%5C",
            "hunter2's+%22p%26ss%22%5c",
            "hunter2's \\\"p&ss\\\"\\\\",
            "hunter2&apos;s &quot;p&amp;ss&quot;\\",
            "hunter2'\\''s \"p&ss\"\\",
            "hunter2\\'s\\ \\\"p\\&ss\\\"\\\\",
            "hunter2''s \"p&ss\"\\",
            "NB2W45DFOIZCO4ZAEJYCM43TEJOA",
        ] {
            let masked = Masker::new([secret]).mask(&format!("<{text}>"));
            assert_eq!(masked, "<***>", "{text}");
        }
    }

    #[test]
    fn base64_is_masked_at_every_shift_and_doubled_and_wrapped() {
        let secret = "correct-horse-battery-staple-correct-horse-battery-staple-correct";
        let masker = Masker::new([secret]);
        for prefix in ["", "u", "us", "use", "user:"] {
            let inner = encodings::base64(format!("{prefix}{secret}!").as_bytes());
            assert!(!masker.mask(&inner).contains(&inner[12..40]), "{prefix}");
            let twice = encodings::base64(inner.as_bytes());
            assert!(!masker.mask(&twice).contains(&twice[16..60]), "{prefix}");
            let wrapped = format!("{}\n{}", &inner[..60], &inner[60..]);
            assert!(!masker.mask(&wrapped).contains(&inner[12..40]), "{prefix}");
            assert!(!masker.mask(&wrapped).contains(&inner[61..80]), "{prefix}");
        }
    }
}
