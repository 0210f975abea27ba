//! The outside of a run: workspaces, actions, and steps under shims.

mod attempts;
mod law;
mod performing;
mod pipelines;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, InputId, Machine, ResultStamp, Standing};
use lockgate_pipeline::run::effect::{AttemptId, JobKey, RunEffect};
use lockgate_pipeline::run::event::RunEvent;
use lockgate_pipeline::run::input::{RunInput, RunResult, StepExit};
use lockgate_pipeline::run::limits::Limits;
use lockgate_pipeline::run::{OnInterrupt, Run, RunId, RunStart, Source, SourceFiles};

use super::{Beginning, Lasting, Outside, World};
use crate::chance::Chance;
use crate::coverage::Impossible;
use crate::fault::Fault;
use attempts::{Attempt, Mark, Turn, ended};
use law::Law;

/// The fake outside of one run.
#[derive(Debug)]
pub struct RunWorld {
    attempts: BTreeMap<AttemptId, Attempt>,
    workspaces: BTreeMap<String, Workspace>,
    law: Law,
    numbers: u64,
    boots: u32,
    wishes: u64,
}

/// A job's directory.
#[derive(Clone, Debug)]
struct Workspace {
    job: JobKey,
    /// What its results are stamped with.
    claimed: u64,
    state: WorkspaceState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WorkspaceState {
    Preparing,
    Ready,
    Refused,
    Leaving,
}

/// What happens around a run by itself.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A workspace is there, or cannot be.
    Prepared(String),
    /// A workspace is gone.
    Removed(String),
    /// A turn in the life of a step.
    #[expect(private_interfaces, reason = "only this world makes and takes its happenings")]
    Step(Turn),
}

type Surroundings<'s> = Outside<'s, Run, Happening>;

const EVENTS: &[&str] = &[
    "Created",
    "Begun",
    "JobAdmitted",
    "JobPassedOver",
    "CallBegun",
    "CallStopping",
    "CallEnded",
    "JobStarted",
    "WorkspaceReady",
    "WorkspaceFailed",
    "WorkspaceRemoved",
    "ActionWanted",
    "ActionLoaded",
    "ActionMissing",
    "HashWanted",
    "Hashed",
    "HashFailed",
    "StepSkipped",
    "StepRefused",
    "StepBegun",
    "StepStarted",
    "StepStopping",
    "StepRetried",
    "StepEnded",
    "CompositeEntered",
    "CompositeTimedOut",
    "CompositeLeft",
    "JobStopping",
    "JobKilled",
    "JobEnded",
    "CancelRequested",
    "KillRequested",
    "TimerRearmed",
    "Concluded",
    "Frozen",
];

