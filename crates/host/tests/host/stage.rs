//! A host of its own for each test, gone at its end.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lockgate_core::StreamId;
use lockgate_host::durable::Durability;
use lockgate_host::instance::{InstanceSpec, InstanceState, Instances, Observation};
use lockgate_host::shim::{AttemptSpec, Ending, Leftovers};
use lockgate_host::status::{HostStatus, RoleStatus};
use lockgate_host::wire::{ProxyClient, SupervisorClient};
use lockgate_host::{HostHome, Name, Role, Roles, start, status, stop};
use lockgate_proxy::{Fence, Forwarded, Limits, Route, Share, Snapshot};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Stage {
    pub(crate) home: HostHome,
    pub(crate) roles: Roles,
    directory: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            home: HostHome::new(directory.path().join("host home")),
            roles: roles(),
            directory,
        }
    }

    /// A host whose sockets have longer paths than the kernel takes.
    pub(crate) fn deep() -> Self {
        let mut stage = Self::new();
        stage.home = HostHome::new(stage.path().join("d".repeat(120)).join("home"));
        stage
    }

    pub(crate) async fn started() -> Self {
        let stage = Self::new();
        stage.start().await;
        stage
    }

    pub(crate) async fn start(&self) {
        start::ensure(&self.home, &self.roles).await.unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn status(&self) -> HostStatus {
        status::status(&self.home).unwrap()
    }

    pub(crate) fn role(&self, role: Role) -> RoleStatus {
        let status = self.status();
        match role {
            Role::Supervisor => status.supervisor,
            Role::Proxy => status.proxy,
            Role::Driver => status.driver,
        }
    }

    /// Kills the process of a role as nobody can prevent; returns its pid.
    pub(crate) fn kill(&self, role: Role) -> i32 {
        self.signal(role, Signal::SIGKILL)
    }

    pub(crate) fn signal(&self, role: Role, signal: Signal) -> i32 {
        let pid = self.role(role).pid.unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
        pid
    }

    /// Returns the new pid when the role is alive and is not `old` any more.
    pub(crate) async fn reborn(&self, role: Role, old: i32) -> i32 {
        let status = until("a successor", || {
            let status = self.role(role);
            (status.alive && status.pid != Some(old)).then_some(status)
        });
        status.await.pid.unwrap()
    }

    pub(crate) fn supervisor(&self) -> SupervisorClient {
        SupervisorClient::connect(&self.home.socket(Role::Supervisor)).unwrap()
    }

    pub(crate) fn proxy(&self) -> ProxyClient {
        ProxyClient::connect(&self.home.socket(Role::Proxy)).unwrap()
    }

    /// Keeps an instance that answers with its name; returns it once it runs.
    pub(crate) async fn instance(&self, name: &str) -> Observation {
        self.supervisor()
            .ensure_instance(answering(&self.roles, name))
            .await
            .unwrap();
        self.observed(name, |state| matches!(state, InstanceState::Running { .. }))
            .await
    }

    /// Returns the instance's observation as soon as its state is the wanted one.
    pub(crate) async fn observed(&self, name: &str, wanted: impl Fn(&InstanceState) -> bool) -> Observation {
        let mut observations = self.supervisor().observe(None).await.unwrap();
        let seen = async {
            loop {
                let observation = observations.next().await.unwrap().unwrap();
                if observation.id.as_str() == name && wanted(&observation.state) {
                    return observation;
                }
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.unwrap()
    }

    /// Routes the listener `web` to the instance; returns where it listens.
    pub(crate) async fn routed(&self, instance: &Observation, sequence: u64) -> SocketAddr {
        let listener = self.supervisor().listen("web", None).await.unwrap();
        self.proxy().apply(snapshot(instance, sequence)).await.unwrap();
        listener.address
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let home = self.home.clone();
        let ended = std::thread::spawn(move || {
            let grace = Duration::ZERO;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(stop::stop(&home, Instances::Stop { grace }))
        });
        let ended = ended.join();
        if std::thread::panicking() {
            for role in [Role::Supervisor, Role::Proxy, Role::Driver] {
                let log = std::fs::read_to_string(self.home.log(role)).unwrap_or_default();
                println!("--- the log of the {role}\n{log}");
            }
        }
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

pub(crate) fn roles() -> Roles {
    let tests = std::env::current_exe().unwrap();
    let executable = tests.parent().unwrap().parent().unwrap().join("examples/host_roles");
    assert!(
        executable.exists(),
        "{} is not there; `cargo test -p lockgate-host` builds it",
        executable.display()
    );
    Roles::standard(executable)
}

/// A shell script as an attempt in `directory`, which also collects its output.
pub(crate) fn script(directory: &Path, text: &str) -> AttemptSpec {
    std::fs::create_dir_all(directory).unwrap();
    AttemptSpec {
        id: "script".into(),
        program: "sh".into(),
        args: vec!["-c".into(), text.into()],
        env: BTreeMap::from([("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())]),
        working_directory: directory.to_owned(),
        stdout: directory.join("output"),
        stderr: directory.join("output"),
        grace: Duration::from_secs(10),
        ending: Ending::Terminate,
        leftovers: Leftovers::Kill,
        trace: None,
        durability: Durability::Power,
    }
}

pub(crate) fn answering(roles: &Roles, name: &str) -> InstanceSpec {
    InstanceSpec {
        id: Name::new(name).unwrap(),
        stream: StreamId::new("environment", "shop/production"),
        program: roles.executable.clone(),
        args: vec!["answer".into(), name.into()],
        env: BTreeMap::new(),
        working_directory: PathBuf::from("/"),
        port_variable: "PORT".into(),
    }
}

pub(crate) fn snapshot(instance: &Observation, sequence: u64) -> Snapshot {
    let InstanceState::Running { address, .. } = instance.state else {
        panic!("{instance:?} does not run");
    };
    let revision = instance.id.to_string();
    Snapshot {
        stream: instance.stream.clone(),
        fence: Fence {
            store_epoch: 1,
            owner_epoch: 1,
            sequence,
        },
        listener: "web".into(),
        route: Route {
            split: vec![Share {
                revision: revision.clone(),
                weight: 100,
            }],
        },
        backends: BTreeMap::from([(revision, vec![address])]),
        limits: Limits::default(),
        forwarded: Forwarded::default(),
    }
}

/// Returns the value as soon as there is one.
pub(crate) async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = look() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Returns whether the process runs; a zombie does not.
pub(crate) fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().split_whitespace().next();
    !matches!(state, None | Some("Z" | "X"))
}

/// Asks over a new connection; returns the status and the body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer was cut");
    let status = answer.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(cut)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
    Ok((status, body.to_owned()))
}
