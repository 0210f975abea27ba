//! What effects report: recorded when it is news, ignored when it is stale.

use lockgate_core::ResultStamp;
use lockgate_gate::Outcome;

use crate::environment::Environment;
use crate::environment::decide::draft::Draft;
use crate::environment::decide::{leave, soak};
use crate::environment::effect::{Effect, Timer};
use crate::environment::event::Fact;
use crate::environment::evolve::ATTEMPTS;
use crate::environment::input::{ProbeState, Report};
use crate::environment::reason::Reason;
use crate::environment::rollout::{Phase, Proof, Rollout};
use crate::revision::{Health, Instance, Placement, RevisionNumber};
use crate::smoke::CheckResult;

/// Returns whether a report is about an effect that ought to be, and newer than what is known of it.
///
/// Timers prove themselves: a due one is due whoever says so.
pub(super) fn is_current(environment: &Environment, stamp: &ResultStamp, report: &Report) -> bool {
    if environment.frozen.is_some() || !environment.effects.contains_key(&stamp.key) {
        return false;
    }
    if *report == Report::Woke {
        return true;
    }
    let last = environment.stamps.get(&(stamp.key.clone(), report.part()));
    last.is_none_or(|last| (stamp.incarnation, stamp.sequence) > *last)
}

/// Adds what a current report says. A report that does not fit its effect says nothing.
pub(super) fn take(draft: &mut Draft<'_>, stamp: &ResultStamp, report: Report) {
    let Some(effect) = draft.state.effects.get(&stamp.key).cloned() else {
        return;
    };
    match (effect, report) {
        (Effect::Place { revision, .. }, Report::ArtifactPlaced) => placed(draft, revision),
        (Effect::Place { revision, .. }, Report::PlaceRefused { reason }) => {
            refused(draft, revision, Reason::PlaceRefused(reason));
        }
        (Effect::Remove { revision }, Report::ArtifactRemoved) => draft.add(Fact::ArtifactRemoved { revision }),
        (Effect::Run(run), Report::InstanceRefused { reason }) => {
            refused(draft, run.revision, Reason::StartRefused(reason));
        }
        (Effect::Run(run), report) if (1..=run.count).contains(&report.part()) => {
            instance(draft, run.revision, stamp, report);
        }
        (Effect::Stop { revision, .. }, Report::InstanceStopped) => draft.add(Fact::InstanceStopped { revision }),
        (Effect::Probe { revision, .. }, report) => probed(draft, revision, stamp, report),
        (Effect::Smoke { revision, .. }, Report::SmokeEnded { results }) => smoked(draft, revision, results),
        (Effect::Route(route), Report::RouteSeen { fence, address }) if fence == route.fence => {
            route_seen(draft, address);
        }
        (Effect::Route(route), Report::RouteRefused { fence, reason }) if fence == route.fence => {
            route_refused(draft, reason);
        }
        (Effect::Drain { revision, fence, .. }, Report::Drained { fence: of, cut }) if of == fence => {
            drained(draft, revision, cut);
        }
        (Effect::Watch { .. }, Report::WindowObserved { window, counts }) => {
            soak::observe(draft, stamp, window, counts);
        }
        (Effect::Watch { revision, .. }, Report::WatchSilent { reason }) => silent(draft, revision, reason),
        (Effect::Wake(wake), Report::Woke) => match (Timer::of(&stamp.key), wake.rearmed(draft.now)) {
            (Some(timer), _) if wake.is_due(draft.now) => woke(draft, timer),
            (Some(timer), Some(wake)) => draft.add(Fact::TimerRearmed { timer, wake }),
            _ => {}
        },
        (Effect::Capture { revision, .. }, Report::LogsKept { lines, blob }) => {
            draft.add(Fact::LogsKept { revision, lines, blob });
        }
        _ => {}
    }
}

fn placed(draft: &mut Draft<'_>, revision: RevisionNumber) {
    let wanted = |environment: &Environment| {
        environment
            .revision(revision)
            .is_some_and(|r| r.placement == Placement::Wanted)
    };
    if wanted(&draft.state) {
        draft.add(Fact::ArtifactPlaced { revision });
    }
}

