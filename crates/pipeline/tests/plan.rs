//! What a plan decides before anything runs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "plan/calls.rs"]
mod calls;
#[path = "plan/known.rs"]
mod known;
#[path = "plan/views.rs"]
mod views;

use std::collections::BTreeSet;
use std::sync::Arc;

use insta::assert_snapshot;
use lockgate_pipeline::definition::{Job, Matrix, Pipeline, Place, Step, StepBody, TemplateValue, Unsupported};
use lockgate_pipeline::expression::{Condition, Template, Value};
use lockgate_pipeline::plan::{Plan, PlanError, PlanRequest, Trigger};

fn job(id: &str, needs: &[&str], condition: &str) -> Job {
    let place = Place::new("ci.yml", 3, 5);
    let body = StepBody::Run {
        script: Template::literal("true"),
        shell: None,
        working_directory: None,
    };
    let mut job = Job::new(id, vec![Step::new(body, place.clone())], place);
    job.needs = needs.iter().map(ToString::to_string).collect();
    job.condition = (!condition.is_empty()).then(|| Condition::parse(condition).unwrap());
    job
}

fn pipeline(jobs: Vec<Job>) -> Arc<Pipeline> {
    Arc::new(Pipeline {
        name: "ci".into(),
        path: ".github/workflows/ci.yml".into(),
        run_name: Some(Template::parse("ci of ${{ github.ref_name }} by ${{ github.actor }}").unwrap()),
        env: Vec::new(),
        defaults: lockgate_pipeline::definition::Defaults::default(),
        concurrency: None,
        permissions: None,
        jobs: jobs.into_iter().map(Arc::new).collect(),
        unsupported: Vec::new(),
        places: std::collections::BTreeMap::new(),
    })
}

fn request() -> PlanRequest {
    PlanRequest {
        trigger: Trigger {
            event: "push".into(),
            payload: Value::object([("after", Value::from("abc"))]),
            sha: "abc".into(),
            reference: "refs/heads/feature/x".into(),
            repository: "octo/cat".into(),
            actor: "mona".into(),
            server_url: "https://github.com".into(),
            ..Trigger::default()
        },
        ..PlanRequest::default()
    }
}

fn tree(jobs: Vec<Job>, request: PlanRequest) -> String {
    let plan = Plan::make(pipeline(jobs), request).unwrap();
    let stored = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
    plan.tree().join("\n")
}

