//! What tests need from the machine, and what was left out for want of it.
//!
//! A test that finds something missing appends one line, `what: why`, to the file that
//! `LOCKGATE_LEFT_OUT` names, and passes. So nothing is left out in silence, and the
//! continuous integration can refuse it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Refusal;
use crate::repository::Repository;

/// A program that some tests need.
struct Need {
    program: &'static str,
    probe: &'static [&'static str],
    without: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        program: "git",
        probe: &["--version"],
        without: "every test with a repository",
    },
    Need {
        program: "bash",
        probe: &["--version"],
        without: "steps that run in bash, and the example",
    },
    Need {
        program: "cc",
        probe: &["--version"],
        without: "the build of SQLite",
    },
    Need {
        program: "curl",
        probe: &["--version"],
        without: "the commands of the README that ask the application",
    },
    Need {
        program: "node",
        probe: &["--version"],
        without: "local JavaScript actions",
    },
    Need {
        program: "npm",
        probe: &["--version"],
        without: "the languages beside GitHub's libraries",
    },
    Need {
        program: "python",
        probe: &["--version"],
        without: "steps with `shell: python`",
    },
];

/// Returns what is not installed, with what cannot be tested without it.
pub(super) fn missing() -> Vec<String> {
    NEEDS
        .iter()
        .filter(|need| !answers(need))
        .map(|need| format!("{}: {} is not installed", need.without, need.program))
        .collect()
}

fn answers(need: &Need) -> bool {
    let mut command = Command::new(need.program);
    command
        .args(need.probe)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Returns whether leaving something out is a failure.
pub(super) fn nothing_may_be_left_out() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The list of what was left out, shared with the tests by a file.
pub(super) struct LeftOut(PathBuf);

impl LeftOut {
    /// Begins an empty list and tells the tests where it is.
    pub(super) fn begin(repository: &Repository) -> Result<Self, Refusal> {
        let folder = repository.target().join("xtask");
        let path = folder.join(format!("left-out-{}", std::process::id()));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, ""))
            .map_err(|error| Refusal::new(format!("cannot write {}: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// Returns the file.
    pub(super) fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// Adds one line.
    pub(super) fn add(&self, line: &str) {
        let written = OpenOptions::new()
            .append(true)
            .open(&self.0)
            .and_then(|mut file| writeln!(file, "{line}"));
        if let Err(error) = written {
            println!("left out: {line} (and it could not be noted: {error})");
        }
    }

    /// Returns the lines, each once.
    pub(super) fn read(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines.dedup();
        lines
    }
}

impl Drop for LeftOut {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
