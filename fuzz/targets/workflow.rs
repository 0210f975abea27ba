//! Any bytes as a workflow file: read, with every diagnostic at a place in the file, and planned when it is good.
#![no_main]

mod expanded;
mod place;

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use lockgate_dialect::{github, text};
use lockgate_pipeline::expression::{Object, Value};
use lockgate_pipeline::plan::{Plan, PlanRequest, Trigger};

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = text::decode("fuzz.yml", bytes.to_vec()) else {
        return;
    };
    let lowered = github::lower(&file);
    place::check(&lowered.diagnostics);
    let Some(workflow) = lowered.workflow else {
        assert!(!lowered.diagnostics.is_empty(), "refused without a word");
        return;
    };
    for trigger in &workflow.triggers.events {
        let event = github::Event {
            name: trigger.event.clone(),
            reference: Some(github::Reference::Branch("main".into())),
            changed_paths: Some(vec!["src/main.rs".into()]),
            ..github::Event::default()
        };
        assert!(!github::triggered(&workflow, &event).reason().is_empty());
    }
    let request = PlanRequest {
        trigger: Trigger {
            event: "push".into(),
            payload: Value::Object(Object::default()),
            reference: "refs/heads/main".into(),
            ..Trigger::default()
        },
        ..PlanRequest::default()
    };
    match Plan::make(Arc::new(workflow.pipeline), request) {
        Ok(plan) => {
            plan.tree();
            expanded::check(&plan);
            let json = serde_json::to_string(&plan).expect("a plan is JSON");
            let again: Plan = serde_json::from_str(&json).expect("a stored plan is read again");
            assert_eq!(serde_json::to_string(&again).expect("JSON"), json);
        }
        Err(errors) => assert!(!errors.is_empty() && errors.iter().all(|error| !error.to_string().is_empty())),
    }
});
