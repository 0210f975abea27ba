//! Whether the failure of a step is forgiven.
//!
//! As on GitHub, `continue-on-error` is asked only when the step has failed: what is wrong with it spoils no step that is
//! well, and it can read what the failed step left. Nothing but a boolean forgives. Digests of files are the exception:
//! they are found out before the step begins, because a failed step is over at once.

use super::step::Stuck;
use crate::definition::Step;
use crate::expression::{EvaluationError, Scope, Template, Value, secret};
use crate::run::Run;
use crate::run::environment::Variables;
use crate::run::job::JobState;
use crate::run::outcome::Outcome;
use crate::run::scope::StepScope;

/// The `continue-on-error` of a step.
pub(super) struct Tolerance<'t> {
    template: Option<&'t Template>,
    /// What was known of it when the step began.
    known: bool,
}

impl<'t> Tolerance<'t> {
    /// Returns that of a step that has not begun.
    pub(super) fn of(step: &'t Step) -> Self {
        Self {
            template: step.continue_on_error.as_ref(),
            known: false,
        }
    }

    /// Returns whether it forgives, before the step begins; what is wrong with it is said when the step fails.
    pub(super) fn beforehand(&self, job: &JobState, scope: &dyn Scope) -> Result<bool, Stuck> {
        match said(self.template, scope) {
            Err(Doubt::Evaluation(EvaluationError::Needs(patterns))) if job.facts.hash_failed.is_none() => {
                Err(Stuck::Hash(patterns))
            }
            said => Ok(said == Ok(true)),
        }
    }

    /// Returns how a failure counts, and why it failed in words.
    pub(super) fn judge(&self, scope: &dyn Scope, reason: String) -> (Outcome, String) {
        match said(self.template, scope) {
            Ok(forgives) => (counted(forgives), reason),
            Err(Doubt::Evaluation(EvaluationError::Needs(_))) => (counted(self.known), reason),
            Err(doubt) if reason.is_empty() => (Outcome::Failure, doubt.to_string()),
            Err(doubt) => (Outcome::Failure, format!("{reason}; {doubt}")),
        }
    }
}

/// A step that ran and has failed; it stands next in the innermost frame of its job.
pub(super) struct FailedStep<'f> {
    pub(super) run: &'f Run,
    pub(super) job: &'f JobState,
    /// Its variables.
    pub(super) env: &'f Variables,
    /// What it left for later steps.
    pub(super) outputs: &'f Variables,
    /// What was known of its `continue-on-error` when it began.
    pub(super) known: bool,
}

impl FailedStep<'_> {
    /// Returns how the failure counts, and why it failed in words.
    pub(super) fn judge(&self, reason: Option<String>) -> (Outcome, Option<String>) {
        let frame = self.job.frames.last();
        let step = frame.and_then(|frame| frame.current()).map(|(step, _)| step);
        let mut scope = StepScope::of(self.run, self.job);
        scope.set_env(self.env);
        if let Some(id) = step.and_then(|step| step.id.as_deref()) {
            scope.set_outputs(id, self.outputs);
        }
        let tolerance = Tolerance {
            template: step.and_then(|step| step.continue_on_error.as_ref()),
            known: self.known,
        };
        let (conclusion, reason) = tolerance.judge(&scope, reason.unwrap_or_default());
        (conclusion, Some(reason).filter(|reason| !reason.is_empty()))
    }
}

/// Returns how a failure counts that is forgiven or not.
pub(super) fn counted(forgives: bool) -> Outcome {
    if forgives { Outcome::Success } else { Outcome::Failure }
}

/// Why a `continue-on-error` says nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum Doubt {
    #[error("its `continue-on-error` cannot be evaluated: {0}")]
    Evaluation(EvaluationError),
    #[error("its `continue-on-error` is {0}, but only `true` as a boolean forgives it")]
    NoBoolean(String),
}

fn said(template: Option<&Template>, scope: &dyn Scope) -> Result<bool, Doubt> {
    let Some(template) = template else {
        return Ok(false);
    };
    if let Some(literal) = template.as_literal() {
        return Ok(literal.eq_ignore_ascii_case("true"));
    }
    match template.evaluate(scope).map_err(Doubt::Evaluation)? {
        Value::Boolean(said) => Ok(said),
        Value::String(text) if text.is_empty() => Err(Doubt::NoBoolean("an empty text".to_owned())),
        Value::String(text) => {
            let text = secret::hidden(&text, "***");
            Err(Doubt::NoBoolean(format!("the text `{text}`")))
        }
        Value::Null => Err(Doubt::NoBoolean("empty".to_owned())),
        other => Err(Doubt::NoBoolean(format!("of the kind {}", other.kind()))),
    }
}
