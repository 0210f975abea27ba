//! Edits that mend a finding, and their application to a file.
//!
//! Edits are made of places in the text as it was read, so that what they do not touch stays as it is, comments and
//! all. They are applied in rounds: those of a round do not overlap, and the text between two rounds is audited
//! anew, so that no edit rests on places that have moved.
//!
//! A fix that does not mend is found and left out, and the others are made. What was left out is tried again as long as
//! something else was done since, so that a file that was mended is one in which nothing is to be done.

mod state;
mod together;

use std::collections::{BTreeSet, VecDeque};

use lockgate_core::{SourceFile, Span};

use super::Strictness;
use crate::lock::Lock;
use crate::yaml::Entry;
use state::{After, Mend, State};
use together::Moves;

/// A way to mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, such as ``give `TITLE` to the script by `env` ``.
    pub description: String,
    /// The edits, none of which overlaps another; what several insert at one place comes in their order, and what is the
    /// same comes once.
    pub edits: Vec<Edit>,
    /// Whether the workflow does the same afterwards.
    pub safety: Safety,
}

/// A stretch of the file and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What takes its place.
    pub text: String,
}

impl Edit {
    /// Returns the edit that puts `text` in the place of `expected`; `None` unless that stands there, but for how its lines
    /// are indented.
    pub(super) fn replacing(source: &str, span: Span, expected: &str, text: String) -> Option<Self> {
        let there = source.get(span.start..span.end)?;
        let is_expected = there.trim().len() == there.len() && there.split_whitespace().eq(expected.split_whitespace());
        is_expected.then_some(Self { span, text })
    }

    /// Returns the edit that puts `text` before the key of an entry.
    pub(super) fn before(source: &str, entry: &Entry, text: String) -> Option<Self> {
        let at = entry.key.span.start;
        let is_there = source
            .get(at..)?
            .trim_start_matches(['"', '\''])
            .starts_with(&entry.key.name);
        let span = Span::new(at, at);
        is_there.then_some(Self { span, text })
    }
}

/// Whether a fix changes what a workflow does for those who mean well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It does the same, and the danger is gone and not only out of sight.
    Safe,
    /// Only a person can tell.
    ForPeople,
}

/// A file after its safe fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The text; the same when nothing could be mended.
    pub text: String,
    /// What was done, in the order in which it was.
    pub done: Vec<String>,
}

/// Returns the file with every safe fix applied to what is told at this strictness.
///
/// A fix after which the file has an error that it did not have, or still has its finding, is not taken.
pub fn fix(file: &SourceFile, lock: Option<&Lock>, strictness: Strictness) -> Fixed {
    let mut mending = Mending {
        lock,
        strictness,
        unread: MOST_READ.max(file.text.len().saturating_mul(LEAST_TRIED)),
        done: Vec::new(),
    };
    let mut text = file.text.to_string();
    if let Some(mut state) = State::of(file.clone(), lock) {
        loop {
            let before = mending.done.len();
            state = mending.pass(state);
            if mending.done.len() == before {
                break;
            }
        }
        text = state.file.text.to_string();
    }
    Fixed {
        text,
        done: mending.done,
    }
}

/// How many bytes are read while fixes of a file are tried.
///
/// A file whose fixes all spoil something would be read once for each of them.
const MOST_READ: usize = 6 << 20;

/// How often even a long file may be read.
const LEAST_TRIED: usize = 12;

/// The mending of a file.
struct Mending<'l> {
    lock: Option<&'l Lock>,
    strictness: Strictness,
    /// How many bytes may still be read.
    unread: usize,
    done: Vec<String>,
}

/// What became of fixes that were tried.
#[derive(Default)]
struct Tried {
    taken: Vec<Mend>,
    /// The text with those that were taken.
    after: Option<State>,
    refused: Vec<Mend>,
}

impl Mending<'_> {
    /// Makes all fixes that can be made, each refused at most once; returns the text after them.
    fn pass(&mut self, mut state: State) -> State {
        let mut refused = BTreeSet::new();
        loop {
            let fixes = state.fixes(self.strictness, &refused);
            if fixes.is_empty() {
                return state;
            }
            let tried = self.try_out(&state, fixes);
            refused.extend(tried.refused.iter().map(Mend::key));
            if let Some(after) = tried.after {
                let moves = Moves::of(&state.file.text, tried.taken.iter().flat_map(|mend| &mend.fix.edits));
                refused = refused
                    .into_iter()
                    .map(|(code, span)| (code, moves.moved(span)))
                    .collect();
                self.done
                    .extend(tried.taken.into_iter().map(|mend| mend.fix.description));
                state = after;
            }
        }
    }

    /// Tries fixes that can be made together: all at once, which works nearly always, and else in ever smaller groups
    /// without those that are seen to be at fault.
    fn try_out(&mut self, state: &State, fixes: Vec<Mend>) -> Tried {
        let mut tried = Tried::default();
        let mut groups = VecDeque::from([fixes]);
        while let Some(mut group) = groups.pop_front() {
            let together: Vec<&Mend> = tried.taken.iter().chain(&group).collect();
            match self.after(state, &together) {
                Some(After::Mended(after)) => {
                    tried.taken.append(&mut group);
                    tried.after = Some(after);
                }
                Some(After::Spoilt(spoilt)) if group.len() > 1 => {
                    let at_fault = spoilt.at_fault(&group);
                    let (blamed, mut rest): (Vec<_>, Vec<_>) =
                        group.into_iter().partition(|mend| at_fault.contains(&mend.key()));
                    // Where hardly any is seen to be at fault, the others are tried apart.
                    let middle = if blamed.len() * 8 < rest.len() {
                        rest.len() / 2
                    } else {
                        0
                    };
                    let second = rest.split_off(middle);
                    groups.extend([rest, second].into_iter().filter(|group| !group.is_empty()));
                    tried.refused.extend(blamed);
                }
                Some(After::Spoilt(_)) | None => tried.refused.append(&mut group),
            }
        }
        tried
    }

    /// Returns what becomes of the text by some fixes; `None` when enough was read.
    fn after(&mut self, state: &State, fixes: &[&Mend]) -> Option<After> {
        self.unread = self.unread.checked_sub(state.file.text.len())?;
        Some(state.after(fixes, self.lock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_has_to_stand_there() {
        let source = "run: |\n  echo a\n   b\n";
        let edit = |start, end, expected: &str| Edit::replacing(source, Span::new(start, end), expected, String::new());
        assert!(edit(9, 15, "echo a").is_some());
        assert!(edit(9, 20, "echo a\n b").is_some());
        for (start, end) in [(8, 14), (8, 15), (9, 16), (9, 14), (9, 20), (30, 31)] {
            assert_eq!(edit(start, end, "echo a"), None, "{start} {end}");
        }
    }
}
