//! Concurrency groups, which no run keeps yet.
//!
//! Told is only what goes otherwise: jobs of one run that would have waited for each other, and a workflow that asks for
//! it. A group of one job alone makes no difference within its run.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::words::listed;

use super::{Foreseen, known_to_jobs, of_leg};
use crate::definition::Concurrency;
use crate::expression::Scope;
use crate::plan::Plan;

/// Returns which groups a run of `plan` does not keep: those of workflows, then those that its jobs share.
pub(super) fn unkept(plan: &Plan, jobs: &[usize]) -> Vec<Foreseen> {
    let mut found = of_workflows(plan, jobs);
    let groups = groups(plan, jobs);
    if !groups.is_empty() {
        let needs = plan.needs();
        let side_by_side = groups.values().filter(|group| group.may_meet(plan, &needs));
        found.extend(side_by_side.map(|group| group.foreseen(plan)));
    }
    found
}

fn of_workflows(plan: &Plan, jobs: &[usize]) -> Vec<Foreseen> {
    let mut told = BTreeSet::new();
    let of_job = |place: &usize| {
        let pipeline = plan.pipeline_of(*place);
        let concurrency = pipeline.concurrency.as_ref().filter(|_| told.insert(&*pipeline.path))?;
        let name = name(concurrency, &known_to_jobs(plan, *place))?;
        Some(Foreseen {
            at: pipeline.path.to_string(),
            words: format!(
                "this version does not keep the concurrency group `{name}` of the workflow: other runs start beside this \
                 one, and none is cancelled for it"
            ),
        })
    };
    jobs.iter().filter_map(of_job).collect()
}

/// The jobs that are in one group.
struct Group {
    name: String,
    /// The places of the jobs, and how many of their legs are in it.
    members: BTreeMap<usize, usize>,
}

/// Returns the groups by their names, in which case means nothing.
fn groups(plan: &Plan, jobs: &[usize]) -> BTreeMap<String, Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for place in jobs.iter().copied() {
        let Some(concurrency) = &plan.definition(place).concurrency else {
            continue;
        };
        let Some(expansion) = &plan.jobs[place].expansion else {
            continue;
        };
        let scope = known_to_jobs(plan, place);
        for leg in 0..expansion.legs.len() {
            let Some(name) = name(concurrency, &of_leg(&scope, expansion, leg)) else {
                continue;
            };
            let group = groups.entry(name.to_lowercase()).or_insert_with(|| Group {
                name,
                members: BTreeMap::new(),
            });
            *group.members.entry(place).or_default() += 1;
        }
    }
    groups
}

/// Returns the name of a group; none where only the run knows it, or it is empty.
fn name(concurrency: &Concurrency, scope: &dyn Scope) -> Option<String> {
    let name = concurrency.group.evaluate_to_string(scope).ok()?;
    (!name.is_empty()).then_some(name)
}

impl Group {
    /// Returns whether two of its jobs may run at the same time, as neither waits for the other.
    fn may_meet(&self, plan: &Plan, needs: &[Vec<usize>]) -> bool {
        let side_by_side = |(place, legs): (&usize, &usize)| {
            let expansion = plan.jobs[*place].expansion.as_ref();
            *legs > 1 && expansion.is_none_or(|expansion| expansion.max_parallel != Some(1))
        };
        if self.members.iter().any(side_by_side) {
            return true;
        }
        let before: BTreeMap<usize, BTreeSet<usize>> = self
            .members
            .keys()
            .map(|place| (*place, all_before(*place, needs)))
            .collect();
        let waits = |one: usize, other: usize| before[&one].contains(&other) || before[&other].contains(&one);
        let mut pairs = self.members.keys().enumerate();
        pairs.any(|(at, one)| self.members.keys().skip(at + 1).any(|other| !waits(*one, *other)))
    }

    fn foreseen(&self, plan: &Plan) -> Foreseen {
        let member = |(place, legs): (&usize, &usize)| {
            let job = plan.selector(*place);
            match legs {
                1 => format!("`{job}`"),
                legs => format!("`{job}` ({legs} jobs)"),
            }
        };
        let members: Vec<String> = self.members.iter().map(member).collect();
        let who = listed(&members);
        let verb = if members.len() == 1 { "has" } else { "share" };
        let first = self.members.keys().next().map(|place| plan.definition(*place));
        Foreseen {
            at: first.map_or_else(String::new, |job| job.place_of("concurrency").to_string()),
            words: format!(
                "{who} {verb} the concurrency group `{}`, which this version does not keep: they may run at the same time",
                self.name
            ),
        }
    }
}

fn all_before(place: usize, needs: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut before = BTreeSet::new();
    let mut open = needs[place].clone();
    while let Some(place) = open.pop() {
        if before.insert(place) {
            open.extend(&needs[place]);
        }
    }
    before
}
