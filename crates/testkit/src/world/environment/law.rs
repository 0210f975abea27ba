//! The invariants of an environment's outside, over what really happened there.
//!
//! Nothing here trusts the machine: what was well, which route was followed and which
//! windows were observed is the world's own knowledge, in real time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockgate_core::{Broken, Percent};
use lockgate_delivery::environment::effect::RouteTable;
use lockgate_delivery::environment::event::{Fact, Return};
use lockgate_delivery::{EnvironmentEvent, RevisionNumber};
use lockgate_gate::window::DEFAULT_MINIMUM;
use lockgate_gate::{Counts, Tally};

use super::nature::Nature;

/// The share of failed requests that the stories' definitions allow.
const RULE: Percent = Percent::of(5);

/// What the world remembers to judge by.
#[derive(Debug, Default)]
pub(super) struct Law {
    /// The addresses at which an instance ever answered its probe.
    pub(super) once_well: BTreeSet<String>,
    /// The revisions to which a followed route ever gave everything.
    pub(super) had_everything: BTreeSet<RevisionNumber>,
    /// The windows that were observed for each revision.
    pub(super) windows: BTreeMap<RevisionNumber, BTreeSet<(u64, u64)>>,
    window: Duration,
    /// The revision that must not be stopped: the last that was soaked or returned to.
    good: Option<RevisionNumber>,
    promoted: BTreeMap<RevisionNumber, Duration>,
    /// What the machine itself has recorded of each revision's answers.
    credited: BTreeMap<RevisionNumber, Tally>,
    broken: Option<Broken>,
}

/// What the world knows at the time of an event.
pub(super) struct Truth {
    /// The nature of the revision that the event is about.
    pub(super) nature: Nature,
    /// Its share in what the proxy really follows.
    pub(super) weight: u8,
    /// Whether the definition has smoke checks.
    pub(super) has_smoke: bool,
    /// The soak that the definition asks for.
    pub(super) soak: Duration,
    /// The time.
    pub(super) passed: Duration,
}

impl Law {
    /// Returns the law over windows of this length.
    pub(super) fn with_windows(window: Duration) -> Self {
        Self {
            window,
            ..Self::default()
        }
    }

    /// Returns the first violation.
    pub(super) fn check(&self) -> Result<(), Broken> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Records a violation.
    pub(super) fn violate(&mut self, invariant: &str, detail: impl Into<String>) {
        self.broken.get_or_insert_with(|| Broken::new(invariant, detail));
    }

    /// Judges an order to stop the instances of `revision`.
    pub(super) fn judge_stop(&mut self, revision: RevisionNumber, weight: u8) {
        if weight > 0 {
            self.violate(
                "1 traffic",
                format!("{revision} is stopped while it has {weight} % of the traffic"),
            );
        }
        if self.good == Some(revision) {
            let detail = format!("{revision} is stopped before its successor is promoted and soaked");
            self.violate("7 the stable revision is never stopped", detail);
        }
    }

    /// Judges an event of the log by what the world knows.
    pub(super) fn judge(&mut self, event: &EnvironmentEvent, truth: &Truth) {
        match &event.fact {
            Fact::SwitchDecided { revision, table } => {
                self.judge_table(table);
                self.judge_switch(*revision, truth);
            }
            Fact::Rerouted { table }
            | Fact::ReturnDecided { table, .. }
            | Fact::RollbackDecided {
                traffic: Return::Now(table),
                ..
            } => self.judge_table(table),
            Fact::Promoted { revision, .. } => {
                if !self.had_everything.contains(revision) {
                    self.violate(
                        "1 promotion",
                        format!("{revision} is promoted, but the proxy never followed it"),
                    );
                }
                self.promoted.insert(*revision, truth.passed);
                self.windows.remove(revision);
                self.credited.remove(revision);
            }
            Fact::WindowCredited {
                revision,
                epoch,
                counts,
                ..
            } => self.credited.entry(*revision).or_default().observe(*epoch, *counts),
            Fact::Soaked { revision, by: None, .. } => {
                self.judge_soak(*revision, truth);
                self.good = Some(*revision);
            }
            Fact::Soaked { revision, .. } | Fact::LeftServing { revision, .. } => self.good = Some(*revision),
            Fact::TrafficReturned { leaving, target, .. } => {
                self.judge_return(*target, truth);
                if self.good == Some(*leaving) {
                    self.good = *target;
                }
            }
            Fact::RolledBack { to: serving, .. } | Fact::RollbackFailed { serving, .. } => self.good = *serving,
            _ => {}
        }
    }

    fn judge_table(&mut self, table: &RouteTable) {
        let sum: u32 = table.split.values().map(|weight| u32::from(*weight)).sum();
        if sum != 100 && !table.split.is_empty() {
            self.violate("1 weights", format!("the weights sum to {sum}"));
        }
        for (revision, weight) in &table.split {
            let addresses = table.backends.get(revision).map_or(&[][..], Vec::as_slice);
            let unready = addresses.iter().find(|address| !self.once_well.contains(*address));
            if *weight > 0 && addresses.is_empty() {
                self.violate("1 readiness", format!("{revision} gets {weight} % and has no instance"));
            } else if let Some(address) = unready {
                self.violate(
                    "1 readiness",
                    format!("{revision} gets {weight} % at {address}, which was never ready"),
                );
            }
        }
    }

    fn judge_switch(&mut self, revision: RevisionNumber, truth: &Truth) {
        if truth.nature == Nature::FailsSmoke && truth.has_smoke {
            self.violate(
                "6 gate",
                format!("traffic moves to {revision}, which fails its smoke checks"),
            );
        }
    }

    fn judge_soak(&mut self, revision: RevisionNumber, truth: &Truth) {
        let windows = self.windows.get(&revision).map_or(0, BTreeSet::len) as u32;
        let observed = self.window * windows;
        if observed < truth.soak {
            self.violate(
                "6 no data never passes",
                format!(
                    "{revision} is soaked after {windows} windows ({observed:?}) of {:?}",
                    truth.soak
                ),
            );
        }
        let served = self.promoted.get(&revision).map(|at| truth.passed.saturating_sub(*at));
        // An epoch's first window is shorter than it says, by less than one window per epoch.
        if served.is_none_or(|served| served + self.window * 4 < truth.soak) {
            self.violate(
                "6 soak",
                format!("{revision} is soaked after {served:?} of {:?}", truth.soak),
            );
        }
        let Counts { requests, failed, .. } = self.credited.get(&revision).map(Tally::total).unwrap_or_default();
        if requests >= DEFAULT_MINIMUM && RULE.is_exceeded_by(failed, requests) {
            let detail = format!("{revision} is soaked with {failed} of {requests} requests failed");
            self.violate("6 gate", detail);
        }
    }

    fn judge_return(&mut self, target: Option<RevisionNumber>, truth: &Truth) {
        if let Some(target) = target
            && truth.weight != 100
        {
            let detail = format!("{target} is said to have the traffic back and has {} %", truth.weight);
            self.violate("1 return", detail);
        }
    }
}
