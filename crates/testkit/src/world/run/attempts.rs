//! The attempts of steps as shims keep them: durable marks that outlive driver and process.

use std::time::Duration;

use lockgate_core::EffectKey;
use lockgate_pipeline::run::effect::{AttemptId, JobKey, StepPath};
use lockgate_pipeline::run::input::{StepEnd, StepExit};

use crate::chance::Chance;

/// One try of one step, by its marks.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// The effect that wants it.
    pub(super) key: EffectKey,
    pub(super) job: JobKey,
    pub(super) path: StepPath,
    /// The number of its claim; what its results are stamped with.
    pub(super) claimed: u64,
    pub(super) mark: Mark,
    /// How it will end if nothing comes in between.
    pub(super) fate: StepEnd,
    /// How long it will take.
    pub(super) takes: Duration,
}

/// The last mark of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Claimed: it may be started once.
    Claimed,
    /// Started: its process runs.
    Started,
    /// Its process got the signal to end.
    Ending,
    /// Its exit is on disk.
    Exited(Box<StepEnd>),
    /// Started, dead, and no exit.
    Lost,
}

impl Attempt {
    /// Claims an attempt and draws what will become of it.
    pub(super) fn claim(key: &EffectKey, step: (&JobKey, &StepPath), claimed: u64, chance: &mut Chance) -> Self {
        let exit = match chance.below(100) {
            0..84 => StepExit::Success,
            84..97 => StepExit::Failure { code: 1 },
            _ => StepExit::Unknown,
        };
        let takes = match chance.below(20) {
            // It hangs: only a limit of time or a person ends it.
            0 => Duration::from_hours(24 * 365),
            1..4 => chance.milliseconds(20_000, 150_000),
            _ => chance.milliseconds(50, 15_000),
        };
        let mut fate = StepEnd {
            exit,
            ..StepEnd::default()
        };
        if exit == StepExit::Success {
            let answer = if chance.per_mille(700) { "yes" } else { "no" };
            fate.outputs.insert("answer".into(), answer.into());
        }
        Self {
            key: key.clone(),
            job: step.0.clone(),
            path: step.1.clone(),
            claimed,
            mark: Mark::Claimed,
            fate,
            takes,
        }
    }

    /// Returns whether its process runs.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.mark, Mark::Started | Mark::Ending)
    }

    /// Returns how it ended, once that is known: that nobody knows is an answer too.
    pub(super) fn end(&self) -> Option<StepEnd> {
        match &self.mark {
            Mark::Exited(end) => Some(end.as_ref().clone()),
            Mark::Lost => Some(ended(StepExit::Unknown)),
            Mark::Claimed | Mark::Started | Mark::Ending => None,
        }
    }
}

/// Returns the end of a step that leaves nothing but its exit.
pub(super) fn ended(exit: StepExit) -> StepEnd {
    StepEnd {
        exit,
        ..StepEnd::default()
    }
}

/// A turn in the life of an attempt.
#[derive(Clone, Debug)]
pub(super) enum Turn {
    /// The shim starts the claimed step.
    Exec(AttemptId),
    /// It ends by itself.
    Exit(AttemptId),
    /// It ends because it was told to.
    Stopped(AttemptId),
}
