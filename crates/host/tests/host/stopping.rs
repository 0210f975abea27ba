//! Ending a host, and starting it again.

use std::time::Duration;

use lockgate_host::instance::{InstanceState, Instances};
use lockgate_host::{Role, start, stop};
use nix::sys::signal::Signal;

use crate::stage::{Stage, get, runs, until};

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
    is_down(&stage);
    assert_eq!(stage.status().instances[0].pid, Some(pid(&instance.state)));
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

#[tokio::test]
async fn a_stop_is_not_undone_by_a_proxy_that_misses_the_others() {
    let stage = Stage::started().await;
    let processes: Vec<i32> = ROLES.map(|role| stage.role(role).pid.unwrap()).into();
    // Stopped first, so that neither restarts the other.
    for role in [Role::Driver, Role::Supervisor] {
        stage.signal(role, Signal::SIGSTOP);
    }
    for role in [Role::Driver, Role::Supervisor] {
        stage.kill(role);
    }
    stop::stop(&stage.home, Instances::Keep).await.unwrap();
    assert!(stop::was_asked_for(&stage.home));
    is_down(&stage);
    until("the end of all three", || {
        processes.iter().all(|pid| !runs(*pid)).then_some(())
    })
    .await;
    let refused = start::ensure_kept(&stage.home, &stage.roles).await.unwrap_err();
    assert!(refused.to_string().contains("stopped on purpose"), "{refused}");
    let refused = start::ensure_all_kept(&stage.home, &stage.roles).await.unwrap_err();
    assert!(refused.to_string().contains("stopped on purpose"), "{refused}");
    is_down(&stage);
    stage.start().await;
    assert!(!stop::was_asked_for(&stage.home));
}

#[tokio::test]
async fn a_supervisor_that_is_told_to_end_stops_the_host() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let supervisor = stage.signal(Role::Supervisor, Signal::SIGTERM);
    stage.home.place(Role::Supervisor).released().await.unwrap();
    is_down(&stage);
    until("its end", || (!runs(supervisor)).then_some(())).await;
    assert!(stop::was_asked_for(&stage.home));
    assert!(runs(pid(&instance.state)), "the instances go on");
    stage.start().await;
    assert_eq!(stage.instance("r1").await, instance);
    assert_eq!(get(address, "/").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_start_takes_back_the_mark_of_a_stop_that_came_to_nothing() {
    let stage = Stage::started().await;
    std::fs::write(stage.home.stopped_mark(), "").unwrap();
    start::ensure_all_kept(&stage.home, &stage.roles).await.unwrap();
    assert!(
        stop::was_asked_for(&stage.home),
        "who only keeps the host does not start it"
    );
    stage.start().await;
    assert!(!stop::was_asked_for(&stage.home));
    let old = stage.kill(Role::Supervisor);
    stage.reborn(Role::Supervisor, old).await;
}

const ROLES: [Role; 3] = [Role::Driver, Role::Proxy, Role::Supervisor];

/// Fails when one of the three lives, or has left its socket.
#[track_caller]
fn is_down(stage: &Stage) {
    for role in ROLES {
        assert!(!stage.role(role).alive, "the {role} lives: {:?}", stage.status());
        let socket = stage.home.socket(role);
        assert!(!socket.exists(), "{} is left", socket.display());
    }
}
