//! The process target: instances under this machine's supervisor, traffic through its proxy.
//!
//! One function per effect. Each is an *ensure*: it attaches to what is there, tries again when the supervisor or the proxy
//! is away, and may be dropped at any await without ending anything outside.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lockgate_core::{EffectKey, ResultStamp, StreamId};
use lockgate_delivery::environment::Effect;
use lockgate_delivery::{Environment, EnvironmentInput, Report, RevisionNumber};
use lockgate_engine::clock::wait_until;
use lockgate_engine::{Clock, Fence, Inputs, Performer, Task};
use lockgate_host::wire::{ProxyClient, SupervisorClient, WireError};
use lockgate_host::{HostHome, Name, Role};

use crate::release::ReleaseStore;
use crate::turns::Turns;

mod capture;
#[cfg(test)]
mod fake;
mod instance;
mod place;
mod probe;
mod route;
mod smoke;
mod watch;

pub use capture::kept_logs;

/// The pause before the supervisor or the proxy is asked again when it was away.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Performs the effects of environments whose instances are processes of this machine.
pub struct ProcessTarget {
    host: HostHome,
    clock: Arc<dyn Clock>,
    root: PathBuf,
    counter: AtomicU64,
    /// A placement is written or removed by one at a time, though a task that was cancelled still writes.
    placing: Turns<PathBuf>,
    /// Who stops a revision waits for what was asked of the supervisor to start it, and comes after it.
    starting: Turns<PathBuf>,
}

/// Sends the reports of one effect, each with a stamp that is newer than all before.
struct Reporter<'a> {
    inputs: Inputs<Environment>,
    key: EffectKey,
    fence: Fence,
    counter: &'a AtomicU64,
}

impl ProcessTarget {
    /// Returns the target whose state is below `root`, with the host's processes at `host`.
    pub fn new(root: impl Into<PathBuf>, host: HostHome, clock: Arc<dyn Clock>) -> Self {
        Self {
            host,
            clock,
            root: root.into(),
            counter: AtomicU64::new(0),
            placing: Turns::default(),
            starting: Turns::default(),
        }
    }

    /// Returns the releases of the project that a stream `environment/PROJECT/NAME` belongs to.
    fn releases(&self, stream: &StreamId) -> ReleaseStore {
        let project = stream
            .rest()
            .rsplit_once('/')
            .map_or(stream.rest(), |(project, _)| project);
        ReleaseStore::new(self.root.join("projects").join(project).join("releases"))
    }

    /// Returns where a revision's artifact is put.
    fn placement(&self, stream: &StreamId, revision: RevisionNumber) -> PathBuf {
        self.root
            .join("environments")
            .join(slug(stream))
            .join(revision.to_string())
    }

    /// Returns where a revision's ambient variables are kept, beside its artifact.
    fn inherited(&self, stream: &StreamId, revision: RevisionNumber) -> PathBuf {
        self.placement(stream, revision).with_extension("environment.json")
    }

    async fn supervisor(&self) -> SupervisorClient {
        self.connected(Role::Supervisor, SupervisorClient::connect).await
    }

    async fn proxy(&self) -> ProxyClient {
        self.connected(Role::Proxy, ProxyClient::connect).await
    }

    /// Returns a connection, waiting as long as it takes: driver and supervisor bring each other and the proxy back.
    async fn connected<C>(&self, role: Role, connect: impl Fn(&std::path::Path) -> Result<C, WireError>) -> C {
        let socket = self.host.socket(role);
        loop {
            match connect(&socket) {
                Ok(client) => return client,
                Err(error) => tracing::debug!(%error, "the {role} is away"),
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

impl Reporter<'_> {
    /// Sends a report about something that has incarnations of its own.
    fn report(&self, incarnation: u64, report: Report) {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let sequence = (self.fence.owner.0 << 36) | (count & ((1 << 36) - 1));
        let stamp = ResultStamp {
            key: self.key.clone(),
            incarnation,
            sequence,
        };
        self.inputs.send(EnvironmentInput::Reported { stamp, report });
    }

    /// Sends the one report of something that happens once.
    fn once(&self, report: Report) {
        self.report(self.fence.owner.0, report);
    }
}

/// Returns the result of the first try that the peer answered; a refusal is an answer.
async fn persist<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, String>
where
    F: Future<Output = Result<T, WireError>>,
{
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(WireError::Refused(reason)) => return Err(reason),
            Err(error) => tracing::debug!(%error, "asking again"),
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

impl Performer<Environment> for ProcessTarget {
    async fn perform(&self, task: Task<Environment>) {
        let Task {
            stream,
            key,
            effect,
            fence,
            inputs,
        } = task;
        let reporter = Reporter {
            inputs,
            key,
            fence,
            counter: &self.counter,
        };
        match effect {
            Effect::Place {
                revision,
                release,
                artifact,
            } => {
                self.place(&stream, revision, &release, &artifact, &reporter).await;
            }
            Effect::Remove { revision } => self.remove(&stream, revision, &reporter).await,
            Effect::Run(run) => self.run(&stream, &run, &reporter).await,
            Effect::Stop { revision, grace } => self.stop(&stream, revision, grace, &reporter).await,
            Effect::Probe { check, targets, .. } => probe::watch(&check, &targets, &reporter).await,
            Effect::Smoke { checks, addresses, .. } => smoke::make(&checks, &addresses, &reporter).await,
            Effect::Route(route) => self.route(&stream, &route, &reporter).await,
            Effect::Drain { revision, limit, fence } => {
                self.drain(&stream, revision, &limit, fence, &reporter).await;
            }
            Effect::Watch { revision, window } => self.watch(&stream, revision, window, &reporter).await,
            Effect::Wake(wake) => {
                wait_until(&*self.clock, &wake).await;
                reporter.once(Report::Woke);
            }
            Effect::Capture { revision, lines } => self.capture(&stream, revision, lines, &reporter).await,
        }
    }

    async fn sweep(&self, stream: &StreamId, effects: &BTreeMap<EffectKey, Effect>) {
        self.end_orphans(stream, effects).await;
    }
}

/// Returns a stream's name as one part of a path.
fn slug(stream: &StreamId) -> String {
    stream
        .rest()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '.'
            }
        })
        .collect()
}

/// Returns the name of an instance on this machine: `PROJECT.ENVIRONMENT.rN.I`.
fn instance_name(stream: &StreamId, revision: RevisionNumber, instance: u32) -> Option<Name> {
    Name::new(format!("{}.{revision}.{instance}", slug(stream))).ok()
}

/// Returns the revision and the number that an instance's name ends with.
fn parse_instance_name(name: &Name) -> Option<(RevisionNumber, u32)> {
    let mut parts = name.as_str().rsplit('.');
    let instance = parts.next()?.parse().ok()?;
    let revision = RevisionNumber::try_from(parts.next()?.to_owned()).ok()?;
    Some((revision, instance))
}
