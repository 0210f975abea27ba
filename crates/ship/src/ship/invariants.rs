//! What must hold after every event.

use lockgate_core::Broken;

use crate::ship::effect::{deploy_key, release_key, run_key};
use crate::ship::{Ship, Stage};

/// Returns the first invariant that does not hold.
pub(super) fn check(ship: &Ship) -> Result<(), Broken> {
    let zombie = |detail: String| Err(Broken::new("3 (no zombies)", detail));
    let awaited = match &ship.stage {
        Stage::Running | Stage::Cancelling => run_key(),
        Stage::Releasing { .. } => release_key(),
        Stage::Deploying { .. } => deploy_key(),
        Stage::Over(_) if ship.effects.is_empty() => return Ok(()),
        Stage::Over(_) => return zombie("the ship is over and still wants something".to_owned()),
        Stage::Judging { .. } | Stage::Frozen(_) => return Ok(()),
    };
    if ship.effects.len() != 1 || !ship.effects.contains_key(&awaited) {
        return zombie(format!("the ship waits for `{awaited}`, which is not to be"));
    }
    released_before_deployed(ship)
}

fn released_before_deployed(ship: &Ship) -> Result<(), Broken> {
    let broken = |detail: &str| Err(Broken::new("6 (gate before release)", detail));
    let deploying = matches!(ship.stage, Stage::Deploying { .. });
    match (&ship.release, &ship.start) {
        (None, _) if deploying => broken("a deploy without a release"),
        (Some(_), _) if !deploying => broken("a release before its time"),
        (Some(release), Some(start)) if release.commit != start.commit => broken("a release of another commit"),
        _ => Ok(()),
    }
}
