//! A run in a log: one line for each change, nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::time::Spoken;
use lockgate_pipeline::run::effect::{JobKey, StepPath};
use lockgate_pipeline::run::{JobStatus, JobView, Outcome, Run, StepState};

use super::titles::Titles;
use super::took;
use crate::render::out;

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    started: BTreeSet<JobKey>,
    jobs: BTreeMap<JobKey, JobStatus>,
    steps: BTreeMap<(JobKey, StepPath), StepState>,
}

impl Lines {
    pub(super) fn update(&mut self, run: &Run, titles: &Titles) {
        for job in run.jobs() {
            // Several changes may come at once, and a short job is over with the first of them.
            if job.started_at().is_some() && self.started.insert(job.key()) {
                out::progress(format_args!("{}: started", titles.get(&job)));
            }
            self.steps(&job, titles);
            let status = job.status();
            if self.jobs.insert(job.key(), status) != Some(status) {
                say_job(&job, titles.get(&job), status);
            }
        }
    }

    fn steps(&mut self, job: &JobView<'_>, titles: &Titles) {
        let key = job.key();
        for step in job.steps() {
            let before = self.steps.insert((key.clone(), step.path.clone()), step.state);
            if before == Some(step.state) {
                continue;
            }
            let StepState::Over { outcome, .. } = step.state else {
                continue;
            };
            let took = step
                .ended
                .map_or(String::new(), |ended| format!(" ({})", Spoken(ended.since(step.began))));
            let reason = step
                .reason
                .as_ref()
                .map_or(String::new(), |reason| format!(": {reason}"));
            let words = if outcome == Outcome::Success {
                "ok".to_owned()
            } else {
                outcome.to_string()
            };
            let title = titles.get(job);
            out::progress(format_args!(
                "{title} › {}: {words}{took}{reason}",
                out::name(&step.name)
            ));
        }
    }
}

fn say_job(job: &JobView<'_>, name: &str, status: JobStatus) {
    match status {
        JobStatus::Waiting | JobStatus::Queued | JobStatus::Preparing | JobStatus::Running => {}
        JobStatus::Stopping => out::progress(format_args!("{name}: stopping")),
        JobStatus::Over { outcome, conclusion } => {
            let reason = job.reason().map_or(String::new(), |reason| format!(": {reason}"));
            let counts = if outcome == conclusion {
                String::new()
            } else {
                format!(", counts as {conclusion}")
            };
            out::progress(format_args!("{name}: {outcome}{counts}{}{reason}", took(job)));
        }
    }
}
