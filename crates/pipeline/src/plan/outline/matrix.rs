//! What a matrix becomes: the jobs that it makes, and the combinations that it leaves out.

use serde::Serialize;

use crate::definition::Job;
use crate::expression::Value;
use crate::plan::expansion::resolved;
use crate::plan::known::read_by_expansion;
use crate::plan::matrix::excluded;
use crate::plan::{Fate, Leg, PlannedJob, WhyNot};
use crate::scope::KnownContexts;

/// What a matrix becomes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlinedMatrix {
    /// Whether its combinations are known.
    pub known: bool,
    /// The jobs whose end makes them known; none of its workflow when the call of that does.
    pub waits_for: Vec<String>,
    /// The jobs that it makes.
    pub legs: Vec<OutlinedLeg>,
    /// The combinations that `exclude` leaves out.
    pub left_out: Vec<LeftOut>,
    /// Whether the first failure cancels the others; null while that is open.
    pub fail_fast: Option<bool>,
    /// How many may run at once; null for all.
    pub max_parallel: Option<u32>,
}

/// One of the jobs that a matrix makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlinedLeg {
    /// Identifies it in the run.
    pub key: String,
    /// The name shown to people.
    pub name: String,
    /// Its values.
    pub values: Value,
}

/// A combination that is left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    /// Its values.
    pub values: Value,
    /// Which entry of `exclude` does it, from 1.
    pub entry: usize,
    /// That entry.
    pub exclude: Value,
}

impl OutlinedMatrix {
    /// Returns when its combinations are known, in words.
    pub(in crate::plan) fn when_known(&self) -> String {
        if self.waits_for.is_empty() {
            return "its matrix is open until the workflow is called".to_owned();
        }
        format!("its matrix is known after {}", self.waits_for.join(", "))
    }
}

impl LeftOut {
    /// Returns it in words.
    pub(in crate::plan) fn words(&self) -> String {
        let entry = self.entry;
        format!(
            "{} is left out by entry {entry} of `exclude`: {}",
            flat(&self.values),
            flat(&self.exclude)
        )
    }
}

/// Returns the matrix of `job`; none when it has none.
pub(super) fn of(
    job: &Job,
    planned: &PlannedJob,
    scope: &KnownContexts,
    within: Option<&Leg>,
) -> Option<OutlinedMatrix> {
    let matrix = job.strategy.matrix.as_ref()?;
    let is_judged = planned.fate.may_run() || planned.fate == Fate::WillNotRun(WhyNot::EmptyMatrix);
    let expansion = planned.expansion.as_deref();
    let left_out = match (expansion, is_judged) {
        (None, true) if planned.fate.may_run() => Vec::new(),
        (_, true) => resolved(matrix, scope).map_or(Vec::new(), |matrix| excluded(&matrix)),
        (_, false) => Vec::new(),
    };
    Some(OutlinedMatrix {
        known: expansion.is_some() || !planned.fate.may_run(),
        waits_for: match expansion {
            None if planned.fate.may_run() => awaited(job),
            _ => Vec::new(),
        },
        legs: expansion.map_or(Vec::new(), |expansion| {
            let legs = expansion.legs.iter().map(|leg| OutlinedLeg {
                key: leg.key.as_str().to_owned(),
                name: super::name_within(leg, within).to_owned(),
                values: leg.matrix.clone(),
            });
            legs.collect()
        }),
        left_out,
        fail_fast: expansion.map(|expansion| expansion.fail_fast),
        max_parallel: expansion.and_then(|expansion| expansion.max_parallel),
    })
}

/// Returns the needs that the strategy reads; all of them when it does not name any.
fn awaited(job: &Job) -> Vec<String> {
    let uses = read_by_expansion(job);
    let named: Vec<String> = job
        .needs
        .iter()
        .filter(|need| {
            let mut of_needs = uses.iter().filter(|found| found.name == "needs");
            of_needs.any(|found| found.path.first().is_some_and(|read| read.eq_ignore_ascii_case(need)))
        })
        .cloned()
        .collect();
    if named.is_empty() { job.needs.clone() } else { named }
}

/// Returns the values of a combination in one line: `os: linux, version: 3`.
fn flat(values: &Value) -> String {
    let Value::Object(fields) = values else {
        return values.to_text();
    };
    let one = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => serde_json::to_string(value).unwrap_or_default(),
        other => other.to_text(),
    };
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}: {}", one(value)))
        .collect();
    format!("({})", fields.join(", "))
}
