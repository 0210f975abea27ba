//! The three processes and their deaths.

use lockgate_host::Role;
use lockgate_host::seat::in_words;
use lockgate_host::shim::{self, AttemptState, Exit};
use lockgate_host::start;
use nix::sys::signal::Signal;

use crate::stage::{Stage, get, runs, script, until};

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_at_the_same_time_starts_one_host() {
    let stage = Stage::new();
    let (a, b, c) = tokio::join!(
        start::ensure(&stage.home, &stage.roles),
        start::ensure(&stage.home, &stage.roles),
        start::ensure(&stage.home, &stage.roles),
    );
    for result in [a, b, c] {
        result.unwrap();
    }
    let first = stage.status();
    for role in [&first.supervisor, &first.proxy, &first.driver] {
        assert!(role.alive && role.pid.is_some(), "{first:?}");
    }
    stage.start().await;
    assert_eq!(stage.status(), first);
    let log = std::fs::read_to_string(stage.home.log(Role::Supervisor)).unwrap();
    assert!(!log.contains("already runs"), "{log}");
}

#[tokio::test]
async fn a_host_works_at_any_depth() {
    let stage = Stage::deep();
    assert!(stage.home.socket(Role::Proxy).as_os_str().len() > 107);
    stage.start().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    assert_eq!(get(address, "/").await.unwrap().0, 200);
    let old = stage.kill(Role::Supervisor);
    stage.reborn(Role::Supervisor, old).await;
}

#[tokio::test]
async fn a_killed_driver_comes_back() {
    let stage = Stage::started().await;
    let before = stage.status();
    let old = stage.kill(Role::Driver);
    stage.reborn(Role::Driver, old).await;
    let after = stage.status();
    assert_eq!((before.supervisor, before.proxy), (after.supervisor, after.proxy));
    until("the words in the log", || {
        let log = std::fs::read_to_string(stage.home.log(Role::Supervisor)).unwrap();
        log.contains("the driver ended, 1 times within 60s").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_killed_supervisor_is_followed_by_one_that_finds_everything() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let before = stage.status();
    let answer = get(address, "/").await.unwrap();
    for _ in 0..3 {
        let old = stage.kill(Role::Supervisor);
        assert_eq!(get(address, "/").await.unwrap(), answer);
        stage.reborn(Role::Supervisor, old).await;
        assert_eq!(get(address, "/").await.unwrap(), answer);
        assert_eq!(stage.instance("r1").await, instance);
        let listeners = stage.supervisor().listeners().await.unwrap();
        assert_eq!(listeners.len(), 1);
        assert_eq!((listeners[0].address, &listeners[0].problem), (address, &None));
    }
    let after = stage.status();
    assert_eq!((before.proxy, before.driver), (after.proxy, after.driver));
    assert_eq!(before.instances, after.instances);
    let log = std::fs::read_to_string(stage.home.log(Role::Supervisor)).unwrap();
    assert_eq!(
        log.matches("took 1 sockets over from the living proxy").count(),
        3,
        "{log}"
    );
    // The successor holds the very same sockets: they outlive the proxy now.
    let old = stage.kill(Role::Proxy);
    assert_eq!(get(address, "/").await.unwrap(), answer);
    stage.reborn(Role::Proxy, old).await;
}

#[tokio::test]
async fn a_host_that_lost_supervisor_and_proxy_binds_the_same_addresses() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let proxy = stage.kill(Role::Proxy);
    let supervisor = stage.kill(Role::Supervisor);
    stage.reborn(Role::Supervisor, supervisor).await;
    stage.reborn(Role::Proxy, proxy).await;
    stage.start().await;
    let listeners = stage.supervisor().listeners().await.unwrap();
    assert_eq!((listeners[0].address, &listeners[0].problem), (address, &None));
    assert_eq!(get(address, "/").await.unwrap().0, 200);
    assert_eq!(stage.instance("r1").await, instance);
}

#[tokio::test]
async fn a_proxy_alone_brings_the_other_two_back() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let before = stage.status();
    let limit = |pid: i32| {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        limits
            .lines()
            .find(|line| line.starts_with("Max open files"))
            .unwrap()
            .to_owned()
    };
    let first_limit = limit(before.supervisor.pid.unwrap());
    // Stopped first, so that neither restarts the other.
    for role in [Role::Driver, Role::Supervisor] {
        stage.signal(role, Signal::SIGSTOP);
    }
    let driver = stage.kill(Role::Driver);
    let supervisor = stage.kill(Role::Supervisor);
    let supervisor = stage.reborn(Role::Supervisor, supervisor).await;
    stage.reborn(Role::Driver, driver).await;
    stage.start().await;
    let after = stage.status();
    assert_eq!((&before.proxy, &before.instances), (&after.proxy, &after.instances));
    assert_eq!(get(address, "/").await.unwrap().0, 200);
    let listeners = stage.supervisor().listeners().await.unwrap();
    assert_eq!((listeners[0].address, &listeners[0].problem), (address, &None));
    assert_eq!(limit(supervisor), first_limit, "the proxy's own limit is not passed on");
}

