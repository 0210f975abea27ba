//! Which steps run, with what, and how they count.

use insta::assert_snapshot;
use lockgate_pipeline::definition::Step;
use lockgate_pipeline::run::effect::AttemptBody;
use lockgate_pipeline::run::{Conclusion, OnInterrupt, Outcome, StepExit, StepState};

use crate::harness::{Harness, plan, start};
use crate::write::{JobWords, StepWords, composite, entries, job, pipeline, run, template, uses};

#[test]
fn after_a_failure_only_those_who_ask_run() {
    let work = job("a", &["fail 7", "ok"])
        .with_step(run("ok").when("failure()"))
        .with_step(run("ok").when("always()"))
        .with_step(run("ok").when("cancelled()"))
        .with_step(run("ok").when("success()"));
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_step_that_may_fail_has_an_outcome_and_a_conclusion() {
    let work = job("a", &[])
        .with_step(run("fail 1").called("flaky").tolerant())
        .with_step(run("out seen=${{ steps.flaky.outcome }}/${{ steps.flaky.conclusion }}").called("see"))
        .outputs(&[
            ("seen", "${{ steps.see.outputs.seen }}"),
            ("status", "${{ job.status }}"),
        ]);
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn variables_of_a_workflow_and_of_a_job_know_where_it_runs() {
    let mut work = job("a", &[]).with_step(run("out x=${{ env.W }}").env(&[("S", "${{ env.E }}")]));
    let given = [
        ("J", "${{ github.job }}"),
        ("E", "${{ github['event_path'] }}"),
        ("Z", "job"),
    ];
    work.env = entries(&given);
    let mut pipeline = pipeline(vec![work]);
    let given = [
        ("W", "${{ github.workspace }}/x"),
        ("Z", "${{ github.workspace }}"),
        ("E", "workflow"),
        ("G", "${{ fromJSON(toJSON(github)).workspace }}"),
    ];
    pipeline.env = entries(&given);
    let mut harness = Harness::new(start(plan(pipeline), 4));
    harness.finish();
    let step = harness.attempt("a", "1");
    let seen = ["W", "J", "E", "Z", "G", "S"].map(|name| step.env.get(name).unwrap());
    let event = "/w/a/event.json";
    assert_eq!(seen, ["/w/a/work/x", "a", event, "job", "/w/a/work", event]);
    let AttemptBody::Run { script, .. } = &step.body else {
        panic!("a script");
    };
    assert_eq!(script, "out x=/w/a/work/x");
}

#[test]
fn a_variable_that_cannot_be_evaluated_where_the_job_runs_fails_it() {
    let mut work = job("a", &["ok"]);
    work.env = entries(&[("W", "${{ fromJSON(github.workspace) }}")]);
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    let job = harness.run.jobs().next().unwrap();
    let reason = job.reason().unwrap();
    assert!(reason.contains("`env.W` cannot be evaluated"), "{reason}");
    assert!(harness.performed.is_empty());
}

#[test]
fn the_nearest_variable_wins() {
    let mut work = job("a", &[])
        .with_step(run("env A=file\nenv GITHUB_SHA=forged\npath /one\npath /two"))
        .with_step(run("out x=${{ env.A }} ${{ env.B }} ${{ env.C }}").env(&[("B", "step"), ("a", "lower")]))
        .with_step(run("path /one"))
        .with_step(run("ok"));
    work.env = entries(&[("A", "job"), ("B", "job ${{ github.ref_name }}"), ("C", "job")]);
    let mut pipeline = pipeline(vec![work]);
    pipeline.env = entries(&[("A", "workflow"), ("C", "workflow"), ("D", "${{ secrets.TOKEN }}")]);
    let mut harness = Harness::new(start(plan(pipeline), 4));
    harness.finish();
    let second = harness.attempt("a", "2");
    let seen = ["A", "B", "C", "a", "GITHUB_SHA", "GITHUB_JOB", "CI"].map(|name| second.env.get(name).unwrap());
    assert_eq!(seen, ["file", "step", "job", "lower", "abc", "a", "true"]);
    let token = second.env.get("D").unwrap();
    assert!(lockgate_pipeline::expression::secret::contains_marker(token));
    let AttemptBody::Run { script, .. } = &second.body else {
        panic!("a script");
    };
    assert_eq!(script, "out x=file step job");
    assert_eq!(*harness.attempt("a", "2").path_additions, ["/two", "/one"]);
    assert_eq!(*harness.attempt("a", "4").path_additions, ["/one", "/two"]);
}

#[test]
fn a_secret_in_the_name_of_a_step_is_stars() {
    let mut harness = Harness::of(vec![job("a", &["ok ${{ secrets.TOKEN }} ${{ github.job }}"])]);
    harness.finish();
    let job = harness.run.jobs().next().unwrap();
    assert_eq!(job.steps()[0].name, "Run ok *** a");
}

#[test]
fn what_a_step_knows_of_its_place() {
    let work = job(
        "a",
        &[
            "ok ${{ runner.os }} ${{ github.workspace }} ${{ github.job }} ${{ github.action }}",
            "ok",
        ],
    );
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    let AttemptBody::Run { script, .. } = &harness.attempt("a", "1").body else {
        panic!("a script");
    };
    assert_eq!(script, "ok Linux /w/a/work a __run");
    let env = harness.attempt("a", "2").env.flatten();
    let lines: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn defaults_reach_the_steps_that_say_nothing() {
    let mut work = job("a", &["ok"]);
    work.defaults.shell = Some(template("bash"));
    let mut pipeline = pipeline(vec![work]);
    pipeline.defaults.shell = Some(template("sh"));
    pipeline.defaults.working_directory = Some(template("sub"));
    let mut harness = Harness::new(start(plan(pipeline), 4));
    harness.finish();
    let AttemptBody::Run {
        shell,
        working_directory,
        ..
    } = &harness.attempt("a", "1").body
    else {
        panic!("a script");
    };
    assert_eq!(
        (shell.as_deref(), working_directory.as_deref()),
        (Some("bash"), Some("sub"))
    );
}

#[test]
fn a_digest_is_asked_for_once_per_step() {
    let work = job(
        "a",
        &["out key=${{ hashFiles('Cargo.lock') }} ${{ hashFiles('Cargo.lock') }}"],
    )
    .with_step(run("ok").when("hashFiles('Cargo.lock') == ''"))
    .with_step(run("ok ${{ hashFiles('missing') }}"));
    let mut harness = Harness::of(vec![work]);
    harness.digests.insert("Cargo.lock".into(), "5eed".into());
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_expression_that_fails_fails_its_step_in_words() {
    let work = job("a", &[])
        .with_step(run("ok ${{ fromJSON('{') }}").tolerant())
        .with_step(run("ok").when("fromJSON('x')"));
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_interrupted_step_fails_and_says_so() {
    let mut harness = Harness::of(vec![job("a", &["vanish"])]);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_interrupted_step_is_tried_again_where_that_is_allowed() {
    let mut start = start(plan(pipeline(vec![job("a", &["vanish"])])), 1);
    start.on_interrupt = OnInterrupt::Retry;
    let mut harness = Harness::new(start);
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(
        harness.performed.keys().collect::<Vec<_>>(),
        ["r1.a.1-1", "r1.a.1-2", "r1.a.1-3"]
    );
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Failure));
}

#[test]
fn a_step_that_somebody_else_stops_has_failed() {
    let mut harness = Harness::of(vec![job("a", &["hang", "ok"])]);
    harness.settle().end("step/a/1#1", StepExit::Cancelled).finish();
    assert_snapshot!(harness.transcript);
}

/// Returns how a step that fails, or does not, counts with this `continue-on-error`, and why.
#[track_caller]
fn tolerated(script: &str, continue_on_error: &str) -> (Outcome, Option<String>) {
    let work = job("a", &["out no=abc\nout yes=true"]).with_step(run("ok").called("p"));
    let mut work = work.with_step(run(script).called("it").tolerant_if(continue_on_error));
    work.steps[0].id = Some("before".into());
    let mut harness = Harness::of(vec![work]);
    harness.digests.insert("Cargo.lock".into(), "5eed".into());
    harness.finish();
    let jobs: Vec<_> = harness.run.jobs().collect();
    let StepState::Over { conclusion, .. } = jobs[0].steps()[2].state else {
        panic!("it is over");
    };
    (conclusion, jobs[0].steps()[2].reason.clone())
}

#[test]
fn what_is_wrong_with_continue_on_error_spoils_no_step_that_is_well() {
    for continue_on_error in [
        "${{ steps.before.outputs.no }}",
        "${{ fromJSON('{') }}",
        "${{ vars.NOPE }}",
    ] {
        assert_eq!(tolerated("ok", continue_on_error), (Outcome::Success, None));
    }
}

#[test]
fn only_a_boolean_forgives_and_it_is_asked_for_behind_the_failure() {
    for (continue_on_error, conclusion, says) in [
        ("true", Outcome::Success, None),
        ("${{ fromJSON(steps.before.outputs.yes) }}", Outcome::Success, None),
        ("${{ fromJSON(steps.it.outputs.flaky) }}", Outcome::Success, None),
        ("${{ steps.it.outputs.flaky != 'true' }}", Outcome::Failure, None),
        ("${{ hashFiles('Cargo.lock') == '5eed' }}", Outcome::Success, None),
        (
            "${{ steps.before.outputs.yes }}",
            Outcome::Failure,
            Some("the text `true`"),
        ),
        (
            "${{ steps.before.outputs.no }}",
            Outcome::Failure,
            Some("the text `abc`"),
        ),
        ("${{ vars.NOPE }}", Outcome::Failure, Some("is empty")),
        ("${{ fromJSON('{') }}", Outcome::Failure, Some("cannot be evaluated")),
    ] {
        let (counts, reason) = tolerated("out flaky=true\nfail 1", continue_on_error);
        let reason = reason.unwrap();
        assert_eq!(counts, conclusion, "{continue_on_error}: {reason}");
        assert!(reason.starts_with("exit code 1"), "{reason}");
        assert!(says.is_none_or(|says| reason.contains(says)), "{reason}");
        assert_eq!(says.is_none(), reason == "exit code 1");
    }
}

#[test]
fn nothing_forgives_an_if_or_a_variable_that_cannot_be_evaluated() {
    let work = job("a", &[])
        .with_step(run("ok").tolerant().when("fromJSON('{')"))
        .with_step(
            run("ok")
                .tolerant()
                .when("always()")
                .env(&[("X", "${{ fromJSON('{') }}")]),
        )
        // What only the running of the step needs is forgiven.
        .with_step(run("ok ${{ fromJSON('{') }}").tolerant().when("always()"));
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    let jobs: Vec<_> = harness.run.jobs().collect();
    let ends = jobs[0].steps().iter().map(|step| match step.state {
        StepState::Over { conclusion, .. } => conclusion,
        StepState::Running => panic!("it is over"),
    });
    let ends: Vec<_> = ends.collect();
    assert_eq!(ends, [Outcome::Failure, Outcome::Failure, Outcome::Success]);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Failure));
}

#[test]
fn a_name_that_cannot_be_evaluated_is_left_as_written_and_an_empty_one_is_none() {
    let name = |script: &str, name: &str| Step {
        name: Some(template(name)),
        ..run(script)
    };
    let action = Step {
        name: Some(template("")),
        ..uses("./act", &[])
    };
    let work = job("a", &[])
        .with_step(name("one", "Make ${{ fromJSON('{') }}"))
        .with_step(name("two", ""))
        .with_step(name("three", "${{ vars.NOPE }}"))
        .with_step(action);
    let mut harness = Harness::of(vec![work]);
    harness
        .actions
        .insert("./act".into(), composite(&[], &[], vec![name("four", "")]));
    harness.finish();
    let jobs: Vec<_> = harness.run.jobs().collect();
    let names: Vec<_> = jobs[0].steps().iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Make ${{ fromJSON('{') }}",
            "Run two",
            "Run three",
            "Run ./act",
            "Run four"
        ]
    );
    let notices: Vec<_> = jobs[0].steps().iter().filter_map(|step| step.notice.as_ref()).collect();
    assert!(
        notices.len() == 1 && notices[0].contains("`name` cannot be evaluated"),
        "{notices:?}"
    );
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Success));
}

