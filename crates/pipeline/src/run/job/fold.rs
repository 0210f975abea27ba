//! What each event makes of a job. Nothing is evaluated here.

mod composite;
mod step;

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{EffectKey, ResultStamp};

use super::frame::StepOutcome;
use super::{Activity, JobState, StepFacts, StepRecord};
use crate::run::Source;
use crate::run::effect::{RunEffect, StepPath, Workspace, WorkspaceWant};
use crate::run::environment::Variables;
use crate::run::event::{JobEnd, JobEvent, JobStart};
use crate::run::graph::workspace_key;
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
            JobEvent::WorkspaceReady { place, env, given, .. } => {
                self.workspace = Some(Arc::clone(place));
                self.given = Arc::clone(given);
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
            JobEvent::StepSkipped { .. }
            | JobEvent::StepRefused { .. }
            | JobEvent::StepBegun(_)
            | JobEvent::StepStarted { .. }
            | JobEvent::StepStopping { .. }
            | JobEvent::StepRetried { .. }
            | JobEvent::StepEnded { .. } => self.fold_step(event, run),
            JobEvent::CompositeEntered(_) | JobEvent::CompositeTimedOut { .. } | JobEvent::CompositeLeft { .. } => {
                self.fold_composite(event, run);
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
