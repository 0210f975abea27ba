//! What a step does, with every value known.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::Now;

use super::tolerance::Tolerance;
use super::{action, progress, start};
use crate::definition::{Step, StepBody};
use crate::expression::{Condition, EvaluationError, Status, Template, Value, secret};
use crate::run::Run;
use crate::run::effect::{AttemptBody, StepPath};
use crate::run::environment::Variables;
use crate::run::event::{Aftermath, JobEvent, PostSpec, StepHead, StepSpec};
use crate::run::job::{Frame, JobState};
use crate::run::scope::StepScope;

/// Why a step cannot be decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stuck {
    /// The digest of these files has to be known first.
    Hash(Vec<String>),
    /// The definition of this action has to be known first.
    Action(String),
    /// It fails, as it could while it runs.
    Fails(String),
    /// Nobody knows whether and with which variables it runs: it fails, and nothing forgives that.
    Undecided(String, Aftermath),
}

impl Stuck {
    /// Returns what an evaluation that failed means for the step of `job` that it was for.
    pub(super) fn of(what: &str, error: EvaluationError, job: &JobState) -> Self {
        match (error, &job.facts.hash_failed) {
            (EvaluationError::Needs(_), Some(reason)) => Self::Fails(format!(
                "{what} cannot be evaluated: the files cannot be read: {reason}"
            )),
            (EvaluationError::Needs(patterns), None) => Self::Hash(patterns),
            (error, _) => Self::Fails(format!("{what} cannot be evaluated: {error}")),
        }
    }

    /// Returns it where it stands against deciding about the step at all.
    pub(super) fn before_it_runs(self, aftermath: Aftermath) -> Self {
        match self {
            Self::Fails(reason) => Self::Undecided(reason, aftermath),
            other => other,
        }
    }
}

/// A step of which the values are being found.
pub(super) struct Evaluation<'r> {
    pub(super) job: &'r JobState,
    pub(super) scope: StepScope<'r>,
}

