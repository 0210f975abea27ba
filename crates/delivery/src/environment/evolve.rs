//! How an event changes the state. No judgement: what an event says, is.

mod revisions;
mod route;

use lockgate_core::WakeAt;
use lockgate_gate::Outcome;

use crate::definition::Previous;
use crate::environment::effect::Timer;
use crate::environment::event::{Cause, EnvironmentEvent, Fact, Return};
use crate::environment::rollout::{Logs, Phase, Proof, Rollout, Soak, WayBack};
use crate::environment::{Environment, REMEMBERED_INTENTS, Record, effects};
use crate::revision::RevisionNumber;

/// How often a proof or an inconclusive smoke check is tried.
pub(super) const ATTEMPTS: u32 = 3;

/// Applies one event.
pub(super) fn evolve(environment: &mut Environment, event: &EnvironmentEvent) {
    environment.sequence += 1;
    environment.remember(&event.cause);
    if let Fact::Frozen(broken) = &event.fact {
        environment.frozen = Some(broken.clone());
        return;
    }
    environment.apply(event);
    environment.effects = effects::of(environment);
    let Environment { stamps, effects, .. } = environment;
    stamps.retain(|(key, _), _| effects.contains_key(key));
}

impl Environment {
    fn remember(&mut self, cause: &Cause) {
        match cause {
            Cause::Itself => {}
            Cause::Intent(id) => {
                if self.intents.contains(id) {
                    return;
                }
                self.generation += 1;
                self.intents.push_back(id.clone());
                if self.intents.len() > REMEMBERED_INTENTS {
                    self.intents.pop_front();
                }
            }
            Cause::Result { stamp, part } => {
                self.stamps
                    .insert((stamp.key.clone(), *part), (stamp.incarnation, stamp.sequence));
            }
        }
    }

    fn apply(&mut self, event: &EnvironmentEvent) {
        match &event.fact {
            Fact::EnvironmentCreated(_) | Fact::Frozen(_) => {}
            Fact::DeployQueued(queued) => self.queued = Some(queued.clone()),
            Fact::QueuedDeployDropped { .. } => self.queued = None,
            Fact::RolloutStarted { .. } => self.start_rollout(event),
            Fact::DeploysPaused { reason } => self.paused = Some(reason.clone()),
            Fact::DeploysResumed { .. } => self.paused = None,
            Fact::RouteTroubled { reason } => self.doubt_route(reason),
            Fact::RouteConfirmed => self.follows(),
            Fact::Rerouted { table } => self.follow(table),
            Fact::ArtifactPlaced { .. }
            | Fact::InstanceStarted { .. }
            | Fact::InstanceExited { .. }
            | Fact::StopDecided { .. }
            | Fact::InstanceStopped { .. }
            | Fact::ProbeChanged { .. }
            | Fact::HealthDoubted { .. }
            | Fact::PruneDecided { .. }
            | Fact::ArtifactRemoved { .. } => self.change_revision(&event.fact),
            Fact::Soaked { revision, .. } => self.finish_soak(*revision),
            Fact::LeftServing { .. } => self.rollout = None,
            Fact::RolledBack { leaving, .. } => {
                self.rollout = None;
                self.record(*leaving, Record::RolledBack);
            }
            Fact::RollbackFailed { serving, .. } => self.keep_serving(*serving),
            Fact::TimerRearmed { timer, wake } => self.set_timer(*timer, wake),
            fact => self.advance_rollout(fact),
        }
    }

    fn start_rollout(&mut self, event: &EnvironmentEvent) {
        let Fact::RolloutStarted {
            intent,
            by,
            plan,
            progress,
        } = &event.fact
        else {
            return;
        };
        self.queued = None;
        self.introduce(plan);
        self.rollout = Some(Rollout {
            intent: intent.clone(),
            by: by.clone(),
            started: event.at,
            plan: (**plan).clone(),
            base: self.stable,
            progress: progress.clone(),
            ready: None,
            crash: None,
            phase: Phase::BringingUp,
        });
    }

