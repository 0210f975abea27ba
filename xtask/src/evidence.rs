//! Long checks, and the figures they leave behind.
//!
//! `evidence/NAME.json` holds the commit, the command and the date beside the figures, so
//! that anybody can repeat them. A command hands its figures over as JSON, in the file that
//! `LOCKGATE_FIGURES` names or else on stdout.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use crate::Refusal;
use crate::repository::Repository;

/// Which check, and how.
#[derive(Args)]
pub(crate) struct EvidenceArguments {
    /// One of simulate, kill, load, peers, fuzz and language
    name: String,
    /// Also where the tree differs from the commit; the evidence says so
    #[arg(long)]
    dirty: bool,
    /// Arguments for the check, instead of its own
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// A check that is too long for every commit.
struct Check {
    name: &'static str,
    /// What has to be built first.
    build: Option<&'static [&'static str]>,
    command: &'static [&'static str],
    /// What is appended to the command where nothing else is asked for.
    arguments: &'static [&'static str],
}

const CHECKS: &[Check] = &[
    Check {
        name: "simulate",
        build: None,
        command: &[
            "cargo",
            "run",
            "--release",
            "--quiet",
            "-p",
            "lockgate-testkit",
            "--example",
            "simulate",
            "--",
        ],
        arguments: &["--json", "--seeds", "1000000"],
    },
    Check {
        name: "kill",
        build: None,
        command: &[
            "env",
            "LOCKGATE_KILLS=57",
            "cargo",
            "test",
            "-p",
            "lockgate",
            "--test",
            "kill",
            "--",
        ],
        arguments: &["--nocapture"],
    },
    Check {
        name: "load",
        build: None,
        command: &[
            "env",
            "LOCKGATE_LOAD_ROUNDS=10",
            "cargo",
            "test",
            "-p",
            "lockgate",
            "--test",
            "load",
            "--",
        ],
        arguments: &["--nocapture"],
    },
    Check {
        name: "peers",
        build: Some(&["cargo", "build", "--release", "-p", "lockgate"]),
        command: &["benches/peers/act.sh"],
        arguments: &["target/release/lockgate", "act"],
    },
    Check {
        name: "fuzz",
        build: None,
        command: &["cargo", "xtask", "fuzz", "--json"],
        arguments: &["--seconds", "1800"],
    },
    Check {
        name: "language",
        build: Some(&["cargo", "build", "--release", "-p", "lockgate"]),
        command: &["cargo", "xtask", "language"],
        arguments: &[],
    },
];

/// Runs a check and writes its evidence; returns whether it passed.
pub(crate) fn gather(asked: &EvidenceArguments) -> Result<bool, Refusal> {
    let check = find(&asked.name)?;
    let repository = Repository::here();
    let changes = repository.changes()?;
    if !changes.is_empty() && !asked.dirty {
        return Err(Refusal::new(format!(
            "the tree differs from its commit, so nobody could repeat the figures; commit, or add --dirty:\n{changes}"
        )));
    }
    if let Some(build) = check.build {
        let status = command(&repository, build)
            .status()
            .map_err(|error| cannot_start(build, &error))?;
        if !status.success() {
            return Err(Refusal::new(format!("`{}` failed: {status}", build.join(" "))));
        }
    }
    let mut words: Vec<&str> = check.command.to_vec();
    match asked.arguments.as_slice() {
        [] => words.extend(check.arguments),
        given => words.extend(given.iter().map(String::as_str)),
    }
    let (figures, evidence) = run(&repository, &words)?;
    let passed = evidence["exit"] == json!(0);
    let evidence = json!({
        "name": check.name,
        "commit": repository.commit()?,
        "dirty": !changes.is_empty(),
        "command": words.join(" "),
        "date": evidence["date"],
        "seconds": evidence["seconds"],
        "exit": evidence["exit"],
        "figures": figures,
    });
    write(&repository, check.name, &evidence)?;
    Ok(passed)
}

/// The file that takes the figures of a command.
const FIGURES: &str = "LOCKGATE_FIGURES";

/// Returns whether somebody waits for the figures of this command.
pub(crate) fn is_gathered() -> bool {
    std::env::var_os(FIGURES).is_some()
}

/// Hands figures over as [`gather`] takes them: in the file that it named, else on stdout.
pub(crate) fn hand_over(figures: &Value) -> Result<(), Refusal> {
    let Some(file) = std::env::var_os(FIGURES) else {
        println!("{figures:#}");
        return Ok(());
    };
    fs::write(file, figures.to_string()).map_err(|error| Refusal::new(format!("write the figures: {error}")))
}

fn find(name: &str) -> Result<&'static Check, Refusal> {
    CHECKS.iter().find(|check| check.name == name).ok_or_else(|| {
        let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        Refusal::new(format!("there is no check `{name}`; there are {}", names.join(", ")))
    })
}

/// Returns the figures, and how the command went.
fn run(repository: &Repository, words: &[&str]) -> Result<(Value, Value), Refusal> {
    let file = repository
        .target()
        .join("xtask")
        .join(format!("figures-{}", std::process::id()));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| Refusal::new(format!("make {}: {error}", folder.display())))?;
    }
    let date = date(repository)?;
    let begun = Instant::now();
    let output = command(repository, words)
        .env(FIGURES, &file)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| cannot_start(words, &error))?;
    let seconds = begun.elapsed().as_secs();
    let figures = figures(&file, &output.stdout);
    // What is no figures is for people to read.
    if fs::remove_file(&file).is_ok() || figures.is_err() {
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok((
        figures?,
        json!({ "date": date, "seconds": seconds, "exit": output.status.code() }),
    ))
}

fn figures(file: &Path, stdout: &[u8]) -> Result<Value, Refusal> {
    let bytes = fs::read(file).unwrap_or_else(|_| stdout.to_vec());
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(format!(
            "the check left no figures: neither the file LOCKGATE_FIGURES nor stdout is JSON ({error})"
        ))
    })
}

fn write(repository: &Repository, name: &str, evidence: &Value) -> Result<(), Refusal> {
    let path = repository.root().join("evidence").join(format!("{name}.json"));
    let refuse = |error: std::io::Error| Refusal::new(format!("cannot write {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(refuse)?;
    }
    fs::write(&path, format!("{evidence:#}\n")).map_err(refuse)?;
    println!("wrote evidence/{name}.json");
    Ok(())
}

fn command(repository: &Repository, words: &[&str]) -> Command {
    let mut command = repository.command(words[0]);
    command.args(&words[1..]);
    command
}

fn cannot_start(words: &[&str], error: &std::io::Error) -> Refusal {
    Refusal::new(format!("`{}` does not start: {error}", words.join(" ")))
}

fn date(repository: &Repository) -> Result<String, Refusal> {
    let output = repository
        .command("date")
        .args(["-u", "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .map_err(|error| cannot_start(&["date"], &error))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_check_is_refused_with_the_names() {
        let refusal = find("simulat").err().unwrap().to_string();
        assert!(refusal.contains("simulate, kill, load, peers"), "{refusal}");
    }

    #[test]
    fn figures_come_from_the_file_or_else_from_stdout() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("figures");
        assert_eq!(figures(&file, b"{\"a\":1}").unwrap()["a"], 1);
        fs::write(&file, "{\"a\":2}").unwrap();
        assert_eq!(figures(&file, b"{\"a\":1}").unwrap()["a"], 2);
        assert!(figures(Path::new("/nowhere"), b"ok").is_err());
    }
}
