//! `cargo xtask language`: how fast workflow files are read, beside the programs that others read them with.
//!
//! Each pair runs in turns on the same machine in the same minute, so that the ratio of the medians holds where the
//! times do not. Nothing is judged here but the limits of time and memory for files that are made to hurt.

#[path = "../../benches/hostile.rs"]
mod hostile;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

use crate::Refusal;
use crate::evidence;
use crate::repository::Repository;

/// What is measured with what.
#[derive(Args)]
pub(crate) struct LanguageArguments {
    /// The release build of Lockgate [default: that of Cargo's target folder]
    #[arg(long)]
    lockgate: Option<PathBuf>,
    /// The peer that checks workflow files
    #[arg(long, default_value = "actionlint")]
    actionlint: PathBuf,
    /// Folders that are searched for real workflow files [default: the sources of packages that Cargo has fetched]
    #[arg(long = "workflows", value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// How often each of a pair runs
    #[arg(long, default_value_t = 25)]
    rounds: usize,
}

/// As many files are checked in one call.
const FILES: usize = 100;

/// The most that reading one file may take.
const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_KIB: i64 = 256 << 10;

/// Measures, and prints one JSON object; returns whether the limits hold.
pub(crate) fn run(arguments: &LanguageArguments) -> Result<bool, Refusal> {
    let repository = Repository::here();
    let built = || repository.target().join("release/lockgate");
    let lockgate = arguments.lockgate.clone().unwrap_or_else(built);
    let lockgate = fs::canonicalize(&lockgate)
        .map_err(|error| Refusal::new(format!("{}: {error}; build it with --release", lockgate.display())))?;
    let scratch = repository.target().join("language");
    let (hostile, is_well) = read_hostile(&lockgate, &fresh(&scratch.join("hostile"))?)?;
    let binary = lockgate.display().to_string();
    let expressions = ["--count", "100000", "--json", "--lockgate", &binary];
    let figures = json!({
        "hostile": hostile,
        "check": check(arguments, &lockgate, &fresh(&scratch.join("check"))?)?,
        "plan": example(&repository, "plan", &[])?,
        "expressions": example(&repository, "expressions", &expressions)?,
    });
    evidence::hand_over(&figures)?;
    Ok(is_well)
}

/// Times `check` on each file that is made to hurt; returns the figures and whether the limits hold.
fn read_hostile(lockgate: &Path, folder: &Path) -> Result<(Value, bool), Refusal> {
    let mut rows = Vec::new();
    let mut is_well = true;
    let workflows = folder.join(".github/workflows");
    fs::create_dir_all(&workflows).map_err(|error| cannot(&workflows, &error))?;
    for file in hostile::files() {
        let name = format!(".github/workflows/{}.yml", file.name);
        let path = folder.join(&name);
        fs::write(&path, &file.bytes).map_err(|error| cannot(&path, &error))?;
        let (checked, verdict) = time(Command::new(lockgate).args(["check", &name]).current_dir(folder))?;
        let (planned, _) = time(
            Command::new(lockgate)
                .args(["plan", "--workflow", &name])
                .current_dir(folder),
        )?;
        let slowest = checked.max(planned);
        is_well &= verdict == Some(if file.is_wrong { 2 } else { 0 }) && slowest <= MOST_TIME;
        rows.push(json!({ "file": file.name, "bytes": file.bytes.len(), "seconds": rounded(slowest.as_secs_f64()) }));
    }
    // The largest of all children so far, and they all were these.
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| Refusal::new(format!("getrusage: {error}")))?;
    is_well &= usage.max_rss() <= MOST_KIB;
    let figures = json!({
        "limits": { "seconds": MOST_TIME.as_secs(), "mib": MOST_KIB >> 10 },
        "peak_mib": usage.max_rss() >> 10,
        "within_limits": is_well,
        "files": rows,
    });
    Ok((figures, is_well))
}

