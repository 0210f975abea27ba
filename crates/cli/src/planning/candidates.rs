//! Each workflow file, whether the event starts it, and its plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::words::listed;
use lockgate_core::{Diagnostic, Severity};

use lockgate_dialect::codes;
use lockgate_dialect::github::{self, Caution, Check, Decision, Judgement, Schedule, Trigger as Declared, Workflow};
use lockgate_dialect::limit::limited;
use lockgate_pipeline::definition::{Called, Pipeline};
use lockgate_pipeline::expression::{Template, Value};
use lockgate_pipeline::plan::{Plan, PlanRequest, PlannedJob, Trigger};
use lockgate_pipeline::run::{self, Foreseen};

mod unknown;

use super::{Context, Request, refusal};
use crate::called_workflows::CalledFiles;
use crate::exit::Failure;
use crate::local_actions::Reached;
use crate::render::{diagnostics, out};
use crate::workflows;

/// One workflow file and what the event does to it.
pub(crate) struct Candidate {
    /// The file, as shown to people.
    pub(crate) file: String,
    /// Whether the event starts it, and why.
    pub(crate) decision: Decision,
    /// What each filter of the event said.
    pub(crate) checks: Vec<Check>,
    /// The times at which the workflow starts by itself.
    pub(crate) schedules: Vec<Schedule>,
    /// The plan; none when it does not start.
    pub(crate) plan: Option<Arc<Plan>>,
}

/// Returns every workflow file with its plan, or all mistakes drawn.
pub(crate) fn candidates(request: &Request<'_>, context: &Context) -> Result<Vec<Candidate>, Failure> {
    let root = &request.project.root;
    let mut read = Vec::new();
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    let mut reached = Reached::new(request.project);
    let mut called = CalledFiles::new(request.project);
    for path in workflows::select(root, request.arguments.workflow.as_deref())? {
        let file = match workflows::read(root, &path)? {
            Ok(file) => file,
            Err(mistake) => {
                mistakes.push(*mistake);
                continue;
            }
        };
        let lowered = github::lower(&file);
        called.add(&path, &file, lowered.clone());
        mistakes.extend(
            lowered
                .diagnostics
                .into_iter()
                .filter(|d| d.severity == Severity::Error),
        );
        if let Some(mut workflow) = lowered.workflow {
            reached.note(&path, &file, &lowered.uses, &mut workflow.pipeline);
            read.push((path, file.path.to_string(), workflow, lowered.calls));
        }
    }
    let of_calls = called.diagnostics().into_iter();
    mistakes.extend(of_calls.filter(|found| found.severity == Severity::Error));
    if !mistakes.is_empty() {
        return Err(diagnostics::failure(&limited(mistakes)));
    }
    let mut found = Vec::with_capacity(read.len());
    for (path, file, workflow, calls) in read {
        let mut cautions: Vec<(Arc<str>, Caution)> = Vec::new();
        let called = called.pipelines(&path, &calls, |path, called, pipeline| {
            reached.note(path, called.file, called.uses, pipeline);
            add_environment(pipeline, &context.env);
            let of_file = called.workflow.cautions.iter().cloned();
            cautions.extend(of_file.map(|caution| (Arc::clone(&called.file.path), caution)));
        });
        found.push(Found {
            judgement: github::judged(&workflow, &context.event),
            file,
            workflow,
            called,
            cautions,
        });
    }
    let asked = asked(request);
    let starting: Vec<&Found> = found.iter().filter(|found| found.starts()).collect();
    unknown::refuse_jobs(&asked, &starting)?;
    unknown::refuse_ends(&context.known, &starting)?;
    found
        .into_iter()
        .map(|found| found.candidate(request, context, &asked))
        .collect()
}

/// Returns the jobs that are asked for, each once, and those of a called workflow as plans write them.
fn asked(request: &Request<'_>) -> Vec<String> {
    let mut asked: Vec<String> = Vec::new();
    for id in &request.arguments.job {
        let path: Vec<&str> = id.split('/').map(str::trim).collect();
        let path = path.join(" / ");
        if !asked.contains(&path) {
            asked.push(path);
        }
    }
    asked
}

/// A workflow file that was read, with the workflows that it calls.
struct Found {
    file: String,
    workflow: Workflow,
    judgement: Judgement,
    called: BTreeMap<String, Called>,
    /// What the jobs of the called workflows get otherwise than they ask for, with the file.
    cautions: Vec<(Arc<str>, Caution)>,
}

impl Found {
    fn starts(&self) -> bool {
        self.judgement.decision.is_yes()
    }

    /// Returns whether a job that is asked for can be one of its own, or of a workflow that it calls.
    fn has(&self, asked: &str) -> bool {
        let (id, is_called) = match asked.split_once(" / ") {
            Some((id, _)) => (id, true),
            None => (asked, false),
        };
        let job = self.workflow.pipeline.job(id);
        job.is_some_and(|job| job.call.is_some() || !is_called)
    }

    /// Returns it with its plan, of all jobs or of those that are asked for.
    fn candidate(mut self, request: &Request<'_>, context: &Context, asked: &[String]) -> Result<Candidate, Failure> {
        let selected: Vec<String> = asked.iter().filter(|asked| self.has(asked)).cloned().collect();
        if self.starts() && selected.is_empty() && !asked.is_empty() {
            let jobs: Vec<String> = asked.iter().map(|id| format!("`{id}`")).collect();
            self.judgement.decision = Decision::No(format!("none of its jobs is asked for, only {}", listed(&jobs)));
        }
        let schedules = self.workflow.triggers.event("schedule");
        let schedules = schedules.map_or(Vec::new(), |trigger| trigger.schedules.clone());
        let (file, judgement) = (self.file.clone(), self.judgement.clone());
        let starts = judgement.decision.is_yes();
        let plan = starts.then(|| self.plan(request, context, selected)).transpose()?;
        Ok(Candidate {
            file,
            decision: judgement.decision,
            checks: judgement.checks,
            schedules,
            plan: plan.map(Arc::new),
        })
    }

