//! Called workflows in a plan.

use std::sync::Arc;

use insta::assert_snapshot;
use lockgate_pipeline::definition::{
    Call, CallInput, CallInputKind, Called, Entries, Interface, Job, Matrix, PassedSecrets, Pipeline, Place,
    Unsupported,
};
use lockgate_pipeline::expression::Template;
use lockgate_pipeline::plan::{Plan, PlanRequest};

use super::{errors, job, matrix, pipeline, request, tree};

const BUILD: &str = ".github/workflows/build.yml";
const OUTER: &str = ".github/workflows/outer.yml";

fn calls(mut job: Job, workflow: &str, with: &[(&str, &str)]) -> Job {
    let with: Entries = with
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Template::parse(*text).unwrap()))
        .collect();
    job.steps.clear();
    job.call = Some(Box::new(Call {
        workflow: workflow.to_owned(),
        with,
        secrets: PassedSecrets::Inherit,
    }));
    job
}

fn called(path: &str, jobs: Vec<Job>) -> Called {
    let input = |name: &str, kind| CallInput {
        name: name.to_owned(),
        kind,
        is_required: false,
        default: None,
    };
    Called {
        pipeline: Arc::new(Pipeline {
            path: path.into(),
            ..pipeline(jobs).as_ref().clone()
        }),
        interface: Interface {
            inputs: vec![
                input("os", CallInputKind::String),
                input("list", CallInputKind::String),
                input("debug", CallInputKind::Boolean),
            ],
            ..Interface::default()
        },
    }
}

