//! The commands that look at environments: status, history, why.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_adapters::clock::SystemClock;
use lockgate_core::time::Spoken;
use lockgate_delivery::explain::status::{RevisionStatus, Role};
use lockgate_delivery::explain::{self, Status};
use lockgate_engine::Clock;
use lockgate_ship::{Fact, ShipEvent};

use super::Place;
use super::presence::Present;
use super::refused::Refused;
use super::underway::Underway;
use crate::arguments::{EnvironmentArgument, StatusArguments};
use crate::exit::{Exit, Failure};
use crate::render::out;

pub(crate) async fn status(directory: &Path, arguments: &StatusArguments) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let now = SystemClock::new().now();
    let host = lockgate_host::status::status(&place.host())
        .map_err(|error| Failure::unavailable("cannot read the host's records").because(&error))?;
    let mut all = Vec::new();
    for name in place.environments_named(arguments.environment.given()).await? {
        let environment = place.environment(&name).await?;
        let status = environment.map(|environment| explain::status(&environment, &now));
        all.push((name, status.map(|status| Present::of(status, &host))));
    }
    if arguments.json {
        out::json(&all.into_iter().collect::<BTreeMap<_, _>>());
        return Ok(Exit::Ok);
    }
    if all.iter().all(|(_, status)| status.is_none())
        && let Some(words) = place.left_behind().await?
    {
        out::progress(format_args!("note: {words}"));
    }
    for (name, status) in all {
        match status {
            Some(present) => {
                print_status(&present.status);
                for trouble in &present.host.trouble {
                    out::result(format_args!("  host: {trouble}"));
                }
            }
            None => out::result(format_args!("{name}: nothing deployed")),
        }
        if let Some(ship) = Underway::find(&place, &name).await? {
            out::result(format_args!("  ship: {}", ship.sentence(&name)));
        }
    }
    Ok(Exit::Ok)
}

fn print_status(status: &Status) {
    let at = status
        .address
        .as_ref()
        .map_or(String::new(), |address| format!(" at http://{address}"));
    out::result(format_args!("{}{at}", status.environment));
    let ended = |revision: &&RevisionStatus| revision.role == Role::Leaving && revision.health == "stopped";
    for revision in status.revisions.iter().filter(|revision| !ended(revision)) {
        let role = serde_json::to_value(revision.role).ok();
        let role = role.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        out::result(format_args!(
            "  {:>3}%  {:<9} {:<5} {:<4} {:<16} {}",
            revision.weight, role, revision.slot, revision.revision, revision.version, revision.health
        ));
    }
    if let Some(rollout) = &status.rollout {
        // How much is left stands in the line of the soak.
        let doing = match &rollout.soak {
            Some(_) if rollout.doing.ends_with(" left") => "soaking",
            _ => &rollout.doing,
        };
        out::result(format_args!(
            "  rollout of {} by {}: {doing}",
            rollout.version, rollout.by
        ));
        if let Some(soak) = &rollout.soak {
            out::result(format_args!(
                "  soak: {} of {} left; {} requests, {} failed; so far: {}",
                Spoken(soak.left),
                Spoken(soak.whole),
                soak.counts.requests,
                soak.counts.failed,
                soak.verdict.reason
            ));
        }
    }
    let paused = status.paused.as_ref().map(|reason| {
        let name = &status.environment;
        format!(
            "automatic deploys, because {reason}; `lockgate continue {name}` lets them proceed, a person may deploy"
        )
    });
    let notes = [
        ("queued", &status.queued),
        ("paused", &paused),
        ("route", &status.route_trouble),
        ("asks", &status.question),
    ];
    for (what, note) in notes {
        if let Some(note) = note {
            out::result(format_args!("  {what}: {note}"));
        }
    }
}

pub(crate) async fn history(directory: &Path, arguments: &StatusArguments) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let mut all = BTreeMap::new();
    for name in place.environments_named(arguments.environment.given()).await? {
        let events = place.events(&name).await?;
        if arguments.json {
            all.insert(name, (explain::history(&events), events));
            continue;
        }
        let entries = explain::history(&events);
        if entries.is_empty() {
            out::result(format_args!("{name}: nothing deployed"));
        }
        for entry in entries {
            let took = entry.ended.map_or(String::new(), |ended| {
                format!(" after {}", Spoken(ended.since(entry.started)))
            });
            out::result(format_args!(
                "{}  {name}  {}  {:<16} by {}: {}{took}",
                out::instant(entry.started),
                entry.revision,
                entry.version,
                entry.by,
                entry.outcome
            ));
        }
    }
    if arguments.json {
        let rows = all
            .into_iter()
            .map(|(name, (history, events))| (name, serde_json::json!({ "rollouts": history, "events": events })));
        out::json(&rows.collect::<BTreeMap<_, _>>());
    }
    Ok(Exit::Ok)
}

pub(crate) async fn why(directory: &Path, argument: &EnvironmentArgument) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let name = &place.environment_named(argument.environment.given()).await?;
    let events = place.events(name).await?;
    let mut chain = explain::why(&events);
    // A ship that ended before its rollout is a refusal that the environment does not know.
    let ship = place.newest_ship(name).await?.map_or(Vec::new(), |(_, events)| events);
    let turned = events.iter().rfind(|event| is_of_a_rollout(&event.fact));
    let is_news = ship.last().map(|event| event.at) > turned.map(|event| event.at);
    let had_rollout = |event: &ShipEvent| matches!(event.fact, Fact::RolloutStarted { .. });
    if is_news && !ship.iter().any(had_rollout) {
        let refused = lockgate_ship::why(&ship);
        if !refused.is_empty() {
            chain = refused;
        }
    }
    let now = SystemClock::new().now().wall;
    let told = ship.last().map(|event| event.at).max(turned.map(|event| event.at));
    if let Some(refused) = Refused::last(&place, name).filter(|refused| Some(refused.at) > told) {
        chain = vec![refused.sentence(now)];
    }
    if argument.json {
        out::json(&serde_json::json!({ "environment": name, "chain": chain }));
        return Ok(Exit::Ok);
    }
    if chain.is_empty() {
        out::result(format_args!("{name}: nothing was paused, refused or rolled back"));
    }
    for sentence in chain {
        out::result(sentence);
    }
    Ok(Exit::Ok)
}

/// Returns whether a fact begins a rollout or turns it, so that an older ship is no answer any more.
fn is_of_a_rollout(fact: &lockgate_delivery::Fact) -> bool {
    use lockgate_delivery::Fact;
    matches!(
        fact,
        Fact::RolloutStarted { .. }
            | Fact::RollbackDecided { .. }
            | Fact::LeftServing { .. }
            | Fact::RollbackFailed { .. }
            | Fact::WatchSilent { .. }
            | Fact::SoakHeld { .. }
            | Fact::Frozen(_)
    )
}
