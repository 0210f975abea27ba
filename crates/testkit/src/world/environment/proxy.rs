//! The proxy: it follows the last accepted route whoever drives, and counts what revisions answer.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_delivery::RevisionNumber;
use lockgate_delivery::environment::effect::Route;
use lockgate_gate::Counts;

/// The data plane and the requests that come to it.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    /// Grows with every start.
    pub(super) epoch: u64,
    /// When this epoch began, in real time.
    pub(super) since: Duration,
    /// Whether it serves; away for a moment after it died.
    pub(super) is_up: bool,
    /// The route that it follows; durable.
    pub(super) route: Option<Route>,
    /// The fence of the newest route that anybody has begun to send: who sends an older one has been told to leave off.
    pub(super) newest: u64,
    /// The answers of each revision in this epoch.
    pub(super) counts: BTreeMap<RevisionNumber, Counts>,
    /// The answers of each revision at all.
    pub(super) ever: BTreeMap<RevisionNumber, Counts>,
    /// Requests in a minute.
    rate: u64,
    counted_until: Duration,
}

/// How a revision answers a share of requests.
pub(super) enum Answers {
    /// All well.
    Well,
    /// The first hundred well, or the first few where there are not as many, and the others with 500.
    WellAtFirst,
    /// None: nobody is there.
    Never,
}

impl Proxy {
    pub(super) fn new(rate: u64) -> Self {
        Self {
            epoch: 1,
            since: Duration::ZERO,
            is_up: true,
            route: None,
            newest: 0,
            counts: BTreeMap::new(),
            ever: BTreeMap::new(),
            rate,
            counted_until: Duration::ZERO,
        }
    }

    /// Serves the requests that came until `passed`, if it listens.
    pub(super) fn serve(&mut self, passed: Duration, listens: bool, answers: impl Fn(RevisionNumber) -> Answers) {
        let gone = passed.saturating_sub(self.counted_until).as_millis() as u64;
        let requests = gone * self.rate / 60_000;
        if requests == 0 {
            return;
        }
        self.counted_until = passed;
        let well = if self.rate < 100 { 3 } else { 100_u64 };
        let Some(route) = self.route.as_ref().filter(|_| self.is_up && listens) else {
            return;
        };
        for (revision, weight) in &route.table.split {
            let share = requests * u64::from(*weight) / 100;
            let before = self.ever.entry(*revision).or_default();
            let failed = match answers(*revision) {
                Answers::Well => 0,
                Answers::WellAtFirst => share.saturating_sub(well.saturating_sub(before.requests)),
                Answers::Never => share,
            };
            before.requests += share;
            before.failed += failed;
            let now = self.counts.entry(*revision).or_default();
            now.requests += share;
            now.failed += failed;
        }
    }

    /// Dies: its counters are gone, its route is on disk.
    pub(super) fn die(&mut self) {
        self.is_up = false;
        self.counts.clear();
    }

    /// Starts again.
    pub(super) fn start(&mut self, passed: Duration) {
        self.is_up = true;
        self.epoch += 1;
        self.since = passed;
        self.counted_until = passed;
    }

    /// Returns the share of `revision` in what the proxy follows.
    pub(super) fn weight(&self, revision: RevisionNumber) -> u8 {
        self.route.as_ref().map_or(0, |route| route.table.weight(revision))
    }
}
