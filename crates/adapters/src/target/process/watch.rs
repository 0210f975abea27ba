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
        let mut told: Option<Told> = None;
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
                        // Under the epoch of the counts before it: under an older one it would be stale.
                        let epoch = told.map_or(reporter.fence.owner.0, |told| told.epoch);
                        reporter.report(epoch, Report::WatchSilent { reason });
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
                    abandoned: counted.failures.abandoned,
                }
            });
        let window = report.age.as_millis() / window.as_millis().max(1);
        Ok((
            Told {
                epoch: report.epoch.number,
                window: window as u64,
                failed: counts.failed,
            },
            counts,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{STARTED, Stage, next};
    use super::*;

    #[tokio::test]
    async fn silence_is_told_under_the_epoch_of_the_counts_before() {
        let stage = Stage::new();
        stage.proxy(1);
        let revision = RevisionNumber::try_from("r1".to_owned()).unwrap();
        let (reporter, mut reports) = stage.reporter();
        let window = Duration::from_millis(1);
        let (counted, silent) = tokio::select! {
            () = stage.target.watch(&stage.stream, revision, window, &reporter) => panic!("a watch has no end"),
            told = async { (next(&mut reports).await, next(&mut reports).await) } => told,
        };
        assert!(
            matches!(counted, (Report::WindowObserved { .. }, STARTED)),
            "{counted:?}"
        );
        assert!(matches!(silent, (Report::WatchSilent { .. }, STARTED)), "{silent:?}");
    }
}
