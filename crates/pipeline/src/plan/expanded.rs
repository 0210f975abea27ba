//! A plan as the workflow that would run: matrices written out, called workflows in place, what is known filled in.
//!
//! It is made of the plan, not of the file, so that it shows what runs and not what somebody meant; anchors, comments and
//! whatever does not run are gone, and said in comments. What only a run can know stays an expression.
//!
//! It is a workflow again, which `check` accepts and which means the same:
//! - Legs and the jobs of called workflows have ids of their own, and what reads them names these (`rewriting`). The result
//!   of several jobs is put together of theirs; an output of several legs is that of the last in order that gives one,
//!   where GitHub takes the last to end, and a comment says so.
//! - The outputs of a call are made of those of its jobs; its inputs and secrets are what the caller gives.
//! - A job waits for all that stands for what it needs, and for what its expressions read.
//! - A status function asks about all jobs before. Where others are before a job now than in the plan, because it is in
//!   a called workflow or needs one that may skip jobs, its condition names jobs and results instead (`condition`).
//! - A text is never an expression: what is filled in and looks like one is written as one that gives the text.
//! - How jobs ended that somebody told beforehand is not in it: it would be filled in for `needs`, while `failure()` asked
//!   about the jobs that run. The workflow is that of a plan in which nothing is told.
//! - The variables and defaults of a workflow stand at its jobs as soon as jobs of another one are beside them.
//!
//! What no flat workflow can say is left out, and a comment says why: that the first failure of a matrix cancels the
//! other legs, `max-parallel`, a concurrency group around a called workflow, and expressions such as `toJSON(needs)`
//! that read as a whole what is another whole here. A job whose condition cannot be written does not run, and a step
//! that cannot be written fails; so does not run what is in a called workflow with an input that may be of another type
//! than it takes. What grows too long is not written at all (`bound`). `GITHUB_JOB` in a script is the id that the job has here. When somebody cancels the run,
//! jobs of called workflows that ask for it may differ, because results do not tell whether a call had begun.

mod bound;
mod certainty;
mod condition;
mod doubts;
mod filling;
mod ids;
mod job;
mod layout;
mod rewriting;
mod site;
mod standing;
mod step;
mod texts;
mod trigger;
mod yaml;

use super::outline::{Hide, nothing, reasons};
use super::{Expansion, Fate, Plan};
use crate::definition::{Concurrency, Defaults, Permissions};
use bound::Bound;
use doubts::Doubts;
use filling::Filling;
use layout::Layout;
use rewriting::Refusal;
use texts::escaped;
use yaml::{Entry, Yaml};

impl Plan {
    /// Returns the workflow that would run, as YAML; only comments when nothing runs.
    pub fn expanded(&self) -> String {
        self.expanded_hiding(&nothing)
    }

    /// Returns the workflow that would run, without what `hide` takes out of the reasons that are said in comments.
    pub fn expanded_hiding(&self, hide: Hide<'_>) -> String {
        if self.known.is_empty() {
            return self.written(hide);
        }
        let told: Vec<String> = self.known.keys().map(|id| format!("`{id}`")).collect();
        let told = told.join(", ");
        let head = format!("how {told} ended is not filled in: who runs this workflow runs all of it");
        let text = match self.untold() {
            Ok(plan) => plan.written(hide),
            Err(errors) => {
                let errors = errors.iter();
                let errors =
                    errors.map(|error| yaml::comment(&format!("it cannot be written without that: {error}"), 0));
                errors.collect()
            }
        };
        yaml::comment(&head, 0) + &text
    }

    fn written(&self, hide: Hide<'_>) -> String {
        let mut layout = Layout::of(self);
        layout.doubts = Doubts::of(&layout);
        let writer = Writer {
            has_calls: (0..self.jobs.len()).any(|place| self.call_of(place).is_some() && !layout.ids(place).is_empty()),
            layout,
            reasons: reasons(self, hide),
        };
        let (jobs, absent) = writer.jobs();
        if writer.layout.bound.is_over() {
            return yaml::comment(&Bound::words(), 0);
        }
        let mut text = String::new();
        if !jobs.is_empty() {
            text += &writer.workflow(jobs).document();
        }
        // Behind the last job there is nothing to stand before.
        for words in &absent {
            text += &yaml::comment(words, 1);
        }
        text
    }
}

/// Writes the jobs of one plan.
struct Writer<'p> {
    layout: Layout<'p>,
    /// Whether jobs of called workflows are among them.
    has_calls: bool,
    /// Why each job runs or does not, by its place.
    reasons: Vec<Option<String>>,
}

