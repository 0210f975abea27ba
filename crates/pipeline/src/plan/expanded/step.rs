//! One step as YAML.

use super::filling::Filling;
use super::rewriting::Refusal;
use super::yaml::{Entry, Yaml};
use crate::definition::{Step, StepBody};

/// Returns the step with what is known filled in.
///
/// A step that cannot be written fails in its place, so that nothing goes on as if it had been done.
pub(super) fn yaml(step: &Step, number: usize, filling: &Filling<'_>) -> Yaml {
    let mut head = Vec::new();
    if let Some(id) = &step.id {
        head.push(Entry::new("id", Yaml::Text(id.clone())));
    }
    match body(step, &format!("steps[{number}]."), filling) {
        Ok(body) => head.extend(body),
        Err(Refusal(why)) => {
            filling
                .notes
                .add(format!("`steps[{number}]` cannot be written, and fails instead: {why}"));
            head.push(Entry::new("run", Yaml::Text("exit 1".to_owned())));
        }
    }
    Yaml::Map(head)
}

fn body(step: &Step, within: &str, filling: &Filling<'_>) -> Result<Vec<Entry>, Refusal> {
    let mut entries = Vec::new();
    let name = step.name.as_ref().map(|name| filling.text(name));
    entries.extend(name.and_then(|name| filling.entry(within, "name", name)));
    if let Some(condition) = &step.condition {
        let rest = filling.condition(condition)?;
        entries.extend(rest.map(|rest| Entry::new("if", rest)));
    }
    match &step.body {
        StepBody::Run {
            script,
            shell,
            working_directory,
        } => {
            entries.push(Entry::new("run", filling.script(script)?));
            if let Some(shell) = shell {
                entries.push(Entry::new("shell", filling.text(shell)?));
            }
            if let Some(folder) = working_directory {
                entries.push(Entry::new("working-directory", filling.text(folder)?));
            }
        }
        StepBody::Uses { reference, with } => {
            entries.push(Entry::new("uses", Yaml::Text(reference.clone())));
            if !with.is_empty() {
                entries.push(Entry::new("with", filling.entries(&format!("{within}with."), with)));
            }
        }
    }
    if !step.env.is_empty() {
        entries.push(Entry::new("env", filling.entries(&format!("{within}env."), &step.env)));
    }
    let typed = [
        ("continue-on-error", &step.continue_on_error),
        ("timeout-minutes", &step.timeout_minutes),
    ];
    for (key, template) in typed {
        let value = template.as_ref().map(|template| filling.typed(template));
        entries.extend(value.and_then(|value| filling.entry(within, key, value)));
    }
    Ok(entries)
}
