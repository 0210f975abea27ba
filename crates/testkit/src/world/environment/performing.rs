//! Performing the effects: each attaches to what is there already.

use std::time::Duration;

use lockgate_core::EffectKey;
use lockgate_delivery::RevisionNumber;
use lockgate_delivery::environment::effect::{Effect, Route, Run};
use lockgate_delivery::environment::input::Report;
use lockgate_delivery::smoke::{Answer, SmokeCheck};

use super::fleet::{Desired, Instance, State, Turn};
use super::nature::Nature;
use super::observers::{fated, tell_instance};
use super::{Artifact, EnvironmentWorld, Happening, Surroundings, stamped};
use crate::world::Lasting;

impl EnvironmentWorld {
    pub(super) fn make_true(&mut self, key: &EffectKey, effect: &Effect, outside: &mut Surroundings<'_>) -> Lasting {
        match effect {
            Effect::Place { revision, release, .. } => self.place(key, (*revision, &release.version), outside),
            Effect::Remove { revision } => self.remove(*revision, outside),
            Effect::Run(run) => self.run(key, run, outside),
            Effect::Stop { revision, grace } => self.stop(key, (*revision, *grace), outside),
            Effect::Probe { revision, targets, .. } => {
                self.probes.insert(*revision, targets.clone());
                for (instance, target) in targets {
                    self.look_at(*revision, (*instance, target.incarnation), outside);
                }
            }
            Effect::Route(route) => self.send_route(key, route, outside),
            Effect::Watch { revision, window } => {
                let observer = self.number();
                self.watches.insert(*revision, observer);
                let happening = Happening::Window {
                    revision: *revision,
                    observer,
                    every: *window,
                };
                outside.later(*window, happening);
            }
            Effect::Smoke { checks, addresses, .. } => return self.smoke(key, (checks, addresses), outside),
            Effect::Drain { limit, fence, .. } => {
                let most = limit.left(outside.now).as_millis() as u64;
                let cut = outside.chance.below(3);
                let report = Report::Drained { fence: *fence, cut };
                let after = outside.chance.milliseconds(5, most.max(5));
                let input = self.reported(key, self.proxy.epoch, report);
                outside.report(key, after, input);
                return Lasting::Once;
            }
            Effect::Wake(wake) => {
                let early = if outside.chance.per_mille(30) { 2 } else { 1 };
                let input = self.reported(key, 1, Report::Woke);
                outside.report(key, wake.left(outside.now) / early, input);
                return Lasting::Once;
            }
            Effect::Capture { .. } => {
                let report = Report::LogsKept {
                    lines: vec!["the last line".into()],
                    blob: None,
                };
                let input = self.reported(key, 1, report);
                let after = outside.chance.milliseconds(10, 800);
                outside.report(key, after, input);
                return Lasting::Once;
            }
        }
        Lasting::Standing
    }

    fn place(&mut self, key: &EffectKey, what: (RevisionNumber, &str), outside: &mut Surroundings<'_>) {
        let (revision, version) = what;
        match self.artifacts.get(&revision) {
            Some(Artifact::Arriving { .. }) => {}
            Some(Artifact::Placed { .. }) => {
                let input = self.reported(key, 1, Report::ArtifactPlaced);
                outside.report(key, Duration::from_millis(5), input);
            }
            Some(Artifact::Refused | Artifact::Leaving) | None => {
                let version = version.to_owned();
                self.artifacts.insert(revision, Artifact::Arriving { version });
                let takes = outside.chance.milliseconds(50, 4_000);
                outside.later(takes, Happening::Arrived(revision));
            }
        }
    }

    fn remove(&mut self, revision: RevisionNumber, outside: &mut Surroundings<'_>) {
        if self.fleets.get(&revision).is_some_and(super::Fleet::is_alive) {
            self.law.violate(
                "7 artifacts",
                format!("the artifact of {revision} is removed while it runs"),
            );
        }
        self.artifacts.insert(revision, Artifact::Leaving);
        let takes = outside.chance.milliseconds(20, 1_000);
        outside.later(takes, Happening::Left(revision));
    }

