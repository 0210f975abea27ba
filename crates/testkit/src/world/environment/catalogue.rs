//! The events of an environment, as the coverage table has to show them.

use crate::coverage::Impossible;
use crate::fault::Fault;

/// All of them.
pub(super) const EVENTS: &[&str] = &[
    "EnvironmentCreated",
    "DeployQueued",
    "QueuedDeployDropped",
    "RolloutStarted",
    "ArtifactPlaced",
    "InstanceStarted",
    "InstanceExited",
    "StopDecided",
    "InstanceStopped",
    "ProbeChanged",
    "HealthDoubted",
    "CandidateReady",
    "SmokeEnded",
    "SwitchDecided",
    "Rerouted",
    "RouteTroubled",
    "RouteConfirmed",
    "Promoted",
    "OldDrained",
    "WindowCredited",
    "WatchSilent",
    "SoakTimePassed",
    "SoakHeld",
    "Soaked",
    "LeftServing",
    "RollbackDecided",
    "ReturnDecided",
    "TrafficReturned",
    "CandidateDrained",
    "LogsKept",
    "EnvironmentProven",
    "ProofFailed",
    "RolledBack",
    "RollbackFailed",
    "DeploysPaused",
    "DeploysResumed",
    "PruneDecided",
    "ArtifactRemoved",
    "TimerRearmed",
    "Frozen",
];

/// Those that few stories reach.
pub(super) const RARE: &[&str] = &[
    "DeploysResumed",
    "EnvironmentProven",
    "OldDrained",
    "ProofFailed",
    "QueuedDeployDropped",
    "Rerouted",
    "ReturnDecided",
    "RollbackFailed",
    "RouteConfirmed",
    "RouteTroubled",
    "SoakHeld",
    "Soaked",
    "TimerRearmed",
];

/// The faults that cannot strike behind an event.
pub(super) const IMPOSSIBLE: &[Impossible] = &[
    Impossible {
        event: "EnvironmentCreated",
        faults: &[
            Fault::CrashBeforeAppend,
            Fault::Duplicate,
            Fault::Reorder,
            Fault::Delay,
            Fault::Lose,
        ],
        reason: "an empty environment wants nothing, so nothing has a result",
    },
    Impossible {
        event: "Frozen",
        faults: &Fault::ALL,
        reason: "no story breaks an invariant",
    },
];
