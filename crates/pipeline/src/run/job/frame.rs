//! Where a job stands among its steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::action::{ActionDefinition, ActionRuns};
use crate::definition::{Job, Step};
use crate::expression::{Condition, Object, Value};
use crate::run::effect::{AttemptBody, StepPath};
use crate::run::environment::Variables;
use crate::run::event::{CompositeSpec, StepHead};
use crate::run::job::StepState;
use crate::run::outcome::Outcome;

/// A list of steps and how far it is: those of the job, or of a composite action.
#[derive(Clone, Debug)]
pub(in crate::run) struct Frame {
    source: Source,
    /// The place of the next step, from 0.
    pub(in crate::run) next: usize,
    /// Whether a step of it has failed that counts.
    pub(in crate::run) failed: bool,
    /// Whether a step of it was stopped.
    pub(in crate::run) stopped: bool,
    /// How long it was allowed to take, when it took longer.
    pub(in crate::run) timed_out: Option<Duration>,
    /// The `steps` context: the results of the steps with an id.
    pub(in crate::run) results: Object,
}

#[derive(Clone, Debug)]
enum Source {
    Job(Arc<Job>),
    Composite(Arc<Composite>),
}

/// A composite action that a job is in.
#[derive(Clone, Debug)]
pub(in crate::run) struct Composite {
    pub(in crate::run) spec: Arc<CompositeSpec>,
    pub(in crate::run) definition: Arc<ActionDefinition>,
    pub(in crate::run) directory: String,
}

impl Frame {
    /// Returns the frame of a job's own steps.
    pub(in crate::run) fn of_job(job: Arc<Job>) -> Self {
        Self::of(Source::Job(job))
    }

    /// Returns the frame of a composite action's steps.
    pub(in crate::run) fn of_composite(composite: Composite) -> Self {
        Self::of(Source::Composite(Arc::new(composite)))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            next: 0,
            failed: false,
            stopped: false,
            timed_out: None,
            results: Object::default(),
        }
    }

    /// Returns the composite action; `None` of the job's own steps.
    pub(in crate::run) fn composite(&self) -> Option<&Composite> {
        match &self.source {
            Source::Job(_) => None,
            Source::Composite(composite) => Some(composite),
        }
    }

    /// Returns all its steps.
    pub(in crate::run) fn steps(&self) -> &[Step] {
        match &self.source {
            Source::Job(job) => &job.steps,
            Source::Composite(composite) => match &composite.definition.runs {
                ActionRuns::Composite { steps } => steps,
                ActionRuns::Node(_) => &[],
            },
        }
    }

    /// Returns the next step with its path.
    pub(in crate::run) fn current(&self) -> Option<(&Step, StepPath)> {
        let step = self.steps().get(self.next)?;
        let position = self.next + 1;
        let path = match self.composite() {
            Some(composite) => composite.spec.step.path.inner(position),
            None => StepPath::top(position),
        };
        Some((step, path))
    }

    /// Passes over all steps that are left.
    pub(in crate::run) fn leave(&mut self) {
        self.next = self.steps().len();
    }

    /// Takes in how its current step ended, and goes on to the next.
    pub(in crate::run) fn advance(&mut self, id: Option<&str>, outputs: &Variables, ended: StepOutcome) {
        self.failed |= ended.conclusion == Outcome::Failure;
        self.stopped |= ended.outcome == Outcome::Cancelled;
        self.next += 1;
        if let Some(id) = id {
            let outputs = outputs
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())));
            let result = Value::object([
                ("outputs", Value::object(outputs)),
                ("outcome", Value::from(ended.outcome.word())),
                ("conclusion", Value::from(ended.conclusion.word())),
            ]);
            self.results.insert(id, result);
        }
    }
}

/// How a step ended, and how it counts.
#[derive(Clone, Copy, Debug)]
pub(in crate::run) struct StepOutcome {
    pub(in crate::run) outcome: Outcome,
    pub(in crate::run) conclusion: Outcome,
}

impl StepOutcome {
    /// Returns the end of a step that counts as what it is.
    pub(in crate::run) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            conclusion: outcome,
        }
    }

    /// Returns how the step stands after it.
    pub(in crate::run) fn state(self) -> StepState {
        StepState::Over {
            outcome: self.outcome,
            conclusion: self.conclusion,
        }
    }
}

/// Something to be done after a job's last step.
#[derive(Clone, Debug)]
pub(in crate::run) struct Post {
    /// The step that left it.
    pub(in crate::run) main: StepHead,
    /// What to do; its state is filled when the step that left it ends.
    pub(in crate::run) body: AttemptBody,
    pub(in crate::run) condition: Condition,
    pub(in crate::run) env: Arc<Variables>,
    pub(in crate::run) own: Arc<Variables>,
    pub(in crate::run) continue_on_error: bool,
}

impl Post {
    /// Returns which step it is.
    pub(in crate::run) fn head(&self) -> StepHead {
        StepHead {
            path: self.main.path.post(),
            id: None,
            name: format!("Post {}", self.main.name),
        }
    }
}

/// What was found out for the step that comes next.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct StepFacts {
    /// Digests by their patterns.
    pub(in crate::run) digests: BTreeMap<Vec<String>, String>,
    /// Why files could not be read.
    pub(in crate::run) hash_failed: Option<String>,
    /// The definition of its action, with its directory.
    pub(in crate::run) action: Option<(Arc<ActionDefinition>, String)>,
    /// Why there is no such action.
    pub(in crate::run) action_missing: Option<String>,
}
