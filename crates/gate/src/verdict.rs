//! What a gate says, and why.
//!
//! The evidence travels with the verdict, so that whoever reads it later needs no
//! second source. Numbers are exact integers; shares are compared, never divided.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a gate decided.
///
/// The order is that of severity: among several verdicts the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The rule holds.
    Pass,
    /// The rule holds, with something to look at.
    Warn,
    /// There is not enough to judge; it never counts as a pass.
    Inconclusive,
    /// The rule is broken.
    Fail,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        })
    }
}

/// One judgement with its reason and its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What was decided.
    pub outcome: Outcome,
    /// Why, as a lowercase fragment in words.
    pub reason: String,
    /// The numbers that decided, by name.
    pub evidence: BTreeMap<String, u64>,
}

impl Verdict {
    /// Returns a verdict without numbers.
    pub fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            outcome,
            reason: reason.into(),
            evidence: BTreeMap::new(),
        }
    }

    /// Adds a number that decided.
    #[must_use]
    pub fn with(mut self, name: &str, value: u64) -> Self {
        self.evidence.insert(name.to_owned(), value);
        self
    }

    /// Returns the more severe of two verdicts; of equals, `self`.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        if other.outcome > self.outcome { other } else { self }
    }

    /// Returns whether what was judged may proceed.
    pub fn allows(&self) -> bool {
        matches!(self.outcome, Outcome::Pass | Outcome::Warn)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.outcome, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_counts_and_only_pass_and_warn_allow() {
        let pass = Verdict::new(Outcome::Pass, "a");
        let unknown = Verdict::new(Outcome::Inconclusive, "b");
        let fail = Verdict::new(Outcome::Fail, "c").with("failed", 7);
        assert_eq!(pass.clone().or_worse(unknown.clone()).reason, "b");
        assert_eq!(fail.clone().or_worse(unknown.clone()).reason, "c");
        assert!(pass.allows());
        assert!(!unknown.allows());
        assert_eq!(fail.to_string(), "fail: c");
        assert_eq!(fail.evidence["failed"], 7);
    }
}
