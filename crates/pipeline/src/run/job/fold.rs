//! What each event makes of a job. Nothing is evaluated here.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{EffectKey, ResultStamp, Timestamp};

use super::frame::Composite;
use super::{Activity, Frame, JobState, Post, RunningStep, StepFacts, StepRecord, StepState};
use crate::run::Source;
use crate::run::effect::{
    AttemptBody, AttemptId, Phase, RunEffect, StepAttempt, StepPath, Stop, Workspace, WorkspaceWant,
};
use crate::run::environment::{Environment, Variables};
use crate::run::event::{CompositeSpec, JobEnd, JobEvent, JobStart, StepHead, StepSpec};
use crate::run::graph::workspace_key;
use crate::run::input::StepEnd;
use crate::run::job::frame::StepOutcome;
use crate::run::outcome::{Outcome, StopReason};
use crate::run::wanted::{Timer, Wanted};

/// What a job needs of its run to fold an event.
pub(in crate::run) struct Folding<'r> {
    pub(in crate::run) wanted: &'r mut Wanted,
    /// The run's id.
    pub(in crate::run) run: &'r str,
    /// The variables of every run.
    pub(in crate::run) base: &'r Arc<Variables>,
    /// The variables of this run.
    pub(in crate::run) environment: &'r Arc<Variables>,
    /// What a checkout brings.
    pub(in crate::run) source: &'r Arc<Source>,
    /// How long a job may take to end once it is to.
    pub(in crate::run) clean_up: Duration,
}

impl JobState {
    /// Takes in what has happened.
    pub(in crate::run) fn fold(&mut self, event: &JobEvent, run: &mut Folding<'_>) {
        if let Some(stamp) = event.stamp() {
            self.stamps.insert(stamp.key.clone(), stamp.clone());
        }
        match event {
            JobEvent::Started(start) => self.started(start, run),
            JobEvent::WorkspaceReady { place, env, .. } => {
                self.workspace = Some(Arc::clone(place));
                self.located = Arc::clone(env);
                self.activity = Activity::Between;
            }
            JobEvent::WorkspaceFailed { reason, .. } => {
                self.homeless = Some(reason.clone());
                self.activity = Activity::Between;
            }
            JobEvent::WorkspaceRemoved { stamp } => self.forget(&stamp.key, run),
            JobEvent::ActionWanted { .. }
            | JobEvent::ActionLoaded { .. }
            | JobEvent::ActionMissing { .. }
            | JobEvent::HashWanted { .. }
            | JobEvent::Hashed { .. }
            | JobEvent::HashFailed { .. } => self.fold_fact(event, run),
            JobEvent::StepSkipped { step, reason, at } => {
                self.passed(step, reason, StepOutcome::of(Outcome::Skipped), *at);
            }
            JobEvent::StepRefused {
                step,
                reason,
                conclusion,
                at,
            } => {
                let conclusion = *conclusion;
                let outcome = Outcome::Failure;
                self.passed(step, reason, StepOutcome { outcome, conclusion }, *at);
            }
            JobEvent::StepBegun(spec) => self.step_begun(spec, run),
            JobEvent::StepStarted { .. } => {}
            JobEvent::StepStopping { why, grace } => self.step_stopping(why, *grace, run),
            JobEvent::StepRetried { attempt, .. } => self.step_retried(*attempt, run),
            JobEvent::StepEnded {
                end,
                outcome,
                conclusion,
                reason,
                at,
                ..
            } => {
                let ended = StepOutcome {
                    outcome: *outcome,
                    conclusion: *conclusion,
                };
                self.step_ended(end, ended, reason.clone(), *at, run);
            }
            JobEvent::CompositeEntered(spec) => self.composite_entered(spec, run),
            JobEvent::CompositeTimedOut { path, after } => self.composite_timed_out(path, *after, run),
            JobEvent::CompositeLeft {
                path,
                outputs,
                outcome,
                conclusion,
                reason,
                at,
            } => {
                run.wanted.unset(&Timer::StepTimeout(self.key.clone(), path.clone()));
                let ended = StepOutcome {
                    outcome: *outcome,
                    conclusion: *conclusion,
                };
                self.composite_left(path, outputs, ended, reason.clone(), *at);
            }
            JobEvent::Stopping { why, now } => {
                self.stopping = Some(why.clone());
                run.wanted.unset(&Timer::JobTimeout(self.key.clone()));
                run.wanted.wake(Timer::CleanUp(self.key.clone()), now, run.clean_up);
            }
            JobEvent::Killed { why } => self.killed(why, run),
            JobEvent::Ended(end) => self.ended(end, run),
        }
    }

