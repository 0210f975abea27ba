//! What people ask for: carried out, or refused with the remedy.

use lockgate_core::InputId;

use crate::definition::ApplicationDefinition;
use crate::environment::decide::draft::{Draft, timer};
use crate::environment::decide::{leave, soak};
use crate::environment::event::{Fact, QueuedDeploy};
use crate::environment::input::{Intent, Target, WhileRunning};
use crate::environment::reason::{Actor, Reason};
use crate::environment::rollout::Rollout;
use crate::environment::{Environment, Record, Refusal};
use crate::plan::{self, Content, Movement, RolloutPlan};
use crate::release::Release;
use crate::revision::{Revision, RevisionNumber};

/// Adds what an intent causes.
pub(super) fn take(draft: &mut Draft<'_>, id: &InputId, by: Actor, intent: Intent) -> Result<(), Refusal> {
    refuse_when_frozen(&draft.state)?;
    match intent {
        Intent::Deploy {
            release,
            definition,
            running,
        } => {
            let queued = QueuedDeploy {
                intent: id.clone(),
                by,
                release,
                definition,
            };
            deploy(draft, queued, running)
        }
        Intent::Rollback { to } => roll_back(draft, id, by, &to),
        Intent::Continue => resume(draft, by),
        Intent::Abort => abort(draft, by),
    }
}

/// Returns what an intent would start, or why it would be refused.
pub(crate) fn plan(environment: &Environment, intent: &Intent, by: &Actor) -> Result<RolloutPlan, Refusal> {
    refuse_when_frozen(environment)?;
    match intent {
        Intent::Deploy {
            release,
            definition,
            running,
        } => {
            accept_deploy(environment, release, definition, by)?;
            let content = Content {
                release,
                definition,
                by,
            };
            match (environment.rollout(), running) {
                (None, _) => Ok(plan::bring_up(environment, Movement::Deploy, &content)),
                (Some(rollout), WhileRunning::Refuse) => Err(running_refusal(environment, rollout)),
                (Some(_), WhileRunning::Supersede) => Ok(plan::bring_up(
                    &environment.as_if_given_up(Reason::Superseded(by.clone())),
                    Movement::Deploy,
                    &content,
                )),
            }
        }
        Intent::Rollback { to } => match environment.rollout() {
            None => plan_return(environment, to, by),
            Some(rollout) => {
                let base = base_of(environment, rollout, to)?;
                let candidate = environment.revision(rollout.revision());
                Ok(plan::warm_return(environment, candidate, base, by))
            }
        },
        Intent::Continue | Intent::Abort => Err(nothing_running(environment)),
    }
}

/// Returns the fact that begins the rollout of a deploy.
pub(super) fn start_deploy(environment: &Environment, queued: QueuedDeploy, now: &lockgate_core::Now) -> Fact {
    let content = Content {
        release: &queued.release,
        definition: &queued.definition,
        by: &queued.by,
    };
    let plan = plan::bring_up(environment, Movement::Deploy, &content);
    start(queued.intent, queued.by, plan, now)
}

fn start(intent: InputId, by: Actor, plan: RolloutPlan, now: &lockgate_core::Now) -> Fact {
    let progress = timer(plan.definition.strategy.progress, now);
    Fact::RolloutStarted {
        intent,
        by,
        plan: Box::new(plan),
        progress,
    }
}

fn deploy(draft: &mut Draft<'_>, queued: QueuedDeploy, running: WhileRunning) -> Result<(), Refusal> {
    accept_deploy(&draft.state, &queued.release, &queued.definition, &queued.by)?;
    let Some(rollout) = draft.state.rollout.clone() else {
        draft.add(start_deploy(&draft.state, queued, draft.now));
        return Ok(());
    };
    if running == WhileRunning::Refuse {
        return Err(running_refusal(&draft.state, &rollout));
    }
    if let Some(dropped) = draft.state.queued.clone() {
        draft.add(Fact::QueuedDeployDropped {
            intent: dropped.intent,
            version: dropped.release.version,
            reason: format!("superseded by {}", queued.release.version),
        });
    }
    let by = queued.by.clone();
    draft.add(Fact::DeployQueued(queued));
    if !rollout.is_leaving() {
        let reason = Reason::Superseded(by);
        for fact in leave::give_up(&draft.state, &rollout, reason, draft.now) {
            draft.add(fact);
        }
    }
    Ok(())
}

