//! Keeping proxy and driver alive.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::layout::{HostHome, Role};
use crate::roles::Roles;
use crate::seat::in_words;
use crate::start::bear;

/// Deaths are counted over this time.
const WINDOW: Duration = Duration::from_mins(1);

/// So many deaths within the window are answered at once; more are answered later and later.
const BUDGET: usize = 5;

/// The longest wait before a start.
const LONGEST: Duration = Duration::from_secs(1);

const BEING_STOPPED: &str = "the host is being stopped; start it again afterwards";

/// What is known of a kept process.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Starting,
    InPlace,
    Failing(String),
}

/// The tasks that keep proxy and driver alive.
#[derive(Debug)]
pub(super) struct Keepers {
    states: BTreeMap<Role, watch::Receiver<Kept>>,
    stop: CancellationToken,
}

impl Keepers {
    /// Starts or adopts proxy and driver.
    pub(super) fn start(home: &HostHome, roles: &Roles) -> Self {
        let stop = CancellationToken::new();
        let mut states = BTreeMap::new();
        for role in [Role::Proxy, Role::Driver] {
            if roles.arguments(role).is_none() {
                continue;
            }
            let (told, state) = watch::channel(Kept::Starting);
            states.insert(role, state);
            let keeper = Keeper {
                home: home.clone(),
                roles: roles.clone(),
                role,
                told,
                deaths: VecDeque::new(),
            };
            tokio::spawn(keeper.run(stop.clone()));
        }
        Self { states, stop }
    }

    /// Returns when all are in place, or why one cannot be.
    pub(super) async fn ready(&self) -> Result<(), String> {
        for state in self.states.values() {
            let mut state = state.clone();
            let settled = state.wait_for(|kept| *kept != Kept::Starting).await;
            match settled.as_deref() {
                Ok(Kept::Failing(reason)) => return Err(reason.clone()),
                Ok(_) => {}
                Err(_) => return Err(BEING_STOPPED.to_owned()),
            }
        }
        if self.stop.is_cancelled() {
            return Err(BEING_STOPPED.to_owned());
        }
        Ok(())
    }

    /// Stops keeping; whoever dies from now on stays dead.
    ///
    /// It waits for starts that are under way: a process that has not taken its place yet is not found there, and would
    /// outlive the others.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        for state in self.states.values() {
            let mut state = state.clone();
            // An error means that its keeper has ended.
            while state.changed().await.is_ok() {}
        }
    }
}

struct Keeper {
    home: HostHome,
    roles: Roles,
    role: Role,
    told: watch::Sender<Kept>,
    deaths: VecDeque<Instant>,
}

impl Keeper {
    /// Keeps its process alive until it is stopped, which never breaks off a start.
    async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let ensured = self.ensure().await;
            stop.run_until_cancelled(self.outlive(ensured)).await;
        }
    }

    /// Tells how a start went, and returns when it is time for the next.
    async fn outlive(&mut self, ensured: Result<(), String>) {
        match ensured {
            Ok(()) => {
                self.told.send_replace(Kept::InPlace);
                if let Err(error) = self.home.place(self.role).released().await {
                    tracing::error!("watching the {}: {error}", self.role);
                }
                self.told.send_replace(Kept::Starting);
            }
            Err(reason) => {
                tracing::error!("{reason}");
                self.told.send_replace(Kept::Failing(reason));
            }
        }
        self.pause().await;
    }

    async fn ensure(&self) -> Result<(), String> {
        let held = self.home.place(self.role).is_held();
        if held.map_err(|error| format!("looking for the {}: {error}", self.role))? {
            tracing::info!("the {} is alive and adopted", self.role);
            return Ok(());
        }
        match bear(&self.home, &self.roles, self.role).await {
            Ok(_) => Ok(()),
            Err(error) => Err(in_words(&error)),
        }
    }

    /// Counts a death, says so, and waits as long as the budget asks.
    async fn pause(&mut self) {
        let now = Instant::now();
        self.deaths.push_back(now);
        while self
            .deaths
            .front()
            .is_some_and(|first| now.duration_since(*first) > WINDOW)
        {
            self.deaths.pop_front();
        }
        let delay = delay(self.deaths.len());
        tracing::warn!(
            "the {} ended, {} times within {WINDOW:?} ({BUDGET} are answered at once); next start in {delay:?}; its log is {}",
            self.role,
            self.deaths.len(),
            self.home.log(self.role).display(),
        );
        tokio::time::sleep(delay).await;
    }
}

fn delay(deaths: usize) -> Duration {
    let over = u32::try_from(deaths.saturating_sub(BUDGET)).unwrap_or(u32::MAX);
    if over == 0 {
        return Duration::ZERO;
    }
    (Duration::from_millis(50) * 2_u32.saturating_pow(over.min(10))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_spent_at_once_and_then_slowly() {
        let delays: Vec<u128> = [1, 5, 6, 7, 8, 99].map(delay).iter().map(Duration::as_millis).collect();
        assert_eq!(delays, [0, 0, 100, 200, 400, 1_000]);
    }
}
