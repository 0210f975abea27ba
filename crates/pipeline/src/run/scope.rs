//! What the expressions of a job and of its steps can read.
//!
//! Contexts are built when an expression asks for them: most steps have no expression at all.

use crate::expression::{Need, Object, Scope, Status, Value};
use crate::scope::KnownContexts;

use super::environment::Variables;
use super::input::WorkspacePlace;
use super::job::{Frame, JobState};
use super::{Outcome, Run};

impl Run {
    /// Returns what a job's condition, strategy and name can read.
    pub(super) fn job_scope(&self, place: usize) -> KnownContexts {
        let contexts = &self.start.plan.contexts;
        let before = self.before(place);
        let cancelled = self.is_cancelled_at(place);
        let contexts = contexts.for_jobs().with("inputs", self.inputs(place));
        contexts.with("needs", self.needs(place)).standing(Status {
            success: before.success && !cancelled,
            failure: before.failure,
            cancelled,
        })
    }

    /// Returns what the keys of a job that is to start can read.
    pub(super) fn leg_scope(&self, job: &JobState) -> KnownContexts {
        self.job_scope(job.place.group)
            .with("matrix", job.leg.matrix.clone())
            .with("strategy", self.strategy(job))
            .with("secrets", self.secrets(job.place.group))
    }

    /// Returns the `github` context of a job, with what depends on where it runs when that is known.
    pub(super) fn github_of(&self, job: &JobState, place: Option<&WorkspacePlace>) -> Object {
        let mut github = match &self.start.plan.contexts.github {
            Value::Object(github) => github.clone(),
            _ => Object::default(),
        };
        github.insert("job", Value::from(job.definition.id.as_str()));
        if let Some(place) = place {
            github.insert("workspace", Value::from(place.workspace.as_str()));
            github.insert("event_path", Value::from(place.event_path.as_str()));
        }
        github
    }

    fn strategy(&self, job: &JobState) -> Value {
        let expansion = self.groups[job.place.group].expansion.as_ref();
        expansion.map_or(Value::Null, |expansion| expansion.strategy_context(job.place.leg))
    }

    /// Returns the `needs` context of a job.
    pub(super) fn needs(&self, place: usize) -> Value {
        let needs = self.graph.needs[place].iter();
        Value::object(needs.map(|need| {
            let id = self.start.plan.definition(*need).id.clone();
            (id, self.result_of(*need))
        }))
    }

    /// Returns what others can read of a job that is over.
    pub(super) fn result_of(&self, place: usize) -> Value {
        let group = &self.groups[place];
        let result = group.over.as_ref().map_or(Outcome::Skipped, |over| over.result);
        Value::object([
            ("result", Value::from(result.word())),
            ("outputs", texts(&group.outputs)),
        ])
    }
}

/// Returns an object of these texts.
pub(super) fn texts(variables: &Variables) -> Value {
    let fields = variables.iter();
    Value::object(fields.map(|(name, value)| (name.clone(), Value::from(value.as_str()))))
}

/// Returns the variables of the workflow and of the job in the order of their files, whenever each was evaluated.
fn in_order_of_files(run: &Run, job: &JobState) -> Object {
    let of_workflow = &run.start.plan.pipeline_of(job.place.group).env;
    let start = job.start.as_ref();
    let mut env = Object::case_sensitive();
    for (name, _) in of_workflow.iter().chain(&job.definition.env) {
        let value = start.and_then(|start| start.env.get(name)).or(job.given.get(name));
        if let Some(value) = value {
            env.insert(name.as_str(), Value::from(value.as_str()));
        }
    }
    env
}

/// What a step of a job can read.
pub(super) struct StepScope<'r> {
    run: &'r Run,
    job: &'r JobState,
    frame: Option<&'r Frame>,
    status: Status,
    /// The `env` context.
    env: Object,
    /// The name of the step in `github.action`.
    action: Option<String>,
    /// The inputs of the action whose defaults are evaluated.
    inputs: Option<Value>,
    /// The `steps` context, where it is not that of the frame.
    results: Option<Object>,
}

