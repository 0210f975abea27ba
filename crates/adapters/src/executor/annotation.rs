//! Remarks of a step about the code or about itself.

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::mask::Masker;

/// How serious an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Notice,
    /// Probably not as meant.
    Warning,
    /// Wrong.
    Error,
}

impl Level {
    /// Returns the name of the command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A remark of a step about a place in the code, or about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// How serious it is.
    pub level: Level,
    /// The message.
    pub message: String,
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The file, relative to the workspace when it lies in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The first line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The last line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// The first column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The last column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
}

impl Annotation {
    /// Returns a remark without a place.
    pub fn plain(level: Level, message: impl Into<String>) -> Self {
        Self {
            level,
            message: message.into(),
            title: None,
            file: None,
            line: None,
            end_line: None,
            column: None,
            end_column: None,
        }
    }

    /// Returns the remark without secrets.
    #[must_use]
    pub fn masked(&self, masker: &Masker) -> Self {
        Self {
            message: masker.mask(&self.message),
            title: self.title.as_ref().map(|title| masker.mask(title)),
            file: self.file.as_ref().map(|file| masker.mask(file)),
            ..self.clone()
        }
    }

    /// Returns the remark that a command makes. A place that makes no sense is left out, as GitHub does.
    pub fn of(level: Level, command: &Command) -> Self {
        let number = |name: &str| command.property(name).and_then(|text| text.parse::<u32>().ok());
        let (mut line, mut end_line) = (number("line"), number("endline"));
        let (mut column, mut end_column) = (number("col"), number("endcolumn"));
        line = line.or(end_line);
        column = column.or(end_column);
        if line.is_none() || (end_line.is_some() && end_line != line) {
            (column, end_column) = (None, None);
        }
        if end_line.is_some() && end_line < line {
            (line, end_line) = (None, None);
        }
        if end_column.is_some() && end_column < column {
            (column, end_column) = (None, None);
        }
        Self {
            title: command.property("title").map(str::to_owned),
            file: command.property("file").map(str::to_owned),
            line,
            end_line,
            column,
            end_column,
            ..Self::plain(level, command.data.clone())
        }
    }
}
