//! From workflow files and an event to plans: what `plan`, `run` and `ship` share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use lockgate_core::Secret;

use lockgate_dialect::github::{self, Decision, Event};
use lockgate_pipeline::expression::Value;
use lockgate_pipeline::expression::secret::MarkerKey;
use lockgate_pipeline::plan::{Ended, Plan, Trigger};

use crate::arguments::WorkflowArguments;
use crate::config::{self, Configuration};
use crate::exit::Failure;
use crate::init;
use crate::project::{CONFIGURATION, Project};
use crate::render::{diagnostics, out};
use crate::trigger::{self, Occasion};
use crate::{pairs, random, workflows};

mod candidates;
pub(crate) mod json_file;
mod refusal;

pub(crate) use candidates::{Candidate, candidates};

/// What a run is asked for.
pub(crate) struct Request<'a> {
    pub(crate) project: &'a Project,
    pub(crate) arguments: &'a WorkflowArguments,
    /// The jobs that Lockgate does itself.
    pub(crate) replaced: BTreeSet<String>,
    /// Whether the plan is only looked at: what this version cannot run is told then, and not refused.
    pub(crate) is_draft: bool,
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
