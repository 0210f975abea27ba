//! Whether an event starts a workflow, and why.
//!
//! Every filter is judged on its own and remembers the pattern that decided; the workflow starts when all of them let
//! the event through. What is not known (the changed files of an event from outside) holds nothing back, and is said.

mod check;
mod skip;

use super::super::event;
use super::{Filter, Trigger};
use crate::github::Workflow;

pub use check::Check;

/// Something that happened in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The name, such as `push`.
    pub name: String,
    /// What exactly happened (`github.event.action`), such as `opened`.
    pub activity: Option<String>,
    /// The branch or tag: of a pull request the one that it wants to change, of another workflow's run the one that it
    /// ran for.
    pub reference: Option<Reference>,
    /// The changed files; `None` when they are not known, and then no filter on them holds back.
    pub changed_paths: Option<Vec<String>>,
    /// The name of the workflow whose run this event is about.
    pub workflow: Option<String>,
    /// The schedule that came (`github.event.schedule`).
    pub schedule: Option<String>,
    /// The messages of the pushed commits, or of the last commit of a pull request.
    pub messages: Vec<String>,
}

/// A branch or a tag, by its short name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A branch.
    Branch(String),
    /// A tag.
    Tag(String),
}

/// Whether a workflow starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It starts, because.
    Yes(String),
    /// It does not, because its `on:` does not name the event.
    Undeclared(String),
    /// It does not, because a filter of the event keeps it out.
    No(String),
}

impl Decision {
    /// Returns whether it starts.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    /// Returns why, as a lowercase sentence without a full stop.
    pub fn reason(&self) -> &str {
        match self {
            Self::Yes(reason) | Self::Undeclared(reason) | Self::No(reason) => reason,
        }
    }
}

/// A decision with every filter that had a say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the workflow starts.
    pub decision: Decision,
    /// What each filter of the event said, in the order in which they are asked.
    pub checks: Vec<Check>,
}

/// Returns whether `event` starts `workflow`.
pub fn triggered(workflow: &Workflow, event: &Event) -> Decision {
    judged(workflow, event).decision
}

/// Returns whether `event` starts `workflow`, with what every filter said.
pub fn judged(workflow: &Workflow, event: &Event) -> Judgement {
    let triggers = &workflow.triggers;
    let Some(trigger) = triggers.event(&event.name) else {
        let names: Vec<String> = triggers
            .events
            .iter()
            .map(|known| format!("`{}`", known.event))
            .collect();
        return Judgement {
            decision: Decision::Undeclared(format!(
                "the workflow does not start on `{}`, only on {}",
                event.name,
                names.join(", ")
            )),
            checks: Vec::new(),
        };
    };
    let checks: Vec<Check> = [
        skip::check(event),
        activity(trigger, event),
        other_workflow(trigger, event),
        schedule(trigger, event),
        reference(trigger, event),
        check::paths(trigger, event),
    ]
    .into_iter()
    .flatten()
    .collect();
    let decision = match checks.iter().find(|check| !check.passes) {
        Some(refusal) => Decision::No(refusal.words.clone()),
        None => Decision::Yes(starts(event, &checks)),
    };
    Judgement { decision, checks }
}

fn starts(event: &Event, checks: &[Check]) -> String {
    let mut words = format!("the workflow starts on `{}`", event.name);
    for (index, check) in checks.iter().enumerate() {
        words += if index == 0 { ": " } else { "; " };
        words += &check.words;
    }
    words
}

fn activity(trigger: &Trigger, event: &Event) -> Option<Check> {
    let defaults = event::named(&trigger.event).map_or(&[][..], |kind| kind.default_types);
    let types: Vec<&str> = match &trigger.types {
        Some(types) => types.iter().map(String::as_str).collect(),
        None => defaults.to_vec(),
    };
    if types.is_empty() {
        return None;
    }
    let whose = if trigger.types.is_some() {
        "its types"
    } else {
        "the types when none are given"
    };
    let listed = types.join(", ");
    let Some(activity) = event.activity.as_deref() else {
        let words = format!("nothing says which of {whose} it is ({listed}), so none holds it back");
        return Some(Check::passing("types", None, words));
    };
    Some(if types.contains(&activity) {
        Check::passing("types", None, format!("`{activity}` is among {whose}"))
    } else {
        Check::refusing("types", None, format!("`{activity}` is not among {whose}: {listed}"))
    })
}

fn other_workflow(trigger: &Trigger, event: &Event) -> Option<Check> {
    let names = trigger.workflows.join(", ");
    if names.is_empty() {
        return None;
    }
    Some(match event.workflow.as_deref() {
        None => {
            let words = format!("nothing says which workflow ran ({names}), so its name does not hold it back");
            Check::passing("workflows", None, words)
        }
        Some(name) if trigger.workflows.iter().any(|own| own == name) => {
            Check::passing("workflows", None, format!("`{name}` is the workflow that it waits for"))
        }
        Some(name) => {
            let words = format!("it waits for runs of {names}, not of `{name}`");
            Check::refusing("workflows", None, words)
        }
    })
}

fn schedule(trigger: &Trigger, event: &Event) -> Option<Check> {
    let first = trigger.schedules.first()?;
    let Some(came) = event.schedule.as_deref() else {
        let which = match trigger.schedules.len() {
            1 => String::new(),
            several => format!(", the first of {several}"),
        };
        let words = format!("as if `{}` of line {} had come{which}", first.cron, first.line);
        return Some(Check::passing("schedule", Some(first.line), words));
    };
    let own = trigger.schedules.iter().find(|schedule| schedule.cron == came);
    if let Some(schedule) = own {
        let words = format!("`{came}` is its schedule of line {}", schedule.line);
        return Some(Check::passing("schedule", Some(schedule.line), words));
    }
    let crons = trigger.schedules.iter().map(|schedule| format!("`{}`", schedule.cron));
    let crons: Vec<String> = crons.collect();
    let words = format!("`{came}` is none of its schedules: {}", crons.join(", "));
    Some(Check::refusing("schedule", Some(first.line), words))
}

fn reference(trigger: &Trigger, event: &Event) -> Option<Check> {
    let (kind, name, own, other) = match event.reference.as_ref()? {
        Reference::Branch(name) => ("branch", name, &trigger.branches, &trigger.tags),
        Reference::Tag(name) => ("tag", name, &trigger.tags, &trigger.branches),
    };
    match (own, other) {
        (Some(filter), _) => Some(check::name(filter, kind, name)),
        (None, Some(filter)) => Some(other_kind(filter, kind, name)),
        (None, None) => None,
    }
}

fn other_kind(filter: &Filter, kind: &str, name: &str) -> Check {
    let filtered = if kind == "branch" { "tags" } else { "branches" };
    let words = format!("it filters {filtered} only, and `{name}` is a {kind}");
    Check::refusing(filter.key, Some(filter.line), words)
}