    fn started(&mut self, start: &Arc<JobStart>, run: &mut Folding<'_>) {
        self.start = Some(Arc::clone(start));
        self.activity = Activity::Preparing;
        run.wanted
            .wake(Timer::JobTimeout(self.key.clone()), &start.now, start.timeout);
        self.want_workspace(WorkspaceWant::Prepare, run);
    }

    fn want_workspace(&self, want: WorkspaceWant, run: &mut Folding<'_>) {
        let workspace = Workspace {
            job: self.key.clone(),
            directory: self.leg.directory.clone(),
            labels: self
                .start
                .as_ref()
                .map(|start| start.labels.clone())
                .unwrap_or_default(),
            want,
        };
        run.wanted
            .want(workspace_key(&self.key), RunEffect::Workspace(workspace));
    }

    fn fold_fact(&mut self, event: &JobEvent, run: &mut Folding<'_>) {
        let job = self.key.clone();
        match event {
            JobEvent::ActionWanted { path, reference } => {
                let key = EffectKey::of("action", format_args!("{job}/{path}"));
                let reference = reference.clone();
                run.wanted.want(key.clone(), RunEffect::LoadAction { job, reference });
                self.activity = Activity::Loading { key };
                return;
            }
            JobEvent::HashWanted { number, patterns } => {
                let key = EffectKey::of("hash", format_args!("{job}/{number}"));
                let patterns = patterns.clone();
                self.hashes = *number;
                self.activity = Activity::Hashing {
                    key: key.clone(),
                    patterns: patterns.clone(),
                };
                run.wanted.want(key, RunEffect::HashFiles { job, patterns });
                return;
            }
            JobEvent::ActionLoaded {
                definition, directory, ..
            } => self.facts.action = Some((Arc::clone(definition), directory.clone())),
            JobEvent::ActionMissing { reason, .. } => self.facts.action_missing = Some(reason.clone()),
            JobEvent::Hashed { digest, .. } => {
                if let Activity::Hashing { patterns, .. } = &self.activity {
                    self.facts.digests.insert(patterns.clone(), digest.clone());
                }
            }
            JobEvent::HashFailed { reason, .. } => self.facts.hash_failed = Some(reason.clone()),
            _ => return,
        }
        if let Some(stamp) = event.stamp() {
            self.forget(&stamp.key, run);
        }
        self.activity = Activity::Between;
    }

    /// Drops an effect that has brought all that it can.
    fn forget(&mut self, key: &EffectKey, run: &mut Folding<'_>) {
        run.wanted.drop(key);
        self.stamps.remove(key);
    }

    fn passed(&mut self, step: &StepHead, reason: &str, ended: StepOutcome, at: Timestamp) {
        let mut record = StepRecord::begun(step, at);
        record.ended = Some(at);
        record.reason = Some(reason.to_owned());
        record.state = ended.state();
        self.records.push(Arc::new(record));
        self.advance(step, &Variables::new(), ended);
    }

    /// Goes on behind a step that is over.
    fn advance(&mut self, step: &StepHead, outputs: &Variables, ended: StepOutcome) {
        if step.path.is_post() {
            self.posts.pop();
        } else if let Some(frame) = self.frames.last_mut() {
            frame.advance(step.id.as_deref(), outputs, ended);
        }
        if self.frames.len() == 1 {
            self.failed |= ended.conclusion == Outcome::Failure;
        }
        self.facts = StepFacts::default();
        self.activity = Activity::Between;
    }

    fn step_begun(&mut self, spec: &Arc<StepSpec>, run: &mut Folding<'_>) {
        let path = &spec.step.path;
        let mut record = StepRecord::begun(&spec.step, spec.now.wall);
        record.notice.clone_from(&spec.notice);
        self.records.push(Arc::new(record));
        if let Some(post) = post_of(spec) {
            self.posts.push(post);
        }
        if let Some(timeout) = spec.timeout {
            let timer = Timer::StepTimeout(self.key.clone(), path.clone());
            run.wanted.wake(timer, &spec.now, timeout);
        }
        self.facts = StepFacts::default();
        self.try_step(spec, 1, run);
    }

