//! What a listener serves at this moment, and the admission of a request to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use http::StatusCode;

use crate::counters::{Answerer, Counters, Entered, Failure};
use crate::revision::Revision;
use crate::snapshot::{Forwarded, Limits};
use crate::split::Split;

/// The place of one listener's route; swapped as a whole.
pub(crate) struct Slot {
    pub(crate) listener: String,
    pub(crate) route: ArcSwapOption<LiveRoute>,
    turn: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) unrouted: AtomicU64,
    pub(crate) refused: AtomicU64,
}

/// A route with everything resolved.
pub(crate) struct LiveRoute {
    pub(crate) split: Split,
    /// In the order of the split; its indices are valid here.
    pub(crate) revisions: Vec<Arc<Revision>>,
    pub(crate) limits: Limits,
    pub(crate) forwarded: Forwarded,
    /// Requests in flight by all routes of the stream; counted only when there is a limit.
    pub(crate) load: Arc<AtomicU64>,
}

/// Who leaves after this long without an answer has given up on the application; sooner, on the page.
const PATIENT: Duration = Duration::from_secs(1);

/// A request that belongs to a revision and is in flight until this is dropped.
pub(crate) struct Admission {
    pub(crate) route: Arc<LiveRoute>,
    /// The revision's place in the route.
    index: usize,
    entered: Entered,
    since: Instant,
    limited: bool,
    /// Whether the head of the answer was there.
    is_answered: bool,
    /// What is counted when it ends now.
    fate: Option<Failure>,
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    NoRoute,
    Overloaded,
}

impl Slot {
    pub(crate) fn new(listener: &str) -> Arc<Self> {
        Arc::new(Self {
            listener: listener.to_owned(),
            route: ArcSwapOption::empty(),
            turn: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            unrouted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// Admits a request to the revision whose turn it is.
    ///
    /// The request is counted in first and the route is read again: either the swap is
    /// seen here and the new route decides, or whoever swapped sees the request in
    /// flight. So a drain that sees zero after a switch has seen all.
    pub(crate) fn admit(&self) -> Result<Admission, NotAdmitted> {
        loop {
            let route = self.route.load_full().ok_or(NotAdmitted::NoRoute)?;
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let index = route.split.pick(turn).ok_or(NotAdmitted::NoRoute)?;
            let entered = route.revisions[index].tenure.counters.enter();
            fence(Ordering::SeqCst);
            let mut admission = Admission {
                route,
                index,
                entered,
                since: Instant::now(),
                limited: false,
                is_answered: false,
                fate: None,
            };
            let current = self.route.load();
            if !current
                .as_ref()
                .is_some_and(|current| Arc::ptr_eq(current, &admission.route))
            {
                continue;
            }
            admission.begin()?;
            return Ok(admission);
        }
    }
}

impl Admission {
    pub(crate) fn revision(&self) -> &Arc<Revision> {
        &self.route.revisions[self.index]
    }

    /// Counts the answer; what is left is its body.
    pub(crate) fn answered(&mut self, answerer: Answerer, status: StatusCode) {
        self.is_answered = true;
        let counters = self.counters();
        counters.answered(self.entered, answerer, status);
        if answerer == Answerer::Application {
            counters.took(self.entered, self.since.elapsed());
        }
    }

    /// Ends the request well.
    pub(crate) fn finish(mut self) {
        self.fate = None;
    }

    /// Ends the request badly.
    pub(crate) fn fail(mut self, failure: Failure) {
        self.fate = Some(failure);
    }

    pub(crate) fn resent(&self) {
        self.counters().resent(self.entered);
    }

    fn counters(&self) -> &Counters {
        &self.revision().tenure.counters
    }

    fn begin(&mut self) -> Result<(), NotAdmitted> {
        self.counters().admitted(self.entered);
        self.fate = Some(Failure::ClientGone);
        if let Some(most) = self.route.limits.max_in_flight {
            self.limited = true;
            if self.route.load.fetch_add(1, Ordering::Relaxed) >= u64::from(most) {
                self.counters()
                    .answered(self.entered, Answerer::Proxy, StatusCode::SERVICE_UNAVAILABLE);
                self.fate = Some(Failure::Overloaded);
                return Err(NotAdmitted::Overloaded);
            }
        }
        Ok(())
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        match self.fate {
            Some(Failure::ClientGone) if !self.is_answered && self.since.elapsed() >= PATIENT => {
                self.counters().failed(self.entered, Failure::Abandoned);
            }
            Some(failure) => self.counters().failed(self.entered, failure),
            None => {}
        }
        if self.limited {
            self.route.load.fetch_sub(1, Ordering::Relaxed);
        }
        self.counters().leave(self.entered);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::counters::Counters;
    use crate::revision::Tenure;

    /// Every request checks that its revision was not declared drained before it was admitted.
    #[test]
    fn after_a_drain_nothing_is_admitted_to_the_old_route() {
        let slot = Slot::new("web");
        let route = |name: &str| {
            Arc::new(LiveRoute {
                split: Split::new(&[100], 1),
                revisions: vec![Revision::new(name, Tenure::new(Arc::new(Counters::new())), Vec::new())],
                limits: Limits::default(),
                forwarded: Forwarded::default(),
                load: Arc::default(),
            })
        };
        let routes = [route("0"), route("1")];
        let drained = [AtomicBool::new(false), AtomicBool::new(true)];
        let stop = AtomicBool::new(false);
        slot.route.store(Some(Arc::clone(&routes[0])));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        let admission = slot.admit().unwrap();
                        let at = usize::from(&*admission.revision().name == "1");
                        assert!(!drained[at].load(Ordering::SeqCst), "admitted after the drain");
                        admission.finish();
                    }
                });
            }
            for turn in 0..3_000 {
                let (old, new) = (turn % 2, (turn + 1) % 2);
                drained[new].store(false, Ordering::SeqCst);
                slot.route.store(Some(Arc::clone(&routes[new])));
                fence(Ordering::SeqCst);
                while routes[old].revisions[0].tenure.counters.in_flight() > 0 {
                    std::thread::yield_now();
                }
                drained[old].store(true, Ordering::SeqCst);
            }
            stop.store(true, Ordering::SeqCst);
        });
    }
}
