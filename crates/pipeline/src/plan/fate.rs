//! Whether a job will run, as far as that is known before anything has run.
//!
//! A condition is tried with every way in which its needs may have ended. What holds in none of them will not run;
//! what cannot be tried, because it reads the outputs of earlier jobs, stays open.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call::Level;
use super::known::{Ended, KnownNeeds, read_by_expansion};
use super::{Expansion, ExpansionError, PlanError, PlannedJob};
use crate::definition::Job;
use crate::expression::{Condition, ContextUse, EvaluationError, Partial, Status};
use crate::run::outcome::Outcome;

/// Whether a job will run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It runs, at least when everything before it goes well.
    WillRun,
    /// Its condition is decided when its needs are over.
    MayRun {
        /// The condition.
        condition: String,
    },
    /// It does not run.
    WillNotRun(WhyNot),
}

/// Why a job does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNot {
    /// Other jobs were asked for.
    NotSelected {
        /// Which.
        selected: Vec<String>,
    },
    /// Lockgate itself does what it would do.
    Replaced,
    /// Its condition does not hold.
    ConditionFalse {
        /// The condition.
        condition: String,
    },
    /// A job that it needs does not run.
    NeedDoesNotRun {
        /// Which.
        need: String,
    },
    /// Every combination of its matrix is excluded.
    EmptyMatrix,
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSelected { selected } => write!(f, "only {} asked for", asked(selected)),
            Self::Replaced => f.write_str("Lockgate does this itself, as lockgate.yaml says under `replaces`"),
            Self::ConditionFalse { condition } => write!(f, "its condition does not hold: `{condition}`"),
            Self::NeedDoesNotRun { need } => write!(f, "it needs `{need}`, which does not run"),
            Self::EmptyMatrix => f.write_str("its matrix excludes every combination"),
        }
    }
}

fn asked(selected: &[String]) -> String {
    match selected {
        [one] => format!("`{one}` was"),
        many => format!("`{}` were", many.join("`, `")),
    }
}

impl Fate {
    /// Returns whether it can come to run.
    pub fn may_run(&self) -> bool {
        !matches!(self, Self::WillNotRun(_))
    }
}

/// The ways in which everything before a job may have ended.
const OUTCOMES: [Status; 5] = [
    Status::SUCCESS,
    Status::FAILURE,
    SKIPPED,
    Status::CANCELLED,
    FAILED_AND_CANCELLED,
];

/// Something before has failed, and somebody cancelled the run.
const FAILED_AND_CANCELLED: Status = Status {
    success: false,
    failure: true,
    cancelled: true,
};

/// Something before did not run: neither success nor failure.
pub(crate) const SKIPPED: Status = Status {
    success: false,
    failure: false,
    cancelled: false,
};

/// What is known before anything is decided.
pub(super) struct Before<'b> {
    /// The places of the jobs, each behind those that it needs.
    pub(super) order: &'b [usize],
    /// Why jobs are left out, by their place.
    pub(super) outside: BTreeMap<usize, WhyNot>,
    /// How jobs ended.
    pub(super) known: &'b BTreeMap<String, Ended>,
}

