//! Where the kills go: every process, behind every kind of event.

use std::time::Duration;

/// One of the host's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Driver,
    Supervisor,
    Proxy,
}

impl Target {
    const ALL: [Self; 3] = [Self::Driver, Self::Supervisor, Self::Proxy];

    /// Returns the name, as in `host status --json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Supervisor => "supervisor",
            Self::Proxy => "proxy",
        }
    }
}

/// A rollout that passes, or one of the bad release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    Good,
    Bad,
}

/// One kill to be made.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub(crate) target: Target,
    pub(crate) story: Story,
    /// The event behind which it is made.
    pub(crate) behind: &'static str,
    /// How long after the event was seen.
    pub(crate) delay: Duration,
}

/// The events of both rollouts behind which processes are killed, in the order in which they come,
/// with the longest delay that mostly stays before the next one.
const STRATA: [(Story, &str, u64); 19] = [
    (Story::Good, "RolloutStarted", 10),
    (Story::Good, "InstanceStopped", 10),
    (Story::Good, "ArtifactPlaced", 20),
    (Story::Good, "InstanceStarted", 80),
    (Story::Good, "CandidateReady", 10),
    (Story::Good, "SmokeEnded", 3),
    (Story::Good, "SwitchDecided", 5),
    (Story::Good, "Promoted", 5),
    (Story::Good, "OldDrained", 400),
    (Story::Good, "WindowCredited", 700),
    (Story::Bad, "SmokeEnded", 5),
    (Story::Bad, "Promoted", 200),
    (Story::Bad, "RollbackDecided", 5),
    (Story::Bad, "TrafficReturned", 5),
    (Story::Bad, "CandidateDrained", 5),
    (Story::Bad, "LogsKept", 5),
    (Story::Bad, "StopDecided", 5),
    (Story::Bad, "InstanceStopped", 5),
    (Story::Bad, "EnvironmentProven", 5),
];

/// Returns so many aims, spread over the events and the processes.
///
/// Fifty-seven cover every pair once: the number of events and of processes have no common divisor
/// as long as each full turn over the events shifts the processes by one.
pub(crate) fn spread(kills: usize) -> Vec<Aim> {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    (0..kills)
        .map(|index| {
            let place = if kills < STRATA.len() {
                index * STRATA.len() / kills
            } else {
                index % STRATA.len()
            };
            let (story, behind, longest) = STRATA[place];
            let turn = index / STRATA.len();
            Aim {
                target: Target::ALL[(index + turn * shift()) % Target::ALL.len()],
                story,
                behind,
                delay: Duration::from_micros(chance.below(longest * 1_000)),
            }
        })
        .collect()
}

/// How far each turn over the events moves the processes, so that no pair comes twice too early.
const fn shift() -> usize {
    if STRATA.len().is_multiple_of(Target::ALL.len()) {
        1
    } else {
        0
    }
}

/// The same delays in every run, so that a table can be compared with the one before.
struct Chance(u64);

impl Chance {
    /// Returns a number below `bound` (xorshift64, Marsaglia 2003).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }
}
