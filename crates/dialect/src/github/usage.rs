//! What expressions use at a place: whether the contexts and functions are available there, and the names known.

use lockgate_core::{Diagnostic, Span};
use lockgate_pipeline::expression::{
    Condition, ContextUse, EvaluationError, Function, FunctionUse, PlacedError, SyntaxError,
};

use super::lowering::Lowering;
use crate::codes;
use crate::shape::Availability;
use crate::yaml::Scalar;

impl Lowering {
    /// Notes what cannot be used at this place.
    pub(super) fn check_uses(
        &mut self,
        scalar: &Scalar,
        span: Span,
        contexts: &[ContextUse],
        functions: &[FunctionUse],
        at: &Availability,
    ) {
        let file = self.reader.file().clone();
        let mut parts = scalar.parts(&file.text, span);
        for found in contexts {
            if self.reader.is_full() {
                return;
            }
            let place = parts.part(found.position, found.length);
            if !at.contexts.contains(&found.name.as_str()) {
                let diagnostic = self.unavailable_context(found, place, at);
                self.reader.report(diagnostic);
            } else if let Some(problem) = self.known.problem_with(found) {
                self.warning(codes::UNKNOWN_REFERENCE, place, problem.message, problem.help);
            } else {
                self.note_read(found, place);
            }
        }
        for found in functions {
            if !at.has_function(found.function) {
                let place = parts.part(found.position, found.length);
                let message = format!("`{}` cannot be called in {}", found.function.name(), at.key);
                let help = if found.function.is_status() {
                    "the status of a run is known in `if` only"
                } else {
                    "files are known in the steps of a job only"
                };
                self.error_with_help(codes::FUNCTION_UNAVAILABLE, place, message, help);
            }
        }
    }

    /// Warns of calls that fail in every run; `failures` is asked only where `functions` has one that may.
    pub(super) fn warn_of_failures(
        &mut self,
        scalar: &Scalar,
        span: Span,
        functions: &[FunctionUse],
        failures: impl FnOnce() -> Vec<PlacedError>,
    ) {
        let may_fail = |found: &FunctionUse| matches!(found.function, Function::Format | Function::FromJson);
        if !functions.iter().any(may_fail) {
            return;
        }
        let file = self.reader.file().clone();
        let mut parts = scalar.parts(&file.text, span);
        for failure in failures() {
            let place = parts.part(failure.position, failure.length);
            let help = match failure.error {
                EvaluationError::Format { .. } => {
                    "`{0}` stands for the first value behind the pattern, and `{{` for a brace"
                }
                _ => "write JSON: texts in it stand in double quotes, as in `fromJSON('[\"a\", 1]')`",
            };
            self.warning(codes::FAILING_CALL, place, failure.error.to_string(), help);
        }
    }

    /// Refuses the jobs that a condition names.
    pub(super) fn refuse_named_jobs(&mut self, scalar: &Scalar, span: Span, condition: &Condition, at: &Availability) {
        let file = self.reader.file().clone();
        let mut parts = scalar.parts(&file.text, span);
        for found in condition.named_jobs() {
            let place = parts.part(found.position, found.length);
            let message = format!("`{}` takes no arguments in {}", found.function.name(), at.key);
            let help = "only the `if` of a job can name others";
            self.error_with_help(codes::EXPRESSION_SYNTAX, place, message, help);
        }
    }

    pub(super) fn unavailable_context(&self, found: &ContextUse, place: Span, at: &Availability) -> Diagnostic {
        let message = format!("`{}` is not available in {}", found.name, at.key);
        let listed: Vec<String> = at.contexts.iter().map(|name| format!("`{name}`")).collect();
        let help = match found.name.as_str() {
            "secrets" if at.key.contains("`if`") && at.key.contains("job") => {
                "test it in a step, by an environment variable that is set from it, or in a job before, which gives an output"
                    .to_owned()
            }
            "secrets" if at.key.contains("`if`") => {
                "set an environment variable from the secret and test that: `env.NAME != ''`".to_owned()
            }
            "env" if at.key.contains("job") => {
                format!(
                    "available are {}; what no step sets belongs into `vars`",
                    listed.join(", ")
                )
            }
            _ => format!("available are {}", listed.join(", ")),
        };
        self.reader.error(codes::CONTEXT_UNAVAILABLE, place, message).help(help)
    }

    /// Notes where a text is no expression; `mistakes` are in the order of the text.
    pub(super) fn report_syntax(&mut self, scalar: &Scalar, span: Span, mistakes: &[SyntaxError]) {
        let file = self.reader.file().clone();
        let mut parts = scalar.parts(&file.text, span);
        for mistake in mistakes {
            if self.reader.is_full() {
                return;
            }
            let place = parts.part(mistake.position, mistake.length);
            let mut diagnostic = self
                .reader
                .error(codes::EXPRESSION_SYNTAX, place, mistake.message.clone());
            let written = file.text.get(place.start..place.end).unwrap_or_default();
            if let Some(meant) = meant_status(written) {
                diagnostic = diagnostic.help(format!("did you mean `{meant}()`?"));
            }
            self.reader.report(diagnostic);
        }
    }
}

/// Returns the status function that a word stands for which is none.
fn meant_status(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let meant = [
        ("failure", &["failed", "fail", "fails", "failing", "error"][..]),
        ("success", &["succeeded", "succeed", "successful", "passed"]),
        ("cancelled", &["canceled", "cancel", "aborted"]),
    ];
    let found = meant.into_iter().find(|(_, words)| words.contains(&word.as_str()));
    found.map(|(function, _)| function)
}
