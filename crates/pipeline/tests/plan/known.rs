//! What is decided when the ends of jobs are told beforehand.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use lockgate_pipeline::definition::Matrix;
use lockgate_pipeline::expression::Template;
use lockgate_pipeline::plan::{Ended, Plan, PlanRequest};

use super::{errors, job, pipeline, request, tree};

fn told(json: &str) -> PlanRequest {
    let known: BTreeMap<String, Ended> = serde_json::from_str(json).unwrap();
    PlanRequest { known, ..request() }
}

fn jobs() -> Vec<lockgate_pipeline::definition::Job> {
    let mut dynamic = job("dynamic", &["build"], "");
    let list = Template::parse("${{ fromJSON(needs.build.outputs.list) }}").unwrap();
    dynamic.strategy.matrix = Some(Matrix::Deferred(list));
    vec![
        job("build", &[], ""),
        job("lint", &[], ""),
        dynamic,
        job("go", &["build"], "needs.build.outputs.go == 'yes'"),
        job("stop", &["build"], "needs.build.outputs.go == 'no'"),
        job(
            "both",
            &["build", "lint"],
            "needs.build.outputs.go == 'yes' && needs.lint.result == 'success'",
        ),
        job("alarm", &["build", "lint"], "failure()"),
        job("on-build", &["build"], "failure()"),
        job("after", &["build"], ""),
        job("always", &["build"], "always()"),
    ]
}

#[test]
fn outputs_decide_matrices_and_conditions() {
    let told = told(r#"{"build": {"result": "success", "outputs": {"list": "{\"n\": [1, 2]}", "go": "yes"}}}"#);
    assert_snapshot!(tree(jobs(), told));
}

#[test]
fn what_only_the_forge_says_is_open() {
    let made = |event: &str| {
        let mut made = request();
        made.trigger.event = event.to_owned();
        made.trigger.is_made = true;
        made
    };
    let jobs = || {
        vec![
            job("title", &[], "startsWith(github.event.issue.title, 'v')"),
            job("short", &[], "github.event_name == 'push' && github.event.issue.title"),
            job("other", &[], "github.event.pull_request.draft == false"),
            job("said", &[], "github.event.after == 'abc'"),
            job(
                "needs",
                &["title"],
                "needs.title.outputs.go && github.event.action == 'x'",
            ),
            job("set", &[], "!github.event.issue.pull_request"),
            job("whole", &[], "toJSON(github.event) == '{}'"),
        ]
    };
    assert_snapshot!(tree(jobs(), made("issues")));
    assert_snapshot!(tree(jobs(), made("push")));
    let plan = Plan::make(pipeline(jobs()), made("issues")).unwrap();
    let foreseen = lockgate_pipeline::run::foreseen(&plan).into_iter();
    let words: Vec<String> = foreseen.map(|found| format!("{}: {}", found.at, found.words)).collect();
    assert_snapshot!(words.join("\n"));
}

#[test]
fn what_is_behind_an_open_job_is_open_unless_it_asks_for_no_success() {
    let here = "github.ref == 'refs/heads/feature/x'";
    let jobs = || {
        vec![
            job("a", &[], ""),
            job("b", &["a"], "needs.a.outputs.go == 'yes'"),
            job("c", &["b"], ""),
            job("d", &["b"], "success()"),
            job("e", &["b"], here),
            job("always", &["b"], "always()"),
            job("unless", &["c"], "!cancelled() && !failure()"),
            job("far", &["always"], ""),
            job("beside", &["a"], here),
        ]
    };
    assert_snapshot!(tree(jobs(), request()));
    let told = tree(jobs(), told(r#"{"a": {"outputs": {"go": "yes"}}, "b": {}}"#));
    assert!(!told.contains("may"), "{told}");
}

#[test]
fn what_asks_for_the_status_is_planned_as_nobody_cancels_and_the_rest_succeeds() {
    let jobs = || {
        let asking = [
            ("no-failure", "!failure()"),
            ("neither", "!cancelled() && !failure()"),
            ("over", "success() || failure()"),
            ("success", "success()"),
            ("no-success", "!success()"),
            ("cancelled", "cancelled()"),
            ("both", "cancelled() && failure()"),
            ("any", "contains(needs.*.result, 'success') && always()"),
        ];
        let asking = asking.map(|(id, condition)| job(id, &["a"], condition));
        [job("a", &[], "")].into_iter().chain(asking).collect::<Vec<_>>()
    };
    let mut trees = vec![tree(jobs(), request())];
    for result in ["failure", "success", "skipped", "cancelled"] {
        let of_result = told(&format!(r#"{{"a": {{"result": "{result}"}}}}"#));
        trees.push(tree(jobs(), of_result));
    }
    assert_snapshot!(trees.join("\n\n"));
}

#[test]
fn a_failure_decides_what_needs_success() {
    let told = told(r#"{"build": {"result": "failure", "outputs": {"list": "{\"n\": [1]}"}}, "lint": {}}"#);
    assert_snapshot!(tree(jobs(), told));
}

#[test]
fn outputs_that_make_no_matrix_are_told_and_jobs_that_are_not_there_refused() {
    let wrong = errors(jobs(), told(r#"{"build": {"outputs": {"list": "[1"}}}"#));
    assert!(
        wrong.starts_with("ci.yml:3:5: the `matrix` of job `dynamic` cannot be evaluated"),
        "{wrong}"
    );
    let unknown = errors(jobs(), told(r#"{"buidl": {}}"#));
    assert!(unknown.starts_with("there is no job `buidl`"), "{unknown}");
}
