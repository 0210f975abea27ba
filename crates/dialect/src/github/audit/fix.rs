//! Edits that mend a finding, and their application to a file.
//!
//! Edits are made of places in the text as it was read, so that what they do not touch stays as it is, comments and
//! all. They are applied in rounds: those of a round do not overlap, and the text between two rounds is audited
//! anew, so that no edit rests on places that have moved.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::{Severity, SourceFile, Span};

use super::subject::Subject;
use super::{Finding, Strictness};
use crate::lock::Lock;
use crate::yaml::{Entry, Node};
use crate::{github, yaml};

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
    /// It does the same.
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

/// More rounds than any file needs that is mended at all.
const MOST_ROUNDS: usize = 100;

/// Returns the file with every safe fix applied to what is told at this strictness.
///
/// A fix after which the file has an error that it did not have, or still has its finding, is not taken.
pub fn fix(file: &SourceFile, lock: Option<&Lock>, strictness: Strictness) -> Fixed {
    let mut done = Vec::new();
    let mut refused: Vec<Fix> = Vec::new();
    let mut state = State::of(file.clone(), lock);
    for _ in 0..MOST_ROUNDS {
        let Some(before) = &state else {
            break;
        };
        let fixes = before.fixes(strictness, &refused);
        if fixes.is_empty() {
            break;
        }
        // All at once is what works nearly always; if it does not, fewer are tried.
        let taken = std::iter::successors(Some(fixes.len()), |count| Some(count / 2))
            .take_while(|count| *count > 0)
            .find_map(|count| Some((&fixes[..count], before.after(&fixes[..count], lock)?)));
        if let Some((fixes, after)) = taken {
            done.extend(fixes.iter().map(|fix| fix.description.clone()));
            state = Some(after);
            // Places have moved, so that what was refused before is another fix now.
            refused.clear();
        } else {
            refused.push(fixes[0].clone());
        }
    }
    let text = state.map_or_else(|| file.text.to_string(), |state| state.file.text.to_string());
    Fixed { text, done }
}

/// A text with what is wrong with it.
struct State {
    file: SourceFile,
    findings: Vec<Finding>,
    /// How often it has each error.
    errors: BTreeMap<(&'static str, String), usize>,
}

impl State {
    /// Returns what is wrong with a text; `None` when it is no YAML.
    fn of(file: SourceFile, lock: Option<&Lock>) -> Option<Self> {
        let root = yaml::parse(&file).0?;
        Some(Self {
            findings: all_findings(&file, &root, lock),
            errors: errors(&file),
            file,
        })
    }

    /// Returns safe fixes that can be made together.
    fn fixes(&self, strictness: Strictness, refused: &[Fix]) -> Vec<Fix> {
        let told = self
            .findings
            .iter()
            .filter(|finding| finding.told(strictness).is_some());
        let safe = told
            .filter_map(|finding| finding.fix.as_ref())
            .filter(|fix| fix.safety == Safety::Safe && !refused.contains(fix));
        let mut taken = Taken {
            // An edit of a value that stands in several places would change all of them.
            kept: yaml::anchored(&self.file),
            ..Taken::default()
        };
        safe.filter(|fix| taken.take(fix)).cloned().collect()
    }

    /// Returns the text after some of the fixes, unless they do not mend what they should.
    fn after(&self, fixes: &[Fix], lock: Option<&Lock>) -> Option<Self> {
        let edits: Vec<Edit> = fixes.iter().flat_map(|fix| fix.edits.iter().cloned()).collect();
        let text = applied(&self.file.text, &edits);
        let after = Self::of(SourceFile::new(self.file.path.clone(), text), lock)?;
        let is_known = |(error, count)| self.errors.get(error).is_some_and(|before| before >= count);
        let mends = after.findings.len() + fixes.len() <= self.findings.len() && after.errors.iter().all(is_known);
        mends.then_some(after)
    }
}

/// More places of one script than this are not mended: each is looked at with the whole script.
const MOST_MENDED: usize = 2_000;

/// The edits of fixes that are made together.
#[derive(Default)]
struct Taken<'f> {
    /// What is not changed.
    kept: Vec<Span>,
    /// What is replaced, by where it begins; no two overlap.
    replaced: BTreeMap<usize, &'f Edit>,
    /// What is inserted, by where.
    inserted: BTreeMap<usize, Vec<&'f Edit>>,
}

impl<'f> Taken<'f> {
    /// Takes a fix, unless one of its edits stands in the way of another's; returns whether it did.
    fn take(&mut self, fix: &'f Fix) -> bool {
        let fits = fix.edits.iter().all(|edit| self.fits(edit));
        for edit in fix.edits.iter().filter(|_| fits) {
            if edit.is_insertion() {
                self.inserted.entry(edit.span.start).or_default().push(edit);
            } else {
                self.replaced.insert(edit.span.start, edit);
            }
        }
        fits
    }