fn accept_deploy(
    environment: &Environment,
    release: &Release,
    definition: &ApplicationDefinition,
    by: &Actor,
) -> Result<(), Refusal> {
    let unusable = |reason: String| Refusal::Unusable {
        environment: environment.name().to_owned(),
        reason,
    };
    if let (Actor::Automatic(_), Some(reason)) = (by, environment.paused()) {
        return Err(Refusal::Paused {
            environment: environment.name().to_owned(),
            reason: reason.to_owned(),
        });
    }
    if definition.instances == 0 {
        return Err(unusable("it asks for 0 instances; at least 1 must run".to_owned()));
    }
    if let (Some(wanted), Some(address)) = (&definition.listen, environment.address())
        && wanted != address
    {
        return Err(unusable(format!(
            "`listen` says {wanted}, and the environment listens at {address} for ever, which was fixed by its first \
             deploy; write `listen: {address}`, or use another environment for {wanted}"
        )));
    }
    if !release.artifacts.contains_key(&definition.artifact) {
        let known: Vec<_> = release.artifacts.keys().map(String::as_str).collect();
        return Err(unusable(format!(
            "release {} has no artifact `{}`; it has: {}",
            release.version,
            definition.artifact,
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        )));
    }
    Ok(())
}

fn roll_back(draft: &mut Draft<'_>, id: &InputId, by: Actor, to: &Target) -> Result<(), Refusal> {
    if let Some(rollout) = draft.state.rollout.clone() {
        base_of(&draft.state, &rollout, to)?;
        doubt_base(draft, &rollout);
        for fact in leave::give_up(&draft.state, &rollout, Reason::Asked(by), draft.now) {
            draft.add(fact);
        }
        return Ok(());
    }
    let plan = plan_return(&draft.state, to, &by)?;
    let (revision, movement) = (plan.revision, plan.movement);
    draft.add(start(id.clone(), by, plan, draft.now));
    if movement == Movement::WarmRollback {
        draft.add(Fact::HealthDoubted { revision });
    }
    Ok(())
}

/// Doubts what is to get the traffic back: the last that was seen of it may be from before the host was stopped.
///
/// Only where a person asks. Who gives up by itself has just been told of something by the same host.
fn doubt_base(draft: &mut Draft<'_>, rollout: &Rollout) {
    if let (Some(_), Some(revision)) = (rollout.soak(), rollout.base) {
        draft.add(Fact::HealthDoubted { revision });
    }
}

/// Returns the plan of a rollback in an environment at rest.
fn plan_return(environment: &Environment, to: &Target, by: &Actor) -> Result<RolloutPlan, Refusal> {
    let Some(stable) = environment.stable() else {
        return Err(Refusal::Empty {
            environment: environment.name().to_owned(),
        });
    };
    let warm = environment.previous().filter(|previous| match to {
        Target::LastGood => !stable.is_same(&previous.release, &previous.definition),
        Target::Version(version) => {
            previous.release.version == *version && !stable.is_same(&previous.release, &previous.definition)
        }
    });
    if let Some(previous) = warm {
        return Ok(plan::warm_return(environment, Some(stable), previous, by));
    }
    let wanted = match to {
        Target::LastGood => last_good(environment, stable)?,
        Target::Version(version) => of_version(environment, stable, version)?,
    };
    let known = &environment.known()[&wanted];
    let content = Content {
        release: &known.release,
        definition: &known.definition,
        by,
    };
    Ok(plan::bring_up(environment, Movement::ColdRollback, &content))
}

/// Returns the newest good revision before the stable one that is something else.
pub(crate) fn last_good(environment: &Environment, stable: &Revision) -> Result<RevisionNumber, Refusal> {
    let good = environment.known().iter().rev().find(|(number, known)| {
        let is_other = !stable.is_same(&known.release, &known.definition);
        **number < stable.number && known.record == Record::Good && is_other
    });
    good.map(|(number, _)| *number).ok_or_else(|| Refusal::NothingBefore {
        environment: environment.name().to_owned(),
        version: stable.release.version.clone(),
    })
}