impl World<Run> for RunWorld {
    type Happening = Happening;
    const EVENTS: &'static [&'static str] = EVENTS;
    const RARE: &'static [&'static str] = &[
        "CallBegun",
        "CallEnded",
        "CallStopping",
        "CompositeTimedOut",
        "HashFailed",
        "JobPassedOver",
        "KillRequested",
        "StepRetried",
        "TimerRearmed",
        "WorkspaceFailed",
    ];
    const IMPOSSIBLE: &'static [Impossible] = &[
        Impossible {
            event: "Created",
            faults: &[Fault::CrashBeforeAppend, Fault::OutsideDeath],
            reason: "a run is created before anything of it runs",
        },
        Impossible {
            event: "Begun",
            faults: &[Fault::OutsideDeath],
            reason: "no step runs before the first workspace is there",
        },
        Impossible {
            event: "Concluded",
            faults: &[Fault::OutsideDeath],
            reason: "every step is over",
        },
        Impossible {
            event: "Frozen",
            faults: &Fault::ALL,
            reason: "no story breaks an invariant",
        },
    ];
    const HORIZON: Duration = Duration::from_mins(15);
    // Steps that hang end with their job's six hours, one job after the other.
    const PATIENCE: Duration = Duration::from_hours(100);

    fn invent(chance: &mut Chance) -> Beginning<Run, Self> {
        let plan = pipelines::plan(chance);
        let slots = chance.between(1, 4) as u32;
        let wishes = *chance.pick(&[0, 0, 0, 1, 2]);
        let on_interrupt = *chance.pick(&[OnInterrupt::Fail, OnInterrupt::Retry]);
        let start = RunStart {
            limits: Limits::slots(slots),
            source: Arc::new(Source {
                directory: "/home/ada/shop".into(),
                files: SourceFiles::WorkingTree,
            }),
            on_interrupt,
            grace: Duration::from_secs(10),
            plan: Arc::new(plan),
        };
        let world = Self {
            attempts: BTreeMap::new(),
            workspaces: BTreeMap::new(),
            law: Law::of(&start.plan, slots),
            numbers: 0,
            boots: 0,
            wishes,
        };
        Beginning {
            world,
            id: RunId("shop-1".into()),
            start,
        }
    }

    fn perform(&mut self, key: &EffectKey, effect: &RunEffect, outside: &mut Surroundings<'_>) -> Lasting {
        self.make_true(key, effect, outside)
    }

    fn sweep(&mut self, effects: &BTreeMap<EffectKey, RunEffect>) {
        self.workspaces
            .retain(|_, workspace| effects.contains_key(&EffectKey::of("workspace", &workspace.job)));
        for attempt in self.attempts.values_mut() {
            if attempt.end().is_none() && !effects.contains_key(&attempt.key) {
                attempt.mark = Mark::Exited(Box::new(ended(StepExit::Cancelled)));
            }
        }
    }

    fn happen(&mut self, happening: Happening, outside: &mut Surroundings<'_>) {
        match happening {
            Happening::Prepared(directory) => self.prepared(&directory, outside),
            Happening::Removed(directory) => self.removed(&directory, outside),
            Happening::Step(Turn::Exec(id)) => self.exec(&id, outside),
            Happening::Step(Turn::Exit(id)) => self.exit(&id, outside),
            Happening::Step(Turn::Stopped(id)) => self.stopped(&id, outside),
        }
    }

    fn rebooted(&mut self, outside: &mut Surroundings<'_>) {
        self.boots += 1;
        for id in self.alive() {
            self.end_with(&id, Mark::Lost, outside);
        }
    }

    fn strike(&mut self, outside: &mut Surroundings<'_>) -> bool {
        let alive = self.alive();
        if alive.is_empty() {
            return false;
        }
        let id = outside.chance.pick(&alive).clone();
        // Either the process dies and its shim sees it, or both die.
        let mark = if outside.chance.per_mille(500) {
            Mark::Exited(Box::new(ended(StepExit::Failure { code: 137 })))
        } else {
            Mark::Lost
        };
        self.end_with(&id, mark, outside);
        true
    }

    fn next_whim(&mut self, chance: &mut Chance) -> Option<Duration> {
        self.wishes = self.wishes.checked_sub(1)?;
        Some(chance.milliseconds(0, 120_000))
    }

    fn whim(&mut self, _state: &Run, _id: &InputId, chance: &mut Chance) -> Option<RunInput> {
        let by = "ada".to_owned();
        Some(if chance.per_mille(300) {
            RunInput::Kill { by }
        } else {
            RunInput::Cancel { by }
        })
    }

    fn answer(&mut self, _state: &Run, _id: &InputId, _chance: &mut Chance) -> Option<RunInput> {
        None
    }

    fn appended(&mut self, event: &RunEvent, passed: Duration) {
        self.law.judge(event, &self.attempts, (passed, self.boots));
    }

    fn check(&self, _state: &Run) -> Result<(), Broken> {
        self.law.check()
    }

    fn is_settled(&self, state: &Run) -> bool {
        state.standing() == Standing::Over && state.effects().is_empty()
    }

    fn check_settled(&self, state: &Run) -> Result<(), Broken> {
        if let Some(id) = self.alive().first() {
            return Err(Broken::new("end", format!("{id} still runs, and the run is over")));
        }
        if let Some(directory) = self.workspaces.keys().next() {
            return Err(Broken::new("end", format!("the workspace {directory} was left behind")));
        }
        self.law.check_conclusion(state.conclusion(), &self.attempts)
    }
}

impl RunWorld {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn alive(&self) -> Vec<AttemptId> {
        let alive = self.attempts.iter().filter(|(_, attempt)| attempt.is_alive());
        alive.map(|(id, _)| id.clone()).collect()
    }
}

fn stamped(key: &EffectKey, stamp: (u64, u64), result: RunResult) -> RunInput {
    RunInput::Result {
        stamp: ResultStamp {
            key: key.clone(),
            incarnation: stamp.0,
            sequence: stamp.1,
        },
        result,
    }
}
