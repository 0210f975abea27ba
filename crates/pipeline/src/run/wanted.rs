//! The effects of a run, with what each timer is for.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::{EffectKey, Now, WakeAt};

use super::effect::{JobKey, RunEffect, StepPath};

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The first decision.
    Begin,
    /// The longest that a job may take.
    JobTimeout(JobKey),
    /// The longest that a job may take to end once it is to.
    CleanUp(JobKey),
    /// The longest that a step may take.
    StepTimeout(JobKey, StepPath),
}

impl Timer {
    /// Returns the name of its effect.
    pub(super) fn key(&self) -> EffectKey {
        match self {
            Self::Begin => EffectKey::of("wake", "begin"),
            Self::JobTimeout(job) => EffectKey::of("wake", format_args!("timeout/{job}")),
            Self::CleanUp(job) => EffectKey::of("wake", format_args!("clean-up/{job}")),
            Self::StepTimeout(job, path) => EffectKey::of("wake", format_args!("timeout/{job}/{path}")),
        }
    }
}

/// What ought to be true outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    effects: BTreeMap<EffectKey, RunEffect>,
    timers: BTreeMap<EffectKey, Timer>,
}

impl Wanted {
    /// Returns the effects.
    pub(super) fn effects(&self) -> &BTreeMap<EffectKey, RunEffect> {
        &self.effects
    }

    /// Returns what the timer `key` is for.
    pub(super) fn timer(&self, key: &EffectKey) -> Option<&Timer> {
        self.timers.get(key)
    }

    /// Adds or replaces an effect.
    pub(super) fn want(&mut self, key: EffectKey, effect: RunEffect) {
        self.effects.insert(key, effect);
    }

    /// Removes an effect.
    pub(super) fn drop(&mut self, key: &EffectKey) {
        self.effects.remove(key);
        self.timers.remove(key);
    }

    /// Sets a timer.
    pub(super) fn wake(&mut self, timer: Timer, set: &Now, after: Duration) {
        let key = timer.key();
        let at = WakeAt {
            set: set.clone(),
            after,
        };
        self.effects.insert(key.clone(), RunEffect::Wake(at));
        self.timers.insert(key, timer);
    }

    /// Lets a timer that is set count anew.
    pub(super) fn rearm(&mut self, key: &EffectKey, wake: &WakeAt) {
        if let Some(effect @ RunEffect::Wake(_)) = self.effects.get_mut(key) {
            *effect = RunEffect::Wake(wake.clone());
        }
    }

    /// Removes a timer.
    pub(super) fn unset(&mut self, timer: &Timer) {
        self.drop(&timer.key());
    }
}

impl RunEffect {
    /// Returns the job that it belongs to; `None` of a timer.
    pub fn job(&self) -> Option<&JobKey> {
        match self {
            Self::Workspace(workspace) => Some(&workspace.job),
            Self::LoadAction { job, .. } | Self::HashFiles { job, .. } => Some(job),
            Self::Step(attempt) => Some(&attempt.job),
            Self::Stop(stop) => Some(&stop.job),
            Self::Wake(_) => None,
        }
    }
}
