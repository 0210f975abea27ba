//! One execution of a plan, as a machine.
//!
//! The run decides when a job starts, what its next step is, with which values, and how all of it counts; it never
//! touches a process or a file. A ready job starts as soon as it has a slot: there are no waves. Expressions are
//! evaluated while deciding, and their values stand in the events, so that folding evaluates nothing.
//!
//! Why not a task per job that awaits its steps, as runners usually do: such a task dies with its process, and what it
//! knew with it. Here a run that is folded again wants the same effects, and performing them attaches to what is there.
//!
//! Invariants, checked by [`Machine::check`]: a job that is not over waits for an effect or for a slot; a step that is
//! over is in no effect; a job starts only when all that it needs is over, and in a called workflow only when it is
//! called; no more runs at once than there is room for.

mod call;
mod check;
mod decision;
pub mod effect;
pub mod environment;
pub mod event;
mod failure;
mod fold;
mod foresight;
mod graph;
mod group;
pub mod input;
mod job;
pub mod limits;
pub mod outcome;
mod scope;
mod view;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, Machine, Now, Standing, StreamId, Timestamp, Waiting};
use serde::{Deserialize, Serialize};

pub use effect::{AttemptId, JobKey, RunEffect, StepPath};
pub use event::{JobEvent, RunEvent};
pub use failure::{Blame, Failed};
pub use foresight::{Foreseen, foreseen};
pub use input::{RunInput, RunResult, StepEnd, StepExit};
pub use job::{StepRecord, StepState};
pub use limits::{Limits, Weight};
pub use outcome::{Conclusion, Outcome, StopReason};
pub use view::{JobStatus, JobView};

use call::CallState;
use decision::Decision;
use environment::Variables;
use graph::{Graph, LegPlace};
use group::Group;
use job::JobState;
use wanted::Wanted;

use crate::plan::Plan;

/// How long a job may take to end once it is to: as long as on GitHub.
const CLEAN_UP: Duration = Duration::from_mins(5);

/// Identifies a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<StreamId> for RunId {
    fn from(stream: StreamId) -> Self {
        Self(stream.rest().to_owned())
    }
}

/// What a run executes, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStart {
    /// The plan.
    pub plan: Arc<Plan>,
    /// How much may run at once.
    pub limits: Limits,
    /// What a checkout brings.
    pub source: Arc<Source>,
    /// What to do about a step of which nobody knows how far it came.
    pub on_interrupt: OnInterrupt,
    /// How long a step that is to end may take to do so by itself.
    pub grace: Duration,
}

/// What a checkout brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The repository's directory, absolute.
    pub directory: String,
    /// Which of its files.
    pub files: SourceFiles,
}

/// Which files of a repository a checkout brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFiles {
    /// Those of the working tree, with their edits.
    WorkingTree,
    /// Those of a commit.
    Commit(String),
}

/// What to do about a step of which nobody knows how far it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInterrupt {
    /// It fails, and says why.
    #[default]
    Fail,
    /// It is tried again, a few times.
    Retry,
}

/// Why something that a person wants of a run cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RunRejection {
    /// Every job is over.
    #[error("the run is over: it ended in {conclusion}; start a new one to run it again")]
    Over {
        /// How it ended.
        conclusion: Conclusion,
    },
    /// It is being cancelled.
    #[error("the run is being cancelled already; to end it at once, kill it")]
    AlreadyCancelled,
    /// It is being ended.
    #[error("the run is being ended at once already; wait for its last processes to go")]
    AlreadyKilled,
    /// An invariant would have broken.
    #[error("the run is frozen, because a decision would have broken {invariant}; start a new one")]
    Frozen {
        /// Which.
        invariant: String,
    },
}

/// One execution of a plan.
#[derive(Clone, Debug)]
pub struct Run {
    id: RunId,
    start: Arc<RunStart>,
    created: Timestamp,
    graph: Arc<Graph>,
    base: Arc<Variables>,
    groups: Vec<Arc<Group>>,
    open_groups: usize,
    /// By the place of the call in the plan.
    calls: Vec<Arc<CallState>>,
    jobs: BTreeMap<JobKey, Arc<JobState>>,
    /// The jobs that wait for a slot, in the order of the file.
    queue: BTreeMap<LegPlace, JobKey>,
    running: BTreeSet<JobKey>,
    used: Weight,
    begun: bool,
    cancelled: Option<String>,
    killed: bool,
    concluded: Option<Concluded>,
    frozen: Option<Broken>,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug)]
struct Concluded {
    conclusion: Conclusion,
    at: Timestamp,
}

impl Machine for Run {
    type Id = RunId;
    type Start = RunStart;
    type Input = RunInput;
    type Event = RunEvent;
    type Rejection = RunRejection;
    type Effect = RunEffect;

    const KIND: &'static str = "run";
    const VERSION: u32 = 1;

    fn create(start: RunStart, now: Now) -> RunEvent {
        RunEvent::Created {
            start: Arc::new(start),
            now,
        }
    }

    fn begin(id: RunId, first: &RunEvent) -> Self {
        let RunEvent::Created { start, now } = first else {
            unreachable!("the first event of a run creates it");
        };
        Self::new(id, start, now)
    }

    fn decide(&self, input: RunInput, now: Now) -> Result<Vec<RunEvent>, RunRejection> {
        Decision::on(self, input, now)
    }

    fn evolve(&mut self, event: &RunEvent) {
        self.fold(event);
    }

    fn effects(&self) -> &BTreeMap<EffectKey, RunEffect> {
        self.wanted.effects()
    }

    fn standing(&self) -> Standing {
        match (&self.frozen, &self.concluded) {
            (Some(broken), _) => Standing::Waiting(Waiting::Person(format!(
                "the run is frozen, because a decision would have broken {}; start a new one",
                broken.invariant
            ))),
            (None, Some(_)) if self.effects().is_empty() => Standing::Over,
            (None, _) => Standing::Acting,
        }
    }

    fn check(&self) -> Result<(), Broken> {
        check::check(self)
    }

    fn frozen(broken: &Broken, now: Now) -> RunEvent {
        RunEvent::Frozen {
            broken: broken.clone(),
            at: now.wall,
        }
    }

    fn event_name(event: &RunEvent) -> &'static str {
        event.name()
    }
}
