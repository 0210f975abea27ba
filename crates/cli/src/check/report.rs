//! What a round found, written as it was asked for.
//!
//! People read stdout; programs read a document on stdout, or in the file of `--output`, and then people still read
//! stdout. In a job of GitHub Actions nobody has to choose: the mistakes are drawn in the log, and annotated.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use lockgate_core::time::Spoken;

use super::drawing::Drawing;
use super::round::{Round, Scope};
use crate::arguments::{CheckArguments, Format};
use crate::exit::Failure;
use crate::render::{diagnostics, out};

mod github;
mod location;
mod sarif;

/// How many rounds there will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounds {
    /// One.
    Once,
    /// One after the other, so that each document of JSON is a line, and people are told when this one was.
    Many {
        /// How long it took.
        took: Duration,
    },
}

/// Writes everything to where it belongs.
pub(super) fn write(round: &Round, scope: &Scope<'_>, rounds: Rounds) -> Result<(), Failure> {
    let CheckArguments { output, .. } = scope.arguments;
    for failure in &round.refused {
        out::progress(failure);
    }
    let chosen = scope.arguments.format();
    if let (Some(path), Some(format)) = (output, chosen) {
        replace(&scope.directory.join(path), &document(format, round, scope, rounds))?;
        out::text(&human(round, rounds));
        return Ok(());
    }
    if let Some(format) = chosen {
        out::text(&document(format, round, scope, rounds));
        return Ok(());
    }
    out::text(&human(round, rounds));
    if is_job_of_github() {
        out::text(&github::annotations(round, scope.folders));
    }
    Ok(())
}

/// Returns the round in a format, with a line break at its end unless it is empty.
fn document(format: Format, round: &Round, scope: &Scope<'_>, rounds: Rounds) -> String {
    match format {
        Format::Human => human(round, rounds),
        Format::Json => {
            let report = diagnostics::to_json(&round.diagnostics, round.files, &round.refused);
            match rounds {
                Rounds::Once => out::pretty(&report),
                Rounds::Many { .. } => out::line(&report),
            }
        }
        Format::Sarif => {
            let log = sarif::log(round, scope.folders);
            match rounds {
                Rounds::Once => out::pretty(&log),
                Rounds::Many { .. } => out::line(&log),
            }
        }
        Format::Github => github::annotations(round, scope.folders),
    }
}

fn human(round: &Round, rounds: Rounds) -> String {
    let mut text = match rounds {
        Rounds::Many { .. } => format!("checked at {}\n", out::time_of_day()),
        Rounds::Once => String::new(),
    };
    text += &Drawing::of_result().whole(round);
    let plural = if round.files == 1 { "" } else { "s" };
    let sum = format!(
        "{} file{plural}: {}",
        round.files,
        diagnostics::summary(&round.diagnostics)
    );
    text.push_str(&sum);
    if let Rounds::Many { took } = rounds {
        text.extend(["; took ", &Spoken(took).to_string()]);
    }
    text.push('\n');
    text
}

/// Returns whether this runs in a job whose log GitHub Actions reads.
fn is_job_of_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Puts a document in a file's place at once, so that nobody reads half of it.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| Failure::usage(format!("cannot write `{}`", path.display())).because(error);
    // What is no file, such as /dev/stdout, is written to and not replaced.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(path, text).map_err(|error| failed(&error));
    }
    let mut half = path.as_os_str().to_owned();
    half.push(format!(".{}.half", std::process::id()));
    let written = std::fs::File::create(&half)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&half, path));
    written.map_err(|error| {
        drop(std::fs::remove_file(&half));
        failed(&error)
    })
}