    fn advance_rollout(&mut self, fact: &Fact) {
        match fact {
            Fact::CandidateReady { .. } => self.enter_smoke(),
            Fact::SmokeEnded { attempt, outcome, .. } => match outcome {
                Outcome::Pass | Outcome::Warn => self.enter(Phase::Proven),
                Outcome::Inconclusive => self.enter(Phase::Smoking { attempt: attempt + 1 }),
                Outcome::Fail => {}
            },
            Fact::SwitchDecided { table, .. } => {
                self.follow(table);
                self.enter(Phase::Switching);
            }
            Fact::Promoted { .. } => self.promote(fact),
            Fact::OldDrained { revision, .. } | Fact::CandidateDrained { revision, .. } => {
                self.draining.remove(revision);
            }
            Fact::WindowCredited { .. }
            | Fact::WatchSilent { .. }
            | Fact::SoakTimePassed { .. }
            | Fact::SoakHeld { .. } => self.change_soak(fact),
            Fact::RollbackDecided { .. } => self.give_up(fact),
            Fact::ReturnDecided { table, .. } => {
                self.follow(table);
                if let Some(Phase::Awaiting { way, .. }) = self.phase().cloned() {
                    self.enter(Phase::Returning(way));
                }
            }
            Fact::TrafficReturned { leaving, target, drain } => self.return_traffic(*leaving, *target, drain),
            Fact::LogsKept { .. } => self.change_leaving(|logs, _| *logs = Logs::Kept),
            Fact::EnvironmentProven { revision, attempt, .. } => {
                self.with(*revision, |r| r.proofs = *attempt);
                self.record(*revision, Record::Good);
                self.change_leaving(|_, proof| *proof = Proof::Proven);
            }
            Fact::ProofFailed { revision, attempt, .. } => {
                self.with(*revision, |r| r.proofs = *attempt);
                self.change_leaving(|_, proof| {
                    *proof = match *proof {
                        Proof::Wanted { left, .. } if left > 0 => Proof::Wanted {
                            attempt: attempt + 1,
                            left: left - 1,
                        },
                        _ => Proof::Unproven,
                    };
                });
            }
            _ => {}
        }
    }

    fn phase(&self) -> Option<&Phase> {
        self.rollout.as_ref().map(|rollout| &rollout.phase)
    }

    fn enter(&mut self, phase: Phase) {
        if let Some(rollout) = &mut self.rollout {
            rollout.phase = phase;
        }
    }

    fn enter_smoke(&mut self) {
        let Some(rollout) = &mut self.rollout else { return };
        rollout.ready = None;
        rollout.phase = if rollout.plan.definition.smoke.is_empty() {
            Phase::Proven
        } else {
            Phase::Smoking { attempt: 1 }
        };
    }

    fn promote(&mut self, fact: &Fact) {
        let Fact::Promoted {
            revision,
            previous,
            address,
            drain,
            soak,
            silence,
        } = fact
        else {
            return;
        };
        self.address = Some(address.clone());
        self.follows();
        self.stable = Some(*revision);
        self.previous = *previous;
        if let Some(previous) = previous {
            self.drain(*previous, drain);
        }
        self.enter(Phase::Soaking(Soak {
            timer: Some(soak.clone()),
            silence: Some(silence.clone()),
            credited: std::time::Duration::ZERO,
            last: None,
            tally: lockgate_gate::Tally::default(),
            silent: None,
            held: None,
        }));
    }

    fn set_timer(&mut self, timer: Timer, wake: &WakeAt) {
        let Some(rollout) = &mut self.rollout else { return };
        match (timer, &mut rollout.phase) {
            (Timer::Progress, _) => rollout.progress = wake.clone(),
            (Timer::Ready, Phase::Awaiting { until, .. }) => *until = wake.clone(),
            (Timer::Ready, _) => rollout.ready = Some(wake.clone()),
            (Timer::Soak, Phase::Soaking(soak)) => soak.timer = Some(wake.clone()),
            (Timer::Silence, Phase::Soaking(soak)) => soak.silence = Some(wake.clone()),
            (Timer::Soak | Timer::Silence, _) => {}
        }
    }

