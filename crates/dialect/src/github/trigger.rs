//! `on`: what starts a workflow.

mod decision;
mod filter;
mod schedule;

use lockgate_core::Span;
use lockgate_core::diagnostic::nearest;

pub use decision::{Check, Decision, Event, Judgement, Reference, judged, triggered};
pub use filter::{Filter, Pattern};
pub use schedule::Schedule;

use super::event::{EventKind, event_named};
use super::input::{Declared, Input};
use super::lowering::Lowering;
use super::shapes::DISPATCH;
use crate::codes;
use crate::yaml::{Entry, Fields, Node};

/// What starts a workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers {
    /// The events, in the order of the file.
    pub events: Vec<Trigger>,
}

impl Triggers {
    /// Returns the trigger for the event `name`.
    pub fn event(&self, name: &str) -> Option<&Trigger> {
        self.events.iter().find(|trigger| trigger.event == name)
    }
}

/// An event with its filters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trigger {
    /// The name of the event.
    pub event: String,
    /// The activity types that start it; the event's own when not given.
    pub types: Option<Vec<String>>,
    /// The filter on branches.
    pub branches: Option<Filter>,
    /// The filter on tags.
    pub tags: Option<Filter>,
    /// The filter on changed files.
    pub paths: Option<Filter>,
    /// The workflows whose runs start it.
    pub workflows: Vec<String>,
    /// The times at which it starts.
    pub schedules: Vec<Schedule>,
    /// What it takes.
    pub inputs: Vec<Input>,
}

impl Lowering {
    pub(super) fn triggers(&mut self, node: &Node) -> Triggers {
        let mut triggers = Triggers::default();
        if let Some(entries) = node.as_mapping() {
            for entry in entries {
                triggers.events.extend(self.trigger(entry));
            }
            if entries.is_empty() {
                self.error_with_help(codes::MISSING_KEY, node.span, "`on` needs at least one event", EXAMPLE);
            }
            return triggers;
        }
        if node.as_sequence().is_some_and(<[_]>::is_empty) {
            self.error_with_help(codes::MISSING_KEY, node.span, "`on` needs at least one event", EXAMPLE);
        }
        for (name, span) in self.plain_texts(node, "`on`").unwrap_or_default() {
            if let Some(kind) = self.event_kind(&name, span) {
                if kind.name == "workflow_run" {
                    self.refuse_without_workflows(span);
                }
                if kind.name == "schedule" {
                    let message = "`schedule` needs the times at which it starts";
                    self.error_with_help(codes::WRONG_SCHEDULE, span, message, schedule::EXAMPLE);
                }
                triggers.events.push(Trigger {
                    event: name,
                    ..Trigger::default()
                });
            }
        }
        triggers
    }

    fn trigger(&mut self, entry: &Entry) -> Option<Trigger> {
        let kind = self.event_kind(&entry.key.name, entry.key.span)?;
        let mut trigger = Trigger {
            event: kind.name.to_owned(),
            ..Trigger::default()
        };
        if kind.name == "schedule" {
            trigger.schedules = self.schedules(&entry.value);
            return Some(trigger);
        }
        let names = entry.value.get("workflows");
        let names_none = names.is_none_or(|names| names.is_null() || names.as_sequence().is_some_and(<[_]>::is_empty));
        if kind.name == "workflow_run" && names_none {
            self.refuse_without_workflows(entry.key.span);
        }
        if entry.value.is_null() {
            return Some(trigger);
        }
        if kind.is_bare() {
            let what = format!("the event `{}`", kind.name);
            self.reader
                .wrong_type(&entry.value, &what, "left empty: it has no types and no filters");
            return Some(trigger);
        }
        match kind.name {
            "workflow_dispatch" => {
                let mut fields = self.reader.shaped(&entry.value, &DISPATCH)?;
                let inputs = fields.take("inputs");
                trigger.inputs = inputs
                    .map(|node| self.inputs(node, Declared::Dispatch))
                    .unwrap_or_default();
                fields.finish(&mut self.reader);
                return Some(trigger);
            }
            "workflow_call" => {
                trigger.inputs = self.call(&entry.value);
                return Some(trigger);
            }
            _ => {}
        }
        let mut fields = self.reader.fields(&entry.value, "an event")?;
        self.filters(&mut fields, kind, &mut trigger);
        if kind.name == "merge_group" {
            for name in ["paths", "paths-ignore"] {
                if let Some(filter) = fields.take_entry(name) {
                    let message = format!("`{name}` of `merge_group` has no effect: every group starts the workflow");
                    let help = "remove it, or ask for the changed files in a job";
                    self.warning(codes::WRONG_FILTER, filter.key.span, message, help);
                }
            }
        }
        fields.finish_with(&mut self.reader, |found, mut diagnostic| {
            if FILTERS.contains(&found.key.name.as_str()) {
                diagnostic.code = codes::WRONG_FILTER;
                diagnostic.message = format!("the event `{}` has no filter `{}`", kind.name, found.key.name);
            }
            diagnostic
        });
        Some(trigger)
    }

