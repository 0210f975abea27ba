//! What a deploy or a rollback will do, as a value.
//!
//! `--dry-run` prints the very value that [`Fact::RolloutStarted`](crate::environment::Fact)
//! stores: both come from [`dry_run`], and nothing in it depends on the time.

mod sight;
mod step;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use step::PlanStep;

use crate::definition::{ApplicationDefinition, Origin, Previous};
use crate::environment::decide::intent;
use crate::environment::{Actor, Environment, Intent, Record, Refusal};
use crate::release::Release;
use crate::revision::{Revision, RevisionNumber, Running, Slot};

/// What a rollout will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutPlan {
    /// Where.
    pub environment: String,
    /// Which way.
    pub movement: Movement,
    /// The revision that will serve.
    pub revision: RevisionNumber,
    /// Its slot.
    pub slot: Slot,
    /// What it runs.
    pub release: Release,
    /// How it runs.
    pub definition: ApplicationDefinition,
    /// What serves now.
    pub from: Option<Serving>,
    /// The warm revision whose slot is needed: it ends, and is no longer there to return to.
    pub retires: Option<Serving>,
    /// What happens, in this order.
    pub steps: Vec<PlanStep>,
    /// What the analysis can see, and what it cannot, in words.
    pub sight: Vec<String>,
    /// What else to know, in words.
    pub notes: Vec<String>,
}

/// Which way a rollout goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// A release comes to the environment.
    Deploy,
    /// Traffic returns to a revision that is still running.
    WarmRollback,
    /// An earlier release is brought up again, and traffic returns to it.
    ColdRollback,
}

/// A revision that has traffic or could have it at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    /// Its number.
    pub revision: RevisionNumber,
    /// Its version.
    pub version: String,
    /// Its slot.
    pub slot: Slot,
}

/// Returns what `intent` would start.
///
/// With a deploy that supersedes, the plan is that of the moment at which the running rollout has been rolled back.
///
/// # Errors
/// Returns why it would be refused; `continue` and `abort` start nothing and are refused here as having no plan.
pub fn dry_run(environment: &Environment, intent: &Intent, by: &Actor) -> Result<RolloutPlan, Refusal> {
    intent::plan(environment, intent, by)
}

/// Returns the plan that brings `release` up beside what serves.
pub(crate) fn bring_up(environment: &Environment, movement: Movement, content: &Content<'_>) -> RolloutPlan {
    let from = environment.stable().map(Serving::of);
    let slot = from.as_ref().map_or(Slot::Blue, |serving| serving.slot.other());
    let retires = environment.previous().or_else(|| environment.lingering(slot));
    let Content {
        release,
        definition,
        by,
    } = *content;
    let mut plan = RolloutPlan {
        environment: environment.name().to_owned(),
        movement,
        revision: environment.next_revision(),
        slot,
        release: release.clone(),
        definition: definition.clone(),
        from,
        retires: retires.map(Serving::of),
        steps: Vec::new(),
        sight: Vec::new(),
        notes: notes(environment, by),
    };
    if let Some(origin) = &definition.origin {
        plan.notes.extend(foreign(release, origin));
        plan.release.configuration.clone_from(&origin.digest);
    }
    if movement == Movement::Deploy {
        plan.notes.extend(repeated(environment, release, definition));
        plan.notes.extend(rolled_back(environment, release));
    }
    plan.steps = step::bring_up(&plan);
    if movement == Movement::Deploy {
        plan.sight = sight::of(&plan.definition);
    }
    plan
}

/// Returns the plan that gives `leaving` up for the warm `target`.
pub(crate) fn warm_return(
    environment: &Environment,
    leaving: Option<&Revision>,
    target: &Revision,
    by: &Actor,
) -> RolloutPlan {
    let mut plan = RolloutPlan {
        environment: environment.name().to_owned(),
        movement: Movement::WarmRollback,
        revision: target.number,
        slot: target.slot,
        release: target.release.clone(),
        definition: target.definition.clone(),
        from: leaving.map(Serving::of),
        retires: None,
        steps: Vec::new(),
        sight: Vec::new(),
        notes: notes(environment, by),
    };
    plan.steps = match leaving {
        Some(leaving) if environment.weight(leaving.number) == 0 => vec![PlanStep::Stop(Serving::of(leaving))],
        _ => step::warm_return(&plan),
    };
    plan
}