/// Returns every job of a workflow with its fate and, where it is known, what it expands to.
pub(super) fn decide(level: &Level<'_>, mut before: Before<'_>, errors: &mut Vec<PlanError>) -> Vec<PlannedJob> {
    let pipeline = level.pipeline;
    let jobs = pipeline.jobs.iter().enumerate();
    let places: BTreeMap<&str, usize> = jobs.map(|(place, job)| (job.id.as_str(), place)).collect();
    let mut chains = vec![Chain::default(); pipeline.jobs.len()];
    let mut planned: BTreeMap<usize, PlannedJob> = BTreeMap::new();
    for place in before.order.iter().copied() {
        let job = &pipeline.jobs[place];
        let needs: Vec<usize> = job
            .needs
            .iter()
            .filter_map(|need| places.get(need.as_str()).copied())
            .collect();
        let ended = |need: usize| {
            let need = planned.get(&need)?;
            let told = before.known.get(&need.id).cloned();
            told.or_else(|| (!need.fate.may_run()).then(Ended::skipped))
        };
        let chain = Chain::before(job, &needs, ended, &chains);
        let fate = match before.outside.remove(&place) {
            Some(why) => Fate::WillNotRun(why),
            None => fate(job, &chain, level).unwrap_or_else(|source| {
                errors.push(PlanError::Evaluation {
                    what: "`if`",
                    job: job.id.clone(),
                    place: job.place_of("if"),
                    source,
                });
                Fate::WillRun
            }),
        };
        chains[place] = chain;
        let told = KnownNeeds::of(job, |need| before.known.get(need).cloned());
        planned.insert(place, expanded(job, fate, &told, level, errors));
    }
    planned.into_values().collect()
}

/// Returns a job with what it expands to, where that is known.
fn expanded(
    job: &Job,
    mut fate: Fate,
    told: &KnownNeeds,
    level: &Level<'_>,
    errors: &mut Vec<PlanError>,
) -> PlannedJob {
    let nameless = nameless(job, told, level);
    let job = nameless.as_ref().unwrap_or(job);
    let reads = read_by_expansion(job);
    let reads_told = reads.iter().all(|found| told.knows(found));
    let scope = if reads_told && !job.needs.is_empty() {
        level.scope.with("needs", told.value())
    } else {
        level.scope.clone()
    };
    let mut expansion = None;
    if fate.may_run() {
        match Expansion::of(job, &scope, level.within) {
            _ if !reads.iter().all(|found| level.inputs.has(found)) => {}
            Ok(known) if known.legs.is_empty() => fate = Fate::WillNotRun(WhyNot::EmptyMatrix),
            Ok(known) => expansion = Some(Arc::new(known)),
            Err(ExpansionError::Evaluation {
                source: EvaluationError::ContextUnavailable(context),
                ..
            }) if context == "needs" && !job.needs.is_empty() => {}
            // The forge may say what it can be made of.
            Err(_) if !reads.iter().all(|found| level.inputs.knows(found)) => {}
            Err(error) => errors.push(error.in_plan(job)),
        }
    }
    if fate.may_run() {
        errors.extend(job.unsupported.iter().cloned().map(PlanError::Unsupported));
    }
    PlannedJob {
        id: job.id.clone(),
        fate,
        expansion,
        at: None,
    }
}

/// Returns a job that calls a workflow without its name, when only a run knows that: its legs have to be known before.
fn nameless(job: &Job, told: &KnownNeeds, level: &Level<'_>) -> Option<Job> {
    let name = job.name.as_ref().filter(|_| job.call.is_some())?;
    let knows = |found: &ContextUse| told.knows(found) && level.inputs.has(found);
    let is_known = name.contexts_used().iter().all(knows);
    (!is_known).then(|| Job {
        name: None,
        ..job.clone()
    })
}

/// How all that is before a job stands in a plan; the default is that of no job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Whether something of it is known to have failed.
    failed: bool,
    /// Whether something of it did not succeed and has not failed.
    gap: bool,
    /// Whether something of it may still run, and so fail.
    pub(super) may_fail: bool,
}

impl Standing {
    /// Returns it with a job that is needed as well, and with what is before that; `end` is how the job ended.
    pub(super) fn behind(mut self, (before, end): (Self, Option<Outcome>)) -> Self {
        // What came before a job that is over is over, too.
        let is_over = end.is_some_and(|end| end != Outcome::Skipped);
        self.failed |= before.failed || end == Some(Outcome::Failure);
        self.gap |= before.gap || matches!(end, Some(Outcome::Skipped | Outcome::Cancelled));
        self.may_fail |= end.is_none() || (before.may_fail && !is_over);
        self
    }

