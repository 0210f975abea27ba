//! From workflow files and an event to plans: what `plan`, `run` and `ship` share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use lockgate_core::{Diagnostic, Secret, Severity};

use lockgate_dialect::github::{
    self, Caution, Check, Decision, Event, Judgement, Schedule, Trigger as Declared, Workflow,
};
use lockgate_dialect::limit::limited;
use lockgate_pipeline::definition::{Called, Pipeline};
use lockgate_pipeline::expression::secret::MarkerKey;
use lockgate_pipeline::expression::{Template, Value};
use lockgate_pipeline::plan::{Ended, Plan, PlanRequest, PlannedJob, Trigger};
use lockgate_pipeline::run::{self, Foreseen};

use crate::arguments::WorkflowArguments;
use crate::called_workflows::CalledFiles;
use crate::config::{self, Configuration};
use crate::exit::Failure;
use crate::init;
use crate::local_actions::Reached;
use crate::project::{CONFIGURATION, Project};
use crate::render::{diagnostics, out};
use crate::trigger::{self, Occasion};
use crate::{pairs, random, workflows};

pub(crate) mod json_file;
mod refusal;

/// What a run is asked for.
pub(crate) struct Request<'a> {
    pub(crate) project: &'a Project,
    pub(crate) arguments: &'a WorkflowArguments,
    /// The jobs that Lockgate does itself.
    pub(crate) replaced: BTreeSet<String>,
    /// Names the run.
    pub(crate) run: &'a str,
}

/// What every workflow of a request has in common.
pub(crate) struct Context {
    pub(crate) trigger: Trigger,
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// What the marks of the secrets have in them.
    marker_key: MarkerKey,
    event: Event,
    inputs: BTreeMap<String, String>,
    vars: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    /// How jobs ended, as far as it is told.
    pub(crate) known: BTreeMap<String, Ended>,
}

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

impl Context {
    /// Returns what the arguments and the repository say.
    pub(crate) fn read(request: &Request<'_>) -> Result<Self, Failure> {
        let arguments = request.arguments;
        refuse_unknown_event(&arguments.event)?;
        let mut inputs = pairs::read("input", &arguments.input, None)?;
        let occasion = Occasion {
            event: &arguments.event,
            payload: arguments.event_file.as_deref(),
            inputs: &inputs,
            run: request.run,
        };
        let (trigger, event) = trigger::make(request.project, &occasion)?;
        if let Some(Value::Object(given)) = trigger.payload.get("inputs") {
            for (name, value) in given.iter() {
                inputs.entry(name.to_owned()).or_insert_with(|| value.to_text());
            }
        }
        refuse_long(&event, &inputs)?;
        let env = pairs::read("env", &arguments.env, arguments.env_file.as_deref())?;
        refuse_expressions(&env)?;
        Ok(Self {
            event,
            trigger,
            inputs,
            secrets: secrets(arguments)?,
            marker_key: MarkerKey::new(&random::hex()?),
            vars: pairs::read("var", &arguments.var, arguments.var_file.as_deref())?,
            env,
            known: BTreeMap::new(),
        })
    }
}

fn refuse_long(event: &Event, inputs: &BTreeMap<String, String>) -> Result<(), Failure> {
    match github::too_long(inputs) {
        Some(mistake) if event.name == "workflow_dispatch" => {
            Err(Failure::usage(mistake.to_string()).help("pass the name of a file or of an artifact instead"))
        }
        _ => Ok(()),
    }
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

/// An event that GitHub does not have starts nothing, and whoever names one has misspelt it.
fn refuse_unknown_event(name: &str) -> Result<(), Failure> {
    match github::event_named(name) {
        Ok(_) => Ok(()),
        Err(help) => Err(Failure::usage(format!("there is no event `{name}`")).help(help)),
    }
}

/// A value is kept in the plan's text, where an expression would be evaluated when the plan is read again.
fn refuse_expressions(env: &BTreeMap<String, String>) -> Result<(), Failure> {
    let Some((name, _)) = env.iter().find(|(_, value)| value.contains("${{")) else {
        return Ok(());
    };
    Err(Failure::usage(format!(
        "the value of `--env {name}` contains `${{{{`, which begins an expression"
    ))
    .help("give the value itself, or write the expression into the workflow's `env:`"))
}

/// Returns the secrets that the arguments give; whatever is written from then on is without them.
pub(crate) fn secrets(arguments: &WorkflowArguments) -> Result<BTreeMap<String, Secret>, Failure> {
    let pairs = pairs::read("secret", &arguments.secret, arguments.secret_file.as_deref())?;
    let secrets: BTreeMap<String, Secret> = pairs
        .into_iter()
        .map(|(name, value)| (name, Secret::new(value)))
        .collect();
    out::hide(secrets.values());
    Ok(secrets)
}

/// Returns every workflow file with its plan, or all mistakes drawn.
pub(crate) fn candidates(request: &Request<'_>, context: &Context) -> Result<Vec<Candidate>, Failure> {
    let root = &request.project.root;
    let mut found = Vec::new();
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
            found.push((path, file.path.to_string(), workflow, lowered.calls));
        }
    }
    let of_calls = called.diagnostics().into_iter();
    mistakes.extend(of_calls.filter(|found| found.severity == Severity::Error));
    if !mistakes.is_empty() {
        return Err(diagnostics::failure(&limited(mistakes)));
    }
    let mut candidates = Vec::with_capacity(found.len());
    for (path, file, workflow, calls) in found {
        let mut cautions: Vec<(Arc<str>, Caution)> = Vec::new();
        let pipelines = called.pipelines(&path, &calls, |path, called, pipeline| {
            reached.note(path, called.file, called.uses, pipeline);
            add_environment(pipeline, &context.env);
            let of_file = called.workflow.cautions.iter().cloned();
            cautions.extend(of_file.map(|caution| (Arc::clone(&called.file.path), caution)));
        });
        let found = Found {
            file,
            workflow,
            called: pipelines,
            cautions,
        };
        candidates.push(candidate(request, context, found)?);
    }
    Ok(candidates)
}

