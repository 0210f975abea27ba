//! Waiting for the last request of a revision that left.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::StreamId;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};

use crate::proxy::Shared;
use crate::revision::Tenure;

/// How a drain ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    /// Requests that were in flight when the drain began and ended by themselves.
    pub finished: u64,
    /// Requests that were cut at the deadline.
    pub cut: u64,
}

/// Why a revision is not drained. Nothing was cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrainRefused {
    /// It would never be empty.
    #[error("revision `{revision}` of `{stream}` still takes {weight} % of the requests; take its weight first")]
    Routed {
        /// The stream.
        stream: StreamId,
        /// The revision.
        revision: String,
        /// Its weight.
        weight: u8,
    },
    /// Traffic came back, as in a rollback.
    #[error("revision `{revision}` of `{stream}` got traffic back while it drained; nothing was cut")]
    Returned {
        /// The stream.
        stream: StreamId,
        /// The revision.
        revision: String,
    },
}

/// How long what was cut may take to notice.
const AFTER_CUT: Duration = Duration::from_secs(2);

pub(crate) async fn run(
    shared: &Arc<Shared>,
    stream: &StreamId,
    revision: &str,
    deadline: Duration,
) -> Result<Drained, DrainRefused> {
    let Some((weight, tenure)) = shared.registry().tenure(stream, revision) else {
        return Ok(Drained::default());
    };
    if weight > 0 {
        return Err(DrainRefused::Routed {
            stream: stream.clone(),
            revision: revision.to_owned(),
            weight,
        });
    }
    let begun = Instant::now();
    let in_flight = tenure.counters.in_flight();
    let all = Drained {
        finished: in_flight,
        cut: 0,
    };
    if timeout_at(begun + deadline / 2, tenure.counters.empty()).await.is_ok() {
        return Ok(all);
    }
    if_still_gone(shared, stream, revision, &tenure, Tenure::tell)?;
    if timeout_at(begun + deadline, tenure.counters.empty()).await.is_ok() {
        return Ok(all);
    }
    let cut = tenure.counters.in_flight();
    if_still_gone(shared, stream, revision, &tenure, Tenure::cut)?;
    let _ = timeout(AFTER_CUT, tenure.counters.empty()).await;
    Ok(Drained {
        finished: in_flight.saturating_sub(cut),
        cut,
    })
}

/// Acts under the registry's lock, so that traffic cannot come back in between.
fn if_still_gone(
    shared: &Shared,
    stream: &StreamId,
    revision: &str,
    tenure: &Arc<Tenure>,
    act: fn(&Tenure),
) -> Result<(), DrainRefused> {
    let registry = shared.registry();
    if let Some((weight, current)) = registry.tenure(stream, revision)
        && (weight > 0 || !Arc::ptr_eq(&current, tenure))
    {
        return Err(DrainRefused::Returned {
            stream: stream.clone(),
            revision: revision.to_owned(),
        });
    }
    act(tenure);
    Ok(())
}
