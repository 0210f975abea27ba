//! The order of the jobs, and those that are left out before anything is decided.

use std::collections::{BTreeMap, BTreeSet};

use super::known::Ended;
use super::{PlanError, WhyNot};
use crate::definition::Pipeline;

/// What stands between the ids of a job in a called workflow and of the job that calls.
const SEPARATOR: &str = " / ";

/// Which jobs of a workflow are asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked<'a> {
    /// All that was asked for, in words of the user.
    all: &'a [String],
    /// The ids of the calls down to this workflow, each with a separator behind.
    prefix: String,
    /// What is asked for of this workflow: ids, each with those in the workflow that it calls; all jobs when empty.
    paths: Vec<Vec<&'a str>>,
    /// The jobs that Lockgate itself does instead.
    replaced: BTreeSet<&'a str>,
    /// The jobs whose end was told beforehand.
    known: BTreeSet<&'a str>,
}

impl<'a> Asked<'a> {
    /// Returns what is asked for of the plan's own pipeline.
    pub(super) fn of(
        selected: &'a [String],
        replaced: &'a BTreeSet<String>,
        known: &'a BTreeMap<String, Ended>,
    ) -> Self {
        let path = |id: &'a String| id.split('/').map(str::trim).collect();
        Self {
            all: selected,
            prefix: String::new(),
            paths: selected.iter().map(path).collect(),
            replaced: replaced.iter().map(String::as_str).collect(),
            known: known.keys().map(String::as_str).collect(),
        }
    }

    /// Returns what is asked for of the workflow that the job `id` calls.
    pub(super) fn inside(&self, pipeline: &Pipeline, id: &str) -> Self {
        let is_whole = self.paths.iter().any(|path| path == &[id]) || self.is_needed(pipeline, id);
        let inner = self.paths.iter().filter_map(|path| match path.as_slice() {
            [first, rest @ ..] if *first == id && !is_whole => Some(rest.to_vec()),
            _ => None,
        });
        Self {
            all: self.all,
            prefix: format!("{}{id}{SEPARATOR}", self.prefix),
            paths: inner.collect(),
            replaced: BTreeSet::new(),
            known: BTreeSet::new(),
        }
    }

    fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.paths.iter().filter_map(|path| path.first().copied())
    }

    /// Returns whether another job that is asked for needs the job `id`.
    fn is_needed(&self, pipeline: &Pipeline, id: &str) -> bool {
        let askers: Vec<&str> = self.ids().filter(|asked| *asked != id).collect();
        with_needs(pipeline, askers).contains(id)
    }

    fn unknown(&self, pipeline: &Pipeline) -> Vec<PlanError> {
        let is_unknown = |path: &[&str]| match path {
            [] => false,
            [id] => pipeline.job(id).is_none(),
            [id, ..] => pipeline.job(id).is_none_or(|job| job.call.is_none()),
        };
        let of_paths = self.paths.iter().filter(|path| is_unknown(path));
        let of_paths = of_paths.map(|path| path.join(SEPARATOR));
        let others = self.replaced.iter().chain(&self.known);
        let others = others
            .filter(|id| pipeline.job(id).is_none())
            .map(|id| (*id).to_owned());
        let named = |id: &str| format!("{}{id}", self.prefix);
        let unknown = of_paths.chain(others).map(|id| PlanError::UnknownJob {
            id: named(&id),
            known: pipeline.jobs.iter().map(|job| named(&job.id)).collect(),
        });
        unknown.collect()
    }
}

/// Returns the places of the jobs, each behind those that it needs.
pub(super) fn order(pipeline: &Pipeline) -> Result<Vec<usize>, Vec<PlanError>> {
    let needs = needs(pipeline)?;
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut dependents = vec![Vec::new(); needs.len()];
    for (job, needed) in needs.iter().enumerate() {
        for need in needed {
            dependents[*need].push(job);
        }
    }
    let mut ready: BTreeSet<usize> = (0..open.len()).filter(|job| open[*job] == 0).collect();
    let mut order = Vec::with_capacity(open.len());
    while let Some(job) = ready.pop_first() {
        order.push(job);
        for dependent in &dependents[job] {
            open[*dependent] -= 1;
            if open[*dependent] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    if order.len() == open.len() {
        return Ok(order);
    }
    Err(vec![circle(pipeline, &needs, &open)])
}

/// Returns why each job that is left out is left out, by its place.
pub(super) fn outside(pipeline: &Pipeline, asked: &Asked<'_>) -> Result<BTreeMap<usize, WhyNot>, Vec<PlanError>> {
    let unknown = asked.unknown(pipeline);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let wanted = if asked.paths.is_empty() {
        pipeline.jobs.iter().map(|job| job.id.as_str()).collect()
    } else {
        with_needs(pipeline, asked.ids().collect())
    };
    let left_out = pipeline.jobs.iter().enumerate().filter_map(|(place, job)| {
        if !wanted.contains(job.id.as_str()) {
            let selected = asked.all.to_vec();
            Some((place, WhyNot::NotSelected { selected }))
        } else if asked.replaced.contains(job.id.as_str()) {
            Some((place, WhyNot::Replaced))
        } else {
            None
        }
    });
    Ok(left_out.collect())
}

fn needs(pipeline: &Pipeline) -> Result<Vec<Vec<usize>>, Vec<PlanError>> {
    let places: BTreeMap<&str, usize> = pipeline
        .jobs
        .iter()
        .enumerate()
        .map(|(place, job)| (job.id.as_str(), place))
        .collect();
    let mut errors = Vec::new();
    let mut all = Vec::with_capacity(pipeline.jobs.len());
    for job in &pipeline.jobs {
        let mut of_job = BTreeSet::new();
        for need in &job.needs {
            match places.get(need.as_str()) {
                Some(place) => _ = of_job.insert(*place),
                None => errors.push(PlanError::UnknownNeed {
                    job: job.id.clone(),
                    need: need.clone(),
                    place: job.place.clone(),
                }),
            }
        }
        all.push(of_job.into_iter().collect());
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

/// Returns one circle among the jobs that could not be ordered: each of them needs another of them.
fn circle(pipeline: &Pipeline, needs: &[Vec<usize>], open: &[usize]) -> PlanError {
    let is_stuck = |job: &usize| open[*job] > 0;
    let mut seen = Vec::new();
    let mut at = (0..open.len()).find(is_stuck).unwrap_or_default();
    while !seen.contains(&at) {
        seen.push(at);
        at = needs[at].iter().copied().find(is_stuck).unwrap_or(at);
    }
    let start = seen.iter().position(|job| *job == at).unwrap_or_default();
    let mut jobs: Vec<usize> = seen[start..].to_vec();
    let first = jobs
        .iter()
        .enumerate()
        .min_by_key(|(_, job)| **job)
        .map_or(0, |(place, _)| place);
    jobs.rotate_left(first);
    PlanError::Circle {
        place: pipeline.jobs[jobs[0]].place.clone(),
        jobs: jobs.iter().map(|job| pipeline.jobs[*job].id.clone()).collect(),
    }
}

/// Returns the jobs with these ids and all that they need.
fn with_needs<'a>(pipeline: &'a Pipeline, mut open: Vec<&'a str>) -> BTreeSet<&'a str> {
    let by_id: BTreeMap<&str, _> = pipeline.jobs.iter().map(|job| (job.id.as_str(), job)).collect();
    let mut wanted = BTreeSet::new();
    while let Some(id) = open.pop() {
        if wanted.insert(id)
            && let Some(job) = by_id.get(id)
        {
            open.extend(job.needs.iter().map(String::as_str));
        }
    }
    wanted
}
