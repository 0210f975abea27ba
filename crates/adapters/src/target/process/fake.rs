//! A proxy that answers as often as a test wants, and the target that asks it.

use std::sync::Arc;

use lockgate_core::{EffectKey, StreamId, Timestamp};
use lockgate_delivery::{EnvironmentInput, Report};
use lockgate_engine::{Fence, Inputs, OwnerEpoch};
use lockgate_host::wire::{Channel, ProxyReply, ProxyRequest};
use lockgate_host::{HostHome, Role};
use lockgate_proxy::Epoch;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixListener;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{ProcessTarget, Reporter};
use crate::clock::SystemClock;

/// When the proxy's life began, which is its epoch, too; far above any owner's.
pub(super) const STARTED: u64 = 1_800_000_000_000;

pub(super) struct Stage {
    pub(super) target: ProcessTarget,
    pub(super) stream: StreamId,
    _directory: tempfile::TempDir,
}

impl Stage {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = HostHome::new(directory.path());
        home.create().unwrap();
        Self {
            target: ProcessTarget::new(directory.path(), home, Arc::new(SystemClock::new())),
            stream: StreamId::new("environment", "shop/production"),
            _directory: directory,
        }
    }

    /// Starts a proxy that reports so many times and hangs up ever after.
    pub(super) fn proxy(&self, mut answers: usize) {
        self.play(Role::Proxy, move |request| match request {
            ProxyRequest::Report if answers > 0 => {
                answers -= 1;
                Some(report())
            }
            _ => None,
        });
    }

    /// Plays this role: answers every request, or hangs up where there is no answer.
    pub(super) fn play<Q, A>(&self, role: Role, mut answer: impl FnMut(Q) -> Option<A> + Send + 'static)
    where
        Q: DeserializeOwned + Send + 'static,
        A: Serialize + Send + Sync + 'static,
    {
        let listener = UnixListener::bind(self.target.host.socket(role)).unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut client = Channel::new(stream, "the target");
                while let Ok(Some(request)) = client.receive().await {
                    let Some(reply) = answer(request) else { break };
                    let _ = client.send(&reply).await;
                }
            }
        });
    }

    /// Returns a reporter of the first owner, and what it reports.
    pub(super) fn reporter(&self) -> (Reporter<'_>, UnboundedReceiver<EnvironmentInput>) {
        let (inputs, reports) = Inputs::channel();
        let reporter = Reporter {
            inputs,
            key: EffectKey::new("effect"),
            fence: Fence {
                owner: OwnerEpoch(1),
                ..Fence::default()
            },
            counter: &self.target.counter,
        };
        (reporter, reports)
    }
}

/// Returns the next report and its incarnation.
pub(super) async fn next(reports: &mut UnboundedReceiver<EnvironmentInput>) -> (Report, u64) {
    match reports.recv().await {
        Some(EnvironmentInput::Reported { stamp, report }) => (report, stamp.incarnation),
        other => panic!("not a report: {other:?}"),
    }
}

/// Returns the report of a proxy that has counted nothing.
pub(super) fn report() -> ProxyReply {
    ProxyReply::Report {
        report: Box::new(lockgate_proxy::Report {
            epoch: Epoch {
                number: STARTED,
                nonce: 0,
            },
            sequence: 1,
            at: Timestamp(0),
            age: std::time::Duration::ZERO,
            revisions: Vec::new(),
            listeners: Vec::new(),
        }),
    }
}
