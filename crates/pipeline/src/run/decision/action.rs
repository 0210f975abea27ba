//! What a step that uses an action does.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::Now;

use super::step::{Common, Evaluation, Stuck};
use crate::action::{ActionDefinition, ActionInput, ActionRuns, NodeAction};
use crate::builtin::BuiltinAction;
use crate::definition::Entries;
use crate::expression::Condition;
use crate::run::effect::{AttemptBody, Phase};
use crate::run::environment::Variables;
use crate::run::event::{CompositeSpec, JobEvent, PostSpec};

/// As deep as composite actions may use each other, on GitHub too.
const DEEPEST: usize = 10;

/// Returns what a step that uses the action `reference` does.
pub(super) fn next(
    evaluation: &Evaluation<'_>,
    common: Common,
    reference: &str,
    with: &Entries,
    now: &Now,
) -> Result<JobEvent, Stuck> {
    let given = evaluation.texts("with", with)?;
    if let Some(action) = BuiltinAction::named(reference) {
        return Ok(builtin(common, action, given, now));
    }
    let facts = &evaluation.job.facts;
    if let Some(reason) = &facts.action_missing {
        return Err(Stuck::Fails(reason.clone()));
    }
    let Some((definition, directory)) = &facts.action else {
        return Err(Stuck::Action(reference.to_owned()));
    };
    if let Some(unsupported) = definition.unsupported.first() {
        return Err(Stuck::Fails(unsupported.to_string()));
    }
    let inputs = inputs(evaluation, &definition.inputs, given)?;
    match &definition.runs {
        ActionRuns::Composite { .. } => composite(evaluation, common, inputs, now),
        ActionRuns::Node(node) => Ok(javascript(common, definition, node, directory, &inputs, now)),
    }
}

fn builtin(common: Common, action: BuiltinAction, given: Variables, now: &Now) -> JobEvent {
    let inputs = given
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value));
    let body = AttemptBody::Builtin {
        action,
        inputs: inputs.collect(),
        state: BTreeMap::new(),
        phase: Phase::Main,
    };
    let post = action.has_post().then(|| PostSpec {
        entry: None,
        condition: Condition::default(),
    });
    common.begun(body, post, now)
}

/// Returns the inputs that an action gets: those given, then the defaults of the others.
fn inputs(evaluation: &Evaluation<'_>, declared: &[ActionInput], given: Variables) -> Result<Variables, Stuck> {
    let mut inputs = given;
    for input in declared {
        if inputs.keys().any(|name| name.eq_ignore_ascii_case(&input.name)) {
            continue;
        }
        let value = match &input.default {
            Some(default) => evaluation.text(&format!("the default of input `{}`", input.name), default)?,
            None => String::new(),
        };
        inputs.insert(input.name.clone(), value);
    }
    Ok(inputs)
}

fn composite(evaluation: &Evaluation<'_>, common: Common, inputs: Variables, now: &Now) -> Result<JobEvent, Stuck> {
    if evaluation.job.frames.len() > DEEPEST {
        return Err(Stuck::Fails(format!(
            "composite actions use each other more than {DEEPEST} deep; does one use itself?"
        )));
    }
    Ok(JobEvent::CompositeEntered(Arc::new(CompositeSpec {
        step: common.head,
        inputs,
        env: Arc::new(common.env),
        timeout: common.timeout,
        continue_on_error: common.continue_on_error,
        notice: common.notice.words(),
        now: now.clone(),
    })))
}

fn javascript(
    mut common: Common,
    definition: &ActionDefinition,
    node: &NodeAction,
    directory: &str,
    inputs: &Variables,
    now: &Now,
) -> JobEvent {
    let variable = |name: &str| format!("INPUT_{}", name.replace(' ', "_").to_uppercase());
    let named = inputs.iter().map(|(name, value)| (variable(name), value.clone()));
    common.own.extend(named);
    let path = ("GITHUB_ACTION_PATH".to_owned(), directory.to_owned());
    common.own.extend([path]);
    let body = AttemptBody::Node {
        directory: directory.to_owned(),
        entry: node.main.clone(),
        version: node.version,
        phase: Phase::Main,
    };
    let post = node.post.clone().map(|entry| PostSpec {
        entry: Some(entry),
        condition: node.post_if.clone().unwrap_or_else(always),
    });
    if node.pre.is_some() {
        let name = &definition.name;
        common.notice.add(format!(
            "the `pre` of `{name}` does not run, as on GitHub: an action in the workspace is known too late for it"
        ));
    }
    common.begun(body, post, now)
}

fn always() -> Condition {
    Condition::parse("always()").unwrap_or_default()
}
