//! Whether a call fits the workflow that it calls.

use lockgate_core::diagnostic::nearest;
use lockgate_core::{Diagnostic, SourceFile, Span};
use lockgate_pipeline::definition::{CallInputKind, Interface};

use super::known::{CalledWorkflows, Facts, Known};
use super::{Callable, Given, GivenSecrets, WorkflowCall, Written};
use crate::codes;

impl CalledWorkflows {
    /// Notes what is wrong with the calls of one file; `there` are the paths where a file is.
    pub(super) fn judge(&self, facts: &Facts, there: &[&str], found: &mut Vec<Diagnostic>) {
        for call in &facts.calls {
            match self.files.get(&call.path) {
                Some(Known::Missing) => found.push(missing(&facts.file, call, there)),
                Some(Known::Read(called)) => match &called.callable {
                    Callable::Unknown => {}
                    Callable::No => found.push(not_callable(&facts.file, call, called)),
                    Callable::Yes(interface) => call.judge(&facts.file, interface, found),
                },
                Some(Known::Broken) | None => {}
            }
        }
    }

    /// Returns the paths at which a file is, whatever is in it.
    pub(super) fn there(&self) -> Vec<&str> {
        let there = self.files.iter().filter(|(_, known)| !matches!(known, Known::Missing));
        there.map(|(path, _)| path.as_str()).collect()
    }
}

fn missing(file: &SourceFile, call: &WorkflowCall, there: &[&str]) -> Diagnostic {
    let help = match nearest(&call.path, there.iter().copied()) {
        Some(near) => format!("did you mean `./{near}`?"),
        None => "the path begins at the top of the repository".to_owned(),
    };
    let message = format!("`{}`: there is no `{}`", call.reference, call.path);
    Diagnostic::error(codes::MISSING_WORKFLOW, file, call.span, message).help(help)
}

fn not_callable(file: &SourceFile, call: &WorkflowCall, called: &Facts) -> Diagnostic {
    let path = &called.file.path;
    let message = format!("`{path}` cannot be called: its `on` has no `workflow_call`");
    let help = format!("add `workflow_call:` to the `on` of `{path}`");
    Diagnostic::error(codes::NOT_CALLABLE, file, call.span, message).help(help)
}

impl WorkflowCall {
    fn judge(&self, file: &SourceFile, interface: &Interface, found: &mut Vec<Diagnostic>) {
        self.judge_inputs(file, interface, found);
        self.judge_secrets(file, interface, found);
        let outputs = || interface.outputs.iter().map(|output| output.name.as_str());
        for (name, span) in &self.reads {
            if !outputs().any(|known| known.eq_ignore_ascii_case(name)) {
                let message = format!("`{}` has no output `{name}`, so that this is empty", self.reference);
                let help = possible(name, outputs(), "it has no outputs", "its outputs are");
                found.push(Diagnostic::warning(codes::UNKNOWN_REFERENCE, file, *span, message).help(help));
            }
        }
    }

    fn judge_inputs(&self, file: &SourceFile, interface: &Interface, found: &mut Vec<Diagnostic>) {
        let Some(given) = &self.inputs else {
            return;
        };
        let names = || interface.inputs.iter().map(|input| input.name.as_str());
        for one in given {
            let mut inputs = interface.inputs.iter();
            if let Some(input) = inputs.find(|input| input.name.eq_ignore_ascii_case(&one.name)) {
                found.extend(one.wrong_type(file, &self.reference, input.kind));
                continue;
            }
            let message = format!("`{}` has no input `{}`", self.reference, one.name);
            let help = possible(&one.name, names(), "it has no inputs", "its inputs are");
            found.push(Diagnostic::error(codes::UNKNOWN_CALL_INPUT, file, one.name_span, message).help(help));
        }
        for input in interface.inputs.iter().filter(|input| input.is_required) {
            if !given.iter().any(|one| one.name.eq_ignore_ascii_case(&input.name)) {
                let message = format!("`{}` requires the input `{}`", self.reference, input.name);
                let help = format!("give it: `with: {{ {}: … }}`", input.name);
                found.push(Diagnostic::error(codes::MISSING_CALL_INPUT, file, self.span, message).help(help));
            }
        }
    }

    fn judge_secrets(&self, file: &SourceFile, interface: &Interface, found: &mut Vec<Diagnostic>) {
        let GivenSecrets::Named(given) = &self.secrets else {
            return;
        };
        let names = || interface.secrets.iter().map(|secret| secret.name.as_str());
        for (name, span) in given {
            if !names().any(|known| known.eq_ignore_ascii_case(name)) {
                found.push(self.unknown_secret(file, name, *span, names()));
            }
        }
        for secret in interface.secrets.iter().filter(|secret| secret.is_required) {
            if !given.iter().any(|(name, _)| name.eq_ignore_ascii_case(&secret.name)) {
                let name = &secret.name;
                let message = format!("`{}` requires the secret `{name}`", self.reference);
                let help = format!(
                    "give it: `secrets: {{ {name}: '${{{{ secrets.{name} }}}}' }}`, or all of them: `secrets: inherit`"
                );
                found.push(Diagnostic::error(codes::MISSING_CALL_SECRET, file, self.span, message).help(help));
            }
        }
    }

    fn unknown_secret<'a>(
        &self,
        file: &SourceFile,
        name: &str,
        span: Span,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Diagnostic {
        let message = format!("`{}` has no secret `{name}`", self.reference);
        let help = possible(name, names, "it declares no secrets", "its secrets are");
        Diagnostic::error(codes::UNKNOWN_CALL_SECRET, file, span, message).help(help)
    }
}

impl Given {
    fn wrong_type(&self, file: &SourceFile, reference: &str, kind: CallInputKind) -> Option<Diagnostic> {
        let fits = match self.written {
            Written::Expression => true,
            Written::Boolean => kind != CallInputKind::Number,
            Written::Number => kind != CallInputKind::Boolean,
            Written::Text => kind == CallInputKind::String,
        };
        if fits {
            return None;
        }
        let message = format!(
            "the input `{}` of `{reference}` takes {}, not {}",
            self.name,
            kind.words(),
            self.words
        );
        let help = match self.written {
            Written::Text => "a text of an expression becomes one with `fromJSON(…)`; a value in quotes is a text",
            _ => "the type stands in the called workflow, under `inputs`",
        };
        Some(Diagnostic::error(codes::WRONG_CALL_INPUT, file, self.value_span, message).help(help))
    }
}

/// Returns which name was meant, or those that are possible.
fn possible<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone, none: &str, some: &str) -> String {
    let listed: Vec<String> = names.clone().map(|name| format!("`{name}`")).collect();
    match (nearest(name, names), listed.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => none.to_owned(),
        (None, listed) => format!("{some} {}", listed.join(", ")),
    }
}
