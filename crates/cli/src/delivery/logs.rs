//! `lockgate logs`: what the instances of an environment wrote, each line behind its instance.
//!
//! The log of an instance lives as long as the instance; of what was stopped the target keeps the end, so that a
//! candidate that was rolled back can still be asked.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_adapters::target::process::kept_logs;
use lockgate_delivery::RevisionNumber;
use lockgate_delivery::environment::Record;

use super::Place;
use crate::arguments::LogsArguments;
use crate::exit::{Exit, Failure};
use crate::render::out;

/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Prints the logs of an environment's instances, each line behind its instance.
pub(crate) async fn logs(directory: &Path, arguments: &LogsArguments) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let name = &place.environment_named(arguments.environment.given()).await?;
    let wanted = Wanted::read(arguments)?;
    let last = if arguments.follow { Last::Awaited } else { Last::AsItIs };
    wanted.check(&place, name).await?;
    let mut read: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        for (instance, path) in wanted.of(&place, name) {
            let offset = read.entry(instance.clone()).or_default();
            *offset = print_from(&instance, &path, *offset, last)?;
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

/// Whose logs are wanted.
struct Wanted {
    /// One revision, or all that runs.
    revision: Option<RevisionNumber>,
}

impl Wanted {
    fn read(arguments: &LogsArguments) -> Result<Self, Failure> {
        let revision = arguments.revision.clone().map(RevisionNumber::try_from).transpose();
        let revision = revision.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { revision })
    }

    /// Refuses a revision without a log; where all are wanted, names the one that failed last and does not run.
    async fn check(&self, place: &Place, environment: &str) -> Result<(), Failure> {
        let kept = kept(place, environment);
        if let Some(revision) = self.revision {
            if !self.of(place, environment).is_empty() {
                return Ok(());
            }
            let mut names: Vec<String> = instance_logs(place, environment)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            names.extend(kept.into_iter().map(|(name, _)| name));
            names.dedup();
            let message = format!("{environment} has no log of {revision}");
            return Err(Failure::usage(message).help(match names.join(", ") {
                none if none.is_empty() => "nothing has run there".to_owned(),
                names => format!("there are those of: {names}"),
            }));
        }
        let known = place.environment(environment).await?;
        let failed = known.and_then(|environment| {
            let newest = environment
                .known()
                .last_key_value()
                .map(|(number, known)| (*number, known.record));
            newest.filter(|(_, record)| *record == Record::RolledBack)
        });
        if let Some((revision, _)) = failed
            && kept.iter().any(|(name, _)| is_of(name, revision))
        {
            out::progress(format_args!(
                "note: {revision}, which was rolled back, has a log of its own: `lockgate logs {environment} --revision \
                 {revision}`"
            ));
        }
        Ok(())
    }

    /// Returns the logs, those of a revision also from where the target keeps them.
    fn of(&self, place: &Place, environment: &str) -> Vec<(String, PathBuf)> {
        let mut running = instance_logs(place, environment);
        let Some(revision) = self.revision else {
            return running;
        };
        running.retain(|(name, _)| is_of(name, revision));
        if running.is_empty() {
            running = kept(place, environment);
            running.retain(|(name, _)| is_of(name, revision));
        }
        running
    }
}

fn is_of(instance: &str, revision: RevisionNumber) -> bool {
    instance
        .split_once('.')
        .is_some_and(|(of, _)| of == revision.to_string())
}

/// Returns the logs that the target keeps of instances that were stopped.
fn kept(place: &Place, environment: &str) -> Vec<(String, PathBuf)> {
    let folder = kept_logs(place.home.folder(), &place.stream(environment));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut logs: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let instance = name.strip_suffix(".log").filter(|rest| is_instance(rest))?.to_owned();
            Some((instance, entry.path()))
        })
        .collect();
    logs.sort();
    logs
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

/// What becomes of a last line that does not end yet.
#[derive(Clone, Copy)]
enum Last {
    /// It is printed; what died while it wrote said why there.
    AsItIs,
    /// It is left for the next look.
    Awaited,
}

impl Last {
    /// Returns how many of the bytes are to be printed.
    fn printed(self, bytes: &[u8]) -> usize {
        match self {
            Self::AsItIs => bytes.len(),
            Self::Awaited => bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1),
        }
    }
}

fn print_from(instance: &str, path: &Path, offset: u64, last: Last) -> Result<u64, Failure> {
    let unreadable = |error| Failure::unavailable(format!("cannot read `{}`", path.display())).because(&error);
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
    let printed = last.printed(&bytes);
    let mut stdout = std::io::stdout().lock();
    for line in String::from_utf8_lossy(&bytes[..printed]).lines() {
        drop(writeln!(stdout, "{instance}  {line}"));
    }
    Ok(offset + printed as u64)
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

    #[test]
    fn a_line_that_does_not_end_waits_only_where_more_may_come() {
        let printed = |last: Last, text: &str| text[..last.printed(text.as_bytes())].to_owned();
        let died = "starting\nfatal: no config";
        assert_eq!(printed(Last::AsItIs, died), died);
        assert_eq!(printed(Last::Awaited, died), "starting\n");
        assert_eq!(printed(Last::AsItIs, "fatal"), "fatal");
        assert_eq!(printed(Last::Awaited, "fatal"), "");
    }
}
