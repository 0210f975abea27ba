//! Results that come late, twice, or from a world that has moved on; and size.

use std::time::Duration;

use lockgate_core::{EffectKey, Machine, ResultStamp, Standing};
use lockgate_pipeline::run::{Conclusion, Run, RunEvent, RunId, RunInput, RunResult, StepEnd, StepExit};

use crate::harness::{Harness, now, plan, start};
use crate::write::{JobWords, job, pipeline};

fn ended(key: &str, incarnation: u64, sequence: u64) -> RunInput {
    RunInput::Result {
        stamp: ResultStamp {
            key: EffectKey::new(key),
            incarnation,
            sequence,
        },
        result: RunResult::StepEnded(Box::default()),
    }
}

#[test]
fn a_result_counts_once() {
    let mut harness = Harness::of(vec![job("a", &["hang", "hang"])]);
    harness.settle();
    let key = EffectKey::new("step/a/1#1");
    let started = RunInput::Result {
        stamp: ResultStamp {
            key: key.clone(),
            incarnation: 1,
            sequence: 1,
        },
        result: RunResult::StepStarted,
    };
    assert_eq!(
        harness.feed(started),
        Ok(Vec::new()),
        "an older result of the same step"
    );
    assert_eq!(harness.feed(ended("step/a/1#1", 9, 1)).unwrap().len(), 2);
    assert_eq!(
        harness.feed(ended("step/a/1#1", 9, 1)),
        Ok(Vec::new()),
        "the same again"
    );
    assert_eq!(
        harness.feed(ended("step/a/1#1", 10, 1)),
        Ok(Vec::new()),
        "the same step again"
    );
    assert_eq!(
        harness.feed(ended("step/b/1#1", 1, 1)),
        Ok(Vec::new()),
        "an unknown step"
    );
    assert_eq!(
        harness.report(&key, RunResult::WorkspaceRemoved),
        [],
        "an answer to another question"
    );
    harness.settle().end("step/a/2#1", StepExit::Success).finish();
    assert_eq!(
        harness.feed(ended("step/a/2#1", 99, 1)),
        Ok(Vec::new()),
        "after the end"
    );
    assert_eq!(harness.performed.len(), 2);
}

#[test]
fn every_result_twice_changes_nothing() {
    let jobs = || {
        vec![
            job("a", &["out x=1", "fail 1"]),
            job("b", &["ok"]).needs(&["a"]).when("always()"),
        ]
    };
    let mut once = Harness::of(jobs());
    once.finish();
    let mut run = Run::begin(RunId("r1".into()), &once.events[0]);
    let mut twice = vec![once.events[0].clone()];
    // The inputs of the first telling, found again from its events, each given twice.
    for input in inputs(&once.events) {
        for _ in 0..2 {
            for event in run.decide(input.clone(), now(Duration::ZERO)).unwrap() {
                run.evolve(&event);
                twice.push(event);
            }
        }
    }
    assert_eq!(twice, once.events);
    assert_eq!(run.standing(), Standing::Over);
}

fn inputs(events: &[RunEvent]) -> Vec<RunInput> {
    use lockgate_pipeline::run::JobEvent as E;
    let result = |stamp: &ResultStamp, result| RunInput::Result {
        stamp: stamp.clone(),
        result,
    };
    let of = |event: &RunEvent| match event {
        RunEvent::Begun => Some(RunInput::Woken {
            key: EffectKey::new("wake/begin"),
        }),
        RunEvent::Job { event, .. } => match event {
            E::WorkspaceReady { stamp, place, .. } => Some(result(
                stamp,
                RunResult::WorkspaceReady(Box::new(place.as_ref().clone())),
            )),
            E::WorkspaceRemoved { stamp } => Some(result(stamp, RunResult::WorkspaceRemoved)),
            E::StepStarted { stamp, .. } => Some(result(stamp, RunResult::StepStarted)),
            E::StepEnded { stamp, end, .. } => {
                let end: StepEnd = end.as_ref().clone();
                Some(result(stamp, RunResult::StepEnded(Box::new(end))))
            }
            _ => None,
        },
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn a_frozen_run_decides_nothing_and_keeps_its_effects() {
    let mut harness = Harness::of(vec![job("a", &["hang"])]);
    harness.settle();
    let broken = lockgate_core::Broken::new("5", "a test");
    let effects = harness.run.effects().clone();
    harness.run.evolve(&Run::frozen(&broken, now(Duration::ZERO)));
    assert!(matches!(harness.run.standing(), Standing::Waiting(_)));
    assert_eq!(harness.feed(ended("step/a/1#1", 9, 9)), Ok(Vec::new()));
    assert!(harness.feed(RunInput::Cancel { by: "mona".into() }).is_err());
    assert_eq!(*harness.run.effects(), effects);
}

/// Five hundred jobs in layers of ten, each decision checked as the engine does it.
#[test]
fn five_hundred_jobs_cost_the_same_each() {
    let jobs: Vec<_> = (0..500)
        .map(|n| {
            let needs: Vec<String> = (n / 10 * 10_usize..)
                .take(10)
                .filter(|_| n >= 10)
                .map(|m| format!("j{}", m - 10))
                .collect();
            let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
            job(&format!("j{n}"), &["ok", "ok"]).needs(&needs)
        })
        .collect();
    let (conclusion, events) = drive(pipeline(jobs));
    assert_eq!(conclusion, Some(Conclusion::Success));
    // Admitted, started, its workspace, two steps that begin and end, ended, its workspace gone; and the run's own three.
    assert_eq!(events.len(), 500 * 9 + 3);
    let bytes: usize = events[1..]
        .iter()
        .map(|event| serde_json::to_string(event).unwrap().len())
        .sum();
    assert!(bytes < 500 * 3_000, "{} bytes per job", bytes / 500);
}

/// Answers every effect at once, without the harness's replay after each event.
fn drive(pipeline: lockgate_pipeline::definition::Pipeline) -> (Option<Conclusion>, Vec<RunEvent>) {
    use lockgate_pipeline::run::RunEffect;
    use lockgate_pipeline::run::effect::WorkspaceWant;
    let first = Run::create(start(plan(pipeline), 8), now(Duration::ZERO));
    let mut run = Run::begin(RunId("r1".into()), &first);
    let mut events = vec![first];
    let mut sequence = 0;
    while run.standing() != Standing::Over {
        let (key, effect) = run
            .effects()
            .iter()
            .find(|(_, effect)| match effect {
                RunEffect::Wake(wake) => wake.is_due(&now(Duration::ZERO)),
                _ => true,
            })
            .map(|(key, effect)| (key.clone(), effect.clone()))
            .unwrap();
        sequence += 1;
        let result = match effect {
            RunEffect::Wake(_) => None,
            RunEffect::Workspace(workspace) if workspace.want == WorkspaceWant::Remove => {
                Some(RunResult::WorkspaceRemoved)
            }
            RunEffect::Workspace(_) => Some(RunResult::WorkspaceReady(Box::default())),
            _ => Some(RunResult::StepEnded(Box::default())),
        };
        let input = match result {
            None => RunInput::Woken { key },
            Some(result) => RunInput::Result {
                stamp: ResultStamp {
                    key,
                    incarnation: 1,
                    sequence,
                },
                result,
            },
        };
        let mut evolved = run.clone();
        for event in run.decide(input, now(Duration::ZERO)).unwrap() {
            evolved.evolve(&event);
            events.push(event);
        }
        evolved.check().unwrap();
        run = evolved;
    }
    (run.conclusion(), events)
}