/// What a plan brings up, and for whom.
pub(crate) struct Content<'a> {
    pub(crate) release: &'a Release,
    pub(crate) definition: &'a ApplicationDefinition,
    pub(crate) by: &'a Actor,
}

fn notes(environment: &Environment, by: &Actor) -> Vec<String> {
    let paused = environment.paused().map(|reason| {
        format!("automatic deploys are paused, {reason}; {by} asked, so this one proceeds, and the pause stays")
    });
    paused.into_iter().collect()
}

/// Returns the note that the configuration is another one than the release was made with.
fn foreign(release: &Release, origin: &Origin) -> Option<String> {
    (release.configuration != origin.digest).then(|| {
        format!(
            "the configuration is {} ({}), not the one that the release was made with ({})",
            origin.file,
            step::shortened(&origin.digest),
            step::shortened(&release.configuration)
        )
    })
}

/// Returns the note that just this serves already, and what a rollback then returns to.
fn repeated(environment: &Environment, release: &Release, definition: &ApplicationDefinition) -> Option<String> {
    let stable = environment
        .stable()
        .filter(|stable| stable.is_same(release, definition))?;
    let back = match intent::last_good(environment, stable) {
        Ok(good) => format!("brings back {}, started anew", environment.title(good)),
        Err(_) => "has nothing else to return to".to_owned(),
    };
    Some(format!(
        "{} serves already, the same artifact with the same settings; it is replaced by itself, and a rollback \
         afterwards {back}",
        environment.title(stable.number)
    ))
}

/// Returns the note that traffic was taken away from just this here, the last time that it came.
fn rolled_back(environment: &Environment, release: &Release) -> Option<String> {
    let mut before = environment.known().iter().rev();
    let (number, known) = before.find(|(_, known)| known.release.artifacts == release.artifacts)?;
    (known.record == Record::RolledBack).then(|| {
        format!(
            "{} was rolled back here, and this is the same artifact; `lockgate history {}` tells why",
            environment.title(*number),
            environment.name()
        )
    })
}

impl RolloutPlan {
    /// Returns whether the replaced revision stays ready to take traffic back at once.
    pub fn keeps_previous_warm(&self) -> bool {
        self.movement == Movement::Deploy
            && self.from.is_some()
            && self.definition.strategy.previous == Previous::WarmUntilNextDeploy
    }
}

impl Serving {
    /// Returns what a plan says of a revision.
    pub fn of(revision: &Revision) -> Self {
        Self {
            revision: revision.number,
            version: revision.release.version.clone(),
            slot: revision.slot,
        }
    }
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.version, self.revision, self.slot)
    }
}

impl fmt::Display for RolloutPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.movement {
            Movement::Deploy => "deploy",
            Movement::WarmRollback => "roll back to the running",
            Movement::ColdRollback => "roll back to",
        };
        let to = format!("{} as {} in {}", self.release.version, self.revision, self.slot);
        write!(f, "{verb} {to} on {}", self.environment)?;
        match &self.from {
            Some(from) if self.movement == Movement::WarmRollback => writeln!(f, ", away from {from}")?,
            Some(from) => writeln!(f, ", where {from} serves")?,
            None => writeln!(f, ", where nothing serves yet")?,
        }
        if let Some(origin) = &self.definition.origin {
            writeln!(f, "  by {} ({})", origin.file, step::shortened(&origin.digest))?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:>3}. {step}", number + 1)?;
        }
        for sight in &self.sight {
            writeln!(f, "  sees: {sight}")?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}

impl Environment {
    /// Returns the number of the next new revision.
    pub(crate) fn next_revision(&self) -> RevisionNumber {
        RevisionNumber(self.last_revision() + 1)
    }
}

impl Revision {
    /// Returns whether its instances run and are meant to.
    pub fn is_warm(&self) -> bool {
        self.running == Running::Wanted
    }
}
