//! What a workflow becomes: a pipeline that reads like the file.
#![expect(clippy::expect_used, reason = "a test stops where it cannot go on")]

use lockgate_core::SourceFile;
use lockgate_dialect::github::{self, InputKind};
use lockgate_pipeline::definition::{Matrix, Permissions, Pipeline, StepBody, TemplateValue};
use lockgate_pipeline::expression::Value;

fn lower(text: &str) -> github::Workflow {
    let lowered = github::lower(&SourceFile::new(".github/workflows/ci.yml", text));
    lowered.workflow.expect("the file has no error")
}

fn ci() -> github::Workflow {
    lower(include_str!("../corpus/ok/ci.yml"))
}

#[test]
fn a_pipeline_survives_being_stored() {
    let pipeline = ci().pipeline;
    let json = serde_json::to_string_pretty(&pipeline).unwrap();
    assert_eq!(serde_json::from_str::<Pipeline>(&json).unwrap(), pipeline);
    for part in [
        r#""name": "CI""#,
        r#""run_name": "CI of ${{ github.ref_name }} by @${{ github.actor }}""#,
        r#""working_directory": "src""#,
        r#""script": "cargo build\necho \"digest=$(sha256sum x)\" >> \"$GITHUB_OUTPUT\"\n""#,
        r#""shell": "bash -euo pipefail {0}""#,
    ] {
        assert!(json.contains(part), "{part} is not in\n{json}");
    }
}

#[test]
fn jobs_keep_their_order_needs_and_keys() {
    let pipeline = ci().pipeline;
    let ids: Vec<&str> = pipeline.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(ids, ["test", "deploy"]);
    let deploy = pipeline.job("deploy").unwrap();
    assert_eq!(deploy.needs, ["test"]);
    assert_eq!(deploy.environment.as_ref().unwrap().name.source(), "production");
    assert_eq!(deploy.place.to_string(), ".github/workflows/ci.yml:89:3");
    let test = pipeline.job("test").unwrap();
    assert_eq!(test.timeout_minutes.as_ref().unwrap().source(), "30");
    assert_eq!(test.outputs[0].1.source(), "${{ steps.build.outputs.digest }}");
    let bodies: Vec<&str> = test
        .steps
        .iter()
        .map(|step| match &step.body {
            StepBody::Run { .. } => "run",
            StepBody::Uses { reference, .. } => reference,
        })
        .collect();
    let expected = [
        "actions/checkout@v4",
        "actions/cache@v4",
        "run",
        "run",
        "./.github/actions/notify",
    ];
    assert_eq!(bodies, expected);
    assert!(test.steps[3].condition.as_ref().unwrap().uses_status_function());
}

#[test]
fn a_matrix_keeps_the_types_of_its_values() {
    let pipeline = lower(include_str!("../corpus/ok/matrix_from_json.yml")).pipeline;
    let matrix = |id: &str| pipeline.job(id).unwrap().strategy.matrix.clone().unwrap();
    assert!(matches!(matrix("all"), Matrix::Deferred(_)));
    let Matrix::Written { axes, .. } = matrix("axis") else {
        unreachable!("the axes are written out");
    };
    assert!(matches!(&axes[0], (name, TemplateValue::Template(_)) if name == "n"));
    let TemplateValue::List(flags) = &axes[1].1 else {
        unreachable!("the axis is a list");
    };
    assert_eq!(flags[0], TemplateValue::Literal(Value::Boolean(true)));
}

#[test]
fn what_is_not_supported_is_kept_for_the_run_to_refuse() {
    let pipeline = lower(include_str!("../corpus/ok/not_yet_actions.yml")).pipeline;
    let job = pipeline.job("a").unwrap();
    let what: Vec<&str> = job.unsupported.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(what.len(), 3);
    assert_eq!(what[0], "uses: actions/setup-node@v4");
    assert_eq!(job.unsupported[0].place.to_string(), ".github/workflows/ci.yml:6:15");
    assert_eq!(job.steps.len(), 5);

    let pipeline = lower(include_str!("../corpus/ok/not_yet_container.yml")).pipeline;
    let what: Vec<&str> = pipeline.jobs[0]
        .unsupported
        .iter()
        .map(|found| found.what.as_str())
        .collect();
    assert_eq!(what, ["container", "services"]);
}

#[test]
fn inputs_and_schedules_are_read() {
    let triggers = ci().triggers;
    let inputs = &triggers.event("workflow_dispatch").unwrap().inputs;
    let kinds: Vec<&InputKind> = inputs.iter().map(|input| &input.kind).collect();
    let choice = InputKind::Choice(vec!["debug".into(), "info".into()]);
    assert_eq!(kinds, [&choice, &InputKind::Boolean, &InputKind::Number]);
    assert_eq!(triggers.event("schedule").unwrap().schedules[0].cron, "30 5 * * 1-5");
}

#[test]
fn permissions_are_all_or_named() {
    let pipeline = lower(include_str!("../corpus/ok/permissions.yml")).pipeline;
    assert_eq!(pipeline.permissions, Some(Permissions::ReadAll));
    assert_eq!(pipeline.jobs[0].permissions, Some(Permissions::Scopes(vec![])));
    assert_eq!(pipeline.jobs[1].permissions, Some(Permissions::WriteAll));
}

#[test]
fn a_file_with_an_error_gives_no_workflow() {
    let lowered = github::lower(&SourceFile::new(
        "a.yml",
        include_str!("../corpus/err/unknown_keys.yml"),
    ));
    assert!(lowered.workflow.is_none());
    assert!(!lowered.diagnostics.is_empty());
}

#[test]
fn who_starts_a_job_is_told_what_it_gets_otherwise() {
    let cautions = lower(include_str!("../corpus/ok/other_systems.yml")).cautions;
    let jobs: Vec<&str> = cautions.iter().map(|caution| caution.job.as_str()).collect();
    assert_eq!(jobs, ["one", "two", "three", "many", "many", "many"]);
    assert!(lower(include_str!("../corpus/ok/minimal.yml")).cautions.is_empty());
}

#[test]
fn keys_with_expressions_keep_their_place() {
    let text = "on: push
env:
  TOP: ${{ github.sha }}
  PLAIN: text
jobs:
  a:
    runs-on: ubuntu-latest
    if: github.sha != ''
    timeout-minutes: ${{ fromJSON(vars.MINUTES) }}
    env: { A: '${{ vars.A }}', B: plain }
    strategy:
      matrix: { n: '${{ fromJSON(vars.N) }}' }
    outputs:
      o: ${{ steps.s.outputs.o }}
    steps: [{ id: s, run: make }]
";
    let pipeline = lower(text).pipeline;
    let job = pipeline.job("a").unwrap();
    let places: Vec<(&str, usize, usize)> = job
        .places
        .iter()
        .map(|(name, (line, column))| (name.as_str(), *line, *column))
        .collect();
    let expected = [
        ("env.A", 10, 12),
        ("if", 8, 5),
        ("outputs.o", 14, 7),
        ("strategy.matrix", 12, 7),
        ("timeout-minutes", 9, 5),
    ];
    assert_eq!(places, expected);
    assert_eq!(pipeline.place_of("env.TOP").to_string(), ".github/workflows/ci.yml:3:3");
    assert_eq!(job.place_of("env.A").to_string(), ".github/workflows/ci.yml:10:12");
    assert_eq!(job.place_of("env.B"), job.place);
}
