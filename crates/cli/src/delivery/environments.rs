//! Which environment a command means, when it needs no more of it than its name.
//!
//! What serves has to be looked at and brought back whatever is wrong in the working tree: with a mistake in
//! `lockgate.yaml`, and with an environment that it does not name any more. So these commands take the environments of
//! the event log beside those of the file, and of a broken file only the project's name.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_core::{Machine, StreamId};
use lockgate_delivery::Environment;
use lockgate_engine::EventLog;

use super::{Place, unreadable};
use crate::config::{self, Soundness};
use crate::exit::Failure;
use crate::project::{CONFIGURATION, Project};
use crate::render::out;

impl Place {
    /// Returns the project of a folder for a command that needs only its identity.
    pub(crate) fn find_despite_mistakes(directory: &Path) -> Result<Self, Failure> {
        let (place, soundness) = Self::find_any(directory)?;
        if soundness == Soundness::Broken {
            let identity = &place.identity;
            out::progress(format_args!(
                "note: {CONFIGURATION} has mistakes, which `lockgate check` shows; this command needs only the \
                 project's name, {identity}"
            ));
        }
        Ok(place)
    }

    /// Returns the project of a folder for the command that shows its mistakes.
    pub(crate) fn find_quietly(directory: &Path) -> Result<Self, Failure> {
        let directory = if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        };
        Self::find_any(directory).map(|(place, _)| place)
    }

    fn find_any(directory: &Path) -> Result<(Self, Soundness), Failure> {
        let mut soundness = Soundness::Sound;
        let project = Project::find(directory, |root| {
            let (name, found) = config::project_name_of_any(root);
            soundness = found;
            Ok(name)
        })?;
        Ok((Self::of(project)?, soundness))
    }

    /// Returns the environment with this name, or the only one.
    pub(crate) async fn environment_named(&self, given: Option<&str>) -> Result<String, Failure> {
        let configured = self.configured();
        let deployed = self.deployed().await?;
        choose(given, &configured, &deployed)
    }

    /// Returns the environment with this name, or all: those of the file in its order, then those that it does not name.
    pub(crate) async fn environments_named(&self, given: Option<&str>) -> Result<Vec<String>, Failure> {
        if given.is_some() {
            return Ok(vec![self.environment_named(given).await?]);
        }
        let mut all = self.configured();
        for name in self.deployed().await? {
            if all.contains(&name) {
                continue;
            }
            let holds = |environment: Environment| environment.revisions().next().is_some();
            if self.environment(&name).await?.is_some_and(holds) {
                all.push(name);
            }
        }
        if all.is_empty() {
            // Nothing is there to be shown, so what is wrong with the file is the answer.
            self.configuration()?;
        }
        Ok(all)
    }

    /// Returns the environments of the file; none when it cannot be read.
    fn configured(&self) -> Vec<String> {
        let environments = config::load_quietly(&self.project.root).map(|configuration| configuration.environments);
        let names = environments.into_iter().flatten().map(|(name, _)| name);
        names.collect()
    }

    /// Returns the environments of the event log.
    async fn deployed(&self) -> Result<BTreeSet<String>, Failure> {
        let Some(log) = self.log().await? else {
            return Ok(BTreeSet::new());
        };
        let heads = log.heads(Environment::KIND).await.map_err(unreadable)?.into_iter();
        Ok(heads.filter_map(|head| self.name_of(&head.stream)).collect())
    }

    /// Returns what becomes of environments from before the project was named, in words; `None` when there are none.
    pub(super) async fn left_behind(&self) -> Result<Option<String>, Failure> {
        let (Some(unnamed), Some(log)) = (self.project.unnamed(), self.log().await?) else {
            return Ok(None);
        };
        let before = format!("{unnamed}/");
        let heads = log.heads(Environment::KIND).await.map_err(unreadable)?;
        Ok(heads
            .iter()
            .any(|head| head.stream.rest().starts_with(&before))
            .then(|| {
                format!(
                    "what was deployed before `project: {}` was written belongs to the project {unnamed} and runs on; \
                 `lockgate host status` shows it, and without that line these commands do",
                    self.identity
                )
            }))
    }

    fn name_of(&self, stream: &StreamId) -> Option<String> {
        let name = stream.rest().strip_prefix(self.identity.as_str())?.strip_prefix('/')?;
        (!name.contains('/')).then(|| name.to_owned())
    }
}

fn choose(given: Option<&str>, configured: &[String], deployed: &BTreeSet<String>) -> Result<String, Failure> {
    let all: BTreeSet<&String> = configured.iter().chain(deployed).collect();
    let names = || {
        let beside = deployed.iter().filter(|name| !configured.contains(name));
        let names: Vec<_> = configured.iter().chain(beside).map(String::as_str).collect();
        names.join(", ")
    };
    match given {
        Some(name) if all.iter().any(|known| *known == name) => Ok(name.to_owned()),
        Some(name) => {
            let message = format!("there is no environment `{name}`");
            Err(Failure::usage(message).help(match names() {
                none if none.is_empty() => format!("{CONFIGURATION} names none, and nothing was deployed"),
                names => format!("there are: {names}"),
            }))
        }
        None => match (configured, all.len()) {
            ([only], _) => Ok(only.clone()),
            ([], 1) => Ok(all.into_iter().next().cloned().unwrap_or_default()),
            ([], 0) => Err(Failure::usage("there is no environment")
                .help(format!("`lockgate check` shows what is wrong with {CONFIGURATION}"))),
            _ => Err(Failure::usage("which environment?").help(format!("name one of: {}", names()))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(given: Option<&str>, configured: &[&str], deployed: &[&str]) -> Result<String, String> {
        let configured: Vec<_> = configured.iter().map(|name| (*name).to_owned()).collect();
        let deployed = deployed.iter().map(|name| (*name).to_owned()).collect();
        choose(given, &configured, &deployed).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_was_deployed_is_an_environment_though_the_file_does_not_name_it() {
        assert_eq!(
            chosen(Some("production"), &["staging"], &["production"]).unwrap(),
            "production"
        );
        assert_eq!(chosen(Some("production"), &[], &["production"]).unwrap(), "production");
        assert_eq!(chosen(None, &[], &["production"]).unwrap(), "production");
        assert_eq!(chosen(None, &["staging"], &["production"]).unwrap(), "staging");
        let unknown = chosen(Some("test"), &["staging"], &["production", "staging"]).unwrap_err();
        assert!(unknown.contains("there are: staging, production"), "{unknown}");
        let which = chosen(None, &["staging", "production"], &[]).unwrap_err();
        assert!(which.contains("which environment?"), "{which}");
        assert!(chosen(None, &[], &[]).is_err());
    }
}
