//! What the events of a step make of its job.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{EffectKey, Timestamp};

use super::Folding;
use crate::definition::Place;
use crate::run::effect::{AttemptBody, AttemptId, Phase, RunEffect, StepAttempt, Stop};
use crate::run::environment::{Environment, Variables};
use crate::run::event::{Aftermath, JobEvent, StepHead, StepSpec};
use crate::run::input::StepEnd;
use crate::run::job::frame::StepOutcome;
use crate::run::job::{Activity, JobState, Post, RunningStep, StepFacts, StepRecord};
use crate::run::outcome::{Outcome, StopReason};
use crate::run::wanted::Timer;

impl JobState {
    /// Takes in what has happened to a step.
    pub(super) fn fold_step(&mut self, event: &JobEvent, run: &mut Folding<'_>) {
        match event {
            JobEvent::StepSkipped { step, reason, at } => {
                self.passed(step, reason, StepOutcome::of(Outcome::Skipped), *at);
            }
            JobEvent::StepRefused {
                step,
                reason,
                conclusion,
                aftermath,
                at,
            } => {
                let ended = StepOutcome {
                    outcome: Outcome::Failure,
                    conclusion: *conclusion,
                };
                self.passed(step, reason, ended, *at);
                if let (Aftermath::EndOfAction, [_, .., inner]) = (aftermath, self.frames.as_mut_slice()) {
                    inner.leave();
                }
            }
            JobEvent::StepBegun(spec) => self.step_begun(spec, run),
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
                self.step_ended(end, ended, reason.as_deref(), *at, run);
            }
            _ => {}
        }
    }

    fn passed(&mut self, step: &StepHead, reason: &str, ended: StepOutcome, at: Timestamp) {
        let mut record = StepRecord::begun(step, self.place_of(step), at);
        record.ended = Some(at);
        record.reason = Some(reason.to_owned());
        record.state = ended.state();
        self.records.push(Arc::new(record));
        self.advance(step, &Variables::new(), ended);
    }

    /// Returns where the step that is being decided stands.
    pub(super) fn place_of(&self, step: &StepHead) -> Option<Place> {
        if step.path.is_post() {
            let main = &self.posts.last()?.main.path;
            let record = self.records.iter().find(|record| record.path == *main)?;
            return record.place.clone();
        }
        let (step, _) = self.frames.last()?.current()?;
        Some(step.place.clone())
    }

    /// Goes on behind a step that is over.
    pub(super) fn advance(&mut self, step: &StepHead, outputs: &Variables, ended: StepOutcome) {
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
        let mut record = StepRecord::begun(&spec.step, self.place_of(&spec.step), spec.now.wall);
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
            &self.given,
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
        let why = step.stopping.get_or_insert_with(|| why.clone()).clone();
        let stop = Stop {
            attempt: step.attempt.clone(),
            job: self.key.clone(),
            grace,
            why,
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
        reason: Option<&str>,
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
            record.reason = reason.map(str::to_owned);
            record.ended = Some(at);
            record.summary.clone_from(&end.summary);
            record.annotations = end.annotations;
        }
        self.advance(&spec.step, &end.outputs, ended);
    }
}

fn post_of(spec: &StepSpec) -> Option<Post> {
    let post = spec.post.as_ref()?;
    let body = match &spec.body {
        AttemptBody::Builtin { action, inputs, .. } => AttemptBody::Builtin {
            action: *action,
            inputs: inputs.clone(),
            state: BTreeMap::new(),
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
