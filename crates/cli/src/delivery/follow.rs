//! Following an intent to its end, told as it happens.

use std::time::Duration;

use lockgate_core::time::Spoken;
use lockgate_core::{InputId, Sequence, StreamId, Timestamp};
use lockgate_delivery::explain::{self, Ending, Progress};
use lockgate_delivery::{Environment, EnvironmentEvent, Fact};
use lockgate_engine::domain::decode;

use crate::arguments::Wait;
use crate::driver::client::DriverClient;
use crate::exit::{Exit, Failure};
use crate::render::out;

/// What to follow.
pub(crate) struct Following<'a> {
    /// The environment's stream.
    pub(crate) stream: &'a StreamId,
    /// Which intent.
    pub(crate) intent: &'a InputId,
    /// Until when.
    pub(crate) wait: Wait,
    /// Whether the intent is to bring an earlier revision back, so that a return is its success.
    pub(crate) wants: Wants,
}

/// What an intent is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// A new revision.
    Forward,
    /// An earlier one.
    Back,
}

/// Tells the story of an intent until it has come as far as the caller waits for.
///
/// Ctrl-C detaches: the rollout goes on without its audience.
pub(crate) async fn follow(client: &mut DriverClient, following: &Following<'_>) -> Result<Exit, Failure> {
    client.tail(following.stream, Sequence(0)).await?;
    let mut story = Story {
        progress: Progress::Unknown,
        begun: None,
        soak: Duration::ZERO,
        proven: Duration::ZERO,
        failed: 0,
    };
    loop {
        let recorded = tokio::select! {
            recorded = client.next_event() => recorded?,
            _ = tokio::signal::ctrl_c() => return Ok(detach(following.stream)),
        };
        let Some(recorded) = recorded else {
            return Err(Failure::unavailable(format!(
                "`{}` is over: nothing can be done there any more",
                following.stream
            ))
            .help("`lockgate history` shows what was done"));
        };
        let event = decode::<Environment>(following.stream, &recorded).map_err(super::unreadable)?;
        if let Some(exit) = story.take(&event, following) {
            return Ok(exit);
        }
    }
}

fn environment_of(stream: &StreamId) -> &str {
    stream.rest().rsplit('/').next().unwrap_or_default()
}

fn detach(stream: &StreamId) -> Exit {
    let environment = environment_of(stream);
    out::progress(format_args!(
        "detached: the rollout goes on; `lockgate status {environment}` shows it, `lockgate abort {environment}` stops it"
    ));
    Exit::Cancelled
}

/// One of so many windows without news is told.
const QUIET_WINDOWS: u64 = 10;

/// What became of the intent so far, and from where on it is told.
struct Story {
    progress: Progress,
    begun: Option<Timestamp>,
    /// How long the rollout soaks, and how much of it is proven.
    soak: Duration,
    proven: Duration,
    /// How many failures were told of the soak.
    failed: u64,
}

impl Story {
    fn words(&self, fact: &Fact, environment: &str) -> String {
        let (revision, counts) = match fact {
            Fact::WindowCredited { revision, counts, .. } => (revision, counts),
            Fact::SoakHeld { .. } => {
                return format!(
                    "{}; `lockgate continue {environment}` passes it, `lockgate rollback {environment}` goes back",
                    explain::sentence(fact)
                );
            }
            fact => return explain::sentence(fact),
        };
        let (proven, soak) = (Spoken(self.proven.min(self.soak)), Spoken(self.soak));
        format!(
            "{revision} soaks: {} of {} requests failed, {proven} of {soak} proven",
            counts.failed, counts.requests
        )
    }

    fn take(&mut self, event: &EnvironmentEvent, following: &Following<'_>) -> Option<Exit> {
        let progress = std::mem::replace(&mut self.progress, Progress::Unknown).after(event, following.intent);
        self.progress = progress.clone();
        if progress == Progress::Unknown {
            return None;
        }
        match &event.fact {
            Fact::RolloutStarted { plan, .. } => {
                self.soak = plan.definition.strategy.soak;
                self.proven = Duration::ZERO;
                self.failed = 0;
            }
            Fact::WindowCredited { credit, .. } => self.proven += *credit,
            _ => {}
        }
        let begun = *self.begun.get_or_insert(event.at);
        if self.is_worth_telling(&event.fact) {
            let after = Spoken(event.at.since(begun));
            let words = self.words(&event.fact, environment_of(following.stream));
            out::progress(format_args!("{after:>7}  {words}"));
        }
        match progress {
            Progress::Promoted { .. } if following.wait == Wait::Promoted && following.wants == Wants::Forward => {
                Some(Exit::Ok)
            }
            Progress::Ended(ending) => Some(exit_of(&ending, following.wants)),
            _ => None,
        }
    }

    /// Returns whether people want to read it while they wait: of a soak what is new, and now and then that it goes on.
    fn is_worth_telling(&mut self, fact: &Fact) -> bool {
        if let Fact::WindowCredited { window, counts, .. } = fact {
            let has_news = counts.failed != self.failed;
            self.failed = counts.failed;
            return has_news || window.is_multiple_of(QUIET_WINDOWS);
        }
        !matches!(
            fact,
            Fact::EnvironmentCreated(_)
                | Fact::RouteConfirmed
                | Fact::PruneDecided { .. }
                | Fact::ArtifactRemoved { .. }
        )
    }
}

fn exit_of(ending: &Ending, wants: Wants) -> Exit {
    match (ending, wants) {
        (Ending::Soaked { .. } | Ending::Done, _) | (Ending::RolledBack { .. }, Wants::Back) => Exit::Ok,
        (Ending::Frozen { .. }, _) => Exit::Unavailable,
        _ => Exit::Refused,
    }
}
