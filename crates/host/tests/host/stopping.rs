//! Ending a host, and starting it again.

use std::time::Duration;

use lockgate_host::instance::{InstanceState, Instances};
use lockgate_host::{Role, stop};

use crate::stage::{Stage, get, runs};

fn pid(state: &InstanceState) -> i32 {
    match state {
        InstanceState::Running { pid, .. } => *pid,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_stopped_host_keeps_its_instances_and_adopts_them_again() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let ended = stop::stop(&stage.home, Instances::Keep).await.unwrap();
    assert_eq!(ended.roles, [Role::Driver, Role::Proxy, Role::Supervisor]);
    assert_eq!((ended.kept, ended.stopped), (1, 0));
    let status = stage.status();
    assert!(
        !status.supervisor.alive && !status.proxy.alive && !status.driver.alive,
        "{status:?}"
    );
    assert_eq!(status.instances[0].pid, Some(pid(&instance.state)));
    stage.start().await;
    assert_eq!(stage.instance("r1").await, instance);
    assert_eq!(get(address, "/").await.unwrap().0, 200);
    let second = stop::stop(&stage.home, Instances::Keep).await.unwrap();
    assert_eq!(second.kept, 1);
    assert_eq!(stop::stop(&stage.home, Instances::Keep).await.unwrap().roles, []);
}

#[tokio::test]
async fn a_host_stops_with_its_instances_when_asked() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let grace = Duration::from_secs(20);
    let ended = stop::stop(&stage.home, Instances::Stop { grace }).await.unwrap();
    assert_eq!((ended.kept, ended.stopped), (0, 1));
    assert!(!runs(pid(&instance.state)));
    stage.start().await;
    let again = stage
        .observed("r1", |state| matches!(state, InstanceState::Running { .. }))
        .await;
    assert_eq!(again.incarnation, 2);
}

#[tokio::test]
async fn a_host_without_its_supervisor_stops_too() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    stage.kill(Role::Supervisor);
    let grace = Duration::from_secs(20);
    stop::stop(&stage.home, Instances::Stop { grace }).await.unwrap();
    let status = stage.status();
    assert!(
        !status.supervisor.alive && !status.proxy.alive && !status.driver.alive,
        "{status:?}"
    );
    assert!(!runs(pid(&instance.state)));
}