    /// Returns how it ends when nobody cancels and all that may still run succeeds.
    pub(super) fn expected(self) -> Status {
        match (self.failed, self.gap) {
            (true, _) => Status::FAILURE,
            (false, true) => SKIPPED,
            (false, false) => Status::SUCCESS,
        }
    }
}

/// What is known about everything before a job.
#[derive(Clone, Debug, Default)]
struct Chain {
    /// A job before it that does not run, the nearest.
    gap: Option<String>,
    standing: Standing,
    /// The ends of its own needs.
    needs: KnownNeeds,
}

impl Chain {
    fn before(job: &Job, needs: &[usize], ended: impl Fn(usize) -> Option<Ended>, chains: &[Self]) -> Self {
        let mut chain = Self::default();
        let ends: BTreeMap<&str, Ended> = needs
            .iter()
            .zip(&job.needs)
            .filter_map(|(need, name)| Some((name.as_str(), ended(*need)?)))
            .collect();
        for (need, name) in needs.iter().zip(&job.needs) {
            let before = &chains[*need];
            let end = ends.get(name.as_str()).map(|ended| ended.result);
            chain.standing = chain.standing.behind((before.standing, end));
            if matches!(end, Some(Outcome::Skipped | Outcome::Cancelled)) && chain.gap.is_none() {
                chain.gap = Some(name.clone());
            }
        }
        if chain.gap.is_none() {
            chain.gap = needs.iter().find_map(|need| chains[*need].gap.clone());
        }
        chain.needs = KnownNeeds::of(job, |need| ends.get(need).cloned());
        chain
    }

    /// Returns how everything before may end, what is expected first.
    fn outcomes(&self, job: &Job) -> Vec<Status> {
        let Standing { failed, may_fail, .. } = self.standing;
        let expected = self.standing.expected();
        let possible = |status: &Status| match (status.success, status.failure, status.cancelled) {
            (true, _, _) => self.gap.is_none() && !failed,
            (_, true, _) => may_fail || failed,
            (_, _, true) => !failed,
            _ => !job.needs.is_empty() && !failed,
        };
        let others = OUTCOMES
            .into_iter()
            .filter(|status| *status != expected && possible(status));
        std::iter::once(expected).chain(others).collect()
    }
}

fn fate(job: &Job, before: &Chain, level: &Level<'_>) -> Result<Fate, EvaluationError> {
    let implied = Condition::default();
    let condition = job.condition.as_ref().unwrap_or(&implied);
    let knows = |found: &ContextUse| before.needs.knows(found) && level.inputs.knows(found) && level.scope.knows(found);
    let is_known = condition.contexts_used().iter().all(knows);
    let whole = level.scope.with("needs", before.needs.value());
    let mut holds = Vec::new();
    for outcome in before.outcomes(job) {
        let scope = whole.standing(outcome);
        if is_known || (!condition.uses_status_function() && !outcome.success) {
            holds.push(Some(condition.evaluate(&scope)?));
            continue;
        }
        let partial = Partial {
            scope: &scope,
            knows: &|found| knows(found).into(),
            knows_status: true,
        };
        holds.push(condition.try_in(&partial).holds);
    }
    if holds.first() == Some(&Some(true)) {
        return Ok(Fate::WillRun);
    }
    if holds.iter().any(|holds| *holds != Some(false)) {
        return Ok(may_run(condition));
    }
    let when_all_went_well = is_known && condition.evaluate(&whole.standing(Status::SUCCESS)) == Ok(true);
    Ok(Fate::WillNotRun(match &before.gap {
        Some(need) if when_all_went_well => WhyNot::NeedDoesNotRun { need: need.clone() },
        _ => WhyNot::ConditionFalse {
            condition: condition.to_string(),
        },
    }))
}

/// Returns the fate of a job whose condition is open.
pub(super) fn may_run(condition: &Condition) -> Fate {
    Fate::MayRun {
        condition: condition.to_string(),
    }
}
