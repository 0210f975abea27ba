//! The environment machine: from an intent to a promoted, soaked or returned revision.
//!
//! Reports are recorded as facts about revisions and instances, and [`decide`] then asks
//! what follows from the state as a whole, again and again until nothing does. That is
//! why not one handler per (phase, report): reports may come in any order, twice, or not
//! at all, and only the state they lead to counts.
//!
//! The effects are derived from the folded state after every event, so that one place
//! lists all that ought to be true outside.
//!
//! - The stable revision runs, and keeps its artifact, until its successor is soaked.
//! - Traffic moves only to a revision whose instances are all ready, and a promotion
//!   waits until the proxy says that it follows.
//! - There is at most one rollout; a newer one supersedes explicitly and waits its turn.

pub mod decide;
pub mod effect;
mod effects;
pub mod event;
mod evolve;
mod given_up;
pub mod input;
mod invariants;
pub mod reason;
pub mod refusal;
pub mod rollout;

use std::collections::{BTreeMap, VecDeque};

use lockgate_core::{Broken, EffectKey, InputId, Machine, Now, Standing, StreamId, Waiting, WakeAt};

pub use effect::{Effect, Route, RouteTable, Run};
pub use event::{Cause, EnvironmentEvent, Fact, QueuedDeploy, Return};
pub use input::{EnvironmentInput, EnvironmentStart, Intent, ProbeState, Report, Target, WhileRunning};
pub use reason::{Actor, Reason};
pub use refusal::Refusal;
pub use rollout::{Phase, Rollout, Soak};

use crate::definition::ApplicationDefinition;
use crate::release::Release;
use crate::revision::{Revision, RevisionNumber, Running, Slot};

/// How many earlier revisions can be named in a rollback.
const KNOWN_REVISIONS: usize = 20;
/// How many intents are remembered, so that a repeated one does nothing.
const REMEMBERED_INTENTS: usize = 256;

/// One environment of one project, folded from its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    id: StreamId,
    start: EnvironmentStart,
    sequence: u64,
    generation: u64,
    last_revision: u32,
    stable: Option<RevisionNumber>,
    previous: Option<RevisionNumber>,
    revisions: BTreeMap<RevisionNumber, Revision>,
    known: BTreeMap<RevisionNumber, Known>,
    route: Option<Route>,
    address: Option<String>,
    route_trouble: Option<String>,
    /// The traffic was divided anew, and nobody has seen the proxy follow: it may still send by the division before.
    unseen: bool,
    draining: BTreeMap<RevisionNumber, Draining>,
    rollout: Option<Rollout>,
    queued: Option<QueuedDeploy>,
    paused: Option<String>,
    intents: VecDeque<InputId>,
    stamps: BTreeMap<(EffectKey, u32), (u64, u64)>,
    frozen: Option<Broken>,
    breach: Option<String>,
    effects: BTreeMap<EffectKey, Effect>,
}

/// A revision that was begun here once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it was.
    pub release: Release,
    /// How it ran.
    pub definition: ApplicationDefinition,
    /// How it ended up.
    pub record: Record,
}

/// How well a revision did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// It never passed a soak.
    Unproven,
    /// It passed its soak, or a proof after a rollback.
    Good,
    /// Traffic was taken away from it.
    RolledBack,
}

/// A revision whose last requests are awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draining {
    limit: WakeAt,
    fence: u64,
}

impl Environment {
    /// Returns the environment's name, such as `production`.
    pub fn name(&self) -> &str {
        &self.start.environment
    }

    /// Returns the project's identity.
    pub fn project(&self) -> &str {
        &self.start.project
    }

    /// Returns how many events were folded; the position of the last one.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the number of intents that were accepted.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the revision that serves by default.
    pub fn stable(&self) -> Option<&Revision> {
        self.revision(self.stable?)
    }

    /// Returns the revision that a rollback returns to without starting anything.
    pub fn previous(&self) -> Option<&Revision> {
        self.revision(self.previous?)
    }

    /// Returns a revision that has artifacts or instances on the target.
    pub fn revision(&self, number: RevisionNumber) -> Option<&Revision> {
        self.revisions.get(&number)
    }

    /// Returns the revisions that have artifacts or instances on the target.
    pub fn revisions(&self) -> impl Iterator<Item = &Revision> {
        self.revisions.values()
    }

    /// Returns the revisions that a rollback can name, the oldest first.
    pub fn known(&self) -> &BTreeMap<RevisionNumber, Known> {
        &self.known
    }

    /// Returns the rollout that is not over.
    pub fn rollout(&self) -> Option<&Rollout> {
        self.rollout.as_ref()
    }

    /// Returns the deploy that waits for the rollout that it supersedes.
    pub fn queued(&self) -> Option<&QueuedDeploy> {
        self.queued.as_ref()
    }

