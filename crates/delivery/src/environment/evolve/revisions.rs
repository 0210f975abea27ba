//! What events say about revisions and their instances.

use crate::environment::effect::instance_key;
use crate::environment::event::Fact;
use crate::environment::input::ProbeState;
use crate::environment::reason::Reason;
use crate::environment::{Environment, KNOWN_REVISIONS, Known, Record};
use crate::plan::RolloutPlan;
use crate::revision::{Health, Instance, Placement, Revision, RevisionNumber, Running};

impl Environment {
    /// Adds the revision of a plan, unless it is there already.
    pub(super) fn introduce(&mut self, plan: &RolloutPlan) {
        let number = plan.revision;
        if self.revisions.contains_key(&number) {
            return;
        }
        self.last_revision = self.last_revision.max(number.0);
        self.known.insert(
            number,
            Known {
                release: plan.release.clone(),
                definition: plan.definition.clone(),
                record: Record::Unproven,
            },
        );
        self.forget_old();
        self.revisions.insert(
            number,
            Revision {
                number,
                slot: plan.slot,
                release: plan.release.clone(),
                definition: plan.definition.clone(),
                placement: Placement::Wanted,
                running: Running::Wanted,
                instances: std::collections::BTreeMap::new(),
                proofs: 0,
                doubts: 0,
            },
        );
    }

    /// Forgets the oldest revision that is not on the target, when there are too many.
    fn forget_old(&mut self) {
        if self.known.len() > KNOWN_REVISIONS {
            let oldest = self.known.keys().find(|known| !self.revisions.contains_key(known));
            if let Some(oldest) = oldest.copied() {
                self.known.remove(&oldest);
            }
        }
    }

    pub(super) fn change_revision(&mut self, fact: &Fact) {
        match fact {
            Fact::ArtifactPlaced { revision } => self.with(*revision, |r| r.placement = Placement::Placed),
            Fact::PruneDecided { revision } => self.with(*revision, |r| r.placement = Placement::Removing),
            Fact::ArtifactRemoved { revision } => {
                self.revisions.remove(revision);
            }
            Fact::InstanceStarted { .. } => self.start_instance(fact),
            Fact::InstanceExited {
                revision,
                instance,
                status,
            } => self.end_instance(*revision, *instance, status),
            Fact::StopDecided { revision } => self.stop(*revision),
            Fact::InstanceStopped { revision } => self.with(*revision, |r| {
                r.running = Running::Stopped;
                r.instances.clear();
            }),
            Fact::ProbeChanged { .. } => self.change_health(fact),
            Fact::HealthDoubted { revision } => self.with(*revision, Revision::doubt),
            _ => {}
        }
    }

    pub(super) fn with(&mut self, revision: RevisionNumber, change: impl FnOnce(&mut Revision)) {
        if let Some(revision) = self.revisions.get_mut(&revision) {
            change(revision);
        }
    }

    fn start_instance(&mut self, fact: &Fact) {
        let Fact::InstanceStarted {
            revision,
            instance,
            address,
            incarnation,
            boot,
            ready,
        } = fact
        else {
            return;
        };
        let started = Instance {
            address: address.clone(),
            incarnation: *incarnation,
            boot: boot.clone(),
            health: Health::Unproven,
        };
        self.with(*revision, |r| {
            r.instances.insert(*instance, started);
        });
        if let Some(rollout) = &mut self.rollout
            && rollout.revision() == *revision
            && !rollout.is_leaving()
            && rollout.ready.is_none()
        {
            rollout.ready = Some(ready.clone());
        }
    }

    fn end_instance(&mut self, revision: RevisionNumber, instance: u32, status: &str) {
        self.with(revision, |r| {
            if let Some(instance) = r.instances.get_mut(&instance) {
                instance.health = Health::Exited(status.to_owned());
            }
        });
        if let Some(rollout) = &mut self.rollout
            && rollout.revision() == revision
            && rollout.crash.is_none()
        {
            rollout.crash = Some(Reason::Crashed {
                instance,
                status: status.to_owned(),
            });
        }
    }

    fn change_health(&mut self, fact: &Fact) {
        let Fact::ProbeChanged {
            revision,
            instance,
            state,
            detail,
            ..
        } = fact
        else {
            return;
        };
        self.with(*revision, |r| {
            if let Some(instance) = r.instances.get_mut(instance) {
                instance.health = match state {
                    ProbeState::Passing => Health::Passing,
                    ProbeState::Failing => Health::Failing(detail.clone()),
                };
            }
        });
        let ready = self.revision(*revision).is_some_and(Revision::is_ready);
        if let Some(rollout) = &mut self.rollout
            && rollout.revision() == *revision
            && ready
        {
            rollout.ready = None;
        }
    }

    /// What never ran is stopped at once, because nobody would report its end.
    fn stop(&mut self, number: RevisionNumber) {
        let ran = self.effects.contains_key(&instance_key(number));
        self.with(number, |r| {
            r.running = if ran { Running::Stopping } else { Running::Stopped };
        });
        if self.previous == Some(number) {
            self.previous = None;
        }
    }
}
