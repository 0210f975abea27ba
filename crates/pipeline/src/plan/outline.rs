//! A plan for people: every job with its place in the graph, whether it runs, and why in words.
//!
//! The plan itself is made for the run and holds no words. All views (the tree, JSON, pictures) are drawn from this one
//! value, so that none of them says anything else than the others. Its JSON is a contract: fields are added, not changed.

mod condition;
mod hidden;
mod matrix;
mod open;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use condition::{OutlinedCondition, Part, Read};
pub use hidden::Hide;
pub(in crate::plan) use hidden::nothing;
pub use matrix::{LeftOut, OutlinedLeg, OutlinedMatrix};
use open::Open;

use super::beforehand::unknown_matrix;
use super::call::KnownInputs;
use super::fate::{Standing, may_run};
use super::known::KnownNeeds;
use super::{Ended, Fate, Leg, Plan, WhyNot};
use crate::definition::Job;
use crate::expression::{Condition, ContextUse, Value};
use crate::run::outcome::Outcome;
use crate::scope::KnownContexts;

/// A plan for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outline {
    /// The name of the run.
    pub run_name: String,
    /// The name of the event.
    pub event: String,
    /// The jobs, each behind those that it needs.
    pub jobs: Vec<OutlinedJob>,
}

/// A job with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlinedJob {
    /// The id in its workflow.
    pub id: String,
    /// The name shown to people: the id of a matrix of several jobs, and of a job whose name is not known yet.
    pub name: String,
    /// The file in which it stands.
    pub file: String,
    /// The line at which it stands.
    pub line: usize,
    /// The ids of the jobs that have to be over before.
    pub needs: Vec<String>,
    /// The length of the longest way to it from a job of its workflow without needs.
    pub level: usize,
    /// Whether it runs; in a called workflow, when it is called.
    pub runs: Runs,
    /// Why; none when it runs because nothing stands against it.
    pub reason: Option<String>,
    /// Its condition, when it has one that is judged.
    pub condition: Option<OutlinedCondition>,
    /// Its matrix, when it has one.
    pub matrix: Option<OutlinedMatrix>,
    /// The calls of another workflow: one for each job that the matrix makes.
    pub calls: Vec<OutlinedCall>,
    /// How it ended, when that was told beforehand.
    pub told: Option<Ended>,
    /// What it asks for and this version cannot do, each once, when it may run.
    pub unsupported: Vec<String>,
}

/// A call of another workflow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlinedCall {
    /// The key of the leg that calls.
    pub leg: String,
    /// The file that is called.
    pub workflow: String,
    /// The inputs, as far as they are known.
    pub inputs: Value,
    /// The names of the inputs that are known only when the call begins.
    pub open: Vec<String>,
    /// The jobs of the called workflow.
    pub jobs: Vec<OutlinedJob>,
}

/// Whether a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Runs {
    /// It runs, when all goes well.
    Yes,
    /// That is open until jobs before it are over.
    Open,
    /// It does not run.
    No,
}

impl Runs {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Yes => "runs",
            Self::Open => "may run",
            Self::No => "will not run",
        }
    }
}

impl Plan {
    /// Returns the plan for people.
    pub fn outline(&self) -> Outline {
        self.outline_hiding(&nothing)
    }

    /// Returns the plan for people, without what `hide` takes out of a text.
    pub fn outline_hiding(&self, hide: Hide<'_>) -> Outline {
        let outline = Outline {
            run_name: self.run_name.clone(),
            event: self.event.clone(),
            jobs: Outliner::of(self, hide).jobs(None),
        };
        outline.hiding(hide)
    }
}

struct Outliner<'p> {
    plan: &'p Plan,
    levels: Vec<usize>,
    /// How all that is before each job stands.
    before: Vec<Standing>,
    /// The places of the jobs of each workflow.
    by_call: BTreeMap<Option<usize>, Vec<usize>>,
    /// The calls of each job.
    calls: BTreeMap<usize, Vec<usize>>,
    open: Open,
    hide: Hide<'p>,
}

