//! What a built-in action has at hand.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use lockgate_pipeline::run::StopReason;
use lockgate_pipeline::run::effect::{AttemptBody, StepAttempt};
use lockgate_pipeline::run::environment::Variables;
use lockgate_pipeline::run::input::{AnnotationCounts, UploadedArtifact};

use crate::executor::job::chain;
use crate::executor::log::KeptLog;
use crate::executor::run::Run;
use crate::executor::workspace::JobFolder;

/// What a built-in action has at hand.
pub(super) struct Context<'a> {
    pub(super) run: &'a Run,
    pub(super) step: &'a StepAttempt,
    pub(super) job: JobFolder,
    pub(super) state: BTreeMap<String, String>,
    inputs: BTreeMap<String, String>,
    log: KeptLog,
    stopped: &'a OnceLock<StopReason>,
    counts: AnnotationCounts,
}

/// What a built-in action brought about.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) outputs: Variables,
    pub(super) state: Variables,
    pub(super) artifacts: Vec<UploadedArtifact>,
}

/// Why it brought nothing about.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was stopped.
    Cancelled,
    /// It cannot be done, in words.
    Refused(String),
}

impl Failure {
    /// Returns a refusal in these words.
    pub(super) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Refused(chain(&error))
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(
        run: &'a Run,
        step: &'a StepAttempt,
        log: KeptLog,
        stopped: &'a OnceLock<StopReason>,
    ) -> Result<Self, String> {
        let AttemptBody::Builtin { inputs, state, .. } = &step.body else {
            unreachable!("only a built-in action is done here");
        };
        let reveal = |values: &BTreeMap<String, String>| {
            let revealed = values.iter().map(|(name, value)| {
                let value = run.reveal(&step.directory, value).map_err(|error| error.to_string())?;
                Ok((name.to_lowercase(), value))
            });
            revealed.collect::<Result<BTreeMap<_, _>, String>>()
        };
        let state_by_case: BTreeMap<String, String> = reveal(state)?;
        Ok(Self {
            job: run.job(&step.directory),
            inputs: reveal(inputs)?,
            state: state_by_case,
            run,
            step,
            log,
            stopped,
            counts: AnnotationCounts::default(),
        })
    }

    /// Returns an input without the space around it; empty when it is not given.
    pub(super) fn input(&self, name: &str) -> &str {
        self.inputs.get(name).map_or("", |value| value.trim())
    }

    /// Returns an input that has to be given.
    pub(super) fn required(&self, name: &str) -> Result<String, Failure> {
        match self.input(name) {
            "" => Err(Failure::refused(format!("Input required and not supplied: {name}"))),
            value => Ok(value.to_owned()),
        }
    }

    /// Returns a boolean input, as YAML 1.2 writes it.
    pub(super) fn flag(&self, name: &str, default: Flag) -> Result<Flag, Failure> {
        match self.input(name) {
            "" => Ok(default),
            "true" | "True" | "TRUE" => Ok(Flag::On),
            "false" | "False" | "FALSE" => Ok(Flag::Off),
            other => Err(Failure::refused(format!(
                "the input `{name}` is `{other}`: it must be true or false"
            ))),
        }
    }

    /// Returns the inputs that are given and that this action does not know of.
    pub(super) fn warn_of_unknown(&mut self, known: &[&str]) {
        let unknown: Vec<String> = self
            .inputs
            .keys()
            .filter(|name| !known.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .cloned()
            .collect();
        for name in unknown {
            self.warning(&format!("Unexpected input(s) '{name}', valid inputs are {known:?}"));
        }
    }

    /// Returns a variable of the step.
    pub(super) fn variable(&self, name: &str) -> &str {
        self.step.env.get(name).unwrap_or_default()
    }

    /// Fails when the step was stopped.
    pub(super) fn go_on(&self) -> Result<(), Failure> {
        if self.stopped.get().is_some() {
            return Err(Failure::Cancelled);
        }
        Ok(())
    }

    pub(super) fn say(&mut self, line: &str) {
        self.log.lines(line.lines());
        if let Err(cause) = self.log.flush() {
            tracing::warn!(attempt = %self.step.attempt, %cause, "the log is not complete");
        }
    }

    pub(super) fn say_inputs(&mut self) {
        if self.inputs.is_empty() {
            return;
        }
        let mut lines = vec!["with:".to_owned()];
        for (name, value) in &self.inputs {
            lines.push(format!("  {name}: {}", value.trim_end().replace('\n', "\n    ")));
        }
        self.say(&lines.join("\n"));
    }

    pub(super) fn warning(&mut self, message: &str) {
        self.counts.warnings += 1;
        self.say(&format!("##[warning]{message}"));
    }

    pub(super) fn error(&mut self, message: &str) {
        self.counts.errors += 1;
        self.say(&format!("##[error]{message}"));
    }

    /// Completes the log.
    pub(super) fn close(self) -> AnnotationCounts {
        if let Err(cause) = self.log.finish() {
            tracing::warn!(attempt = %self.step.attempt, %cause, "the log is not complete");
        }
        self.counts
    }
}

/// A boolean input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    On,
    Off,
}
