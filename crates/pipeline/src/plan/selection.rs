//! The order of the jobs, and those that are left out before anything is decided.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlanError, PlanRequest, WhyNot};
use crate::definition::Pipeline;

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
pub(super) fn outside(pipeline: &Pipeline, request: &PlanRequest) -> Result<BTreeMap<usize, WhyNot>, Vec<PlanError>> {
    let unknown: Vec<_> = request
        .selected
        .iter()
        .chain(&request.replaced)
        .chain(request.known.keys())
        .filter(|id| pipeline.job(id).is_none())
        .map(|id| PlanError::UnknownJob {
            id: id.clone(),
            known: pipeline.jobs.iter().map(|job| job.id.clone()).collect(),
        })
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let wanted = wanted(pipeline, &request.selected);
    let left_out = pipeline.jobs.iter().enumerate().filter_map(|(place, job)| {
        if !wanted.contains(job.id.as_str()) {
            let selected = request.selected.clone();
            Some((place, WhyNot::NotSelected { selected }))
        } else if request.replaced.contains(&job.id) {
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

fn wanted<'a>(pipeline: &'a Pipeline, selected: &'a [String]) -> BTreeSet<&'a str> {
    if selected.is_empty() {
        return pipeline.jobs.iter().map(|job| job.id.as_str()).collect();
    }
    let by_id: BTreeMap<&str, _> = pipeline.jobs.iter().map(|job| (job.id.as_str(), job)).collect();
    let mut wanted = BTreeSet::new();
    let mut open: Vec<&str> = selected.iter().map(String::as_str).collect();
    while let Some(id) = open.pop() {
        if wanted.insert(id)
            && let Some(job) = by_id.get(id)
        {
            open.extend(job.needs.iter().map(String::as_str));
        }
    }
    wanted
}
