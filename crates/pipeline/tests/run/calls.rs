//! Jobs that call workflows.

use insta::assert_snapshot;
use lockgate_pipeline::definition::{CallSecret, Job, PassedSecrets};
use lockgate_pipeline::expression::secret::MarkerKey;
use lockgate_pipeline::run::effect::AttemptBody;
use lockgate_pipeline::run::{Conclusion, JobStatus, Outcome, RunInput, StepExit};

use crate::harness::Harness;
use crate::write::{JobWords, StepWords, called, calls, entries, job, run, template};

const W: &str = "called.yml";

/// A job whose only step gives the outputs `a` and `b`.
fn gives(id: &str, a: &str) -> Job {
    let step = run(&format!("out a={a}\nout b=fixed")).called("s");
    let outputs = [("a", "${{ steps.s.outputs.a }}"), ("b", "${{ steps.s.outputs.b }}")];
    job(id, &[]).with_step(step).outputs(&outputs)
}

/// Returns the script of the only step of a job.
fn script_of(harness: &Harness, job: &str) -> String {
    match &harness.attempt(job, "1").body {
        AttemptBody::Run { script, .. } => script.clone(),
        other => panic!("{other:?}"),
    }
}

fn cancel() -> RunInput {
    RunInput::Cancel { by: "mona".into() }
}

#[test]
fn variables_of_a_called_workflow_know_where_its_jobs_run() {
    let mut inner = called(&[], &[], vec![job("work", &["ok"])]);
    let pipeline = std::sync::Arc::make_mut(&mut inner.pipeline);
    pipeline.env = entries(&[("W", "${{ github.workspace }}"), ("J", "${{ github.job }}")]);
    let mut harness = Harness::calling(vec![calls("call", W, &[])], vec![(W, inner)]);
    harness.finish();
    let work = harness.attempt("call / work", "1");
    assert_eq!(work.env.get("W"), work.env.get("GITHUB_WORKSPACE"));
    assert_eq!(work.env.get("J"), Some("work"));
    assert!(work.env.get("W").is_some_and(|place| place.starts_with("/w/")));
}

#[test]
fn inputs_have_their_types_and_outputs_come_back() {
    let inner = called(
        &[
            "flag: boolean",
            "count: number = ${{ fromJSON('3') }}",
            "text: string",
            "none: number",
        ],
        &[
            ("sum", "${{ jobs.work.outputs.a }}/${{ inputs.text }}"),
            ("how", "${{ jobs.work.result }}"),
        ],
        vec![
            gives(
                "work",
                "${{ inputs.flag && format('{0}{1}', inputs.count, inputs.none) }}",
            )
            .when("inputs.flag == true"),
            job("check", &["ok"])
                .needs(&["work"])
                .when("needs.work.outputs.b == 'fixed'"),
        ],
    );
    let with = [
        ("FLAG", "${{ needs.before.outputs.a == 'go' }}"),
        ("text", "${{ needs.before.outputs.b }} of ${{ github.event_name }}"),
    ];
    let mut harness = Harness::calling(
        vec![
            gives("before", "go"),
            calls("call", W, &with).needs(&["before"]),
            job(
                "after",
                &["out x=${{ needs.call.outputs.sum }} ${{ needs.call.outputs.how }} ${{ needs.call.result }}"],
            )
            .needs(&["call"]),
        ],
        vec![(W, inner)],
    );
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Success));
    let names: Vec<_> = harness.run.jobs().map(|job| job.name().to_owned()).collect();
    assert_eq!(names, ["before", "call / work", "call / check", "after"]);
    let work = harness.attempt("call / work", "1");
    assert_eq!(work.directory, "call.work");
    assert_eq!(work.env.get("GITHUB_JOB"), Some("work"));
}

#[test]
fn an_input_of_another_type_fails_the_call_in_words() {
    let inner = || called(&["flag: boolean"], &[], vec![job("work", &["ok"])]);
    let mut harness = Harness::calling(
        vec![
            gives("before", "true"),
            calls("call", W, &[("flag", "${{ needs.before.outputs.a }}")]).needs(&["before"]),
            job("after", &["ok"]).needs(&["call"]),
            job("alarm", &["ok"])
                .needs(&["call"])
                .when("failure() && needs.call.result == 'failure'"),
        ],
        vec![(W, inner())],
    );
    harness.finish();
    assert_snapshot!(harness.transcript);
    let views: Vec<_> = harness
        .run
        .jobs()
        .map(|job| (job.name().to_owned(), job.reason().map(str::to_owned)))
        .collect();
    assert_eq!(views[1].0, "call");
    assert!(views[1].1.as_ref().unwrap().contains("takes a boolean"), "{views:?}");
    assert!(harness.run.failures().iter().any(|failed| failed.job.name() == "call"));
}