/// A workflow file that was read, with the workflows that it calls.
struct Found {
    file: String,
    workflow: Workflow,
    called: BTreeMap<String, Called>,
    /// What the jobs of the called workflows get otherwise than they ask for, with the file.
    cautions: Vec<(Arc<str>, Caution)>,
}

/// Returns the plans of the workflows that start, or says why none does.
pub(crate) fn plans(candidates: Vec<Candidate>, event: &str) -> Result<Vec<(String, Arc<Plan>)>, Failure> {
    let help = format!("write `{event}` into the `on:` of the workflow");
    starting(candidates, event, &help)
}

/// Returns the plans of the workflows that start on the event that the caller chose, or says why none does.
pub(crate) fn plans_on(candidates: Vec<Candidate>, event: &str) -> Result<Vec<(String, Arc<Plan>)>, Failure> {
    let help = match event {
        "workflow_dispatch" => {
            "name another event with --event, or write `workflow_dispatch` into the `on:` of the workflow"
        }
        _ => "name another event with --event, such as workflow_dispatch",
    };
    starting(candidates, event, help)
}

/// What helps when the event is in `on:`, and a filter keeps it out.
const FILTERED: &str = "check out what the filter matches, or change the filter";

fn starting(candidates: Vec<Candidate>, event: &str, help: &str) -> Result<Vec<(String, Arc<Plan>)>, Failure> {
    let reasons: Vec<String> = candidates
        .iter()
        .map(|candidate| format!("{}: {}", candidate.file, candidate.decision.reason()))
        .collect();
    let filtered = candidates
        .iter()
        .any(|candidate| matches!(candidate.decision, Decision::No(_)));
    let plans: Vec<_> = candidates
        .into_iter()
        .filter_map(|candidate| Some((candidate.file, candidate.plan?)))
        .collect();
    if plans.is_empty() {
        let help = if filtered { FILTERED } else { help };
        let message = format!("no workflow starts on `{event}`\n  {}", reasons.join("\n  "));
        return Err(Failure::usage(message).help(help));
    }
    if !plans.iter().any(|(_, plan)| plan.has_work()) {
        for (_, plan) in &plans {
            for line in plan.tree_hiding(&out::of_people) {
                out::progress(out::name(&line));
            }
        }
        return Err(Failure::usage(format!("no job of the workflow runs on `{event}`"))
            .help("the reason stands beside each job"));
    }
    Ok(plans)
}