/// What cannot be done for a candidate gives it up; for what serves already it changes nothing.
fn refused(draft: &mut Draft<'_>, revision: RevisionNumber, reason: Reason) {
    give_up_candidate(draft, |rollout| rollout.revision() == revision, reason);
}

fn give_up_candidate(draft: &mut Draft<'_>, applies: impl Fn(&Rollout) -> bool, reason: Reason) {
    let rollout = draft.state.rollout.clone();
    let Some(rollout) = rollout.filter(|rollout| !rollout.is_leaving() && applies(rollout)) else {
        return;
    };
    for fact in leave::give_up(&draft.state, &rollout, reason, draft.now) {
        draft.add(fact);
    }
}

fn instance(draft: &mut Draft<'_>, revision: RevisionNumber, stamp: &ResultStamp, report: Report) {
    match report {
        Report::InstanceStarted { instance, address } => started(draft, revision, stamp, (instance, address)),
        Report::InstanceExited { instance, status } => {
            let known = known_instance(&draft.state, revision, instance);
            let news = known.is_some_and(|known| {
                known.incarnation <= stamp.incarnation
                    && known.boot == draft.now.boot
                    && !matches!(known.health, Health::Exited(_))
            });
            let unseen = known.is_none();
            if news || unseen {
                draft.add(Fact::InstanceExited {
                    revision,
                    instance,
                    status,
                });
            }
        }
        _ => {}
    }
}

fn started(draft: &mut Draft<'_>, revision: RevisionNumber, stamp: &ResultStamp, (instance, address): (u32, String)) {
    if let Some(known) = known_instance(&draft.state, revision, instance) {
        if known.incarnation == stamp.incarnation && known.address == address {
            return;
        }
        let exit_was_seen = matches!(known.health, Health::Exited(_));
        let same_boot = known.boot == draft.now.boot;
        if known.incarnation != stamp.incarnation && !exit_was_seen && same_boot {
            draft.add(Fact::InstanceExited {
                revision,
                instance,
                status: "it was started again, its end was not seen".to_owned(),
            });
        }
    }
    let deadline = draft.state.revision(revision).map(|r| r.definition.health.deadline);
    draft.add(Fact::InstanceStarted {
        revision,
        instance,
        address,
        incarnation: stamp.incarnation,
        boot: draft.now.boot.clone(),
        ready: draft.timer(deadline.unwrap_or_default()),
    });
}

fn known_instance(environment: &Environment, revision: RevisionNumber, instance: u32) -> Option<&Instance> {
    environment.revision(revision)?.instances.get(&instance)
}

fn probed(draft: &mut Draft<'_>, revision: RevisionNumber, stamp: &ResultStamp, report: Report) {
    let Report::ProbeChanged {
        instance,
        state,
        streak,
        detail,
    } = report
    else {
        return;
    };
    let Some(known) = known_instance(&draft.state, revision, instance) else {
        return;
    };
    let changed = match (&known.health, state) {
        (Health::Exited(_), _) | (Health::Passing, ProbeState::Passing) => false,
        (Health::Failing(before), ProbeState::Failing) => *before != detail,
        _ => true,
    };
    if changed && known.incarnation == stamp.incarnation {
        draft.add(Fact::ProbeChanged {
            revision,
            instance,
            state,
            streak,
            detail,
        });
    }
}

fn smoked(draft: &mut Draft<'_>, revision: RevisionNumber, results: Vec<CheckResult>) {
    let Some(rollout) = draft.state.rollout.clone() else {
        return;
    };
    let outcome = together(&results);
    match rollout.phase {
        Phase::Smoking { attempt } => {
            draft.add(Fact::SmokeEnded {
                revision,
                attempt,
                outcome,
                results: results.clone(),
            });
            if outcome == Outcome::Fail || (outcome == Outcome::Inconclusive && attempt >= ATTEMPTS) {
                give_up_candidate(draft, |_| true, Reason::Smoke { results });
            }
        }
        Phase::Leaving {
            proof: Proof::Wanted { attempt, .. },
            ..
        } => draft.add(match outcome {
            Outcome::Pass | Outcome::Warn => Fact::EnvironmentProven {
                revision,
                attempt,
                results,
            },
            Outcome::Inconclusive | Outcome::Fail => Fact::ProofFailed {
                revision,
                attempt,
                results,
            },
        }),
        _ => {}
    }
}

