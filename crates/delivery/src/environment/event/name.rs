//! What kind of fact an event states.

use crate::environment::event::Fact;

impl Fact {
    /// Returns the stable name of the variant.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EnvironmentCreated(_) => "EnvironmentCreated",
            Self::DeployQueued(_) => "DeployQueued",
            Self::QueuedDeployDropped { .. } => "QueuedDeployDropped",
            Self::RolloutStarted { .. } => "RolloutStarted",
            Self::ArtifactPlaced { .. } => "ArtifactPlaced",
            Self::InstanceStarted { .. } => "InstanceStarted",
            Self::InstanceExited { .. } => "InstanceExited",
            Self::StopDecided { .. } => "StopDecided",
            Self::InstanceStopped { .. } => "InstanceStopped",
            Self::ProbeChanged { .. } => "ProbeChanged",
            Self::HealthDoubted { .. } => "HealthDoubted",
            Self::CandidateReady { .. } => "CandidateReady",
            Self::SmokeEnded { .. } => "SmokeEnded",
            Self::SwitchDecided { .. } => "SwitchDecided",
            Self::Rerouted { .. } => "Rerouted",
            Self::RouteTroubled { .. } => "RouteTroubled",
            Self::RouteConfirmed => "RouteConfirmed",
            Self::Promoted { .. } => "Promoted",
            Self::OldDrained { .. } => "OldDrained",
            Self::WindowCredited { .. } => "WindowCredited",
            Self::WatchSilent { .. } => "WatchSilent",
            Self::SoakTimePassed { .. } => "SoakTimePassed",
            Self::SoakHeld { .. } => "SoakHeld",
            Self::Soaked { .. } => "Soaked",
            Self::LeftServing { .. } => "LeftServing",
            Self::RollbackDecided { .. } => "RollbackDecided",
            Self::ReturnDecided { .. } => "ReturnDecided",
            Self::TrafficReturned { .. } => "TrafficReturned",
            Self::CandidateDrained { .. } => "CandidateDrained",
            Self::LogsKept { .. } => "LogsKept",
            Self::EnvironmentProven { .. } => "EnvironmentProven",
            Self::ProofFailed { .. } => "ProofFailed",
            Self::RolledBack { .. } => "RolledBack",
            Self::RollbackFailed { .. } => "RollbackFailed",
            Self::DeploysPaused { .. } => "DeploysPaused",
            Self::DeploysResumed { .. } => "DeploysResumed",
            Self::PruneDecided { .. } => "PruneDecided",
            Self::ArtifactRemoved { .. } => "ArtifactRemoved",
            Self::TimerRearmed { .. } => "TimerRearmed",
            Self::Frozen(_) => "Frozen",
        }
    }

    /// Returns whether a rollout is over with this fact.
    pub const fn ends_rollout(&self) -> bool {
        matches!(
            self,
            Self::Soaked { .. } | Self::LeftServing { .. } | Self::RolledBack { .. } | Self::RollbackFailed { .. }
        )
    }
}
