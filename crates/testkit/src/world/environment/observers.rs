//! What happens outside by itself, and who tells the driver of it.

use std::time::Duration;

use lockgate_core::EffectKey;
use lockgate_delivery::RevisionNumber;
use lockgate_delivery::environment::effect::Route;
use lockgate_delivery::environment::input::{ProbeState, Report};

use super::fleet::{Desired, Fate, Instance, State, Turn, address};
use super::nature::Nature;
use super::{Artifact, EnvironmentWorld, Happening, Surroundings, stamped};

/// The address of the environment's proxy.
const LISTEN: &str = "127.0.0.1:4000";

impl EnvironmentWorld {
    pub(super) fn arrive(&mut self, revision: RevisionNumber, outside: &mut Surroundings<'_>) {
        let key = EffectKey::of("place", revision);
        let Some(Artifact::Arriving { version }) = self.artifacts.get(&revision).cloned() else {
            return;
        };
        let refused = self.people.nature(&version) == Nature::Unplaceable;
        let report = if refused {
            self.artifacts.insert(revision, Artifact::Refused);
            Report::PlaceRefused {
                reason: "its digest is wrong".into(),
            }
        } else {
            self.artifacts.insert(revision, Artifact::Placed { version });
            Report::ArtifactPlaced
        };
        let input = self.reported(&key, 1, report);
        outside.report(&key, Duration::from_millis(2), input);
    }

    pub(super) fn leave(&mut self, revision: RevisionNumber, outside: &mut Surroundings<'_>) {
        let gone = self
            .artifacts
            .get(&revision)
            .is_none_or(|found| *found == Artifact::Leaving);
        if gone {
            self.artifacts.remove(&revision);
            let key = EffectKey::of("place", revision);
            let input = self.reported(&key, 1, Report::ArtifactRemoved);
            outside.report(&key, Duration::from_millis(2), input);
        }
    }

    /// Takes a turn in the life of one process.
    pub(super) fn turn(&mut self, fate: &Fate, outside: &mut Surroundings<'_>) {
        let (revision, n) = (fate.revision, fate.instance);
        let nature = self.nature(revision);
        let Some(fleet) = self.fleets.get_mut(&revision) else {
            return;
        };
        let desired = fleet.desired;
        let Some(instance) = fleet.process(n, fate.incarnation) else {
            return;
        };
        match (&fate.turn, instance.state) {
            (Turn::Started, State::Starting) => {
                instance.state = State::Running { well: false };
                let instance = instance.clone();
                tell_instance(revision, (n, &instance), outside);
                foretell((revision, n, fate.incarnation), nature, outside);
            }
            (Turn::Well, State::Running { .. }) => {
                instance.state = State::Running { well: true };
                self.law.once_well.insert(address(revision, n, fate.incarnation));
                self.look_at(revision, (n, fate.incarnation), outside);
            }
            (Turn::Ill, State::Running { .. }) => {
                instance.state = State::Running { well: false };
                self.look_at(revision, (n, fate.incarnation), outside);
            }
            (Turn::Exits, State::Starting | State::Running { .. }) => self.exit(revision, n, outside),
            (Turn::Stops, State::Stopping) => {
                instance.state = State::Stopped;
                self.stopped(revision, n, outside);
            }
            (Turn::Respawn, State::Exited | State::Stopped) if matches!(desired, Desired::Run(_)) => {
                self.spawn(revision, n, outside);
            }
            _ => {}
        }
    }

    /// Ends a process that nobody asked to end; the host starts it again.
    fn exit(&mut self, revision: RevisionNumber, n: u32, outside: &mut Surroundings<'_>) {
        let Some(instance) = self
            .fleets
            .get_mut(&revision)
            .and_then(|fleet| fleet.instances.get_mut(&n))
        else {
            return;
        };
        instance.state = State::Exited;
        instance.exits += 1;
        let instance = instance.clone();
        tell_instance(revision, (n, &instance), outside);
        self.look_at(revision, (n, instance.incarnation), outside);
        let whose = (revision, n, instance.incarnation);
        fated(whose, (instance.backoff(), Turn::Respawn), outside);
    }

    fn stopped(&mut self, revision: RevisionNumber, n: u32, outside: &mut Surroundings<'_>) {
        let Some(fleet) = self.fleets.get(&revision) else {
            return;
        };
        if matches!(fleet.desired, Desired::Run(_)) {
            self.spawn(revision, n, outside);
        } else if !fleet.is_alive() {
            let key = EffectKey::of("instance", revision);
            let input = stamped(&key, (fleet.order, 5), Report::InstanceStopped);
            outside.report(&key, Duration::from_millis(3), input);
        }
    }

    pub(super) fn one_instance_dies(&mut self, outside: &mut Surroundings<'_>) -> bool {
        let alive: Vec<_> = self.processes(|instance| instance.is_alive() && instance.state != State::Stopping);
        if alive.is_empty() {
            return false;
        }
        // The revision that waits without traffic to be returned to is the more interesting victim.
        let idle: Vec<_> = alive
            .iter()
            .filter(|(revision, _)| self.proxy.weight(*revision) == 0)
            .copied()
            .collect();
        let victims = if idle.is_empty() || outside.chance.per_mille(300) {
            alive
        } else {
            idle
        };
        let (revision, n) = *outside.chance.pick(&victims);
        self.exit(revision, n, outside);
        true
    }

