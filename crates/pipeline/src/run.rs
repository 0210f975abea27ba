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
//! over is in no effect; a job starts only when all that it needs is over; no more runs at once than there is room for.

mod check;
mod decision;
pub mod effect;
pub mod environment;
pub mod event;
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
pub use input::{RunInput, RunResult, StepEnd, StepExit};
pub use job::{StepRecord, StepState};
pub use limits::{Limits, Weight};
pub use outcome::{Conclusion, Outcome, StopReason};
pub use view::{JobStatus, JobView};

use decision::Decision;
use environment::Variables;
use event::JobEnd;
use graph::{Graph, LegPlace};
use group::{Group, GroupOver, Through};
use job::{Folding, JobState};
use wanted::{Timer, Wanted};

use crate::plan::{Expansion, Fate, Plan};

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
        match event {
            RunEvent::Created { .. } => {}
            RunEvent::Begun => {
                self.begun = true;
                self.wanted.unset(&Timer::Begin);
            }
            RunEvent::JobAdmitted { id, expansion, at } => self.admitted(id, expansion.as_ref(), *at),
            RunEvent::JobPassedOver {
                id,
                outcome,
                reason,
                at,
            } => {
                if let Some(place) = self.graph.place(id) {
                    self.group_over(place, *outcome, Some(reason.clone()), *at);
                }
            }
            RunEvent::Job { job, event } => self.job_event(job, event),
            RunEvent::CancelRequested { by, .. } => self.cancelled = Some(by.clone()),
            RunEvent::KillRequested { by, .. } => {
                self.killed = true;
                self.cancelled.get_or_insert_with(|| by.clone());
            }
            RunEvent::Concluded { conclusion, at } => {
                self.concluded = Some(Concluded {
                    conclusion: *conclusion,
                    at: *at,
                });
            }
            RunEvent::Frozen { broken, .. } => self.frozen = Some(broken.clone()),
        }
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

impl Run {
    fn new(id: RunId, start: &Arc<RunStart>, now: &Now) -> Self {
        let graph = Arc::new(Graph::of(&start.plan.pipeline));
        let count = graph.needs.len();
        let mut run = Self {
            id,
            created: now.wall,
            groups: graph
                .needs
                .iter()
                .map(|needs| Arc::new(Group::waiting(needs.len())))
                .collect(),
            open_groups: count,
            graph,
            base: Arc::new(Variables::from(
                [("CI", "true"), ("GITHUB_ACTIONS", "true")].map(|(name, value)| (name.into(), value.into())),
            )),
            start: Arc::clone(start),
            jobs: BTreeMap::new(),
            queue: BTreeMap::new(),
            running: BTreeSet::new(),
            used: Weight::default(),
            begun: false,
            cancelled: None,
            killed: false,
            concluded: None,
            frozen: None,
            wanted: Wanted::default(),
        };
        run.wanted.wake(Timer::Begin, now, Duration::ZERO);
        run.pass_over_the_unplanned(now.wall);
        run
    }

    /// Ends the jobs that the plan says will not run, each behind those that it needs.
    fn pass_over_the_unplanned(&mut self, at: Timestamp) {
        let plan = Arc::clone(&self.start.plan);
        let mut open: Vec<usize> = self.graph.needs.iter().map(Vec::len).collect();
        let mut ready: Vec<usize> = (0..open.len()).filter(|place| open[*place] == 0).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(place) = ready.pop() {
            order.push(place);
            for dependent in &self.graph.dependents[place] {
                open[*dependent] -= 1;
                if open[*dependent] == 0 {
                    ready.push(*dependent);
                }
            }
        }
        for place in order {
            if let Fate::WillNotRun(why) = &plan.jobs[place].fate {
                self.group_over(place, Outcome::Skipped, Some(why.to_string()), at);
            }
        }
    }

    fn group_mut(&mut self, place: usize) -> &mut Group {
        Arc::make_mut(&mut self.groups[place])
    }

    fn admitted(&mut self, id: &str, expansion: Option<&Arc<Expansion>>, at: Timestamp) {
        let Some(place) = self.graph.place(id) else {
            return;
        };
        let planned = self.start.plan.jobs[place].expansion.as_ref();
        let Some(expansion) = expansion.or(planned).map(Arc::clone) else {
            return;
        };
        for (index, leg) in expansion.legs.iter().enumerate() {
            let at_place = LegPlace {
                group: place,
                leg: index,
            };
            let definition = Arc::clone(self.start.plan.definition(place));
            let state = JobState::queued(definition, leg.clone(), at_place, at);
            self.queue.insert(at_place, leg.key.clone());
            self.jobs.insert(leg.key.clone(), Arc::new(state));
        }
        let group = self.group_mut(place);
        group.open_legs = expansion.legs.len();
        group.expansion = Some(expansion);
    }

    fn job_event(&mut self, key: &JobKey, event: &JobEvent) {
        let Some(job) = self.jobs.get_mut(key) else {
            return;
        };
        let was_running = job.is_running();
        let job = Arc::make_mut(job);
        job.fold(
            event,
            &mut Folding {
                wanted: &mut self.wanted,
                run: &self.id.0,
                base: &self.base,
                environment: &self.start.plan.environment,
                source: &self.start.source,
                clean_up: CLEAN_UP,
            },
        );
        let (place, weight) = (
            job.place,
            job.start.as_ref().map(|start| start.weight).unwrap_or_default(),
        );
        match event {
            JobEvent::Started(_) => {
                self.queue.remove(&place);
                self.running.insert(key.clone());
                self.used = self.used.plus(weight);
                self.group_mut(place.group).running += 1;
            }
            JobEvent::Ended(end) => {
                self.queue.remove(&place);
                if was_running {
                    self.running.remove(key);
                    self.used = self.used.minus(weight);
                    self.group_mut(place.group).running -= 1;
                }
                self.leg_over(place.group, end);
            }
            _ => {}
        }
    }

    fn leg_over(&mut self, place: usize, end: &JobEnd) {
        let group = self.group_mut(place);
        group.leg_ended(end);
        if group.open_legs == 0 {
            let result = group.result();
            self.group_over(place, result, None, end.at);
        }
    }

    fn group_over(&mut self, place: usize, result: Outcome, reason: Option<String>, at: Timestamp) {
        let through = self.before(place).behind(result);
        self.group_mut(place).over = Some(GroupOver {
            result,
            reason,
            at,
            through,
        });
        self.open_groups -= 1;
        let graph = Arc::clone(&self.graph);
        for dependent in &graph.dependents[place] {
            self.group_mut(*dependent).open_needs -= 1;
        }
    }

    /// Returns what lies before a job, as far as it is over.
    fn before(&self, place: usize) -> Through {
        let needs = self.graph.needs[place].iter();
        let over = needs.filter_map(|need| self.groups[*need].over.as_ref());
        over.fold(Through::NOTHING, |before, over| before.and(over.through))
    }
}