    fn fits(&self, edit: &Edit) -> bool {
        let Span { start, end } = edit.span;
        let is_kept = self.kept.iter().any(|kept| start <= kept.end && kept.start <= end);
        let before = self.replaced.range(..end.max(start + 1)).next_back();
        let in_the_way = before.is_some_and(|(_, other)| {
            let is_behind = other.span.end <= start || (edit.is_insertion() && other.span.start == start);
            !is_behind && *other != edit
        });
        let is_through_another = self.inserted.range(start + 1..end.max(start + 1)).next().is_some();
        let mut same_place = self.inserted.get(&start).into_iter().flatten();
        let is_twice = edit.is_insertion() && same_place.any(|other| *other != edit && other.key() == edit.key());
        !is_kept && !in_the_way && !is_through_another && !is_twice
    }
}

impl Edit {
    fn is_insertion(&self) -> bool {
        self.span.start == self.span.end
    }

    /// Returns the key that an inserted line has, of which there can be one.
    fn key(&self) -> &str {
        self.text.split(':').next().unwrap_or_default().trim()
    }
}

/// Returns what is found also where an audit would not tell of every single place.
fn all_findings(file: &SourceFile, root: &Node, lock: Option<&Lock>) -> Vec<Finding> {
    let mut subject = Subject::new(file, root, lock);
    subject.most_places = MOST_MENDED;
    super::findings(&subject, Strictness::Strict)
}

/// Returns the text after the edits, whose lines end as those of the text do.
fn applied(text: &str, edits: &[Edit]) -> String {
    let is_of_windows = text.contains("\r\n");
    let mut edits: Vec<&Edit> = edits.iter().collect();
    // What is inserted at one place stays in its order, so that a heading comes before what it heads.
    edits.sort_by_key(|edit| edit.span);
    let mut there = BTreeSet::new();
    edits.retain(|edit| there.insert(*edit));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        assert!(edit.span.start >= done, "edits that are made together do not overlap");
        result.push_str(&text[done..edit.span.start]);
        if is_of_windows {
            result.push_str(&edit.text.replace("\r\n", "\n").replace('\n', "\r\n"));
        } else {
            result.push_str(&edit.text);
        }
        done = edit.span.end;
    }
    result.push_str(&text[done..]);
    result
}

fn errors(file: &SourceFile) -> BTreeMap<(&'static str, String), usize> {
    let diagnostics = if github::is_action_file(&file.path) {
        github::action::lower(file).diagnostics
    } else {
        github::lower(file).diagnostics
    };
    let mut errors = BTreeMap::new();
    for error in diagnostics
        .into_iter()
        .filter(|found| found.severity == Severity::Error)
    {
        *errors.entry((error.code, error.message)).or_default() += 1;
    }
    errors
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

    #[test]
    fn edits_are_applied_in_the_order_of_the_file() {
        let edit = |start, end, text: &str| Edit {
            span: Span::new(start, end),
            text: text.to_owned(),
        };
        assert_eq!(
            applied("a b c", &[edit(4, 5, "C"), edit(0, 0, "> "), edit(2, 3, "")]),
            "> a  C"
        );
        assert_eq!(applied("a\r\n", &[edit(1, 1, "\nb")]), "a\r\nb\r\n");
        let joined = [
            edit(0, 0, "env:"),
            edit(0, 0, "b"),
            edit(0, 1, "A"),
            edit(0, 0, "env:"),
            edit(0, 0, "a"),
        ];
        assert_eq!(applied("a b c", &joined), "env:baA b c");
    }

    #[test]
    fn fixes_are_made_together_that_do_not_stand_in_each_others_way() {
        let fix = |edits: &[(usize, usize, &str)]| Fix {
            description: String::new(),
            edits: edits
                .iter()
                .map(|&(start, end, text)| Edit {
                    span: Span::new(start, end),
                    text: text.to_owned(),
                })
                .collect(),
            safety: Safety::Safe,
        };
        let first = fix(&[(10, 20, "x"), (5, 5, "env:\n"), (5, 5, "  A: b\n")]);
        for (other, fits) in [
            (fix(&[(20, 30, "y"), (5, 5, "env:\n"), (5, 5, "  B: b\n")]), true),
            (fix(&[(20, 30, "y"), (5, 5, "env:\n"), (5, 5, "  A: b\n")]), true),
            (fix(&[(20, 30, "y"), (5, 5, "env:\n"), (5, 5, "  A: c\n")]), false),
            (fix(&[(10, 20, "x")]), true),
            (fix(&[(10, 20, "y")]), false),
            (fix(&[(19, 21, "y")]), false),
            (fix(&[(8, 11, "y")]), false),
            (fix(&[(0, 6, "y")]), false),
            (fix(&[(5, 10, "y")]), true),
            (fix(&[(12, 12, "y")]), false),
            (fix(&[(10, 10, "y"), (20, 20, "y")]), true),
            (fix(&[(36, 41, "y")]), false),
        ] {
            let mut taken = Taken {
                kept: vec![Span::new(40, 50)],
                ..Taken::default()
            };
            assert!(taken.take(&first));
            assert_eq!(taken.take(&other), fits, "{other:?}");
        }
    }
}
