//! The live side of the table: what exists for every accepted snapshot.
//!
//! Touched only when a snapshot is applied, a drain begins or ends, or a report is
//! made; the request path reads the slots and never comes here.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Duration;

use lockgate_core::StreamId;

use crate::backend::{Backend, Traffic};
use crate::counters::Counters;
use crate::report::{ListenerReport, RevisionReport};
use crate::revision::{Revision, Tenure};
use crate::slot::{LiveRoute, Slot};
use crate::snapshot::Snapshot;
use crate::split::Split;
use crate::table::{Applied, Refused, Table};

/// How many revisions that left are still reported per stream.
const REMEMBERED: usize = 32;

pub(crate) struct Registry {
    pub(crate) table: Table,
    seed: u64,
    slots: BTreeMap<String, Arc<Slot>>,
    streams: BTreeMap<StreamId, Stream>,
}

#[derive(Default)]
struct Stream {
    load: Arc<AtomicU64>,
    revisions: BTreeMap<String, Known>,
    /// The position of the latest apply.
    applied: u64,
}

/// A revision that the stream routes or has routed.
struct Known {
    counters: Arc<Counters>,
    tenure: Arc<Tenure>,
    backends: BTreeMap<SocketAddr, Arc<Backend>>,
    weight: u8,
    /// The last apply that named it.
    named: u64,
}

impl Registry {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            table: Table::default(),
            seed,
            slots: BTreeMap::new(),
            streams: BTreeMap::new(),
        }
    }

    /// Returns the slot of `listener`, which exists from its first mention.
    pub(crate) fn slot(&mut self, listener: &str) -> Arc<Slot> {
        slot(&mut self.slots, listener)
    }

    pub(crate) fn apply(&mut self, snapshot: Snapshot) -> Result<Applied, Refused> {
        let id = snapshot.stream.clone();
        let before = self.table.get(&id).map(|accepted| accepted.listener.clone());
        let applied = self.table.accept(snapshot)?;
        if let (Applied::Switched | Applied::Refreshed, Some(accepted)) = (applied, self.table.get(&id)) {
            let stream = self.streams.entry(id).or_default();
            let route = stream.enter(accepted, self.seed);
            if let Some(left) = before.filter(|listener| *listener != accepted.listener) {
                slot(&mut self.slots, &left).route.store(None);
            }
            slot(&mut self.slots, &accepted.listener)
                .route
                .store(Some(Arc::new(route)));
            // Pairs with the fence in `Slot::admit`: what is in flight after it is counted.
            fence(Ordering::SeqCst);
            stream.settle();
        }
        Ok(applied)
    }

    /// Has every backend probed before it gets regular traffic; for a table read from a file.
    pub(crate) fn suspect_all(&self) {
        for stream in self.table.snapshots() {
            let connect_timeout = stream.limits.connect_timeout();
            let known = self
                .streams
                .get(&stream.stream)
                .into_iter()
                .flat_map(|live| live.revisions.values());
            for backend in known.flat_map(|known| known.backends.values()) {
                backend.suspect(connect_timeout);
            }
        }
    }

    /// Returns the weight and the tenure of a revision that is or was routed.
    pub(crate) fn tenure(&self, stream: &StreamId, revision: &str) -> Option<(u8, Arc<Tenure>)> {
        let known = self.streams.get(stream)?.revisions.get(revision)?;
        Some((known.weight, Arc::clone(&known.tenure)))
    }

    /// Returns every tenure, for a shutdown that ends them all.
    pub(crate) fn tenures(&self) -> Vec<Arc<Tenure>> {
        let known = self.streams.values().flat_map(|stream| stream.revisions.values());
        known.map(|known| Arc::clone(&known.tenure)).collect()
    }

    pub(crate) fn backends(&self) -> Vec<Arc<Backend>> {
        let known = self.streams.values().flat_map(|stream| stream.revisions.values());
        known.flat_map(|known| known.backends.values().cloned()).collect()
    }

    pub(crate) fn revision_reports(&self) -> Vec<RevisionReport> {
        let report = |stream: &StreamId, revision: &String, known: &Known| RevisionReport {
            stream: stream.clone(),
            revision: revision.clone(),
            counts: known.counters.read(),
            latency: known.counters.latency(),
        };
        let streams = self.streams.iter();
        streams
            .flat_map(|(stream, live)| {
                live.revisions
                    .iter()
                    .map(move |(name, known)| report(stream, name, known))
            })
            .collect()
    }

    pub(crate) fn listener_reports(&self) -> Vec<ListenerReport> {
        let report = |slot: &Arc<Slot>| ListenerReport {
            listener: slot.listener.clone(),
            connections: slot.connections.load(Ordering::Relaxed),
            unrouted: slot.unrouted.load(Ordering::Relaxed),
            refused: slot.refused.load(Ordering::Relaxed),
        };
        self.slots.values().map(report).collect()
    }
}

