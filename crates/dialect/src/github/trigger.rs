//! `on`: what starts a workflow.

mod decision;

use lockgate_core::Span;
use lockgate_core::diagnostic::nearest;

pub use decision::{Decision, Event, Reference, triggered};

use super::availability::CALL_OUTPUT;
use super::cron;
use super::event::{self, EVENTS, EventKind};
use super::glob::Glob;
use super::input::{Declared, Input};
use super::lowering::Lowering;
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

/// Patterns that a name has to match, or must not.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// The last pattern that matches decides; one with `!` excludes.
    Only(Vec<Pattern>),
    /// What matches any of them is left out.
    Ignore(Vec<Pattern>),
}

/// One pattern of a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The text as written.
    pub text: String,
    excludes: bool,
    glob: Glob,
}

/// A time at which a workflow starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The five fields.
    pub cron: String,
    /// The time zone; UTC when not given.
    pub timezone: Option<String>,
}

impl Lowering {
    pub(super) fn triggers(&mut self, node: &Node) -> Triggers {
        let mut triggers = Triggers::default();
        if let Some(entries) = node.as_mapping() {
            for entry in entries {
                triggers.events.extend(self.trigger(entry));
            }
            if entries.is_empty() {
                self.error(codes::MISSING_KEY, node.span, "`on` needs at least one event");
            }
            return triggers;
        }
        for (name, span) in self.plain_texts(node, "`on`").unwrap_or_default() {
            if let Some(kind) = self.event_kind(&name, span) {
                if kind.name == "workflow_run" {
                    self.refuse_without_workflows(span);
                }
                if kind.name == "schedule" {
                    let message = "`schedule` needs the times at which it starts";
                    self.error_with_help(codes::WRONG_SCHEDULE, span, message, SCHEDULE_EXAMPLE);
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
        let mut fields = self.reader.fields(&entry.value, "an event")?;
        match kind.name {
            "workflow_dispatch" => {
                let inputs = fields.take("inputs");
                trigger.inputs = inputs
                    .map(|node| self.inputs(node, Declared::Dispatch))
                    .unwrap_or_default();
            }
            "workflow_call" => trigger.inputs = self.call(&mut fields),
            _ => self.filters(&mut fields, kind, &mut trigger),
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
        let found = event::named(name);
        if found.is_none() {
            let help = nearest(name, EVENTS.iter().map(|event| event.name)).map_or_else(
                || "events are for example `push`, `pull_request`, `workflow_dispatch` and `schedule`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.error_with_help(codes::UNKNOWN_EVENT, span, format!("there is no event `{name}`"), help);
        }
        found
    }

    fn filters(&mut self, fields: &mut Fields<'_>, kind: &EventKind, trigger: &mut Trigger) {
        if !kind.types.is_empty() || kind.name == "repository_dispatch" {
            let types = fields.take("types").and_then(|node| self.plain_texts(node, "`types`"));
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

    fn filter(&mut self, fields: &mut Fields<'_>, only: &'static str, ignore: &'static str) -> Option<Filter> {
        match (fields.take_entry(only), fields.take_entry(ignore)) {
            (Some(first), Some(second)) => {
                let message = format!("`{only}` and `{ignore}` cannot stand together");
                let help = format!("use `{only}` alone and exclude with `!`, such as `- '!docs/**'`");
                let diagnostic = self
                    .reader
                    .error(codes::WRONG_FILTER, second.key.span, message)
                    .help(help);
                self.reader
                    .report(diagnostic.related(first.key.span, format!("`{only}` is here")));
                None
            }
            (Some(entry), None) => {
                let patterns = self.patterns(&entry.value, only);
                if !patterns.is_empty() && patterns.iter().all(|pattern| pattern.excludes) {
                    let message = format!("`{only}` has only patterns with `!`, so that nothing matches");
                    let help = format!("put `'**'` before them, or use `{ignore}` without the `!`");
                    self.error_with_help(codes::WRONG_PATTERN, entry.value.span, message, help);
                }
                Some(Filter::Only(patterns))
            }
            (None, Some(entry)) => {
                let patterns = self.patterns(&entry.value, ignore);
                for pattern in patterns.iter().filter(|pattern| pattern.excludes) {
                    let message = format!("`{}`: a `!` has no meaning in `{ignore}`", pattern.text);
                    let help = format!("use `{only}` to include and exclude");
                    self.error_with_help(codes::WRONG_PATTERN, entry.value.span, message, help);
                }
                Some(Filter::Ignore(patterns))
            }
            (None, None) => None,
        }
    }

    fn patterns(&mut self, node: &Node, name: &str) -> Vec<Pattern> {
        let texts = self.plain_texts(node, &format!("`{name}`")).unwrap_or_default();
        let mut patterns = Vec::with_capacity(texts.len());
        for (text, span) in texts {
            let bare = text.strip_prefix('!');
            match Glob::parse(bare.unwrap_or(&text)) {
                Ok(glob) => patterns.push(Pattern {
                    excludes: bare.is_some(),
                    text,
                    glob,
                }),
                Err(wrong) => self.error(codes::WRONG_PATTERN, span, format!("`{text}` is no pattern: {wrong}")),
            }
        }
        patterns
    }

    fn schedules(&mut self, node: &Node) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        let Some(items) = self.reader.list(node, "`schedule`") else {
            return schedules;
        };
        for item in items {
            let Some(mut fields) = self.reader.fields(item, "a schedule") else {
                continue;
            };
            let cron = fields.require("cron", &mut self.reader);
            let timezone = fields.take("timezone").and_then(|node| self.plain(node, "`timezone`"));
            fields.finish(&mut self.reader);
            let Some((node, text)) = cron.and_then(|node| Some((node, self.plain(node, "`cron`")?))) else {
                continue;
            };
            if let Some(problem) = cron::problem(&text) {
                self.error_with_help(codes::WRONG_SCHEDULE, node.span, problem, SCHEDULE_EXAMPLE);
            }
            schedules.push(Schedule { cron: text, timezone });
        }
        schedules
    }

    fn call(&mut self, fields: &mut Fields<'_>) -> Vec<Input> {
        let inputs = fields.take("inputs").map(|node| self.inputs(node, Declared::Call));
        self.known.inputs = inputs
            .as_ref()
            .map(|inputs| inputs.iter().map(|input| input.name.clone()).collect());
        if let Some(mut secrets) = fields
            .take("secrets")
            .and_then(|node| self.declarations(node, "`secrets`"))
        {
            for entry in secrets.drain(..).filter(|entry| !entry.value.is_null()) {
                if let Some(mut fields) = self.reader.fields(&entry.value, "a secret") {
                    fields.take("description");
                    fields
                        .take("required")
                        .and_then(|node| self.reader.boolean(node, "`required`"));
                    fields.finish(&mut self.reader);
                }
            }
        }
        if let Some(mut outputs) = fields
            .take("outputs")
            .and_then(|node| self.declarations(node, "`outputs`"))
        {
            for entry in outputs.drain(..) {
                if let Some(mut fields) = self.reader.fields(&entry.value, "an output") {
                    fields.take("description");
                    if let Some(value) = fields.require("value", &mut self.reader) {
                        self.template(value, "`value`", &CALL_OUTPUT);
                    }
                    fields.finish(&mut self.reader);
                }
            }
        }
        self.known.inputs = None;
        inputs.unwrap_or_default()
    }

    fn declarations<'n>(&mut self, node: &'n Node, what: &'static str) -> Option<Vec<&'n Entry>> {
        if node.is_null() {
            return None;
        }
        Some(self.reader.fields(node, what)?.rest().collect())
    }
}

const FILTERS: [&str; 7] = [
    "types",
    "branches",
    "branches-ignore",
    "tags",
    "tags-ignore",
    "paths",
    "paths-ignore",
];
const SCHEDULE_EXAMPLE: &str = "for example `schedule: [{ cron: '30 5 * * 1-5' }]`: at 05:30 UTC from Monday to Friday";
