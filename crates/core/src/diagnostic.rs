//! Mistakes in the user's files: collected, never thrown.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::lines::Lines;

/// A user's file as it was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as shown to the user.
    pub path: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// Made when a position is asked for the first time.
    lines: Arc<OnceLock<Lines>>,
}

impl SourceFile {
    /// Returns the file with this path and text.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            lines: Arc::default(),
        }
    }

    /// Returns the line and column, both from 1, the column in characters, of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        self.lines().position(&self.text, offset)
    }

    /// Returns where its lines and characters begin.
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
    }
}

impl PartialEq for SourceFile {
    fn eq(&self, other: &Self) -> bool {
        let is_same = Arc::ptr_eq(&self.path, &other.path) && Arc::ptr_eq(&self.text, &other.text);
        is_same || (self.path == other.path && self.text == other.text)
    }
}

impl Eq for SourceFile {}

/// A half-open range of byte offsets in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl Span {
    /// Returns the span from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }
}

/// How bad a mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Cannot be run or deployed.
    Error,
    /// Works, and probably not as meant.
    Warning,
}

/// One mistake in one of the user's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The code whose page `lockgate explain` prints, such as `LG0101`.
    pub code: &'static str,
    /// What is wrong, as a lowercase sentence without a full stop.
    pub message: String,
    /// The file.
    pub file: SourceFile,
    /// Where in the file.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that explain it, with a label each.
    pub related: Vec<(Span, String)>,
    /// Other places of the same mistake, with what stands there.
    pub also: Vec<(Span, String)>,
}

impl Diagnostic {
    /// Returns an error at `span`.
    pub fn error(code: &'static str, file: &SourceFile, span: Span, message: impl Into<String>) -> Self {
        Self::with_severity(Severity::Error, code, file, span, message)
    }

    /// Returns a warning at `span`.
    pub fn warning(code: &'static str, file: &SourceFile, span: Span, message: impl Into<String>) -> Self {
        Self::with_severity(Severity::Warning, code, file, span, message)
    }

    fn with_severity(
        severity: Severity,
        code: &'static str,
        file: &SourceFile,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            file: file.clone(),
            span,
            help: None,
            related: Vec::new(),
            also: Vec::new(),
        }
    }

    /// Returns it as a line, for who asked for something else: `path:line:column: message`.
    pub fn in_one_line(&self) -> String {
        let (line, column) = self.file.position(self.span.start);
        format!("{}:{line}:{column}: {}", self.file.path, self.message)
    }

    /// Returns all its places: where it is, what explains it, and where it is also.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        let others = self.related.iter().chain(&self.also);
        std::iter::once(self.span).chain(others.map(|(span, _)| *span))
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place that explains it.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }
}

/// Returns the candidate nearest to `word`, when it is near enough to be a slip of the keys, or the only one that is the
/// word and more: `timeout-minutes` of `timeout`, `opened` of `open`.
///
/// The distance counts characters replaced, added, left out, or swapped with their neighbour; it is at most a third
/// of the word, at least one, and never the whole word.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let limit = (word.len() / 3).max(1).min(word.len().saturating_sub(1));
    let distance_to = |candidate: &str| {
        // Each letter more or less is a step of its own.
        let is_far = candidate.chars().count().abs_diff(word.len()) > limit;
        (!is_far).then(|| distance(&word, candidate))
    };
    let mut longer = Vec::new();
    let near = candidates
        .into_iter()
        .inspect(|candidate| longer.extend(is_more(&word, candidate).then_some(*candidate)))
        .filter_map(|candidate| Some((distance_to(candidate)?, candidate)))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    near.or(match longer.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}

/// Returns whether `candidate` is `word`, which is in lower case, with another word or an ending behind it.
fn is_more(word: &[char], candidate: &str) -> bool {
    let mut rest = candidate.chars();
    let begins = word.len() > 2 && word.iter().all(|c| rest.next() == Some(*c));
    begins && (rest.as_str().starts_with(['-', '_']) || rest.as_str() == "ed")
}

/// Returns whether a word is exactly one slip of the keys away from another, whatever their case.
pub fn is_one_slip(word: &str, meant: &str) -> bool {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    word.len().abs_diff(meant.chars().count()) <= 1 && distance(&word, meant) == 1
}

/// Returns the distance of a word, in lower case, from another one.
fn distance(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = vec![0; right.len() + 1];
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut next = before.clone();
    for i in 0..left.len() {
        next[0] = i + 1;
        for j in 0..right.len() {
            let replaced = row[j] + usize::from(left[i] != right[j]);
            let mut least = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                least = least.min(before[j - 1] + 1);
            }
            next[j + 1] = least;
        }
        std::mem::swap(&mut before, &mut row);
        std::mem::swap(&mut row, &mut next);
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_from_one() {
        let file = SourceFile::new("a.yml", "é: 1\nüb: 2\n");
        assert_eq!(file.position(0), (1, 1));
        assert_eq!(file.position(2), (1, 2));
        assert_eq!(file.position(8), (2, 2));
        assert_eq!(file.position(999), (3, 1));
    }

    #[test]
    fn the_nearest_name_is_a_slip_of_the_keys() {
        assert_eq!(nearest("step", ["steps", "needs"]), Some("steps"));
        assert_eq!(nearest("Runs-On", ["runs-on"]), Some("runs-on"));
        assert_eq!(nearest("biuld", ["test", "build"]), Some("build"));
        assert_eq!(nearest("zebra", ["steps", "needs"]), None);
        assert_eq!(nearest("b", ["a"]), None);
    }

    #[test]
    fn the_beginning_of_one_name_only_is_that_name() {
        assert_eq!(
            nearest("timeout", ["needs", "timeout-minutes"]),
            Some("timeout-minutes")
        );
        assert_eq!(nearest("Open", ["closed", "opened"]), Some("opened"));
        assert_eq!(nearest("branches", ["branches-ignore", "branches"]), Some("branches"));
        assert_eq!(nearest("timeout", ["timeout-minutes", "timeout-hours"]), None);
        assert_eq!(nearest("run", ["runs-on"]), None);
        assert_eq!(nearest("if", ["if-no-files-found"]), None);
    }
}