impl Evaluation<'_> {
    /// Returns the value of a template.
    pub(super) fn value(&self, what: &str, template: &Template) -> Result<Value, Stuck> {
        template
            .evaluate(&self.scope)
            .map_err(|error| Stuck::of(what, error, self.job))
    }

    /// Returns the value of a template as text.
    pub(super) fn text(&self, what: &str, template: &Template) -> Result<String, Stuck> {
        template
            .evaluate_to_string(&self.scope)
            .map_err(|error| Stuck::of(what, error, self.job))
    }

    /// Returns the value of a template as text; `None` when it is not given or empty.
    fn optional_text(&self, what: &str, template: Option<&Template>) -> Result<Option<String>, Stuck> {
        let text = template.map(|template| self.text(what, template)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Returns the values of named templates.
    pub(super) fn texts(&self, what: &str, entries: &[(String, Template)]) -> Result<Variables, Stuck> {
        let text = |(name, template): &(String, Template)| {
            let value = self.text(&format!("`{what}.{name}`"), template)?;
            Ok((name.clone(), value))
        };
        entries.iter().map(text).collect()
    }
}

/// What is known of every step that runs.
pub(super) struct Common {
    pub(super) head: StepHead,
    /// The variables of the composite actions around it and its own.
    pub(super) env: Variables,
    /// The variables that it gets for what it is.
    pub(super) own: Variables,
    pub(super) timeout: Option<Duration>,
    pub(super) continue_on_error: bool,
    pub(super) notice: Notice,
}

/// What the reader of a step's log should know.
#[derive(Debug, Default)]
pub(super) struct Notice(Option<String>);

impl Notice {
    /// Adds something.
    pub(super) fn add(&mut self, words: String) {
        match &mut self.0 {
            Some(before) => before.extend(["; ", &words]),
            None => self.0 = Some(words),
        }
    }

    /// Returns all of it.
    pub(super) fn words(self) -> Option<String> {
        self.0.map(|words| secret::hidden(&words, "***"))
    }
}

/// Returns what the next step of a job does, or that it does not run.
pub(super) fn next(run: &Run, job: &JobState, step: &Step, path: StepPath, now: &Now) -> JobEvent {
    let action = action_name(step, job.frames.last());
    let mut scope = StepScope::of(run, job);
    scope.set_action(action.clone());
    let mut evaluation = Evaluation { job, scope };
    let mut head = StepHead {
        path,
        id: step.id.clone(),
        name: plain_name(step),
    };
    let decided = evaluation.decide(run, step, &mut head, action, now);
    decided.unwrap_or_else(|stuck| match stuck {
        Stuck::Fails(reason) => {
            let (conclusion, reason) = Tolerance::of(step).judge(&evaluation.scope, reason);
            JobEvent::StepRefused {
                step: head,
                reason,
                conclusion,
                aftermath: Aftermath::NextStep,
                at: now.wall,
            }
        }
        stuck => progress::unstuck(job, head, stuck, now),
    })
}

impl Evaluation<'_> {
    fn decide(
        &mut self,
        run: &Run,
        step: &Step,
        head: &mut StepHead,
        action: String,
        now: &Now,
    ) -> Result<JobEvent, Stuck> {
        let own = self.texts("env", &step.env);
        let own = own.map_err(|stuck| stuck.before_it_runs(Aftermath::NextStep))?;
        self.scope.set_env(&own);
        let holds = self.holds(step.condition.as_ref());
        if !holds.map_err(|stuck| stuck.before_it_runs(Aftermath::EndOfAction))? {
            return Ok(JobEvent::StepSkipped {
                reason: why_skipped(self.job, step.condition.as_ref()),
                step: head.clone(),
                at: now.wall,
            });
        }
        let mut notice = Notice::default();
        self.name(step, head, &mut notice)?;
        let timeout = self.timeout(step, &mut notice)?;
        let common = Common {
            head: head.clone(),
            env: self.around(own),
            own: self.own(action),
            timeout,
            continue_on_error: Tolerance::of(step).beforehand(self.job, &self.scope)?,
            notice,
        };
        match &step.body {
            StepBody::Run {
                script,
                shell,
                working_directory,
            } => {
                let body = self.script(run, script, shell.as_ref(), working_directory.as_ref())?;
                Ok(common.begun(body, None, now))
            }
            StepBody::Uses { reference, with } => action::next(self, common, reference, with, now),
        }
    }

    fn holds(&self, condition: Option<&Condition>) -> Result<bool, Stuck> {
        let implied = Condition::default();
        let condition = condition.unwrap_or(&implied);
        condition
            .evaluate(&self.scope)
            .map_err(|error| Stuck::of("`if`", error, self.job))
    }

    /// Gives a step the name that its values make, with stars for secrets; what cannot be evaluated is left as written.
    fn name(&self, step: &Step, head: &mut StepHead, notice: &mut Notice) -> Result<(), Stuck> {
        let given = step.name.as_ref().map(|name| self.text("`name`", name));
        let name = match (given, &step.body) {
            (Some(Ok(name)), _) if !name.is_empty() => name,
            (Some(Err(Stuck::Fails(why))), _) => {
                notice.add(why);
                return Ok(());
            }
            (Some(Err(question)), _) => return Err(question),
            (_, StepBody::Run { script, .. }) => match self.text("`run`", script) {
                Ok(script) => run_name(&script),
                // The step fails of it in a moment, unless it is forgiven.
                Err(Stuck::Fails(_)) => run_name(script.source()),
                Err(question) => return Err(question),
            },
            (_, StepBody::Uses { reference, .. }) => uses_name(reference),
        };
        head.name = secret::hidden(&name, "***");
        Ok(())
    }

    /// Returns the longest that a step may take; what is no number sets no limit, as on GitHub.
    fn timeout(&self, step: &Step, notice: &mut Notice) -> Result<Option<Duration>, Stuck> {
        let Some(template) = &step.timeout_minutes else {
            return Ok(None);
        };
        let minutes = self.value("`timeout-minutes`", template).map(|value| match value {
            Value::String(text) if template.as_literal().is_some() => Value::Number(Value::String(text).to_number()),
            other => other,
        });
        let why = match minutes {
            Ok(Value::Number(minutes)) => return Ok(start::whole_minutes(minutes)),
            Ok(other) => format!(
                "`timeout-minutes` is `{}` of the kind {}, but it must be a number (`fromJSON` makes one of a text)",
                other.to_text(),
                other.kind()
            ),
            Err(Stuck::Fails(why)) => why,
            Err(question) => return Err(question),
        };
        notice.add(format!("{why}; the step runs without a limit"));
        Ok(None)
    }

    /// Returns the variables that a step gets for what it is.
    fn own(&self, action: String) -> Variables {
        let mut own = Variables::from([("GITHUB_ACTION".to_owned(), action)]);
        if let Some(composite) = self.job.frames.last().and_then(Frame::composite) {
            own.insert("GITHUB_ACTION_PATH".to_owned(), composite.directory.clone());
        }
        own
    }

    /// Returns the variables of the composite actions around a step and its own.
    fn around(&self, own: Variables) -> Variables {
        let composite = self.job.frames.last().and_then(Frame::composite);
        let mut env = composite
            .map(|composite| composite.spec.env.as_ref().clone())
            .unwrap_or_default();
        env.extend(own);
        env
    }

    fn script(
        &self,
        run: &Run,
        script: &Template,
        shell: Option<&Template>,
        working_directory: Option<&Template>,
    ) -> Result<AttemptBody, Stuck> {
        let in_composite = self.job.frames.len() > 1;
        let of_job = (!in_composite).then_some(&self.job.definition.defaults);
        let pipeline = run.start.plan.pipeline_of(self.job.place.group);
        let of_pipeline = (!in_composite).then_some(&pipeline.defaults);
        let defaults = [of_job, of_pipeline];
        let default_shell = defaults.iter().flatten().find_map(|defaults| defaults.shell.as_ref());
        let mut directories = defaults.iter().flatten();
        let default_directory = directories.find_map(|defaults| defaults.working_directory.as_ref());
        Ok(AttemptBody::Run {
            script: self.text("`run`", script)?,
            shell: self.optional_text("`shell`", shell.or(default_shell))?,
            working_directory: self.optional_text("`working-directory`", working_directory.or(default_directory))?,
        })
    }
}