fn candidate(request: &Request<'_>, context: &Context, found: Found) -> Result<Candidate, Failure> {
    let Found {
        file,
        workflow,
        called,
        mut cautions,
    } = found;
    let Judgement { decision, checks } = github::judged(&workflow, &context.event);
    let schedules = workflow.triggers.event("schedule");
    let schedules = schedules.map_or(Vec::new(), |trigger| trigger.schedules.clone());
    if !decision.is_yes() {
        return Ok(Candidate {
            file,
            decision,
            checks,
            schedules,
            plan: None,
        });
    }
    let declared = workflow
        .triggers
        .event(&context.event.name)
        .map_or(&[][..], |trigger| &trigger.inputs);
    refuse_inputs_of(&context.event.name, &context.inputs)?;
    let inputs = github::resolve_inputs(declared, &context.inputs).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Failure::usage(format!("{file}: {}", lines.join("\n  "))).help("inputs are given with --input NAME=VALUE")
    })?;
    let mut pipeline = workflow.pipeline;
    let of_file = workflow.cautions.into_iter();
    cautions.extend(of_file.map(|caution| (Arc::clone(&pipeline.path), caution)));
    add_environment(&mut pipeline, &context.env);
    let trigger = completed(&context.trigger, &inputs, workflow.triggers.event(&context.event.name));
    let plan_request = PlanRequest {
        trigger,
        inputs,
        vars: context.vars.clone(),
        secrets: context.secrets.keys().cloned().collect(),
        marker_key: context.marker_key.clone(),
        called,
        selected: request.arguments.job.clone(),
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
    let plan = Plan::make(Arc::new(pipeline), plan_request).map_err(|errors| refusal::of(&file, &errors))?;
    for (path, caution) in cautions {
        let is_meant = |(place, job): (usize, &PlannedJob)| {
            job.fate.may_run() && plan.definition(place).id == caution.job && plan.pipeline_of(place).path == path
        };
        if plan.jobs.iter().enumerate().any(is_meant) {
            out::progress(diagnostics::in_one_line(&caution.diagnostic));
        }
    }
    for Foreseen { at, words } in run::foreseen(&plan) {
        out::progress(format_args!("warning: {}: {}", out::name(&at), out::name(&words)));
    }
    Ok(Candidate {
        file,
        decision,
        checks,
        schedules,
        plan: Some(Arc::new(plan)),
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

/// Returns the payload of the event that a plan is for, as the file at `GITHUB_EVENT_PATH` holds it.
pub(crate) fn payload(plan: &Plan) -> String {
    let payload = match &plan.contexts.github {
        Value::Object(github) => github.get("event"),
        _ => None,
    };
    payload.map_or(String::new(), |payload| {
        serde_json::to_string(payload).unwrap_or_default()
    })
}

/// Adds the variables of `--env`, below those of the workflow.
fn add_environment(pipeline: &mut Pipeline, env: &BTreeMap<String, String>) {
    let given = env.iter().map(|(name, value)| (name.clone(), Template::literal(value)));
    pipeline.env = given.chain(std::mem::take(&mut pipeline.env)).collect();
}

/// Returns the jobs that Lockgate does itself; none without a `lockgate.yaml`.
pub(crate) fn replaced_jobs(project: &Project, workflow: Option<&Path>) -> Result<BTreeSet<String>, Failure> {
    if !project.root.join(CONFIGURATION).is_file() {
        return Ok(BTreeSet::new());
    }
    replaced_by(&config::load(&project.root)?, project, workflow)
}

/// Returns the jobs that a configuration replaces; one that no workflow has is refused: misspelt, it would run.
pub(crate) fn replaced_by(
    configuration: &Configuration,
    project: &Project,
    workflow: Option<&Path>,
) -> Result<BTreeSet<String>, Failure> {
    if configuration.replaced_jobs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let path = project.root.join(CONFIGURATION);
    let file = workflows::read(&project.root, &path)?.map_err(|mistake| diagnostics::failure(&[*mistake]))?;
    let strange = config::strange_jobs(&file, &init::jobs(&project.root, workflow));
    if !strange.is_empty() {
        return Err(diagnostics::failure(&strange));
    }
    Ok(configuration.replaced_jobs.iter().cloned().collect())
}

/// Returns a name for a new run: the instant, readable, and enough chance to be alone.
pub(crate) fn fresh_run(now: lockgate_core::Timestamp) -> Result<String, Failure> {
    let id = crate::delivery::fresh_id("run")?.0;
    let chance = id
        .rsplit('-')
        .next()
        .unwrap_or_default()
        .get(..6)
        .unwrap_or_default()
        .to_owned();
    let at = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Ok(format!("{}-{chance}", at.strftime("%Y%m%d-%H%M%S-%3f")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_a_text_and_no_expression() {
        let env = |value: &str| BTreeMap::from([("GREETING".to_owned(), value.to_owned())]);
        assert!(refuse_expressions(&env("$HOME {{ x }}")).is_ok());
        let words = refuse_expressions(&env("a ${{ github.sha }}")).unwrap_err().to_string();
        assert!(words.contains("`--env GREETING` contains `${{`"), "{words}");
    }

    #[test]
    fn only_who_can_choose_the_event_is_told_to() {
        let words = |result: Result<Vec<_>, Failure>| result.unwrap_err().to_string();
        assert!(!words(plans(Vec::new(), "push")).contains("--event"));
        assert!(words(plans_on(Vec::new(), "push")).contains("--event"));
    }
}
