//! A plan as the workflow that would run: matrices written out, called workflows in place, what is known filled in.
//!
//! It is made of the plan, not of the file, so that it shows what runs and not what somebody meant; anchors, comments and
//! whatever does not run are gone, and said in comments. What only a run can know stays the expression that it was.

mod job;
mod known;
mod step;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use super::{Fate, Plan};
use crate::definition::{Concurrency, Defaults, Entries, Permissions, Pipeline};
use crate::expression::Template;
use known::Known;
use yaml::{Entry, Yaml};

impl Plan {
    /// Returns the workflow that would run, as YAML.
    pub fn expanded(&self) -> String {
        let writer = Writer {
            plan: self,
            ids: ids(self),
            needs: self.needs(),
            reasons: super::outline::reasons(self),
        };
        let (workflow, absent) = writer.workflow();
        let mut text = workflow.document();
        // Behind the last job there is nothing to stand before.
        for words in &absent {
            text += &yaml::comment(words, 1);
        }
        text
    }
}

/// Writes the jobs of one plan.
struct Writer<'p> {
    plan: &'p Plan,
    /// The ids of what each job becomes, by its place: those of its legs, or none when it does not run.
    ids: Vec<Vec<String>>,
    needs: Vec<Vec<usize>>,
    /// Why each job runs or does not, by its place.
    reasons: Vec<Option<String>>,
}

impl Writer<'_> {
    /// Returns the workflow, and what is said behind its last job.
    fn workflow(&self) -> (Yaml, Vec<String>) {
        let plan = self.plan;
        let known = Known::of_run(plan);
        let mut entries = vec![
            Entry::new("name", Yaml::Text(plan.pipeline.name.clone())),
            Entry::new("run-name", Yaml::Text(plan.run_name.clone())),
            Entry::new("on", Yaml::Text(starter(&plan.event).to_owned())),
        ];
        entries.extend(shared(&plan.pipeline, &known));
        if let Some(concurrency) = &plan.pipeline.concurrency {
            entries.push(Entry::new("concurrency", concurrency_of(concurrency, &known)));
        }
        let (jobs, absent) = self.jobs();
        entries.push(Entry::new("jobs", Yaml::Map(jobs)));
        (Yaml::Map(entries), absent)
    }

    fn jobs(&self) -> (Vec<Entry>, Vec<String>) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut absent: Vec<String> = Vec::new();
        for place in 0..self.plan.jobs.len() {
            let planned = &self.plan.jobs[place];
            if let Fate::WillNotRun(why) = &planned.fate {
                let why = self.reasons[place].clone().unwrap_or_else(|| why.to_string());
                absent.push(format!("{} will not run: {why}", planned.id));
                continue;
            }
            if self.plan.definition(place).call.is_some() {
                absent.extend(self.called(place));
                continue;
            }
            let first = entries.len();
            entries.extend(self.job(place));
            if let Some(entry) = entries.get_mut(first) {
                entry.comments.append(&mut absent);
            }
        }
        (entries, absent)
    }

    /// Returns what is said of a job whose place its called workflow takes.
    fn called(&self, place: usize) -> Option<String> {
        let planned = &self.plan.jobs[place];
        let call = self.plan.definition(place).call.as_deref()?;
        let condition = match &planned.fate {
            Fate::MayRun { condition } => format!(", if {condition}"),
            _ => String::new(),
        };
        Some(format!("{} calls {}{condition}:", planned.id, call.workflow))
    }
}

/// Returns what all jobs of a workflow share.
fn shared(pipeline: &Pipeline, known: &Known<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(permissions) = &pipeline.permissions {
        entries.push(Entry::new("permissions", permissions_of(permissions)));
    }
    if !pipeline.env.is_empty() {
        entries.push(Entry::new("env", entries_of(&pipeline.env, known)));
    }
    entries.extend(defaults_of(&pipeline.defaults, known));
    entries
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

fn entries_of(entries: &Entries, known: &Known<'_>) -> Yaml {
    let entries = entries.iter();
    Yaml::Map(
        entries
            .map(|(name, value)| Entry::new(name, known.text(value)))
            .collect(),
    )
}

fn defaults_of(defaults: &Defaults, known: &Known<'_>) -> Option<Entry> {
    let mut run = Vec::new();
    push(&mut run, "shell", defaults.shell.as_ref(), known);
    push(
        &mut run,
        "working-directory",
        defaults.working_directory.as_ref(),
        known,
    );
    let run = (!run.is_empty()).then(|| Yaml::Map(vec![Entry::new("run", Yaml::Map(run))]))?;
    Some(Entry::new("defaults", run))
}

fn concurrency_of(concurrency: &Concurrency, known: &Known<'_>) -> Yaml {
    let mut entries = vec![Entry::new("group", known.text(&concurrency.group))];
    push(
        &mut entries,
        "cancel-in-progress",
        concurrency.cancel_in_progress.as_ref(),
        known,
    );
    Yaml::Map(entries)
}

/// Adds a value of any type, when there is one.
fn push(entries: &mut Vec<Entry>, key: &str, template: Option<&Template>, known: &Known<'_>) {
    if let Some(template) = template {
        entries.push(Entry::new(key, known.value(template)));
    }
}

/// Returns for each job the ids that it gets: its own where it is one job of the plan's own pipeline, else that of each leg.
fn ids(plan: &Plan) -> Vec<Vec<String>> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut ids: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    // Those that keep their id come first, so that no other takes it.
    for keeps in [true, false] {
        for place in 0..plan.jobs.len() {
            if keeps_id(plan, place) != keeps || !plan.jobs[place].fate.may_run() {
                continue;
            }
            let own = ids_of(plan, place, keeps).into_iter().map(|wish| {
                let mut id = wish.clone();
                let mut count = 2;
                while !taken.insert(id.clone()) {
                    id = format!("{wish}-{count}");
                    count += 1;
                }
                id
            });
            let own = own.collect();
            ids.insert(place, own);
        }
    }
    (0..plan.jobs.len())
        .map(|place| ids.remove(&place).unwrap_or_default())
        .collect()
}

fn keeps_id(plan: &Plan, place: usize) -> bool {
    let legs = plan.jobs[place].expansion.as_ref();
    plan.call_of(place).is_none() && legs.is_none_or(|expansion| expansion.legs.len() == 1)
}

fn ids_of(plan: &Plan, place: usize, keeps: bool) -> Vec<String> {
    if keeps {
        return vec![plan.definition(place).id.clone()];
    }
    let safe = |text: &str| -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        text.chars().map(safe).collect()
    };
    match &plan.jobs[place].expansion {
        Some(expansion) => expansion.legs.iter().map(|leg| safe(&leg.directory)).collect(),
        None => vec![safe(&plan.jobs[place].id)],
    }
}

/// Returns the event that starts what is written: by hand where the plan's own means nothing without its times or
/// workflows, which a plan does not hold.
fn starter(event: &str) -> &str {
    match event {
        "schedule" | "workflow_run" => "workflow_dispatch",
        event => event,
    }
}
