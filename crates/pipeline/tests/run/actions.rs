//! Composite, JavaScript and built-in actions.

use insta::assert_snapshot;
use lockgate_pipeline::run::effect::{AttemptBody, Phase};

use crate::harness::Harness;
use crate::write::{JobWords, StepWords, composite, javascript, job, run, uses};

#[test]
fn a_composite_action_has_inputs_outputs_and_steps_of_its_own() {
    let inner = composite(
        &[("who", "nobody")],
        &[("said", "${{ steps.say.outputs.text }}")],
        vec![
            run("out text=hello ${{ inputs.who }} from ${{ env.PLACE }} in ${{ github.action_path }}").called("say"),
            run("ok").when("inputs.who == 'nobody'"),
        ],
    );
    let outer = composite(
        &[("name", "${{ github.actor }}")],
        &[("said", "${{ steps.inner.outputs.said }}")],
        vec![
            uses("./inner", &[("who", "${{ inputs.name }}")]).called("inner"),
            run("env FROM_INSIDE=1"),
        ],
    );
    let work = job("a", &[])
        .with_step(uses("./outer", &[]).called("outer").env(&[("PLACE", "here")]))
        .with_step(run(
            "out x=${{ steps.outer.outputs.said }}|${{ steps.inner.outputs.said }}|${{ env.PLACE }}",
        ))
        .outputs(&[("said", "${{ steps.outer.outputs.said }}")]);
    let mut harness = Harness::of(vec![work]);
    harness.actions.insert("./outer".into(), outer);
    harness.actions.insert("./inner".into(), inner);
    harness.finish();
    assert_snapshot!(harness.transcript);
    let innermost = harness.attempt("a", "1.1.1");
    assert_eq!(innermost.env.get("PLACE"), Some("here"));
    assert_eq!(innermost.env.get("GITHUB_ACTION_PATH"), Some("/action/inner"));
    assert_eq!(innermost.env.get("GITHUB_ACTION"), Some("say"));
    assert_eq!(harness.attempt("a", "2").env.get("PLACE"), None);
    assert_eq!(harness.attempt("a", "2").env.get("FROM_INSIDE"), Some("1"));
}

#[test]
fn a_failure_inside_stops_the_rest_inside_and_fails_the_step() {
    let action = composite(
        &[],
        &[],
        vec![
            run("fail 3"),
            run("ok"),
            run("ok").when("failure()"),
            run("ok").when("always()"),
        ],
    );
    let work = job("a", &[])
        .with_step(uses("./act", &[]).called("act").tolerant())
        .with_step(run("ok ${{ steps.act.outcome }}"));
    let mut harness = Harness::of(vec![work]);
    harness.actions.insert("./act".into(), action);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn after_a_failure_a_composite_that_always_runs_begins_afresh() {
    let action = composite(&[], &[], vec![run("ok")]);
    let work = job("a", &["fail 1"]).with_step(uses("./act", &[]).when("always()"));
    let mut harness = Harness::of(vec![work]);
    harness.actions.insert("./act".into(), action);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_action_that_uses_itself_is_refused() {
    let mut harness = Harness::of(vec![job("a", &[]).with_step(uses("./loop", &[]))]);
    harness
        .actions
        .insert("./loop".into(), composite(&[], &[], vec![uses("./loop", &[])]));
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn what_is_left_for_after_the_job_runs_last_in_first_out() {
    let work = job("a", &[])
        .with_step(uses("./one", &[("some input", "x")]))
        .with_step(uses("./wrap", &[]))
        .with_step(uses("actions/cache@v4", &[("Path", "target"), ("key", "k")]))
        .with_step(run("fail 1"));
    let mut harness = Harness::of(vec![work]);
    harness.actions.insert(
        "./one".into(),
        javascript(&[("some input", ""), ("other", "d")], Some("post.js")),
    );
    harness.actions.insert("./two".into(), javascript(&[], Some("post.js")));
    harness
        .actions
        .insert("./wrap".into(), composite(&[], &[], vec![uses("./two", &[])]));
    harness.finish();
    assert_snapshot!(harness.transcript);
    let post = harness.attempt("a", "1.post");
    assert_eq!(post.env.get("STATE_from"), Some("main.js"));
    assert_eq!(post.env.get("INPUT_SOME_INPUT"), Some("x"));
    assert_eq!(post.env.get("INPUT_OTHER"), Some("d"));
    assert!(matches!(&post.body, AttemptBody::Node { entry, phase: Phase::Post, .. } if entry == "post.js"));
    let notice = harness.run.jobs().next().unwrap().steps()[0].notice.clone();
    assert!(notice.unwrap().contains("`pre`"));
}

#[test]
fn a_cache_is_saved_with_what_its_restore_learnt() {
    let work = job("a", &[]).with_step(uses(
        "actions/cache@v4",
        &[("Path", "target"), ("key", "k-${{ runner.os }}")],
    ));
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    let AttemptBody::Builtin { inputs, state, .. } = &harness.attempt("a", "1.post").body else {
        panic!("a built-in action");
    };
    assert_eq!(format!("{inputs:?}"), r#"{"key": "k-Linux", "path": "target"}"#);
    assert_eq!(format!("{state:?}"), r#"{"key": "hit"}"#);
}

#[test]
fn a_missing_action_fails_its_step_in_words() {
    let mut harness = Harness::of(vec![job("a", &[]).with_step(uses("./nowhere", &[]))]);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_if_inside_that_cannot_be_evaluated_ends_the_action() {
    let inside = vec![run("ok").tolerant().when("fromJSON('{')"), run("ok").when("always()")];
    let action = composite(&[], &[("left", "${{ inputs.x }}here")], inside);
    let work = job("a", &[])
        .with_step(
            uses("./act", &[])
                .called("act")
                .tolerant_if("${{ steps.act.outputs.left == 'here' }}"),
        )
        .with_step(run("ok ${{ steps.act.outcome }} ${{ steps.act.conclusion }}"));
    let mut harness = Harness::of(vec![work]);
    harness.actions.insert("./act".into(), action);
    harness.finish();
    assert_snapshot!(harness.transcript);
}
