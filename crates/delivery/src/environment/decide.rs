//! What an input causes.
//!
//! An input first adds what it says itself; then [`next`] adds what follows from the state
//! that this leads to, until nothing does.

mod draft;
pub(crate) mod intent;
mod leave;
mod next;
mod report;
mod soak;

use lockgate_core::Now;

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