impl<'p> Outliner<'p> {
    fn of(plan: &'p Plan, hide: Hide<'p>) -> Self {
        let mut by_call: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for place in 0..plan.jobs.len() {
            by_call.entry(plan.call_of(place)).or_default().push(place);
        }
        let mut calls: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (call, planned) in plan.calls.iter().enumerate() {
            calls.entry(planned.caller).or_default().push(call);
        }
        let needs = plan.needs();
        let levels = levels(&needs);
        let mut open = Open::of(plan);
        let mut before = vec![Standing::default(); plan.jobs.len()];
        for (call, places) in &mut by_call {
            places.sort_by_key(|place| (levels[*place], *place));
            let known = Known::of(plan, *call, places);
            for place in places {
                open.note(plan, *place, &needs[*place], &known);
                let needs = needs[*place].iter();
                let ends = needs.map(|need| (before[*need], known.end(&plan.definition(*need).id)));
                before[*place] = ends.fold(Standing::default(), Standing::behind);
            }
        }
        Self {
            plan,
            levels,
            before,
            by_call,
            calls,
            open,
            hide,
        }
    }

    fn jobs(&self, call: Option<usize>) -> Vec<OutlinedJob> {
        let places = self.by_call.get(&call).cloned().unwrap_or_default();
        let known = Known::of(self.plan, call, &places);
        places.into_iter().map(|place| self.job(place, &known)).collect()
    }

    fn job(&self, place: usize, known: &Known<'_>) -> OutlinedJob {
        let planned = &self.plan.jobs[place];
        let definition = self.plan.definition(place);
        let scope = known.scope.with("needs", known.needs(definition).value());
        let (condition, reason) = self.judged(place, known);
        let legs = planned.expansion.as_ref().map(|expansion| expansion.legs.as_slice());
        let within = self.plan.call_of(place).and_then(|call| self.plan.leg_of(call));
        OutlinedJob {
            id: definition.id.clone(),
            name: match legs {
                Some([leg]) => name_within(leg, within).to_owned(),
                _ => definition.id.clone(),
            },
            file: definition.place.file.to_string(),
            line: definition.place.line,
            needs: definition.needs.clone(),
            level: self.levels[place],
            runs: match &planned.fate {
                Fate::WillRun if self.open.behind(place).is_some() => Runs::Open,
                Fate::WillRun => Runs::Yes,
                Fate::MayRun { .. } => Runs::Open,
                Fate::WillNotRun(_) => Runs::No,
            },
            reason,
            matrix: matrix::of(definition, planned, &scope, within),
            calls: self.calls_of(place),
            condition,
            told: known.told(&definition.id),
            unsupported: self.unsupported(place),
        }
    }

    /// Returns what this version cannot do of a job that may run.
    fn unsupported(&self, place: usize) -> Vec<String> {
        let (planned, definition) = (&self.plan.jobs[place], self.plan.definition(place));
        if !planned.fate.may_run() {
            return Vec::new();
        }
        let is_open = definition.call.is_some() && planned.expansion.is_none();
        let open = is_open.then(|| unknown_matrix(definition));
        let whole = &self.plan.pipeline_of(place).unsupported;
        let mut seen = BTreeSet::new();
        let all = whole.iter().chain(&definition.unsupported).chain(&open);
        all.map(|unsupported| unsupported.what.clone())
            .filter(|what| seen.insert(what.clone()))
            .collect()
    }

    /// Returns the condition of a job and the reason of its fate.
    fn judged(&self, place: usize, known: &Known<'_>) -> (Option<OutlinedCondition>, Option<String>) {
        let behind = self.open.behind(place);
        let fate = match behind {
            Some(_) => &may_run(&Condition::default()),
            None => &self.plan.jobs[place].fate,
        };
        let definition = self.plan.definition(place);
        let needs = known.needs(definition);
        let scope = known.scope.with("needs", needs.value());
        let knows = |found: &ContextUse| needs.knows(found) && known.knows(found);
        // Before its words are made, which shorten what is long.
        let before = self.before[place];
        let condition = condition::judged(definition, fate, &knows, &scope, before);
        let condition = condition.map(|found| found.hiding(self.hide));
        let reason = if let Some(open) = behind {
            Some(behind_open(definition, &self.plan.definition(open).id))
        } else {
            let told = condition.as_ref().map(|condition| condition.words(before));
            reason(definition, fate, told, &needs)
        };
        (condition, reason)
    }

    fn calls_of(&self, place: usize) -> Vec<OutlinedCall> {
        let calls = self.calls.get(&place).map_or(&[][..], Vec::as_slice);
        let calls = calls.iter().map(|index| {
            let call = &self.plan.calls[*index];
            OutlinedCall {
                leg: self
                    .plan
                    .leg_of(*index)
                    .map_or(String::new(), |leg| leg.key.as_str().to_owned()),
                workflow: call.workflow.clone(),
                inputs: condition::without_secrets(call.inputs.clone()),
                open: call.open.iter().cloned().collect(),
                jobs: self.jobs(Some(*index)),
            }
        });
        calls.collect()
    }
}

