//! What the proxy counted of one revision, window by window.

use std::time::Duration;

use lockgate_core::StreamId;
use lockgate_delivery::{Report, RevisionNumber};
use lockgate_gate::Counts;
use lockgate_host::wire::WireError;

use super::{ProcessTarget, Reporter};

/// How often the counters are looked at for failures within a window.
const LOOK: Duration = Duration::from_millis(200);

/// How many looks may fail before it is told.
const SILENT_LOOKS: u32 = 25;

/// What was last told of one life of the proxy.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    epoch: u64,
    window: u64,
    failed: u64,
}

impl ProcessTarget {
    pub(super) async fn watch(
        &self,
        stream: &StreamId,
        revision: RevisionNumber,
        window: Duration,
        reporter: &Reporter<'_>,
    ) {
        let mut told = None;
        let mut silent = 0;
        loop {
            match self.look(stream, revision, window).await {
                Ok((now, counts)) => {
                    silent = 0;
                    if told != Some(now) {
                        reporter.report(
                            now.epoch,
                            Report::WindowObserved {
                                window: now.window,
                                counts,
                            },
                        );
                        told = Some(now);
                    }
                }
                Err(error) => {
                    silent += 1;
                    if silent == SILENT_LOOKS {
                        let reason = lockgate_engine::driver::Chain(&error).to_string();
                        reporter.once(Report::WatchSilent { reason });
                    }
                }
            }
            tokio::time::sleep(LOOK.min(window)).await;
        }
    }

    async fn look(
        &self,
        stream: &StreamId,
        revision: RevisionNumber,
        window: Duration,
    ) -> Result<(Told, Counts), WireError> {
        let report = self.proxy().await.report().await?;
        let counts = report
            .revision(stream, &revision.to_string())
            .map_or(Counts::default(), |revision| {
                let counted = &revision.counts;
                Counts {
                    requests: counted.answered(),
                    failed: counted.application.server_error + counted.failures.of_application(),
                }
            });
        let age = report.at.since(report.epoch.started).as_millis();
        let window = age / window.as_millis().max(1);
        let epoch = report.epoch.started.0.unsigned_abs();
        Ok((
            Told {
                epoch,
                window: window as u64,
                failed: counts.failed,
            },
            counts,
        ))
    }
}
