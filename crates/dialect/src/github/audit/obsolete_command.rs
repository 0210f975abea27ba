//! Commands to the runner by `echo "::set-output …"`, which GitHub has taken back.
//!
//! Everything that a step prints is searched for them, so that whoever gets a line into the output gives commands.

use super::embedded::part;
use super::fix::{Edit, Fix, Safety};
use super::shell::{self, Shell};
use super::subject::{Job, Step, Subject};
use super::{Finding, Level};
use crate::codes;
use crate::yaml::{Node, Style};

struct Command {
    /// How it begins.
    start: &'static str,
    /// The file that is written instead.
    file: &'static str,
    /// What became of it.
    fate: &'static str,
}

const COMMANDS: [Command; 4] = [
    Command {
        start: "::set-output name=",
        file: "GITHUB_OUTPUT",
        fate: "is taken from whatever a step prints, and obsolete since 2022",
    },
    Command {
        start: "::save-state name=",
        file: "GITHUB_STATE",
        fate: "is taken from whatever a step prints, and obsolete since 2022",
    },
    Command {
        start: "::set-env name=",
        file: "GITHUB_ENV",
        fate: "was switched off in 2020, so that it fails",
    },
    Command {
        start: "::add-path::",
        file: "GITHUB_PATH",
        fate: "was switched off in 2020, so that it fails",
    },
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (job, step) in subject.steps() {
        let of_line = |line| finding(subject, job, step, line);
        found.extend(lines(step.script()).filter_map(of_line).take(subject.most_places));
    }
}

/// A line of a script with a command in it.
#[derive(Clone, Copy)]
struct Line<'t> {
    text: &'t str,
    /// Where it begins in the script.
    start: usize,
    /// Where the command begins in the line.
    at: usize,
    command: &'static Command,
}

/// Returns the lines of a script that have a command and are no comment.
fn lines(script: &str) -> impl Iterator<Item = Line<'_>> {
    let mut end = 0;
    let has_any = script.contains("::");
    script
        .split_inclusive('\n')
        .filter(move |_| has_any)
        .filter_map(move |text| {
            let start = end;
            end += text.len();
            let (command, at) = COMMANDS
                .iter()
                .find_map(|command| Some((command, text.find(command.start)?)))
                .filter(|_| !text.trim_start().starts_with('#'))?;
            Some(Line {
                text,
                start,
                at,
                command,
            })
        })
}

fn finding(subject: &Subject<'_>, job: &Job<'_>, step: Step<'_>, line: Line<'_>) -> Option<Finding> {
    let run = step.node.get("run")?;
    let Line { start, at, command, .. } = line;
    let name = command
        .start
        .trim_matches(':')
        .split([' ', ':'])
        .next()
        .unwrap_or_default();
    let span = part(subject.file, run, start + at, start + at + "::".len() + name.len());
    let form = if command.file == "GITHUB_PATH" {
        "FOLDER"
    } else {
        "NAME=value"
    };
    let diagnostic = subject
        .warning(codes::OBSOLETE_COMMAND, span, format!("`{name}` {}", command.fate))
        .help(format!("write `echo \"{form}\" >> \"${}\"`", command.file));
    let fix = mended(subject, job, step, line.text, command).and_then(|text| {
        let trimmed = line.text.trim_end();
        let from = start + trimmed.len() - trimmed.trim_start().len();
        replacement(subject, run, from, start + trimmed.len(), text)
    });
    Some(Finding::new(Level::Certain, diagnostic).with_fix(fix))
}

fn replacement(subject: &Subject<'_>, run: &Node, start: usize, end: usize, text: String) -> Option<Fix> {
    let is_block = run.as_scalar().is_some_and(|scalar| scalar.style == Style::Block);
    let is_plain = run
        .as_scalar()
        .is_some_and(|scalar| scalar.style == Style::Plain && !text.contains([':', '#']));
    // A value that only the shell knows may hold what the command decodes and the file does not.
    let safety = if text.matches('$').count() > 1 || text.contains('`') {
        Safety::ForPeople
    } else {
        Safety::Safe
    };
    (is_block || is_plain).then(|| Fix {
        description: "what a step says is written to the runner's file".to_owned(),
        edits: vec![Edit {
            span: part(subject.file, run, start, end),
            text,
        }],
        safety,
    })
}

/// Returns the line in today's form, when it is nothing but an `echo` of the command.
fn mended(subject: &Subject<'_>, job: &Job<'_>, step: Step<'_>, line: &str, command: &Command) -> Option<String> {
    if shell::of(subject, job, step) != Shell::Posix {
        return None;
    }
    let said = line.trim().strip_prefix("echo ")?.trim();
    let quote = said.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = match quote {
        Some(quote) => said.strip_prefix(quote)?.strip_suffix(quote)?,
        None => said,
    };
    let rest = inner.strip_prefix(command.start)?;
    let pair = if command.file == "GITHUB_PATH" {
        rest.to_owned()
    } else {
        let (name, value) = rest.split_once("::")?;
        format!("{name}={value}")
    };
    // More than one command, a line break in the old notation, or a second quote is for a person.
    let is_plain = !pair.contains([';', '|', '&', '>', '<', '%', '"', '\'', '`', '\\']);
    let quote = quote.unwrap_or('"');
    is_plain.then(|| format!("echo {quote}{pair}{quote} >> \"${}\"", command.file))
}
