//! Files as people have them, each with the diagnostics that it gets in the `.out` file beside it.
//!
//! A file whose name starts with `action` is read as an action, any other as a workflow. With `BLESS=1` in the
//! environment the `.out` files are written instead of compared; review them like code.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads its corpus and the wish to bless it, and stops where it cannot"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_dialect::github::{self, ACTION_FILES, ActionFile, CalledWorkflows, LocalActions, WorkflowFile, action};
use lockgate_dialect::{codes, text};

use super::expected::{all_fit, compare, files, written};

fn diagnostics(path: &Path) -> Vec<Diagnostic> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let file = SourceFile::new(name, std::fs::read_to_string(path).unwrap());
    if name.starts_with("action") {
        action::lower(&file).diagnostics
    } else {
        github::lower(&file).diagnostics
    }
}

fn render(diagnostics: &[Diagnostic]) -> String {
    let of_severity = |found: &Diagnostic| match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    diagnostics
        .iter()
        .map(|found| written(found, of_severity(found)))
        .collect()
}

fn check(folder: &str, fits: fn(&[Diagnostic]) -> bool) {
    let mut wrong = Vec::new();
    let files = files(folder);
    assert!(files.len() >= 15, "only {} files in {folder}", files.len());
    for path in files {
        let found = diagnostics(&path);
        let text = render(&found);
        assert!(fits(&found), "{} is in the wrong folder:\n{text}", path.display());
        wrong.extend(compare(&path.with_extension("out"), &text));
    }
    all_fit(&wrong);
}

fn has_error(found: &[Diagnostic]) -> bool {
    found.iter().any(|found| found.severity == Severity::Error)
}

#[test]
fn good_files_have_no_error() {
    check("ok", |found| !has_error(found));
}

#[test]
fn bad_files_have_their_mistakes_told() {
    check("err", has_error);
}

/// Returns what is found in the workflows of a project and the actions that they reach, then which jobs are refused.
fn of_project(project: &Path) -> String {
    let mut actions = LocalActions::default();
    let mut called = CalledWorkflows::default();
    let (mut found, mut uses) = (Vec::new(), Vec::new());
    for path in sorted(&project.join(".github/workflows")) {
        let file = decode(project, &path).unwrap();
        let lowered = github::lower(&file);
        called.add(Some(&file.path), &file, lowered.clone());
        found.extend(lowered.diagnostics);
        uses.extend(lowered.uses.iter().cloned());
        actions.add(&file, lowered.uses);
    }
    let mut read = BTreeSet::new();
    while let Some(folder) = actions.wanted() {
        assert!(read.insert(folder.clone()), "{folder} is read twice");
        let paths = ACTION_FILES.map(|name| project.join(&folder).join(name));
        let supplied = match paths
            .iter()
            .find(|path| path.is_file())
            .map(|path| decode(project, path))
        {
            Some(Ok(file)) => ActionFile::Text(file),
            Some(Err(mistake)) => ActionFile::Broken(mistake),
            None => ActionFile::Missing,
        };
        actions.supply(&folder, supplied);
    }
    found.extend(actions.diagnostics());
    supply(project, &mut called);
    found.extend(called.diagnostics());
    let mut text = String::new();
    for found in found {
        writeln!(text, "{}:", found.file.path).unwrap();
        text += &render(&[found]);
    }
    for used in &uses {
        for refused in actions.refusals(used) {
            writeln!(text, "refused {}: {refused}", used.job.as_deref().unwrap()).unwrap();
        }
    }
    text
}

/// Reads the workflows that are called and not known yet.
fn supply(project: &Path, called: &mut CalledWorkflows) {
    let mut read = BTreeSet::new();
    while let Some(wanted) = called.wanted() {
        assert!(read.insert(wanted.clone()), "{wanted} is read twice");
        let path = project.join(&wanted);
        let file = match path.is_file().then(|| decode(project, &path)) {
            Some(Ok(file)) => WorkflowFile::Text(file),
            Some(Err(mistake)) => WorkflowFile::Broken(mistake),
            None => WorkflowFile::Missing,
        };
        called.supply(&wanted, file);
    }
}

