//! How jobs ended that others need, as far as it is known when the plan is made.
//!
//! Usually nothing is known but that some jobs will not run. Who plans on from a run that stands somewhere, or asks what
//! would be if, tells the rest. An expression that reads only needs whose end is known is decided; any other stays open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::{Job, TemplateValue};
use crate::expression::{ContextUse, Template, Value};
use crate::run::outcome::Outcome;

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// Its result.
    #[serde(default = "success")]
    pub result: Outcome,
    /// Its outputs.
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
}

fn success() -> Outcome {
    Outcome::Success
}

impl Ended {
    /// Returns the end of a job that did not run.
    pub(super) fn skipped() -> Self {
        Self {
            result: Outcome::Skipped,
            outputs: BTreeMap::new(),
        }
    }

    fn value(&self) -> Value {
        let outputs = self.outputs.iter();
        let outputs = outputs.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        Value::object([
            ("result", Value::from(self.result.word())),
            ("outputs", Value::object(outputs)),
        ])
    }
}

/// The `needs` context of one job, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownNeeds {
    ended: BTreeMap<String, Ended>,
    /// Whether it is all of them.
    is_whole: bool,
}

impl KnownNeeds {
    /// Returns what is known of the needs of `job`.
    pub(super) fn of(job: &Job, ended: impl Fn(&str) -> Option<Ended>) -> Self {
        let known = job.needs.iter().filter_map(|need| Some((need.clone(), ended(need)?)));
        let ended: BTreeMap<String, Ended> = known.collect();
        Self {
            is_whole: job.needs.iter().all(|need| ended.contains_key(need)),
            ended,
        }
    }

    /// Returns whether this use of a context can be answered.
    pub(super) fn knows(&self, found: &ContextUse) -> bool {
        if found.name != "needs" || self.is_whole {
            return true;
        }
        let need = found.path.first();
        need.is_some_and(|need| self.ended.keys().any(|known| known.eq_ignore_ascii_case(need)))
    }

    /// Returns the first need that is over and has not succeeded.
    pub(super) fn not_succeeded(&self) -> Option<(&str, Outcome)> {
        let mut ended = self.ended.iter();
        let found = ended.find(|(_, ended)| ended.result != Outcome::Success)?;
        Some((found.0, found.1.result))
    }

    /// Returns the context, as far as it is known.
    pub(super) fn value(&self) -> Value {
        Value::object(self.ended.iter().map(|(need, ended)| (need.clone(), ended.value())))
    }
}

/// Returns the contexts that the strategy and the name of `job` read.
pub(super) fn read_by_expansion(job: &Job) -> Vec<ContextUse> {
    let mut uses = read_by_strategy(job);
    uses.extend(job.name.iter().flat_map(Template::contexts_used));
    uses
}

/// Returns the contexts that the strategy of `job` reads.
pub(super) fn read_by_strategy(job: &Job) -> Vec<ContextUse> {
    let mut uses = Vec::new();
    let strategy = &job.strategy;
    let texts = [&strategy.fail_fast, &strategy.max_parallel];
    uses.extend(texts.into_iter().flatten().flat_map(Template::contexts_used));
    match &strategy.matrix {
        None => {}
        Some(crate::definition::Matrix::Deferred(template)) => uses.extend(template.contexts_used()),
        Some(crate::definition::Matrix::Written { axes, include, exclude }) => {
            for (_, value) in axes {
                read_by_value(value, &mut uses);
            }
            let lists = [include, exclude];
            lists
                .into_iter()
                .flatten()
                .for_each(|value| read_by_value(value, &mut uses));
        }
    }
    uses
}

fn read_by_value(value: &TemplateValue, uses: &mut Vec<ContextUse>) {
    match value {
        TemplateValue::Literal(_) => {}
        TemplateValue::Template(template) => uses.extend(template.contexts_used()),
        TemplateValue::List(items) => items.iter().for_each(|item| read_by_value(item, uses)),
        TemplateValue::Map(fields) => fields.iter().for_each(|(_, field)| read_by_value(field, uses)),
    }
}
