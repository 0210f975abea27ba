//! `on.workflow_call`: what a workflow takes and gives when it is called.

use lockgate_pipeline::definition::{CallInput, CallInputKind, CallOutput, CallSecret, Interface};

use super::super::Triggers;
use super::super::availability::CALL_OUTPUT as AT_OUTPUT;
use super::super::input::{Declared, Input, InputKind};
use super::super::lowering::Lowering;
use super::super::shapes::{CALL, CALL_OUTPUT, CALL_SECRET};
use crate::codes;
use crate::yaml::{Entry, Node};

/// Whether a file can be called.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Callable {
    /// It could not be read so far.
    #[default]
    Unknown,
    /// Its `on` has no `workflow_call`.
    No,
    /// It can.
    Yes(Interface),
}

impl Callable {
    /// Returns whether a file can be called that takes and gives nothing.
    pub(in super::super) fn of(triggers: &Triggers) -> Self {
        match triggers.event("workflow_call") {
            Some(_) => Self::Yes(Interface::default()),
            None => Self::No,
        }
    }
}

impl Lowering {
    /// Reads what a workflow takes and gives when it is called; returns its inputs.
    pub(in super::super) fn call(&mut self, node: &Node) -> Vec<Input> {
        let Some(mut fields) = self.reader.shaped(node, &CALL) else {
            return Vec::new();
        };
        let inputs = fields.take("inputs").map(|node| self.inputs(node, Declared::Call));
        self.known.inputs = inputs
            .as_ref()
            .map(|inputs| inputs.iter().map(|input| input.name.clone()).collect());
        let inputs = inputs.unwrap_or_default();
        let secrets = fields.take("secrets").map(|node| self.call_secrets(node));
        let outputs = fields.take("outputs").map(|node| self.call_outputs(node));
        fields.finish(&mut self.reader);
        self.known.inputs = None;
        self.callable = Callable::Yes(Interface {
            inputs: inputs.iter().map(call_input).collect(),
            secrets: secrets.unwrap_or_default(),
            outputs: outputs.unwrap_or_default(),
        });
        inputs
    }

    fn call_secrets(&mut self, node: &Node) -> Vec<CallSecret> {
        let mut secrets = Vec::new();
        for entry in self.declarations(node, "`secrets`") {
            let mut secret = CallSecret {
                name: entry.key.name.clone(),
                is_required: false,
            };
            if entry.key.name.eq_ignore_ascii_case("GITHUB_TOKEN") {
                let message = "`GITHUB_TOKEN` cannot be declared: every called workflow has it";
                self.error_with_help(
                    codes::WRONG_VALUE,
                    entry.key.span,
                    message,
                    "remove it, or name it otherwise",
                );
            }
            if !entry.value.is_null()
                && let Some(mut fields) = self.reader.shaped(&entry.value, &CALL_SECRET)
            {
                self.call_description(fields.take("description"));
                let required = fields.take("required");
                let required = required.and_then(|node| self.reader.boolean(node, "`required`"));
                secret.is_required = required.unwrap_or(false);
                fields.finish(&mut self.reader);
            }
            secrets.push(secret);
        }
        secrets
    }

    fn call_outputs(&mut self, node: &Node) -> Vec<CallOutput> {
        let mut outputs = Vec::new();
        for entry in self.declarations(node, "`outputs`") {
            let Some(mut fields) = self.reader.shaped(&entry.value, &CALL_OUTPUT) else {
                continue;
            };
            self.call_description(fields.take("description"));
            if let Some(value) = fields.require("value", &mut self.reader)
                && let Some(value) = self.template(value, "`value`", &AT_OUTPUT)
            {
                outputs.push(CallOutput {
                    name: entry.key.name.clone(),
                    value,
                    place: self.place(entry.key.span),
                });
            }
            fields.finish(&mut self.reader);
        }
        outputs
    }

    fn declarations<'n>(&mut self, node: &'n Node, what: &'static str) -> Vec<&'n Entry> {
        let fields = self.reader.fields(node, what);
        let entries: Vec<&Entry> = fields.map(|fields| fields.rest().collect()).unwrap_or_default();
        for entry in &entries {
            self.plain_name(entry, what);
        }
        entries
    }

    fn call_description(&mut self, node: Option<&Node>) {
        if let Some(node) = node {
            self.plain_or_empty(node, "`description`");
        }
    }
}

fn call_input(input: &Input) -> CallInput {
    CallInput {
        name: input.name.clone(),
        kind: match input.kind {
            InputKind::Boolean => CallInputKind::Boolean,
            InputKind::Number => CallInputKind::Number,
            InputKind::String | InputKind::Choice(_) | InputKind::Environment => CallInputKind::String,
        },
        is_required: input.is_required,
        default: input.default.clone(),
    }
}
