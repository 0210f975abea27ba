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

/// Why no machine mends it.
type Why = &'static str;

const NOT_SAID: Why = "it is not certain that the line is nothing but an `echo` of it";

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
                let fix = if is_said {
                    fix(subject, scalar, &mut parts, *shell, line)
                } else {
                    Err(NOT_SAID)
                };
                finding(subject, &mut parts, line, fix)
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

fn finding(subject: &Subject<'_>, parts: &mut Parts<'_>, line: Line<'_>, fix: Result<Fix, Why>) -> Finding {
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
        .help(format!(
            "write `echo \"{form}\" >> \"${}\"`{}",
            command.file,
            remark(command, fix.as_ref())
        ));
    Finding::new(Level::Certain, diagnostic).with_fix(fix.ok())
}

/// Returns why no machine does what the help says, if none does.
fn remark(command: &Command, fix: Result<&Fix, &Why>) -> String {
    let why = match fix {
        Err(why) => why,
        Ok(fix) if fix.safety == Safety::Safe => return String::new(),
        Ok(_) if command.fate == Fate::SwitchedOff => "what fails now would take effect then",
        Ok(_) => "the value may hold a `%0A` or the like, which the command decodes and the file does not",
    };
    format!("; `--fix` leaves it to you, since {why}")
}

fn fix(subject: &Subject<'_>, run: &Scalar, parts: &mut Parts<'_>, shell: Shell, line: Line<'_>) -> Result<Fix, Why> {
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
    let edit = Edit::replacing(&subject.file.text, span, trimmed, text).filter(|_| is_written_so);
    Ok(Fix {
        description: "what a step says is written to the runner's file".to_owned(),
        edits: vec![edit.ok_or("the line would have to be written otherwise in YAML, as in a block behind `run: |`")?],
        safety,
    })
}

/// Returns the line in today's form, when it is nothing but an `echo` of the command.
fn mended(shell: Shell, line: &str, command: &Command) -> Result<String, Why> {
    if shell != Shell::Posix {
        return Err("it is not certain that `bash` or `sh` runs the script");
    }
    let said = line.trim().strip_prefix("echo ").ok_or(NOT_SAID)?.trim();
    let quote = said.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = match quote {
        Some(quote) => said.strip_prefix(quote).and_then(|said| said.strip_suffix(quote)),
        None => Some(said),
    };
    let rest = inner
        .and_then(|inner| inner.strip_prefix(command.start))
        .ok_or(NOT_SAID)?;
    let pair = if command.file == "GITHUB_PATH" {
        rest.to_owned()
    } else {
        let (name, value) = rest.split_once("::").ok_or(NOT_SAID)?;
        format!("{name}={value}")
    };
    if pair.contains('%') {
        return Err("the command decodes a `%0A` or the like, and the file does not");
    }
    // More than one command, or a second quote.
    if pair.contains([';', '|', '&', '>', '<', '"', '\'', '`', '\\']) {
        return Err("the line has more in it than an `echo` of a plain text");
    }
    // Without quotes the shell takes blanks together, and puts names in place of patterns, braces and tildes.
    if quote.is_none() && is_changed_by_a_shell(&pair) {
        return Err("the shell changes this text, which has no quotes");
    }
    let quote = quote.unwrap_or('"');
    Ok(format!("echo {quote}{pair}{quote} >> \"${}\"", command.file))
}

/// Returns whether a shell makes something else of a text without quotes, beside what its variables become.
fn is_changed_by_a_shell(text: &str) -> bool {
    let braces = text.match_indices('{').any(|(at, _)| !text[..at].ends_with(['$', '{']));
    braces || text.contains(['~', '*', '?', '[', '\t']) || text.contains(" #") || text.contains("  ")
}