impl Writer<'_> {
    fn workflow(&self, jobs: Vec<Entry>) -> Yaml {
        let plan = self.layout.plan;
        let filling = Filling::of_run(&self.layout);
        let mut entries = vec![
            Entry::new("name", Yaml::Text(plan.pipeline.name.clone())),
            Entry::new("run-name", Yaml::Text(escaped(&plan.run_name))),
            Entry::new("on", trigger::on(plan)),
        ];
        if let Some(permissions) = &plan.pipeline.permissions {
            entries.push(Entry::new("permissions", permissions_of(permissions)));
        }
        if !self.has_calls {
            if !plan.pipeline.env.is_empty() {
                entries.push(Entry::new("env", filling.entries("env.", &plan.pipeline.env)));
            }
            entries.extend(defaults_of(&plan.pipeline.defaults, &filling));
        }
        if let Some(concurrency) = &plan.pipeline.concurrency {
            entries.extend(concurrency_of(concurrency, &filling));
        }
        let mut jobs = Entry::new("jobs", Yaml::Map(jobs));
        jobs.comments.extend(filling.notes.into_words());
        entries.push(jobs);
        Yaml::Map(entries)
    }

    /// Returns the jobs, and what is said behind the last of them.
    fn jobs(&self) -> (Vec<Entry>, Vec<String>) {
        let plan = self.layout.plan;
        let mut entries: Vec<Entry> = Vec::new();
        let mut absent: Vec<String> = Vec::new();
        for (place, planned) in plan.jobs.iter().enumerate() {
            if self.layout.bound.is_over() {
                break;
            }
            if let Fate::WillNotRun(why) = &planned.fate {
                let why = self.reasons[place].clone().unwrap_or_else(|| why.to_string());
                absent.push(format!("{} will not run: {why}", planned.id));
                continue;
            }
            if self.layout.is_call(place) {
                absent.extend(self.called(place));
                continue;
            }
            let first = entries.len();
            entries.extend(self.job(place));
            if let Some(entry) = entries.get_mut(first) {
                let own = std::mem::replace(&mut entry.comments, std::mem::take(&mut absent));
                entry.comments.extend(own);
            }
        }
        (entries, absent)
    }

    /// Returns what is said of a job whose place its called workflow takes.
    fn called(&self, place: usize) -> Vec<String> {
        let plan = self.layout.plan;
        let (planned, job) = (&plan.jobs[place], plan.definition(place));
        let Some(call) = job.call.as_deref() else {
            return Vec::new();
        };
        let condition = match &planned.fate {
            Fate::MayRun { condition } => format!(", if {condition}"),
            _ => String::new(),
        };
        let mut words = vec![format!("{} calls {}{condition}:", planned.id, call.workflow)];
        if let Some(Refusal(why)) = self.layout.doubts.within(place) {
            words.push(format!(
                "{} does not run, because it cannot be written: {why}",
                planned.id
            ));
        }
        words.extend(
            planned
                .expansion
                .as_ref()
                .and_then(|expansion| self.lost_of_matrix(place, expansion)),
        );
        let of_workflow = plan.called.get(&call.workflow);
        let of_workflow = of_workflow.and_then(|called| called.pipeline.concurrency.as_ref());
        for concurrency in [job.concurrency.as_ref(), of_workflow].into_iter().flatten() {
            words.push(format!(
                "lost is that all of its jobs are in the concurrency group `{}` together",
                concurrency.group
            ));
        }
        words
    }

    /// Returns in words what legs lose that are jobs of their own.
    fn lost_of_matrix(&self, place: usize, expansion: &Expansion) -> Option<String> {
        let legs = expansion.legs.len();
        let mut lost = Vec::new();
        if expansion.fail_fast {
            lost.push("that the first failure cancels the others".to_owned());
        }
        if let Some(most) = expansion.max_parallel.filter(|most| (*most as usize) < legs) {
            lost.push(format!("that no more than {most} run at once"));
        }
        let id = &self.layout.plan.jobs[place].id;
        (legs > 1 && !lost.is_empty()).then(|| format!("{id} is {legs} jobs; lost is {}", lost.join(" and ")))
    }
}

fn permissions_of(permissions: &Permissions) -> Yaml {
    match permissions {
        Permissions::ReadAll => Yaml::Text("read-all".to_owned()),
        Permissions::WriteAll => Yaml::Text("write-all".to_owned()),
        Permissions::Scopes(scopes) => {
            let scopes = scopes.iter();
            Yaml::Map(
                scopes
                    .map(|(scope, level)| Entry::new(scope, Yaml::Text(level.clone())))
                    .collect(),
            )
        }
    }
}

fn defaults_of(defaults: &Defaults, filling: &Filling<'_>) -> Option<Entry> {
    let mut run = Vec::new();
    for (key, template) in [
        ("shell", &defaults.shell),
        ("working-directory", &defaults.working_directory),
    ] {
        let value = template.as_ref().map(|template| filling.filled_text(template));
        run.extend(value.and_then(|value| filling.entry("defaults.run.", key, value)));
    }
    let run = (!run.is_empty()).then(|| Yaml::Map(vec![Entry::new("run", Yaml::Map(run))]))?;
    Some(Entry::new("defaults", run))
}

fn concurrency_of(concurrency: &Concurrency, filling: &Filling<'_>) -> Option<Entry> {
    let group = filling.entry("concurrency.", "group", filling.filled_text(&concurrency.group))?;
    let mut entries = vec![group];
    let cancels = concurrency.cancel_in_progress.as_ref();
    let cancels = cancels.map(|template| filling.typed(template));
    entries.extend(cancels.and_then(|value| filling.entry("concurrency.", "cancel-in-progress", value)));
    Some(Entry::new("concurrency", Yaml::Map(entries)))
}