    fn run(&mut self, key: &EffectKey, run: &Run, outside: &mut Surroundings<'_>) {
        if self.people.nature(&run.release.version) == Nature::Unstartable {
            let reason = "no such program".into();
            let input = self.reported(key, 1, Report::InstanceRefused { reason });
            outside.report(key, Duration::from_millis(20), input);
            return;
        }
        if !matches!(self.artifacts.get(&run.revision), Some(Artifact::Placed { .. })) {
            self.law.violate(
                "7 artifacts",
                format!("{} is to run without its artifact", run.revision),
            );
        }
        let fleet = self.fleets.entry(run.revision).or_default();
        fleet.version.clone_from(&run.release.version);
        fleet.desired = Desired::Run(run.count);
        for n in 1..=run.count {
            let found = self.fleets[&run.revision].instances.get(&n).cloned();
            match found {
                None => self.spawn(run.revision, n, outside),
                Some(instance) if instance.state == State::Stopped => self.spawn(run.revision, n, outside),
                Some(instance) => tell_instance(run.revision, (n, &instance), outside),
            }
        }
    }

    /// Starts a process for this instance.
    pub(super) fn spawn(&mut self, revision: RevisionNumber, n: u32, outside: &mut Surroundings<'_>) {
        let incarnation = self.number();
        let fleet = self.fleets.entry(revision).or_default();
        let exits = fleet.instances.get(&n).map_or(0, |instance| instance.exits);
        let instance = Instance {
            incarnation,
            state: State::Starting,
            exits,
        };
        fleet.instances.insert(n, instance);
        let takes = outside.chance.milliseconds(20, 500);
        fated((revision, n, incarnation), (takes, Turn::Started), outside);
    }

    fn stop(&mut self, key: &EffectKey, what: (RevisionNumber, Duration), outside: &mut Surroundings<'_>) {
        let (revision, grace) = what;
        self.law.judge_stop(revision, self.proxy.weight(revision));
        let order = self.number();
        let fleet = self.fleets.entry(revision).or_default();
        if fleet.desired != Desired::Stop {
            fleet.desired = Desired::Stop;
            fleet.order = order;
        }
        let mut ending = Vec::new();
        for (n, instance) in &mut fleet.instances {
            if instance.is_alive() {
                if instance.state != State::Stopping {
                    ending.push((*n, instance.incarnation));
                }
                instance.state = State::Stopping;
            } else {
                instance.state = State::Stopped;
            }
        }
        let is_gone = !fleet.is_alive();
        let order = fleet.order;
        for (n, incarnation) in ending {
            let takes = outside.chance.milliseconds(5, grace.as_millis() as u64);
            fated((revision, n, incarnation), (takes, Turn::Stops), outside);
        }
        if is_gone {
            let input = stamped(key, (order, 5), Report::InstanceStopped);
            outside.report(key, Duration::from_millis(5), input);
        }
    }

    /// Sends the route to the proxy; while its port is taken, again and again.
    fn send_route(&mut self, key: &EffectKey, route: &Route, outside: &mut Surroundings<'_>) {
        if !self.port_is_free(outside.passed) {
            self.refuse_route(key, route, outside);
        }
        self.proxy.newest = self.proxy.newest.max(route.fence);
        let takes = outside.chance.milliseconds(1, 300);
        outside.later(takes, Happening::Routed(Box::new(route.clone())));
    }

    fn smoke(&mut self, key: &EffectKey, what: (&[SmokeCheck], &[String]), outside: &mut Surroundings<'_>) -> Lasting {
        let (checks, addresses) = what;
        let not_asked = outside.chance.per_mille(60);
        let mut results = Vec::new();
        for address in addresses {
            let answer = if not_asked {
                Answer::NotAsked("no file descriptor is left".into())
            } else {
                self.answer_at(address)
            };
            results.extend(checks.iter().map(|check| check.judge(&answer)));
        }
        let input = self.reported(key, 1, Report::SmokeEnded { results });
        let after = outside.chance.milliseconds(50, 2_500);
        outside.report(key, after, input);
        Lasting::Once
    }

    fn answer_at(&self, address: &str) -> Answer {
        let serving = self
            .fleets
            .iter()
            .find(|(revision, fleet)| fleet.serves_at(**revision, address));
        match serving.map(|(_, fleet)| self.people.nature(&fleet.version)) {
            None => Answer::None("connection refused".into()),
            Some(nature) => Answer::Http {
                status: if nature == Nature::FailsSmoke { 500 } else { 200 },
                body: String::new(),
            },
        }
    }
}
