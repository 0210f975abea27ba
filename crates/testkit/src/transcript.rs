//! The story in lines, for people and for the proof that a seed replays.

use std::fmt::Write;
use std::time::Duration;

/// What happened, line by line; kept only when somebody wants to read it.
#[derive(Clone, Debug)]
pub enum Transcript {
    /// Nobody reads it.
    Silent,
    /// Every line.
    Kept(String),
}

impl Transcript {
    /// Returns whether lines are kept.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }

    /// Writes one line, built only when it is kept.
    pub fn note(&mut self, passed: Duration, line: impl FnOnce() -> String) {
        if let Self::Kept(text) = self {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{:>10.3} {}", passed.as_secs_f64(), line());
        }
    }

    /// Returns the lines; nothing when they were not kept.
    pub fn into_text(self) -> String {
        match self {
            Self::Silent => String::new(),
            Self::Kept(text) => text,
        }
    }
}