#[test]
fn secrets_are_passed_by_name_or_all() {
    let script = "out x=${{ secrets.key }}|${{ secrets.TOKEN }}|${{ secrets.GITHUB_TOKEN }}";
    let inner = || called(&[], &[], vec![job("work", &[script])]);
    let given = PassedSecrets::Given(entries(&[("KEY", "prefix-${{ secrets.TOKEN }}")]));
    let mut harness = Harness::calling(
        vec![
            calls("named", W, &[]).secrets(given),
            calls("all", W, &[]).secrets(PassedSecrets::Inherit),
            calls("none", W, &[]),
        ],
        vec![(W, inner())],
    );
    harness.finish();
    let marker = MarkerKey::default().marker("TOKEN");
    let said = |job: &str| script_of(&harness, job);
    assert!(
        said("named / work") == format!("out x=prefix-{marker}||"),
        "{}",
        said("named / work")
    );
    assert!(
        said("all / work") == format!("out x=|{marker}|"),
        "{}",
        said("all / work")
    );
    assert!(said("none / work") == "out x=||", "{}", said("none / work"));
}

#[test]
fn secrets_are_inherited_through_two_calls_and_end_where_they_are_named() {
    let script = "out x=${{ secrets.TOKEN }}|${{ secrets.key }}";
    let innermost = called(&[], &[], vec![job("work", &[script])]);
    let given = PassedSecrets::Given(entries(&[("key", "${{ secrets.TOKEN }}")]));
    let middle = called(
        &[],
        &[],
        vec![
            calls("all", "innermost.yml", &[]).secrets(PassedSecrets::Inherit),
            calls("named", "innermost.yml", &[]).secrets(given),
        ],
    );
    let mut harness = Harness::calling(
        vec![calls("top", "middle.yml", &[]).secrets(PassedSecrets::Inherit)],
        vec![("middle.yml", middle), ("innermost.yml", innermost)],
    );
    harness.finish();
    let marker = MarkerKey::default().marker("TOKEN");
    let said = |job: &str| script_of(&harness, job);
    assert!(said("top / all / work") == format!("out x={marker}|"));
    assert!(said("top / named / work") == format!("out x=|{marker}"));
}

#[test]
fn a_required_secret_that_nobody_gave_is_foreseen() {
    let requires = |jobs: Vec<Job>| {
        let mut called = called(&[], &[], jobs);
        called.interface.secrets.push(CallSecret {
            name: "KEY".to_owned(),
            is_required: true,
        });
        called
    };
    let given = |value: &str| PassedSecrets::Given(entries(&[("key", value)]));
    let middle = requires(vec![calls("on", "innermost.yml", &[]).secrets(PassedSecrets::Inherit)]);
    let mut request = crate::harness::request();
    request.called.extend([
        ("middle.yml".to_owned(), middle),
        ("innermost.yml".to_owned(), requires(vec![job("work", &["ok"])])),
    ]);
    let jobs = vec![
        calls("named", "innermost.yml", &[]).secrets(given("${{ secrets.TOKEN }}")),
        calls("written", "innermost.yml", &[]).secrets(given("x")),
        calls("made", "innermost.yml", &[]).secrets(given("${{ secrets.KEY || 'x' }}")),
        calls("absent", "innermost.yml", &[]).secrets(given("${{ secrets.absent }}")),
        calls("all", "middle.yml", &[]).secrets(PassedSecrets::Inherit),
    ];
    let pipeline = std::sync::Arc::new(crate::write::pipeline(jobs));
    let foreseen = |secret: &str| -> Vec<String> {
        let mut request = request.clone();
        request.secrets.insert(secret.to_owned());
        let plan = lockgate_pipeline::plan::Plan::make(std::sync::Arc::clone(&pipeline), request).unwrap();
        let found = lockgate_pipeline::run::foreseen(&plan).into_iter();
        found.map(|found| found.words).collect()
    };
    let said = |file: &str| format!("`{file}` requires the secret `KEY`, which was not given: it is empty there");
    assert_eq!(
        foreseen("OTHER"),
        ["innermost.yml", "middle.yml", "innermost.yml"].map(said),
        "absent, all, and what all calls"
    );
    assert_eq!(foreseen("key"), ["innermost.yml"].map(said), "absent");
}

#[test]
fn what_holds_a_secret_does_not_come_back() {
    let inner = called(
        &["plain: string"],
        &[
            ("token", "${{ inputs.plain }}-${{ github.token }}"),
            ("plain", "${{ inputs.plain }}"),
        ],
        vec![job("work", &["ok"])],
    );
    let mut start = crate::harness::request();
    start.secrets.insert("GITHUB_TOKEN".to_owned());
    start.called.insert(W.to_owned(), inner);
    let pipeline = crate::write::pipeline(vec![calls("call", W, &[("plain", "text")])]);
    let plan = lockgate_pipeline::plan::Plan::make(std::sync::Arc::new(pipeline), start).unwrap();
    let mut harness = Harness::new(crate::harness::start(plan, 1));
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.withheld_by_calls(), [("call", "token")]);
}