    fn try_step(&mut self, spec: &Arc<StepSpec>, number: u32, run: &mut Folding<'_>) {
        let path = spec.step.path.clone();
        let attempt = AttemptId::new(run.run, &self.leg.directory, &path, number);
        let key = EffectKey::attempt("step", format_args!("{}/{path}", self.key), number);
        if let Some(record) = self.record(&path) {
            record.attempts.push(attempt.clone());
        }
        let user = self
            .start
            .as_ref()
            .map(|start| Arc::clone(&start.env))
            .unwrap_or_default();
        let layers = [
            run.base,
            &user,
            &self.exported,
            &spec.env,
            run.environment,
            &self.located,
            &spec.own,
        ];
        let effect = StepAttempt {
            attempt: attempt.clone(),
            job: self.key.clone(),
            directory: self.leg.directory.clone(),
            path,
            name: spec.step.name.clone(),
            body: spec.body.clone(),
            env: Environment::of(layers.map(Arc::clone)),
            path_additions: Arc::clone(&self.path),
            source: Arc::clone(run.source),
        };
        run.wanted.want(key.clone(), RunEffect::Step(Arc::new(effect)));
        self.activity = Activity::Step(RunningStep {
            spec: Arc::clone(spec),
            key,
            attempt,
            number,
            stopping: None,
        });
    }

    fn step_stopping(&mut self, why: &StopReason, grace: Duration, run: &mut Folding<'_>) {
        let Activity::Step(step) = &mut self.activity else {
            return;
        };
        step.stopping.get_or_insert_with(|| why.clone());
        let stop = Stop {
            attempt: step.attempt.clone(),
            job: self.key.clone(),
            grace,
        };
        run.wanted.want(step.key.clone(), RunEffect::Stop(stop));
        run.wanted
            .unset(&Timer::StepTimeout(self.key.clone(), step.path().clone()));
    }

    fn step_retried(&mut self, number: u32, run: &mut Folding<'_>) {
        let Activity::Step(step) = &self.activity else {
            return;
        };
        let (spec, key) = (Arc::clone(&step.spec), step.key.clone());
        self.forget(&key, run);
        self.try_step(&spec, number, run);
    }

    fn step_ended(
        &mut self,
        end: &Arc<StepEnd>,
        ended: StepOutcome,
        reason: Option<String>,
        at: Timestamp,
        run: &mut Folding<'_>,
    ) {
        let Activity::Step(step) = &self.activity else {
            return;
        };
        let (spec, key) = (Arc::clone(&step.spec), step.key.clone());
        self.forget(&key, run);
        run.wanted
            .unset(&Timer::StepTimeout(self.key.clone(), spec.step.path.clone()));
        if !end.env.is_empty() {
            Arc::make_mut(&mut self.exported).extend(end.env.clone());
        }
        if !end.path.is_empty() {
            let path = Arc::make_mut(&mut self.path);
            for directory in &end.path {
                path.retain(|known| known != directory);
                path.insert(0, directory.clone());
            }
        }
        self.artifacts.extend(end.artifacts.iter().cloned());
        if let Some(post) = self.posts.iter_mut().find(|post| post.main.path == spec.step.path) {
            post.take_state(&end.state);
        }
        if let Some(record) = self.record(&spec.step.path) {
            record.state = ended.state();
            record.reason = reason;
            record.ended = Some(at);
            record.summary.clone_from(&end.summary);
            record.annotations = end.annotations;
        }
        self.advance(&spec.step, &end.outputs, ended);
    }

    fn composite_entered(&mut self, spec: &Arc<CompositeSpec>, run: &mut Folding<'_>) {
        let Some((definition, directory)) = std::mem::take(&mut self.facts).action else {
            return;
        };
        self.records
            .push(Arc::new(StepRecord::begun(&spec.step, spec.now.wall)));
        if let Some(timeout) = spec.timeout {
            let timer = Timer::StepTimeout(self.key.clone(), spec.step.path.clone());
            run.wanted.wake(timer, &spec.now, timeout);
        }
        self.frames.push(Frame::of_composite(Composite {
            spec: Arc::clone(spec),
            definition,
            directory,
        }));
    }

    fn composite_timed_out(&mut self, path: &StepPath, after: Duration, run: &mut Folding<'_>) {
        run.wanted.unset(&Timer::StepTimeout(self.key.clone(), path.clone()));
        let is_it = |frame: &Frame| {
            frame
                .composite()
                .is_some_and(|composite| composite.spec.step.path == *path)
        };
        let Some(outermost) = self.frames.iter().position(is_it) else {
            return;
        };
        for frame in &mut self.frames[outermost..] {
            frame.timed_out = Some(after);
        }
    }

