//! Inputs of `workflow_dispatch` and `workflow_call`.

use std::collections::BTreeMap;

use lockgate_core::diagnostic::nearest;
use lockgate_pipeline::expression::{Object, Template, Value};

use super::availability::CALL_INPUT_DEFAULT;
use super::lowering::Lowering;
use super::shapes::{CALL_INPUT, DISPATCH_INPUT};
use crate::codes;
use crate::shape::Shape;
use crate::yaml::{Entry, Node, Resolved};

/// An input of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name.
    pub name: String,
    /// What it takes.
    pub kind: InputKind,
    /// Whether it has to be given.
    pub is_required: bool,
    /// Its value when it is not given; holds expressions only under `workflow_call`.
    pub default: Option<Template>,
    /// What it is for.
    pub description: Option<String>,
}

/// What an input takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// One of these texts.
    Choice(Vec<String>),
    /// The name of an environment.
    Environment,
}

/// Why given inputs do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputMistake {
    /// The workflow has no such input.
    #[error("the workflow has no input `{name}`{}", did_you_mean(.near.as_deref()))]
    Unknown {
        /// The name that was given.
        name: String,
        /// The input that may be meant.
        near: Option<String>,
    },
    /// A required input was not given.
    #[error("the input `{0}` is required")]
    Missing(String),
    /// The value is not of the input's type.
    #[error("the input `{name}` cannot be `{value}`: {expected}")]
    WrongValue {
        /// The input.
        name: String,
        /// What was given.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// Its default is an expression, which is evaluated only when the workflow is called.
    #[error("the input `{0}` has an expression as its default, which only a call evaluates: give it a value")]
    OpenDefault(String),
    /// All values together are longer than GitHub takes.
    #[error("the inputs are {0} characters long together, but GitHub takes {MOST_CHARACTERS} at most")]
    TooLong(usize),
}

/// As many inputs as a workflow that is started by hand may have.
const MOST_INPUTS: usize = 25;

/// As many characters as all its inputs together may have.
const MOST_CHARACTERS: usize = 65_535;

/// Returns the mistake when what was given to a workflow that is started by hand is longer than GitHub takes.
pub fn too_long(given: &BTreeMap<String, String>) -> Option<InputMistake> {
    let payload = serde_json::to_string(given).unwrap_or_default();
    let length = payload.chars().count();
    (length > MOST_CHARACTERS).then_some(InputMistake::TooLong(length))
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Returns the `inputs` context for what was given: defaults filled in, every value of its type.
///
/// # Errors
/// Returns everything that does not fit.
pub fn resolve_inputs(inputs: &[Input], given: &BTreeMap<String, String>) -> Result<Value, Vec<InputMistake>> {
    let mut mistakes: Vec<InputMistake> = given
        .keys()
        .filter(|name| !inputs.iter().any(|input| input.name.eq_ignore_ascii_case(name)))
        .map(|name| InputMistake::Unknown {
            name: name.clone(),
            near: nearest(name, inputs.iter().map(|input| input.name.as_str())).map(str::to_owned),
        })
        .collect();
    let mut context = Object::default();
    for input in inputs {
        let text = given
            .iter()
            .find(|(name, _)| input.name.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str());
        match text.or(input.default.as_ref().and_then(Template::as_literal)) {
            Some(text) => match input.kind.typed(text) {
                Ok(value) => context.insert(input.name.clone(), value),
                Err(expected) => mistakes.push(InputMistake::WrongValue {
                    name: input.name.clone(),
                    value: text.to_owned(),
                    expected,
                }),
            },
            None if input.default.is_some() => mistakes.push(InputMistake::OpenDefault(input.name.clone())),
            None if input.is_required => mistakes.push(InputMistake::Missing(input.name.clone())),
            None => context.insert(input.name.clone(), input.kind.empty()),
        }
    }
    if mistakes.is_empty() {
        Ok(Value::Object(context))
    } else {
        Err(mistakes)
    }
}

impl InputKind {
    fn typed(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::String | Self::Environment => Ok(Value::from(text)),
            Self::Boolean => match text {
                "true" => Ok(Value::Boolean(true)),
                "false" => Ok(Value::Boolean(false)),
                _ => Err("it takes `true` or `false`".to_owned()),
            },
            Self::Number => match Value::from(text).to_number() {
                number if number.is_nan() || text.trim().is_empty() => Err("it takes a number".to_owned()),
                number => Ok(Value::Number(number)),
            },
            Self::Choice(options) if options.iter().any(|option| option == text) => Ok(Value::from(text)),
            Self::Choice(options) => Err(format!("it takes one of {}", options.join(", "))),
        }
    }

    fn empty(&self) -> Value {
        match self {
            Self::Boolean => Value::Boolean(false),
            Self::Number => Value::Number(0.0),
            // A choice that nobody made is the first, as in GitHub's form.
            Self::Choice(options) => Value::from(options.first().map_or("", String::as_str)),
            Self::String | Self::Environment => Value::from(""),
        }
    }
}