impl Common {
    /// Returns the event that begins the step.
    pub(super) fn begun(self, body: AttemptBody, post: Option<PostSpec>, now: &Now) -> JobEvent {
        JobEvent::StepBegun(Arc::new(StepSpec {
            step: self.head,
            body,
            env: Arc::new(self.env),
            own: Arc::new(self.own),
            timeout: self.timeout,
            continue_on_error: self.continue_on_error,
            post,
            notice: self.notice.words(),
            now: now.clone(),
        }))
    }
}

/// Returns in words why a step whose condition does not hold is skipped.
pub(super) fn why_skipped(job: &JobState, condition: Option<&Condition>) -> String {
    let status = job.status();
    match condition {
        Some(condition) if condition.uses_status_function() || status == Status::SUCCESS => {
            format!("its condition does not hold: `{condition}`")
        }
        _ if status.cancelled => "the job is being stopped".to_owned(),
        _ => "a step before it failed".to_owned(),
    }
}

/// Returns the name of a step before any of its expressions is evaluated.
fn plain_name(step: &Step) -> String {
    match (&step.name, &step.body) {
        (Some(name), _) if !name.source().is_empty() => name.source().to_owned(),
        (_, StepBody::Run { script, .. }) => run_name(script.source()),
        (_, StepBody::Uses { reference, .. }) => uses_name(reference),
    }
}

fn uses_name(reference: &str) -> String {
    format!("Run {reference}")
}

fn run_name(script: &str) -> String {
    let first = script.trim_start().lines().next().unwrap_or_default();
    format!("Run {}", first.trim_end())
}

/// Returns what `github.action` says: the id, or a name that counts its like among the steps.
fn action_name(step: &Step, frame: Option<&Frame>) -> String {
    if let Some(id) = &step.id {
        return id.clone();
    }
    let name = kind_name(step);
    let before = frame.map_or(&[][..], |frame| &frame.steps()[..frame.next.min(frame.steps().len())]);
    let alike = before
        .iter()
        .filter(|other| other.id.is_none() && kind_name(other) == name);
    match alike.count() {
        0 => name,
        count => format!("{name}_{}", count + 1),
    }
}

fn kind_name(step: &Step) -> String {
    match &step.body {
        StepBody::Run { .. } => "__run".to_owned(),
        StepBody::Uses { reference, .. } if reference.starts_with("./") => "__self".to_owned(),
        StepBody::Uses { reference, .. } => {
            let name = reference.split('@').next().unwrap_or_default();
            format!("__{}", name.replace('/', "_"))
        }
    }
}
