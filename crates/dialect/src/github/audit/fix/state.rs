//! A text with what is wrong with it, before and after fixes.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::{Severity, SourceFile, Span};

use super::super::subject::Subject;
use super::super::{Finding, Strictness};
use super::together::{Moves, Taken};
use super::{Fix, Safety};
use crate::github;
use crate::lock::Lock;
use crate::yaml::{self, Node};

/// More places of one script than this are not mended: each is looked at with the whole script.
const MOST_MENDED: usize = 2_000;

/// A finding of a text: its code and its place.
pub(super) type Key = (&'static str, Span);

/// A fix with the finding that it mends.
#[derive(Clone)]
pub(super) struct Mend {
    code: &'static str,
    span: Span,
    pub(super) fix: Fix,
}

impl Mend {
    pub(super) fn key(&self) -> Key {
        (self.code, self.span)
    }
}

/// A text with what is wrong with it.
pub(super) struct State {
    pub(super) file: SourceFile,
    findings: Vec<Finding>,
    /// Where it has each error.
    errors: BTreeMap<(&'static str, String), Vec<Span>>,
}

/// What becomes of a text by fixes.
pub(super) enum After {
    /// What they should mend is gone, and nothing else is wrong.
    Mended(State),
    Spoilt(Spoilt),
}

/// What fixes have done that they should not.
pub(super) struct Spoilt {
    /// For each thing that is wrong the places of the edits that it touches.
    touched: Vec<BTreeSet<Span>>,
}

impl Spoilt {
    /// Returns those of the fixes that alone can be at fault for something.
    pub(super) fn at_fault(&self, fixes: &[Mend]) -> BTreeSet<Key> {
        let mut by_place: BTreeMap<Span, Vec<&Mend>> = BTreeMap::new();
        for mend in fixes {
            for edit in &mend.fix.edits {
                by_place.entry(edit.span).or_default().push(mend);
            }
        }
        let mut found = BTreeSet::new();
        for touched in &self.touched {
            let mut touching = touched.iter().filter_map(|span| by_place.get(span)).flatten();
            if let Some(first) = touching
                .next()
                .filter(|first| touching.all(|other| other.fix == first.fix))
            {
                let same = by_place.values().flatten().filter(|mend| mend.fix == first.fix);
                found.extend(same.map(|mend| mend.key()));
            }
        }
        found
    }
}

impl State {
    /// Returns what is wrong with a text; `None` when it is no YAML.
    pub(super) fn of(file: SourceFile, lock: Option<&Lock>) -> Option<Self> {
        let root = yaml::parse(&file).0?;
        Some(Self {
            findings: all_findings(&file, &root, lock),
            errors: errors(&file),
            file,
        })
    }

    /// Returns safe fixes that can be made together.
    pub(super) fn fixes(&self, strictness: Strictness, refused: &BTreeSet<Key>) -> Vec<Mend> {
        let told = self
            .findings
            .iter()
            .filter(|finding| finding.told(strictness).is_some());
        let safe = told.filter_map(|finding| {
            let fix = finding.fix.as_ref().filter(|fix| fix.safety == Safety::Safe)?;
            let (code, span) = key(finding);
            (!refused.contains(&(code, span))).then_some((code, span, fix))
        });
        // An edit of a value that stands in several places would change all of them.
        let mut taken = Taken::beside(yaml::anchored(&self.file));
        let taken = safe.filter(|(_, _, fix)| taken.take(fix));
        taken
            .map(|(code, span, fix)| Mend {
                code,
                span,
                fix: fix.clone(),
            })
            .collect()
    }

    /// Returns what becomes of it by some of the fixes.
    pub(super) fn after(&self, mends: &[&Mend], lock: Option<&Lock>) -> After {
        let edits = mends.iter().flat_map(|mend| &mend.fix.edits);
        let moves = Moves::of(&self.file.text, edits);
        let text = moves.applied(&self.file.text);
        let Some(after) = Self::of(SourceFile::new(self.file.path.clone(), text), lock) else {
            return After::Spoilt(Spoilt { touched: Vec::new() });
        };
        let mut places = self.found_by(&after, mends, &moves);
        for (error, spans) in &after.errors {
            let before = self.errors.get(error).map_or(&[][..], Vec::as_slice);
            if spans.len() > before.len() {
                let known: BTreeSet<Span> = before.iter().map(|span| moves.moved(*span)).collect();
                places.extend(spans.iter().filter(|span| !known.contains(span)).copied());
                // Even if each stands where one was.
                places.extend(spans.last());
            }
        }
        if places.is_empty() {
            return After::Mended(after);
        }
        let touched = places
            .into_iter()
            .map(|place| moves.touching(place).map(|edit| edit.span).collect());
        After::Spoilt(Spoilt {
            touched: touched.collect(),
        })
    }

    /// Returns the places of the findings of which there are more after the fixes than there should be.
    fn found_by(&self, after: &Self, mends: &[&Mend], moves: &Moves<'_>) -> Vec<Span> {
        let mut expected = counts(self.findings.iter().map(key));
        for mend in mends {
            expected
                .entry(mend.code)
                .and_modify(|count| *count = count.saturating_sub(1));
        }
        let found = counts(after.findings.iter().map(key));
        let mended: BTreeSet<Key> = mends.iter().map(|mend| mend.key()).collect();
        let left = self.findings.iter().map(key).filter(|key| !mended.contains(key));
        let known: BTreeSet<Key> = left.map(|(code, span)| (code, moves.moved(span))).collect();
        let more = found
            .into_iter()
            .filter(|(code, count)| expected.get(code).is_none_or(|most| count > most));
        let more: BTreeSet<&str> = more.map(|(code, _)| code).collect();
        let of_these = after.findings.iter().map(key).filter(|(code, _)| more.contains(code));
        let (there, new): (Vec<Key>, Vec<Key>) = of_these.partition(|key| known.contains(key));
        let places = if new.is_empty() { there } else { new };
        places.into_iter().map(|(_, span)| span).collect()
    }
}

fn key(finding: &Finding) -> Key {
    (finding.diagnostic.code, finding.diagnostic.span)
}

fn counts(keys: impl Iterator<Item = Key>) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (code, _) in keys {
        *counts.entry(code).or_default() += 1;
    }
    counts
}

/// Returns what is found also where an audit would not tell of every single place.
fn all_findings(file: &SourceFile, root: &Node, lock: Option<&Lock>) -> Vec<Finding> {
    let mut subject = Subject::new(file, root, lock);
    subject.most_places = MOST_MENDED;
    super::super::findings(&subject, Strictness::Strict)
}

fn errors(file: &SourceFile) -> BTreeMap<(&'static str, String), Vec<Span>> {
    let diagnostics = if github::is_action_file(&file.path) {
        github::action::lower(file).diagnostics
    } else {
        github::lower(file).diagnostics
    };
    let mut errors: BTreeMap<_, Vec<Span>> = BTreeMap::new();
    for error in diagnostics
        .into_iter()
        .filter(|found| found.severity == Severity::Error)
    {
        errors.entry((error.code, error.message)).or_default().push(error.span);
    }
    errors
}
