//! What a job asks of its runner.
//!
//! Only this machine runs jobs, so that labels choose nothing; a `runs-on` that names none fails its job all the same,
//! as on GitHub, where such a job has no runner to wait for.

use super::start::cannot;
use crate::definition::{RunsOn, TemplateValue};
use crate::expression::{EvaluationError, Object, Scope, Template, Value};

const FORMS: &str = "a label, a list of labels, or a mapping with `group` or `labels`";

/// Why `runs-on` names no runner.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(in crate::run) enum NoRunner {
    /// It has no value.
    #[error("{}", cannot("`runs-on`", .0))]
    Evaluation(#[from] EvaluationError),
    /// Its value is none that GitHub takes.
    #[error("{0}")]
    Value(String),
}

/// Returns the labels that `runs-on` asks for; none where it names a group only.
pub(in crate::run) fn labels(runs_on: &RunsOn, scope: &dyn Scope) -> Result<Vec<String>, NoRunner> {
    if let Some(group) = &runs_on.group {
        let name = group.evaluate(scope)?;
        label(&name).map_err(|got| wrong(&format!("the `group` of `runs-on` {got}, but it must be a name"), group))?;
    }
    let Some(written) = &runs_on.labels else {
        return Ok(Vec::new());
    };
    let value = written.resolve(&mut |template: &Template| template.evaluate(scope))?;
    let found = match &value {
        Value::Object(fields) => of_fields(fields),
        other => several(other),
    };
    found.map_err(|got| match open(written) {
        Some(template) => wrong(&format!("`runs-on` {got}, but it must be {FORMS}"), template),
        None => NoRunner::Value(format!("`runs-on` {got}, but it must be {FORMS}")),
    })
}

fn of_fields(fields: &Object) -> Result<Vec<String>, String> {
    if let Some((strange, _)) = fields.iter().find(|(name, _)| !matches!(*name, "group" | "labels")) {
        return Err(format!("has the key `{strange}`"));
    }
    match (fields.get("group"), fields.get("labels")) {
        (None, None) => Err("has neither `group` nor `labels`".to_owned()),
        (group, labels) => {
            group.map(label).transpose()?;
            labels.map_or(Ok(Vec::new()), several)
        }
    }
}

fn several(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(items) if items.items().is_empty() => Err("is a list without labels".to_owned()),
        Value::Array(items) => {
            let labels = items.items().iter().map(label).collect::<Result<_, _>>();
            labels.map_err(|got| format!("has an item that {got}"))
        }
        one => label(one).map(|label| vec![label]),
    }
}

/// Returns the text of a label, or in words what the value is instead.
fn label(value: &Value) -> Result<String, String> {
    match value {
        Value::Array(_) | Value::Object(_) => Err(format!("is an {}", value.kind())),
        value => match value.to_text() {
            text if text.is_empty() => Err("is empty".to_owned()),
            text => Ok(text),
        },
    }
}

fn wrong(words: &str, template: &Template) -> NoRunner {
    let source = template.source();
    let remedy = if template.contexts_used().iter().any(|found| found.name == "vars") {
        "; variables are given with `--var NAME=VALUE`"
    } else {
        ""
    };
    NoRunner::Value(format!("{words}: `{source}`{remedy}"))
}

/// Returns the first text with an expression.
fn open(value: &TemplateValue) -> Option<&Template> {
    match value {
        TemplateValue::Template(template) => Some(template),
        TemplateValue::List(items) => items.iter().find_map(open),
        TemplateValue::Map(fields) => fields.iter().find_map(|(_, value)| open(value)),
        TemplateValue::Literal(_) => None,
    }
}
