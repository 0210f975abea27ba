//! The outside of an environment: artifacts, instances, a proxy with traffic, and impatient people.

mod catalogue;
mod fleet;
mod law;
mod nature;
mod observers;
mod performing;
mod proxy;

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, InputId, Machine, ResultStamp, Standing, StreamId, Waiting};
use lockgate_delivery::environment::effect::{Effect, ProbeTarget, Route};
use lockgate_delivery::environment::event::Fact;
use lockgate_delivery::environment::input::{EnvironmentStart, Intent, Report, Target};
use lockgate_delivery::{Environment, EnvironmentEvent, EnvironmentInput, RevisionNumber};

use super::{Beginning, Lasting, Outside, World};
use crate::chance::Chance;
use crate::coverage::Impossible;
use fleet::{Desired, Fate, Fleet, State};
use law::{Law, Truth};
use nature::{Nature, People};
use proxy::{Answers, Proxy};

/// The fake outside of one environment.
#[derive(Debug)]
pub struct EnvironmentWorld {
    people: People,
    has_smoke: bool,
    artifacts: BTreeMap<RevisionNumber, Artifact>,
    fleets: BTreeMap<RevisionNumber, Fleet>,
    probes: BTreeMap<RevisionNumber, BTreeMap<u32, ProbeTarget>>,
    watches: BTreeMap<RevisionNumber, u64>,
    proxy: Proxy,
    /// Until then somebody else sits on the proxy's port.
    port_taken_until: Duration,
    law: Law,
    numbers: u64,
    has_given_up: bool,
}

/// An artifact on the target.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Artifact {
    Arriving { version: String },
    Placed { version: String },
    Refused,
    Leaving,
}

/// What happens around an environment by itself.
#[derive(Clone, Debug)]
pub enum Happening {
    /// An artifact arrives, or cannot.
    Arrived(RevisionNumber),
    /// An artifact is gone.
    Left(RevisionNumber),
    /// A turn in the life of an instance.
    #[expect(private_interfaces, reason = "only this world makes and takes its happenings")]
    Instance(Fate),
    /// A probe has seen enough to tell.
    Probed {
        /// Whose.
        revision: RevisionNumber,
        /// Its number.
        instance: u32,
        /// Its process.
        incarnation: u64,
        /// Whether it answered all the while.
        is_well: bool,
    },
    /// A route reaches the proxy.
    Routed(Box<Route>),
    /// The proxy's next report is due.
    Window {
        /// Of which revision.
        revision: RevisionNumber,
        /// By which observer.
        observer: u64,
        /// How often.
        every: Duration,
    },
    /// The proxy is back.
    ProxyStarts,
}

type Surroundings<'s> = Outside<'s, Environment, Happening>;

impl World<Environment> for EnvironmentWorld {
    type Happening = Happening;
    const EVENTS: &'static [&'static str] = catalogue::EVENTS;
    const RARE: &'static [&'static str] = catalogue::RARE;
    const IMPOSSIBLE: &'static [Impossible] = catalogue::IMPOSSIBLE;
    const HORIZON: Duration = Duration::from_mins(15);
    const PATIENCE: Duration = Duration::from_mins(30);

    fn invent(chance: &mut Chance) -> Beginning<Environment, Self> {
        let people = People::draw(chance);
        let rate = *chance.pick(&[0, 15, 180, 1_200, 1_200]);
        let port_taken_until = if chance.per_mille(100) {
            chance.milliseconds(0, 120_000)
        } else {
            Duration::ZERO
        };
        let world = Self {
            has_smoke: people.has_smoke(),
            law: Law::with_windows(people.window()),
            people,
            artifacts: BTreeMap::new(),
            fleets: BTreeMap::new(),
            probes: BTreeMap::new(),
            watches: BTreeMap::new(),
            proxy: Proxy::new(rate),
            port_taken_until,
            numbers: 0,
            has_given_up: false,
        };
        Beginning {
            world,
            id: StreamId::new("environment", "shop/production"),
            start: EnvironmentStart {
                project: "shop".into(),
                environment: "production".into(),
            },
        }
    }

    fn perform(&mut self, key: &EffectKey, effect: &Effect, outside: &mut Surroundings<'_>) -> Lasting {
        self.pass(outside.passed);
        self.make_true(key, effect, outside)
    }

    fn sweep(&mut self, effects: &BTreeMap<EffectKey, Effect>) {
        let wanted = |kind: &str, revision: &RevisionNumber| effects.contains_key(&EffectKey::of(kind, revision));
        self.artifacts.retain(|revision, _| wanted("place", revision));
        for (revision, fleet) in &mut self.fleets {
            if !wanted("instance", revision) {
                fleet.desired = Desired::Stop;
                for instance in fleet.instances.values_mut() {
                    instance.state = State::Stopped;
                }
            }
        }
    }

    fn happen(&mut self, happening: Happening, outside: &mut Surroundings<'_>) {
        self.pass(outside.passed);
        match happening {
            Happening::Arrived(revision) => self.arrive(revision, outside),
            Happening::Left(revision) => self.leave(revision, outside),
            Happening::Instance(fate) => self.turn(&fate, outside),
            Happening::Probed {
                revision,
                instance,
                incarnation,
                is_well,
            } => {
                if is_well == self.is_well(revision, (instance, incarnation)) {
                    self.probed(revision, (instance, incarnation), outside);
                }
            }
            Happening::Routed(route) => self.routed(*route, outside),
            Happening::Window {
                revision,
                observer,
                every,
            } => self.window(revision, (observer, every), outside),
            Happening::ProxyStarts => self.proxy_starts(outside),
        }
    }

    fn rebooted(&mut self, outside: &mut Surroundings<'_>) {
        self.pass(outside.passed);
        self.proxy_dies(outside);
        self.all_instances_die(outside);
    }

    fn strike(&mut self, outside: &mut Surroundings<'_>) -> bool {
        self.pass(outside.passed);
        if self.proxy.is_up && outside.chance.per_mille(250) {
            self.proxy_dies(outside);
            return true;
        }
        self.one_instance_dies(outside)
    }

    fn next_whim(&mut self, chance: &mut Chance) -> Option<Duration> {
        self.people.next_wish(chance)
    }

    fn whim(&mut self, _state: &Environment, id: &InputId, chance: &mut Chance) -> Option<EnvironmentInput> {
        Some(self.people.wish(id, chance))
    }

    fn answer(&mut self, _state: &Environment, id: &InputId, chance: &mut Chance) -> Option<EnvironmentInput> {
        let intent = match chance.below(4) {
            0 => {
                self.has_given_up = true;
                return None;
            }
            1 => Intent::Abort,
            2 => Intent::Rollback { to: Target::LastGood },
            _ => Intent::Continue,
        };
        Some(nature::asked(id, intent, chance))
    }

    fn appended(&mut self, event: &EnvironmentEvent, passed: Duration) {
        self.pass(passed);
        self.has_given_up = false;
        let subject = match &event.fact {
            Fact::SwitchDecided { revision, .. } | Fact::Promoted { revision, .. } | Fact::Soaked { revision, .. } => {
                Some(*revision)
            }
            Fact::TrafficReturned { target, .. } => *target,
            _ => None,
        };
        let truth = self.truth(subject, passed);
        self.law.judge(event, &truth);
    }

    fn check(&self, _state: &Environment) -> Result<(), Broken> {
        self.law.check()
    }

    fn is_settled(&self, state: &Environment) -> bool {
        match state.standing() {
            Standing::Over => true,
            Standing::Waiting(Waiting::Intent) => {
                // At rest nothing may be left that ends by itself.
                let stands = |effect: &Effect| {
                    matches!(
                        effect,
                        Effect::Place { .. } | Effect::Run(_) | Effect::Probe { .. } | Effect::Route(_)
                    )
                };
                state.effects().values().all(stands) && self.follows(state)
            }
            Standing::Waiting(Waiting::Person(_)) => self.has_given_up,
            Standing::Acting => false,
        }
    }

    fn check_settled(&self, state: &Environment) -> Result<(), Broken> {
        let effects = state.effects();
        for (revision, fleet) in &self.fleets {
            let wanted = matches!(effects.get(&EffectKey::of("instance", revision)), Some(Effect::Run(_)));
            if fleet.is_alive() && !wanted {
                return Err(Broken::new(
                    "end",
                    format!("{revision} still runs, and nobody wants it"),
                ));
            }
        }
        for revision in self.artifacts.keys() {
            if !effects.contains_key(&EffectKey::of("place", revision)) {
                return Err(Broken::new(
                    "end",
                    format!("the artifact of {revision} was left behind"),
                ));
            }
        }
        self.check_serving()
    }
}

