//! Probes: every instance is checked for as long as the effect stands, and changes of its streak are told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderMap, Method};
use lockgate_delivery::Report;
use lockgate_delivery::definition::{HealthCheck, Probe};
use lockgate_delivery::environment::ProbeState;
use lockgate_delivery::environment::effect::ProbeTarget;

use super::Reporter;
use crate::http::{Ask, ask, knock};

/// How often an instance is asked until it first answers, so that a quick start is quickly seen.
const EAGER: Duration = Duration::from_millis(100);

/// Consecutive answers of one kind.
struct Streak {
    instance: u32,
    state: Option<ProbeState>,
    length: u32,
    told: Option<ProbeState>,
}

pub(super) async fn watch(check: &HealthCheck, targets: &BTreeMap<u32, ProbeTarget>, reporter: &Reporter<'_>) {
    join_all(
        targets
            .iter()
            .map(|(instance, target)| watch_one(check, *instance, target, reporter)),
    )
    .await;
}

async fn watch_one(check: &HealthCheck, instance: u32, target: &ProbeTarget, reporter: &Reporter<'_>) {
    let mut streak = Streak {
        instance,
        state: None,
        length: 0,
        told: None,
    };
    let eager = EAGER.min(check.interval);
    let mut early_failures = Duration::ZERO;
    loop {
        let found = probe(check, &target.address).await;
        let starting = found.is_err() && streak.told.is_none();
        // Before the first pass, failures come faster than the interval; they are counted by the interval all the same.
        if starting && early_failures < check.interval * check.failures {
            early_failures += eager;
        } else if let Some(report) = streak.add(found, check) {
            reporter.report(target.incarnation, report);
        }
        tokio::time::sleep(if streak.told.is_none() { eager } else { check.interval }).await;
    }
}

impl Streak {
    /// Returns a report when the streak has become long enough to mean something new.
    fn add(&mut self, found: Result<String, String>, check: &HealthCheck) -> Option<Report> {
        let (state, needed, detail) = match found {
            Ok(detail) => (ProbeState::Passing, check.passes, detail),
            Err(detail) => (ProbeState::Failing, check.failures, detail),
        };
        self.length = if self.state == Some(state) {
            self.length.saturating_add(1)
        } else {
            1
        };
        self.state = Some(state);
        if self.length < needed || self.told == Some(state) {
            return None;
        }
        self.told = Some(state);
        Some(Report::ProbeChanged {
            instance: self.instance,
            state,
            streak: self.length,
            detail,
        })
    }
}

async fn probe(check: &HealthCheck, address: &str) -> Result<String, String> {
    let address: SocketAddr = address.parse().map_err(|_| format!("`{address}` is not an address"))?;
    match &check.probe {
        Probe::Tcp => {
            knock(address, check.timeout).await.map_err(|error| error.to_string())?;
            Ok("a connection was accepted".to_owned())
        }
        Probe::Http { path } => {
            let request = Ask {
                address,
                method: Method::GET,
                path: path.clone(),
                headers: HeaderMap::new(),
                body: Bytes::new(),
                limit: check.timeout,
            };
            let answer = ask(&request).await.map_err(|error| error.to_string())?;
            let words = format!("GET {path} answered {}", answer.status);
            let well = answer.status.is_success() || answer.status.is_redirection();
            if well { Ok(words) } else { Err(words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_of_a_streak_are_told() {
        let mut check = HealthCheck::of(Probe::Tcp);
        (check.passes, check.failures) = (2, 3);
        let mut streak = Streak {
            instance: 1,
            state: None,
            length: 0,
            told: None,
        };
        let mut told = Vec::new();
        for (position, pass) in [true, true, true, false, true, false, false, false, false, true, true]
            .iter()
            .enumerate()
        {
            let found = if *pass {
                Ok("up".to_owned())
            } else {
                Err("down".to_owned())
            };
            if let Some(Report::ProbeChanged { state, streak, .. }) = streak.add(found, &check) {
                told.push((position, state, streak));
            }
        }
        assert_eq!(
            told,
            [
                (1, ProbeState::Passing, 2),
                (7, ProbeState::Failing, 3),
                (10, ProbeState::Passing, 2)
            ]
        );
    }
}
