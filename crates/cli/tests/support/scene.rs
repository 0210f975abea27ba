//! A stage for the real binary: a state folder, the example as a repository, and its releases.
//!
//! Every scene has a home of its own, so that scenes run side by side. When a scene ends, it
//! stops what it started and looks for processes that were left: one is a failure of the test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it saw"
)]

pub(crate) mod disk;
pub(crate) mod fixture;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod load;
pub(crate) mod processes;
pub(crate) mod shop;
pub(crate) mod told;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use told::{Background, Told};

/// Generous, because the machine may be busy; no test passes by waiting this long.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A project and its state on a machine.
pub(crate) struct Scene {
    folder: TempDir,
    /// The project's folder, where commands run.
    pub(crate) project: PathBuf,
    /// `LOCKGATE_HOME`.
    pub(crate) home: PathBuf,
}

/// What `lockgate.yaml` says beside what all scenes share.
pub(crate) struct Settings {
    /// How long a candidate is watched.
    pub(crate) soak: &'static str,
    /// The `health:` line's value.
    pub(crate) health: &'static str,
    /// Lines of the environment `production`.
    pub(crate) production: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            soak: "2s",
            health: "{ probe: /health, interval: 200ms, deadline: 60s }",
            production: "{}".to_owned(),
        }
    }
}

impl Settings {
    /// Returns the whole `lockgate.yaml`.
    pub(crate) fn text(&self) -> String {
        let Self {
            soak,
            health,
            production,
        } = self;
        format!(
            r#"version: 1
project: doc-server
artifact: doc-server
run: ./doc-server
health: {health}
smoke:
  - name: rust_query
    post: /mcp
    json:
      jsonrpc: "2.0"
      id: 1
      method: tools/call
      params: {{ name: rust_query, arguments: {{ query: async fn, limit: 5 }} }}
    expect: {{ status: 200, json: {{ "$.result.content": array }} }}
strategy: {{ blue-green: {{ soak: {soak}, drain: 5s }} }}
rollback-when: {{ http-5xx: {{ share: 5%, over: 20 }} }}
environments:
  staging: {{}}
  production: {production}
"#
        )
    }
}

impl Scene {
    /// Returns the example at v1, with a soak of two seconds.
    pub(crate) fn new() -> Self {
        Self::with(&Settings::default())
    }

    /// Returns the example at v1 with these settings.
    pub(crate) fn with(settings: &Settings) -> Self {
        let scene = Self::as_it_is();
        scene.configure(settings);
        scene
    }

    /// Returns the example at v1 with the `lockgate.yaml` that it ships with.
    pub(crate) fn as_it_is() -> Self {
        let scene = Self::of("doc-server");
        fixture::materialise(&scene.project);
        scene
    }

    /// Returns a stage for a project that is not written yet.
    pub(crate) fn of(project: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("lg").tempdir().unwrap();
        Self {
            project: folder.path().join(project),
            home: folder.path().join("home"),
            folder,
        }
    }

    /// Puts the state on a disk of its own, which can be filled.
    pub(crate) fn on(mut self, disk: &disk::Disk) -> Self {
        self.home = disk.path("home");
        self
    }

    /// Writes `lockgate.yaml`.
    pub(crate) fn configure(&self, settings: &Settings) {
        fs::write(self.project.join("lockgate.yaml"), settings.text()).unwrap();
    }

