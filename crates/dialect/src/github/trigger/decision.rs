//! Whether an event starts a workflow, and why.

use super::super::event;
use super::{Filter, Pattern, Trigger};
use crate::github::Workflow;

/// Something that happened in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The name, such as `push`.
    pub name: String,
    /// What exactly happened (`github.event.action`), such as `opened`.
    pub activity: Option<String>,
    /// The branch or tag: of a pull request the one that it wants to change.
    pub reference: Option<Reference>,
    /// The changed files; `None` when they are not known, and then no filter on them holds back.
    pub changed_paths: Option<Vec<String>>,
    /// The name of the workflow whose run this event is about.
    pub workflow: Option<String>,
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

/// Returns whether `event` starts `workflow`.
pub fn triggered(workflow: &Workflow, event: &Event) -> Decision {
    let triggers = &workflow.triggers;
    let Some(trigger) = triggers.event(&event.name) else {
        let names: Vec<String> = triggers
            .events
            .iter()
            .map(|known| format!("`{}`", known.event))
            .collect();
        return Decision::Undeclared(format!(
            "the workflow does not start on `{}`, only on {}",
            event.name,
            names.join(", ")
        ));
    };
    match refusal(trigger, event) {
        Some(reason) => Decision::No(reason),
        None => Decision::Yes(format!("the workflow starts on `{}`", event.name)),
    }
}

fn refusal(trigger: &Trigger, event: &Event) -> Option<String> {
    type_refusal(trigger, event)
        .or_else(|| workflow_refusal(trigger, event))
        .or_else(|| reference_refusal(trigger, event))
        .or_else(|| path_refusal(trigger, event))
}

fn type_refusal(trigger: &Trigger, event: &Event) -> Option<String> {
    let activity = event.activity.as_deref()?;
    let defaults = event::named(&trigger.event).map_or(&[][..], |kind| kind.default_types);
    let types: Vec<&str> = match &trigger.types {
        Some(types) => types.iter().map(String::as_str).collect(),
        None => defaults.to_vec(),
    };
    if types.is_empty() || types.contains(&activity) {
        return None;
    }
    let whose = if trigger.types.is_some() {
        "its types"
    } else {
        "the types when none are given"
    };
    Some(format!("`{activity}` is not among {whose}: {}", types.join(", ")))
}

fn workflow_refusal(trigger: &Trigger, event: &Event) -> Option<String> {
    let name = event.workflow.as_deref()?;
    let is_named = trigger.workflows.iter().any(|own| own == name);
    (!trigger.workflows.is_empty() && !is_named).then(|| {
        let names = trigger.workflows.join(", ");
        format!("it waits for runs of {names}, not of `{name}`")
    })
}

fn reference_refusal(trigger: &Trigger, event: &Event) -> Option<String> {
    match event.reference.as_ref()? {
        Reference::Branch(name) => match (&trigger.branches, &trigger.tags) {
            (Some(filter), _) => filter.refusal("branch", name),
            (None, Some(_)) => Some(format!("it filters tags only, and `{name}` is a branch")),
            (None, None) => None,
        },
        Reference::Tag(name) => match (&trigger.tags, &trigger.branches) {
            (Some(filter), _) => filter.refusal("tag", name),
            (None, Some(_)) => Some(format!("it filters branches only, and `{name}` is a tag")),
            (None, None) => None,
        },
    }
}

fn path_refusal(trigger: &Trigger, event: &Event) -> Option<String> {
    // GitHub does not look at the files behind a tag.
    if matches!(event.reference, Some(Reference::Tag(_))) {
        return None;
    }
    let (filter, paths) = (trigger.paths.as_ref()?, event.changed_paths.as_ref()?);
    if paths.iter().any(|path| filter.lets_through(path)) {
        return None;
    }
    Some(match (filter, paths.as_slice()) {
        (_, []) => "it filters paths, and no file changed".to_owned(),
        (Filter::Only(patterns), [path]) => {
            format!(
                "the only changed file, `{path}`, does not match `paths`: {}",
                listed(patterns)
            )
        }
        (Filter::Only(patterns), _) => {
            format!(
                "no changed file of {} matches `paths`: {}",
                paths.len(),
                listed(patterns)
            )
        }
        (Filter::Ignore(patterns), _) => {
            format!(
                "`paths-ignore` leaves out everything that changed: {}",
                listed(patterns)
            )
        }
    })
}

impl Filter {
    /// Returns whether `name` passes.
    fn lets_through(&self, name: &str) -> bool {
        match self {
            Self::Only(patterns) => patterns
                .iter()
                .rev()
                .find(|pattern| pattern.glob.matches(name))
                .is_some_and(|pattern| !pattern.excludes),
            Self::Ignore(patterns) => !patterns.iter().any(|pattern| pattern.glob.matches(name)),
        }
    }

    fn refusal(&self, kind: &str, name: &str) -> Option<String> {
        if self.lets_through(name) {
            return None;
        }
        let plural = if kind == "branch" { "branches" } else { "tags" };
        Some(match self {
            Self::Only(patterns) => format!("the {kind} `{name}` does not match `{plural}`: {}", listed(patterns)),
            Self::Ignore(patterns) => {
                format!(
                    "the {kind} `{name}` is left out by `{plural}-ignore`: {}",
                    listed(patterns)
                )
            }
        })
    }
}

fn listed(patterns: &[Pattern]) -> String {
    let texts: Vec<String> = patterns.iter().map(|pattern| format!("`{}`", pattern.text)).collect();
    texts.join(", ")
}
