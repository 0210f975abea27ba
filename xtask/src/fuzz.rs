//! `cargo xtask fuzz`: feeds everything that reads text from outside with input that a fuzzer makes.
//!
//! The targets are in `fuzz/`. They are built with the instrumentation of the compiler that is pinned for everything
//! else, so that no second toolchain is needed. What the fuzzer learnt stays below Cargo's target folder, and the next
//! call goes on from there; each call also starts from the files and expressions of the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use crate::Refusal;
use crate::evidence;
use crate::repository::Repository;

mod seeds;

use seeds::Seeds;

/// What to fuzz, and how long.
#[derive(Args)]
pub(crate) struct FuzzArguments {
    /// One of the targets in fuzz/targets [default: all]
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// A target, and the files that it starts from.
struct Target {
    name: &'static str,
    seeds: Seeds,
}

const TARGETS: [Target; 7] = [
    Target {
        name: "workflow",
        seeds: Seeds::Workflows,
    },
    Target {
        name: "action",
        seeds: Seeds::Actions,
    },
    Target {
        name: "expression",
        seeds: Seeds::Expressions,
    },
    Target {
        name: "filter",
        seeds: Seeds::Filters,
    },
    Target {
        name: "audit",
        seeds: Seeds::Audited,
    },
    Target {
        name: "lock",
        seeds: Seeds::Locks,
    },
    Target {
        name: "call",
        seeds: Seeds::Projects,
    },
];

/// What the compiler adds so that the fuzzer sees which code ran.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cpanic=abort";

/// The most that one input may take.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=65536"];

/// Runs the targets; returns whether nothing was found.
pub(crate) fn run(arguments: &FuzzArguments) -> Result<bool, Refusal> {
    let targets: Vec<&Target> = match &arguments.target {
        None => TARGETS.iter().collect(),
        Some(name) => vec![find(name)?],
    };
    let repository = Repository::here();
    let place = Place {
        folder: repository.target().join("fuzz"),
        repository,
    };
    let host = place.build()?;
    let mut figures = Vec::new();
    let mut is_clean = true;
    for target in targets {
        let mut found = place.fuzz(target, &host, arguments.seconds)?;
        is_clean &= found["finding"].is_null();
        eprintln!(
            "{}: {} inputs in {} s, {} places of the code reached{}",
            target.name,
            found["executions"],
            found["seconds"],
            found["coverage"],
            found["finding"]
                .as_str()
                .map_or_else(String::new, |path| format!("; FOUND {path}"))
        );
        // Figures are kept for others, whose machine has other folders.
        if let Some(path) = found["finding"].as_str().map(Path::new) {
            found["finding"] = path
                .file_name()
                .map_or(Value::Null, |name| json!(name.to_string_lossy()));
        }
        figures.push(found);
    }
    let figures = json!({
        "seconds_per_target": arguments.seconds,
        "targets": figures,
    });
    if arguments.json || evidence::is_gathered() {
        evidence::hand_over(&figures)?;
    }
    Ok(is_clean)
}

fn find(name: &str) -> Result<&'static Target, Refusal> {
    TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        Refusal::new(format!("there is no target `{name}`; there are {}", names.join(", ")))
    })
}

/// Where the targets are built and run.
struct Place {
    repository: Repository,
    folder: PathBuf,
}

impl Place {
    /// Builds the targets; returns the name of this machine's platform, below which they lie.
    fn build(&self) -> Result<String, Refusal> {
        let host = platform()?;
        let status = self
            .repository
            .command("cargo")
            .args([
                "build",
                "--release",
                "--quiet",
                "--manifest-path",
                "fuzz/Cargo.toml",
                "--target",
                &host,
            ])
            .env("CARGO_TARGET_DIR", &self.folder)
            .env("RUSTFLAGS", INSTRUMENTATION)
            .status()
            .map_err(|error| Refusal::new(format!("cargo does not start: {error}")))?;
        if status.success() {
            Ok(host)
        } else {
            Err(Refusal::new(format!(
                "the fuzz targets cannot be built ({status}); they need a C++ compiler"
            )))
        }
    }

    fn fuzz(&self, target: &Target, host: &str, seconds: u64) -> Result<Value, Refusal> {
        let corpus = self.folder.join("corpus").join(target.name);
        let findings = self.folder.join("findings");
        for folder in [&corpus, &findings] {
            fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
        }
        self.seed(target.seeds, &corpus)?;
        let program = self.folder.join(host).join("release").join(target.name);
        let begun = Instant::now();
        let output = Command::new(&program)
            .args(LIMITS)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/{}-", findings.display(), target.name))
            .arg("-print_final_stats=1")
            .arg(&corpus)
            .output()
            .map_err(|error| cannot(&program, &error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            eprintln!("{}", tail(&said, 40));
        }
        Ok(json!({
            "target": target.name,
            "executions": after(&said, "stat::number_of_executed_units:"),
            "seconds": begun.elapsed().as_secs(),
            "coverage": said.rsplit("cov: ").next().and_then(first_number),
            "peak_mib": after(&said, "stat::peak_rss_mb:"),
            "slowest_input_seconds": after(&said, "stat::slowest_unit_time_sec:"),
            "finding": finding(&said, output.status.success()),
        }))
    }

    /// Puts what the tests read beside what the fuzzer learnt.
    fn seed(&self, seeds: Seeds, corpus: &Path) -> Result<(), Refusal> {
        for (number, text) in seeds.texts(self.repository.root())?.iter().enumerate() {
            let file = corpus.join(format!("seed-{number}"));
            fs::write(&file, text).map_err(|error| cannot(&file, &error))?;
        }
        Ok(())
    }
}

/// Returns the platform that the compiler builds for by itself.
fn platform() -> Result<String, Refusal> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .map_err(|error| Refusal::new(format!("rustc does not start: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Refusal::new("rustc does not say its platform"))
}

/// Returns where the input lies that the target could not take.
fn finding(said: &str, is_well: bool) -> Value {
    let path = said
        .lines()
        .find_map(|line| Some(line.split_once("Test unit written to ")?.1));
    match path {
        Some(path) => json!(path),
        None if is_well => Value::Null,
        None => json!("the target ended by itself"),
    }
}

fn after(said: &str, label: &str) -> Option<u64> {
    first_number(said.split(label).nth(1)?)
}

fn first_number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn cannot(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!("{}: {error}", path.display()))
}
