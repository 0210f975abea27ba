//! Which jobs run, when, and how they count.

use insta::assert_snapshot;
use lockgate_pipeline::definition::{Concurrency, Matrix, TemplateValue};
use lockgate_pipeline::run::{Conclusion, JobStatus, Outcome, StepExit, foreseen};

use crate::harness::{Harness, plan, start};
use crate::write::{JobWords, StepWords, job, pipeline, run, template};

#[test]
fn ready_jobs_run_side_by_side_within_their_slots() {
    let mut harness = Harness::with_slots(vec![job("a", &["hang"]), job("b", &["hang"]), job("c", &["ok"])], 2);
    harness.settle();
    harness.end("step/b/1#1", StepExit::Success);
    harness.end("step/a/1#1", StepExit::Success).finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn no_wave_holds_a_ready_job_back() {
    let mut harness = Harness::of(vec![
        job("slow", &["hang"]),
        job("quick", &["ok"]),
        job("behind", &["ok"]).needs(&["quick"]),
    ]);
    harness.settle();
    let status = |id: &str| harness.run.jobs().find(|job| job.id() == id).unwrap().status();
    let success = JobStatus::Over {
        outcome: Outcome::Success,
        conclusion: Outcome::Success,
    };
    assert_eq!((status("slow"), status("behind")), (JobStatus::Running, success));
}

#[test]
fn skipping_spreads_and_always_does_not_care() {
    let mut harness = Harness::of(vec![
        job("broken", &["fail 2"]),
        job("after", &["ok"]).needs(&["broken"]),
        job("farther", &["ok"]).needs(&["after"]),
        job("cleanup", &["ok"]).needs(&["after"]).when("always()"),
        // Its direct need succeeded, but not everything before it.
        job("behind-cleanup", &["ok"]).needs(&["cleanup"]),
        job("alarm", &["ok"]).needs(&["farther"]).when("failure()"),
        job("reads", &["ok"])
            .needs(&["broken"])
            .when("always() && needs.broken.result == 'failure'"),
        job("never", &["ok"]).when("github.ref == 'refs/heads/other'"),
    ]);
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Failure));
    let never = harness.run.jobs().find(|job| job.id() == "never").unwrap();
    assert_eq!(
        never.reason(),
        Some("its condition does not hold: `github.ref == 'refs/heads/other'`")
    );
}

#[test]
fn what_the_plan_leaves_out_hides_nothing_that_is_before_it() {
    let mut harness = Harness::of(vec![
        job("build", &["fail 2"]),
        job("deploy", &["ok"])
            .needs(&["build"])
            .when("github.ref == 'refs/heads/other'"),
        job("verify", &["ok"])
            .needs(&["deploy"])
            .when("github.ref == 'refs/heads/other'"),
        job("notify", &["ok"]).needs(&["verify"]).when("failure()"),
    ]);
    harness.finish();
    let notify = harness.run.jobs().find(|job| job.id() == "notify").unwrap();
    let success = JobStatus::Over {
        outcome: Outcome::Success,
        conclusion: Outcome::Success,
    };
    assert_eq!(notify.status(), success);
}

