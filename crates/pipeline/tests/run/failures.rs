//! What the list of failures says: the step that is to blame, its place, and whether it counts.

use std::time::Duration;

use lockgate_pipeline::definition::{Job, Place, Step};
use lockgate_pipeline::run::{Blame, Conclusion, RunInput};

use crate::harness::{Harness, plan, start};
use crate::write::{JobWords, StepWords, composite, entries, job, run, uses};

fn at(mut step: Step, file: &str, line: usize) -> Step {
    step.place = Place::new(file, line, 7);
    step
}

fn empty(id: &str) -> Job {
    job(id, &[])
}

/// Returns a line for each failure.
fn failures(harness: &Harness) -> Vec<String> {
    let failures = harness.run.failures();
    let line = |failed: &lockgate_pipeline::run::Failed<'_>| {
        let step = failed.step.map_or(String::new(), |step| format!(" › {}", step.name));
        let place = failed
            .place
            .as_ref()
            .map_or(String::new(), |place| format!(" ({place})"));
        let mark = match failed.weight {
            Blame::Counts => "",
            Blame::Allowed => "allowed: ",
        };
        let reason = failed.reason.unwrap_or("-");
        format!("{mark}{}{step}{place}: {reason}", failed.job.name())
    };
    failures.iter().map(line).collect()
}

#[test]
fn what_may_fail_is_marked() {
    let mut harness = Harness::of(vec![
        empty("strict")
            .with_step(at(run("fail 3").tolerant(), "ci.yml", 5))
            .with_step(at(run("fail 4"), "ci.yml", 6)),
        empty("tolerant").with_step(at(run("fail 5"), "ci.yml", 9)).tolerant(),
        empty("well").with_step(at(run("fail 6").tolerant(), "ci.yml", 12)),
    ]);
    harness.finish();
    assert_eq!(
        failures(&harness),
        [
            "allowed: strict › Run fail 3 (ci.yml:5:7): exit code 3",
            "strict › Run fail 4 (ci.yml:6:7): exit code 4",
            "allowed: tolerant › Run fail 5 (ci.yml:9:7): exit code 5",
            "allowed: well › Run fail 6 (ci.yml:12:7): exit code 6",
        ]
    );
}

#[test]
fn in_a_composite_action_the_step_of_the_action_is_named_once() {
    let mut harness = Harness::of(vec![
        empty("a").with_step(at(uses("./outer", &[]), "ci.yml", 5)),
        empty("b").with_step(at(uses("./inner", &[]).tolerant(), "ci.yml", 8)),
        empty("c").with_step(at(uses("./careful", &[]), "ci.yml", 11)),
    ]);
    let inner = composite(&[], &[], vec![at(run("fail 2"), "inner/action.yml", 4)]);
    let outer = composite(&[], &[], vec![at(uses("./inner", &[]), "outer/action.yml", 5)]);
    let careful = composite(
        &[],
        &[],
        vec![
            at(run("fail 9").tolerant(), "careful/action.yml", 4),
            at(run("ok"), "careful/action.yml", 5),
        ],
    );
    for (name, action) in [("./inner", inner), ("./outer", outer), ("./careful", careful)] {
        harness.actions.insert(name.into(), action);
    }
    harness.finish();
    assert_eq!(
        failures(&harness),
        [
            "a › Run fail 2 (inner/action.yml:4:7): exit code 2",
            "allowed: b › Run fail 2 (inner/action.yml:4:7): exit code 2",
            "allowed: c › Run fail 9 (careful/action.yml:4:7): exit code 9",
        ]
    );
}

#[test]
fn a_job_that_took_too_long_is_among_the_failures() {
    let mut slow = job("slow", &["hang"]).minutes("1");
    slow.places.insert("timeout-minutes".into(), (4, 5));
    let mut harness = Harness::of(vec![slow, job("allowed", &["hang"]).minutes("1").tolerant()]);
    harness.settle().pass(Duration::from_mins(1)).finish();
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Failure));
    let why = "the job took longer than 1m; raise `timeout-minutes`";
    assert_eq!(
        failures(&harness),
        [
            format!("slow (ci.yml:4:5): {why}"),
            format!("allowed: allowed (ci.yml:1:1): {why}"),
        ]
    );
}

#[test]
fn what_was_cancelled_has_not_failed() {
    let mut harness = Harness::of(vec![job("a", &["hang"]), job("b", &["ok"]).needs(&["a"])]);
    harness.settle().want(RunInput::Cancel { by: "mona".into() }).finish();
    assert_eq!(failures(&harness), [""; 0]);
}

#[test]
fn what_a_job_cannot_evaluate_has_a_place() {
    let broken = "${{ fromJSON('{') }}";
    let before = || job("before", &["ok"]);
    let placed = |mut job: Job, key: &str| {
        job.places.insert(key.to_owned(), (7, 9));
        job
    };
    let mut env = job("env", &["ok"]).needs(&["before"]);
    env.env = entries(&[("A", "ok"), ("B", broken)]);
    let mut tolerant = job("tolerant", &["ok"]);
    tolerant.continue_on_error = Some(crate::write::template(broken));
    let mut matrix = job("matrix", &["ok"]).needs(&["before"]);
    matrix.strategy.matrix = Some(lockgate_pipeline::definition::Matrix::Deferred(crate::write::template(
        "${{ fromJSON(needs.before.outputs.none) }}",
    )));
    let pipeline = crate::write::pipeline(vec![
        before(),
        placed(env, "env.B"),
        placed(job("outputs", &["ok"]).outputs(&[("o", broken)]), "outputs.o"),
        placed(job("minutes", &["ok"]).minutes("${{ 'many' }}"), "timeout-minutes"),
        placed(tolerant, "continue-on-error"),
        placed(matrix, "strategy.matrix"),
        placed(
            job("condition", &["ok"])
                .needs(&["before"])
                .when("always() && fromJSON(needs.before.outputs.none)"),
            "if",
        ),
    ]);
    let mut harness = Harness::new(start(plan(pipeline), 64));
    harness.finish();
    let found = failures(&harness);
    assert_eq!(found.len(), 6, "{found:#?}");
    for line in found {
        assert!(line.contains(": ci.yml:7:9: "), "{line}");
    }
}

#[test]
fn a_variable_of_the_workflow_has_its_place_there() {
    let mut pipeline = crate::write::pipeline(vec![job("a", &["ok"])]);
    pipeline.env = entries(&[("TOP", "${{ fromJSON('{') }}")]);
    pipeline.places.insert("env.TOP".into(), (3, 3));
    let mut harness = Harness::new(start(plan(pipeline), 64));
    harness.finish();
    let found = failures(&harness);
    assert!(
        found[0].starts_with("a: ci.yml:3:3: `env.TOP` cannot be evaluated"),
        "{found:?}"
    );
}
