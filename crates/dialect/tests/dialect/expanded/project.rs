//! Workflow files that call each other, and the plans of them.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lockgate_core::{Severity, SourceFile};
use lockgate_dialect::github::{self, Callable, Lowered};
use lockgate_pipeline::definition::Called;
use lockgate_pipeline::plan::{Plan, PlanRequest, Trigger};

/// Workflow files by their paths.
pub(super) struct Project {
    files: BTreeMap<String, Lowered>,
}

/// Returns the plan for the first event of a workflow that has to be without an error.
pub(super) fn plan(name: &str, text: &str) -> Option<Plan> {
    let lowered = github::lower(&SourceFile::new(name, text));
    let errors: Vec<String> = lowered
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| format!("{}: {}", found.in_one_line(), found.help.as_deref().unwrap_or_default()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?} in\n{text}");
    let project = Project {
        files: BTreeMap::from([(name.to_owned(), lowered)]),
    };
    let event = project.events(name).into_iter().next()?;
    project.plan(name, &event, PlanRequest::default())
}

impl Project {
    pub(super) fn of_file(path: &str, text: &str) -> Self {
        Self::of(&[(path, text)])
    }

    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter();
        let lowered = files.map(|(path, text)| {
            let lowered = github::lower(&SourceFile::new(*path, *text));
            ((*path).to_owned(), lowered)
        });
        Self {
            files: lowered.collect(),
        }
    }

    pub(super) fn read(folder: &Path) -> Self {
        let workflows = folder.join(".github/workflows");
        let entries = std::fs::read_dir(workflows).unwrap();
        let files = entries.map(|entry| {
            let path = entry.unwrap().path();
            let shown = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let lowered = github::lower(&SourceFile::new(shown.as_str(), text));
            (shown, lowered)
        });
        Self { files: files.collect() }
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// Returns the ids of the jobs of a file.
    pub(super) fn jobs(&self, path: &str) -> Vec<String> {
        let workflow = self.files[path].workflow.as_ref();
        let jobs = workflow.iter().flat_map(|workflow| &workflow.pipeline.jobs);
        jobs.map(|job| job.id.clone()).collect()
    }

    fn events(&self, path: &str) -> Vec<String> {
        let workflow = self.files[path].workflow.as_ref();
        let events = workflow.iter().flat_map(|workflow| &workflow.triggers.events);
        events.map(|event| event.event.clone()).collect()
    }

    /// Returns the plans of a file for each of its events that have work.
    pub(super) fn plans(&self, path: &str) -> Vec<Plan> {
        let events = self.events(path).into_iter();
        let plans = events.filter_map(|event| self.plan(path, &event, PlanRequest::default()));
        plans.filter(Plan::has_work).collect()
    }

    /// Returns the plan of a file for an event; none when it cannot be planned.
    pub(super) fn plan(&self, path: &str, event: &str, request: PlanRequest) -> Option<Plan> {
        let workflow = self.files[path].workflow.as_ref()?;
        let events = &workflow.triggers.events;
        let declared = events.iter().find(|declared| declared.event == event);
        let inputs = declared.map_or(&[][..], |declared| &declared.inputs);
        let called = self.files.iter().filter_map(|(path, lowered)| {
            let Callable::Yes(interface) = &lowered.callable else {
                return None;
            };
            let called = Called {
                pipeline: Arc::new(lowered.workflow.as_ref()?.pipeline.clone()),
                interface: interface.clone(),
            };
            Some((path.clone(), called))
        });
        let trigger = Trigger {
            event: event.to_owned(),
            sha: "0123".to_owned(),
            reference: "refs/heads/main".to_owned(),
            repository: "octo/cat".to_owned(),
            actor: "mona".to_owned(),
            server_url: "https://github.com".to_owned(),
            payload: request.trigger.payload,
            ..Trigger::default()
        };
        let request = PlanRequest {
            trigger,
            inputs: match request.inputs {
                lockgate_pipeline::expression::Value::Null => github::resolve_inputs(inputs, &BTreeMap::new()).ok()?,
                given => given,
            },
            vars: BTreeMap::from([("LEVEL".to_owned(), "1".to_owned())]),
            called: called.collect(),
            ..request
        };
        Plan::make(Arc::new(workflow.pipeline.clone()), request).ok()
    }
}
