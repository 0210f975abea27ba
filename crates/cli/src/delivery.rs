//! The commands that bring releases to environments and look at them.
//!
//! A command that changes something submits an intent to the driver and follows the events; one that only looks reads the
//! log itself, so that it works while the driver is down. Both fold the same events with the same machine.

pub(crate) mod act;
mod environments;
pub(crate) mod follow;
pub(crate) mod listening;
pub(crate) mod logs;
pub(crate) mod look;
pub(crate) mod outcome;
mod presence;
mod refused;
pub(crate) mod release;
pub(crate) mod underway;

use std::path::Path;

use lockgate_adapters::release::ReleaseStore;
use lockgate_core::machine::replay;
use lockgate_core::{InputId, Machine, Sequence, StreamId};
use lockgate_delivery::{Environment, EnvironmentEvent};
use lockgate_engine::EventLog;
use lockgate_engine::domain::{OpenError, decode};
use lockgate_host::HostHome;
use lockgate_ship::{Fact, Ship, ShipEvent};
use lockgate_store::{Durability, SqliteLog};
use tokio::sync::OnceCell;

use crate::config::{self, Configuration};
use crate::exit::Failure;
use crate::home::Home;
use crate::project::Project;
use crate::random;

/// A project with its state on this machine.
pub(crate) struct Place {
    pub(crate) project: Project,
    pub(crate) identity: String,
    pub(crate) home: Home,
    log: OnceCell<SqliteLog>,
}

impl Place {
    /// Returns the project of a folder.
    pub(crate) fn find(directory: &Path) -> Result<Self, Failure> {
        Self::of(Project::find(directory, config::project_name)?)
    }

    fn of(project: Project) -> Result<Self, Failure> {
        Ok(Self {
            identity: project.identity()?.to_owned(),
            project,
            home: Home::find()?,
            log: OnceCell::new(),
        })
    }

    /// Returns the project's `lockgate.yaml`.
    pub(crate) fn configuration(&self) -> Result<Configuration, Failure> {
        config::load(&self.project.root)
    }

    /// Returns the project's releases.
    pub(crate) fn releases(&self) -> ReleaseStore {
        ReleaseStore::new(self.home.project(&self.identity).join("releases"))
    }

    /// Returns the host's processes.
    pub(crate) fn host(&self) -> HostHome {
        HostHome::new(self.home.folder())
    }

    /// Returns the stream of an environment.
    pub(crate) fn stream(&self, environment: &str) -> StreamId {
        StreamId::new("environment", format_args!("{}/{environment}", self.identity))
    }

    /// Returns the driver's log, opened once; `None` before anything was ever delivered from this machine.
    async fn log(&self) -> Result<Option<&SqliteLog>, Failure> {
        let path = self.home.driver_log();
        if !path.exists() {
            return Ok(None);
        }
        let open = self.log.get_or_try_init(|| SqliteLog::open(&path, Durability::Power));
        open.await.map(Some).map_err(unreadable)
    }

    /// Returns the events of an environment; none when nothing was ever deployed there.
    pub(crate) async fn events(&self, environment: &str) -> Result<Vec<EnvironmentEvent>, Failure> {
        let Some(log) = self.log().await? else {
            return Ok(Vec::new());
        };
        read::<Environment>(log, &self.stream(environment))
            .await?
            .map_err(unreadable)
    }

    /// Returns the newest ship to an environment with its events.
    pub(crate) async fn newest_ship(&self, environment: &str) -> Result<Option<(StreamId, Vec<ShipEvent>)>, Failure> {
        let Some(log) = self.log().await? else {
            return Ok(None);
        };
        let own = format!("{}/", self.identity);
        let heads = log.heads(Ship::KIND).await.map_err(unreadable)?.into_iter();
        for head in heads.rev().filter(|head| head.stream.rest().starts_with(&own)) {
            match read::<Ship>(log, &head.stream).await? {
                Ok(events) if is_ship_to(&events, &self.identity, environment) => {
                    return Ok(Some((head.stream, events)));
                }
                Ok(_) => {}
                // Nobody is kept from looking by a ship that a later version began.
                Err(error) => tracing::warn!(stream = %head.stream, %error, "a ship is passed over"),
            }
        }
        Ok(None)
    }

    /// Returns an environment folded from its log.
    pub(crate) async fn environment(&self, name: &str) -> Result<Option<Environment>, Failure> {
        Ok(replay::<Environment>(self.stream(name), &self.events(name).await?))
    }
}

/// Returns the events of a stream, or why they are not those of this machine.
async fn read<M: Machine<Id = StreamId>>(
    log: &SqliteLog,
    stream: &StreamId,
) -> Result<Result<Vec<M::Event>, OpenError>, Failure> {
    let recorded = log.read(stream, Sequence(0)).await.map_err(unreadable)?;
    Ok(recorded.iter().map(|recorded| decode::<M>(stream, recorded)).collect())
}

fn is_ship_to(events: &[ShipEvent], project: &str, environment: &str) -> bool {
    let Some(Fact::ShipStarted(start)) = events.first().map(|event| &event.fact) else {
        return false;
    };
    start.project == project && start.environment == environment
}

/// Returns the failure of a log that cannot be read.
pub(crate) fn unreadable<E: std::error::Error>(error: E) -> Failure {
    Failure::unavailable("cannot read the event log").because(&error)
}

/// Returns an id that no other intent has.
pub(crate) fn fresh_id(kind: &str) -> Result<InputId, Failure> {
    Ok(InputId(format!("{kind}-{}", random::hex()?)))
}
