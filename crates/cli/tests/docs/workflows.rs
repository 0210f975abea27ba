//! The page about workflows agrees with what is read, refused and built in.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lockgate_dialect::github::OF_WORKFLOWS;
use lockgate_dialect::shape::{Key, Local};
use lockgate_pipeline::builtin::BuiltinAction;

use crate::checked::{check, check_blocks};
use crate::page::Page;
use crate::scene::Scene;

const FILE: &str = "ci.yml";

fn page() -> Page {
    Page::read("reference/workflow-support.md")
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// Returns the keys of the mappings that stand at these paths, which are those that a job can reach by itself.
fn reached() -> impl Iterator<Item = &'static Key> {
    let paths = [
        "the workflow",
        "concurrency",
        "jobs.<job_id>",
        "jobs.<job_id> with uses",
        "jobs.<job_id>.strategy",
        "jobs.<job_id>.concurrency",
        "jobs.<job_id>.steps[*] with run",
        "jobs.<job_id>.steps[*] with uses",
    ];
    let shapes = OF_WORKFLOWS.iter().filter(move |shape| paths.contains(&shape.path));
    shapes.flat_map(|shape| shape.keys)
}

#[test]
fn what_is_refused_is_what_the_tables_say() {
    let found = check_blocks(&page().blocks("yaml")).concat();
    assert!(found.iter().all(|found| found.code == "LG0161"), "{found:?}");
    let said = |key: &str| {
        let (alone, with_value) = (format!("`{key}`:"), format!("`{key}:"));
        let mut messages = found.iter().map(|found| &found.message);
        messages.any(|said| said.starts_with(&alone) || said.starts_with(&with_value))
    };
    for key in reached() {
        // These run in all but one form, which the note says and the example shows.
        let has_both = key.note.contains("is refused");
        match key.local {
            Local::Refused => assert!(said(key.name), "`{}` is not refused", key.name),
            Local::Runs | Local::ReadOnly => assert!(has_both || !said(key.name), "`{}` is refused", key.name),
        }
    }
}

#[test]
fn steps_beside_others_are_refused() {
    for (path, step) in [
        ("wait", "{ wait: a }"),
        ("wait-all", "{ wait-all: true }"),
        ("cancel", "{ cancel: a }"),
        ("parallel", "{ parallel: [{ run: make }] }"),
    ] {
        let shape = OF_WORKFLOWS
            .iter()
            .find(|shape| shape.path == format!("jobs.<job_id>.steps[*] with {path}"));
        let key = shape.unwrap().key(path).unwrap();
        assert_eq!(key.local, Local::Refused);
        let text = format!("on: push\njobs: {{ a: {{ runs-on: x, steps: [{{ id: a, run: make }}, {step}] }} }}\n");
        let found = check(&[(Path::new(FILE), text.as_str())]).concat();
        assert!(found.iter().any(|found| found.code == "LG0161"), "{path}: {found:?}");
    }
}

#[test]
fn each_job_of_the_refused_workflow_is_refused() {
    let block = page().blocks("yaml").remove(0);
    let scene = Scene::as_it_is();
    let path = scene.folder().join("refused.yml");
    fs::write(&path, &block.text).unwrap();
    let is_job = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let jobs: Vec<_> = block
        .text
        .lines()
        .filter(is_job)
        .map(|line| line.trim().trim_end_matches(':'))
        .collect();
    assert_eq!(jobs.len(), check_blocks(std::slice::from_ref(&block)).concat().len());
    for job in jobs {
        let ask = |command: &str| {
            let arguments = [command, "--workflow", path.to_str().unwrap(), "--job", job];
            let output = scene.command(&arguments).output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.code(), told, String::from_utf8(output.stdout).unwrap())
        };
        let (code, told, _) = ask("run");
        assert_eq!(code, Some(2), "{job}: {told}");
        assert!(told.contains("refused.yml cannot be planned"), "{job}: {told}");
        let (code, told, plan) = ask("plan");
        assert_eq!(code, Some(0), "{job}: {told}");
        assert!(told.contains("warning: LG0161: "), "{job}: {told}");
        assert!(
            plan.contains(&format!("─ {job} ")) && plan.contains("(cannot run here: `"),
            "{job}: {plan}"
        );
    }
}

#[test]
fn the_built_in_actions_are_those_of_the_code() {
    let actions = BuiltinAction::ALL.into_iter().map(BuiltinAction::name);
    assert_eq!(page().keys("Actions"), names(actions));
}
