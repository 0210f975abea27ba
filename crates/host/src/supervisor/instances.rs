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
        let has_stopped = || {
            let observed = self.context.observed.borrow();
            let state = observed.get(id).map(|observation| &observation.state);
            matches!(state, Some(InstanceState::Stopped { .. }))
        };
        let removed = self.context.ledger.change(|record| match record.instances.remove(id) {
            None => Ok(false),
            Some(instance) if instance.desired == Desired::Run || !has_stopped() => {
                Err(InstanceError::Runs(id.clone()))
            }
            Some(_) => Ok(true),
        });
        if !removed.await? {
            return Ok(());
        }
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

    /// Starts the task of an instance. From here on it is observed, whether or not the task has looked yet.
    fn spawn(&self, id: Name, record: &InstanceRecord) {
        let (desired, wanted) = watch::channel(record.desired.clone());
        let gone = self.stop.child_token();
        let life = Life::new(Arc::clone(&self.context), id.clone(), record, wanted);
        life.appear();
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

#[cfg(test)]
mod tests {
    use lockgate_core::StreamId;

    use super::*;

    /// A test has one thread and awaits nothing that waits: no task of an instance has looked yet.
    #[tokio::test]
    async fn a_recorded_instance_is_known_before_its_task_looks() {
        let directory = tempfile::tempdir().unwrap();
        let home = HostHome::new(directory.path());
        let id = Name::new("web.r1.1").unwrap();
        let instance = InstanceRecord {
            spec: InstanceSpec {
                id: id.clone(),
                stream: StreamId::new("environment", "shop/production"),
                program: "sh".into(),
                args: Vec::new(),
                env: BTreeMap::new(),
                working_directory: "/".into(),
                port_variable: "PORT".into(),
            },
            port: 20_000,
            incarnation: 3,
            desired: Desired::Stop { grace: Duration::ZERO },
        };
        let mut record = Record::default();
        record.instances.insert(id.clone(), instance);
        let path = directory.path().join("supervisor.json");
        std::fs::write(&path, serde_json::to_vec(&record).unwrap()).unwrap();
        let ledger = Arc::new(Ledger::open(path).unwrap());
        let table = InstanceTable::recover(&home, &Roles::standard("lockgate".into()), ledger).await;
        let observed = table.watch().borrow().get(&id).cloned().unwrap();
        assert_eq!((observed.incarnation, observed.state), (3, InstanceState::Stopping));
        let refused = table.forget(&id).await.unwrap_err();
        assert!(matches!(refused, InstanceError::Runs(_)), "{refused}");
        table.forget(&Name::new("other").unwrap()).await.unwrap();
    }
}
