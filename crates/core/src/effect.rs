//! Names and stamps of effects.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of an effect within its stream, such as `instance/r2` or `smoke/r2#1`.
///
/// What happens once carries its attempt behind `#`. Keys have no order: every
/// "first this, then that" is an awaited input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectKey(String);

impl EffectKey {
    /// Returns the key with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns `kind/subject`.
    pub fn of(kind: &str, subject: impl fmt::Display) -> Self {
        Self(format!("{kind}/{subject}"))
    }

    /// Returns `kind/subject#attempt`.
    pub fn attempt(kind: &str, subject: impl fmt::Display, attempt: u32) -> Self {
        Self(format!("{kind}/{subject}#{attempt}"))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what stands before the first `/`.
    pub fn kind(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies one result of one effect, so that repeats and late comers are recognised.
///
/// A machine keeps the last stamp per key and ignores a stamp that is not newer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResultStamp {
    /// The effect that brought the result.
    pub key: EffectKey,
    /// The incarnation of what was observed (a process start, a proxy epoch), in milliseconds of wall time.
    pub incarnation: u64,
    /// The position among the results of this incarnation, from 1.
    pub sequence: u64,
}
