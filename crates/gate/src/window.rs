//! Threshold rules over what a proxy counted.
//!
//! Counters arrive cumulative per proxy epoch, so that a lost or repeated report
//! changes nothing: the tally keeps the largest count per epoch and adds the epochs.
//! Shares are compared by multiplication (`Percent::is_exceeded_by`), because a
//! rounded quotient decides wrongly exactly at the threshold.
//!
//! - A rule never fails before it has its minimum of requests.
//! - Fewer requests than the minimum are decided by the probes when none failed, and
//!   are inconclusive when their share of failures is above the limit.
//! - No requests and no probes are inconclusive.

use std::collections::BTreeMap;

use lockgate_core::Percent;
use serde::{Deserialize, Serialize};

use crate::verdict::{Outcome, Verdict};

/// The requests that a rule needs before it can fail, unless the user says otherwise.
pub const DEFAULT_MINIMUM: u64 = 20;

/// A threshold of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// `http-5xx`: the share of requests that the application answered with a server error.
    Http5xx {
        /// Broken above this share.
        limit: Percent,
        /// Judged from this number of requests on.
        minimum: u64,
    },
}

impl Rule {
    /// Returns the rule `http-5xx: LIMIT` with the default minimum of requests.
    pub const fn http_5xx(limit: Percent) -> Self {
        Self::Http5xx {
            limit,
            minimum: DEFAULT_MINIMUM,
        }
    }

    /// Returns the name as written in `lockgate.yaml`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Http5xx { .. } => "http-5xx",
        }
    }
}

/// Requests and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All answered requests.
    pub requests: u64,
    /// Those that the application itself answered with 5xx.
    pub failed: u64,
    /// Requests beside the answered ones whose client waited for a second or more and left without an answer.
    #[serde(default)]
    pub abandoned: u64,
}

/// Counts added up over proxy epochs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    epochs: BTreeMap<u64, Counts>,
}

impl Tally {
    /// Takes the cumulative counts of one proxy epoch; smaller ones than known change nothing.
    pub fn observe(&mut self, epoch: u64, counts: Counts) {
        let known = self.epochs.entry(epoch).or_default();
        known.requests = known.requests.max(counts.requests);
        known.failed = known.failed.max(counts.failed);
        known.abandoned = known.abandoned.max(counts.abandoned);
    }

    /// Returns the sum over all epochs.
    pub fn total(&self) -> Counts {
        self.epochs.values().fold(Counts::default(), |sum, counts| Counts {
            requests: sum.requests.saturating_add(counts.requests),
            failed: sum.failed.saturating_add(counts.failed),
            abandoned: sum.abandoned.saturating_add(counts.abandoned),
        })
    }
}

/// What the probes say of the revision under judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Probes {
    /// Every instance passes.
    Passing,
    /// At least one instance fails, with the detail.
    Failing(String),
    /// Nothing is known.
    Silent,
}

/// Returns the worst verdict of `rules` over `tally`, with `probes` deciding where requests are too few.
pub fn judge(rules: &[Rule], tally: &Tally, probes: &Probes) -> Verdict {
    let counts = tally.total();
    let base = by_probes(counts, probes);
    rules
        .iter()
        .flat_map(|rule| [by_rule(rule, counts), by_patience(rule, counts)])
        .flatten()
        .fold(base, |worst, verdict| {
            if verdict.outcome >= worst.outcome {
                verdict
            } else {
                worst
            }
        })
}

/// Returns what the probes alone say.
fn by_probes(counts: Counts, probes: &Probes) -> Verdict {
    let Counts { requests, failed, .. } = counts;
    let verdict = match probes {
        Probes::Failing(detail) => Verdict::new(Outcome::Fail, format!("the health check fails: {detail}")),
        Probes::Silent => Verdict::new(
            Outcome::Inconclusive,
            format!("no probe has answered, {requests} requests seen"),
        ),
        Probes::Passing if requests == 0 => Verdict::new(Outcome::Pass, "probes only, 0 requests"),
        Probes::Passing => Verdict::new(
            Outcome::Pass,
            format!("probes pass, {failed} of {requests} requests failed"),
        ),
    };
    verdict.with("requests", requests).with("failed", failed)
}