fn errors(jobs: Vec<Job>, request: PlanRequest) -> String {
    let errors = Plan::make(pipeline(jobs), request).unwrap_err();
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn matrix(mut job: Job, axes: &[(&str, &str)], exclude: Option<&str>) -> Job {
    let literal = |json: &str| TemplateValue::Literal(serde_json::from_str(json).unwrap());
    job.strategy.matrix = Some(Matrix::Written {
        axes: axes
            .iter()
            .map(|(name, json)| ((*name).to_owned(), literal(json)))
            .collect(),
        include: None,
        exclude: exclude.map(literal),
    });
    job
}

#[test]
fn what_is_known_is_decided() {
    let mut dynamic = job("dynamic", &["lint"], "");
    let from_output = Template::parse("${{ fromJSON(needs.lint.outputs.list) }}").unwrap();
    dynamic.strategy.matrix = Some(Matrix::Deferred(from_output));
    let mut named = matrix(job("named", &[], ""), &[("n", "[1, 2]")], None);
    named.name = Some(Template::parse("number ${{ matrix.n }}").unwrap());
    let jobs = vec![
        job("lint", &[], ""),
        matrix(
            job("test", &["lint"], ""),
            &[("os", r#"["linux", "macos"]"#), ("v", "[1, 2]")],
            Some(r#"[{"os": "macos", "v": 1}]"#),
        ),
        named,
        matrix(job("none", &[], ""), &[("n", "[1]")], Some(r#"[{"n": 1}]"#)),
        job("behind-none", &["none"], ""),
        dynamic,
        job("release", &["test"], "github.ref == 'refs/heads/main'"),
        job("announce", &["release"], ""),
        job("cleanup", &["release"], "always()"),
        job("alarm", &["lint"], "failure()"),
        job(
            "alarm-on-main",
            &["lint"],
            "failure() && github.ref == 'refs/heads/main'",
        ),
        job("orphan-alarm", &[], "failure()"),
        job("reads", &["lint"], "needs.lint.outputs.go == 'yes'"),
        job(
            "skip-reader",
            &["release"],
            "always() && needs.release.result == 'skipped'",
        ),
    ];
    assert_snapshot!(tree(jobs, request()));
}

#[test]
fn a_text_that_is_a_condition_is_told_as_one() {
    let jobs = vec![
        job("a", &[], "github.ref_name"),
        job("b", &[], "github.head_ref"),
        job("c", &[], "github.ref_name == 'x'"),
    ];
    let tree = tree(jobs, request());
    assert!(
        tree.contains("a: runs: `github.ref_name` is a text that is not empty, and so true: 'feature/x'"),
        "{tree}"
    );
    assert!(
        tree.contains("b: will not run: `github.head_ref` is false: it is an empty text"),
        "{tree}"
    );
    assert!(
        tree.contains("`github.ref_name == 'x'` is false: github.ref_name is 'feature/x'"),
        "{tree}"
    );
}

#[test]
fn a_selection_brings_what_it_needs() {
    let jobs = || {
        vec![
            job("a", &[], ""),
            job("b", &["a"], ""),
            job("c", &["b"], ""),
            job("d", &["a"], ""),
        ]
    };
    let request = |selected: &str| PlanRequest {
        selected: vec![selected.to_owned()],
        ..request()
    };
    assert_snapshot!(tree(jobs(), request("b")));
    assert_eq!(
        errors(jobs(), request("e")),
        "there is no job `e`; the jobs are `a`, `b`, `c`, `d`"
    );
}

#[test]
fn a_replaced_job_does_not_run_nor_what_needs_it() {
    let jobs = vec![
        job("build", &[], ""),
        job("deploy", &["build"], ""),
        job("notify", &["deploy"], ""),
    ];
    let request = PlanRequest {
        replaced: BTreeSet::from(["deploy".to_owned()]),
        ..request()
    };
    assert_snapshot!(tree(jobs, request));
}

#[test]
fn needs_that_cannot_be_met_are_refused() {
    assert_eq!(
        errors(vec![job("a", &["z"], "")], request()),
        "ci.yml:3:5: job `a` needs `z`, which does not exist"
    );
    let circle = vec![
        job("x", &["a"], ""),
        job("a", &["c"], ""),
        job("b", &["a"], ""),
        job("c", &["b"], ""),
    ];
    assert_eq!(
        errors(circle, request()),
        "ci.yml:3:5: the jobs `a`, `c`, `b` need each other in a circle"
    );
    assert!(errors(vec![job("a", &["a"], "")], request()).contains("the jobs `a` need each other"));
}

#[test]
fn what_is_not_supported_stands_only_against_jobs_that_would_run() {
    let unsupported = Unsupported {
        what: "services".into(),
        why: "helper processes beside a job are not started yet".into(),
        remedy: "start them in a step".into(),
        place: Place::new("ci.yml", 9, 7),
    };
    let with = |condition| {
        let mut job = job("a", &[], condition);
        job.unsupported.push(unsupported.clone());
        vec![job]
    };
    assert_eq!(
        errors(with(""), request()),
        "ci.yml:9:7: `services`: helper processes beside a job are not started yet; start them in a step"
    );
    assert!(tree(with("false"), request()).contains("will not run"));
    let all_left_out = |job| matrix(job, &[("os", r#"["a"]"#)], Some(r#"[{"os": "a"}]"#));
    let empty = with("").into_iter().map(all_left_out).collect();
    assert!(tree(empty, request()).contains("its matrix excludes every combination"));

    let (plan, found) = Plan::draft(pipeline(with("")), request()).unwrap();
    assert_eq!(found, std::slice::from_ref(&unsupported));
    assert_eq!(plan.tree()[1], "└─ a (cannot run here: `services`)");
    assert_eq!(plan.outline().jobs[0].unsupported, ["services"]);
    let mut twice = with("");
    twice[0].unsupported.push(unsupported.clone());
    let (plan, _) = Plan::draft(pipeline(twice), request()).unwrap();
    assert_eq!(plan.tree()[1], "└─ a (cannot run here: `services`)");
    let (plan, found) = Plan::draft(pipeline(with("false")), request()).unwrap();
    assert!(found.is_empty() && plan.outline().jobs[0].unsupported.is_empty());
    let wrong = [with(""), vec![job("wrong", &[], "fromJSON('{') == 1")]].concat();
    assert_eq!(Plan::draft(pipeline(wrong), request()).unwrap_err().len(), 2);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let mut too_many = job("many", &[], "");
    let hundred: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let list = format!("[{}]", hundred.join(","));
    too_many = matrix(too_many, &[("a", &list), ("b", &list)], None);
    let jobs = vec![too_many, job("wrong", &[], "fromJSON('{') == 1")];
    let errors = Plan::make(pipeline(jobs), request()).unwrap_err();
    assert!(
        matches!(
            errors.as_slice(),
            [PlanError::Matrix { .. }, PlanError::Evaluation { .. }]
        ),
        "{errors:?}"
    );
}
