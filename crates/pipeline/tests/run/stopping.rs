//! Cancellation and time limits.

use std::time::Duration;

use insta::assert_snapshot;
use lockgate_core::{EffectKey, Machine};
use lockgate_pipeline::run::{Conclusion, RunEffect, RunInput, RunRejection, StepExit};

use crate::harness::Harness;
use crate::write::{JobWords, StepWords, composite, job, run, uses};

fn cancel() -> RunInput {
    RunInput::Cancel { by: "mona".into() }
}

fn kill() -> RunInput {
    RunInput::Kill { by: "mona".into() }
}

#[test]
fn a_cancelled_run_still_does_what_is_asked_for_then() {
    let mut harness = Harness::with_slots(
        vec![
            job("a", &["hang", "ok"])
                .with_step(run("ok").when("always()"))
                .with_step(run("ok").when("cancelled()"))
                .with_step(run("ok").when("failure()")),
            job("queued", &["ok"]),
            job("behind", &["ok"]).needs(&["a"]),
            job("report", &["ok ${{ needs.a.result }}"])
                .needs(&["a"])
                .when("always()"),
        ],
        1,
    );
    harness.settle().want(cancel()).finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Cancelled));
}

#[test]
fn what_always_runs_is_not_touched_by_a_cancellation() {
    let mut harness = Harness::of(vec![
        job("spared", &["hang"]).when("always()"),
        job("a", &["ok"]).with_step(run("hang").when("always()")),
    ]);
    harness.settle().want(cancel());
    harness.end("step/a/2#1", StepExit::Success);
    harness.end("step/spared/1#1", StepExit::Success).finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_clean_up_that_does_not_end_is_ended() {
    let mut harness = Harness::of(vec![
        job("a", &["hang"])
            .with_step(run("hang").when("always()"))
            .with_step(run("ok").when("always()")),
    ]);
    harness.settle().want(cancel()).pass(Duration::from_mins(5)).finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_killed_run_does_nothing_more() {
    let mut harness = Harness::with_slots(
        vec![
            job("a", &["hang"]).with_step(run("ok").when("always()")),
            job("queued", &["ok"]),
            job("report", &["ok"]).needs(&["a"]).when("always()"),
        ],
        1,
    );
    harness.settle();
    // The signal is on its way when the second one comes.
    harness.feed(cancel()).unwrap();
    harness.feed(kill()).unwrap();
    assert_eq!(harness.feed(kill()), Err(RunRejection::AlreadyKilled));
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_intent_that_comes_too_late_is_refused_in_words() {
    let mut harness = Harness::of(vec![job("a", &["hang"])]);
    harness.settle();
    // The step takes its time to end.
    harness.feed(cancel()).unwrap();
    assert_eq!(harness.feed(cancel()), Err(RunRejection::AlreadyCancelled));
    harness.finish();
    let refusal = harness.feed(cancel()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the run is over: it ended in cancelled; start a new one to run it again"
    );
    assert_eq!(harness.feed(kill()), Err(refusal));
}

#[test]
fn a_job_that_takes_too_long_is_cancelled_and_fails_the_run() {
    let mut harness = Harness::of(vec![
        job("slow", &["hang"])
            .minutes("2")
            .with_step(run("ok").when("always()")),
        job("default", &["hang"]),
        job("behind", &["ok"]).needs(&["slow"]),
    ]);
    harness
        .settle()
        .pass(Duration::from_secs(119))
        .pass(Duration::from_secs(1));
    harness.pass(Duration::from_hours(6)).finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Failure));
}

#[test]
fn a_step_that_takes_too_long_fails() {
    let mut harness = Harness::of(vec![
        job("a", &[])
            .with_step(run("hang").minutes("1.9").tolerant())
            .with_step(run("ok")),
    ]);
    harness.settle().pass(Duration::from_mins(1)).finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_composite_that_takes_too_long_fails_with_all_inside() {
    let inner = composite(&[], &[], vec![run("hang"), run("ok").when("always()")]);
    let outer = composite(&[], &[], vec![uses("./inner", &[]), run("ok").when("always()")]);
    let mut harness = Harness::of(vec![
        job("a", &[])
            .with_step(uses("./outer", &[]).minutes("1"))
            .with_step(run("ok").when("failure()")),
    ]);
    harness.actions.insert("./outer".into(), outer);
    harness.actions.insert("./inner".into(), inner);
    harness.settle().pass(Duration::from_mins(1)).finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_step_that_ends_well_before_the_signal_reaches_it_has_succeeded() {
    let mut harness = Harness::of(vec![job("a", &["hang"])]);
    harness.settle();
    harness.feed(cancel()).unwrap();
    let key = EffectKey::new("step/a/1#1");
    assert!(matches!(harness.run.effects().get(&key), Some(RunEffect::Stop(_))));
    harness.end("step/a/1#1", StepExit::Success).finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_timer_that_fires_early_is_ignored() {
    let mut harness = Harness::of(vec![job("a", &["hang"]).minutes("1")]);
    harness.settle();
    let key = EffectKey::new("wake/timeout/a");
    assert_eq!(harness.feed(RunInput::Woken { key: key.clone() }), Ok(Vec::new()));
    assert!(harness.run.effects().contains_key(&key));
}

#[test]
fn less_than_a_minute_is_no_limit_for_a_step() {
    for minutes in ["0", "-5", "0.02", "${{ fromJSON('0.02') }}", "${{ fromJSON('0') }}"] {
        let mut harness = Harness::of(vec![job("a", &[]).with_step(run("hang").minutes(minutes))]);
        harness
            .settle()
            .pass(Duration::from_hours(5))
            .end("step/a/1#1", StepExit::Success);
        assert_eq!(harness.run.conclusion(), Some(Conclusion::Success), "{minutes}");
        assert_eq!(harness.run.jobs().next().unwrap().steps()[0].notice, None);
    }
}

#[test]
fn a_limit_that_is_no_number_is_told_and_limits_nothing() {
    for (minutes, says) in [
        ("${{ github.ref_name }}", "is `main` of the kind string"),
        ("${{ vars.NOPE }}", "of the kind null"),
        ("${{ fromJSON('{') }}", "cannot be evaluated"),
    ] {
        let mut harness = Harness::of(vec![job("a", &[]).with_step(run("hang").minutes(minutes))]);
        harness
            .settle()
            .pass(Duration::from_hours(5))
            .end("step/a/1#1", StepExit::Success);
        assert_eq!(harness.run.conclusion(), Some(Conclusion::Success), "{minutes}");
        let notice = harness.run.jobs().next().unwrap().steps()[0].notice.clone().unwrap();
        assert!(notice.contains(says) && notice.contains("without a limit"), "{notice}");
    }
}