#[test]
fn fail_fast_cancels_the_siblings() {
    let mut harness = Harness::with_slots(
        vec![job("m", &["${{ matrix.do }}"]).axis("do", r#"["hang", "hang", "fail 1", "ok"]"#)],
        3,
    );
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn without_fail_fast_the_siblings_go_on() {
    let mut m = job("m", &["${{ matrix.do }}"]).axis("do", r#"["fail 1", "ok"]"#);
    m.strategy.fail_fast = Some(template("false"));
    let mut harness = Harness::with_slots(vec![m], 1);
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_leg_that_may_fail_cancels_nobody() {
    let mut m = job("m", &["${{ matrix.do }}"]).axis("do", r#"["fail 1", "ok"]"#);
    m.continue_on_error = Some(template("${{ matrix.do != 'ok' }}"));
    let mut harness = Harness::with_slots(vec![m, job("after", &["ok"]).needs(&["m"])], 1);
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Success));
}

#[test]
fn max_parallel_bounds_one_matrix_and_no_other_job() {
    let mut m = job("m", &["hang"]).axis("n", "[1, 2, 3]");
    m.strategy.max_parallel = Some(template("2"));
    let mut harness = Harness::of(vec![m, job("other", &["ok"])]);
    harness.settle();
    harness.end("step/m (2)/1#1", StepExit::Success);
    harness.end("step/m (1)/1#1", StepExit::Success);
    harness.end("step/m (3)/1#1", StepExit::Success).finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn a_matrix_comes_from_an_output() {
    let list = run("out list={\"n\": [1, 2], \"include\": [{\"n\": 3, \"extra\": true}]}").called("list");
    let make = job("make", &[])
        .with_step(list)
        .outputs(&[("list", "${{ steps.list.outputs.list }}")]);
    let mut each = job(
        "each",
        &["out got=${{ matrix.n }}-${{ matrix.extra }} of ${{ strategy.job-total }}"],
    )
    .needs(&["make"])
    .outputs(&[("last", "${{ matrix.n }}")]);
    each.strategy.matrix = Some(Matrix::Deferred(template("${{ fromJSON(needs.make.outputs.list) }}")));
    each.name = Some(template("number ${{ matrix.n }}"));
    let after = job("after", &["out x=${{ needs.each.outputs.last }}"]).needs(&["each"]);
    let mut harness = Harness::with_slots(vec![make, each, after], 1);
    harness.finish();
    assert_snapshot!(harness.transcript);
    let names: Vec<_> = harness.run.jobs().map(|job| job.name()).collect();
    assert_eq!(names, ["make", "number 1", "number 2", "number 3", "after"]);
}

#[test]
fn a_matrix_that_makes_no_sense_fails_its_job_in_words() {
    let make = job("make", &["ok"]).outputs(&[("list", "[]")]);
    let mut each = job("each", &["ok"]).needs(&["make"]);
    each.strategy.matrix = Some(Matrix::Deferred(template("${{ fromJSON(needs.make.outputs.list) }}")));
    let mut harness = Harness::of(vec![make, each]);
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Failure));
}

#[test]
fn a_job_that_may_fail_counts_as_success() {
    let mut harness = Harness::of(vec![
        job("flaky", &["fail 1"]).tolerant(),
        job("after", &["ok ${{ needs.flaky.result }}"]).needs(&["flaky"]),
    ]);
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Success));
}

#[test]
fn a_job_without_a_workspace_fails_in_words() {
    let mut harness = Harness::of(vec![job("a", &["ok"])]);
    harness.homeless.insert("a".into());
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_output_with_a_secret_is_withheld() {
    let leak = job("leak", &["ok"]).outputs(&[("a", "x ${{ secrets.TOKEN }}"), ("b", "plain"), ("c", "")]);
    let mut harness = Harness::of(vec![leak]);
    harness.finish();
    let leak = harness.run.jobs().next().unwrap();
    assert_eq!(leak.withheld_outputs(), ["a"]);
    assert_eq!(leak.outputs().unwrap().keys().collect::<Vec<_>>(), ["b"]);
}

/// Returns how a job ends whose `runs-on` is `written`, and what was foreseen of it.
#[track_caller]
fn runs_on(written: TemplateValue) -> (Vec<String>, Option<String>) {
    let mut work = job("a", &["ok"]);
    work.runs_on.labels = Some(written);
    let plan = plan(pipeline(vec![work]));
    let foreseen = foreseen(&plan).into_iter().map(|found| found.words).collect();
    let mut harness = Harness::new(start(plan, 4));
    harness.finish();
    let job = harness.run.jobs().next().unwrap();
    (foreseen, job.reason().map(str::to_owned))
}

#[test]
fn what_is_no_label_fails_the_job_in_words() {
    let one = |text: &str| TemplateValue::Template(template(text));
    let two = TemplateValue::List(vec![one("${{ vars.NOPE }}"), TemplateValue::Literal("x".into())]);
    for (written, says) in [
        (one("${{ vars.NOPE }}"), "is empty"),
        (one("${{ fromJSON('{}') }}"), "has neither `group` nor `labels`"),
        (one("${{ fromJSON('{\"label\": \"x\"}') }}"), "has the key `label`"),
        (one("${{ fromJSON('[]') }}"), "is a list without labels"),
        (two, "has an item that is empty"),
        (
            one("${{ fromJSON('[\"a\", [\"b\"]]') }}"),
            "has an item that is an array",
        ),
    ] {
        let (foreseen, reason) = runs_on(written);
        let reason = reason.unwrap();
        assert!(
            reason.contains(says) && reason.contains("it must be a label"),
            "{reason}"
        );
        assert!(foreseen.len() == 1 && foreseen[0].contains(says), "{foreseen:?}");
    }
}

#[test]
fn numbers_and_truths_are_labels() {
    for text in [
        "${{ fromJSON('3') }}",
        "${{ true }}",
        "${{ fromJSON('{\"group\": \"g\"}') }}",
        "${{ github.ref }}",
    ] {
        let (foreseen, reason) = runs_on(TemplateValue::Template(template(text)));
        assert_eq!((foreseen, reason), (Vec::new(), None), "{text}");
    }
}

#[test]
fn a_runner_group_without_a_name_fails_its_job() {
    let mut work = job("a", &["ok"]);
    work.runs_on.group = Some(template("${{ vars.NOPE }}"));
    let mut harness = Harness::of(vec![work]);
    harness.finish();
    let job = harness.run.jobs().next().unwrap();
    assert!(job.reason().unwrap().contains("the `group` of `runs-on` is empty"));
}

/// Returns what is foreseen of jobs in these groups: their ids, groups and needs.
fn in_groups(of_workflow: Option<&str>, jobs: &[(&str, &str, &[&str])]) -> Vec<String> {
    let concurrency = |group: &str| Concurrency {
        group: template(group),
        cancel_in_progress: None,
    };
    let jobs = jobs.iter().map(|(id, group, needs)| {
        let mut job = job(id, &["ok"]).needs(needs);
        if *id == "m" {
            job = job.axis("n", "[1, 2, 3]");
        }
        job.concurrency = (!group.is_empty()).then(|| concurrency(group));
        job
    });
    let mut pipeline = pipeline(jobs.collect());
    pipeline.concurrency = of_workflow.map(concurrency);
    let found = foreseen(&plan(pipeline)).into_iter();
    found.map(|found| format!("{}: {}", found.at, found.words)).collect()
}

#[test]
fn groups_that_are_not_kept_are_foreseen() {
    let found = in_groups(None, &[("a", "g", &[]), ("b", "${{ 'G' }}", &[]), ("c", "other", &[])]);
    let expected = "ci.yml:1:1: `a` and `b` share the concurrency group `g`, which this version does not keep: they may run \
                    at the same time";
    assert_eq!(found, [expected]);
    let found = in_groups(None, &[("m", "g", &[]), ("a", "", &[])]);
    assert!(
        found[0].contains("`m` (3 jobs) has the concurrency group `g`"),
        "{found:?}"
    );
    let found = in_groups(Some("${{ github.ref }}"), &[("a", "g", &[])]);
    assert!(
        found.len() == 1 && found[0].starts_with("ci.yml: this version does not keep"),
        "{found:?}"
    );
    assert!(found[0].contains("`refs/heads/main` of the workflow"), "{found:?}");
}

#[test]
fn groups_of_jobs_that_cannot_meet_are_not_told() {
    let chain: &[(&str, &str, &[&str])] = &[("a", "g", &[]), ("b", "", &["a"]), ("c", "g", &["b"])];
    assert_eq!(in_groups(None, chain), [""; 0]);
    assert_eq!(
        in_groups(None, &[("m", "g${{ matrix.n }}", &[]), ("a", "h", &[])]),
        [""; 0]
    );
}
