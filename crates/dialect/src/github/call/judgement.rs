//! Whether a call fits the workflow that it calls.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::diagnostic::nearest;
use lockgate_core::{Diagnostic, SourceFile};
use lockgate_pipeline::definition::{CallInput, CallInputKind, Interface};

use super::super::reference::{MOST_CANDIDATES, Names};
use super::known::{CalledWorkflows, Facts, Known};
use super::{Callable, Given, GivenSecrets, WorkflowCall, Written};
use crate::{codes, limit};

impl CalledWorkflows {
    /// Notes what is wrong with the calls of one file; `there` are the paths where a file is.
    pub(super) fn judge(&self, facts: &Facts, there: &[&str], found: &mut Vec<Diagnostic>) {
        let mut told = Told::of(&facts.file, found);
        let mut takers: BTreeMap<&str, Taker<'_>> = BTreeMap::new();
        for call in &facts.calls {
            match self.files.get(&call.path) {
                Some(Known::Missing) => told.error(|| missing(&facts.file, call, there)),
                Some(Known::Read(called)) => match &called.callable {
                    Callable::Unknown => {}
                    Callable::No => told.error(|| not_callable(&facts.file, call, called)),
                    Callable::Yes(interface) => {
                        let taker = takers.entry(&call.path).or_insert_with(|| Taker::of(interface));
                        call.judge(taker, &mut told);
                    }
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

/// What is told of one file: as much as is kept, and one more, by which is known that there is more.
struct Told<'f> {
    file: &'f SourceFile,
    found: &'f mut Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl<'f> Told<'f> {
    fn of(file: &'f SourceFile, found: &'f mut Vec<Diagnostic>) -> Self {
        Self {
            file,
            found,
            errors: 0,
            warnings: 0,
        }
    }

    fn error(&mut self, what: impl FnOnce() -> Diagnostic) {
        if self.errors <= limit::MOST {
            self.errors += 1;
            self.found.push(what());
        }
    }

    fn warning(&mut self, what: impl FnOnce() -> Diagnostic) {
        if self.warnings <= limit::MOST {
            self.warnings += 1;
            self.found.push(what());
        }
    }
}

/// What a called workflow takes and gives, by name.
struct Taker<'i> {
    inputs: BTreeMap<String, &'i CallInput>,
    input_names: Names,
    secrets: Names,
    outputs: Names,
    required_inputs: Vec<&'i str>,
    required_secrets: Vec<&'i str>,
}

impl<'i> Taker<'i> {
    fn of(interface: &'i Interface) -> Self {
        let inputs = interface.inputs.iter().rev();
        let required_inputs = interface.inputs.iter().filter(|input| input.is_required);
        let required_secrets = interface.secrets.iter().filter(|secret| secret.is_required);
        Self {
            inputs: inputs.map(|input| (input.name.to_ascii_lowercase(), input)).collect(),
            input_names: interface.inputs.iter().map(|input| input.name.clone()).collect(),
            secrets: interface.secrets.iter().map(|secret| secret.name.clone()).collect(),
            outputs: interface.outputs.iter().map(|output| output.name.clone()).collect(),
            required_inputs: required_inputs.map(|input| input.name.as_str()).collect(),
            required_secrets: required_secrets.map(|secret| secret.name.as_str()).collect(),
        }
    }
}

fn missing(file: &SourceFile, call: &WorkflowCall, there: &[&str]) -> Diagnostic {
    let name = |path: &&str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let others = there.iter().copied().filter(|path| *path != &*file.path);
    let others: Vec<&str> = others.take(MOST_CANDIDATES).collect();
    let names: Vec<String> = others.iter().map(name).collect();
    // All of them are in one folder, which makes them more alike than they are.
    let near = nearest(&name(&call.path.as_str()), names.iter().map(String::as_str));
    let near = others
        .iter()
        .find(|path| near.is_some_and(|near| path.rsplit('/').next() == Some(near)));
    let help = match near {
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
    fn judge(&self, taker: &Taker<'_>, told: &mut Told<'_>) {
        self.judge_inputs(taker, told);
        self.judge_secrets(taker, told);
        let file = told.file;
        for (name, span) in self.reads.iter().filter(|(name, _)| !taker.outputs.has(name)) {
            told.warning(|| {
                let message = format!("`{}` has no output `{name}`, so that this is empty", self.reference);
                let help = possible(name, &taker.outputs, "it has no outputs", "its outputs are");
                Diagnostic::warning(codes::UNKNOWN_REFERENCE, file, *span, message).help(help)
            });
        }
    }

    fn judge_inputs(&self, taker: &Taker<'_>, told: &mut Told<'_>) {
        let Some(given) = &self.inputs else {
            return;
        };
        let file = told.file;
        for one in given {
            if let Some(input) = taker.inputs.get(&one.name.to_ascii_lowercase()) {
                if let Some(wrong) = one.wrong_type(file, &self.reference, input.kind) {
                    told.error(|| wrong);
                } else if let Some((written, text)) =
                    one.changes.as_ref().filter(|_| input.kind == CallInputKind::String)
                {
                    told.warning(|| {
                        let message = format!("`{written}` is a number here, and as a text it becomes `{text}`");
                        let help = format!("put it in quotes: `'{written}'`");
                        Diagnostic::warning(codes::NUMBER_CHANGES, file, one.value_span, message).help(help)
                    });
                }
                continue;
            }
            told.error(|| {
                let message = format!("`{}` has no input `{}`", self.reference, one.name);
                let help = possible(&one.name, &taker.input_names, "it has no inputs", "its inputs are");
                Diagnostic::error(codes::UNKNOWN_CALL_INPUT, file, one.name_span, message).help(help)
            });
        }
        if told.errors > limit::MOST {
            return;
        }
        let given = given.iter().map(|one| one.name.as_str());
        for name in lacking(&taker.required_inputs, given) {
            told.error(|| {
                let message = format!("`{}` requires the input `{name}`", self.reference);
                let help = format!("give it: `with: {{ {name}: … }}`");
                Diagnostic::error(codes::MISSING_CALL_INPUT, file, self.span, message).help(help)
            });
        }
    }

    fn judge_secrets(&self, taker: &Taker<'_>, told: &mut Told<'_>) {
        let GivenSecrets::Named(given) = &self.secrets else {
            return;
        };
        let file = told.file;
        for (name, span) in given.iter().filter(|(name, _)| !taker.secrets.has(name)) {
            told.error(|| {
                let message = format!("`{}` has no secret `{name}`", self.reference);
                let help = possible(name, &taker.secrets, "it declares no secrets", "its secrets are");
                Diagnostic::error(codes::UNKNOWN_CALL_SECRET, file, *span, message).help(help)
            });
        }
        if told.errors > limit::MOST {
            return;
        }
        let given = given.iter().map(|(name, _)| name.as_str());
        for name in lacking(&taker.required_secrets, given) {
            told.error(|| {
                let message = format!("`{}` requires the secret `{name}`", self.reference);
                let help = format!(
                    "give it: `secrets: {{ {name}: '${{{{ secrets.{name} }}}}' }}`, or all of them: `secrets: inherit`"
                );
                Diagnostic::error(codes::MISSING_CALL_SECRET, file, self.span, message).help(help)
            });
        }
    }
}

/// Returns those of the required names that are not given, as many as are told.
fn lacking<'i, 'g>(required: &[&'i str], given: impl Iterator<Item = &'g str>) -> Vec<&'i str> {
    if required.is_empty() {
        return Vec::new();
    }
    let given: BTreeSet<String> = given.map(str::to_ascii_lowercase).collect();
    let lacking = required
        .iter()
        .filter(|name| !given.contains(&name.to_ascii_lowercase()));
    lacking.take(limit::MOST + 1).copied().collect()
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
fn possible(name: &str, names: &Names, none: &str, some: &str) -> String {
    const MOST_LISTED: usize = 20;
    if let Some(near) = names.nearest(name) {
        return format!("did you mean `{near}`?");
    }
    if names.is_empty() {
        return none.to_owned();
    }
    let listed: Vec<String> = names
        .first()
        .take(MOST_LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = match names.len() - listed.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{some} {}{more}", listed.join(", "))
}
