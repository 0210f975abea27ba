//! A job of the pipeline with all that it expanded to.

use std::sync::Arc;

use lockgate_core::Timestamp;

use super::environment::Variables;
use super::event::JobEnd;
use super::outcome::Outcome;
use crate::plan::Expansion;

/// A job of the pipeline: its legs, and what they came to together.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// How many of the jobs that it needs are not over.
    pub(super) open_needs: usize,
    /// What it expanded to, once it is admitted.
    pub(super) expansion: Option<Arc<Expansion>>,
    /// How many legs are not over.
    pub(super) open_legs: usize,
    /// How many legs run.
    pub(super) running: u32,
    /// The worst that a leg came to.
    worst: Option<Outcome>,
    /// What its legs left for later jobs: the last to set a name wins.
    pub(super) outputs: Variables,
    /// How it ended.
    pub(super) over: Option<GroupOver>,
}

/// How a job ended, with all its legs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GroupOver {
    /// How it counts for the jobs that need it.
    pub(super) result: Outcome,
    /// Why it did not run.
    pub(super) reason: Option<String>,
    /// When.
    pub(super) at: Timestamp,
    /// What the jobs behind it have before them.
    pub(super) through: Through,
}

/// What lies before a job, all the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Through {
    /// Every job succeeded.
    pub(super) success: bool,
    /// Some job failed.
    pub(super) failure: bool,
}

impl Through {
    /// Nothing lies before.
    pub(super) const NOTHING: Self = Self {
        success: true,
        failure: false,
    };

    /// Returns what lies before a job that has both before it.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            success: self.success && other.success,
            failure: self.failure || other.failure,
        }
    }

    /// Returns what lies before the jobs behind one that came to `result`.
    pub(super) fn behind(self, result: Outcome) -> Self {
        Self {
            success: self.success && result == Outcome::Success,
            failure: self.failure || result == Outcome::Failure,
        }
    }
}

impl Group {
    /// Returns a job that waits for `needs` others.
    pub(super) fn waiting(needs: usize) -> Self {
        Self {
            open_needs: needs,
            ..Self::default()
        }
    }

    /// Returns whether it is not yet decided whether it runs, and nothing stands before that decision.
    pub(super) fn is_open(&self) -> bool {
        self.over.is_none() && self.expansion.is_none() && self.open_needs == 0
    }

    /// Takes in the end of a leg.
    pub(super) fn leg_ended(&mut self, end: &JobEnd) {
        let badness = |outcome| match outcome {
            Outcome::Success => 0,
            Outcome::Skipped => 1,
            Outcome::Cancelled => 2,
            Outcome::Failure => 3,
        };
        let worst = self.worst.get_or_insert(end.conclusion);
        if badness(end.conclusion) > badness(*worst) {
            *worst = end.conclusion;
        }
        self.outputs.extend(end.outputs.clone());
        self.open_legs = self.open_legs.saturating_sub(1);
    }

    /// Takes in the end of a call, of which the last that succeeded wins.
    pub(super) fn call_ended(&mut self, end: &JobEnd) {
        let before = self.outputs.clone();
        self.leg_ended(end);
        if end.outcome != Outcome::Success {
            self.outputs.extend(before);
        }
    }

    /// Returns what its legs came to together.
    pub(super) fn result(&self) -> Outcome {
        self.worst.unwrap_or(Outcome::Skipped)
    }
}
