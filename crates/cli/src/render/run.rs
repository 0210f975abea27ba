//! A run as people see it: a live tree on a terminal, one line for each change elsewhere.
//!
//! What passes is folded; what fails is shown at once, and again at the end with its place, its last lines and the command
//! that runs it again.

mod failures;
mod lines;
mod live;
mod tail;
mod titles;

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::PathBuf;

use lockgate_adapters::executor::LogEvent;
use lockgate_core::Timestamp;
use lockgate_core::time::Spoken;
use lockgate_pipeline::run::effect::{JobKey, StepPath};
use lockgate_pipeline::run::{JobView, Run};

use super::out;
use crate::arguments::Progress;
use lines::Lines;
use live::Live;
use tail::Tail;
use titles::Titles;

/// What to show, and how.
pub(crate) struct RunScreen {
    form: Form,
    output: Output,
    tails: BTreeMap<(JobKey, StepPath), Tail>,
    /// The names of the jobs.
    names: BTreeMap<JobKey, String>,
    /// The steps of which was said what the reader should know.
    noticed: BTreeSet<(JobKey, StepPath)>,
    logs: PathBuf,
    again: String,
}

enum Form {
    Lines(Lines),
    Live(Box<Live>),
    Quiet,
}

/// Whether the steps' own output is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Only of what fails.
    Folded,
    /// All of it, as it comes.
    Shown,
}

impl Output {
    /// Returns what suits a form: a log holds everything, a live tree what fails.
    pub(crate) fn fitting(progress: Progress) -> Self {
        match progress {
            Progress::Plain => Self::Shown,
            Progress::Auto if !std::io::stderr().is_terminal() => Self::Shown,
            _ => Self::Folded,
        }
    }
}

impl RunScreen {
    /// Returns a screen for a run whose logs are in `logs`; `again` are the options with which its jobs run again.
    pub(crate) fn new(progress: Progress, output: Output, logs: PathBuf, again: String) -> Self {
        let form = match progress {
            Progress::Quiet => Form::Quiet,
            Progress::Tty => Form::Live(Box::default()),
            Progress::Auto if std::io::stderr().is_terminal() => Form::Live(Box::default()),
            Progress::Plain | Progress::Auto => Form::Lines(Lines::default()),
        };
        Self {
            form,
            output,
            tails: BTreeMap::new(),
            names: BTreeMap::new(),
            noticed: BTreeSet::new(),
            logs,
            again,
        }
    }

    /// Shows what has changed.
    pub(crate) fn update(&mut self, run: &Run) {
        let titles = Titles::of(run);
        for job in run.jobs() {
            let title = titles.get(&job);
            if self.names.get(&job.key()).is_none_or(|name| name != title) {
                self.names.insert(job.key(), title.to_owned());
            }
        }
        match &mut self.form {
            Form::Lines(lines) => lines.update(run, &titles),
            Form::Live(live) => live.update(run, &titles),
            Form::Quiet => return,
        }
        self.notices(run, &titles);
    }

    /// Says once of each step what its reader should know.
    fn notices(&mut self, run: &Run, titles: &Titles) {
        for job in run.jobs() {
            for step in job.steps() {
                let Some(notice) = &step.notice else { continue };
                if !self.noticed.insert((job.key(), step.path.clone())) {
                    continue;
                }
                let name = out::name(&step.name);
                let line = format!("warning: {} › {name}: {}", titles.get(&job), out::name(notice));
                match &self.form {
                    Form::Live(live) => live.line(&line),
                    Form::Lines(_) | Form::Quiet => out::progress(line),
                }
            }
        }
    }

    /// Takes a line of a step's output.
    pub(crate) fn log(&mut self, event: LogEvent) {
        let tail = self.tails.entry((event.job.clone(), event.step)).or_default();
        let Some(line) = tail.take(event.attempt, event.what) else {
            return;
        };
        let key = out::name(event.job.as_str());
        let name = self.names.get(&event.job).map_or(key.as_ref(), String::as_str);
        match &self.form {
            _ if self.output == Output::Folded => {}
            Form::Live(live) => live.line(&format!("{name} | {line}")),
            Form::Lines(_) => out::output(format_args!("{name} | {line}")),
            Form::Quiet => {}
        }
    }

    /// Shows how the run ended, with everything that failed.
    pub(crate) fn finish(&mut self, run: &Run) {
        self.update(run);
        if let Form::Live(live) = &self.form {
            live.clear();
        }
        let titles = Titles::of(run);
        for job in run.jobs() {
            for name in job.withheld_outputs() {
                withheld(titles.get(&job), name);
            }
        }
        for (call, name) in run.withheld_by_calls() {
            withheld(&out::name(call), name);
        }
        for line in failures::lines(run, &titles, &self.again, |job, step| self.tail(job, step)) {
            out::output(line);
        }
        let took = run.concluded_at().map_or(String::new(), |at| {
            format!(" in {}", Spoken(at.since(run.created_at())))
        });
        let conclusion = run
            .conclusion()
            .map_or("not over".to_owned(), |conclusion| conclusion.to_string());
        out::progress(format_args!("{}: {conclusion}{took}", out::name(&run.plan().run_name)));
        out::progress(format_args!("logs: {}", self.logs.display()));
    }

    /// Returns the last lines of a step.
    fn tail<'s>(&'s self, job: &JobView<'_>, step: &StepPath) -> impl Iterator<Item = &'s String> + use<'s> {
        self.tails
            .get(&(job.key(), step.clone()))
            .into_iter()
            .flat_map(Tail::last)
    }
}

/// Says of an output that later jobs do not get it, in GitHub's words.
fn withheld(job: &str, output: &str) {
    out::progress(format_args!(
        "warning: {job}: Skip output '{}' since it may contain secret.",
        out::name(output)
    ));
}

/// Returns how long a job took.
fn took(job: &JobView<'_>) -> String {
    match (job.started_at(), job.ended_at()) {
        (Some(started), Some(ended)) => format!(" in {}", Spoken(ended.since(started))),
        _ => String::new(),
    }
}

/// Returns how long something has taken so far.
fn so_far(since: Timestamp, now: Timestamp) -> Spoken {
    Spoken(now.since(since))
}
