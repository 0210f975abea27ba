//! A revision as the request path sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use crate::backend::Backend;
use crate::counters::Counters;

/// One revision of one snapshot.
pub(crate) struct Revision {
    pub(crate) name: Arc<str>,
    pub(crate) tenure: Arc<Tenure>,
    pub(crate) backends: Vec<Arc<Backend>>,
    turn: AtomicUsize,
}

/// A revision's time in service: from its first weight to the end of its drain.
///
/// A revision that returns after its drain began gets a new tenure, so that the old
/// one's deadline never cuts a new request.
pub(crate) struct Tenure {
    pub(crate) counters: Arc<Counters>,
    /// Long-lived sessions shall end at their next good moment.
    pub(crate) told: CancellationToken,
    /// Everything shall end now.
    pub(crate) cut: CancellationToken,
    /// The tokens again, to be asked on every frame without taking their lock.
    phase: AtomicU8,
}

const TOLD: u8 = 1;
const CUT: u8 = 2;

/// The backends that a request has already been refused by, by position.
#[derive(Default)]
pub(crate) struct Tried(Vec<usize>);

impl Revision {
    pub(crate) fn new(name: &str, tenure: Arc<Tenure>, backends: Vec<Arc<Backend>>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            tenure,
            backends,
            turn: AtomicUsize::new(0),
        })
    }

    /// Returns the next backend in turn that was not tried; ejected ones only when no other is left.
    pub(crate) fn pick(&self, tried: &Tried) -> Option<(usize, &Arc<Backend>)> {
        let count = self.backends.len();
        if count == 1 {
            return self
                .backends
                .first()
                .filter(|_| tried.0.is_empty())
                .map(|backend| (0, backend));
        }
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut left = (0..count)
            .map(|step| start.wrapping_add(step) % count)
            .filter(|at| !tried.0.contains(at))
            .filter_map(|at| Some((at, self.backends.get(at)?)));
        let first = left.next()?;
        if first.1.is_ejected() {
            return Some(left.find(|(_, backend)| !backend.is_ejected()).unwrap_or(first));
        }
        Some(first)
    }
}

impl Tried {
    pub(crate) fn mark(&mut self, at: usize) {
        self.0.push(at);
    }
}

impl Tenure {
    pub(crate) fn new(counters: Arc<Counters>) -> Arc<Self> {
        Arc::new(Self {
            counters,
            told: CancellationToken::new(),
            cut: CancellationToken::new(),
            phase: AtomicU8::new(0),
        })
    }

    /// Returns whether requests may begin in it.
    pub(crate) fn is_open(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == 0
    }

    pub(crate) fn is_told(&self) -> bool {
        self.phase.load(Ordering::Relaxed) >= TOLD
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.phase.load(Ordering::Relaxed) >= CUT
    }

    pub(crate) fn tell(&self) {
        self.phase.fetch_max(TOLD, Ordering::Relaxed);
        self.told.cancel();
    }

    pub(crate) fn cut(&self) {
        self.tell();
        self.phase.fetch_max(CUT, Ordering::Relaxed);
        self.cut.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn ejected_backends_are_the_last_resort() {
        let backends: Vec<_> = (1..=3)
            .map(|port| Backend::new(SocketAddr::from(([127, 0, 0, 1], port))))
            .collect();
        let revision = Revision::new("r1", Tenure::new(Arc::new(Counters::new())), backends);
        revision.backends[1].suspect(Duration::from_secs(1));
        let mut picked = [0; 3];
        for _ in 0..30 {
            picked[revision.pick(&Tried::default()).unwrap().0] += 1;
        }
        assert_eq!(picked[1], 0);
        assert!(picked[0] >= 10 && picked[2] >= 10, "{picked:?}");
        let mut tried = Tried::default();
        tried.mark(0);
        tried.mark(2);
        assert_eq!(revision.pick(&tried).unwrap().0, 1);
        tried.mark(1);
        assert!(revision.pick(&tried).is_none());
    }
}
