//! Turns findings and measurements into verdicts.
//!
//! A gate never acts and never passes without data: what cannot be judged is
//! inconclusive, and what an inconclusive verdict means is the caller's policy.

pub mod verdict;
pub mod window;

pub use verdict::{Outcome, Verdict};
pub use window::{Counts, Probes, Rule, Tally, judge};
