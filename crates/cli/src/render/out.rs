//! The two streams of a command: the one place where words leave it, so here secrets are hidden.
//!
//! Names, reasons and command lines are made of what a workflow and its steps say, and any of them may hold a secret's
//! value. Whoever reads secrets tells them to [`hide`]; everything that is written afterwards is without them.
//! Control characters of strangers are written out here, too; only what a step writes passes as it is ([`output`]).

mod hidden;
mod visible;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

pub(crate) use hidden::{LogWriter, hidden, hide, in_document};
pub(crate) use visible::{name, words};

/// Why a part of the result was lost, the first time.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes a line of the result to stdout. A reader that went away is no failure.
pub(crate) fn result(line: impl std::fmt::Display) {
    let line = line.to_string();
    let line = hidden(&line);
    keep(writeln!(std::io::stdout().lock(), "{}", words(&line)));
}

/// Returns why a part of the result could not be written, when that is so.
pub(crate) fn lost() -> Option<&'static str> {
    keep(std::io::stdout().lock().flush());
    LOST.get().map(String::as_str)
}

fn keep(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        LOST.get_or_init(|| error.to_string());
    }
}

/// Writes a line of progress to stderr.
pub(crate) fn progress(line: impl std::fmt::Display) {
    let line = line.to_string();
    let line = hidden(&line);
    drop(writeln!(std::io::stderr().lock(), "{}", words(&line)));
}

/// Writes a line with what a step wrote to stderr, control characters and all.
pub(crate) fn output(line: impl std::fmt::Display) {
    let line = line.to_string();
    let line = hidden(&line);
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Returns a text without secrets, also when only a part of it or another spelling is shown.
pub(crate) fn of_people(text: &str) -> String {
    hidden(text).into_owned()
}

/// Writes a text, which ends with a line break unless it is empty, to stdout at once.
pub(crate) fn text(text: &str) {
    as_it_is(&hidden(text));
}

/// Writes a value to stdout as JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    as_it_is(&pretty(value));
}

/// Writes a text of which secrets are gone already to stdout.
pub(crate) fn as_it_is(text: &str) {
    keep(std::io::stdout().lock().write_all(text.as_bytes()));
}

/// Returns a value as an indented JSON document, without secrets.
pub(crate) fn pretty(value: &impl serde::Serialize) -> String {
    ended(match hidden::document(value) {
        Some(value) => serde_json::to_string_pretty(&value),
        None => serde_json::to_string_pretty(value),
    })
}

/// Returns a value as JSON in one line, without secrets.
pub(crate) fn line(value: &impl serde::Serialize) -> String {
    ended(match hidden::document(value) {
        Some(value) => serde_json::to_string(&value),
        None => serde_json::to_string(value),
    })
}

fn ended(written: serde_json::Result<String>) -> String {
    match written {
        Ok(text) => text + "\n",
        Err(error) => {
            progress(format_args!("error: the result cannot be written as JSON: {error}"));
            String::new()
        }
    }
}

/// Returns whether stderr is a terminal that wants colour.
pub(crate) fn is_colourful() -> bool {
    std::io::stderr().is_terminal() && wants_colour()
}

/// Returns whether stdout is a terminal that wants colour.
pub(crate) fn result_is_colourful() -> bool {
    result_is_terminal() && wants_colour()
}

/// Returns whether stdout is a terminal.
pub(crate) fn result_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns an instant in UTC, to the second.
pub(crate) fn instant(at: lockgate_core::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| "?".to_owned(), |at| at.strftime("%F %TZ").to_string())
}

/// Returns the time of day where this machine is.
pub(crate) fn time_of_day() -> impl std::fmt::Display {
    jiff::Zoned::now().strftime("%H:%M:%S").to_string()
}
