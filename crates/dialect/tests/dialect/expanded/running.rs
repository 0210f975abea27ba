//! A run of a plan with a fake outside, and the scripts that it performed.
//!
//! The first line of a script decides what becomes of it: `do NAME …` fails when the world says so of the name, and
//! gives the output `o`, which is the name and the rest of the line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{BootId, EffectKey, Machine, Now, ResultStamp, Standing, Timestamp};
use lockgate_pipeline::plan::Plan;
use lockgate_pipeline::run::effect::{AttemptBody, StepAttempt, WorkspaceWant};
use lockgate_pipeline::run::input::WorkspacePlace;
use lockgate_pipeline::run::{
    Conclusion, Limits, OnInterrupt, Run, RunEffect, RunId, RunInput, RunResult, RunStart, Source, SourceFiles,
    StepEnd, StepExit,
};

/// What happened in a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Story {
    /// Each script that was performed, as it was evaluated, behind its variables that begin with `X_`; in order of text.
    pub(super) scripts: Vec<String>,
    pub(super) conclusion: Option<Conclusion>,
}

/// Returns what happens when the scripts of these names fail.
pub(super) fn story(plan: Plan, fails: &BTreeSet<String>) -> Story {
    let start = RunStart {
        plan: Arc::new(plan),
        limits: Limits::slots(64),
        source: Arc::new(Source {
            directory: "/repo".into(),
            files: SourceFiles::WorkingTree,
        }),
        on_interrupt: OnInterrupt::Fail,
        grace: Duration::from_secs(10),
    };
    let first = Run::create(start, now());
    let mut fake = Fake {
        run: Run::begin(RunId("r1".into()), &first),
        fails,
        scripts: Vec::new(),
        answered: BTreeSet::new(),
        sequence: 0,
    };
    while fake.answer_one() {}
    assert_eq!(fake.run.standing(), Standing::Over);
    let mut scripts = fake.scripts;
    scripts.sort();
    Story {
        scripts,
        conclusion: fake.run.conclusion(),
    }
}

struct Fake<'w> {
    run: Run,
    fails: &'w BTreeSet<String>,
    scripts: Vec<String>,
    answered: BTreeSet<(EffectKey, String)>,
    sequence: u64,
}

impl Fake<'_> {
    fn answer_one(&mut self) -> bool {
        let effects = self.run.effects().iter();
        let is_open = |key: &EffectKey, effect: &RunEffect| match effect {
            RunEffect::Wake(wake) => wake.is_due(&now()),
            other => !self.answered.contains(&(key.clone(), format!("{other:?}"))),
        };
        let mut open = effects.filter(|(key, effect)| is_open(key, effect));
        let Some((key, effect)) = open.next().map(|(key, effect)| (key.clone(), effect.clone())) else {
            return false;
        };
        self.answered.insert((key.clone(), format!("{effect:?}")));
        let result = match &effect {
            RunEffect::Workspace(workspace) => match workspace.want {
                WorkspaceWant::Remove => RunResult::WorkspaceRemoved,
                WorkspaceWant::Prepare => RunResult::WorkspaceReady(Box::new(workspace_place())),
            },
            RunEffect::Step(attempt) => {
                self.report(&key, RunResult::StepStarted);
                RunResult::StepEnded(Box::new(self.end_of(attempt)))
            }
            RunEffect::Wake(_) => {
                self.feed(RunInput::Woken { key });
                return true;
            }
            other => panic!("a workflow of scripts asks for {other:?}"),
        };
        self.report(&key, result);
        true
    }

    fn end_of(&mut self, attempt: &StepAttempt) -> StepEnd {
        let AttemptBody::Run { script, .. } = &attempt.body else {
            panic!("{attempt:?}");
        };
        let all = attempt.env.flatten();
        let own: BTreeMap<_, _> = all.into_iter().filter(|(name, _)| name.starts_with("X_")).collect();
        self.scripts.push(format!("{own:?} {script}"));
        let first = script.lines().next().unwrap_or_default();
        let text = first.strip_prefix("do ").unwrap_or(first);
        let name = text.split(' ').next().unwrap_or_default();
        let exit = if self.fails.contains(name) {
            StepExit::Failure { code: 1 }
        } else {
            StepExit::Success
        };
        StepEnd {
            exit,
            outputs: [("o".to_owned(), text.to_owned())].into(),
            ..StepEnd::default()
        }
    }

    fn report(&mut self, key: &EffectKey, result: RunResult) {
        self.sequence += 1;
        let stamp = ResultStamp {
            key: key.clone(),
            incarnation: 1,
            sequence: self.sequence,
        };
        self.feed(RunInput::Result { stamp, result });
    }

    fn feed(&mut self, input: RunInput) {
        let events = self.run.decide(input, now()).unwrap();
        for event in &events {
            self.run.evolve(event);
        }
    }
}

fn now() -> Now {
    Now {
        wall: Timestamp(0),
        boot: BootId("boot".into()),
        monotonic: Duration::ZERO,
    }
}

fn workspace_place() -> WorkspacePlace {
    WorkspacePlace {
        workspace: "/w/work".into(),
        temp: "/w/temp".into(),
        tool_cache: "/tools".into(),
        runner: "here".into(),
        os: "Linux".into(),
        arch: "X64".into(),
        event_path: "/w/event.json".into(),
    }
}