impl<'r> StepScope<'r> {
    /// Returns what the next step of a job can read.
    pub(super) fn of(run: &'r Run, job: &'r JobState) -> Self {
        let mut env = in_order_of_files(run, job);
        let user = job.start.as_ref().map(|start| &start.env);
        let frame = job.frames.last();
        let around = frame.and_then(Frame::composite).map(|composite| &composite.spec.env);
        for layer in [user, Some(&job.given), Some(&job.exported), around]
            .into_iter()
            .flatten()
        {
            for (name, value) in layer.iter() {
                env.insert(name.as_str(), Value::from(value.as_str()));
            }
        }
        Self {
            run,
            job,
            frame,
            status: job.status(),
            env,
            action: None,
            inputs: None,
            results: None,
        }
    }

    /// Sets the variables of the step itself.
    pub(super) fn set_env(&mut self, variables: &Variables) {
        for (name, value) in variables {
            self.env.insert(name.as_str(), Value::from(value.as_str()));
        }
    }

    /// Sets what the step with this id has left so far.
    pub(super) fn set_outputs(&mut self, id: &str, outputs: &Variables) {
        let mut results = self.frame.map(|frame| frame.results.clone()).unwrap_or_default();
        results.insert(id, Value::object([("outputs", texts(outputs))]));
        self.results = Some(results);
    }

    /// Sets what `github.action` says.
    pub(super) fn set_action(&mut self, action: String) {
        self.action = Some(action);
    }

    /// Sets what the status functions answer.
    pub(super) fn set_status(&mut self, status: Status) {
        self.status = status;
    }

    /// Returns what `secrets` is here: nothing in a composite action, which gets them as inputs.
    fn secrets(&self) -> Option<Value> {
        match self.frame.and_then(Frame::composite) {
            Some(_) => None,
            None => Some(self.run.secrets(self.job.place.group)),
        }
    }

    fn inputs(&self) -> Value {
        match (&self.inputs, self.frame.and_then(Frame::composite)) {
            (Some(inputs), _) => inputs.clone(),
            (None, Some(composite)) => texts(&composite.spec.inputs),
            (None, None) => self.run.inputs(self.job.place.group),
        }
    }

    fn github(&self) -> Value {
        let mut github = self.run.github_of(self.job, self.job.workspace.as_deref());
        if let Some(action) = &self.action {
            github.insert("action", Value::from(action.as_str()));
        }
        if let Some(composite) = self.frame.and_then(Frame::composite) {
            github.insert("action_path", Value::from(composite.directory.as_str()));
            github.insert("action_status", Value::from(status_word(self.status)));
        }
        Value::Object(github)
    }

    fn runner(&self) -> Value {
        let Some(place) = &self.job.workspace else {
            return Value::Null;
        };
        Value::object([
            ("name", Value::from(place.runner.as_str())),
            ("os", Value::from(place.os.as_str())),
            ("arch", Value::from(place.arch.as_str())),
            ("temp", Value::from(place.temp.as_str())),
            ("tool_cache", Value::from(place.tool_cache.as_str())),
            ("environment", Value::from("self-hosted")),
        ])
    }
}

fn status_word(status: Status) -> &'static str {
    match (status.cancelled, status.success) {
        (true, _) => "cancelled",
        (false, true) => "success",
        (false, false) => "failure",
    }
}

impl Scope for StepScope<'_> {
    fn context(&self, name: &str) -> Option<Value> {
        let contexts = &self.run.start.plan.contexts;
        Some(match name {
            "github" => self.github(),
            "env" => Value::Object(self.env.clone()),
            "vars" => contexts.vars.clone(),
            "secrets" => return self.secrets(),
            "inputs" => self.inputs(),
            "needs" => self.run.needs(self.job.place.group),
            "matrix" => self.job.leg.matrix.clone(),
            "strategy" => self.run.strategy(self.job),
            "job" => Value::object([("status", Value::from(status_word(self.job.final_status())))]),
            "runner" => self.runner(),
            "steps" => {
                let results = self.results.as_ref().or(self.frame.map(|frame| &frame.results));
                results.map_or(Value::Null, |results| Value::Object(results.clone()))
            }
            _ => return None,
        })
    }

    fn status(&self) -> Status {
        self.status
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, Need> {
        let known = self.job.facts.digests.get(patterns);
        known.cloned().ok_or_else(|| Need::HashFiles(patterns.to_vec()))
    }
}
