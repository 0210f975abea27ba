//! Ships on their way to an environment, which knows nothing of them before their rollout.

use lockgate_core::machine::replay;
use lockgate_core::{Sequence, StreamId};
use lockgate_delivery::environment::Actor;
use lockgate_engine::domain::decode;
use lockgate_ship::ship::Stage;
use lockgate_ship::{Fact, Intent, Ship, ShipInput};

use super::{Place, fresh_id, unreadable};
use crate::driver::client::{Answer, DriverClient};
use crate::exit::{Exit, Failure};
use crate::render::out;
use crate::{host_command, user};

/// A ship whose rollout has not begun.
pub(crate) struct Underway {
    stream: StreamId,
    ship: Ship,
}

impl Underway {
    /// Returns the newest ship to an environment, when it is underway.
    pub(crate) async fn find(place: &Place, environment: &str) -> Result<Option<Self>, Failure> {
        let Some((stream, events)) = place.newest_ship(environment).await? else {
            return Ok(None);
        };
        let ship = replay::<Ship>(stream.clone(), &events);
        let underway = ship.filter(|ship| {
            matches!(
                ship.stage(),
                Stage::Running | Stage::Cancelling | Stage::Judging { .. } | Stage::Releasing { .. }
            )
        });
        Ok(underway.map(|ship| Self { stream, ship }))
    }

    /// Returns how it stands, in words.
    pub(crate) fn sentence(&self, environment: &str) -> String {
        let version = self.ship.start().map_or("", |start| start.version.as_str());
        let doing = lockgate_ship::explain::doing(&self.ship);
        format!("{version} is on its way, {doing}; `lockgate abort {environment}` stops it")
    }

    /// Cancels it and waits for its end.
    pub(crate) async fn cancel(&self, place: &Place) -> Result<Exit, Failure> {
        let host = place.host();
        host_command::ensure(&host).await?;
        let mut client = DriverClient::connect(&host)?;
        let id = fresh_id("intent")?;
        let input = ShipInput::Asked {
            id: id.clone(),
            by: Actor::Person(user::name()),
            intent: Intent::Cancel,
        };
        if let Answer::Refused(words) = client.submit(&self.stream, &input, id).await? {
            return Err(Failure::refused(words));
        }
        client.tail(&self.stream, Sequence(0)).await?;
        while let Some(recorded) = client.next_event().await? {
            let event = decode::<Ship>(&self.stream, &recorded).map_err(unreadable)?;
            match &event.fact {
                Fact::CancelAsked { .. } => out::progress("the run is told to end"),
                Fact::Cancelled { .. } => return Ok(Exit::Ok),
                Fact::RolloutStarted { .. } | Fact::Refused { .. } | Fact::Failed { .. } | Fact::GateRefused { .. } => {
                    out::progress(format_args!("ship: {}", lockgate_ship::sentence(&event.fact)));
                    return Ok(Exit::Refused);
                }
                _ => {}
            }
        }
        Err(Failure::unavailable("the ship's stream has ended before the ship"))
    }
}
