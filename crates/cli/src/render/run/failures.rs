//! Everything that failed in a run: each with its place and its last lines, each job with the command that runs it again.
//!
//! What `continue-on-error` allows is said in one line, so that nobody looks for the cause there.

use lockgate_pipeline::run::effect::StepPath;
use lockgate_pipeline::run::{Blame, Failed, JobView, Run};

use super::titles::Titles;
use crate::render::out;
use crate::run::again::word;

/// Returns the lines; `tail` gives the last ones of a step's output, `options` are those with which it runs again.
pub(super) fn lines<'t, T>(
    run: &Run,
    titles: &Titles,
    options: &str,
    tail: impl Fn(&JobView<'_>, &StepPath) -> T,
) -> Vec<String>
where
    T: Iterator<Item = &'t String>,
{
    let failures = run.failures();
    let mut lines = Vec::new();
    for (at, failed) in failures.iter().enumerate() {
        if failed.weight == Blame::Allowed {
            let reason = failed
                .reason
                .map_or(String::new(), |reason| format!(": {}", out::words(reason)));
            lines.push(format!("\nfailed, which is allowed: {}{reason}", title(failed, titles)));
            continue;
        }
        match (failed.step, failed.reason) {
            (None, Some(reason)) => {
                lines.push(format!("\nfailed: {}: {}", title(failed, titles), out::words(reason)));
            }
            (_, reason) => {
                lines.push(format!("\nfailed: {}", title(failed, titles)));
                lines.extend(reason.map(|reason| format!("  {}", out::words(reason))));
            }
        }
        if let Some(step) = failed.step {
            lines.extend(tail(&failed.job, &step.path).map(|line| format!("  | {line}")));
        }
        let is_same = |other: &&Failed<'_>| other.weight == Blame::Counts && other.job.key() == failed.job.key();
        if !failures[at + 1..].iter().any(|other| is_same(&other)) {
            lines.push(again(run, &failed.job, options));
        }
    }
    lines
}

fn title(failed: &Failed<'_>, titles: &Titles) -> String {
    let step = failed
        .step
        .map_or(String::new(), |step| format!(" › {}", out::name(&step.name)));
    let place = failed
        .place
        .as_ref()
        .map_or(String::new(), |place| format!(" ({place})"));
    format!("{}{step}{place}", titles.get(&failed.job))
}

fn again(run: &Run, job: &JobView<'_>, options: &str) -> String {
    let file = &run.plan().pipeline.path;
    let event = match run.plan().event.as_str() {
        "push" => String::new(),
        event => format!(" --event {event}"),
    };
    format!(
        "  again: lockgate run --workflow {file}{event}{options} --job {}",
        word(&job.selector())
    )
}
