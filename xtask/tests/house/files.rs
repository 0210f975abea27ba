//! What files may be like.

use std::fs;
use std::path::{Path, PathBuf};

use super::{assert_none, root};

/// Nobody reads further than this.
const MOST_LINES: usize = 600;

/// Longer files, with the reason why they are one.
const LONGER: &[(&str, &str)] = &[];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &[
    "mod.rs",
    "utils.rs",
    "util.rs",
    "helpers.rs",
    "types.rs",
    "common.rs",
    "misc.rs",
];

/// Folders that hold no text of the project.
const NOT_OURS: &[&str] = &["target", ".git", "node_modules"];

/// Endings of the files whose text is the project's.
const TEXT: &[&str] = &[
    "rs", "md", "toml", "yml", "yaml", "sh", "json", "sql", "html", "css", "js", "patch", "txt",
];

/// Returns the paths of all text files, from the root.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && !NOT_OURS.iter().any(|folder| name == *folder) {
                open.push(entry.path());
            } else if kind.is_file() && is_text(entry.path().strip_prefix(root()).unwrap()) {
                found.push(entry.path().strip_prefix(root()).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

fn is_text(path: &Path) -> bool {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some(ending) => TEXT.contains(&ending),
        // Scripts that are known by their place, such as .ci/run.
        None => path.starts_with(".ci"),
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(root().join(path)).unwrap()).into_owned()
}

#[test]
fn files_are_short_and_well_named() {
    let mut violations = Vec::new();
    let files = files();
    for path in files
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
    {
        let lines = read(path).lines().count();
        let known = LONGER.iter().any(|(longer, _)| Path::new(longer) == path);
        if lines > MOST_LINES && !known {
            violations.push(format!(
                "{} has {lines} lines: one idea per file, at most {MOST_LINES}",
                path.display()
            ));
        }
        if EMPTY_NAMES.iter().any(|name| path.ends_with(name)) {
            violations.push(format!("{}: name it by its idea", path.display()));
        }
    }
    for (longer, _) in LONGER {
        if !files.iter().any(|path| path == Path::new(longer)) {
            violations.push(format!("{longer} may be longer but is not there: take it off the list"));
        }
    }
    assert!(files.len() > 50, "only {} files were found", files.len());
    assert_none(&violations);
}

/// A path of the machine on which somebody wrote a line helps nobody who reads it.
#[test]
fn no_file_knows_a_machine() {
    // In two parts, so that this file is not found.
    let forbidden = [
        ("/work", "/main"),
        ("/work", "/shared"),
        ("/work", "/brief"),
        ("/root", "/"),
        ("/home/", "ubuntu"),
    ];
    let mut violations = Vec::new();
    for path in files() {
        for (number, line) in read(&path).lines().enumerate() {
            for (first, second) in forbidden {
                if line.contains(&format!("{first}{second}")) {
                    violations.push(format!(
                        "{}:{}: a path of one machine: {first}{second}",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn every_ignored_test_says_why() {
    let bare = concat!("#[", "ignore]");
    let violations: Vec<String> = files()
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs") && read(path).contains(bare))
        .map(|path| format!("{}: an ignored test needs a reason", path.display()))
        .collect();
    assert_none(&violations);
}

/// A poll may pause for milliseconds; a sleep of seconds hopes that something has happened by then.
/// (Sleeps of tokio are exempt: under its paused clock they take no time.)
#[test]
fn no_test_sleeps() {
    let sleeps = [
        concat!("thread::", "sleep(Duration::from_secs("),
        concat!("thread::", "sleep(time::Duration::from_secs("),
    ];
    let mut violations = Vec::new();
    for path in files()
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "tests"))
    {
        for (number, line) in read(path).lines().enumerate() {
            if sleeps.iter().any(|sleep| line.contains(sleep)) {
                violations.push(format!(
                    "{}:{}: wait for an event, not for time",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    assert_none(&violations);
}
