//! Commands to the runner by `echo "::set-output …"`, which GitHub has taken back.
//!
//! Everything that a step prints is searched for them, so that whoever gets a line into the output gives commands.

use std::cell::LazyCell;

use super::fix::{Edit, Fix, Safety};
use super::room::Room;
use super::shell::{self, Script, Shell};
use super::subject::Subject;
use super::{Finding, Level};
use crate::codes;
use crate::yaml::{Parts, Scalar, Style};

struct Command {
    /// How it begins.
    start: &'static str,
    /// The file that is written instead.
    file: &'static str,
    fate: Fate,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Obsolete,
    SwitchedOff,
}

impl Fate {
    fn words(self) -> &'static str {
        match self {
            Self::Obsolete => "is taken from whatever a step prints, and obsolete since 2022",
            Self::SwitchedOff => "was switched off in 2020, so that it fails",
        }
    }
}

const COMMANDS: [Command; 4] = [
    Command {
        start: "::set-output name=",
        file: "GITHUB_OUTPUT",
        fate: Fate::Obsolete,
    },
    Command {
        start: "::save-state name=",
        file: "GITHUB_STATE",
        fate: Fate::Obsolete,
    },
    Command {
        start: "::set-env name=",
        file: "GITHUB_ENV",
        fate: Fate::SwitchedOff,
    },
    Command {
        start: "::add-path::",
        file: "GITHUB_PATH",
        fate: Fate::SwitchedOff,
    },
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (job, step) in subject.steps() {
        let Some((run, scalar)) = step.node.get("run").and_then(|run| Some((run, run.as_scalar()?))) else {
            continue;
        };
        let shell = LazyCell::new(|| shell::of(subject, job, step));
        let mut script = LazyCell::new(|| Script::of(&scalar.text));
        let mut parts = scalar.parts(&subject.file.text, run.span);
        let mut room = Room::of(subject);
        for line in lines(&scalar.text) {
            room.add(found, Level::Certain, || {
                // What is asked in the order of the text is found in one walk along it.
                let indentation = line.text.len() - line.text.trim_start().len();
                let is_said = subject.may_read(line.text.len()) && script.is_command(line.start + indentation);
                let fix = fix(subject, scalar, &mut parts, *shell, line).filter(|_| is_said);
                finding(subject, &mut parts, line).with_fix(fix)
            });
        }
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

fn finding(subject: &Subject<'_>, parts: &mut Parts<'_>, line: Line<'_>) -> Finding {
    let Line { start, at, command, .. } = line;
    let name = command
        .start
        .trim_matches(':')
        .split([' ', ':'])
        .next()
        .unwrap_or_default();
    let span = parts.part(start + at, "::".len() + name.len());
    let form = if command.file == "GITHUB_PATH" {
        "FOLDER"
    } else {
        "NAME=value"
    };
    let diagnostic = subject
        .warning(
            codes::OBSOLETE_COMMAND,
            span,
            format!("`{name}` {}", command.fate.words()),
        )
        .help(format!("write `echo \"{form}\" >> \"${}\"`", command.file));
    Finding::new(Level::Certain, diagnostic)
}

fn fix(subject: &Subject<'_>, run: &Scalar, parts: &mut Parts<'_>, shell: Shell, line: Line<'_>) -> Option<Fix> {
    let text = mended(shell, line.text, line.command)?;
    let is_written_so = match run.style {
        Style::Block => true,
        Style::Plain => !text.contains([':', '#']),
        Style::Single | Style::Double => false,
    };
    // A value that only the shell knows may hold what the command decodes and the file does not; and a command that fails
    // has not set what the file would.
    let safety = if line.command.fate == Fate::SwitchedOff || text.matches('$').count() > 1 || text.contains('`') {
        Safety::ForPeople
    } else {
        Safety::Safe
    };
    let trimmed = line.text.trim();
    let indentation = line.text.len() - line.text.trim_start().len();
    let span = parts.part(line.start + indentation, trimmed.len());
    let edit = Edit::replacing(&subject.file.text, span, trimmed, text).filter(|_| is_written_so)?;
    Some(Fix {
        description: "what a step says is written to the runner's file".to_owned(),
        edits: vec![edit],
        safety,
    })
}

/// Returns the line in today's form, when it is nothing but an `echo` of the command.
fn mended(shell: Shell, line: &str, command: &Command) -> Option<String> {
    if shell != Shell::Posix {
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
    // Without quotes the shell takes blanks together, and puts names in place of patterns, braces and tildes.
    let is_as_it_is = quote.is_some() || !is_changed_by_a_shell(&pair);
    let quote = quote.unwrap_or('"');
    (is_plain && is_as_it_is).then(|| format!("echo {quote}{pair}{quote} >> \"${}\"", command.file))
}

/// Returns whether a shell makes something else of a text without quotes, beside what its variables become.
fn is_changed_by_a_shell(text: &str) -> bool {
    let braces = text.match_indices('{').any(|(at, _)| !text[..at].ends_with(['$', '{']));
    braces || text.contains(['~', '*', '?', '[', '\t']) || text.contains(" #") || text.contains("  ")
}
