//! The page about workflows agrees with what is read, refused and built in.

use std::collections::BTreeSet;
use std::fs;

use lockgate_dialect::github::EVENTS;
use lockgate_pipeline::builtin::BuiltinAction;
use lockgate_pipeline::expression::{CONTEXTS, Function};

use crate::checked::{check_blocks, possible_keys};
use crate::page::Page;
use crate::scene::Scene;

const FILE: &str = "ci.yml";

fn page() -> Page {
    Page::read("reference/workflow-support.md")
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// Returns a workflow whose only job has these lines.
fn job(lines: &str) -> String {
    format!("on: push\njobs:\n  a:\n    runs-on: x\n    {lines}\n    steps: [{{ run: make }}]\n")
}

#[test]
fn every_key_is_listed_and_every_listed_key_is_read() {
    let page = page();
    let step = |rest: &str| {
        let text = format!("on: push\njobs: {{ a: {{ runs-on: x, steps: [{{ zzzz: 1, {rest} }}] }} }}");
        possible_keys(FILE, &text)
    };
    let of_step = &step("run: make") | &step("uses: ./action");
    assert_eq!(page.keys("A step"), of_step);
    assert_eq!(page.keys("A job"), possible_keys(FILE, &job("zzzz: 1")));
    assert_eq!(
        page.keys("A strategy"),
        possible_keys(FILE, &job("strategy: { zzzz: 1 }"))
    );
    assert_eq!(
        page.keys("The workflow"),
        possible_keys(FILE, "on: push\nzzzz: 1\njobs: {}\n")
    );
}

#[test]
fn what_is_refused_is_what_the_tables_say() {
    let page = page();
    let blocks = page.blocks("yaml");
    let found = check_blocks(&blocks).concat();
    assert!(found.iter().all(|found| found.code == "LG0161"), "{found:?}");
    let said = |key: &str| {
        let (alone, with_value) = (format!("`{key}`:"), format!("`{key}:"));
        let messages = found.iter().map(|found| &found.message);
        messages
            .into_iter()
            .any(|said| said.starts_with(&alone) || said.starts_with(&with_value))
    };
    for title in ["The workflow", "A job", "A strategy", "A step"] {
        for row in page.rows(title) {
            let key = row.key();
            // These two run in all but one form, which the example shows.
            let has_both = ["env", "uses"].contains(&key.as_str());
            match row.code(1).as_str() {
                "refused" => assert!(said(&key), "`{key}` is not refused"),
                "runs" | "read only" => assert!(has_both || !said(&key), "`{key}` is refused"),
                other => unreachable!("`{other}` is none of the three words"),
            }
        }
    }
    let background = page.listed("The keys ", "are refused");
    for key in &background {
        let text = job("").replace("run: make", &format!("run: make, {key}: a"));
        let found = crate::checked::check(&[(std::path::Path::new(FILE), text.as_str())]).concat();
        assert!(found.iter().any(|found| found.code == "LG0161"), "`{key}`: {found:?}");
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
        let output = scene
            .command(&["plan", "--workflow", path.to_str().unwrap(), "--job", job])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{job}: {told}");
        assert!(told.contains("refused.yml cannot be planned"), "{job}: {told}");
    }
}

#[test]
fn the_lists_are_those_of_the_code() {
    let page = page();
    let events = EVENTS.iter().map(|event| event.name);
    assert_eq!(page.listed("with its types and filters:\n", "\n"), names(events));
    let functions = Function::ALL.into_iter().map(Function::name);
    assert_eq!(page.listed("Functions:", "\n"), names(functions));
    assert_eq!(page.listed("Contexts:", "\n"), names(CONTEXTS));
    let actions = BuiltinAction::ALL.into_iter().map(BuiltinAction::name);
    assert_eq!(page.keys("Actions"), names(actions));
}
