//! Performing the effects of a run, and what steps do by themselves.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::EffectKey;
use lockgate_pipeline::run::effect::{self, AttemptId, RunEffect, StepAttempt, Stop, WorkspaceWant};
use lockgate_pipeline::run::input::{RunInput, RunResult, StepExit, WorkspacePlace};

use super::attempts::{Attempt, Mark, Turn, ended};
use super::{Happening, RunWorld, Surroundings, Workspace, WorkspaceState, pipelines, stamped};
use crate::world::Lasting;

impl RunWorld {
    pub(super) fn make_true(&mut self, key: &EffectKey, effect: &RunEffect, outside: &mut Surroundings<'_>) -> Lasting {
        match effect {
            RunEffect::Workspace(workspace) => match workspace.want {
                WorkspaceWant::Prepare => self.prepare(workspace, outside),
                WorkspaceWant::Remove => self.remove(workspace, outside),
            },
            RunEffect::LoadAction { reference, .. } => {
                let result = match pipelines::action(reference) {
                    Some(definition) => RunResult::ActionLoaded {
                        definition: Arc::new(definition),
                        directory: "/work/action".into(),
                    },
                    None => RunResult::ActionMissing {
                        reason: "no action.yml".into(),
                    },
                };
                return self.answer_once(key, result, outside);
            }
            RunEffect::HashFiles { .. } => {
                let result = if outside.chance.per_mille(200) {
                    RunResult::HashFailed {
                        reason: "permission denied".into(),
                    }
                } else {
                    RunResult::Hashed { digest: "00ff".into() }
                };
                return self.answer_once(key, result, outside);
            }
            RunEffect::Step(attempt) => self.try_step(key, attempt, outside),
            RunEffect::Stop(stop) => self.stop(key, stop, outside),
            RunEffect::Wake(wake) => {
                let early = if outside.chance.per_mille(30) { 2 } else { 1 };
                let input = RunInput::Woken { key: key.clone() };
                outside.report(key, wake.left(outside.now) / early, input);
                return Lasting::Once;
            }
        }
        Lasting::Standing
    }

    fn answer_once(&mut self, key: &EffectKey, result: RunResult, outside: &mut Surroundings<'_>) -> Lasting {
        let stamp = (self.number(), 1);
        let takes = outside.chance.milliseconds(5, 800);
        outside.report(key, takes, stamped(key, stamp, result));
        Lasting::Once
    }

    fn prepare(&mut self, wanted: &effect::Workspace, outside: &mut Surroundings<'_>) {
        if self.workspaces.contains_key(&wanted.directory) {
            self.tell_workspace(&wanted.directory, outside);
            return;
        }
        let workspace = Workspace {
            job: wanted.job.clone(),
            claimed: self.number(),
            state: WorkspaceState::Preparing,
        };
        self.workspaces.insert(wanted.directory.clone(), workspace);
        let takes = outside.chance.milliseconds(10, 2_000);
        outside.later(takes, Happening::Prepared(wanted.directory.clone()));
    }

    pub(super) fn prepared(&mut self, directory: &str, outside: &mut Surroundings<'_>) {
        let refused = outside.chance.per_mille(80);
        if let Some(workspace) = self.workspaces.get_mut(directory)
            && workspace.state == WorkspaceState::Preparing
        {
            workspace.state = if refused {
                WorkspaceState::Refused
            } else {
                WorkspaceState::Ready
            };
            self.tell_workspace(directory, outside);
        }
    }

    fn tell_workspace(&self, directory: &str, outside: &mut Surroundings<'_>) {
        let Some(workspace) = self.workspaces.get(directory) else {
            return;
        };
        let result = match workspace.state {
            WorkspaceState::Ready => RunResult::WorkspaceReady(Box::new(WorkspacePlace {
                workspace: format!("/work/{directory}"),
                os: "Linux".into(),
                ..WorkspacePlace::default()
            })),
            WorkspaceState::Refused => RunResult::WorkspaceFailed {
                reason: "the disk is full".into(),
            },
            WorkspaceState::Preparing | WorkspaceState::Leaving => return,
        };
        let key = EffectKey::of("workspace", &workspace.job);
        let input = stamped(&key, (workspace.claimed, 1), result);
        outside.report(&key, Duration::from_millis(3), input);
    }

    fn remove(&mut self, wanted: &effect::Workspace, outside: &mut Surroundings<'_>) {
        let busy = self
            .attempts
            .iter()
            .find(|(_, attempt)| attempt.is_alive() && attempt.job == wanted.job);
        if let Some((id, _)) = busy {
            let detail = format!("the workspace of {} is removed while {id} runs", wanted.job);
            self.law.violate("run: workspace", detail);
        }
        let claimed = self.number();
        self.workspaces
            .entry(wanted.directory.clone())
            .or_insert_with(|| Workspace {
                job: wanted.job.clone(),
                claimed,
                state: WorkspaceState::Leaving,
            })
            .state = WorkspaceState::Leaving;
        let takes = outside.chance.milliseconds(5, 1_500);
        outside.later(takes, Happening::Removed(wanted.directory.clone()));
    }