    /// Returns a folder for what else a test needs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns `lockgate` with these arguments, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_in(&self.project, arguments)
    }

    /// Returns `lockgate` in another folder, with this scene's home.
    pub(crate) fn command_in(&self, folder: &Path, arguments: &[&str]) -> Command {
        // However the tests were started: a background job of a shell ignores interrupts, and so would its children.
        let mut command = Command::new("env");
        command
            .arg("--default-signal=INT,TERM,HUP")
            .arg(env!("CARGO_BIN_EXE_lockgate"))
            .args(arguments)
            .current_dir(folder)
            .env("LOCKGATE_HOME", &self.home)
            .stdin(Stdio::null());
        command
    }

    /// Runs `lockgate` to its end.
    #[track_caller]
    pub(crate) fn lockgate(&self, arguments: &[&str]) -> Told {
        Told::of(self.command(arguments))
    }

    /// Starts `lockgate` and does not wait.
    #[track_caller]
    pub(crate) fn start(&self, arguments: &[&str]) -> Background {
        Background::start(self.command(arguments))
    }

    /// Makes releases of the example's versions.
    #[track_caller]
    pub(crate) fn release(&self, versions: &[&str]) {
        for version in versions {
            let artifact = fixture::release(version);
            let artifact = artifact.to_string_lossy();
            self.lockgate(&[
                "release",
                "create",
                "--artifact",
                &artifact,
                "--commit",
                version,
                "--version",
                version,
            ])
            .expect(0);
        }
    }

    /// Deploys a version to production and waits for the end of its soak.
    #[track_caller]
    pub(crate) fn deploy(&self, version: &str) -> Told {
        self.lockgate(&["deploy", "production", "--version", version])
    }

    /// Returns production's part of a command's JSON.
    #[track_caller]
    pub(crate) fn production(&self, command: &str) -> Value {
        let mut all = self.lockgate(&[command, "production", "--json"]).expect(0).json();
        all["production"].take()
    }

    /// Returns where production answers.
    #[track_caller]
    pub(crate) fn address(&self) -> String {
        let status = self.production("status");
        status["address"]
            .as_str()
            .unwrap_or_else(|| panic!("no address in {status:#}"))
            .to_owned()
    }

    /// Returns which version production's proxy answers with.
    #[track_caller]
    pub(crate) fn serving(&self) -> String {
        let answer = http::get(&self.address(), "/version").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        body["version"].as_str().unwrap().to_owned()
    }

    /// Returns the events of production.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<journal::Event> {
        journal::events(&self.production("history")["events"])
    }

    /// Returns `host status --json`.
    #[track_caller]
    pub(crate) fn host(&self) -> Value {
        self.lockgate(&["host", "status", "--json"]).expect(0).json()
    }

    /// Returns the process of the first instance of production's stable revision.
    #[track_caller]
    pub(crate) fn stable_instance(&self) -> i32 {
        let status = self.production("status");
        let revisions = status["revisions"].as_array().unwrap();
        let stable = revisions.iter().find(|revision| revision["role"] == "stable").unwrap();
        let id = format!("doc-server.production.{}.1", stable["revision"].as_str().unwrap());
        let host = self.host();
        let instances = host["instances"].as_array().unwrap();
        let instance = instances.iter().find(|instance| instance["id"] == *id);
        let pid = instance.and_then(|instance| instance["pid"].as_i64());
        i32::try_from(pid.unwrap_or_else(|| panic!("{id} does not run: {host:#}"))).unwrap()
    }

    /// Returns the process of a role, which must be alive.
    #[track_caller]
    pub(crate) fn pid(&self, role: &str) -> i32 {
        let host = self.host();
        let role = &host[role];
        assert_eq!(role["alive"], true, "{host:#}");
        i32::try_from(role["pid"].as_i64().unwrap()).unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !self.home.exists() {
            return;
        }
        let stopped = self.command(&["host", "stop", "--instances"]).output();
        let left = self.left();
        for process in &left {
            processes::kill(process.pid);
        }
        if std::thread::panicking() {
            self.tell_logs();
            return;
        }
        let stopped = stopped.unwrap();
        let words = String::from_utf8_lossy(&stopped.stderr);
        assert!(stopped.status.success(), "host stop: {words}");
        assert!(left.is_empty(), "processes were left: {left:#?}");
    }
}

impl Scene {
    /// Returns the processes that do not end, though the host was stopped.
    fn left(&self) -> Vec<processes::Process> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let left = processes::of_home(&self.home);
            if left.is_empty() || Instant::now() > deadline {
                return left;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Prints the ends of the host's logs, for whoever reads the failure.
    fn tell_logs(&self) {
        for role in ["supervisor", "proxy", "driver"] {
            let path = self.home.join("logs").join(format!("{role}.log"));
            let Ok(log) = fs::read_to_string(path) else { continue };
            let lines: Vec<&str> = log.lines().collect();
            let end = &lines[lines.len().saturating_sub(30)..];
            eprintln!("--- the end of the {role}'s log\n{}", end.join("\n"));
        }
    }
}

/// Waits until `look` finds something; fails when it does not within [`PATIENCE`].
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