#[tokio::test]
async fn no_file_but_the_routes_keeps_the_proxy_from_serving() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let host = stage.home.host();
    // Directories where files ought to be, and no log: as hard as a full disk.
    for name in ["proxy.pid.json.new", "proxy.life.json.new"] {
        std::fs::create_dir_all(host.join(name)).unwrap();
    }
    let old = stage.kill(Role::Proxy);
    assert_eq!(get(address, "/").await.unwrap().0, 200);
    let new = stage.reborn(Role::Proxy, old).await;
    assert!(runs(new), "its process is known without the file: {new}");
    std::fs::remove_file(stage.home.log(Role::Proxy)).unwrap();
    std::fs::create_dir_all(stage.home.log(Role::Proxy)).unwrap();
    std::fs::remove_file(stage.home.socket(Role::Proxy)).unwrap();
    std::fs::create_dir_all(stage.home.socket(Role::Proxy)).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(new), Signal::SIGKILL).unwrap();
    assert_eq!(get(address, "/").await.unwrap().0, 200);
    std::fs::remove_dir(stage.home.socket(Role::Proxy)).unwrap();
    until("its socket", || {
        stage.role(Role::Proxy).pid.filter(|pid| *pid != new && runs(*pid))
    })
    .await;
    std::fs::remove_dir(stage.home.log(Role::Proxy)).unwrap();
}

#[tokio::test]
async fn a_host_that_lost_all_three_starts_again_with_everything() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    // Stopped first, so that none restarts another.
    for role in [Role::Driver, Role::Supervisor, Role::Proxy] {
        stage.signal(role, Signal::SIGSTOP);
    }
    for role in [Role::Driver, Role::Supervisor, Role::Proxy] {
        stage.kill(role);
    }
    for role in [Role::Driver, Role::Supervisor, Role::Proxy] {
        stage.home.place(role).released().await.unwrap();
    }
    assert!(get(address, "/").await.is_err());
    stage.start().await;
    assert_eq!(get(address, "/").await.unwrap().0, 200);
    assert_eq!(stage.instance("r1").await, instance);
}

#[tokio::test]
async fn a_driver_that_cannot_start_is_told_to_who_asked() {
    let stage = Stage::new();
    std::fs::create_dir_all(stage.home.root()).unwrap();
    std::fs::write(stage.home.root().join("broken-driver"), "").unwrap();
    let error = start::ensure(&stage.home, &stage.roles).await.unwrap_err();
    let words = in_words(&error);
    assert!(
        words.contains("starting the driver") && words.contains("ended before it was ready"),
        "{words}"
    );
    assert!(stage.role(Role::Supervisor).alive);
}

#[tokio::test]
async fn a_host_that_a_step_started_outlives_the_step() {
    let stage = Stage::new();
    std::fs::create_dir_all(stage.path().join("work")).unwrap();
    let mut spec = script(&stage.path().join("work"), "");
    spec.program = stage.roles.executable.clone();
    spec.args = vec!["ensure".into(), stage.home.root().display().to_string()];
    let attempt = stage.path().join("attempt");
    shim::spawn(&stage.roles, &attempt, &spec).await.unwrap();
    let ended = shim::wait(&attempt).await.unwrap();
    assert!(
        matches!(
            ended,
            AttemptState::Exited {
                exit: Exit::Code(0),
                ..
            }
        ),
        "{ended:?}"
    );
    let status = stage.status();
    assert!(
        status.supervisor.alive && status.proxy.alive && status.driver.alive,
        "{status:?}"
    );
}