#[test]
fn calls_lie_in_each_other() {
    let innermost = called(
        &["n: number"],
        &[("o", "${{ jobs.work.outputs.a }}")],
        vec![gives("work", "${{ inputs.n }}").axis("leg", "[1, 2]")],
    );
    let middle = called(
        &["n: number"],
        &[("o", "${{ jobs.deeper.outputs.o }}!")],
        vec![
            job("before", &["ok"]),
            calls("deeper", "innermost.yml", &[("n", "${{ inputs.n }}")]).needs(&["before"]),
        ],
    );
    let mut harness = Harness::calling(
        vec![
            calls("top", "middle.yml", &[("n", "7")]),
            job("after", &["out x=${{ needs.top.outputs.o }}"]).needs(&["top"]),
        ],
        vec![("middle.yml", middle), ("innermost.yml", innermost)],
    );
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(
        harness.attempt("top / deeper / work (2)", "1").directory,
        "top.deeper.work.2"
    );
    assert!(script_of(&harness, "after").contains("x=7!"));
}

#[test]
fn a_matrix_calls_once_for_each_leg_and_the_last_output_wins() {
    let inner = called(
        &["os: string"],
        &[("os", "${{ inputs.os }}")],
        vec![job(
            "build",
            &["${{ inputs.os == 'mac' && 'hang' || 'ok' }} ${{ strategy.job-total }} ${{ matrix.os }}"],
        )],
    );
    let call = calls("call", W, &[("os", "${{ matrix.os }}")]).axis("os", r#"["linux", "mac"]"#);
    let mut harness = Harness::calling(
        vec![
            call,
            job("after", &["out x=${{ needs.call.outputs.os }}"]).needs(&["call"]),
        ],
        vec![(W, inner)],
    );
    harness.settle();
    harness.end("step/call (mac) / build/1#1", StepExit::Success).finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.attempt("call (linux) / build", "1").directory, "call.1.build");
    // The matrix of the caller is not seen inside.
    assert!(script_of(&harness, "call (linux) / build").ends_with("ok 1 "));
}

#[test]
fn max_parallel_and_fail_fast_hold_for_calls() {
    let inner = || {
        called(
            &["do: string"],
            &[],
            vec![
                job("work", &["${{ inputs.do }}"]),
                job("always", &["ok"]).needs(&["work"]).when("always()"),
                job("behind", &["ok"]).needs(&["work"]),
            ],
        )
    };
    let mut call = calls("call", W, &[("do", "${{ matrix.do }}")]).axis("do", r#"["hang", "fail 1", "ok", "hang"]"#);
    call.strategy.max_parallel = Some(template("2"));
    let after = || job("after", &["ok"]).needs(&["call"]).when("always()");
    let mut harness = Harness::calling(vec![call.clone(), after()], vec![(W, inner())]);
    harness.finish();
    assert_snapshot!("fail_fast_ends_the_other_calls", harness.transcript);

    call.strategy.fail_fast = Some(template("false"));
    let mut harness = Harness::calling(vec![call, after()], vec![(W, inner())]);
    harness.settle();
    harness.end("step/call (hang) #4 / work/1#1", StepExit::Success);
    harness.end("step/call (hang) / work/1#1", StepExit::Success).finish();
    assert_snapshot!("without_fail_fast_all_calls_are_made", harness.transcript);
}

#[test]
fn what_is_not_called_is_skipped_as_a_whole() {
    let inner = called(
        &[],
        &[],
        vec![job("work", &["ok"]), job("always", &["ok"]).when("always()")],
    );
    let mut harness = Harness::calling(
        vec![
            gives("before", "no"),
            calls("call", W, &[])
                .needs(&["before"])
                .when("needs.before.outputs.a == 'yes'"),
            calls("never", W, &[]).when("github.ref == 'refs/heads/other'"),
            job("after", &["ok"]).needs(&["call"]),
            job("anyway", &["out x=${{ needs.call.result }}"])
                .needs(&["call", "never"])
                .when("always()"),
        ],
        vec![(W, inner)],
    );
    harness.finish();
    assert_snapshot!(harness.transcript);
    let over: Vec<_> = harness
        .run
        .jobs()
        .map(|job| {
            (
                job.name().to_owned(),
                matches!(
                    job.status(),
                    JobStatus::Over {
                        outcome: Outcome::Skipped,
                        ..
                    }
                ),
            )
        })
        .collect();
    let expected = [
        ("before", false),
        ("call", true),
        ("never", true),
        ("after", true),
        ("anyway", false),
    ];
    assert_eq!(over, expected.map(|(name, skipped)| (name.to_owned(), skipped)));
}

#[test]
fn a_failure_inside_fails_the_call_and_regards_only_what_is_inside() {
    let inner = called(
        &[],
        &[("a", "${{ jobs.works.outputs.a }}")],
        vec![
            job("breaks", &["fail 3"]),
            job("tolerated", &["fail 4"]).tolerant(),
            gives("works", "1"),
            job("cleanup", &["ok"]).needs(&["breaks"]).when("failure()"),
            job("skipped", &["ok"]).needs(&["breaks"]),
        ],
    );
    let mut harness = Harness::calling(
        vec![
            job("broken", &["fail 1"]),
            // The failure before the call is not seen inside.
            calls("call", W, &[]).needs(&["broken"]).when("failure()"),
            job("after", &["out x=${{ needs.call.outputs.a }}"])
                .needs(&["call"])
                .when("failure()"),
            job("not-after", &["ok"]).needs(&["call"]),
        ],
        vec![(W, inner)],
    );
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Failure));
}