    pub(super) fn all_instances_die(&mut self, outside: &mut Surroundings<'_>) {
        for (revision, n) in self.processes(|instance| instance.state == State::Stopping) {
            if let Some(instance) = self.fleets.get_mut(&revision).and_then(|f| f.instances.get_mut(&n)) {
                instance.state = State::Stopped;
            }
            self.stopped(revision, n, outside);
        }
        for (revision, n) in self.processes(Instance::is_alive) {
            self.exit(revision, n, outside);
        }
    }

    fn processes(&self, which: impl Fn(&Instance) -> bool) -> Vec<(RevisionNumber, u32)> {
        let all = self
            .fleets
            .iter()
            .flat_map(|(revision, fleet)| fleet.instances.iter().map(|(n, found)| (*revision, *n, found)));
        all.filter(|(_, _, found)| which(found))
            .map(|(revision, n, _)| (revision, n))
            .collect()
    }

    /// Lets the probe, if there is one, see enough of this process to tell.
    pub(super) fn look_at(&mut self, revision: RevisionNumber, process: (u32, u64), outside: &mut Surroundings<'_>) {
        let (instance, incarnation) = process;
        let key = EffectKey::of("probe", revision);
        if self.is_probed(revision, process) && outside.is_heard(&key) {
            let is_well = self.is_well(revision, process);
            let streak = if is_well { 1 } else { 3 };
            let happening = Happening::Probed {
                revision,
                instance,
                incarnation,
                is_well,
            };
            outside.later(Duration::from_secs(streak), happening);
        }
    }

    pub(super) fn probed(&mut self, revision: RevisionNumber, process: (u32, u64), outside: &mut Surroundings<'_>) {
        if !self.is_probed(revision, process) {
            return;
        }
        let (instance, incarnation) = process;
        let (state, streak, detail) = if self.is_well(revision, process) {
            (ProbeState::Passing, 1, "connected")
        } else {
            (ProbeState::Failing, 3, "connection refused")
        };
        let report = Report::ProbeChanged {
            instance,
            state,
            streak,
            detail: detail.into(),
        };
        let key = EffectKey::of("probe", revision);
        let input = self.reported(&key, incarnation, report);
        outside.report(&key, Duration::from_millis(5), input);
    }

    fn is_probed(&self, revision: RevisionNumber, (instance, incarnation): (u32, u64)) -> bool {
        let targets = self.probes.get(&revision);
        targets
            .and_then(|targets| targets.get(&instance))
            .is_some_and(|target| target.incarnation == incarnation)
    }

    pub(super) fn is_well(&self, revision: RevisionNumber, (instance, incarnation): (u32, u64)) -> bool {
        let found = self
            .fleets
            .get(&revision)
            .and_then(|fleet| fleet.instances.get(&instance));
        found.is_some_and(|found| found.incarnation == incarnation && found.is_well())
    }

    /// A route reaches the proxy, which follows it unless it has a newer one; who sends the newest asks again until it
    /// is in force.
    pub(super) fn routed(&mut self, route: Route, outside: &mut Surroundings<'_>) {
        let (port_is_free, followed) = (self.port_is_free(outside.passed), self.proxy.route.as_ref());
        // A host learns its address with the first route, and no route before it listened there once.
        let learns = self.proxy.is_up && (port_is_free || followed.is_some());
        if !(learns && port_is_free) && route.fence == self.proxy.newest {
            outside.later(Duration::from_millis(500), Happening::Routed(Box::new(route.clone())));
        }
        let followed = followed.map(|followed| followed.fence);
        if !learns || followed > Some(route.fence) {
            return;
        }
        if followed != Some(route.fence) {
            self.judge_route(&route);
            self.proxy.route = Some(route);
        }
        if port_is_free {
            self.in_force(outside);
        }
    }

    /// Judges a route that is news to the proxy.
    fn judge_route(&mut self, route: &Route) {
        for (revision, weight) in &route.table.split {
            let runs = self
                .fleets
                .get(revision)
                .is_some_and(|fleet| fleet.desired != Desired::Stop);
            if *weight > 0 && !runs {
                let detail = format!("the proxy is sent to {revision}, which was stopped");
                self.law.violate("1 traffic", detail);
            }
        }
    }

    /// The proxy serves by its route and says so.
    fn in_force(&mut self, outside: &mut Surroundings<'_>) {
        let split = self.proxy.route.iter().flat_map(|route| &route.table.split);
        let whole = split.filter(|(_, weight)| **weight == 100);
        self.law.had_everything.extend(whole.map(|(revision, _)| *revision));
        self.tell_route(outside);
    }

    pub(super) fn port_is_free(&self, passed: Duration) -> bool {
        passed >= self.port_taken_until
    }

