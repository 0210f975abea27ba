//! Whether what the log says of an environment is so now.
//!
//! The log holds what was last seen. A host that was stopped, an instance that nobody starts again and an address that
//! another program took since tell it nothing, so who looks asks the host too.

use lockgate_core::words::listed;
use lockgate_delivery::explain::Status;
use lockgate_delivery::explain::status::RevisionStatus;
use lockgate_host::status::HostStatus;
use serde::Serialize;

/// An environment as its log and its host say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Present {
    /// What the log says, with the health of what does not run put right.
    #[serde(flatten)]
    pub(crate) status: Status,
    /// What the host says.
    pub(crate) host: Presence,
}

/// What of the host is there for an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Presence {
    supervisor: bool,
    proxy: bool,
    driver: bool,
    /// What keeps it from serving as the log says, in words with the remedy.
    pub(crate) trouble: Vec<String>,
}

impl Present {
    /// Returns an environment as its log and its host say.
    pub(crate) fn of(mut status: Status, host: &HostStatus) -> Self {
        let mut trouble: Vec<String> = dead_roles(host).into_iter().collect();
        for listener in &host.listeners {
            let is_its_own = status.address.as_deref() == Some(listener.address.to_string().as_str());
            if is_its_own && host.supervisor.alive && host.proxy.alive {
                trouble.extend(listener.trouble.clone());
            }
        }
        let prefix = format!("{}.{}.", status.project, status.environment);
        for revision in &mut status.revisions {
            trouble.extend(put_right(revision, host, &prefix));
        }
        Self {
            status,
            host: Presence {
                supervisor: host.supervisor.alive,
                proxy: host.proxy.alive,
                driver: host.driver.alive,
                trouble,
            },
        }
    }
}

/// Returns which of the three processes do not run, and how to start them.
fn dead_roles(host: &HostStatus) -> Option<String> {
    let roles = [
        ("the supervisor", &host.supervisor),
        ("the proxy", &host.proxy),
        ("the driver", &host.driver),
    ];
    let dead: Vec<&str> = roles
        .into_iter()
        .filter(|(_, role)| !role.alive)
        .map(|(name, _)| name)
        .collect();
    let (verb, object) = match dead.len() {
        0 => return None,
        1 => ("does", "it"),
        _ => ("do", "them"),
    };
    let names = listed(&dead);
    let so = if host.proxy.alive { "" } else { ", so nothing answers" };
    Some(format!(
        "{names} {verb} not run{so}: `lockgate host start` starts {object}"
    ))
}

/// Corrects what is said of a revision that ought to run, and returns what is wrong with it.
fn put_right(revision: &mut RevisionStatus, host: &HostStatus, prefix: &str) -> Option<String> {
    if matches!(revision.health.as_str(), "stopped" | "stopping") {
        return None;
    }
    let runs = |number: &u32| {
        let name = format!("{prefix}{}.{number}", revision.revision);
        let instance = host.instances.iter().find(|instance| instance.id.as_str() == name);
        instance.is_some_and(|instance| instance.pid.is_some())
    };
    let numbers: Vec<u32> = revision.instances.keys().copied().collect();
    let dead: Vec<String> = numbers
        .iter()
        .filter(|number| !runs(number))
        .map(u32::to_string)
        .collect();
    if dead.is_empty() {
        if !host.driver.alive {
            revision.health = format!("{} when it was last seen", revision.health);
        }
        return None;
    }
    let which = if dead.len() == numbers.len() {
        "does not run".to_owned()
    } else {
        format!("instance {} does not run", dead.join(", "))
    };
    revision.health = format!("{which}; {} when it was last seen", revision.health);
    for (number, instance) in &mut revision.instances {
        if dead.contains(&number.to_string()) {
            instance.health = format!("does not run; {} when it was last seen", instance.health);
        }
    }
    (revision.weight > 0).then(|| {
        format!(
            "{} ({}) has the traffic and {which}",
            revision.version, revision.revision
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn present(host: &Value) -> Present {
        let status = json!({
            "project": "shop", "environment": "production", "generation": 1, "address": "127.0.0.1:8080",
            "revisions": [{
                "revision": "r1", "version": "v1", "commit": "c", "slot": "blue", "role": "stable", "weight": 100,
                "instances": { "1": { "address": "127.0.0.1:4001", "health": "ready" } }, "health": "ready"
            }],
            "rollout": null, "queued": null, "paused": null, "route_trouble": null, "question": null
        });
        Present::of(
            serde_json::from_value(status).unwrap(),
            &serde_json::from_value(host.clone()).unwrap(),
        )
    }

    fn host(alive: [bool; 3], pid: Option<i32>, trouble: Option<&str>) -> Value {
        let role = |alive: bool| json!({ "alive": alive, "pid": 7, "since": null, "version": null });
        json!({
            "home": "/home", "supervisor": role(alive[0]), "proxy": role(alive[1]), "driver": role(alive[2]),
            "instances": [{
                "id": "shop.production.r1.1", "stream": "environment/shop/production", "desired": true, "port": 4001,
                "incarnation": 1, "pid": pid, "attempt": "absent"
            }],
            "listeners": [{ "name": "shop.production", "address": "127.0.0.1:8080", "trouble": trouble }]
        })
    }

    #[track_caller]
    fn check(host: &Value, health: &str, trouble: &[&str]) {
        let present = present(host);
        assert_eq!(present.status.revisions[0].health, health);
        assert_eq!(present.host.trouble, trouble);
    }

    #[test]
    fn what_does_not_run_is_said() {
        check(&host([true; 3], Some(9), None), "ready", &[]);
        check(
            &host([false, true, false], Some(9), None),
            "ready when it was last seen",
            &["the supervisor and the driver do not run: `lockgate host start` starts them"],
        );
        check(
            &host([false; 3], None, Some("nobody listens at 127.0.0.1:8080")),
            "does not run; ready when it was last seen",
            &[
                "the supervisor, the proxy and the driver do not run, so nothing answers: `lockgate host start` starts them",
                "v1 (r1) has the traffic and does not run",
            ],
        );
        check(
            &host(
                [true; 3],
                Some(9),
                Some("127.0.0.1:8080 is in use by process 3 (python3)"),
            ),
            "ready",
            &["127.0.0.1:8080 is in use by process 3 (python3)"],
        );
    }
}
