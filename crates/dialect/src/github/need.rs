//! `needs`: that each job is there, and that none waits for itself.

use std::collections::BTreeMap;

use lockgate_core::Span;
use lockgate_core::diagnostic::nearest;

use super::lowering::Lowering;
use crate::codes;

/// The most jobs that are compared for a suggestion.
const MOST_CANDIDATES: usize = 200;

/// The most jobs that one message names.
const MOST_NAMED: usize = 12;

/// The most circles that are told.
const MOST_CYCLES: usize = 20;

/// A job with the jobs that it needs, each with its place.
pub(super) struct Needing<'a> {
    pub(super) id: &'a str,
    pub(super) place: Span,
    pub(super) needs: &'a [(String, Span)],
}

impl Lowering {
    /// Checks the needs of all jobs.
    pub(super) fn check_needs(&mut self, jobs: &[Needing<'_>]) {
        let places: BTreeMap<String, usize> = jobs
            .iter()
            .enumerate()
            .map(|(at, job)| (job.id.to_ascii_lowercase(), at))
            .collect();
        for job in jobs {
            for (need, span) in job.needs {
                if !places.contains_key(&need.to_ascii_lowercase()) && !self.reader.is_full() {
                    let others = jobs
                        .iter()
                        .take(MOST_CANDIDATES)
                        .map(|other| other.id)
                        .filter(|id| *id != job.id);
                    let message = format!("the job `{}` needs `{need}`, which is not there", job.id);
                    let help = match nearest(need, others.clone()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the other jobs are {}", listed(others)),
                    };
                    self.error_with_help(codes::UNKNOWN_NEED, *span, message, help);
                }
            }
        }
        for cycle in cycles(jobs, &places) {
            let message = if let [single] = cycle.as_slice() {
                format!("the job `{}` needs itself", jobs[*single].id)
            } else {
                format!("these jobs wait for each other: {}", around(&cycle, jobs))
            };
            let place = cycle.first().map_or_else(Span::default, |at| jobs[*at].place);
            let mut diagnostic = self
                .reader
                .error(codes::NEEDS_CYCLE, place, message)
                .help("`A → B` means that A needs B; remove one of these needs");
            for at in cycle.iter().skip(1).take(MOST_NAMED) {
                diagnostic = diagnostic.related(jobs[*at].place, "part of the circle");
            }
            self.reader.report(diagnostic);
        }
    }
}

/// Returns the jobs of a circle in order, the first one again at the end; of a long one its beginning and its end.
fn around(cycle: &[usize], jobs: &[Needing<'_>]) -> String {
    let names = |places: &[usize]| places.iter().map(|at| jobs[*at].id).collect::<Vec<&str>>().join(" → ");
    let first = names(&cycle[..1]);
    match cycle.len().checked_sub(MOST_NAMED) {
        None | Some(0) => format!("{} → {first}", names(cycle)),
        Some(left_out) => {
            let (begin, end) = (&cycle[..MOST_NAMED - 1], &cycle[cycle.len() - 1..]);
            format!("{} → … {left_out} more … → {} → {first}", names(begin), names(end))
        }
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.get(..MOST_NAMED) {
        _ if names.is_empty() => "none".to_owned(),
        Some(first) if names.len() > MOST_NAMED => format!("{} and others", first.join(", ")),
        _ => names.join(", "),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Returns each circle once, as the positions of its jobs in the order of waiting.
fn cycles(jobs: &[Needing<'_>], places: &BTreeMap<String, usize>) -> Vec<Vec<usize>> {
    let at = |need: &String| places.get(&need.to_ascii_lowercase()).copied();
    let needed: Vec<Vec<usize>> = jobs
        .iter()
        .map(|job| job.needs.iter().filter_map(|(need, _)| at(need)).collect())
        .collect();
    let mut marks = vec![Mark::New; jobs.len()];
    let mut found = Vec::new();
    for start in 0..jobs.len() {
        // The path from `start`, each job with the number of its needs that were followed.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::Open;
            path.push((start, 0));
        }
        while let Some((job, followed)) = path.last_mut() {
            let Some(next) = needed[*job].get(*followed).copied() else {
                marks[*job] = Mark::Done;
                path.pop();
                continue;
            };
            *followed += 1;
            match marks[next] {
                Mark::Done => {}
                Mark::New => {
                    marks[next] = Mark::Open;
                    path.push((next, 0));
                }
                Mark::Open if found.len() >= MOST_CYCLES => {}
                Mark::Open => {
                    let from = path.iter().position(|(on_path, _)| *on_path == next).unwrap_or(0);
                    found.push(path[from..].iter().map(|(on_path, _)| *on_path).collect());
                }
            }
        }
    }
    found
}
