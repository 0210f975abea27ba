//! Instances that crash, stop and start again.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use lockgate_host::instance::{InstanceState, Observation};
use lockgate_host::shim::Exit;
use lockgate_host::{Name, Role};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::stage::{Stage, answering, get, runs, until};

#[track_caller]
fn running(observation: &Observation) -> (SocketAddr, i32) {
    match observation.state {
        InstanceState::Running { address, pid, .. } => (address, pid),
        _ => panic!("{observation:?}"),
    }
}

/// Returns the answer as soon as the instance listens.
async fn answer(address: SocketAddr) -> String {
    loop {
        if let Ok((200, body)) = get(address, "/").await {
            return body;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_crash_is_told_and_followed_by_a_new_start() {
    let stage = Stage::started().await;
    let first = stage.instance("r1").await;
    let (address, pid) = running(&first);
    assert_eq!(first.incarnation, 1);
    assert_eq!(answer(address).await, format!("r1 {pid}"));
    let mut observations = stage.supervisor().observe(Some(first.stream.clone())).await.unwrap();
    assert_eq!(observations.next().await.unwrap().unwrap(), first);
    let _ = get(address, "/crash").await;
    let mut seen = vec![first];
    loop {
        let next = observations.next().await.unwrap().unwrap();
        assert!(next.stamp() > seen.last().unwrap().stamp(), "{next:?} after {seen:?}");
        seen.push(next);
        let last = seen.last().unwrap();
        if last.incarnation == 2 && matches!(last.state, InstanceState::Running { .. }) {
            break;
        }
    }
    match &seen[1].state {
        InstanceState::Exited {
            exit,
            restarts,
            at,
            next,
        } => {
            assert_eq!((exit, *restarts), (&Some(Exit::Code(7)), 0));
            assert!(next > at);
        }
        other => panic!("{other:?}"),
    }
    let (again, successor) = running(seen.last().unwrap());
    assert_eq!(again, address);
    assert_ne!(successor, pid);
    assert_eq!(answer(again).await, format!("r1 {successor}"));
}

#[tokio::test]
async fn crashes_in_a_row_wait_longer_and_are_counted() {
    let stage = Stage::started().await;
    let mut spec = answering(&stage.roles, "sick");
    spec.args = vec!["no-such-role".into()];
    stage.supervisor().ensure_instance(spec).await.unwrap();
    let third = stage
        .observed("sick", |state| {
            matches!(state, InstanceState::Exited { restarts: 2, .. })
        })
        .await;
    assert_eq!(third.incarnation, 3);
    let InstanceState::Exited { exit, at, next, .. } = third.state else {
        panic!("{third:?}")
    };
    assert_eq!(exit, Some(Exit::Code(2)));
    assert!(next.since(at) >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_killed_shim_takes_its_instance_along_and_another_follows() {
    let stage = Stage::started().await;
    let (_, pid) = running(&stage.instance("r1").await);
    let started = stage.home.incarnation(&Name::new("r1").unwrap(), 1).join("started");
    let started: serde_json::Value = serde_json::from_slice(&std::fs::read(started).unwrap()).unwrap();
    let shim = i32::try_from(started["shim"].as_i64().unwrap()).unwrap();
    kill(Pid::from_raw(shim), Signal::SIGKILL).unwrap();
    let second = stage
        .observed(
            "r1",
            |state| matches!(state, InstanceState::Running { pid: other, .. } if *other != pid),
        )
        .await;
    assert_eq!(second.incarnation, 2);
    until("its end", || (!runs(pid)).then_some(())).await;
}

#[tokio::test]
async fn an_instance_that_died_while_nobody_looked_is_started_again() {
    let stage = Stage::started().await;
    let (address, pid) = running(&stage.instance("r1").await);
    answer(address).await;
    stage.signal(Role::Driver, Signal::SIGSTOP);
    stage.kill(Role::Supervisor);
    stage.home.place(Role::Supervisor).released().await.unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    until("its end", || (!runs(pid)).then_some(())).await;
    stage.signal(Role::Driver, Signal::SIGCONT);
    stage.start().await;
    let second = stage
        .observed("r1", |state| matches!(state, InstanceState::Running { .. }))
        .await;
    assert_eq!(second.incarnation, 2);
    assert_ne!(running(&second).1, pid);
}

#[tokio::test]
async fn a_stop_is_for_good_until_it_is_wanted_again() {
    let stage = Stage::started().await;
    let first = stage.instance("r1").await;
    let (_, pid) = running(&first);
    let id = first.id.clone();
    let refused = stage
        .supervisor()
        .forget_instance(id.clone())
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "instance `r1` still runs; stop it first");
    stage
        .supervisor()
        .stop_instance(id.clone(), Duration::from_secs(20))
        .await
        .unwrap();
    let stopped = stage
        .observed("r1", |state| matches!(state, InstanceState::Stopped { .. }))
        .await;
    assert_eq!(
        stopped.state,
        InstanceState::Stopped {
            exit: Some(Exit::Signal(15))
        }
    );
    assert!(!runs(pid));
    let old = stage.kill(Role::Supervisor);
    stage.reborn(Role::Supervisor, old).await;
    assert_eq!(stage.observed("r1", |_| true).await, stopped);
    let again = stage.instance("r1").await;
    assert_eq!(again.incarnation, 2);
    stage
        .supervisor()
        .stop_instance(id.clone(), Duration::ZERO)
        .await
        .unwrap();
    stage
        .supervisor()
        .ensure_instance(answering(&stage.roles, "r1"))
        .await
        .unwrap();
    let third = stage
        .observed(
            "r1",
            |state| matches!(state, InstanceState::Running { pid, .. } if *pid != running(&again).1),
        )
        .await;
    assert_eq!(third.incarnation, 3);
    until("the end of the second", || (!runs(running(&again).1)).then_some(())).await;
    stage
        .supervisor()
        .stop_instance(id.clone(), Duration::ZERO)
        .await
        .unwrap();
    stage
        .observed("r1", |state| matches!(state, InstanceState::Stopped { .. }))
        .await;
    stage.supervisor().forget_instance(id.clone()).await.unwrap();
    assert_eq!(stage.supervisor().inventory(None).await.unwrap(), []);
    assert!(!stage.home.instance(&id).exists());
}

#[tokio::test]
async fn a_name_runs_one_command_and_a_stream_sees_its_own() {
    let stage = Stage::started().await;
    let first = stage.instance("r1").await;
    stage
        .supervisor()
        .ensure_instance(answering(&stage.roles, "r1"))
        .await
        .unwrap();
    assert_eq!(
        stage.supervisor().inventory(Some(first.stream.clone())).await.unwrap(),
        [first]
    );
    let other = lockgate_core::StreamId::new("environment", "shop/staging");
    assert_eq!(stage.supervisor().inventory(Some(other)).await.unwrap(), []);
    let mut different = answering(&stage.roles, "r1");
    different.args.push("more".into());
    let refused = stage
        .supervisor()
        .ensure_instance(different)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("instance `r1` runs another command already"),
        "{refused}"
    );
    let absent = stage
        .supervisor()
        .stop_instance(Name::new("r9").unwrap(), Duration::ZERO)
        .await
        .unwrap_err();
    assert!(absent.to_string().starts_with("there is no instance `r9`"), "{absent}");
}

#[tokio::test]
async fn an_instance_that_lost_its_port_gets_another() {
    let stage = Stage::started().await;
    let first = stage.instance("r1").await;
    let (address, pid) = running(&first);
    answer(address).await;
    stage
        .supervisor()
        .stop_instance(first.id.clone(), Duration::ZERO)
        .await
        .unwrap();
    stage
        .observed("r1", |state| matches!(state, InstanceState::Stopped { .. }))
        .await;
    let _thief = TcpListener::bind(address).unwrap();
    let (elsewhere, successor) = running(&stage.instance("r1").await);
    assert_ne!(elsewhere, address);
    assert_ne!(successor, pid);
    assert_eq!(answer(elsewhere).await, format!("r1 {successor}"));
}
