//! One instance: starts, ends, and starts again.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::Timestamp;
use tokio::sync::watch;

use super::super::ports;
use super::super::record::{Desired, InstanceRecord};
use super::{Context, InstanceError, ports_in_use};
use crate::clock;
use crate::durable::{self, Durability};
use crate::instance::{InstanceState, Observation};
use crate::layout::Name;
use crate::seat::in_words;
use crate::shim::{self, AttemptSpec, AttemptState, Ending, Exit, Leftovers};

/// Who ran for so long is well, and its next end is answered at once.
const WELL: Duration = Duration::from_secs(30);

/// The wait after the first end in a row; it doubles.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// Between asking and killing, when nobody says.
const GRACE: Duration = Duration::from_secs(10);

/// The longest wait.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// The task of one instance.
pub(super) struct Life {
    context: Arc<Context>,
    id: Name,
    stream: lockgate_core::StreamId,
    desired: watch::Receiver<Desired>,
    incarnation: u64,
    /// How often in a row it ended without having run for long.
    restarts: u32,
}

/// How a start ended.
struct End {
    exit: Option<Exit>,
    at: Timestamp,
    /// When it had started to run.
    since: Option<Timestamp>,
}

impl Life {
    pub(super) fn new(
        context: Arc<Context>,
        id: Name,
        record: &InstanceRecord,
        desired: watch::Receiver<Desired>,
    ) -> Self {
        Self {
            context,
            id,
            stream: record.spec.stream.clone(),
            desired,
            incarnation: record.incarnation,
            restarts: 0,
        }
    }

    /// Tells that the instance is there, before the task has looked at what it does.
    pub(super) fn appear(&self) {
        self.publish(match *self.desired.borrow() {
            Desired::Run => InstanceState::Starting,
            Desired::Stop { .. } => InstanceState::Stopping,
        });
    }

    /// Makes it so, for ever.
    pub(super) async fn run(mut self) {
        loop {
            let desired = self.desired.borrow_and_update().clone();
            match desired {
                Desired::Stop { grace } => {
                    self.finish(grace).await;
                    if self.desired.changed().await.is_err() {
                        return;
                    }
                    self.restarts = 0;
                }
                Desired::Run => self.live().await,
            }
        }
    }

    /// Sees one start through, to its end or to the wish to stop it.
    async fn live(&mut self) {
        let record = self
            .context
            .ledger
            .look(|record| record.instances.get(&self.id).cloned())
            .await;
        let Some(record) = record else {
            // Forgotten; this task is about to be ended.
            let _ = self.desired.changed().await;
            return;
        };
        if record.incarnation != self.incarnation && shim::is_alive(&self.directory()).unwrap_or(false) {
            // Stopped and wanted again before this task looked.
            self.finish(GRACE).await;
        }
        self.incarnation = record.incarnation;
        let end = match self.attempt(&record).await {
            Ok(Some(end)) => end,
            Ok(None) => return,
            Err(reason) => End {
                exit: Some(Exit::NotStarted(reason)),
                at: clock::wall(),
                since: None,
            },
        };
        self.pause(end).await;
        if *self.desired.borrow() == Desired::Run {
            self.renew().await;
        }
    }

