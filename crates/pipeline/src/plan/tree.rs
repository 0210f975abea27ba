//! The plan as lines for a terminal.

use std::collections::BTreeMap;

use super::{Fate, Plan, PlannedJob};

/// Returns one line for the run, then the jobs, each behind what it needs, then its matrix.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let levels = levels(plan);
    let mut places: Vec<usize> = (0..plan.jobs.len()).collect();
    places.sort_by_key(|place| (levels[*place], *place));
    let mut lines = vec![format!("{} on {}", plan.run_name, plan.event)];
    for (count, place) in places.iter().copied().enumerate() {
        let (branch, stem) = if count + 1 == places.len() {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        job_lines(plan, &plan.jobs[place], place, (branch, stem), &mut lines);
    }
    lines
}

fn job_lines(plan: &Plan, job: &PlannedJob, place: usize, (branch, stem): (&str, &str), lines: &mut Vec<String>) {
    let needs = match plan.definition(place).needs.as_slice() {
        [] => String::new(),
        needs => format!(" after {}", needs.join(", ")),
    };
    let legs = job.expansion.as_ref().map(|expansion| expansion.legs.as_slice());
    let fate = match &job.fate {
        Fate::WillRun => String::new(),
        Fate::MayRun { condition } => format!(": if `{condition}`"),
        Fate::WillNotRun(why) => format!(": will not run: {why}"),
    };
    let open = match legs {
        None if job.fate.may_run() => " (its matrix is known after its needs)",
        _ => "",
    };
    let name = match legs {
        Some([leg]) if leg.name != job.id => format!(" “{}”", leg.name),
        _ => String::new(),
    };
    lines.push(format!("{branch}{}{name}{needs}{open}{fate}", job.id));
    let legs = legs.filter(|legs| legs.len() > 1).unwrap_or_default();
    for (index, leg) in legs.iter().enumerate() {
        let branch = if index + 1 == legs.len() { "└─ " } else { "├─ " };
        lines.push(format!("{stem}{branch}{}", leg.name));
    }
}

/// Returns for each job the length of the longest way to it.
fn levels(plan: &Plan) -> Vec<usize> {
    let jobs = &plan.pipeline.jobs;
    let places: BTreeMap<&str, usize> = jobs
        .iter()
        .enumerate()
        .map(|(place, job)| (job.id.as_str(), place))
        .collect();
    let mut levels = vec![0; jobs.len()];
    let order = super::selection::order(&plan.pipeline).unwrap_or_default();
    for place in order {
        let before = jobs[place].needs.iter().filter_map(|need| places.get(need.as_str()));
        levels[place] = before.map(|need| levels[*need] + 1).max().unwrap_or(0);
    }
    levels
}
