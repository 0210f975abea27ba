//! `lockgate eval --each` beside a program that does the same by the library: how long each takes, from its start to
//! its end, with all cores that there are.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::bench::{LIBRARY, ROUNDS, median, sound};
use super::contexts::CONTEXTS;
use crate::{Oracle, OracleError, Script};

/// The library as a command.
const EACH: Script = Script {
    name: "each.mjs",
    text: include_str!("../../npm/each.mjs"),
    imports: &[LIBRARY],
};

/// What both commands took, each the median of several rounds, and what they answered.
#[derive(Clone, Copy, Debug)]
pub struct CommandTimes {
    /// How many expressions each of them was given.
    pub expressions: usize,
    /// Lockgate's, from its start to its end.
    pub ours: Duration,
    /// The library's.
    pub theirs: Duration,
    /// How many answers are the same; others are those that the comparison explains.
    pub same: usize,
}

/// Measures `count` generated expressions that have a value with the binary `lockgate`.
///
/// # Errors
/// Returns which of the commands did not do its work.
pub fn measure_commands(
    oracle: &Oracle,
    lockgate: &Path,
    first: u64,
    count: usize,
) -> Result<CommandTimes, OracleError> {
    // What is known of files differs: the one reads them, the other has none.
    let reads_files = |text: &String| text.to_ascii_lowercase().contains("hashfiles");
    let texts = sound(first).filter(|text| !reads_files(text)).take(count);
    let lines: Vec<String> = texts.map(|text| Json::from(text).to_string() + "\n").collect();
    let folder = oracle.folder().join("each");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text));
        written.map_err(|source| OracleError::Write { path, source })
    };
    write("contexts.json", CONTEXTS)?;
    write("expressions.txt", &lines.concat())?;

    let mut our_command = Command::new(lockgate);
    our_command.args(["eval", "--contexts", "contexts.json", "--each", "expressions.txt"]);
    let mut their_command = oracle.command(EACH)?;
    their_command.args(["contexts.json", "expressions.txt"]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut same = 0;
    for _ in 0..ROUNDS {
        let (our_time, our_answers) = run(our_command.current_dir(&folder), "lockgate")?;
        let (their_time, their_answers) = run(their_command.current_dir(&folder), EACH.name)?;
        ours.push(our_time);
        theirs.push(their_time);
        let both = our_answers.lines().zip(their_answers.lines());
        same = both.filter(|(ours, theirs)| are_same(ours, theirs)).count();
    }
    Ok(CommandTimes {
        expressions: lines.len(),
        ours: median(ours),
        theirs: median(theirs),
        same,
    })
}

fn run(command: &mut Command, name: &'static str) -> Result<(Duration, String), OracleError> {
    let broken = |problem: String| OracleError::Answer {
        script: name,
        number: 1,
        problem,
    };
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let took = begun.elapsed();
    let Output { status, stdout, stderr } = output.map_err(|error| broken(error.to_string()))?;
    if !status.success() {
        return Err(broken(format!("{status}: {}", String::from_utf8_lossy(&stderr))));
    }
    let answers = String::from_utf8(stdout).map_err(|error| broken(error.to_string()))?;
    Ok((took, answers))
}

fn are_same(ours: &str, theirs: &str) -> bool {
    let read = |line: &str| serde_json::from_str::<Json>(line).ok();
    read(ours).is_some_and(|answer| Some(answer) == read(theirs))
}
