//! Files that are made to hurt who reads them: each is told in words, within 256 MiB.

use std::path::Path;
use std::process::{Command, Output};

use super::hostile_files::{Hostile, files};

/// The most memory that reading one file may take, in KiB.
const MOST_KIB: u32 = 256 << 10;

/// Runs a command on a file; a process that asks for more memory is ended by a signal.
fn run(folder: &Path, words: &str) -> Output {
    let script = format!("ulimit -d {MOST_KIB} && exec \"$0\" -C \"$1\" {words}");
    Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_lockgate")])
        .arg(folder)
        .env("LOCKGATE_HOME", folder.join("home"))
        .output()
        .unwrap()
}

/// Returns what a command said, after checking that it ended by itself.
#[track_caller]
fn said(file: &Hostile, command: &str, output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 2)),
        "{command} of {}: {:?}: {}",
        file.name,
        output.status,
        &said[..said.floor_char_boundary(2_000)]
    );
    assert!(
        said.len() < 1 << 20,
        "{command} of {} says {} bytes",
        file.name,
        said.len()
    );
    said
}

#[test]
fn each_is_told_with_its_place_and_within_its_memory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    for file in files() {
        let name = format!(".github/workflows/{}.yml", file.name);
        std::fs::write(folder.path().join(&name), &file.bytes).unwrap();
        let output = run(folder.path(), &format!("check {name}"));
        let text = said(&file, "check", &output);
        assert_eq!(
            output.status.code(),
            Some(if file.is_wrong { 2 } else { 0 }),
            "{name}: {text}"
        );
        if file.is_wrong {
            let place = text.split_once(&format!("--> {name}:")).map(|(_, rest)| rest);
            assert!(
                place.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())),
                "{name} has no place: {text}"
            );
        }
        let output = run(folder.path(), &format!("plan --workflow {name}"));
        said(&file, "plan", &output);
    }
}
