//! Calls of one workflow by a job of another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Entries, Pipeline, Place};
use crate::expression::{Template, Value};

/// A call of another workflow, in place of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The file that is called, relative to the repository's top.
    pub workflow: String,
    /// The inputs that it gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Entries,
    /// The secrets that it gets.
    #[serde(default)]
    pub secrets: PassedSecrets,
}

/// The secrets that a called workflow gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PassedSecrets {
    /// All that its caller has.
    Inherit,
    /// Those named, and the run's own token.
    Given(Entries),
}

impl Default for PassedSecrets {
    fn default() -> Self {
        Self::Given(Entries::new())
    }
}

/// A workflow that can be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Called {
    /// What it does.
    pub pipeline: Arc<Pipeline>,
    /// What it takes and gives.
    pub interface: Interface,
}

/// What a workflow takes and gives when it is called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// The inputs, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<CallInput>,
    /// The secrets, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<CallSecret>,
    /// The outputs, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<CallOutput>,
}

/// An input of a workflow that can be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallInput {
    /// The name.
    pub name: String,
    /// What it takes.
    pub kind: CallInputKind,
    /// Whether it has to be given.
    #[serde(default)]
    pub is_required: bool,
    /// Its value when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Template>,
}

/// What an input of a called workflow takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallInputKind {
    /// Any text, and a number or a boolean as text.
    String,
    /// `true` or `false`, and no text of that kind.
    Boolean,
    /// A number, and no text of that kind.
    Number,
}

/// A secret of a workflow that can be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSecret {
    /// The name.
    pub name: String,
    /// Whether it has to be given.
    #[serde(default)]
    pub is_required: bool,
}

/// An output of a workflow that can be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallOutput {
    /// The name.
    pub name: String,
    /// Its value, made of the outputs of the workflow's jobs.
    pub value: Template,
    /// Where it stands.
    pub place: Place,
}

impl CallInputKind {
    /// Returns the value of an input for which `value` was given; `None` when it is of another type.
    ///
    /// A text takes every single value; a boolean and a number take only their own, as on GitHub.
    pub fn typed(self, value: Value) -> Option<Value> {
        match (self, value) {
            (Self::Boolean, value @ Value::Boolean(_)) | (Self::Number, value @ Value::Number(_)) => Some(value),
            (Self::String, value) if value.is_primitive() => Some(Value::String(value.to_text())),
            _ => None,
        }
    }

    /// Returns the value of an input for which `text` is written in a file; `None` when it is of another type.
    pub fn of_text(self, text: &str) -> Option<Value> {
        match self {
            Self::String => Some(Value::from(text)),
            Self::Boolean => match text {
                "true" => Some(Value::Boolean(true)),
                "false" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Number => {
                let number = Value::from(text).to_number();
                (!number.is_nan() && !text.trim().is_empty()).then_some(Value::Number(number))
            }
        }
    }

    /// Returns the value of an input that is neither given nor has a default.
    pub fn empty(self) -> Value {
        match self {
            Self::String => Value::from(""),
            Self::Boolean => Value::Boolean(false),
            Self::Number => Value::Number(0.0),
        }
    }

    /// Returns what it takes in words, such as `a boolean`.
    pub fn words(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Boolean => "a boolean (`true` or `false`)",
            Self::Number => "a number",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boolean_and_a_number_take_no_text() {
        let text = || Value::from("true");
        assert_eq!(CallInputKind::Boolean.typed(text()), None);
        assert_eq!(
            CallInputKind::Boolean.typed(Value::Boolean(true)),
            Some(Value::Boolean(true))
        );
        assert_eq!(CallInputKind::Number.typed(Value::from("1")), None);
        assert_eq!(
            CallInputKind::String.typed(Value::Number(1.5)),
            Some(Value::from("1.5"))
        );
        assert_eq!(CallInputKind::String.typed(Value::Null), Some(Value::from("")));
        assert_eq!(CallInputKind::String.typed(Value::array([])), None);
    }

    #[test]
    fn what_a_file_says_is_read_by_the_type() {
        assert_eq!(CallInputKind::Number.of_text("3"), Some(Value::Number(3.0)));
        assert_eq!(CallInputKind::Number.of_text(""), None);
        assert_eq!(CallInputKind::Boolean.of_text("yes"), None);
        assert_eq!(CallInputKind::String.of_text("3"), Some(Value::from("3")));
    }
}
