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
        let listener = if route.table.split.is_empty() {
            None
        } else {
            let wanted = route.listen.as_deref().map(parse).transpose()?;
            let name = listener_name(&route.listener);
            Some(self.supervisor().await.listen(&name, wanted).await?)
        };
        // Where somebody else has the port for now, the proxy learns the route all the same: the supervisor takes the
        // port as soon as it is free, and who comes first then must not be sent by a route of before.
        proxy.apply(snapshot(stream, route, reporter)?).await?;
        if let Some(problem) = listener.as_ref().and_then(|listener| listener.problem.clone()) {
            return Err(WireError::Refused(problem));
        }
        let address = listener.map_or(String::new(), |listener| listener.address.to_string());
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use lockgate_delivery::environment::RouteTable;
    use lockgate_host::Role;
    use lockgate_host::wire::{ListenerInfo, ProxyReply, ProxyRequest, SupervisorReply, SupervisorRequest};
    use lockgate_proxy::Applied;

    use super::super::fake::{STARTED, Stage, next, report};
    use super::*;

    #[tokio::test]
    async fn a_refused_route_is_told_under_the_epoch_of_the_proxy() {
        let stage = Stage::new();
        stage.proxy(1);
        let (reporter, mut reports) = stage.reporter();
        let route = route("nowhere");
        let (report, incarnation) = tokio::select! {
            () = stage.target.route(&stage.stream, &route, &reporter) => panic!("a route is kept for ever"),
            report = next(&mut reports) => report,
        };
        assert!(matches!(report, Report::RouteRefused { fence: 7, .. }), "{report:?}");
        assert_eq!(incarnation, STARTED);
    }

    #[tokio::test]
    async fn a_proxy_whose_port_is_taken_learns_the_route_and_follows_when_it_is_free() {
        let stage = Stage::new();
        let (is_free, learned) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (port, table) = (Arc::clone(&is_free), Arc::clone(&learned));
        stage.play(Role::Supervisor, move |request| match request {
            SupervisorRequest::Listen { name, address } => Some(SupervisorReply::Listening(ListenerInfo {
                name,
                address: address?,
                problem: (!port.load(Ordering::Relaxed)).then(|| "in use".to_owned()),
            })),
            _ => None,
        });
        stage.play(Role::Proxy, move |request| match request {
            ProxyRequest::Report => Some(report()),
            ProxyRequest::Apply { .. } => {
                table.store(true, Ordering::Relaxed);
                let applied = Applied::Switched;
                Some(ProxyReply::Applied { applied })
            }
            _ => None,
        });
        let (reporter, mut reports) = stage.reporter();
        let route = route("127.0.0.1:4000");
        let kept = async {
            let (refused, _) = next(&mut reports).await;
            let reason = "in use".to_owned();
            assert_eq!(refused, Report::RouteRefused { fence: 7, reason });
            assert!(learned.load(Ordering::Relaxed), "the proxy has its old route");
            is_free.store(true, Ordering::Relaxed);
            let (seen, _) = next(&mut reports).await;
            let address = "127.0.0.1:4000".to_owned();
            assert_eq!(seen, Report::RouteSeen { fence: 7, address });
        };
        tokio::select! {
            () = stage.target.route(&stage.stream, &route, &reporter) => panic!("a route is kept for ever"),
            () = kept => {}
        }
    }

    fn route(listen: &str) -> Route {
        let revision = RevisionNumber::try_from("r1".to_owned()).unwrap();
        Route {
            listener: "shop/production".into(),
            listen: Some(listen.into()),
            table: RouteTable::all_to(revision, vec!["127.0.0.1:5000".into()]),
            fence: 7,
        }
    }
}