/// Which event declares the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    Dispatch,
    Call,
}

#[derive(Clone, Copy)]
enum Named {
    String,
    Boolean,
    Number,
    Choice,
    Environment,
}

impl Declared {
    fn shape(self) -> &'static Shape {
        match self {
            Self::Dispatch => &DISPATCH_INPUT,
            Self::Call => &CALL_INPUT,
        }
    }
}

const CALL_TYPES: &[(&str, Named)] = &[
    ("string", Named::String),
    ("boolean", Named::Boolean),
    ("number", Named::Number),
];
const DISPATCH_TYPES: &[(&str, Named)] = &[
    ("string", Named::String),
    ("boolean", Named::Boolean),
    ("number", Named::Number),
    ("choice", Named::Choice),
    ("environment", Named::Environment),
];

impl Lowering {
    pub(super) fn inputs(&mut self, node: &Node, by: Declared) -> Vec<Input> {
        let Some(fields) = self.reader.fields(node, "`inputs`") else {
            return Vec::new();
        };
        let entries: Vec<&Entry> = fields.rest().collect();
        if by == Declared::Dispatch
            && let Some(entry) = entries.get(MOST_INPUTS)
        {
            let message = format!(
                "there are {} inputs, but GitHub takes {MOST_INPUTS} at most",
                entries.len()
            );
            let help = "bring several values together in one input, for example as JSON";
            self.error_with_help(codes::WRONG_INPUT, entry.key.span, message, help);
        }
        entries.into_iter().filter_map(|entry| self.input(entry, by)).collect()
    }

    fn input(&mut self, entry: &Entry, by: Declared) -> Option<Input> {
        self.check_id(&entry.key.name, entry.key.span, "the name of an input");
        let mut input = Input {
            name: entry.key.name.clone(),
            kind: InputKind::String,
            is_required: false,
            default: None,
            description: None,
        };
        let mut fields = self.reader.shaped(&entry.value, by.shape())?;
        let (kind, types) = match by {
            Declared::Dispatch => (fields.take("type"), DISPATCH_TYPES),
            Declared::Call => (fields.require("type", &mut self.reader), CALL_TYPES),
        };
        let named = kind.and_then(|kind| self.reader.choice(kind, "the type of an input", types));
        let required = fields.take("required");
        let required = required.and_then(|node| self.reader.boolean(node, "`required`"));
        input.is_required = required.unwrap_or(false);
        input.description = fields
            .take("description")
            .and_then(|node| self.plain_or_empty(node, "`description`"));
        let default = fields.take("default");
        let options = match by {
            Declared::Dispatch => fields.take("options"),
            Declared::Call => None,
        };
        // Of a type that is wrong nobody knows whether it was to be a choice.
        let is_other = match named {
            Some(Named::Choice) => false,
            Some(_) => true,
            None => kind.is_none(),
        };
        if let Some(options) = options.filter(|_| is_other) {
            let message = format!("the input `{}` has `options` and is no choice", entry.key.name);
            let help = "add `type: choice`, or remove the options";
            self.error_with_help(codes::WRONG_INPUT, options.span, message, help);
        }
        input.kind = match named.unwrap_or(Named::String) {
            Named::String => InputKind::String,
            Named::Boolean => InputKind::Boolean,
            Named::Number => InputKind::Number,
            Named::Environment => InputKind::Environment,
            Named::Choice => InputKind::Choice(self.options(options, entry)),
        };
        fields.finish(&mut self.reader);
        input.default = default.and_then(|node| self.default(node, &input.kind, by));
        Some(input)
    }

