//! One look at all files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, Severity};
use lockgate_dialect::limit::{self, limited};

use super::declared::Declared;
use super::drawing::Drawing;
use super::files::{self, Asked, Source};
use super::judge::{Judged, beside, judge};
use super::strict::{Dangers, Locks};
use crate::arguments::CheckArguments;
use crate::called_workflows::CalledFiles;
use crate::exit::{Exit, Failure};
use crate::local_actions::Reached;
use crate::parallel;
use crate::project::{CONFIGURATION, Folders};
use crate::workflows;

/// What one look at all files has found.
pub(super) struct Round {
    /// How many files were asked for.
    pub(super) files: usize,
    /// Every mistake once, file by file.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// How each of them is drawn, as far as that was done where its file was read; empty when nothing was.
    pub(super) drawn: Vec<Option<String>>,
    /// Every file that was looked for, whether it is there or not, behind its name as shown.
    pub(super) paths: BTreeMap<Arc<str>, PathBuf>,
    /// Why files that were asked for were not checked; the others were.
    pub(super) refused: Vec<Failure>,
}

/// What is checked.
pub(super) struct Scope<'a> {
    /// The project's folders.
    pub(super) folders: &'a Folders,
    /// The folder from which paths are given.
    pub(super) directory: &'a Path,
    /// What was asked for.
    pub(super) arguments: &'a CheckArguments,
    /// What stands in place of the file `-`.
    pub(super) given: Option<&'a [u8]>,
}

impl Round {
    /// Reads what the scope asks for, and judges it.
    pub(super) fn make(scope: &Scope<'_>) -> Result<Self, Failure> {
        let asked = files::asked_for(scope.folders, scope.directory, scope.arguments, scope.given)?;
        let mut found = Vec::new();
        let mut names = Vec::new();
        let shown = |path: &PathBuf| (workflows::shown(&scope.folders.root, path).into(), path.clone());
        let mut paths: BTreeMap<Arc<str>, PathBuf> = asked.sources.iter().map(|source| shown(&source.path)).collect();
        let mut reached = Reached::within(scope.folders.clone());
        let mut dangers = Dangers::new(scope);
        let mut called = CalledFiles::within(scope.folders.clone());
        let locks = Locks::new(&scope.folders.root, scope.arguments.strictness());
        let drawing = (!scope.arguments.is_for_programs()).then(Drawing::of_result);
        let (judged, refused) = judge_all(asked, &locks, drawing)?;
        let declared = judged
            .iter()
            .filter_map(|judged| Some((judged.path.clone(), judged.declared.clone()?)));
        let declared: BTreeMap<PathBuf, Declared> = declared.collect();
        for judged in judged {
            if judged.path.file_name().is_some_and(|name| name == CONFIGURATION) {
                found.extend(told(beside(&judged.path, &judged.file, &declared)));
            }
            dangers.add(&judged.file, judged.used);
            names.push(Arc::clone(&judged.file.path));
            let mut drawn = judged.drawn.into_iter();
            let drawn = judged.diagnostics.into_iter().map(|diagnostic| Told {
                diagnostic,
                drawn: drawn.next(),
            });
            found.extend(drawn);
            reached.add(&judged.path, &judged.file, judged.uses);
            if let Some(workflow) = judged.workflow {
                called.add(&judged.path, &judged.file, *workflow);
            }
            paths.insert(judged.file.path, judged.path);
        }
        found.extend(told(reached.diagnostics()));
        found.extend(told(called.diagnostics()));
        found.extend(told(dangers.of_others(reached.looked_at(), &paths, &locks)));
        let in_vain = dangers.of_lock_file(found.iter().map(|told| &told.diagnostic));
        found.extend(told(in_vain));
        for (shown, path) in reached.looked_at().iter().chain(called.looked_at()).map(shown) {
            paths.entry(shown).or_insert(path);
        }
        let files = names.len();
        let ordered = in_order(names, found).into_iter();
        let (diagnostics, mut drawn): (Vec<_>, Vec<_>) = ordered.map(|told| (told.diagnostic, told.drawn)).unzip();
        if drawing.is_none() || diagnostics.len() > limit::MOST {
            drawn.clear();
        }
        Ok(Self {
            files,
            diagnostics: limited(diagnostics),
            drawn,
            paths,
            refused,
        })
    }

    /// Returns how the command ends.
    pub(super) fn exit(&self) -> Exit {
        let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        if !self.refused.is_empty() || self.diagnostics.iter().any(is_error) {
            Exit::Usage
        } else {
            Exit::Ok
        }
    }
}

/// A mistake, and how it is drawn when that is known.
struct Told {
    diagnostic: Diagnostic,
    drawn: Option<String>,
}

fn told(found: impl IntoIterator<Item = Diagnostic>) -> impl Iterator<Item = Told> {
    found.into_iter().map(|diagnostic| Told {
        diagnostic,
        drawn: None,
    })
}

/// Fewer files than this for each thread are read sooner than it is started.
const FILES_PER_THREAD: usize = 8;

/// Judges every file, and draws its mistakes; one that cannot be read keeps nobody from the others, unless there are
/// none.
fn judge_all(
    asked: Asked,
    locks: &Locks<'_>,
    drawing: Option<Drawing>,
) -> Result<(Vec<Judged>, Vec<Failure>), Failure> {
    let Asked { sources, mut refused } = asked;
    let judge = |source: &Source| {
        let mut judged = judge(source, locks)?;
        let drawn = drawing
            .iter()
            .flat_map(|drawing| judged.diagnostics.iter().map(|found| drawing.draw(found)));
        judged.drawn = drawn.collect();
        Ok(judged)
    };
    let mut judged = Vec::with_capacity(sources.len());
    for one in parallel::map(&sources, FILES_PER_THREAD, judge) {
        match one {
            Ok(one) => judged.push(one),
            Err(failure) => refused.push(failure),
        }
    }
    match refused.len() {
        1 if judged.is_empty() => Err(refused.remove(0)),
        _ => Ok((judged, refused)),
    }
}

/// Returns every mistake once: file by file as they were read, then the actions that they use.
fn in_order(names: Vec<Arc<str>>, mut found: Vec<Told>) -> Vec<Told> {
    let mut places: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for name in names {
        let next = places.len();
        places.entry(name).or_insert(next);
    }
    found.sort_by(|left, right| {
        let (left, right) = (&left.diagnostic, &right.diagnostic);
        let place = |found: &Diagnostic| places.get(&found.file.path).copied().unwrap_or(usize::MAX);
        let of_left = (place(left), &left.file.path, left.span.start);
        of_left.cmp(&(place(right), &right.file.path, right.span.start))
    });
    found.dedup_by(|left, right| left.diagnostic == right.diagnostic);
    found
}
