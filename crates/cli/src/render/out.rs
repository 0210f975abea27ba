//! The two streams of a command.

use std::io::{IsTerminal, Write};

/// Writes a line of the result to stdout. A reader that went away is no failure.
pub(crate) fn result(line: impl std::fmt::Display) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Writes a line of progress to stderr.
pub(crate) fn progress(line: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Writes a value to stdout as JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => result(text),
        Err(error) => progress(format_args!("error: the result cannot be written as JSON: {error}")),
    }
}

/// Returns whether stderr is a terminal that wants colour.
pub(crate) fn is_colourful() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns an instant in UTC, to the second.
pub(crate) fn instant(at: lockgate_core::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| "?".to_owned(), |at| at.strftime("%F %TZ").to_string())
}
