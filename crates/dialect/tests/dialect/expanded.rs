//! The expanded workflow is a workflow: it is read without an error, and plans to itself.
#![expect(clippy::disallowed_methods, reason = "a test reads its corpus")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lockgate_core::{Severity, SourceFile};
use lockgate_dialect::github;
use lockgate_pipeline::plan::{Plan, PlanRequest, Trigger};

/// Returns the plan for the first event of the workflow; none when it cannot be planned by itself.
fn plan(name: &str, text: &str) -> Option<Plan> {
    let lowered = github::lower(&SourceFile::new(name, text));
    let errors: Vec<String> = lowered
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| format!("{}: {}", found.in_one_line(), found.help.as_deref().unwrap_or_default()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?} in\n{text}");
    let workflow = lowered.workflow?;
    let event = &workflow.triggers.events.first()?;
    let request = PlanRequest {
        trigger: Trigger {
            event: event.event.clone(),
            sha: "0123".to_owned(),
            reference: "refs/heads/main".to_owned(),
            repository: "octo/cat".to_owned(),
            ..Trigger::default()
        },
        inputs: github::resolve_inputs(&event.inputs, &BTreeMap::new()).ok()?,
        vars: BTreeMap::from([("LEVEL".to_owned(), "1".to_owned())]),
        ..PlanRequest::default()
    };
    Plan::make(Arc::new(workflow.pipeline), request).ok()
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("# "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_good_workflow_expands_to_one() {
    let mut expanded = 0;
    for path in super::corpus::files("ok") {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("action") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let Some(first) = plan(name, &text).filter(Plan::has_work) else {
            continue;
        };
        let written = first.expanded();
        if takes_what_it_needs(&written) {
            continue;
        }
        let again = plan(name, &written).unwrap_or_else(|| panic!("{name} cannot be planned again:\n{written}"));
        assert_eq!(
            without_comments(&again.expanded()),
            without_comments(&written),
            "{name}"
        );
        expanded += 1;
    }
    assert!(
        expanded >= 8,
        "only {expanded} workflows of the corpus could be planned"
    );
}

/// Whether an expression reads the outputs of a job that has another id now, being several jobs.
fn takes_what_it_needs(text: &str) -> bool {
    text.contains("needs.")
}

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    let text = "\
on: push
env: { A: 'yes', B: '1.10', C: '0x10', D: 'a: b #c', E: '', F: '- x', G: ' x ', H: \"tab\\tbell\\a\", I: '*a', J: 'null' }
jobs:
  a:
    runs-on: [self-hosted, '22.04']
    strategy: { matrix: { v: ['1.10', 1.5, true, 'true', null, { k: [1, '1'] }] } }
    steps:
      - run: \"a\\n\\n  b\\n\"
      - run: \"  a\\nb\"
      - run: \"a\\n\\n\\n\"
      - run: \"echo ${{ matrix.v }} '${{ github.ref }}' ${{ github.workspace }}\"
";
    let path = Path::new("a.yml").to_str().unwrap();
    let first = plan(path, text).unwrap();
    let again = plan(path, &first.expanded()).unwrap();
    assert_eq!(again.pipeline.env, first.pipeline.env);
    let scripts = |plan: &Plan| -> Vec<String> {
        plan.pipeline.jobs[0].steps[..3]
            .iter()
            .map(|step| serde_json::to_string(&step.body).unwrap())
            .collect()
    };
    assert_eq!(scripts(&again), scripts(&first));
    assert_eq!(again.jobs.len(), 6);
    assert_eq!(again.expanded(), first.expanded());
    assert!(
        first
            .expanded()
            .contains("echo 1.10 'refs/heads/main' ${{ github.workspace }}")
    );
}