/// What is known in one workflow before anything runs.
struct Known<'p> {
    ended: BTreeMap<&'p str, Ended>,
    told: Option<&'p BTreeMap<String, Ended>>,
    inputs: KnownInputs,
    scope: KnownContexts,
}

impl<'p> Known<'p> {
    fn of(plan: &'p Plan, call: Option<usize>, places: &[usize]) -> Self {
        let skipped = places
            .iter()
            .filter(|place| !plan.jobs[**place].fate.may_run())
            .map(|place| (plan.definition(*place).id.as_str(), Ended::skipped()));
        let mut ended: BTreeMap<&str, Ended> = skipped.collect();
        let told = call.is_none().then_some(&plan.known);
        ended.extend(
            told.into_iter()
                .flatten()
                .map(|(id, ended)| (id.as_str(), ended.clone())),
        );
        let scope = plan.contexts.for_jobs();
        match call.map(|call| &plan.calls[call]) {
            None => Self {
                ended,
                told,
                inputs: KnownInputs::whole(plan.contexts.inputs.clone()),
                scope,
            },
            Some(call) => Self {
                ended,
                told,
                inputs: KnownInputs::part(call.inputs.clone(), call.open.clone()),
                scope: scope.with("inputs", call.inputs.clone()),
            },
        }
    }

    /// Returns whether a use of a context other than `needs` can be answered.
    fn knows(&self, found: &ContextUse) -> bool {
        self.inputs.knows(found) && self.scope.knows(found)
    }

    fn needs(&self, job: &Job) -> KnownNeeds {
        KnownNeeds::of(job, |need| self.ended.get(need).cloned())
    }

    fn end(&self, id: &str) -> Option<Outcome> {
        self.ended.get(id).map(|ended| ended.result)
    }

    fn told(&self, id: &str) -> Option<Ended> {
        self.told?.get(id).cloned()
    }
}

/// Returns the name of a leg within its workflow: without the name of the leg that calls it.
fn name_within<'l>(leg: &'l Leg, within: Option<&Leg>) -> &'l str {
    let own = within.and_then(|within| leg.name.strip_prefix(&within.name)?.strip_prefix(" / "));
    own.unwrap_or(&leg.name)
}

fn reason(job: &Job, fate: &Fate, told: Option<String>, needs: &KnownNeeds) -> Option<String> {
    let told = told.filter(|words| !words.is_empty());
    match fate {
        Fate::WillNotRun(WhyNot::ConditionFalse { condition }) => Some(match told {
            Some(told) => told,
            None => match needs.not_succeeded() {
                Some((need, Outcome::Skipped)) => format!("it needs `{need}`, which does not run"),
                Some((need, result)) => format!("it needs the success of `{need}`, which ended as {result}"),
                None if job.condition.is_none() => "a job before it has not succeeded".to_owned(),
                None => format!("its condition does not hold: `{condition}`"),
            },
        }),
        Fate::WillNotRun(why) => Some(why.to_string()),
        Fate::MayRun { condition } => Some(told.unwrap_or_else(|| format!("if `{condition}`"))),
        Fate::WillRun => told,
    }
}

/// Returns why a job is open that stands behind an open one.
fn behind_open(job: &Job, open: &str) -> String {
    if job.needs.iter().any(|need| need == open) {
        format!("it needs `{open}`, which may be skipped")
    } else {
        format!("`{open}`, which is before it, may be skipped")
    }
}

/// Returns by the place of each job why it runs, may run or does not.
pub(super) fn reasons(plan: &Plan, hide: Hide<'_>) -> Vec<Option<String>> {
    let mut reasons = vec![None; plan.jobs.len()];
    let outliner = Outliner::of(plan, hide);
    for (call, places) in &outliner.by_call {
        let known = Known::of(plan, *call, places);
        for place in places {
            reasons[*place] = outliner.judged(*place, &known).1;
        }
    }
    reasons
}

/// Returns for each job the length of the longest way to it, where `needs` has no circle.
pub(super) fn levels(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut dependents = vec![Vec::new(); needs.len()];
    for (place, needs) in needs.iter().enumerate() {
        for need in needs {
            dependents[*need].push(place);
        }
    }
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..needs.len()).filter(|place| waiting[*place] == 0).collect();
    let mut levels = vec![0; needs.len()];
    while let Some(place) = ready.pop() {
        for dependent in &dependents[place] {
            levels[*dependent] = levels[*dependent].max(levels[place] + 1);
            waiting[*dependent] -= 1;
            if waiting[*dependent] == 0 {
                ready.push(*dependent);
            }
        }
    }
    levels
}
