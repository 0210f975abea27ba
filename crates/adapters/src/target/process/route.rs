//! The route, and draining what it left: the supervisor has the socket, the proxy the traffic.

use std::net::SocketAddr;
use std::time::Duration;

use lockgate_core::{StreamId, WakeAt};
use lockgate_delivery::environment::Route;
use lockgate_delivery::{Report, RevisionNumber};
use lockgate_host::wire::WireError;
use lockgate_proxy::{Fence, Forwarded, Limits, Share, Snapshot};

use super::{ASK_AGAIN, ProcessTarget, Reporter};

/// How often a proxy that follows is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long a refused route waits before it is tried again.
const REFUSED: Duration = Duration::from_secs(2);

/// What is known of the proxy's present life.
#[derive(Default)]
struct Life {
    /// Its epoch; all that is told of the route has it, so that no later word is older than an earlier one.
    epoch: Option<u64>,
    follows: bool,
}

impl ProcessTarget {
    /// Keeps the proxy on this route. A new life of the proxy has read the route from its own file; it is told again anyway.
    pub(super) async fn route(&self, stream: &StreamId, route: &Route, reporter: &Reporter<'_>) {
        let mut life = Life::default();
        loop {
            match self.follow(stream, route, &mut life, reporter).await {
                Ok(()) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(WireError::Refused(reason)) => {
                    reporter.report(
                        life.epoch.unwrap_or(reporter.fence.owner.0),
                        Report::RouteRefused {
                            fence: route.fence,
                            reason,
                        },
                    );
                    tokio::time::sleep(REFUSED).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "routing again");
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
        }
    }

    /// Makes the proxy's present life follow.
    async fn follow(
        &self,
        stream: &StreamId,
        route: &Route,
        life: &mut Life,
        reporter: &Reporter<'_>,
    ) -> Result<(), WireError> {
        let mut proxy = self.proxy().await;
        let epoch = proxy.report().await?.epoch.number;
        if life.epoch != Some(epoch) {
            *life = Life {
                epoch: Some(epoch),
                follows: false,
            };
        }
        if life.follows {
            return Ok(());
        }
        let address = if route.table.split.is_empty() {
            None
        } else {
            let wanted = route.listen.as_deref().map(parse).transpose()?;
            Some(
                self.supervisor()
                    .await
                    .listen(&listener_name(&route.listener), wanted)
                    .await?,
            )
        };
        proxy.apply(snapshot(stream, route, reporter)?).await?;
        let address = address.map_or(String::new(), |address| address.to_string());
        reporter.report(
            epoch,
            Report::RouteSeen {
                fence: route.fence,
                address,
            },
        );
        life.follows = true;
        Ok(())
    }

    pub(super) async fn drain(
        &self,
        stream: &StreamId,
        revision: RevisionNumber,
        limit: &WakeAt,
        fence: u64,
        reporter: &Reporter<'_>,
    ) {
        loop {
            let left = limit.left(&self.clock.now());
            match self
                .proxy()
                .await
                .drained(stream.clone(), revision.to_string(), left)
                .await
            {
                Ok(drained) => {
                    return reporter.once(Report::Drained {
                        fence,
                        cut: drained.cut,
                    });
                }
                Err(error) if left.is_zero() => {
                    tracing::warn!(%error, %revision, "the proxy cannot say what is in flight; the drain is over");
                    return reporter.once(Report::Drained { fence, cut: 0 });
                }
                Err(error) => tracing::debug!(%error, "draining again"),
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

fn snapshot(stream: &StreamId, route: &Route, reporter: &Reporter<'_>) -> Result<Snapshot, WireError> {
    let fence = Fence {
        store_epoch: reporter.fence.store,
        owner_epoch: reporter.fence.owner.0,
        sequence: route.fence,
    };
    let mut backends = std::collections::BTreeMap::new();
    for (revision, addresses) in &route.table.backends {
        let parsed: Result<Vec<SocketAddr>, WireError> = addresses.iter().map(|address| parse(address)).collect();
        backends.insert(revision.to_string(), parsed?);
    }
    let share = |(revision, weight): (&RevisionNumber, &u8)| Share {
        revision: revision.to_string(),
        weight: *weight,
    };
    Ok(Snapshot {
        stream: stream.clone(),
        fence,
        listener: listener_name(&route.listener),
        route: lockgate_proxy::Route {
            split: route.table.split.iter().map(share).collect(),
        },
        backends,
        limits: Limits::default(),
        forwarded: Forwarded::default(),
    })
}

/// Returns the listener's name as the host knows it; one part of a path.
fn listener_name(name: &str) -> String {
    name.replace('/', ".")
}

fn parse(address: &str) -> Result<SocketAddr, WireError> {
    address.parse().map_err(|_| {
        WireError::Refused(format!(
            "`{address}` is not an address to listen at; write it as 127.0.0.1:8080"
        ))
    })
}

#[cfg(test)]
mod tests {
    use lockgate_delivery::environment::RouteTable;

    use super::super::fake::{STARTED, Stage, next};
    use super::*;

    #[tokio::test]
    async fn a_refused_route_is_told_under_the_epoch_of_the_proxy() {
        let stage = Stage::new();
        stage.proxy(1);
        let revision = RevisionNumber::try_from("r1".to_owned()).unwrap();
        let route = Route {
            listener: "shop/production".into(),
            listen: Some("nowhere".into()),
            table: RouteTable::all_to(revision, Vec::new()),
            fence: 7,
        };
        let (reporter, mut reports) = stage.reporter();
        let (report, incarnation) = tokio::select! {
            () = stage.target.route(&stage.stream, &route, &reporter) => panic!("a route is kept for ever"),
            report = next(&mut reports) => report,
        };
        assert!(matches!(report, Report::RouteRefused { fence: 7, .. }), "{report:?}");
        assert_eq!(incarnation, STARTED);
    }
}