    pub(super) fn removed(&mut self, directory: &str, outside: &mut Surroundings<'_>) {
        let leaving = self
            .workspaces
            .get(directory)
            .filter(|found| found.state == WorkspaceState::Leaving);
        if let Some(workspace) = leaving {
            let key = EffectKey::of("workspace", &workspace.job);
            let input = stamped(&key, (workspace.claimed, 2), RunResult::WorkspaceRemoved);
            self.workspaces.remove(directory);
            outside.report(&key, Duration::from_millis(3), input);
        }
    }

    fn try_step(&mut self, key: &EffectKey, wanted: &StepAttempt, outside: &mut Surroundings<'_>) {
        let id = &wanted.attempt;
        if !self.attempts.contains_key(id) {
            let claimed = self.number();
            let attempt = Attempt::claim(key, (&wanted.job, &wanted.path), claimed, outside.chance);
            self.attempts.insert(id.clone(), attempt);
        }
        let attempt = &self.attempts[id];
        if attempt.mark == Mark::Claimed {
            let takes = outside.chance.milliseconds(2, 300);
            outside.later(takes, Happening::Step(Turn::Exec(id.clone())));
        } else {
            self.tell_attempt(id, outside);
        }
    }

    /// The shim starts a claimed step: the only place where anything is executed.
    pub(super) fn exec(&mut self, id: &AttemptId, outside: &mut Surroundings<'_>) {
        let Some(attempt) = self.attempts.get(id).filter(|attempt| attempt.mark == Mark::Claimed) else {
            return;
        };
        let is_ready = |found: &Workspace| found.job == attempt.job && found.state == WorkspaceState::Ready;
        let has_workspace = self.workspaces.values().any(is_ready);
        self.law.judge_exec(id, attempt, &self.attempts);
        if !has_workspace {
            self.law
                .violate("run: workspace", format!("{id} begins without its workspace"));
        }
        let takes = attempt.takes;
        if let Some(attempt) = self.attempts.get_mut(id) {
            attempt.mark = Mark::Started;
        }
        self.tell_attempt(id, outside);
        outside.later(takes, Happening::Step(Turn::Exit(id.clone())));
    }

    pub(super) fn exit(&mut self, id: &AttemptId, outside: &mut Surroundings<'_>) {
        if let Some(attempt) = self.attempts.get(id).filter(|attempt| attempt.is_alive()) {
            let mark = match attempt.fate.exit {
                StepExit::Unknown => Mark::Lost,
                _ => Mark::Exited(Box::new(attempt.fate.clone())),
            };
            self.end_with(id, mark, outside);
        }
    }

    fn stop(&mut self, key: &EffectKey, stop: &Stop, outside: &mut Surroundings<'_>) {
        let id = &stop.attempt;
        let Some(attempt) = self.attempts.get_mut(id) else {
            // Claiming it for good is what keeps it from ever being started.
            let claimed = self.number();
            let path = effect::StepPath::top(1);
            let mut attempt = Attempt::claim(key, (&stop.job, &path), claimed, outside.chance);
            attempt.mark = Mark::Exited(Box::new(ended(StepExit::Cancelled)));
            self.attempts.insert(id.clone(), attempt);
            self.tell_attempt(id, outside);
            return;
        };
        match attempt.mark {
            Mark::Claimed => {
                attempt.mark = Mark::Exited(Box::new(ended(StepExit::Cancelled)));
                self.tell_attempt(id, outside);
            }
            Mark::Started | Mark::Ending => {
                attempt.mark = Mark::Ending;
                let grace = stop.grace.as_millis() as u64;
                let takes = outside.chance.milliseconds(grace.min(5), grace);
                outside.later(takes, Happening::Step(Turn::Stopped(id.clone())));
            }
            Mark::Exited(_) | Mark::Lost => self.tell_attempt(id, outside),
        }
    }

    pub(super) fn stopped(&mut self, id: &AttemptId, outside: &mut Surroundings<'_>) {
        if self.attempts.get(id).is_some_and(Attempt::is_alive) {
            self.end_with(id, Mark::Exited(Box::new(ended(StepExit::Cancelled))), outside);
        }
    }

    pub(super) fn end_with(&mut self, id: &AttemptId, mark: Mark, outside: &mut Surroundings<'_>) {
        if let Some(attempt) = self.attempts.get_mut(id) {
            attempt.mark = mark;
            self.tell_attempt(id, outside);
        }
    }

    fn tell_attempt(&self, id: &AttemptId, outside: &mut Surroundings<'_>) {
        let attempt = &self.attempts[id];
        let (sequence, result) = match attempt.end() {
            Some(end) => (2, RunResult::StepEnded(Box::new(end))),
            None => (1, RunResult::StepStarted),
        };
        let input = stamped(&attempt.key, (attempt.claimed, sequence), result);
        outside.report(&attempt.key, Duration::from_millis(3), input);
    }
}
