//! The instances that ought to run, each with a task of its own.

mod life;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::ports;
use super::record::{Desired, InstanceRecord, Ledger, LedgerError, Record};
use crate::instance::{InstanceSpec, InstanceState, Observation};
use crate::layout::{HostHome, Name};
use crate::roles::Roles;
use crate::seat::in_words;
use life::Life;

/// All instances of the host.
#[derive(Debug)]
pub(super) struct InstanceTable {
    context: Arc<Context>,
    tasks: Mutex<BTreeMap<Name, Task>>,
    stop: CancellationToken,
}

/// What the tasks share.
#[derive(Debug)]
struct Context {
    home: HostHome,
    roles: Roles,
    ledger: Arc<Ledger>,
    observed: watch::Sender<BTreeMap<Name, Observation>>,
}

#[derive(Debug)]
struct Task {
    desired: watch::Sender<Desired>,
    gone: CancellationToken,
}

/// Why an instance is not kept, stopped or forgotten, in words.
#[derive(Debug, thiserror::Error)]
pub(super) enum InstanceError {
    #[error("instance `{0}` runs another command already; stop it first, or give the new one another name")]
    Different(Name),
    #[error("there is no instance `{0}`; `lockgate host status` lists those that there are")]
    Absent(Name),
    #[error("instance `{0}` still runs; stop it first")]
    Runs(Name),
    #[error("finding a port for instance `{0}`: {1}")]
    Port(Name, std::io::Error),
    #[error("removing the files of instance `{0}`: {1}")]
    Remove(Name, std::io::Error),
    #[error("{}", in_words(.0))]
    Record(#[from] LedgerError),
}

impl InstanceTable {
    /// Attaches to what runs, and starts what ought to run and does not.
    pub(super) async fn recover(home: &HostHome, roles: &Roles, ledger: Arc<Ledger>) -> Self {
        let recorded = ledger.look(|record| record.instances.clone()).await;
        let table = Self {
            context: Arc::new(Context {
                home: home.clone(),
                roles: roles.clone(),
                ledger,
                observed: watch::Sender::default(),
            }),
            tasks: Mutex::default(),
            stop: CancellationToken::new(),
        };
        for (id, record) in recorded {
            table.spawn(id, &record);
        }
        table
    }

    /// Returns what the instances do, and tells of changes.
    pub(super) fn watch(&self) -> watch::Receiver<BTreeMap<Name, Observation>> {
        self.context.observed.subscribe()
    }

    /// Keeps an instance running; the same again changes nothing.
    pub(super) async fn ensure(&self, spec: InstanceSpec) -> Result<(), InstanceError> {
        let id = spec.id.clone();
        let record = self.context.ledger.change(|record| want(record, spec)).await?;
        self.tell_or_spawn(id, record);
        Ok(())
    }

    /// Stops an instance for good.
    pub(super) async fn stop(&self, id: &Name, grace: Duration) -> Result<(), InstanceError> {
        let record = self.context.ledger.change(|record| {
            let instance = record.instances.get_mut(id);
            let instance = instance.ok_or_else(|| InstanceError::Absent(id.clone()))?;
            instance.desired = Desired::Stop { grace };
            Ok::<_, InstanceError>(instance.clone())
        });
        let record = record.await?;
        self.tell_or_spawn(id.clone(), record);
        Ok(())
    }

    /// Forgets a stopped instance and removes its files; one that is not there is as good.
    pub(super) async fn forget(&self, id: &Name) -> Result<(), InstanceError> {
        let state = self
            .context
            .observed
            .borrow()
            .get(id)
            .map(|observation| observation.state.clone());
        match state {
            None => return Ok(()),
            Some(InstanceState::Stopped { .. }) => {}
            Some(_) => return Err(InstanceError::Runs(id.clone())),
        }
        let removed = self.context.ledger.change(|record| match record.instances.remove(id) {
            Some(instance) if instance.desired == Desired::Run => Err(InstanceError::Runs(id.clone())),
            _ => Ok(()),
        });
        removed.await?;
        if let Some(task) = self.tasks().remove(id) {
            task.gone.cancel();
        }
        self.context.observed.send_modify(|observed| {
            observed.remove(id);
        });
        match std::fs::remove_dir_all(self.context.home.instance(id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(InstanceError::Remove(id.clone(), error)),
            _ => Ok(()),
        }
    }

    /// Ends the tasks and leaves the instances as they are.
    pub(super) fn let_go(&self) {
        self.stop.cancel();
    }

    fn tell_or_spawn(&self, id: Name, record: InstanceRecord) {
        if let Some(task) = self.tasks().get(&id) {
            task.desired.send_if_modified(|desired| {
                let changed = *desired != record.desired;
                *desired = record.desired;
                changed
            });
            return;
        }
        self.spawn(id, &record);
    }

    fn spawn(&self, id: Name, record: &InstanceRecord) {
        let (desired, wanted) = watch::channel(record.desired.clone());
        let gone = self.stop.child_token();
        let life = Life::new(Arc::clone(&self.context), id.clone(), record, wanted);
        let task = Task {
            desired,
            gone: gone.clone(),
        };
        self.tasks().insert(id, task);
        tokio::spawn(async move { gone.run_until_cancelled(life.run()).await });
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the ports that are promised to somebody.
pub(super) fn ports_in_use(record: &Record) -> BTreeSet<u16> {
    let listeners = record.listeners.values().map(std::net::SocketAddr::port);
    let instances = record.instances.values().map(|instance| instance.port);
    listeners.chain(instances).collect()
}

/// Records that an instance ought to run.
fn want(record: &mut Record, spec: InstanceSpec) -> Result<InstanceRecord, InstanceError> {
    let taken = ports_in_use(record);
    let id = spec.id.clone();
    let incarnation = match record.instances.get(&id) {
        Some(present) if present.desired == Desired::Run => {
            if present.spec != spec {
                return Err(InstanceError::Different(id));
            }
            return Ok(present.clone());
        }
        // Stopped before: a new start has a new number.
        Some(present) => present.incarnation + 1,
        None => 1,
    };
    let port = ports::free(&taken).map_err(|error| InstanceError::Port(id.clone(), error))?;
    let instance = InstanceRecord {
        spec,
        port,
        incarnation,
        desired: Desired::Run,
    };
    record.instances.insert(id, instance.clone());
    Ok(instance)
}
