//! `lockgate check`: every mistake at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_dialect::github;

use crate::arguments::CheckArguments;
use crate::delivery::{Place, listening};
use crate::exit::{Exit, Failure};
use crate::local_actions::Reached;
use crate::project::{CONFIGURATION, Project};
use crate::render::{diagnostics, out};
use crate::{config, init, workflows};

pub(crate) fn run(directory: &Path, arguments: &CheckArguments) -> Result<Exit, Failure> {
    let project = Project::find(directory, |_| Ok(None))?;
    let files = if arguments.files.is_empty() {
        of_project(&project)?
    } else {
        arguments.files.clone()
    };
    let mut found = Vec::new();
    let mut names = Vec::new();
    let mut reached = Reached::new(&project);
    for path in &files {
        let path = directory.join(path);
        let paths = if path.is_dir() {
            workflows::select(&project.root, Some(&path))?
        } else {
            vec![path]
        };
        for path in paths {
            match workflows::read(&project.root, &path)? {
                Ok(file) => {
                    names.push(Arc::clone(&file.path));
                    found.extend(check(&path, &file, &mut reached));
                }
                Err(mistake) => {
                    names.push(Arc::clone(&mistake.file.path));
                    found.push(*mistake);
                }
            }
        }
    }
    let read = names.len();
    found.extend(reached.diagnostics());
    let found = in_order(names, found);
    let broken = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if arguments.json {
        out::json(&diagnostics::to_json(&found));
    } else {
        for diagnostic in &found {
            out::result(format_args!("{}\n", diagnostics::draw(diagnostic, out::is_colourful())));
        }
        let plural = if read == 1 { "" } else { "s" };
        out::result(format_args!("{read} file{plural}: {}", diagnostics::summary(&found)));
    }
    Ok(if broken { Exit::Usage } else { Exit::Ok })
}

/// Returns the project's workflow files and its `lockgate.yaml`.
fn of_project(project: &Project) -> Result<Vec<PathBuf>, Failure> {
    let mut files = workflows::in_folder(&project.root.join(workflows::FOLDER)).unwrap_or_default();
    let configuration = project.root.join(CONFIGURATION);
    if configuration.is_file() {
        files.push(configuration);
    }
    if files.is_empty() {
        let message = format!("there is nothing to check in `{}`", project.root.display());
        let help = format!(
            "workflow files belong into {}; `lockgate init` writes a {CONFIGURATION}",
            workflows::FOLDER
        );
        return Err(Failure::usage(message).help(help));
    }
    Ok(files)
}

/// Returns every mistake once: file by file as they were read, then the actions that they use.
fn in_order(names: Vec<Arc<str>>, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut places: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for name in names {
        let next = places.len();
        places.entry(name).or_insert(next);
    }
    found.sort_by(|left, right| {
        let key = |found: &Diagnostic| {
            let place = places.get(&found.file.path).copied().unwrap_or(usize::MAX);
            (place, found.span.start)
        };
        (key(left), &left.file.path).cmp(&(key(right), &right.file.path))
    });
    found.dedup();
    found
}

/// Returns the mistakes of one file, by what kind of file it is.
fn check(path: &Path, file: &SourceFile, reached: &mut Reached<'_>) -> Vec<Diagnostic> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    match name {
        CONFIGURATION => {
            let mut found = config::read(file, "application").1;
            let root = path.parent().unwrap_or(Path::new(""));
            let jobs = init::jobs(root, None);
            if !jobs.is_empty() {
                found.extend(config::strange_jobs(file, &jobs));
            }
            let uploaded = init::uploads(root);
            if !uploaded.is_empty() {
                found.extend(config::strange_artifacts(file, &uploaded));
            }
            if let Ok(place) = Place::find_quietly(root) {
                found.extend(listening::check(file, &place.host(), &place.identity));
            }
            found
        }
        "action.yml" | "action.yaml" => {
            let lowered = github::action::lower(file);
            reached.add(path, file, lowered.uses);
            lowered.diagnostics
        }
        _ => {
            let lowered = github::lower(file);
            reached.add(path, file, lowered.uses);
            lowered.diagnostics
        }
    }
}
