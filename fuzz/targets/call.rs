//! Any bytes as workflow files that call each other: judged, and planned when all are good.
#![no_main]

mod expanded;
mod place;

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use lockgate_core::SourceFile;
use lockgate_dialect::github::{self, CalledWorkflows, WorkflowFile};
use lockgate_pipeline::definition::Called;
use lockgate_pipeline::plan::{Plan, PlanRequest, Trigger};

/// What stands before the name of each file but the first.
const FILE: &str = "\n--- ";

fuzz_target!(|text: &str| {
    let mut parts = text.split(FILE);
    let first = file("main.yml", parts.next().expect("a text has a first part"));
    let others: Vec<SourceFile> = parts
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| file(name, text))
        .collect();
    let lowered = github::lower(&first);
    let (calls, workflow) = (lowered.calls.clone(), lowered.workflow.clone());
    let own = lowered.diagnostics.len();
    let mut called = CalledWorkflows::default();
    called.add(Some(&*first.path), &first, lowered);
    while let Some(wanted) = called.wanted() {
        let found = others.iter().find(|file| *file.path == *wanted).cloned();
        called.supply(&wanted, found.map_or(WorkflowFile::Missing, WorkflowFile::Text));
    }
    let found = called.diagnostics();
    place::check(&found);
    let Some(workflow) = workflow.filter(|_| own + found.len() == 0) else {
        return;
    };
    let reached = called.reached(&calls).into_iter().map(|reached| {
        let called = Called {
            pipeline: Arc::new(reached.workflow.pipeline.clone()),
            interface: reached.interface.clone(),
        };
        (reached.path.to_owned(), called)
    });
    let request = PlanRequest {
        called: reached.collect(),
        trigger: Trigger {
            event: "push".into(),
            reference: "refs/heads/main".into(),
            ..Trigger::default()
        },
        ..PlanRequest::default()
    };
    if let Ok(plan) = Plan::make(Arc::new(workflow.pipeline), request) {
        plan.tree();
        expanded::check(&plan);
    }
});

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile::new(format!(".github/workflows/{name}"), text)
}