    fn refuse_without_workflows(&mut self, span: Span) {
        let message = "`workflow_run` needs the workflows whose runs start this one";
        let help = "name them: `workflow_run: { workflows: [CI], types: [completed] }`";
        self.error_with_help(codes::MISSING_KEY, span, message, help);
    }

    fn event_kind(&mut self, name: &str, span: Span) -> Option<&'static EventKind> {
        let found = event_named(name);
        found
            .map_err(|help| {
                self.error_with_help(codes::UNKNOWN_EVENT, span, format!("there is no event `{name}`"), help);
            })
            .ok()
    }

    fn filters(&mut self, fields: &mut Fields<'_>, kind: &EventKind, trigger: &mut Trigger) {
        if !kind.types.is_empty() || kind.name == "repository_dispatch" {
            let types = fields.take("types");
            if kind.name == "repository_dispatch" {
                types.and_then(|node| self.reader.list(node, "`types` of `repository_dispatch`"));
            }
            let types = types.and_then(|node| self.plain_texts(node, "`types`"));
            trigger.types = types.map(|types| self.known_types(types, kind));
        }
        if kind.filters.contains(&"branches") {
            trigger.branches = self.filter(fields, "branches", "branches-ignore");
        }
        if kind.filters.contains(&"tags") {
            trigger.tags = self.filter(fields, "tags", "tags-ignore");
        }
        if kind.filters.contains(&"paths") {
            trigger.paths = self.filter(fields, "paths", "paths-ignore");
        }
        if kind.filters.contains(&"workflows") {
            let names = fields
                .take("workflows")
                .and_then(|node| self.plain_texts(node, "`workflows`"));
            trigger.workflows = names.unwrap_or_default().into_iter().map(|(name, _)| name).collect();
        }
        if kind.filters.contains(&"versions") {
            for name in ["names", "versions"] {
                fields
                    .take(name)
                    .and_then(|node| self.plain_texts(node, "`names` and `versions`"));
            }
        }
    }

    fn known_types(&mut self, types: Vec<(String, Span)>, kind: &EventKind) -> Vec<String> {
        for (name, span) in &types {
            if !kind.types.is_empty() && !kind.types.contains(&name.as_str()) {
                let message = format!("the event `{}` has no type `{name}`", kind.name);
                let help = nearest(name, kind.types.iter().copied()).map_or_else(
                    || format!("its types are {}", kind.types.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.error_with_help(codes::WRONG_FILTER, *span, message, help);
            }
        }
        types.into_iter().map(|(name, _)| name).collect()
    }
}

const EXAMPLE: &str = "name one, for example `on: push`";
const FILTERS: [&str; 7] = [
    "types",
    "branches",
    "branches-ignore",
    "tags",
    "tags-ignore",
    "paths",
    "paths-ignore",
];
