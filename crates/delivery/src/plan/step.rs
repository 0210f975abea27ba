//! The steps of a plan, in words.

use std::fmt;
use std::time::Duration;

use lockgate_core::time::Spoken;
use lockgate_gate::Rule;
use serde::{Deserialize, Serialize};

use crate::plan::{Movement, RolloutPlan, Serving};
use crate::revision::{RevisionNumber, Slot};

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanStep {
    /// A warm revision ends, because its slot is needed.
    Retire(Serving),
    /// The artifact is put on the target.
    Place {
        /// The artifact's name.
        artifact: String,
        /// Its digest.
        digest: String,
    },
    /// The instances are started, without traffic.
    Start {
        /// How many.
        instances: u32,
        /// Where.
        slot: Slot,
    },
    /// Every instance has to become ready.
    Ready {
        /// What is asked, in words.
        probe: String,
        /// How long that may take.
        deadline: Duration,
    },
    /// The smoke checks are made.
    Smoke {
        /// Their names.
        checks: Vec<String>,
    },
    /// Traffic moves at once.
    Switch {
        /// Whose it was.
        from: Option<Serving>,
        /// Whose it becomes.
        to: RevisionNumber,
    },
    /// Requests in flight end.
    Drain {
        /// Whose.
        of: Serving,
        /// When the rest is cut.
        limit: Duration,
    },
    /// The candidate is watched.
    Soak {
        /// How long.
        duration: Duration,
        /// What brings the previous revision back, in words.
        rules: Vec<String>,
    },
    /// The replaced revision stays ready until the next deploy.
    KeepWarm(Serving),
    /// A revision's instances end.
    Stop(Serving),
    /// What serves is proven again.
    Prove {
        /// The names of the smoke checks.
        checks: Vec<String>,
    },
}

pub(super) fn bring_up(plan: &RolloutPlan) -> Vec<PlanStep> {
    let definition = &plan.definition;
    let mut steps = Vec::new();
    steps.extend(plan.retires.clone().map(PlanStep::Retire));
    steps.push(PlanStep::Place {
        artifact: definition.artifact.clone(),
        digest: digest(plan),
    });
    steps.push(PlanStep::Start {
        instances: definition.instances,
        slot: plan.slot,
    });
    steps.push(PlanStep::Ready {
        probe: definition.health.probe.to_string(),
        deadline: definition.health.deadline,
    });
    if !definition.smoke.is_empty() {
        steps.push(PlanStep::Smoke { checks: checks(plan) });
    }
    steps.extend(switch(plan));
    if plan.movement != Movement::Deploy {
        steps.extend(after_return(plan));
        return steps;
    }
    let rules = definition.rollback_when.iter().map(rule_words);
    steps.push(PlanStep::Soak {
        duration: definition.strategy.soak,
        rules: rules.collect(),
    });
    let previous = if plan.keeps_previous_warm() {
        PlanStep::KeepWarm
    } else {
        PlanStep::Stop
    };
    steps.extend(plan.from.clone().map(previous));
    steps
}

pub(super) fn warm_return(plan: &RolloutPlan) -> Vec<PlanStep> {
    let mut steps = vec![PlanStep::Ready {
        probe: plan.definition.health.probe.to_string(),
        deadline: plan.definition.health.deadline,
    }];
    steps.extend(switch(plan));
    steps.extend(after_return(plan));
    steps
}

fn switch(plan: &RolloutPlan) -> Vec<PlanStep> {
    let drain = plan.from.clone().map(|of| PlanStep::Drain {
        of,
        limit: plan.definition.strategy.drain,
    });
    let switch = PlanStep::Switch {
        from: plan.from.clone(),
        to: plan.revision,
    };
    std::iter::once(switch).chain(drain).collect()
}

fn after_return(plan: &RolloutPlan) -> Vec<PlanStep> {
    let stop = plan.from.clone().map(PlanStep::Stop);
    let prove = PlanStep::Prove { checks: checks(plan) };
    stop.into_iter().chain([prove]).collect()
}

fn checks(plan: &RolloutPlan) -> Vec<String> {
    plan.definition.smoke.iter().map(|check| check.name.clone()).collect()
}

fn digest(plan: &RolloutPlan) -> String {
    let digest = plan.release.artifacts.get(&plan.definition.artifact);
    digest.cloned().unwrap_or_default()
}

/// Returns a rule in words.
pub(super) fn rule_words(rule: &Rule) -> String {
    match rule {
        Rule::Http5xx { limit, minimum } => {
            format!("{} above {limit} over at least {minimum} requests", rule.name())
        }
    }
}

impl fmt::Display for PlanStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retire(serving) => write!(
                f,
                "stop {serving}, whose slot is needed, once its last requests are answered"
            ),
            Self::Place { artifact, digest } => write!(f, "place artifact `{artifact}` {}", shortened(digest)),
            Self::Start { instances: 1, slot } => write!(f, "start 1 instance in {slot}, without traffic"),
            Self::Start { instances, slot } => write!(f, "start {instances} instances in {slot}, without traffic"),
            Self::Ready { probe, deadline } => {
                write!(f, "wait until {probe} passes, at most {}", Spoken(*deadline))
            }
            Self::Smoke { checks } => write!(f, "make the smoke checks: {}", checks.join(", ")),
            Self::Switch { from: Some(from), to } => write!(f, "move all traffic from {} to {to}", from.revision),
            Self::Switch { from: None, to } => write!(f, "give all traffic to {to}"),
            Self::Drain { of, limit } => write!(
                f,
                "let requests in flight on {} end, at most {}",
                of.revision,
                Spoken(*limit)
            ),
            Self::Soak { duration, rules } if rules.is_empty() => {
                write!(
                    f,
                    "soak for {}: roll back when a probe fails or it crashes",
                    Spoken(*duration)
                )
            }
            Self::Soak { duration, rules } => write!(
                f,
                "soak for {}: roll back when {}, a probe fails or it crashes",
                Spoken(*duration),
                rules.join(", ")
            ),
            Self::KeepWarm(serving) => write!(f, "keep {serving} warm until the next deploy"),
            Self::Stop(serving) => write!(f, "stop {serving}"),
            Self::Prove { checks } if checks.is_empty() => f.write_str("prove what serves by its probes"),
            Self::Prove { checks } => write!(f, "prove what serves: {}", checks.join(", ")),
        }
    }
}

/// Returns a digest as people read it.
pub(super) fn shortened(digest: &str) -> &str {
    match digest.char_indices().nth(19) {
        Some((end, _)) => &digest[..end],
        None => digest,
    }
}
