//! The expanded workflow is a workflow: it is read without an error, and plans to itself.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reads its corpus, and fails by panicking"
)]

mod bounds;
mod calls;
mod equivalence;
mod generated;
mod project;
mod running;
mod texts;

use std::path::Path;

use lockgate_pipeline::definition::StepBody;
use lockgate_pipeline::plan::{Plan, PlanRequest};

use project::{Project, plan};

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("# "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns how many jobs may run, each leg counted; one where the legs are not known.
fn jobs(plan: &Plan) -> usize {
    let jobs = plan.jobs.iter().enumerate();
    let running = jobs.filter(|(place, job)| job.fate.may_run() && plan.definition(*place).call.is_none());
    running
        .map(|(_, job)| job.expansion.as_ref().map_or(1, |expansion| expansion.legs.len()))
        .sum()
}

/// Returns what each step of each job that may run is, scripts without their values: these are filled in.
fn steps(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    for (place, job) in plan.jobs.iter().enumerate().filter(|(_, job)| job.fate.may_run()) {
        let legs = job.expansion.as_ref().map_or(1, |expansion| expansion.legs.len());
        for _ in 0..legs {
            found.extend(plan.definition(place).steps.iter().map(|step| match &step.body {
                StepBody::Run { script, .. } => script.source().split("${{").next().unwrap().trim_end().to_owned(),
                StepBody::Uses { reference, .. } => reference.clone(),
            }));
        }
    }
    found
}

/// Checks that what a plan expands to is a workflow of the same jobs, and expands to itself.
#[track_caller]
fn check(name: &str, first: &Plan) {
    let written = first.expanded();
    assert!(!written.contains("cannot be written"), "{written}");
    let again = plan(name, &written).unwrap_or_else(|| panic!("{name} cannot be planned again:\n{written}"));
    assert_eq!(jobs(&again), jobs(first), "{name}:\n{written}");
    let (told, expected) = (steps(&again), steps(first));
    assert_eq!(told.len(), expected.len(), "{name}:\n{written}");
    for (told, expected) in told.iter().zip(&expected) {
        assert!(
            told.starts_with(expected.as_str()) || expected.starts_with(told.as_str()),
            "{told} is not {expected} in {name}:\n{written}"
        );
    }
    assert_eq!(
        without_comments(&again.expanded()),
        without_comments(&written),
        "{name}"
    );
}

#[test]
fn every_good_workflow_expands_to_one() {
    let mut expanded = 0;
    for path in super::expected::files("ok") {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("action") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for first in Project::of_file(name, &text).plans(name) {
            check(name, &first);
            expanded += 1;
        }
    }
    assert!(
        expanded >= 60,
        "only {expanded} workflows of the corpus could be planned"
    );
}

#[test]
fn every_job_of_a_project_expands_with_what_it_calls() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/project");
    let mut expanded = 0;
    for name in ["calls", "call_permissions", "call_count"] {
        let project = Project::read(&corpus.join(name));
        for path in project.paths() {
            for job in project.jobs(&path) {
                let request = PlanRequest {
                    selected: vec![job.clone()],
                    ..PlanRequest::default()
                };
                if let Some(first) = project.plan(&path, "push", request).filter(Plan::has_work) {
                    check(&format!("{job} of {path}"), &first);
                    expanded += 1;
                }
            }
        }
    }
    assert!(expanded >= 60, "only {expanded} jobs of the projects could be planned");
}