    /// Starts or adopts, and waits; `None` when somebody wants it stopped.
    async fn attempt(&mut self, record: &InstanceRecord) -> Result<Option<End>, String> {
        let directory = self.directory();
        let mut state = shim::settle(&directory).map_err(|error| error.to_string())?;
        if matches!(state, AttemptState::Absent | AttemptState::Claimed) {
            self.publish(InstanceState::Starting);
            state = self.start(record).await?;
        }
        while state == AttemptState::Claimed {
            // A dead supervisor's start that is under way.
            tokio::time::sleep(Duration::from_millis(5)).await;
            state = shim::settle(&directory).map_err(|error| error.to_string())?;
        }
        let mut since = None;
        if let AttemptState::Running { pid, since: began } = state {
            since = Some(began);
            self.publish(InstanceState::Running {
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, record.port)),
                pid,
                since: began,
            });
        }
        let ended = tokio::select! {
            ended = shim::wait(&directory) => ended.map_err(|error| error.to_string())?,
            _ = self.desired.changed() => return Ok(None),
        };
        Ok(Some(match ended {
            AttemptState::Exited { exit, at } => End {
                exit: Some(exit),
                at,
                since,
            },
            _ => End {
                exit: None,
                at: clock::wall(),
                since,
            },
        }))
    }

    async fn start(&self, record: &InstanceRecord) -> Result<AttemptState, String> {
        let in_the_way = |error: std::io::Error| format!("preparing its directory: {error}");
        durable::private_directory(&self.context.home.instance(&self.id)).map_err(in_the_way)?;
        if let Some(old) = self.incarnation.checked_sub(2) {
            let _ = shim::release(&self.context.home.incarnation(&self.id, old));
        }
        if !ports::is_free(record.port) {
            return Err(format!(
                "its port {} is in use by another process; the next start has another",
                record.port
            ));
        }
        let spawned = shim::spawn(&self.context.roles, &self.directory(), &self.spec(record)).await;
        spawned
            .map(|spawned| spawned.state().clone())
            .map_err(|error| in_words(&error))
    }

    fn spec(&self, record: &InstanceRecord) -> AttemptSpec {
        let log = self.context.home.instance_log(&self.id);
        let mut env: BTreeMap<String, String> = record.spec.env.clone();
        env.insert(record.spec.port_variable.clone(), record.port.to_string());
        AttemptSpec {
            id: format!("{} (start {})", self.id, self.incarnation),
            program: record.spec.program.clone(),
            args: record.spec.args.clone(),
            env,
            working_directory: record.spec.working_directory.clone(),
            stdout: log.clone(),
            stderr: log,
            grace: GRACE,
            ending: Ending::Terminate,
            leftovers: Leftovers::Kill,
            trace: None,
            durability: Durability::Process,
        }
    }

    /// Tells the end, and waits before the next start; shorter when the wish changes.
    async fn pause(&mut self, end: End) {
        if end.since.is_some_and(|since| end.at.since(since) >= WELL) {
            self.restarts = 0;
        }
        let delay = delay(self.restarts);
        let exit = end.exit.as_ref().map_or("nobody knows how".to_owned(), Exit::to_string);
        tracing::warn!("instance `{}` ended ({exit}); next start in {delay:?}", self.id);
        self.publish(InstanceState::Exited {
            exit: end.exit,
            at: end.at,
            restarts: self.restarts,
            next: clock::wall().plus(delay),
        });
        self.restarts = self.restarts.saturating_add(1);
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _ = self.desired.changed() => {}
        }
    }

    /// Gives the next start its number, and another port when the old one is lost.
    async fn renew(&mut self) {
        loop {
            let id = &self.id;
            let renewed = self.context.ledger.change(|record| {
                let taken = ports_in_use(record);
                let Some(instance) = record.instances.get_mut(id) else {
                    return Ok(());
                };
                if instance.desired == Desired::Run {
                    instance.incarnation += 1;
                    if !ports::is_free(instance.port) {
                        instance.port = ports::free(&taken).map_err(|error| InstanceError::Port(id.clone(), error))?;
                    }
                }
                Ok::<_, InstanceError>(())
            });
            match renewed.await {
                Ok(()) => return,
                Err(error) => tracing::error!("restarting instance `{id}`: {error}; next try in a second"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Stops what runs of it, and tells the end.
    async fn finish(&mut self, grace: Duration) {
        let directory = self.directory();
        if shim::is_alive(&directory).unwrap_or(true) {
            self.publish(InstanceState::Stopping);
        }
        let ended = loop {
            let asked = shim::stop(&directory, grace);
            let ended = match asked {
                Ok(_) => shim::wait(&directory).await,
                Err(error) => Err(error),
            };
            match ended {
                Ok(ended) => break ended,
                Err(error) => tracing::error!("stopping instance `{}`: {error}; next try in a second", self.id),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        let exit = match ended {
            AttemptState::Exited { exit, .. } => Some(exit),
            _ => None,
        };
        self.publish(InstanceState::Stopped { exit });
    }

    fn directory(&self) -> PathBuf {
        self.context.home.incarnation(&self.id, self.incarnation)
    }

    fn publish(&self, state: InstanceState) {
        let observation = Observation {
            id: self.id.clone(),
            stream: self.stream.clone(),
            incarnation: self.incarnation,
            state,
        };
        self.context.observed.send_if_modified(|observed| {
            let changed = observed.get(&self.id) != Some(&observation);
            observed.insert(self.id.clone(), observation);
            changed
        });
    }
}

fn delay(restarts: u32) -> Duration {
    FIRST_DELAY
        .saturating_mul(2_u32.saturating_pow(restarts))
        .min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_limit() {
        let delays: Vec<u128> = [0, 1, 2, 8, 9, 99].map(delay).iter().map(Duration::as_millis).collect();
        assert_eq!(delays, [100, 200, 400, 25_600, 30_000, 30_000]);
    }
}
