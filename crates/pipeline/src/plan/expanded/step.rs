//! One step as YAML.

use super::known::Known;
use super::yaml::{Entry, Yaml};
use super::{entries_of, push};
use crate::definition::{Step, StepBody};

/// Returns the step with what is known filled in.
pub(super) fn yaml(step: &Step, known: &Known<'_>) -> Yaml {
    let mut entries = Vec::new();
    if let Some(id) = &step.id {
        entries.push(Entry::new("id", Yaml::Text(id.clone())));
    }
    if let Some(name) = &step.name {
        entries.push(Entry::new("name", known.text(name)));
    }
    if let Some(rest) = step.condition.as_ref().and_then(|condition| known.condition(condition)) {
        entries.push(Entry::new("if", rest));
    }
    match &step.body {
        StepBody::Run {
            script,
            shell,
            working_directory,
        } => {
            entries.push(Entry::new("run", known.text(script)));
            push(&mut entries, "shell", shell.as_ref(), known);
            push(&mut entries, "working-directory", working_directory.as_ref(), known);
        }
        StepBody::Uses { reference, with } => {
            entries.push(Entry::new("uses", Yaml::Text(reference.clone())));
            if !with.is_empty() {
                entries.push(Entry::new("with", entries_of(with, known)));
            }
        }
    }
    if !step.env.is_empty() {
        entries.push(Entry::new("env", entries_of(&step.env, known)));
    }
    push(
        &mut entries,
        "continue-on-error",
        step.continue_on_error.as_ref(),
        known,
    );
    push(&mut entries, "timeout-minutes", step.timeout_minutes.as_ref(), known);
    Yaml::Map(entries)
}