    fn options(&mut self, node: Option<&Node>, entry: &Entry) -> Vec<String> {
        let items = node.and_then(|node| self.reader.list(node, "`options`"));
        let texts: Vec<String> = items
            .unwrap_or_default()
            .iter()
            .filter_map(|item| self.plain_or_empty(item, "an item of `options`"))
            .collect();
        let is_list = node.is_none_or(|node| node.as_sequence().is_some());
        if texts.is_empty() && is_list {
            let message = format!("the input `{}` is a choice without `options`", entry.key.name);
            self.error_with_help(codes::WRONG_INPUT, entry.key.span, message, "list what can be chosen");
        }
        texts
    }

    fn default(&mut self, node: &Node, kind: &InputKind, by: Declared) -> Option<Template> {
        let template = match by {
            Declared::Call => self.template(node, "`default`", &CALL_INPUT_DEFAULT)?,
            Declared::Dispatch => Template::literal(self.plain_or_empty(node, "`default`")?),
        };
        let resolved = node.as_scalar()?.resolved;
        if by == Declared::Dispatch || template.as_literal().is_some() {
            let text = template.source();
            let is_empty = text.is_empty() && resolved == Resolved::Null;
            if let Some(expected) = kind.typed(text).err().filter(|_| !is_empty) {
                let message = format!("`default` cannot be `{text}`: {expected}");
                self.error(codes::WRONG_INPUT, node.span, message);
            }
            if is_empty {
                return None;
            }
        }
        Some(template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, kind: InputKind) -> Input {
        Input {
            name: name.into(),
            kind,
            is_required: false,
            default: None,
            description: None,
        }
    }

    #[test]
    fn inputs_get_their_types_and_defaults() {
        let mut level = input("level", InputKind::Choice(vec!["low".into(), "high".into()]));
        level.default = Some(Template::literal("high"));
        let inputs = [
            level,
            input("dry", InputKind::Boolean),
            input("count", InputKind::Number),
        ];
        let given = BTreeMap::from([("DRY".to_owned(), "true".to_owned())]);
        let context = resolve_inputs(&inputs, &given).unwrap();
        assert_eq!(
            serde_json::to_string(&context).unwrap(),
            r#"{"level":"high","dry":true,"count":0}"#
        );
    }

    #[test]
    fn a_default_that_only_a_call_evaluates_has_to_be_given() {
        let mut who = input("who", InputKind::String);
        who.default = Some(Template::parse("${{ github.actor }}").unwrap());
        let told = resolve_inputs(&[who.clone()], &BTreeMap::new()).unwrap_err()[0].to_string();
        assert!(
            told.starts_with("the input `who` has an expression as its default"),
            "{told}"
        );
        let given = BTreeMap::from([("who".to_owned(), "ada".to_owned())]);
        assert!(resolve_inputs(&[who], &given).is_ok());
    }

    #[test]
    fn every_mistake_is_told() {
        let mut name = input("name", InputKind::String);
        name.is_required = true;
        let inputs = [name, input("dry", InputKind::Boolean)];
        let given = BTreeMap::from([("dry".to_owned(), "yes".to_owned()), ("nam".to_owned(), "x".to_owned())]);
        let told: Vec<String> = resolve_inputs(&inputs, &given)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "the workflow has no input `nam`; did you mean `name`?",
                "the input `name` is required",
                "the input `dry` cannot be `yes`: it takes `true` or `false`",
            ]
        );
    }
}