fn slot(slots: &mut BTreeMap<String, Arc<Slot>>, listener: &str) -> Arc<Slot> {
    let slot = slots.entry(listener.to_owned());
    Arc::clone(slot.or_insert_with(|| Slot::new(listener)))
}

impl Stream {
    /// Makes everything that the snapshot names ready for traffic and returns its route.
    fn enter(&mut self, snapshot: &Snapshot, seed: u64) -> LiveRoute {
        self.applied += 1;
        for name in snapshot.revisions() {
            let known = self.revisions.entry(name.to_owned()).or_insert_with(Known::new);
            known.named = self.applied;
            known.enter(
                snapshot.weight(name),
                snapshot.backends.get(name).map_or(&[], Vec::as_slice),
            );
        }
        let split = &snapshot.route.split;
        let weights: Vec<u8> = split.iter().map(|share| share.weight).collect();
        let revisions = split.iter().filter_map(|share| {
            let known = self.revisions.get(&share.revision)?;
            let addresses = snapshot.backends.get(&share.revision).into_iter().flatten();
            let backends = addresses.filter_map(|address| known.backends.get(address).cloned());
            Some(Revision::new(
                &share.revision,
                Arc::clone(&known.tenure),
                backends.collect(),
            ))
        });
        LiveRoute {
            revisions: revisions.collect(),
            split: Split::new(&weights, seed),
            limits: snapshot.limits.clone(),
            forwarded: snapshot.forwarded,
            load: Arc::clone(&self.load),
        }
    }

    /// Closes, after the swap, what nobody routes to any more.
    fn settle(&mut self) {
        for known in self.revisions.values_mut() {
            if known.named != self.applied {
                known.weight = 0;
            }
            if known.weight == 0 {
                known
                    .backends
                    .values()
                    .for_each(|backend| backend.admit(Traffic::Ended));
            }
            if known.named != self.applied {
                known.backends.clear();
            }
        }
        self.forget();
    }

    /// Drops the oldest of the revisions that left, once nothing of theirs is in flight.
    fn forget(&mut self) {
        let mut gone: Vec<(u64, String)> = self
            .revisions
            .iter()
            .filter(|(_, known)| known.named != self.applied && known.counters.in_flight() == 0)
            .map(|(name, known)| (known.named, name.clone()))
            .collect();
        gone.sort();
        let surplus = gone.len().saturating_sub(REMEMBERED);
        for (_, name) in gone.drain(..surplus) {
            self.revisions.remove(&name);
        }
    }
}

impl Known {
    fn new() -> Self {
        let counters = Arc::new(Counters::new());
        Self {
            tenure: Tenure::new(Arc::clone(&counters)),
            counters,
            backends: BTreeMap::new(),
            weight: 0,
            named: 0,
        }
    }

    fn enter(&mut self, weight: u8, addresses: &[SocketAddr]) {
        if weight > 0 && !self.tenure.is_open() {
            self.tenure = Tenure::new(Arc::clone(&self.counters));
        }
        self.weight = weight;
        let mut former = std::mem::take(&mut self.backends);
        for &address in addresses {
            let backend = former.remove(&address).unwrap_or_else(|| Backend::new(address));
            if weight > 0 {
                backend.admit(Traffic::Flowing);
            }
            self.backends.insert(address, backend);
        }
        for gone in former.values() {
            gone.admit(Traffic::Ended);
        }
    }
}

/// How often idle connections are looked through.
pub(crate) const SWEEP: Duration = Duration::from_secs(5);
