//! The top of a workflow file.

use std::sync::Arc;

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};
use lockgate_pipeline::definition::{Job, Pipeline};

use super::availability::{RUN_NAME, WORKFLOW_ENV};
use super::call::Callable;
use super::event;
use super::lowering::Lowering;
use super::need::Needing;
use super::place::Places;
use super::shapes::WORKFLOW;
use super::{Lowered, Triggers, Workflow};
use crate::codes;
use crate::yaml::Node;

pub(super) fn read(file: &SourceFile, node: Option<&Node>, mut diagnostics: Vec<Diagnostic>) -> Lowered {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        if diagnostics.is_empty() {
            let empty = Diagnostic::error(codes::EMPTY_FILE, file, Span::new(0, 0), "the file is empty");
            diagnostics.push(empty.help("a workflow has at least `on` and `jobs`"));
        }
        return Lowered {
            diagnostics,
            ..Lowered::default()
        };
    };
    let mut lowering = Lowering::new(file);
    for diagnostic in diagnostics {
        lowering.reader.report(diagnostic);
    }
    lowering.check_case(node);
    let workflow = lowering.workflow(node);
    let diagnostics = lowering.reader.into_diagnostics();
    let errors = || diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let has_error = errors().next().is_some();
    // What stands in broken permissions is not what is meant.
    let place = node.get("permissions").map(|permissions| permissions.span);
    let is_broken = |place: Span| errors().any(|found| place.start <= found.span.start && found.span.end <= place.end);
    let permissions = workflow
        .as_ref()
        .and_then(|workflow| workflow.pipeline.permissions.clone())
        .filter(|_| !place.is_some_and(is_broken));
    Lowered {
        permissions,
        workflow: workflow.filter(|_| !has_error),
        diagnostics,
        uses: lowering.uses,
        calls: lowering.calls,
        callable: lowering.callable,
    }
}

impl Lowering {
    fn workflow(&mut self, node: &Node) -> Option<Workflow> {
        let mut fields = self.reader.shaped(node, &WORKFLOW)?;
        let on = fields.require("on", &mut self.reader);
        let triggers = on.map(|on| self.triggers(on)).unwrap_or_default();
        if on.is_some() && self.callable == Callable::Unknown {
            self.callable = Callable::of(&triggers);
        }
        self.known.inputs = Some(triggers.input_names().into_iter().collect());
        let path = self.reader.file().path.clone();
        let name = fields.take("name").and_then(|name| self.plain_or_empty(name, "`name`"));
        if let Some(description) = fields.take("description") {
            self.plain_or_empty(description, "`description`");
        }
        let run_name = fields
            .take("run-name")
            .and_then(|node| self.template(node, "`run-name`", &RUN_NAME));
        let env = fields.take("env");
        let mut places = Places::new();
        if let Some(env) = env {
            self.add_places(env, "env", |_| true, &mut places);
        }
        let env = env.map(|env| self.entries(env, "`env`", &WORKFLOW_ENV));
        let defaults = fields.take("defaults").map(|node| self.workflow_defaults(node));
        let concurrency = fields
            .take("concurrency")
            .and_then(|node| self.workflow_concurrency(node));
        if let Some(mode) = fields.take("cache-mode") {
            self.cache_mode(mode);
        }
        let permissions = fields.take("permissions").and_then(|node| self.permissions(node));
        let unsupported = std::mem::take(&mut self.unsupported);
        let jobs = fields.require("jobs", &mut self.reader);
        let jobs = jobs.map(|jobs| self.jobs(jobs)).unwrap_or_default();
        self.check_reads(&jobs);
        fields.finish_with(&mut self.reader, |entry, mut diagnostic| {
            if event::named(&entry.key.name).is_some() {
                diagnostic.code = codes::MISPLACED_EVENT;
                diagnostic.message = format!("the event `{}` stands outside of `on`", entry.key.name);
                return diagnostic.help("indent it, so that it becomes a key of `on`");
            }
            match entry.key.name.as_str() {
                "steps" | "runs-on" => {
                    diagnostic.help("it belongs into a job: `jobs:`, then the id of the job, then this")
                }
                _ => diagnostic,
            }
        });
        Some(Workflow {
            triggers,
            cautions: std::mem::take(&mut self.cautions),
            pipeline: Pipeline {
                name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| path.to_string()),
                path,
                run_name,
                env: env.unwrap_or_default(),
                defaults: defaults.unwrap_or_default(),
                concurrency,
                permissions,
                jobs,
                unsupported,
                places,
            },
        })
    }

    fn jobs(&mut self, node: &Node) -> Vec<Arc<Job>> {
        let Some(fields) = self.reader.fields(node, "`jobs`") else {
            return Vec::new();
        };
        let mut read = Vec::new();
        let entries = node.as_mapping().unwrap_or_default().iter();
        self.known.jobs = Some(entries.map(|entry| entry.key.name.clone()).collect());
        for entry in fields.rest() {
            if let Some((job, needs)) = self.job(entry) {
                read.push((job, needs, entry.key.span));
            }
        }
        if node.as_mapping().is_some_and(<[_]>::is_empty) {
            self.error(codes::MISSING_KEY, node.span, "a workflow needs at least one job");
        }
        let needing: Vec<Needing<'_>> = read
            .iter()
            .map(|(job, needs, place)| Needing {
                id: &job.id,
                place: *place,
                needs,
            })
            .collect();
        self.check_needs(&needing);
        read.into_iter().map(|(job, ..)| Arc::new(job)).collect()
    }
}

impl Triggers {
    fn input_names(&self) -> Vec<String> {
        self.events
            .iter()
            .flat_map(|trigger| trigger.inputs.iter().map(|input| input.name.clone()))
            .collect()
    }
}