    fn composite_left(
        &mut self,
        path: &StepPath,
        outputs: &Variables,
        ended: StepOutcome,
        reason: Option<String>,
        at: Timestamp,
    ) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        if let Some(record) = self.record(path) {
            record.state = ended.state();
            record.reason = reason;
            record.ended = Some(at);
        }
        if let Some(composite) = frame.composite() {
            self.advance(&composite.spec.step, outputs, ended);
        }
    }

    fn killed(&mut self, why: &StopReason, run: &mut Folding<'_>) {
        self.killed = true;
        self.stopping.get_or_insert_with(|| why.clone());
        run.wanted.unset(&Timer::JobTimeout(self.key.clone()));
        run.wanted.unset(&Timer::CleanUp(self.key.clone()));
        match &self.activity {
            Activity::Loading { key } | Activity::Hashing { key, .. } => {
                let key = key.clone();
                self.forget(&key, run);
                self.activity = Activity::Between;
            }
            Activity::Preparing => self.activity = Activity::Between,
            Activity::Queued | Activity::Between | Activity::Step(_) | Activity::Over => {}
        }
    }

    fn ended(&mut self, end: &Arc<JobEnd>, run: &mut Folding<'_>) {
        self.activity = Activity::Over;
        self.end = Some(Arc::clone(end));
        run.wanted.unset(&Timer::JobTimeout(self.key.clone()));
        run.wanted.unset(&Timer::CleanUp(self.key.clone()));
        for frame in std::mem::take(&mut self.frames) {
            let Some(composite) = frame.composite() else {
                continue;
            };
            let path = composite.spec.step.path.clone();
            run.wanted.unset(&Timer::StepTimeout(self.key.clone(), path.clone()));
            if let Some(record) = self.record(&path) {
                record.state = StepOutcome::of(Outcome::Cancelled).state();
                record.ended = Some(end.at);
            }
        }
        self.posts.clear();
        self.facts = StepFacts::default();
        // What its workspace brought so far says nothing about its removal.
        self.stamps.clear();
        if self.start.is_some() {
            self.want_workspace(WorkspaceWant::Remove, run);
        }
    }

    /// Returns the record of the step at `path`: one of the latest.
    fn record(&mut self, path: &StepPath) -> Option<&mut StepRecord> {
        let record = self.records.iter_mut().rev().find(|record| record.path == *path)?;
        Some(Arc::make_mut(record))
    }
}

impl StepOutcome {
    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            conclusion: outcome,
        }
    }

    fn state(self) -> StepState {
        StepState::Over {
            outcome: self.outcome,
            conclusion: self.conclusion,
        }
    }
}

fn post_of(spec: &StepSpec) -> Option<Post> {
    let post = spec.post.as_ref()?;
    let body = match &spec.body {
        AttemptBody::Builtin { action, inputs, .. } => AttemptBody::Builtin {
            action: *action,
            inputs: inputs.clone(),
            state: Variables::new(),
            phase: Phase::Post,
        },
        AttemptBody::Node { directory, version, .. } => AttemptBody::Node {
            directory: directory.clone(),
            entry: post.entry.clone()?,
            version: *version,
            phase: Phase::Post,
        },
        AttemptBody::Run { .. } => return None,
    };
    Some(Post {
        main: spec.step.clone(),
        body,
        condition: post.condition.clone(),
        env: Arc::clone(&spec.env),
        own: Arc::clone(&spec.own),
        continue_on_error: spec.continue_on_error,
    })
}

impl Post {
    fn take_state(&mut self, saved: &Variables) {
        match &mut self.body {
            AttemptBody::Builtin { state, .. } => state.extend(saved.clone()),
            AttemptBody::Node { .. } => {
                let named = saved
                    .iter()
                    .map(|(name, value)| (format!("STATE_{name}"), value.clone()));
                Arc::make_mut(&mut self.own).extend(named);
            }
            AttemptBody::Run { .. } => {}
        }
    }
}

impl JobEvent {
    /// Returns the stamp of the result that it records.
    fn stamp(&self) -> Option<&ResultStamp> {
        match self {
            Self::WorkspaceReady { stamp, .. }
            | Self::WorkspaceFailed { stamp, .. }
            | Self::WorkspaceRemoved { stamp }
            | Self::ActionLoaded { stamp, .. }
            | Self::ActionMissing { stamp, .. }
            | Self::Hashed { stamp, .. }
            | Self::HashFailed { stamp, .. }
            | Self::StepStarted { stamp, .. }
            | Self::StepRetried { stamp, .. }
            | Self::StepEnded { stamp, .. } => Some(stamp),
            _ => None,
        }
    }
}
