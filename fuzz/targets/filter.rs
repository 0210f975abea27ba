//! Any lines as the patterns of `branches` and `paths`, and as what they are matched with.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;
use lockgate_core::SourceFile;
use lockgate_dialect::github::{self, Event, Reference};

fuzz_target!(|text: &str| {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let name = lines.pop().unwrap_or_default();
    let patterns = serde_json::to_string(&lines).expect("a list is JSON");
    let workflow = format!(
        "on:\n  push:\n    branches: {patterns}\n    paths: {patterns}\n  schedule:\n    - cron: {}\n\
         jobs: {{ a: {{ runs-on: x, steps: [{{ run: x }}] }} }}\n",
        serde_json::to_string(name).expect("a text is JSON")
    );
    let lowered = github::lower(&SourceFile::new("fuzz.yml", workflow));
    place::check(&lowered.diagnostics);
    if let Some(workflow) = lowered.workflow {
        let event = Event {
            name: "push".into(),
            reference: Some(Reference::Branch(name.into())),
            changed_paths: Some(vec![name.into(), "docs/a.md".into()]),
            ..Event::default()
        };
        assert!(!github::triggered(&workflow, &event).reason().is_empty());
    }
});
