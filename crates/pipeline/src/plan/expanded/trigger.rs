//! What starts the flat workflow.

use super::yaml::{Entry, Yaml};
use crate::expression::{OPEN, Value};
use crate::plan::Plan;

/// Returns the value of `on`.
///
/// The inputs that the plan was made for are declared with their values, for the event to be the same; expressions have
/// them filled in.
pub(super) fn on(plan: &Plan) -> Yaml {
    let event = starter(&plan.event);
    let takes_inputs = matches!(plan.event.as_str(), "workflow_dispatch" | "workflow_call");
    let inputs = match &plan.contexts.inputs {
        Value::Object(inputs) if takes_inputs => inputs.iter().map(|(name, value)| input(name, value)).collect(),
        _ => Vec::new(),
    };
    if inputs.is_empty() {
        return Yaml::Text(event.to_owned());
    }
    let inputs = Yaml::Map(vec![Entry::new("inputs", Yaml::Map(inputs))]);
    Yaml::Map(vec![Entry::new(event, inputs)])
}

fn input(name: &str, value: &Value) -> Entry {
    let (kind, default) = match value {
        Value::Boolean(_) => ("boolean", Some(Yaml::Bare(value.to_text()))),
        Value::Number(number) => ("number", number.is_finite().then(|| Yaml::Bare(value.to_text()))),
        other => {
            let text = other.to_text();
            ("string", (!text.contains(OPEN)).then_some(Yaml::Text(text)))
        }
    };
    let mut fields = vec![Entry::new("type", Yaml::Text(kind.to_owned()))];
    match default {
        Some(default) => fields.push(Entry::new("default", default)),
        None => fields[0]
            .comments
            .push("its value is filled in below; here no default can say it".to_owned()),
    }
    Entry::new(name, Yaml::Map(fields))
}

/// Returns the event that starts what is written: by hand where the plan's own means nothing without its times or
/// workflows, which a plan does not hold.
fn starter(event: &str) -> &str {
    match event {
        "schedule" | "workflow_run" => "workflow_dispatch",
        event => event,
    }
}