/// Two workflows: one with conditions and matrices made of its inputs, and one that calls it.
fn workflows() -> PlanRequest {
    let mut each = job("each", &["compile"], "");
    each.strategy.matrix = Some(Matrix::Deferred(
        Template::parse("${{ fromJSON(inputs.list) }}").unwrap(),
    ));
    let mut compile = job("compile", &[], "");
    compile.name = Some(Template::parse("Compile on ${{ inputs.os }}").unwrap());
    let build = vec![
        compile,
        each,
        job("on-mac", &["compile"], "inputs.os == 'mac'"),
        job("debug", &[], "inputs.debug"),
    ];
    let outer = vec![
        job("first", &[], ""),
        calls(
            job("inner", &["first"], ""),
            BUILD,
            &[("os", "${{ inputs.os }}"), ("list", r#"{"n":[7]}"#)],
        ),
    ];
    let mut request = request();
    request.called.insert(BUILD.to_owned(), called(BUILD, build));
    request.called.insert(OUTER.to_owned(), called(OUTER, outer));
    request
}

fn jobs() -> Vec<Job> {
    let list = ("list", r#"{"n":[1,2]}"#);
    vec![
        job("lint", &[], ""),
        calls(
            matrix(job("call", &["lint"], ""), &[("os", r#"["linux", "mac"]"#)], None),
            BUILD,
            &[("os", "${{ matrix.os }}"), list, ("debug", "true")],
        ),
        calls(
            job("late", &["lint"], ""),
            BUILD,
            &[("os", "mac"), ("list", "${{ needs.lint.outputs.list }}")],
        ),
        calls(job("nested", &[], ""), OUTER, &[("os", "mac")]),
        calls(job("never", &[], "github.ref == 'refs/heads/main'"), BUILD, &[list]),
        job("after", &["call", "never"], ""),
    ]
}

#[test]
fn called_jobs_stand_below_what_calls_them_and_know_their_inputs() {
    assert_snapshot!(tree(jobs(), workflows()));
}

#[test]
fn called_jobs_are_written_with_what_their_callers_give() {
    let plan = Plan::make(pipeline(jobs()), workflows()).unwrap();
    assert_snapshot!(plan.expanded());
}

#[test]
fn what_the_event_may_say_is_expanded_as_it_stands_and_judged_as_open() {
    let by_list = |mut job: Job| {
        job.strategy.matrix = Some(Matrix::Deferred(
            Template::parse("${{ fromJSON(inputs.list) }}").unwrap(),
        ));
        job
    };
    let each = by_list(job("each", &[], ""));
    let build = vec![each, job("on-mac", &[], "inputs.os == 'mac'")];
    let list = ("list", r#"{"n":[7]}"#);
    let outer = vec![by_list(calls(job("inner", &[], ""), BUILD, &[list]))];
    let said = ("list", "${{ github.event.list || '{\"n\":[1,2]}' }}");
    let jobs = vec![
        job("lint", &[], ""),
        calls(job("outer", &[], ""), OUTER, &[said]),
        calls(
            job("build", &[], ""),
            BUILD,
            &[
                said,
                ("os", "${{ github.event.os }}"),
                ("debug", "${{ github.event.debug }}"),
            ],
        ),
        calls(job("unsaid", &[], ""), BUILD, &[("list", "${{ github.event.list }}")]),
        calls(
            job("late", &["lint"], ""),
            BUILD,
            &[("list", "${{ needs.lint.outputs.list }}")],
        ),
    ];
    let mut made = request();
    made.trigger.event = "issues".to_owned();
    made.trigger.is_made = true;
    made.called.insert(BUILD.to_owned(), called(BUILD, build));
    made.called.insert(OUTER.to_owned(), called(OUTER, outer));
    assert_snapshot!(tree(jobs, made));
}

/// A result that is put together of thousands, a thousand times in one expression, is refused before it is built.
#[test]
fn an_expression_that_explodes_is_left_out() {
    let hundred: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let axis = format!("[{}]", hundred.join(","));
    let wide = matrix(job("inner", &[], ""), &[("n", &axis)], None);
    let mut request = request();
    request.called.insert(BUILD.to_owned(), called(BUILD, vec![wide]));
    let call = calls(
        matrix(job("call", &[], ""), &[("n", "[1, 2, 3, 4, 5, 6]")], None),
        BUILD,
        &[],
    );
    let mut reader = job("reader", &["call"], "");
    let reads = vec!["needs.call.result"; 900].join(" || ");
    reader.env = vec![(
        "ALL".to_owned(),
        Template::parse(format!("${{{{ {reads} }}}}")).unwrap(),
    )];
    let text = Plan::make(pipeline(vec![call, reader]), request).unwrap().expanded();
    assert_eq!(text.matches("\n  call-").count(), 600);
    assert!(text.contains("# `env.ALL` is left out: written out it is longer, or nested deeper, than GitHub allows\n"));
    assert!(text.contains("\n    needs:\n      - call-1-inner-1\n"));
}

#[track_caller]
fn selected(selection: &str, expected: &[&str]) {
    let request = PlanRequest {
        selected: vec![selection.to_owned()],
        ..workflows()
    };
    let plan = Plan::make(pipeline(jobs()), request).unwrap();
    let running: Vec<&str> = plan
        .jobs
        .iter()
        .filter(|job| job.fate.may_run())
        .map(|job| job.id.as_str())
        .collect();
    assert_eq!(running, expected, "{selection}");
}

#[test]
fn a_selection_reaches_into_called_workflows() {
    selected(
        "late",
        &["lint", "late", "late / compile", "late / each", "late / on-mac"],
    );
    selected("late / on-mac", &["lint", "late", "late / compile", "late / on-mac"]);
    selected(
        "call / debug",
        &["lint", "call", "call (linux) / debug", "call (mac) / debug"],
    );
    selected(
        "nested/inner / compile",
        &["nested", "nested / first", "nested / inner", "nested / inner / compile"],
    );
}

#[test]
fn what_needs_a_call_brings_all_of_it() {
    let request = PlanRequest {
        selected: vec!["after".to_owned(), "call / debug".to_owned()],
        ..workflows()
    };
    let plan = Plan::make(pipeline(jobs()), request).unwrap();
    let place = plan
        .jobs
        .iter()
        .position(|job| job.id == "call (mac) / compile")
        .unwrap();
    assert!(plan.jobs[place].fate.may_run());
    assert_eq!(plan.selector(place), "call / compile");
}

#[test]
fn a_selection_of_nothing_is_refused_with_what_is_there() {
    for (selection, expected) in [
        (
            "call / each / x",
            "there is no job `call / each / x`; the jobs are `call / compile`, `call / each`",
        ),
        (
            "call / x",
            "there is no job `call / x`; the jobs are `call / compile`, `call / each`",
        ),
        ("lint / x", "there is no job `lint / x`; the jobs are `lint`, `call`"),
    ] {
        let request = PlanRequest {
            selected: vec![selection.to_owned()],
            ..workflows()
        };
        let told = errors(jobs(), request);
        assert!(told.starts_with(expected), "{told}");
    }
}

#[track_caller]
fn refused(job: Job, expected: &str) {
    let told = errors(vec![super::job("lint", &[], ""), job], workflows());
    assert!(told.contains(expected), "{told}");
}

#[test]
fn what_cannot_be_called_is_refused() {
    refused(
        calls(job("a", &[], ""), ".github/workflows/none.yml", &[]),
        "ci.yml:3:5: job `a` calls `.github/workflows/none.yml`, which is not there",
    );
    refused(
        calls(
            job("a", &[], ""),
            BUILD,
            &[("debug", "${{ github.ref }}"), ("list", r#"{"n":[1]}"#)],
        ),
        "ci.yml:3:5: job `a`: the input `debug` takes a boolean (`true` or `false`), but got the text `refs/heads/feature/x`",
    );
    refused(
        calls(job("a", &[], ""), BUILD, &[("list", "${{ fromJSON('{') }}")]),
        "job `a`: the input `list` cannot be evaluated",
    );
    let mut open = calls(job("a", &["lint"], ""), BUILD, &[]);
    open.strategy.matrix = Some(Matrix::Deferred(
        Template::parse("${{ fromJSON(needs.lint.outputs.list) }}").unwrap(),
    ));
    refused(
        open,
        "the matrix of a job that calls a workflow has to be known before the run",
    );
}

#[test]
fn a_name_that_only_a_run_knows_leaves_the_call_its_id() {
    let mut named = calls(job("a", &["lint"], ""), OUTER, &[("os", "mac")]);
    named.name = Some(Template::parse("for ${{ needs.lint.outputs.x }}").unwrap());
    let plan = Plan::make(pipeline(vec![job("lint", &[], ""), named]), workflows()).unwrap();
    assert_eq!(plan.leg_of(0).unwrap().name, "a");
}

#[test]
fn circles_and_too_many_jobs_end() {
    let mut request = request();
    let again = calls(job("again", &[], ""), "a.yml", &[]);
    request.called.insert("a.yml".to_owned(), called("a.yml", vec![again]));
    let told = errors(vec![calls(job("a", &[], ""), "a.yml", &[])], request.clone());
    assert!(
        told.contains("`a.yml` lies in more than 10 workflows that call each other"),
        "{told}"
    );

    let hundred: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let axis = format!("[{}]", hundred.join(","));
    let wide = |workflow: &str| calls(matrix(job("m", &[], ""), &[("n", &axis)], None), workflow, &[]);
    request
        .called
        .insert("inner.yml".to_owned(), called("inner.yml", vec![job("x", &[], "")]));
    request
        .called
        .insert("wide.yml".to_owned(), called("wide.yml", vec![wide("inner.yml")]));
    let told = errors(vec![wide("wide.yml")], request);
    assert!(told.contains("there are more than 5000 of them"), "{told}");
}

#[test]
fn what_a_called_job_asks_for_in_vain_is_told_when_it_would_run() {
    let unsupported = Unsupported {
        what: "container".to_owned(),
        why: "it is not there".to_owned(),
        remedy: "leave it out".to_owned(),
        place: Place::new(BUILD, 4, 2),
    };
    let with = |condition: &str| {
        let mut inner = job("inner", &[], condition);
        inner.unsupported.push(unsupported.clone());
        let mut request = request();
        request.called.insert(BUILD.to_owned(), called(BUILD, vec![inner]));
        request
    };
    let call = || vec![calls(job("a", &[], ""), BUILD, &[("os", "mac")])];
    assert!(errors(call(), with("inputs.os == 'mac'")).contains("build.yml:4:2: `container`"));
    assert!(Plan::make(pipeline(call()), with("inputs.os == 'linux'")).is_ok());
}

#[test]
fn a_plan_without_calls_is_stored_as_before() {
    let plan = Plan::make(pipeline(vec![job("a", &[], ""), job("b", &["a"], "")]), request()).unwrap();
    let stored = serde_json::to_string(&plan).unwrap();
    for key in ["\"at\"", "\"calls\"", "\"called\""] {
        assert!(!stored.contains(key), "{key} is in {stored}");
    }
}
