//! Files of JSON that people write by hand or take from elsewhere: what is wrong with one is told with its place.
//!
//! It is not drawn: such a file is often one line of a hundred thousand characters.

use std::path::Path;

use lockgate_core::{Diagnostic, SourceFile, Span};
use lockgate_pipeline::expression::Value;

use crate::exit::Failure;

/// A file that holds JSON.
pub(crate) struct JsonFile {
    file: SourceFile,
    /// What it holds.
    pub(crate) value: Value,
    /// What helps when it is not as expected.
    help: &'static str,
}

impl JsonFile {
    /// Reads the file at `path`; `help` says what is expected of it.
    pub(crate) fn read(path: &Path, help: &'static str) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let failure = Failure::usage(format!("cannot read `{}`", path.display()));
            failure.because(&error).help(help)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let file = SourceFile::new(path.display().to_string(), text);
        match Value::from_json(text) {
            Ok(value) => Ok(Self { file, value, help }),
            Err(error) => {
                let characters = file.text.char_indices().map(|(at, _)| at);
                let at = characters.chain([file.text.len()]).nth(error.character() - 1);
                let at = at.unwrap_or(file.text.len());
                Err(mistake(
                    &file,
                    at,
                    &format!("this is no JSON: {}", error.problem()),
                    help,
                ))
            }
        }
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.file.text
    }

    /// Returns the refusal of a text that is JSON, and not what is expected there; lines and columns are from 1.
    pub(crate) fn unexpected(&self, (line, column): (usize, usize), message: &str) -> Failure {
        let start = self
            .file
            .text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
        mistake(&self.file, start + column.saturating_sub(1), message, self.help)
    }
}

/// Returns what a value is, as it stands in a sentence.
pub(crate) fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "`null`".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Boolean(_) | Value::Number(_) => format!("the {} `{}`", value.kind(), value.to_text()),
    }
}

fn mistake(file: &SourceFile, at: usize, message: &str, help: &str) -> Failure {
    let at = file.text.floor_char_boundary(at);
    let end = file.text[at..].chars().next().map_or(at, |found| at + found.len_utf8());
    let place = Diagnostic::error("", file, Span::new(at, end), message);
    Failure::usage(place.in_one_line()).help(help)
}