#[test]
fn outputs_and_variables_are_in_the_order_in_which_they_were_first_set() {
    let read = "ok ${{ join(steps.z.outputs.*, ',') }} ${{ join(env.*, ',') }}";
    let mut work = job("a", &[])
        .with_step(run("out z=1\nout a=2\nout m=3\nout a=4\nenv Q=7\nenv B=8").called("z"))
        .with_step(run(read).env(&[("S", "9"), ("Z", "0")]))
        .outputs(&[("y", "${{ steps.z.outputs.m }}"), ("b", "${{ steps.z.outputs.a }}")]);
    work.env = entries(&[("J", "5"), ("G", "${{ github.workspace }}"), ("W", "6")]);
    let after = job("b", &["ok ${{ join(needs.a.outputs.*, ',') }}"]).needs(&["a"]);
    let mut pipeline = pipeline(vec![work, after]);
    pipeline.env = entries(&[("Z", "1"), ("W", "2")]);
    let mut harness = Harness::new(start(plan(pipeline), 4));
    harness.finish();
    let script = |job: &str, path: &str| match &harness.attempt(job, path).body {
        AttemptBody::Run { script, .. } => script.clone(),
        _ => panic!("a script"),
    };
    assert_eq!(script("a", "2"), "ok 1,4,3 0,6,5,/w/a/work,7,8,9");
    assert_eq!(script("b", "1"), "ok 3,4");
}