/// Times `check` of real files beside the peer.
fn check(arguments: &LanguageArguments, lockgate: &Path, folder: &Path) -> Result<Value, Refusal> {
    let workflows = folder.join(".github/workflows");
    fs::create_dir_all(&workflows).map_err(|error| cannot(&workflows, &error))?;
    let texts = real_workflows(arguments)?;
    if texts.len() < FILES {
        let message = format!(
            "there are only {} distinct workflow files; name more folders with --workflows",
            texts.len()
        );
        return Err(Refusal::new(message));
    }
    let mut lines = 0;
    for (number, text) in texts.iter().enumerate() {
        lines += text.lines().count();
        let path = workflows.join(format!("{number:03}.yml"));
        fs::write(&path, text).map_err(|error| cannot(&path, &error))?;
    }
    let status = Command::new("git").args(["init", "--quiet"]).arg(folder).status();
    if !status.is_ok_and(|status| status.success()) {
        return Err(Refusal::new("git init failed"));
    }
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for round in 0..=arguments.rounds {
        let (our_time, _) = time(Command::new(lockgate).arg("check").current_dir(folder))?;
        let peer = &arguments.actionlint;
        let (their_time, _) = time(
            Command::new(peer)
                .args(["-shellcheck=", "-pyflakes="])
                .current_dir(folder),
        )?;
        // The first round warms the caches of both.
        if round > 0 {
            ours.push(our_time.as_secs_f64() * 1_000.0);
            theirs.push(their_time.as_secs_f64() * 1_000.0);
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    Ok(json!({
        "files": texts.len(),
        "lines": lines,
        "rounds": arguments.rounds,
        "ours_milliseconds": rounded(ours),
        "actionlint_milliseconds": rounded(theirs),
        "ratio": rounded(ours / theirs),
    }))
}

/// Returns the first distinct workflow files below the folders, in the order of their paths.
fn real_workflows(arguments: &LanguageArguments) -> Result<BTreeSet<String>, Refusal> {
    let mut found = BTreeSet::new();
    let mut folders = arguments.folders.clone();
    if folders.is_empty() {
        folders.extend(sources_of_packages());
    }
    for folder in &folders {
        let mut paths = Vec::new();
        collect(folder, &mut paths).map_err(|error| cannot(folder, &error))?;
        paths.sort();
        for path in paths {
            if found.len() == FILES {
                return Ok(found);
            }
            found.extend(fs::read_to_string(&path).ok());
        }
    }
    Ok(found)
}

/// Returns where Cargo keeps the sources of packages.
fn sources_of_packages() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
    Some(home.join("registry/src"))
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, into)?;
        } else if is_workflow(&path) {
            into.push(path);
        }
    }
    Ok(())
}

fn is_workflow(path: &Path) -> bool {
    let is_yaml = path
        .extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml");
    is_yaml
        && path
            .parent()
            .is_some_and(|folder| folder.ends_with(".github/workflows"))
}

/// Runs a measurement that is an example of the crate with the reference implementations.
fn example(repository: &Repository, name: &str, arguments: &[&str]) -> Result<Value, Refusal> {
    let output = repository
        .command("cargo")
        .args([
            "run",
            "--release",
            "--quiet",
            "-p",
            "lockgate-oracle",
            "--example",
            name,
            "--",
        ])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Refusal::new(format!("cargo does not start: {error}")))?;
    if !output.status.success() {
        return Err(Refusal::new(format!("the example `{name}` failed: {}", output.status)));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Refusal::new(format!("the example `{name}` printed no JSON: {error}")))
}

/// Runs a command without its output; returns how long it took and its exit code.
fn time(command: &mut Command) -> Result<(Duration, Option<i32>), Refusal> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = command
        .status()
        .map_err(|error| Refusal::new(format!("{} does not start: {error}", command.get_program().display())))?;
    Ok((begun.elapsed(), status.code()))
}

/// Returns the folder, empty.
fn fresh(folder: &Path) -> Result<PathBuf, Refusal> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    Ok(folder.to_path_buf())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

fn cannot(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!("{}: {error}", path.display()))
}
