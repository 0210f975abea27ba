//! What an input causes.
//!
//! An input first adds what it says itself; then [`next`] adds what follows from the state
//! that this leads to, until nothing does.

mod draft;
pub(crate) mod intent;
pub(super) mod leave;
mod next;
mod report;
mod soak;

use std::time::Duration;

use lockgate_core::{BootId, Now, Timestamp};

pub(crate) use soak::verdict as soak_verdict;

use crate::environment::decide::draft::Draft;
use crate::environment::event::{Cause, EnvironmentEvent};
use crate::environment::input::EnvironmentInput;
use crate::environment::{Environment, Refusal};

/// Returns the events that `input` causes.
pub(super) fn decide(
    environment: &Environment,
    input: EnvironmentInput,
    now: &Now,
) -> Result<Vec<EnvironmentEvent>, Refusal> {
    match input {
        EnvironmentInput::Asked { id, .. } if environment.intents.contains(&id) => Ok(Vec::new()),
        EnvironmentInput::Asked { id, by, intent } => {
            let mut draft = Draft::new(environment, Cause::Intent(id.clone()), now);
            intent::take(&mut draft, &id, by, intent)?;
            Ok(draft.settle())
        }
        EnvironmentInput::Reported { stamp, report } => {
            if !report::is_current(environment, &stamp, &report) {
                return Ok(Vec::new());
            }
            let part = report.part();
            let cause = Cause::Result {
                stamp: stamp.clone(),
                part,
            };
            let mut draft = Draft::new(environment, cause, now);
            report::take(&mut draft, &stamp, report);
            Ok(draft.settle())
        }
    }
}

/// Returns whether the state is one between two events of a decision, so that nothing outside is awaited yet.
///
/// Asked at an arbitrary instant: time only sets timers, it never decides whether something follows.
pub(super) fn something_follows(environment: &Environment) -> bool {
    let whenever = Now {
        wall: Timestamp(0),
        boot: BootId(String::new()),
        monotonic: Duration::ZERO,
    };
    !next::next(environment, &whenever).is_empty()
}
