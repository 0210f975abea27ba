//! The comments of `lockgate.lock`, which say why: each belongs to a line, and goes where that line goes.
//!
//! The YAML reader lets comments go. They are found again in the text between the keys and values, whose places are
//! known: a `#` outside of them begins one.

use std::collections::BTreeMap;

use lockgate_core::Span;

use super::ActionVersion;
use crate::yaml::{Content, Node};

/// Where a comment ends for the YAML reader, so that nothing that it has read is taken for one.
const ENDS_OF_COMMENTS: [char; 3] = ['\n', '\r', '\u{FEFF}'];

/// The comments of a file, by the line that they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comments {
    lines: BTreeMap<Line, Comment>,
}

/// What belongs to one line, each with its `#`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) above: Vec<String>,
    pub(super) behind: Option<String>,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// That of a key of the whole file.
    Key(String),
    /// The first of a version.
    Version(ActionVersion),
    /// That of a key of a version.
    Field(ActionVersion, String),
    /// Behind all others.
    End,
}

impl Comments {
    /// Returns the comments in `text`, whose tree is `root`; those of `known` are no user's.
    pub(super) fn of(text: &str, root: Option<&Node>, known: &str) -> Self {
        let mut keys = Vec::new();
        let mut values = Vec::new();
        if let Some(root) = root {
            of_file(root, &mut keys);
            scalars(root, &mut values);
        }
        keys.sort_by_key(|(start, _)| *start);
        values.sort_by_key(|span: &Span| span.start);
        let mut found = Self::default();
        let (mut start, mut next_value, mut next_key) = (0, 0, 0);
        for line in text.split_inclusive(ENDS_OF_COMMENTS) {
            let end = start + line.len();
            let at = comment(line, start, &values, &mut next_value);
            while keys.get(next_key).is_some_and(|(key, _)| *key < at.unwrap_or(end)) {
                next_key += 1;
            }
            if let Some(at) = at {
                let words = text[at..end].trim_end();
                let is_alone = text[start..at].trim().is_empty();
                // What stands in a line without a key of its own, such as `}`, belongs to the key before.
                let behind = (!is_alone).then(|| keys[..next_key].last()).flatten();
                match behind {
                    Some((_, line)) => found.behind(line.clone(), words),
                    None if known.lines().any(|line| line == words) => {}
                    None => found.above(keys.get(next_key).map_or(Line::End, |(_, line)| line.clone()), words),
                }
            }
            start = end;
        }
        found
    }

    fn above(&mut self, line: Line, words: &str) {
        self.lines.entry(line).or_default().above.push(words.to_owned());
    }

    fn behind(&mut self, line: Line, words: &str) {
        let behind = &mut self.lines.entry(line).or_default().behind;
        *behind = Some(match behind.take() {
            Some(before) => format!("{before} {words}"),
            None => words.to_owned(),
        });
    }

    /// Returns what belongs to a line.
    pub(super) fn get(&self, line: &Line) -> Option<&Comment> {
        self.lines.get(line)
    }

    /// Forgets what belongs to a version.
    pub(super) fn forget(&mut self, version: &ActionVersion) {
        self.lines.retain(|line, _| match line {
            Line::Version(of) | Line::Field(of, _) => of != version,
            Line::Key(_) | Line::End => true,
        });
    }
}

/// Adds where the keys of the file stand, each with its line.
fn of_file(root: &Node, keys: &mut Vec<(usize, Line)>) {
    for entry in root.as_mapping().unwrap_or_default() {
        keys.push((entry.key.span.start, Line::Key(entry.key.name.clone())));
        let versions = entry.value.as_mapping().filter(|_| entry.key.name == "actions");
        for version in versions.unwrap_or_default() {
            let Some(named) = ActionVersion::parse(&version.key.name) else {
                continue;
            };
            keys.push((version.key.span.start, Line::Version(named.clone())));
            for field in version.value.as_mapping().unwrap_or_default() {
                let line = Line::Field(named.clone(), field.key.name.clone());
                keys.push((field.key.span.start, line));
            }
        }
    }
}

/// Adds where keys and single values stand.
fn scalars(node: &Node, spans: &mut Vec<Span>) {
    match &node.content {
        Content::Scalar(_) => spans.push(node.span),
        Content::Sequence(items) => items.iter().for_each(|item| scalars(item, spans)),
        Content::Mapping(entries) => {
            for entry in entries {
                spans.push(entry.key.span);
                scalars(&entry.value, spans);
            }
        }
    }
}

/// Returns where the comment of a line that starts at `start` begins; `next` is the first value that may end behind it.
fn comment(line: &str, start: usize, values: &[Span], next: &mut usize) -> Option<usize> {
    for (at, _) in line.match_indices('#') {
        let at = start + at;
        while values.get(*next).is_some_and(|value| value.end <= at) {
            *next += 1;
        }
        let is_outside = values.get(*next).is_none_or(|value| value.start > at);
        let before = line[..at - start].chars().next_back();
        if is_outside && before.is_none_or(char::is_whitespace) {
            return Some(at);
        }
    }
    None
}
