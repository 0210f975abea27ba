//! A run on a terminal: one line for each job, redrawn in place.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lockgate_core::Timestamp;
use lockgate_engine::Clock;
use lockgate_pipeline::run::effect::JobKey;
use lockgate_pipeline::run::{JobStatus, JobView, Outcome, Run};

use super::titles::Titles;
use super::{so_far, took};
use crate::render::out;

/// How often running lines move.
const BEAT: Duration = Duration::from_millis(120);

/// The lines on the screen.
#[derive(Default)]
pub(super) struct Live {
    screen: MultiProgress,
    bars: BTreeMap<JobKey, ProgressBar>,
    clock: lockgate_adapters::clock::SystemClock,
}

impl Live {
    pub(super) fn update(&mut self, run: &Run, titles: &Titles) {
        let now = self.clock.now().wall;
        for job in run.jobs() {
            let status = job.status();
            let key = job.key();
            if status == JobStatus::Waiting && job.definition().strategy.matrix.is_some() {
                continue;
            }
            let bar = self.bars.entry(key).or_insert_with(|| {
                let bar = self.screen.add(ProgressBar::new_spinner());
                bar.set_style(
                    ProgressStyle::with_template("{spinner} {wide_msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_spinner()),
                );
                bar
            });
            show(bar, &job, titles.get(&job), now);
        }
    }

    /// Prints a line above the tree.
    pub(super) fn line(&self, line: &str) {
        // A terminal that went away is no failure of the run.
        let _ = self.screen.println(out::hidden(line));
    }

    /// Leaves the lines as they are, and moves below them.
    pub(super) fn clear(&self) {
        for bar in self.bars.values().filter(|bar| !bar.is_finished()) {
            bar.abandon();
        }
    }
}

fn show(bar: &ProgressBar, job: &JobView<'_>, name: &str, now: Timestamp) {
    if bar.is_finished() {
        return;
    }
    let status = job.status();
    match status {
        JobStatus::Waiting => match job.definition().needs.as_slice() {
            [] => say(bar, &format!("{name}  waits")),
            needs => say(bar, &format!("{name}  waits for {}", needs.join(", "))),
        },
        JobStatus::Queued => say(bar, &format!("{name}  waits for a slot")),
        JobStatus::Preparing | JobStatus::Running | JobStatus::Stopping => {
            bar.enable_steady_tick(BEAT);
            let step = job
                .steps()
                .last()
                .map_or(String::new(), |step| format!("  › {}", out::name(&step.name)));
            let since = job
                .started_at()
                .map_or(String::new(), |at| format!("  {}", so_far(at, now)));
            let stopping = if status == JobStatus::Stopping {
                "  stopping"
            } else {
                ""
            };
            say(bar, &format!("{name}{step}{since}{stopping}"));
        }
        JobStatus::Over { outcome, .. } => {
            bar.disable_steady_tick();
            let mark = match outcome {
                Outcome::Success => "✔",
                Outcome::Failure => "✘",
                Outcome::Cancelled => "■",
                Outcome::Skipped => "–",
            };
            let reason = job.reason().map_or(String::new(), |reason| format!(": {reason}"));
            bar.set_style(
                ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            say(bar, &format!("{mark} {name}  {outcome}{}{reason}", took(job)));
            bar.finish();
        }
    }
}

fn say(bar: &ProgressBar, words: &str) {
    bar.set_message(out::name(words).into_owned());
}