/// Returns what one rule says; `None` when it has no requests to judge.
fn by_rule(rule: &Rule, counts: Counts) -> Option<Verdict> {
    let Rule::Http5xx { limit, minimum } = *rule;
    let Counts { requests, failed, .. } = counts;
    if requests == 0 {
        return None;
    }
    let name = rule.name();
    let broken = limit.is_exceeded_by(failed, requests);
    let verdict = match (requests >= minimum, broken) {
        (true, true) => Verdict::new(
            Outcome::Fail,
            format!("{name} above {limit}: {failed} of {requests} requests failed"),
        ),
        (true, false) => Verdict::new(
            Outcome::Pass,
            format!("{name} within {limit}: {failed} of {requests} requests failed"),
        ),
        (false, true) => Verdict::new(
            Outcome::Inconclusive,
            format!("{failed} of {requests} requests failed, but {name} needs at least {minimum} requests to judge"),
        ),
        (false, false) => Verdict::new(
            Outcome::Pass,
            format!("probes pass; {failed} of {requests} requests failed, fewer than the {minimum} that {name} needs"),
        ),
    };
    let verdict = verdict
        .with("requests", requests)
        .with("failed", failed)
        .with("minimum", minimum)
        .with("limit_basis_points", u64::from(limit.basis_points()));
    Some(verdict)
}

/// Returns what the clients that gave up say; `None` when they are few enough.
///
/// Who hangs does not fail, and whether a client's patience or the application is to blame
/// is not in the numbers: a person has to look.
fn by_patience(rule: &Rule, counts: Counts) -> Option<Verdict> {
    let Rule::Http5xx { limit, minimum } = *rule;
    let seen = counts.requests.saturating_add(counts.abandoned);
    if seen < minimum || !limit.is_exceeded_by(counts.abandoned, seen) {
        return None;
    }
    let reason = format!(
        "{} of {seen} requests had no answer when their client left after a second or more",
        counts.abandoned
    );
    let verdict = Verdict::new(Outcome::Inconclusive, reason);
    Some(
        verdict
            .with("requests", counts.requests)
            .with("abandoned", counts.abandoned),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(requests: u64, failed: u64, probes: &Probes, expect: &str) {
        let mut tally = Tally::default();
        let counts = Counts {
            requests,
            failed,
            ..Counts::default()
        };
        tally.observe(1, counts);
        let verdict = judge(&[Rule::http_5xx(Percent::of(5))], &tally, probes);
        assert_eq!(verdict.to_string(), expect);
    }

    #[test]
    fn a_rule_is_judged_exactly_from_its_minimum_on() {
        let passing = Probes::Passing;
        check(20, 1, &passing, "pass: http-5xx within 5%: 1 of 20 requests failed");
        check(20, 2, &passing, "fail: http-5xx above 5%: 2 of 20 requests failed");
        check(
            19,
            19,
            &passing,
            "inconclusive: 19 of 19 requests failed, but http-5xx needs at least 20 requests to judge",
        );
        check(
            7,
            0,
            &passing,
            "pass: probes pass; 0 of 7 requests failed, fewer than the 20 that http-5xx needs",
        );
    }

    #[test]
    fn a_release_that_hangs_does_not_pass() {
        let judged = |requests, failed, abandoned| {
            let mut tally = Tally::default();
            tally.observe(
                1,
                Counts {
                    requests,
                    failed,
                    abandoned,
                },
            );
            judge(&[Rule::http_5xx(Percent::of(5))], &tally, &Probes::Passing).to_string()
        };
        assert_eq!(
            judged(50, 0, 64),
            "inconclusive: 64 of 114 requests had no answer when their client left after a second or more"
        );
        assert_eq!(judged(95, 0, 5), "pass: http-5xx within 5%: 0 of 95 requests failed");
        assert!(judged(0, 0, 20).starts_with("inconclusive: 20 of 20"));
        assert!(
            judged(50, 10, 64).starts_with("fail: http-5xx above 5%"),
            "the worst counts"
        );
    }

    #[test]
    fn no_data_never_passes() {
        check(
            0,
            0,
            &Probes::Silent,
            "inconclusive: no probe has answered, 0 requests seen",
        );
        check(
            500,
            0,
            &Probes::Silent,
            "inconclusive: no probe has answered, 500 requests seen",
        );
        check(0, 0, &Probes::Passing, "pass: probes only, 0 requests");
        check(
            500,
            0,
            &Probes::Failing("503".into()),
            "fail: the health check fails: 503",
        );
    }

    #[test]
    fn lost_and_repeated_reports_change_nothing() {
        let counts = |requests, failed| Counts {
            requests,
            failed,
            ..Counts::default()
        };
        let mut all = Tally::default();
        for (epoch, c) in [(1, counts(10, 1)), (1, counts(30, 2)), (2, counts(5, 0))] {
            all.observe(epoch, c);
        }
        let mut some = Tally::default();
        for (epoch, c) in [
            (2, counts(5, 0)),
            (1, counts(30, 2)),
            (1, counts(10, 1)),
            (1, counts(30, 2)),
        ] {
            some.observe(epoch, c);
        }
        assert_eq!(all, some);
        assert_eq!(all.total(), counts(35, 2));
    }
}
