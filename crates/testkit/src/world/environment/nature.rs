//! What releases are like: most are good, the others are bad in one way each.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::InputId;
use lockgate_delivery::definition::{BlueGreen, Command, HealthCheck, Previous, Probe};
use lockgate_delivery::environment::input::{Intent, Target, WhileRunning};
use lockgate_delivery::environment::reason::Actor;
use lockgate_delivery::smoke::SmokeCheck;
use lockgate_delivery::{ApplicationDefinition, EnvironmentInput, Release, ReleaseId, Source};

use crate::chance::Chance;

/// How the instances of one release behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Ready after a while, and well for ever.
    Good,
    /// Cannot be put on the target.
    Unplaceable,
    /// Cannot be started at all.
    Unstartable,
    /// Ends soon after its start, every time.
    CrashesAtStart,
    /// Runs and never answers its probe.
    NeverReady,
    /// Answers its probe and fails its smoke checks.
    FailsSmoke,
    /// Answers with 500 once it has had a hundred requests.
    FailsUnderTraffic,
    /// Loses its health for good a while after it was ready.
    FallsIll,
}

impl Nature {
    fn draw(chance: &mut Chance) -> Self {
        match chance.below(100) {
            0..62 => Self::Good,
            62..66 => Self::Unplaceable,
            66..69 => Self::Unstartable,
            69..74 => Self::CrashesAtStart,
            74..79 => Self::NeverReady,
            79..85 => Self::FailsSmoke,
            85..95 => Self::FailsUnderTraffic,
            _ => Self::FallsIll,
        }
    }
}

/// The releases of one story, and what people want done with them.
#[derive(Debug)]
pub(super) struct People {
    natures: BTreeMap<String, Nature>,
    definition: ApplicationDefinition,
    wishes: u64,
    /// Everybody deploys over everybody else.
    in_a_rush: bool,
}

impl People {
    /// Draws a definition that all releases of the story share but for small things.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let mut definition = ApplicationDefinition::new("shop", Command::Shell("./shop".into()));
        definition.instances = if chance.per_mille(250) { 2 } else { 1 };
        definition.health = HealthCheck {
            deadline: Duration::from_secs(30),
            ..HealthCheck::of(Probe::Tcp)
        };
        if chance.per_mille(700) {
            definition.smoke.push(SmokeCheck::get("answers", "/"));
        }
        let soak = Duration::from_secs(chance.between(8, 24));
        definition.strategy = BlueGreen {
            soak,
            drain: Duration::from_secs(10),
            progress: Duration::from_mins(3),
            previous: if chance.per_mille(500) {
                Previous::StoppedAfterSoak
            } else {
                Previous::WarmUntilNextDeploy
            },
        };
        Self {
            natures: BTreeMap::new(),
            definition,
            wishes: chance.between(1, 6),
            in_a_rush: chance.per_mille(150),
        }
    }

    /// Returns how long until the next wish; `None` when nobody has one any more.
    pub(super) fn next_wish(&mut self, chance: &mut Chance) -> Option<Duration> {
        self.wishes = self.wishes.checked_sub(1)?;
        // Some are impatient, some wait until everything is over.
        Some(match chance.below(3) {
            _ if self.natures.is_empty() => chance.milliseconds(0, 3_000),
            _ if self.in_a_rush => chance.milliseconds(100, 6_000),
            0 => chance.milliseconds(100, 15_000),
            1 => chance.milliseconds(5_000, 60_000),
            _ => chance.milliseconds(60_000, 240_000),
        })
    }

    /// Returns what somebody wants.
    pub(super) fn wish(&mut self, id: &InputId, chance: &mut Chance) -> EnvironmentInput {
        let intent = match chance.below(100) {
            _ if self.natures.is_empty() || self.in_a_rush => self.deploy(chance),
            0..55 => self.deploy(chance),
            55..75 => Intent::Rollback {
                to: self.target(chance),
            },
            75..88 => Intent::Abort,
            _ => Intent::Continue,
        };
        asked(id, intent, chance)
    }

    /// Returns the nature of the release with this version.
    pub(super) fn nature(&self, version: &str) -> Nature {
        self.natures.get(version).copied().unwrap_or(Nature::Good)
    }

    /// Returns whether the definition has smoke checks.
    pub(super) fn has_smoke(&self) -> bool {
        !self.definition.smoke.is_empty()
    }

    /// Returns the length of a window.
    pub(super) fn window(&self) -> Duration {
        self.definition.strategy.window()
    }

    /// Returns the soak that every definition of the story asks for.
    pub(super) fn soak(&self) -> Duration {
        self.definition.strategy.soak
    }

    fn deploy(&mut self, chance: &mut Chance) -> Intent {
        let version = format!("v{}", self.natures.len() + 1);
        let version = match self.natures.keys().next() {
            Some(known) if chance.per_mille(100) => known.clone(),
            _ => version,
        };
        self.natures
            .entry(version.clone())
            .or_insert_with(|| Nature::draw(chance));
        Intent::Deploy {
            release: Box::new(release(&version)),
            definition: Box::new(self.definition.clone()),
            running: if self.in_a_rush || chance.per_mille(600) {
                WhileRunning::Supersede
            } else {
                WhileRunning::Refuse
            },
        }
    }

    fn target(&self, chance: &mut Chance) -> Target {
        let versions: Vec<_> = self.natures.keys().collect();
        if versions.is_empty() || chance.per_mille(600) {
            Target::LastGood
        } else {
            Target::Version((*chance.pick(&versions)).clone())
        }
    }
}

/// Returns the input in which somebody asks for `intent`.
pub(super) fn asked(id: &InputId, intent: Intent, chance: &mut Chance) -> EnvironmentInput {
    let by = if chance.per_mille(200) {
        Actor::Automatic("push".into())
    } else {
        Actor::Person("ada".into())
    };
    EnvironmentInput::Asked {
        id: id.clone(),
        by,
        intent,
    }
}

fn release(version: &str) -> Release {
    Release {
        id: ReleaseId(format!("release-{version}")),
        version: version.to_owned(),
        commit: format!("commit-of-{version}"),
        artifacts: BTreeMap::from([("shop".to_owned(), format!("sha256:{version}"))]),
        source: Source::Tree,
        configuration: "sha256:configuration".to_owned(),
    }
}
