//! Texts given to `lockgate check`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::page::{Block, files_in, quoted};

/// A diagnostic that `lockgate check --json` has printed.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) code: String,
    pub(crate) severity: String,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Returns what is found in each text, which may be of several files; all are checked by one process.
#[track_caller]
pub(crate) fn check(files: &[(&Path, &str)]) -> Vec<Vec<Found>> {
    check_with(&[], files)
}

/// Returns what is found with further options.
#[track_caller]
fn check_with(options: &[&str], files: &[(&Path, &str)]) -> Vec<Vec<Found>> {
    if files.is_empty() {
        return Vec::new();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    command
        .args(["check", "--json"])
        .args(options)
        .current_dir(folder.path());
    for (number, (name, text)) in files.iter().enumerate() {
        let top = Path::new(&number.to_string()).to_owned();
        for (name, text) in files_in(name, text) {
            let path = folder.path().join(&top).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes(&text)).unwrap();
        }
        command.arg(top.join(name));
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 2)), "{told}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut by_file: BTreeMap<usize, Vec<Found>> = BTreeMap::new();
    for row in report["diagnostics"].as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let number = text("file").split('/').next().unwrap().parse().unwrap();
        by_file.entry(number).or_default().push(Found {
            code: text("code"),
            severity: text("severity"),
            message: text("message"),
            help: text("help"),
        });
    }
    (0..files.len())
        .map(|number| by_file.remove(&number).unwrap_or_default())
        .collect()
}

/// Returns the bytes of a text, in which `\xE9` stands for the byte that no UTF-8 text has alone.
fn bytes(text: &str) -> Vec<u8> {
    let parts: Vec<&[u8]> = text.split(r"\xE9").map(str::as_bytes).collect();
    parts.join(&0xE9)
}

/// Returns what is found in each block.
#[track_caller]
pub(crate) fn check_blocks(blocks: &[Block]) -> Vec<Vec<Found>> {
    let files: Vec<_> = blocks.iter().map(|block| (block.file(), block.text.as_str())).collect();
    check(&files)
}

/// Returns what a strict check finds in each block.
#[track_caller]
pub(crate) fn check_blocks_strictly(blocks: &[Block]) -> Vec<Vec<Found>> {
    let files: Vec<_> = blocks.iter().map(|block| (block.file(), block.text.as_str())).collect();
    check_with(&["--strict"], &files)
}

/// Returns the keys that are possible where `text` has the key `zzzz`.
#[track_caller]
pub(crate) fn possible_keys(file: &str, text: &str) -> BTreeSet<String> {
    let found = check(&[(Path::new(file), text)]).remove(0);
    let unknown = found.iter().find(|found| found.message.contains("`zzzz`"));
    assert!(unknown.is_some(), "nothing is said of `zzzz` in {text}: {found:?}");
    quoted(&unknown.unwrap().help)
}
