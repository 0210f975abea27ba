use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::outcome::{Connection, FailureKind, Outcome};

/// Only so many failures are told one by one; all are counted.
const MOST_TOLD: usize = 50;
/// The name under which answers without a version are counted.
const UNNAMED: &str = "unnamed";

/// What became of a load. Instants are milliseconds since its start.
#[derive(Serialize)]
pub(super) struct Report {
    /// When the load began, in milliseconds since 1970.
    pub(super) started_unix_ms: u64,
    pub(super) rate: u32,
    pub(super) seconds: f64,
    /// The requests that were due; the sum of `completed` and `failed`.
    pub(super) offered: u64,
    pub(super) completed: u64,
    pub(super) failed: u64,
    pub(super) failed_by_kind: BTreeMap<FailureKind, u64>,
    /// When the failures of each kind were: of all of them, though not all are told.
    pub(super) failed_between: BTreeMap<FailureKind, Span>,
    pub(super) failed_by_status: BTreeMap<String, u64>,
    pub(super) kept: Side,
    pub(super) new: Side,
    /// From the instant at which a request was due to the end of its answer; completed ones only.
    pub(super) latency_ms: Latency,
    /// From the instant at which a request was due to the one at which it left: the generator's share.
    pub(super) send_delay_ms: Latency,
    pub(super) versions: BTreeMap<String, Version>,
    /// By the second in which requests were due.
    pub(super) timeline: Vec<Second>,
    pub(super) first_failures: Vec<ToldFailure>,
}

#[derive(Default, Serialize)]
pub(super) struct Side {
    pub(super) offered: u64,
    pub(super) failed: u64,
}

#[derive(Serialize)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

/// The answers of one version, failures with a status or a wrong body included.
#[derive(Default, Serialize)]
pub(super) struct Version {
    pub(super) answers: u64,
    pub(super) failed: u64,
    pub(super) first_due_ms: u64,
    pub(super) last_due_ms: u64,
    pub(super) first_answer_ms: u64,
    pub(super) last_answer_ms: u64,
}

/// When requests were due, and when they ended.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Span {
    pub(super) first_due_ms: u64,
    pub(super) last_due_ms: u64,
    pub(super) first_end_ms: u64,
    pub(super) last_end_ms: u64,
}

#[derive(Default, Serialize)]
pub(super) struct Second {
    pub(super) second: u64,
    pub(super) offered: u64,
    pub(super) failed: u64,
    pub(super) answers: BTreeMap<String, u64>,
}

#[derive(Serialize)]
pub(super) struct ToldFailure {
    pub(super) due_ms: u64,
    pub(super) after_ms: u64,
    pub(super) connection: Connection,
    pub(super) kind: FailureKind,
    pub(super) detail: String,
    pub(super) version: Option<String>,
}

/// Counts outcomes as they come.
pub(super) struct Tally {
    report: Report,
    latency: Histogram<u64>,
    send_delay: Histogram<u64>,
}

impl Tally {
    pub(super) fn new(rate: u32, started_unix_ms: u64) -> Self {
        let report = Report {
            started_unix_ms,
            rate,
            seconds: 0.0,
            offered: 0,
            completed: 0,
            failed: 0,
            failed_by_kind: BTreeMap::new(),
            failed_between: BTreeMap::new(),
            failed_by_status: BTreeMap::new(),
            kept: Side::default(),
            new: Side::default(),
            latency_ms: Latency::of(&histogram()),
            send_delay_ms: Latency::of(&histogram()),
            versions: BTreeMap::new(),
            timeline: Vec::new(),
            first_failures: Vec::new(),
        };
        Self {
            report,
            latency: histogram(),
            send_delay: histogram(),
        }
    }

    pub(super) fn add(&mut self, outcome: &Outcome) {
        let failed = u64::from(outcome.failure.is_some());
        let side = match outcome.connection {
            Connection::Kept => &mut self.report.kept,
            Connection::New => &mut self.report.new,
        };
        side.offered += 1;
        side.failed += failed;
        self.report.failed += failed;
        self.report.completed += 1 - failed;
        self.send_delay
            .saturating_record(microseconds(outcome.sent.saturating_sub(outcome.due)));
        if outcome.failure.is_none() {
            self.latency
                .saturating_record(microseconds(outcome.ended.saturating_sub(outcome.due)));
        }
        self.add_second(outcome);
        self.add_version(outcome);
        self.add_failure(outcome);
    }