/// Returns what smoke checks say together; nothing is inconclusive.
fn together(results: &[CheckResult]) -> Outcome {
    let worst = results.iter().map(|result| result.outcome).max();
    worst.unwrap_or(Outcome::Inconclusive)
}

fn route_seen(draft: &mut Draft<'_>, address: String) {
    let Some(rollout) = draft.state.rollout.clone() else {
        return confirmed(draft);
    };
    let strategy = &rollout.plan.definition.strategy;
    let drain = draft.timer(strategy.drain);
    match &rollout.phase {
        Phase::Switching if rollout.is_deploy() => draft.add(Fact::Promoted {
            revision: rollout.revision(),
            previous: rollout.base,
            address,
            drain,
            soak: draft.timer(strategy.soak),
            silence: draft.timer(strategy.silence()),
        }),
        Phase::Switching => {
            if let Some(leaving) = rollout.base {
                draft.add(Fact::TrafficReturned {
                    leaving,
                    target: Some(rollout.revision()),
                    drain,
                });
            }
        }
        Phase::Returning(way) => draft.add(Fact::TrafficReturned {
            leaving: way.leaving,
            target: way.target,
            drain,
        }),
        _ => confirmed(draft),
    }
}

fn confirmed(draft: &mut Draft<'_>) {
    if draft.state.route_trouble.is_some() || draft.state.unseen {
        draft.add(Fact::RouteConfirmed);
    }
}

fn route_refused(draft: &mut Draft<'_>, reason: String) {
    let switching = |rollout: &Rollout| rollout.phase == Phase::Switching;
    if draft.state.rollout.as_ref().is_some_and(switching) {
        give_up_candidate(draft, switching, Reason::RouteRefused(reason));
    } else if draft.state.route_trouble.as_ref() != Some(&reason) {
        draft.add(Fact::RouteTroubled { reason });
    }
}

fn drained(draft: &mut Draft<'_>, revision: RevisionNumber, cut: u64) {
    let way = draft.state.rollout.as_ref().and_then(Rollout::way_back);
    draft.add(if way.is_some_and(|way| way.leaving == revision) {
        Fact::CandidateDrained { revision, cut }
    } else {
        Fact::OldDrained { revision, cut }
    });
}

fn silent(draft: &mut Draft<'_>, revision: RevisionNumber, reason: String) {
    let soak = draft.state.rollout.as_ref().and_then(Rollout::soak);
    if soak.is_some_and(|soak| soak.silent.is_none()) {
        draft.add(Fact::WatchSilent { revision, reason });
    }
}

fn woke(draft: &mut Draft<'_>, timer: Timer) {
    let Some(rollout) = draft.state.rollout.clone() else {
        return;
    };
    let revision = rollout.revision();
    let strategy = &rollout.plan.definition.strategy;
    match timer {
        Timer::Progress => {
            let limit = strategy.progress;
            let doing = rollout.doing();
            give_up_candidate(draft, |_| true, Reason::Progress { limit, doing });
        }
        Timer::Ready => ready_is_due(draft, &rollout),
        Timer::Soak => draft.add(Fact::SoakTimePassed { revision }),
        Timer::Silence => {
            let waited = lockgate_core::time::Spoken(strategy.silence());
            silent(
                draft,
                revision,
                format!("the proxy has reported no window for {waited}"),
            );
        }
    }
}

fn ready_is_due(draft: &mut Draft<'_>, rollout: &Rollout) {
    if let Phase::Awaiting { way, until } = &rollout.phase {
        for fact in leave::fail_to_return(&draft.state, way, until.after) {
            draft.add(fact);
        }
        return;
    }
    let reason = not_ready(&draft.state, rollout);
    give_up_candidate(draft, |_| true, reason);
}

fn not_ready(environment: &Environment, rollout: &Rollout) -> Reason {
    let health = &rollout.plan.definition.health;
    let candidate = environment.revision(rollout.revision());
    let seen = candidate.and_then(crate::revision::Revision::trouble);
    Reason::NotReady {
        waited: health.deadline,
        detail: seen.unwrap_or_else(|| format!("{} has not answered", health.probe)),
    }
}