    /// Returns the route that the proxy ought to follow.
    pub fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }

    /// Returns the address at which the proxy listens, once it was seen.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Returns why the proxy does not follow the route.
    pub fn route_trouble(&self) -> Option<&str> {
        self.route_trouble.as_deref()
    }

    /// Returns why automatic deploys wait.
    pub fn paused(&self) -> Option<&str> {
        self.paused.as_deref()
    }

    /// Returns the invariant that would have been broken.
    pub fn broken(&self) -> Option<&Broken> {
        self.frozen.as_ref()
    }

    /// Returns the share of traffic that a revision ought to have.
    pub fn weight(&self, revision: RevisionNumber) -> u8 {
        self.route.as_ref().map_or(0, |route| route.table.weight(revision))
    }

    /// Returns how a revision is called: its version and number.
    pub fn title(&self, revision: RevisionNumber) -> String {
        match self.known.get(&revision) {
            Some(known) => format!("{} ({revision})", known.release.version),
            None => revision.to_string(),
        }
    }

    /// Returns the number of the newest revision; 0 when there never was one.
    pub(crate) fn last_revision(&self) -> u32 {
        self.last_revision
    }

    /// Returns whether nothing can come to a revision any more: its last requests are answered, and the proxy was seen
    /// to follow the present route.
    fn is_left(&self, revision: RevisionNumber) -> bool {
        !self.unseen && !self.is_draining(revision)
    }

    /// Returns the revision that ends as soon as its last requests are answered, and has this slot until then.
    pub(crate) fn lingering(&self, slot: Slot) -> Option<&Revision> {
        let mut running = self.revisions.values().filter(|r| r.running == Running::Wanted);
        running.find(|revision| revision.slot == slot && !self.is_left(revision.number))
    }

    fn is_draining(&self, revision: RevisionNumber) -> bool {
        self.draining.contains_key(&revision)
    }
}

impl Machine for Environment {
    type Id = StreamId;
    type Start = EnvironmentStart;
    type Input = EnvironmentInput;
    type Event = EnvironmentEvent;
    type Rejection = Refusal;
    type Effect = Effect;

    const KIND: &'static str = "environment";
    const VERSION: u32 = 1;

    fn create(start: EnvironmentStart, now: Now) -> EnvironmentEvent {
        EnvironmentEvent {
            at: now.wall,
            cause: Cause::Itself,
            fact: Fact::EnvironmentCreated(start),
        }
    }

    fn begin(id: StreamId, first: &EnvironmentEvent) -> Self {
        let start = match &first.fact {
            Fact::EnvironmentCreated(start) => start.clone(),
            _ => EnvironmentStart {
                project: String::new(),
                environment: id.rest().to_owned(),
            },
        };
        Self {
            id,
            start,
            sequence: 1,
            generation: 0,
            last_revision: 0,
            stable: None,
            previous: None,
            revisions: BTreeMap::new(),
            known: BTreeMap::new(),
            route: None,
            address: None,
            route_trouble: None,
            unseen: false,
            draining: BTreeMap::new(),
            rollout: None,
            queued: None,
            paused: None,
            intents: VecDeque::new(),
            stamps: BTreeMap::new(),
            frozen: None,
            breach: None,
            effects: BTreeMap::new(),
        }
    }

    fn decide(&self, input: EnvironmentInput, now: Now) -> Result<Vec<EnvironmentEvent>, Refusal> {
        decide::decide(self, input, &now)
    }

    fn evolve(&mut self, event: &EnvironmentEvent) {
        evolve::evolve(self, event);
    }

    fn effects(&self) -> &BTreeMap<EffectKey, Effect> {
        &self.effects
    }

    fn standing(&self) -> Standing {
        if let Some(broken) = &self.frozen {
            return Standing::Waiting(Waiting::Person(format!("frozen: {broken}")));
        }
        if let Some(rollout) = &self.rollout {
            return match rollout.question() {
                Some(question) => Standing::Waiting(Waiting::Person(question)),
                None => Standing::Acting,
            };
        }
        let tidying = self
            .revisions
            .values()
            .any(|revision| revision.running != Running::Wanted);
        if tidying {
            Standing::Acting
        } else {
            Standing::Waiting(Waiting::Intent)
        }
    }

    fn check(&self) -> Result<(), Broken> {
        invariants::check(self)
    }

    fn frozen(broken: &Broken, now: Now) -> EnvironmentEvent {
        EnvironmentEvent {
            at: now.wall,
            cause: Cause::Itself,
            fact: Fact::Frozen(broken.clone()),
        }
    }

    fn event_name(event: &EnvironmentEvent) -> &'static str {
        event.fact.name()
    }
}