    fn plan(self, request: &Request<'_>, context: &Context, selected: Vec<String>) -> Result<Plan, Failure> {
        let Self {
            file,
            workflow,
            called,
            mut cautions,
            ..
        } = self;
        let declared = workflow.triggers.event(&context.event.name);
        let inputs = inputs(&file, declared, context)?;
        let mut pipeline = workflow.pipeline;
        let of_file = workflow.cautions.into_iter();
        cautions.extend(of_file.map(|caution| (Arc::clone(&pipeline.path), caution)));
        add_environment(&mut pipeline, &context.env);
        let plan_request = PlanRequest {
            trigger: completed(&context.trigger, &inputs, declared),
            inputs,
            vars: context.vars.clone(),
            secrets: context.secrets.keys().cloned().collect(),
            marker_key: context.marker_key.clone(),
            called,
            selected,
            replaced: request
                .replaced
                .iter()
                .filter(|id| pipeline.job(id).is_some())
                .cloned()
                .collect(),
            known: context
                .known
                .iter()
                .filter(|(id, _)| pipeline.job(id).is_some())
                .map(|(id, ended)| (id.clone(), ended.clone()))
                .collect(),
        };
        let made = if request.is_draft {
            Plan::draft(Arc::new(pipeline), plan_request)
        } else {
            Plan::make(Arc::new(pipeline), plan_request).map(|plan| (plan, Vec::new()))
        };
        let (plan, unsupported) = made.map_err(|errors| refusal::of(&file, &errors))?;
        if !unsupported.is_empty() {
            let (code, file) = (codes::NOT_YET_SUPPORTED, out::name(&file));
            let words = "this version cannot run it, as is said beside its jobs; `lockgate check` tells what to do";
            out::progress(format_args!("warning: {code}: {file}: {words}"));
        }
        warn(&plan, &cautions);
        Ok(plan)
    }
}

/// Tells what the jobs that may run get otherwise than they ask for, and what can be foreseen.
fn warn(plan: &Plan, cautions: &[(Arc<str>, Caution)]) {
    for (path, caution) in cautions {
        let is_meant = |(place, job): (usize, &PlannedJob)| {
            job.fate.may_run() && plan.definition(place).id == caution.job && plan.pipeline_of(place).path == *path
        };
        if plan.jobs.iter().enumerate().any(is_meant) {
            out::progress(diagnostics::in_one_line(&caution.diagnostic));
        }
    }
    for Foreseen { at, words } in run::foreseen(plan) {
        out::progress(format_args!("warning: {}: {}", out::name(&at), out::name(&words)));
    }
}

/// Returns the values of the inputs that a workflow declares.
fn inputs(file: &str, declared: Option<&Declared>, context: &Context) -> Result<Value, Failure> {
    refuse_inputs_of(&context.event.name, &context.inputs)?;
    let declared = declared.map_or(&[][..], |trigger| &trigger.inputs);
    github::resolve_inputs(declared, &context.inputs).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        let help = if context.event.name == "workflow_dispatch" {
            "inputs are given with --input NAME=VALUE; where several workflows can be dispatched, --workflow chooses one"
        } else {
            "inputs are given with --input NAME=VALUE"
        };
        Failure::usage(format!("{file}: {}", lines.join("\n  "))).help(help)
    })
}

/// Returns the trigger with what its payload takes from the workflow: all inputs as text, or the schedule.
fn completed(trigger: &Trigger, inputs: &Value, declared: Option<&Declared>) -> Trigger {
    let mut trigger = trigger.clone();
    let Value::Object(payload) = &mut trigger.payload else {
        return trigger;
    };
    match (trigger.event.as_str(), inputs) {
        ("workflow_dispatch", Value::Object(inputs)) => {
            let texts = inputs
                .iter()
                .map(|(name, value)| (name.to_owned(), Value::String(value.to_text())));
            payload.insert("inputs", Value::object(texts));
        }
        ("schedule", _) if payload.get("schedule").is_none() => {
            if let Some(schedule) = declared.and_then(|declared| declared.schedules.first()) {
                payload.insert("schedule", Value::String(schedule.cron.clone()));
            }
        }
        _ => {}
    }
    trigger
}

/// Only who starts or calls a workflow gives it inputs.
fn refuse_inputs_of(event: &str, inputs: &BTreeMap<String, String>) -> Result<(), Failure> {
    if inputs.is_empty() || matches!(event, "workflow_dispatch" | "workflow_call") {
        return Ok(());
    }
    let names: Vec<&str> = inputs.keys().map(String::as_str).collect();
    let message = format!("the event `{event}` has no inputs, but was given: {}", names.join(", "));
    Err(Failure::usage(message).help("start the workflow with --event workflow_dispatch, or leave the inputs out"))
}

/// Adds the variables of `--env`, below those of the workflow.
fn add_environment(pipeline: &mut Pipeline, env: &BTreeMap<String, String>) {
    let given = env.iter().map(|(name, value)| (name.clone(), Template::literal(value)));
    pipeline.env = given.chain(std::mem::take(&mut pipeline.env)).collect();
}
