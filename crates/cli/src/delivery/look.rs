//! The commands that look at environments: status, history, why, logs.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_adapters::clock::SystemClock;
use lockgate_core::Timestamp;
use lockgate_core::time::Spoken;
use lockgate_delivery::explain::{self, Status};
use lockgate_engine::Clock;
use lockgate_ship::{Fact, ShipEvent};

use super::Place;
use super::presence::Present;
use super::underway::Underway;
use crate::arguments::{EnvironmentArgument, LogsArguments, StatusArguments};
use crate::exit::{Exit, Failure};
use crate::render::out;

/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) async fn status(directory: &Path, arguments: &StatusArguments) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let now = SystemClock::new().now();
    let host = lockgate_host::status::status(&place.host())
        .map_err(|error| Failure::unavailable("read the host's records").because(&error))?;
    let mut all = Vec::new();
    for name in place.environments_named(arguments.environment.as_deref()).await? {
        let environment = place.environment(&name).await?;
        let status = environment.map(|environment| explain::status(&environment, &now));
        all.push((name, status.map(|status| Present::of(status, &host))));
    }
    if arguments.json {
        out::json(&all.into_iter().collect::<BTreeMap<_, _>>());
        return Ok(Exit::Ok);
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
    for revision in &status.revisions {
        let role = serde_json::to_value(revision.role).ok();
        let role = role.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        out::result(format_args!(
            "  {:>3}%  {:<9} {:<5} {:<4} {:<16} {}",
            revision.weight, role, revision.slot, revision.revision, revision.version, revision.health
        ));
    }
    if let Some(rollout) = &status.rollout {
        out::result(format_args!(
            "  rollout of {} by {}: {}",
            rollout.version, rollout.by, rollout.doing
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
    let notes = [
        ("queued", &status.queued),
        ("paused", &status.paused),
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
    for name in place.environments_named(arguments.environment.as_deref()).await? {
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
                instant(entry.started),
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
    let name = &place.environment_named(argument.environment.as_deref()).await?;
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

/// Prints the logs of an environment's instances, each line behind its instance.
pub(crate) async fn logs(directory: &Path, arguments: &LogsArguments) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let name = &place.environment_named(arguments.environment.as_deref()).await?;
    let mut read: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        for (instance, path) in instance_logs(&place, name) {
            let offset = read.entry(instance.clone()).or_default();
            *offset = print_from(&instance, &path, *offset)?;
        }
        if !arguments.follow {
            return Ok(Exit::Ok);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Ok),
        }
    }
}

fn instance_logs(place: &Place, environment: &str) -> Vec<(String, PathBuf)> {
    let host = place.host();
    let prefix = format!("{}.{environment}.", place.identity);
    let names = std::fs::read_dir(host.instances()).into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut logs: Vec<_> = names
        .filter_map(|name| {
            let short = name.strip_prefix(&prefix).filter(|rest| is_instance(rest))?.to_owned();
            Some((short, host.instance_log(&lockgate_host::Name::new(name).ok()?)))
        })
        .collect();
    logs.sort();
    logs
}

/// Returns whether this is exactly `rN.I`; more is an instance of another environment, whose name begins alike.
fn is_instance(rest: &str) -> bool {
    rest.split_once('.').is_some_and(|(revision, number)| {
        lockgate_delivery::RevisionNumber::try_from(revision.to_owned()).is_ok() && number.parse::<u32>().is_ok()
    })
}

fn print_from(instance: &str, path: &Path, offset: u64) -> Result<u64, Failure> {
    let unreadable = |error| Failure::unavailable(format!("read `{}`", path.display())).because(&error);
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(offset),
        Err(error) => return Err(unreadable(error)),
    };
    let length = file.metadata().map_err(unreadable)?.len();
    let offset = if offset > length { 0 } else { offset };
    file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut stdout = std::io::stdout().lock();
    for line in String::from_utf8_lossy(&bytes[..whole]).lines() {
        drop(writeln!(stdout, "{instance}  {line}"));
    }
    Ok(offset + whole as u64)
}

/// Returns an instant in UTC, to the second.
pub(crate) fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| "?".to_owned(), |at| at.strftime("%F %TZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_a_revision_and_a_number() {
        assert!(is_instance("r2.1"));
        for other in ["eu.r2.1", "r2", "r2.1.r2.1", "r2.x", ""] {
            assert!(!is_instance(other), "{other}");
        }
    }
}