#[test]
fn what_may_fail_inside_does_not_fail_the_call() {
    let inner = called(
        &[],
        &[],
        vec![
            job("tolerated", &["fail 4"]).tolerant(),
            job("skipped", &["ok"]).when("false"),
        ],
    );
    let mut harness = Harness::calling(
        vec![calls("call", W, &[]), job("after", &["ok"]).needs(&["call"])],
        vec![(W, inner)],
    );
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Success));
}

#[test]
fn an_output_that_cannot_be_evaluated_fails_the_call_and_says_where() {
    let inner = called(&[], &[("o", "${{ fromJSON('{') }}")], vec![job("work", &["ok"])]);
    let mut harness = Harness::calling(vec![calls("call", W, &[])], vec![(W, inner)]);
    harness.finish();
    let failures = harness.run.failures();
    let [failed] = failures.as_slice() else {
        panic!("{failures:?}");
    };
    assert_eq!(failed.job.name(), "call");
    assert!(
        failed.reason.unwrap().starts_with("called.yml:9:7: the output `o`"),
        "{failed:?}"
    );
}

#[test]
fn a_cancelled_run_cancels_what_is_called_and_does_what_is_asked_for_then() {
    let inner = called(
        &[],
        &[],
        vec![
            job("work", &["hang"]),
            job("behind", &["ok"]).needs(&["work"]),
            job("cleanup", &["ok"]).needs(&["work"]).when("always()"),
        ],
    );
    let mut parallel = calls("call", W, &[]).axis("n", "[1, 2]");
    parallel.strategy.max_parallel = Some(template("1"));
    let mut harness = Harness::calling(
        vec![
            parallel,
            calls("later", W, &[]).needs(&["call"]),
            calls("anyway", W, &[]).needs(&["call"]).when("always()"),
        ],
        vec![(W, inner)],
    );
    harness.settle();
    harness.want(cancel());
    harness.finish();
    assert_snapshot!(harness.transcript);
    assert_eq!(harness.run.conclusion(), Some(Conclusion::Cancelled));
}

#[test]
fn a_killed_run_calls_nothing_more() {
    let inner = called(
        &[],
        &[],
        vec![
            job("work", &["hang"]),
            job("cleanup", &["ok"]).needs(&["work"]).when("always()"),
        ],
    );
    let mut parallel = calls("call", W, &[]).axis("n", "[1, 2]");
    parallel.strategy.max_parallel = Some(template("1"));
    let mut harness = Harness::calling(
        vec![parallel, calls("anyway", W, &[]).needs(&["call"]).when("always()")],
        vec![(W, inner)],
    );
    harness.settle();
    harness.want(RunInput::Kill { by: "mona".into() });
    harness.finish();
    assert_snapshot!(harness.transcript);
}

#[test]
fn an_inner_matrix_can_come_from_the_caller() {
    let mut each = job("each", &["out x=${{ matrix.n }}"]);
    each.strategy.matrix = Some(lockgate_pipeline::definition::Matrix::Deferred(template(
        "${{ fromJSON(inputs.list) }}",
    )));
    let inner = called(&["list: string"], &[], vec![each]);
    let mut harness = Harness::calling(
        vec![
            gives("before", r#"{"n":[1,2]}"#),
            calls("known", W, &[("list", r#"{"n":[5]}"#)]),
            calls("late", W, &[("list", "${{ needs.before.outputs.a }}")]).needs(&["before"]),
        ],
        vec![(W, inner)],
    );
    harness.finish();
    let names: Vec<_> = harness.run.jobs().map(|job| job.name().to_owned()).collect();
    assert_eq!(
        names,
        ["before", "known / each (5)", "late / each (1)", "late / each (2)"]
    );
}