fn of_version(environment: &Environment, stable: &Revision, version: &str) -> Result<RevisionNumber, Refusal> {
    if stable.release.version == version {
        return Err(Refusal::AlreadyServing {
            environment: environment.name().to_owned(),
            version: version.to_owned(),
        });
    }
    let of_version = environment
        .known()
        .iter()
        .filter(|(_, known)| known.release.version == version);
    let best = of_version.max_by_key(|(number, known)| (known.record == Record::Good, **number));
    best.map(|(number, _)| *number).ok_or_else(|| {
        let mut known: Vec<String> = Vec::new();
        for version in environment.known().values().map(|known| &known.release.version) {
            if !known.contains(version) {
                known.push(version.clone());
            }
        }
        Refusal::UnknownVersion {
            environment: environment.name().to_owned(),
            wanted: version.to_owned(),
            known: known.join(", "),
        }
    })
}

/// Returns what a running rollout would return to, when that is what was asked for.
fn base_of<'a>(environment: &'a Environment, rollout: &Rollout, to: &Target) -> Result<&'a Revision, Refusal> {
    refuse_when_returning(environment, rollout)?;
    let base = rollout.base.and_then(|base| environment.revision(base));
    let Some(base) = base else {
        return Err(Refusal::NothingBefore {
            environment: environment.name().to_owned(),
            version: rollout.plan.release.version.clone(),
        });
    };
    match to {
        Target::Version(version) if *version != base.release.version => Err(Refusal::RunningElsewhere {
            environment: environment.name().to_owned(),
            version: rollout.plan.release.version.clone(),
            doing: rollout.doing(),
            wanted: version.clone(),
        }),
        Target::Version(_) | Target::LastGood => Ok(base),
    }
}

fn resume(draft: &mut Draft<'_>, by: Actor) -> Result<(), Refusal> {
    if let Some(fact) = soak::passed_by(&draft.state, &by) {
        draft.add(fact);
        return Ok(());
    }
    if draft.state.paused.is_some() {
        draft.add(Fact::DeploysResumed { by });
        return Ok(());
    }
    let doing = draft.state.rollout().map(|rollout| format!(": {}", rollout.doing()));
    Err(Refusal::NothingPaused {
        environment: draft.state.name().to_owned(),
        hint: doing.unwrap_or_default(),
    })
}

fn abort(draft: &mut Draft<'_>, by: Actor) -> Result<(), Refusal> {
    let Some(rollout) = draft.state.rollout.clone() else {
        return Err(nothing_running(&draft.state));
    };
    if rollout.is_leaving() {
        return Err(returning(&draft.state, &rollout));
    }
    if rollout.soak().is_some() && rollout.base.is_none() {
        return Err(Refusal::NothingBefore {
            environment: draft.state.name().to_owned(),
            version: rollout.plan.release.version.clone(),
        });
    }
    doubt_base(draft, &rollout);
    for fact in leave::give_up(&draft.state, &rollout, Reason::Aborted(by), draft.now) {
        draft.add(fact);
    }
    Ok(())
}

fn refuse_when_frozen(environment: &Environment) -> Result<(), Refusal> {
    match environment.broken() {
        Some(broken) => Err(Refusal::Frozen {
            environment: environment.name().to_owned(),
            broken: broken.clone(),
        }),
        None => Ok(()),
    }
}

fn refuse_when_returning(environment: &Environment, rollout: &Rollout) -> Result<(), Refusal> {
    if rollout.is_leaving() || !rollout.is_deploy() {
        return Err(returning(environment, rollout));
    }
    Ok(())
}

fn returning(environment: &Environment, rollout: &Rollout) -> Refusal {
    Refusal::Returning {
        environment: environment.name().to_owned(),
        doing: rollout.doing(),
    }
}

fn running_refusal(environment: &Environment, rollout: &Rollout) -> Refusal {
    Refusal::Running {
        environment: environment.name().to_owned(),
        version: rollout.plan.release.version.clone(),
        revision: rollout.revision().to_string(),
        doing: rollout.doing(),
    }
}

fn nothing_running(environment: &Environment) -> Refusal {
    Refusal::NothingRunning {
        environment: environment.name().to_owned(),
    }
}