    fn change_soak(&mut self, fact: &Fact) {
        let Some(Phase::Soaking(soak)) = self.rollout.as_mut().map(|rollout| &mut rollout.phase) else {
            return;
        };
        match fact {
            Fact::WindowCredited {
                epoch,
                window,
                counts,
                credit,
                silence,
                ..
            } => {
                soak.tally.observe(*epoch, *counts);
                soak.last = Some((*epoch, *window));
                soak.credited += *credit;
                soak.silent = None;
                soak.silence = Some(silence.clone());
            }
            Fact::WatchSilent { reason, .. } => {
                soak.silent = Some(reason.clone());
                soak.silence = None;
            }
            Fact::SoakTimePassed { .. } => soak.timer = None,
            Fact::SoakHeld { verdict, .. } => soak.held = Some(verdict.clone()),
            _ => {}
        }
    }

    pub(super) fn record(&mut self, revision: RevisionNumber, record: Record) {
        if let Some(known) = self.known.get_mut(&revision) {
            known.record = record;
        }
    }

    fn finish_soak(&mut self, revision: RevisionNumber) {
        self.record(revision, Record::Good);
        let rollout = self.rollout.take();
        if rollout.is_some_and(|rollout| rollout.plan.definition.strategy.previous == Previous::StoppedAfterSoak) {
            self.previous = None;
        }
    }

    /// The rollback could not be done: whoever has the traffic is the stable revision.
    fn keep_serving(&mut self, serving: Option<RevisionNumber>) {
        self.rollout = None;
        if serving.is_some() && serving != self.stable {
            self.previous = self.stable;
            self.stable = serving;
        }
    }

    fn give_up(&mut self, fact: &Fact) {
        let Fact::RollbackDecided {
            reason,
            leaving,
            target,
            traffic,
        } = fact
        else {
            return;
        };
        let way = WayBack {
            reason: reason.clone(),
            leaving: *leaving,
            target: *target,
        };
        let phase = match traffic {
            Return::Untouched => Phase::Leaving {
                way,
                logs: self.logs_of(*leaving),
                proof: Proof::NotNeeded,
            },
            Return::Now(table) => {
                self.follow(table);
                Phase::Returning(way)
            }
            Return::WhenReady(until) => Phase::Awaiting {
                way,
                until: until.clone(),
            },
        };
        self.enter(phase);
    }

    fn return_traffic(&mut self, leaving: RevisionNumber, target: Option<RevisionNumber>, drain: &WakeAt) {
        let Some(rollout) = &self.rollout else { return };
        let way = match &rollout.phase {
            Phase::Returning(way) => way.clone(),
            _ => WayBack {
                reason: super::Reason::Asked(rollout.by.clone()),
                leaving,
                target,
            },
        };
        self.drain(leaving, drain);
        self.stable = target;
        self.previous = None;
        self.follows();
        if target.is_none() {
            self.route = None;
        }
        let logs = self.logs_of(leaving);
        let proof = match target.and_then(|target| self.revision(target)) {
            Some(target) => Proof::Wanted {
                attempt: target.proofs + 1,
                left: ATTEMPTS - 1,
            },
            None => Proof::NotNeeded,
        };
        self.enter(Phase::Leaving { way, logs, proof });
    }

    fn change_leaving(&mut self, change: impl FnOnce(&mut Logs, &mut Proof)) {
        if let Some(Phase::Leaving { logs, proof, .. }) = self.rollout.as_mut().map(|rollout| &mut rollout.phase) {
            change(logs, proof);
        }
    }

    fn logs_of(&self, leaving: RevisionNumber) -> Logs {
        if self.effects.contains_key(&super::effect::instance_key(leaving)) {
            Logs::Wanted
        } else {
            Logs::Kept
        }
    }
}