#[test]
fn a_file_alone_is_told_the_same_of_its_calls_as_among_all() {
    for name in ["calls", "call_depth", "call_permissions"] {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/corpus/project")
            .join(name);
        let files: Vec<SourceFile> = sorted(&project.join(".github/workflows"))
            .iter()
            .map(|path| decode(&project, path).unwrap())
            .collect();
        let mut all = CalledWorkflows::default();
        for file in &files {
            all.add(Some(&file.path), file, github::lower(file));
        }
        supply(&project, &mut all);
        for file in &files {
            let mut alone = CalledWorkflows::default();
            alone.add(Some(&file.path), file, github::lower(file));
            supply(&project, &mut alone);
            let of_file = |called: &CalledWorkflows| -> Vec<String> {
                let found = called.diagnostics().into_iter();
                let found = found.filter(|found| found.file.path == file.path);
                found
                    .map(|found| format!("{:?} {}", found.span, found.message))
                    .collect()
            };
            assert_eq!(of_file(&alone), of_file(&all), "{}", file.path);
        }
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn decode(project: &Path, path: &Path) -> Result<SourceFile, Box<Diagnostic>> {
    let shown = path.strip_prefix(project).unwrap().to_str().unwrap();
    text::decode(shown, std::fs::read(path).unwrap())
}

#[test]
fn the_actions_of_a_project_are_judged_with_the_workflows_that_reach_them() {
    let projects = sorted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/project"));
    let projects = projects.iter().filter(|path| path.is_dir());
    let wrong: Vec<String> = projects
        .filter_map(|project| compare(&project.with_extension("out"), &of_project(project)))
        .collect();
    all_fit(&wrong);
}

/// Codes of the lock file, which is no workflow; its own tests tell them.
const OF_THE_LOCK: [&str; 3] = [codes::WRONG_LOCK, codes::UNUSED_LOCK, codes::MOVED_TAG];

#[test]
fn every_code_is_told_of_some_file() {
    let mut told = String::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(sorted(&path));
        } else if path.extension().is_some_and(|extension| extension == "out") {
            told += &std::fs::read_to_string(path).unwrap();
        }
    }
    let missing = codes::ALL.iter().map(|code| code.code);
    let missing: Vec<&str> = missing
        .filter(|code| !told.contains(&format!(" {code} ")) && !OF_THE_LOCK.contains(code))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "no file of the corpus is told these");
}

#[test]
fn every_place_of_a_diagnostic_is_in_its_file() {
    for path in files("ok").into_iter().chain(files("err")) {
        for found in diagnostics(&path) {
            let end = found.file.text.len();
            for span in found.places() {
                assert!(span.start <= span.end && span.end <= end, "{} {span:?}", path.display());
                assert!(
                    found.file.text.get(span.start..span.end).is_some(),
                    "{}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn many_ways_through_called_workflows_are_gone_once() {
    let mut called = CalledWorkflows::default();
    for level in 0..10 {
        let mut jobs = String::new();
        for job in 0..100 {
            writeln!(jobs, "  j{job}: {{ uses: ./.github/workflows/w{}.yml }}", level + 1).unwrap();
        }
        let path = format!(".github/workflows/w{level}.yml");
        let text = format!("on: workflow_call\npermissions: read-all\njobs:\n{jobs}");
        let file = SourceFile::new(path.as_str(), text);
        called.add(Some(&path), &file, github::lower(&file));
    }
    assert_eq!(called.wanted().as_deref(), Some(".github/workflows/w10.yml"));
    called.supply(".github/workflows/w10.yml", WorkflowFile::Missing);
    let found = called.diagnostics();
    let count = |code: &str| found.iter().filter(|found| found.code == code).count();
    assert_eq!((count("LG0181"), count("LG0190")), (100, 100));
}
