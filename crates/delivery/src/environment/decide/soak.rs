//! The judgement of a promoted revision.
//!
//! Time alone proves nothing: the soak ends when its timer is due *and* the proxy has
//! reported as many windows. A silent proxy therefore holds it, whatever the clock says,
//! and so does one that cannot follow the route: its windows count requests that never came.

use std::time::Duration;

use lockgate_core::{Now, ResultStamp};
use lockgate_gate::{Counts, Outcome, Probes, Tally, Verdict, judge};

use crate::environment::Environment;
use crate::environment::decide::draft::Draft;
use crate::environment::decide::leave;
use crate::environment::event::Fact;
use crate::environment::reason::{Actor, Reason};
use crate::environment::rollout::{Rollout, Soak};
use crate::revision::Revision;

/// Returns what the soak's numbers say about the candidate.
pub(crate) fn verdict(environment: &Environment, rollout: &Rollout, tally: &Tally) -> Verdict {
    let candidate = environment.revision(rollout.revision());
    let probes = match candidate {
        Some(candidate) if candidate.is_ready() => Probes::Passing,
        Some(candidate) => candidate.trouble().map_or(Probes::Silent, Probes::Failing),
        None => Probes::Silent,
    };
    judge(&rollout.plan.definition.rollback_when, tally, &probes)
}

/// Returns what follows from the numbers so far.
pub(super) fn next(environment: &Environment, rollout: &Rollout, now: &Now) -> Vec<Fact> {
    let Some(soak) = rollout.soak() else {
        return Vec::new();
    };
    let revision = rollout.revision();
    let verdict = verdict(environment, rollout, &soak.tally);
    if verdict.outcome == Outcome::Fail {
        return leave::give_up(environment, rollout, Reason::Rule { verdict }, now);
    }
    if !is_complete(environment, rollout, soak) {
        return Vec::new();
    }
    if verdict.allows() {
        return vec![Fact::Soaked {
            revision,
            verdict,
            by: None,
        }];
    }
    match soak.held {
        None => vec![Fact::SoakHeld { revision, verdict }],
        Some(_) => Vec::new(),
    }
}

/// Returns the end of a held soak that somebody decides.
pub(super) fn passed_by(environment: &Environment, by: &Actor) -> Option<Fact> {
    let rollout = environment.rollout()?;
    rollout.question()?;
    let soak = rollout.soak()?;
    Some(Fact::Soaked {
        revision: rollout.revision(),
        verdict: verdict(environment, rollout, &soak.tally),
        by: Some(by.clone()),
    })
}

/// Adds what a report of the proxy proves.
pub(super) fn observe(draft: &mut Draft<'_>, stamp: &ResultStamp, window: u64, counts: Counts) {
    let Some(rollout) = draft.state.rollout.clone() else {
        return;
    };
    let Some(soak) = rollout.soak() else { return };
    let epoch = stamp.incarnation;
    let is_new = soak.last.is_none_or(|last| (epoch, window) > last);
    if !is_new && soak.silent.is_none() && !breaks_a_rule(&draft.state, &rollout, epoch, counts) {
        return;
    }
    let strategy = &rollout.plan.definition.strategy;
    let ready = draft.state.revision(rollout.revision()).is_some_and(Revision::is_ready);
    let followed = draft.state.route_trouble.is_none();
    draft.add(Fact::WindowCredited {
        revision: rollout.revision(),
        epoch,
        window,
        counts,
        credit: if is_new && ready && followed {
            strategy.window()
        } else {
            Duration::ZERO
        },
        silence: draft.timer(strategy.silence()),
    });
}

fn breaks_a_rule(environment: &Environment, rollout: &Rollout, epoch: u64, counts: Counts) -> bool {
    let mut tally = rollout.soak().map(|soak| soak.tally.clone()).unwrap_or_default();
    tally.observe(epoch, counts);
    verdict(environment, rollout, &tally).outcome == Outcome::Fail
}

/// Returns whether time and windows are complete, the replaced revision has let go, and the proxy follows the route.
fn is_complete(environment: &Environment, rollout: &Rollout, soak: &Soak) -> bool {
    let proven = soak.left(rollout.plan.definition.strategy.soak).is_zero();
    let let_go = rollout.base.is_none_or(|base| !environment.is_draining(base));
    soak.timer.is_none() && proven && let_go && environment.route_trouble.is_none()
}
