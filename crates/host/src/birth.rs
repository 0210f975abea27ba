//! Starting a process that outlives its starter.
//!
//! The new process takes its place (lock and FIFO) and its socket, forks away from
//! its starter into a session of its own, and then says one line on standard
//! output: its [`Greeting`]. The starter reads until the end. So when a start
//! returns, the place is taken and the socket answers: nobody polls. A starter that
//! dies in between changes nothing.

use std::io::{self, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use crate::open_files;

/// In the environment of what belongs to a host: a shim at its end leaves it alone.
///
/// A step may run a command that starts a host, and the host has to outlive the step.
/// A shim has it when its starter has it: a step's own nested steps end with it.
pub const DETACHED: &str = "LOCKGATE_DETACHED";

/// How long a process may take until its first words.
const PATIENCE: Duration = Duration::from_secs(20);

/// The first words of a process to its starter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Greeting {
    /// It is in place and answers.
    Ready,
    /// Another one has the place.
    Busy,
    /// Nothing is left to do.
    Over,
    /// It cannot start, and why.
    Failed(String),
}

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum BirthError {
    /// The program could not be executed.
    #[error("starting `{program}`")]
    Execute {
        /// The program.
        program: String,
        /// The cause.
        source: io::Error,
    },
    /// The process said why.
    #[error("`{program}` could not start: {reason}")]
    Failed {
        /// The program with its role.
        program: String,
        /// The reason in the process's words.
        reason: String,
    },
    /// The process ended or hung before it said a word.
    #[error("`{program}` {what} before it was ready; its last words may be in {log}")]
    Silent {
        /// The program with its role.
        program: String,
        /// What it did instead.
        what: &'static str,
        /// Where it writes.
        log: String,
    },
}

/// A program to start.
pub(crate) struct Birth<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: &'a [String],
    /// The last argument: the directory that it works on, which is also its working directory.
    pub(crate) directory: &'a Path,
    /// Where it writes.
    pub(crate) log: &'a Path,
    pub(crate) ties: Ties,
}

/// Whom a new process belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ties {
    /// A host: it stays when the step that started it ends.
    Host,
    /// Whomever its starter belongs to.
    Starter,
}

impl Birth<'_> {
    /// Starts the program and returns its greeting.
    pub(crate) async fn start(&self) -> Result<Greeting, BirthError> {
        let execute = |source| BirthError::Execute {
            program: self.program.display().to_string(),
            source,
        };
        let directory = std::path::absolute(self.directory).map_err(execute)?;
        // A log that cannot be opened keeps nobody from starting.
        let log = match std::fs::OpenOptions::new().append(true).create(true).open(self.log) {
            Ok(log) => Stdio::from(log),
            Err(error) => {
                tracing::warn!("opening {}: {error}", self.log.display());
                Stdio::null()
            }
        };
        let mut child = tokio::process::Command::new(self.program)
            .args(self.arguments)
            .arg(&directory)
            .env_clear()
            .envs(environment())
            .envs(open_files::to_pass_on())
            .envs((self.ties == Ties::Host).then_some((DETACHED, "1")))
            .current_dir(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(execute)?;
        let mut said = Vec::new();
        if let Some(mut stdout) = child.stdout.take() {
            let heard = tokio::time::timeout(PATIENCE, stdout.read_to_end(&mut said)).await;
            heard.map_err(|_| self.silent("was silent"))?.map_err(execute)?;
        }
        child.wait().await.map_err(execute)?;
        match serde_json::from_slice(&said) {
            Ok(Greeting::Failed(reason)) => Err(BirthError::Failed {
                program: self.name(),
                reason,
            }),
            Ok(greeting) => Ok(greeting),
            Err(_) => Err(self.silent("ended")),
        }
    }

    fn name(&self) -> String {
        let role = self.arguments.first().map_or("", String::as_str);
        format!("{} {role}", self.program.display())
    }

    fn silent(&self, what: &'static str) -> BirthError {
        BirthError::Silent {
            program: self.name(),
            what,
            log: self.log.display().to_string(),
        }
    }
}

/// Leaves the starter: a new session, a new parent. To be called before any thread exists.
pub(crate) fn detach() -> io::Result<()> {
    Ok(nix::unistd::daemon(true, true)?)
}

/// Says the greeting and lets the starter go.
pub(crate) fn greet(greeting: &Greeting) {
    // The starter may be dead by now, which is none of our business.
    let _ = serde_json::to_writer(io::stdout().lock(), greeting);
    let _ = io::stdout().flush();
    // Standard output goes to the log from now on.
    let _ = nix::unistd::dup2_stdout(io::stderr());
}

/// Returns what a process of the host keeps of its starter's environment.
///
/// A token in the environment of one command has no business in a process that lives for months.
fn environment() -> impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)> {
    const KEPT: [&str; 19] = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "TZ",
        "TMPDIR",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "DOCKER_HOST",
        "KUBECONFIG",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
    ];
    std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        KEPT.contains(&name.as_ref())
            || ["LC_", "XDG_", "LOCKGATE_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
    })
}
