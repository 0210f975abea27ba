//! One commit on its way to one environment.
//!
//! Every stage is an effect that *ensures*: the run, the release and the deploy are begun
//! under ids that derive from the ship's, so a driver that is killed between any two of
//! them performs the same effect again and attaches. The ship then follows what it began
//! until that is over, and says so once.
//!
//! - Nothing is released before the gate has passed, nothing is deployed before the release.
//! - A ship that is over has no effects and never changes.

mod decide;
pub mod effect;
pub mod event;
mod evolve;
pub mod input;
mod invariants;

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::{Broken, EffectKey, InputId, Machine, Now, Standing, StreamId, Waiting};
use lockgate_delivery::{Release, ReleaseId, RevisionNumber};
use lockgate_pipeline::run::RunId;
use serde::{Deserialize, Serialize};

pub use effect::Effect;
pub use event::{Cause, Fact, ShipEvent};
pub use input::{Intent, Report, ShipInput, ShipStart};

/// One commit on its way to one environment, folded from its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ship {
    id: StreamId,
    start: Option<ShipStart>,
    stage: Stage,
    release: Option<Release>,
    intents: BTreeSet<InputId>,
    stamps: BTreeMap<EffectKey, (u64, u64)>,
    effects: BTreeMap<EffectKey, Effect>,
}

/// How far a ship has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The run is not over.
    Running,
    /// Somebody cancelled, and the run is ending.
    Cancelling,
    /// The run is over and was not judged yet.
    Judging {
        /// What it left.
        artifacts: Vec<input::Artifact>,
    },
    /// The gate has passed; the release is being made.
    Releasing {
        /// What the run left.
        artifacts: Vec<input::Artifact>,
    },
    /// The environment has been asked.
    Deploying {
        /// The revision that it became.
        revision: Option<RevisionNumber>,
        /// Whether it serves.
        traffic: Traffic,
    },
    /// It is over.
    Over(Outcome),
    /// A decision would have broken an invariant.
    Frozen(Broken),
}

/// Whether a ship's revision serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Not yet.
    None,
    /// It has all traffic, and soaks.
    All,
}

/// How a ship ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Its revision serves and has passed its soak.
    Shipped {
        /// The revision.
        revision: RevisionNumber,
    },
    /// A gate or the environment refused it; nothing was changed.
    Refused {
        /// Why, in words.
        reason: String,
    },
    /// Its rollout was given up.
    RolledBack {
        /// Why, in words.
        reason: String,
        /// Which revision serves now.
        serving: Option<RevisionNumber>,
    },
    /// Something else went wrong.
    Failed {
        /// What, in words.
        reason: String,
    },
    /// Somebody cancelled it before its deploy.
    Cancelled {
        /// Who.
        by: String,
    },
}

/// Why an intent is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// It is over.
    #[error("{ship} is over: {outcome}; `lockgate ship` begins another")]
    Over {
        /// Which ship.
        ship: String,
        /// How it ended.
        outcome: String,
    },
    /// Its rollout has begun.
    #[error("{ship} is being deployed; `lockgate abort {environment}` rolls it back")]
    Deploying {
        /// Which ship.
        ship: String,
        /// Where.
        environment: String,
    },
    /// It is being cancelled.
    #[error("{ship} is being cancelled already; `lockgate status` shows it")]
    Cancelling {
        /// Which ship.
        ship: String,
    },
    /// An invariant would have been broken before.
    #[error("{ship} is frozen, because a decision would have broken {broken}; `lockgate ship` begins another")]
    Frozen {
        /// Which ship.
        ship: String,
        /// Which.
        broken: Broken,
    },
}

impl Ship {
    /// Returns what it was begun with.
    pub fn start(&self) -> Option<&ShipStart> {
        self.start.as_ref()
    }

    /// Returns how far it has come.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Returns the release, once it was made.
    pub fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    /// Returns how it ended.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.stage {
            Stage::Over(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Returns the id of its run.
    pub fn run(&self) -> RunId {
        run_of(&self.id)
    }

    /// Returns the id of its deploy intent.
    pub fn deploy(&self) -> InputId {
        deploy_of(&self.id)
    }
}

/// Returns the id of the run that a ship begins.
pub fn run_of(ship: &StreamId) -> RunId {
    RunId(format!("{}.1", ship.rest()))
}

/// Returns the id of the release that a ship makes.
pub fn release_of(ship: &StreamId) -> ReleaseId {
    ReleaseId(ship.rest().to_owned())
}

/// Returns the id of the deploy intent that a ship sends.
pub fn deploy_of(ship: &StreamId) -> InputId {
    InputId(format!("{ship}/deploy"))
}

impl Machine for Ship {
    type Id = StreamId;
    type Start = ShipStart;
    type Input = ShipInput;
    type Event = ShipEvent;
    type Rejection = Refusal;
    type Effect = Effect;

    const KIND: &'static str = "ship";
    const VERSION: u32 = 1;

    fn create(start: ShipStart, now: Now) -> ShipEvent {
        ShipEvent {
            at: now.wall,
            cause: Cause::Itself,
            fact: Fact::ShipStarted(Box::new(start)),
        }
    }

    fn begin(id: StreamId, first: &ShipEvent) -> Self {
        let mut ship = Self {
            id,
            start: None,
            stage: Stage::Running,
            release: None,
            intents: BTreeSet::new(),
            stamps: BTreeMap::new(),
            effects: BTreeMap::new(),
        };
        ship.evolve(first);
        ship
    }

    fn decide(&self, input: ShipInput, now: Now) -> Result<Vec<ShipEvent>, Refusal> {
        decide::decide(self, input, &now)
    }

    fn evolve(&mut self, event: &ShipEvent) {
        evolve::evolve(self, event);
    }

    fn effects(&self) -> &BTreeMap<EffectKey, Effect> {
        &self.effects
    }

    fn standing(&self) -> Standing {
        match &self.stage {
            Stage::Over(_) => Standing::Over,
            Stage::Frozen(broken) => Standing::Waiting(Waiting::Person(format!("frozen: {broken}"))),
            _ => Standing::Acting,
        }
    }

    fn check(&self) -> Result<(), Broken> {
        invariants::check(self)
    }

    fn frozen(broken: &Broken, now: Now) -> ShipEvent {
        ShipEvent {
            at: now.wall,
            cause: Cause::Itself,
            fact: Fact::Frozen(broken.clone()),
        }
    }

    fn event_name(event: &ShipEvent) -> &'static str {
        event.fact.name()
    }
}