impl EnvironmentWorld {
    /// Returns whether the proxy follows the route that it ought to.
    fn follows(&self, state: &Environment) -> bool {
        // A withdrawn route is no route.
        let table = |route: &&Route| !route.table.split.is_empty();
        let followed = self.proxy.route.as_ref().filter(table).map(|route| &route.table);
        followed == state.route().filter(table).map(|route| &route.table)
    }

    /// Returns what is wrong with the revision that has the traffic at the end.
    fn check_serving(&self) -> Result<(), Broken> {
        let serving = self.proxy.route.iter().flat_map(|route| route.table.split.keys());
        for revision in serving {
            let fleet = self.fleets.get(revision);
            // The host starts again what died; a moment without is no fault of the machine.
            let kept = fleet.is_some_and(|fleet| matches!(fleet.desired, Desired::Run(_)));
            if !kept {
                return Err(Broken::new(
                    "1 traffic",
                    format!("{revision} has the traffic and does not run"),
                ));
            }
        }
        Ok(())
    }

    fn truth(&self, subject: Option<RevisionNumber>, passed: Duration) -> Truth {
        Truth {
            nature: subject.map_or(Nature::Good, |revision| self.nature(revision)),
            weight: subject.map_or(0, |revision| self.proxy.weight(revision)),
            has_smoke: self.has_smoke,
            soak: self.people.soak(),
            passed,
        }
    }

    fn nature(&self, revision: RevisionNumber) -> Nature {
        self.fleets
            .get(&revision)
            .map_or(Nature::Good, |fleet| self.people.nature(&fleet.version))
    }

    /// Lets the requests come that came since.
    fn pass(&mut self, passed: Duration) {
        let (fleets, people, listens) = (&self.fleets, &self.people, self.port_is_free(passed));
        self.proxy
            .serve(passed, listens, |revision| match fleets.get(&revision) {
                Some(fleet) if fleet.is_serving() => match people.nature(&fleet.version) {
                    Nature::FailsUnderTraffic => Answers::WellAtFirst,
                    _ => Answers::Well,
                },
                _ => Answers::Never,
            });
    }

    /// Returns a number that was never used before and is larger than all before.
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Returns the input that brings a report with the next number of this incarnation.
    fn reported(&mut self, key: &EffectKey, incarnation: u64, report: Report) -> EnvironmentInput {
        let sequence = self.number();
        stamped(key, (incarnation, sequence), report)
    }
}

fn stamped(key: &EffectKey, stamp: (u64, u64), report: Report) -> EnvironmentInput {
    EnvironmentInput::Reported {
        stamp: ResultStamp {
            key: key.clone(),
            incarnation: stamp.0,
            sequence: stamp.1,
        },
        report,
    }
}