    pub(super) fn refuse_route(&mut self, key: &EffectKey, route: &Route, outside: &mut Surroundings<'_>) {
        let report = Report::RouteRefused {
            fence: route.fence,
            reason: "the port is in use".into(),
        };
        let input = self.reported(key, self.proxy.epoch, report);
        outside.report(key, Duration::from_millis(20), input);
    }

    fn tell_route(&mut self, outside: &mut Surroundings<'_>) {
        let Some(fence) = self.proxy.route.as_ref().map(|route| route.fence) else {
            return;
        };
        let key = EffectKey::new("route");
        let address = LISTEN.into();
        let input = self.reported(&key, self.proxy.epoch, Report::RouteSeen { fence, address });
        outside.report(&key, Duration::from_millis(2), input);
    }

    pub(super) fn proxy_dies(&mut self, outside: &mut Surroundings<'_>) {
        if self.proxy.is_up {
            self.proxy.die();
            let away = outside.chance.milliseconds(50, 8_000);
            outside.later(away, Happening::ProxyStarts);
        }
    }

    pub(super) fn proxy_starts(&mut self, outside: &mut Surroundings<'_>) {
        self.proxy.start(outside.passed);
        if outside.chance.per_mille(300) {
            // Somebody else took the port while it was free.
            self.port_taken_until = outside.passed + outside.chance.milliseconds(500, 40_000);
        }
        if self.port_is_free(outside.passed) {
            self.in_force(outside);
        } else if let Some(route) = self.proxy.route.clone() {
            self.refuse_route(&EffectKey::new("route"), &route, outside);
            let again = self.port_taken_until.saturating_sub(outside.passed);
            outside.later(again, Happening::Routed(Box::new(route)));
        }
    }

    /// The observer of the proxy's counters reports, and looks again a window later.
    pub(super) fn window(&mut self, revision: RevisionNumber, by: (u64, Duration), outside: &mut Surroundings<'_>) {
        let (observer, every) = by;
        let key = EffectKey::of("watch", revision);
        if self.watches.get(&revision) != Some(&observer) || !outside.is_heard(&key) {
            return;
        }
        let report = if self.proxy.is_up {
            let since = outside.passed.saturating_sub(self.proxy.since);
            let window = (since.as_millis() / every.as_millis().max(1)) as u64;
            self.law
                .windows
                .entry(revision)
                .or_default()
                .insert((self.proxy.epoch, window));
            let counts = self.proxy.counts.get(&revision).copied().unwrap_or_default();
            Report::WindowObserved { window, counts }
        } else {
            Report::WatchSilent {
                reason: "the proxy does not answer".into(),
            }
        };
        let input = self.reported(&key, self.proxy.epoch, report);
        outside.report(&key, Duration::from_millis(4), input);
        // Failures are reported sooner than a window's end.
        let early = if outside.chance.per_mille(100) { 2 } else { 1 };
        let happening = Happening::Window {
            revision,
            observer,
            every,
        };
        outside.later(every / early, happening);
    }
}

/// Reports what an instance does.
pub(super) fn tell_instance(revision: RevisionNumber, what: (u32, &Instance), outside: &mut Surroundings<'_>) {
    let (n, instance) = what;
    let key = EffectKey::of("instance", revision);
    let (position, report) = match instance.state {
        State::Running { .. } => {
            let address = address(revision, n, instance.incarnation);
            (2, Report::InstanceStarted { instance: n, address })
        }
        State::Exited => {
            let status = "killed by SIGKILL".into();
            (4, Report::InstanceExited { instance: n, status })
        }
        State::Starting | State::Stopping | State::Stopped => return,
    };
    let input = stamped(&key, (instance.incarnation, position), report);
    outside.report(&key, Duration::from_millis(3), input);
}

/// Lets a turn of this process come after a while.
pub(super) fn fated(whose: (RevisionNumber, u32, u64), what: (Duration, Turn), outside: &mut Surroundings<'_>) {
    let (revision, instance, incarnation) = whose;
    let (after, turn) = what;
    let fate = Fate {
        revision,
        instance,
        incarnation,
        turn,
    };
    outside.later(after, Happening::Instance(fate));
}

/// Draws how a process that has just begun goes on.
fn foretell(whose: (RevisionNumber, u32, u64), nature: Nature, outside: &mut Surroundings<'_>) {
    let slow = if outside.chance.per_mille(100) { 20_000 } else { 3_000 };
    let well = outside.chance.milliseconds(100, slow);
    match nature {
        Nature::CrashesAtStart => {
            let after = outside.chance.milliseconds(50, 2_000);
            fated(whose, (after, Turn::Exits), outside);
        }
        Nature::NeverReady => {}
        Nature::FallsIll => {
            let after = well + outside.chance.milliseconds(2_000, 60_000);
            fated(whose, (well, Turn::Well), outside);
            fated(whose, (after, Turn::Ill), outside);
        }
        _ => fated(whose, (well, Turn::Well), outside),
    }
}