    /// Returns the report; `offered` is what the schedule sent out, counted apart from the outcomes.
    pub(super) fn finish(mut self, offered: u64, elapsed: Duration) -> Report {
        self.report.offered = offered;
        self.report.seconds = elapsed.as_secs_f64();
        self.report.latency_ms = Latency::of(&self.latency);
        self.report.send_delay_ms = Latency::of(&self.send_delay);
        let ended = self.report.completed + self.report.failed;
        assert!(
            ended == offered,
            "offered = completed + failed, found {offered} and {ended}"
        );
        self.report
    }

    fn add_second(&mut self, outcome: &Outcome) {
        let timeline = &mut self.report.timeline;
        let second = outcome.due.as_secs();
        while timeline.len() as u64 <= second {
            timeline.push(Second {
                second: timeline.len() as u64,
                ..Second::default()
            });
        }
        if let Some(entry) = timeline.get_mut(usize::try_from(second).unwrap_or(usize::MAX)) {
            entry.offered += 1;
            entry.failed += u64::from(outcome.failure.is_some());
            if let Some(name) = answered_by(outcome) {
                *entry.answers.entry(name.to_owned()).or_default() += 1;
            }
        }
    }

    fn add_version(&mut self, outcome: &Outcome) {
        let Some(name) = answered_by(outcome) else {
            return;
        };
        let (due, ended) = (milliseconds(outcome.due), milliseconds(outcome.ended));
        let version = self.report.versions.entry(name.to_owned()).or_insert_with(|| Version {
            first_due_ms: due,
            first_answer_ms: ended,
            ..Version::default()
        });
        version.answers += 1;
        version.failed += u64::from(outcome.failure.is_some());
        version.first_due_ms = version.first_due_ms.min(due);
        version.last_due_ms = version.last_due_ms.max(due);
        version.first_answer_ms = version.first_answer_ms.min(ended);
        version.last_answer_ms = version.last_answer_ms.max(ended);
    }

    fn add_failure(&mut self, outcome: &Outcome) {
        let Some(failure) = &outcome.failure else {
            return;
        };
        *self.report.failed_by_kind.entry(failure.kind).or_default() += 1;
        let span = Span::of(outcome);
        let whole = self.report.failed_between.entry(failure.kind).or_insert(span);
        *whole = whole.with(span);
        if failure.kind == FailureKind::Status {
            *self.report.failed_by_status.entry(failure.detail.clone()).or_default() += 1;
        }
        if self.report.first_failures.len() < MOST_TOLD {
            self.report.first_failures.push(ToldFailure {
                due_ms: milliseconds(outcome.due),
                after_ms: milliseconds(outcome.ended.saturating_sub(outcome.due)),
                connection: outcome.connection,
                kind: failure.kind,
                detail: failure.detail.clone(),
                version: outcome.version.clone(),
            });
        }
    }
}

impl Span {
    fn of(outcome: &Outcome) -> Self {
        let (due, ended) = (milliseconds(outcome.due), milliseconds(outcome.ended));
        Self {
            first_due_ms: due,
            last_due_ms: due,
            first_end_ms: ended,
            last_end_ms: ended,
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            first_due_ms: self.first_due_ms.min(other.first_due_ms),
            last_due_ms: self.last_due_ms.max(other.last_due_ms),
            first_end_ms: self.first_end_ms.min(other.first_end_ms),
            last_end_ms: self.last_end_ms.max(other.last_end_ms),
        }
    }
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: histogram.max() as f64 / 1_000.0,
        }
    }
}

/// Who answered; nobody when there was no answer.
fn answered_by(outcome: &Outcome) -> Option<&str> {
    let answered = match &outcome.failure {
        None => true,
        Some(failure) => matches!(failure.kind, FailureKind::Status | FailureKind::Body),
    };
    answered.then(|| outcome.version.as_deref().unwrap_or(UNNAMED))
}

/// Microseconds up to ten minutes, to three digits.
fn histogram() -> Histogram<u64> {
    match Histogram::new_with_bounds(1, 600_000_000, 3) {
        Ok(histogram) => histogram,
        Err(error) => unreachable!("the bounds are constant and valid: {error}"),
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
