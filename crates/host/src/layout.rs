//! Where the host keeps its files.
//!
//! One durable file per writer: the supervisor writes `supervisor.json`, the proxy
//! `proxy.json`, each shim its attempt's directory. Everything lies under one
//! directory that only its owner can enter, which is also what guards the sockets.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::liveness::Place;

/// The directory of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostHome {
    root: PathBuf,
}

/// One of the three processes of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Holds the sockets, starts the instances and the other two.
    Supervisor,
    /// Forwards the traffic.
    Proxy,
    /// Decides, with the event log.
    Driver,
}

impl Role {
    /// Returns the name, as in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Proxy => "proxy",
            Self::Driver => "driver",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl HostHome {
    /// Returns the host at this directory, made absolute; creates nothing.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            root: std::path::absolute(&root).unwrap_or(root),
        }
    }

    /// Creates the directories, for their owner alone.
    pub fn create(&self) -> io::Result<()> {
        for directory in [self.host(), self.instances(), self.attempts(), self.logs()] {
            durable::private_directory(&directory)?;
        }
        Ok(())
    }

    /// Returns the directory of the host.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory of the three processes' files.
    pub fn host(&self) -> PathBuf {
        self.root.join("host")
    }

    /// Returns the directory of the instances.
    pub fn instances(&self) -> PathBuf {
        self.root.join("instances")
    }

    /// Returns the directory of the step attempts.
    pub fn attempts(&self) -> PathBuf {
        self.root.join("attempts")
    }

    /// Returns the directory of the three processes' logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Returns the directory of one instance.
    pub fn instance(&self, id: &Name) -> PathBuf {
        self.instances().join(id.as_str())
    }

    /// Returns the file that collects what an instance writes.
    pub fn instance_log(&self, id: &Name) -> PathBuf {
        self.instance(id).join("log")
    }

    /// Returns the directory of one start of an instance.
    pub fn incarnation(&self, id: &Name, incarnation: u64) -> PathBuf {
        self.instance(id).join(incarnation.to_string())
    }

    /// Returns the directory of one step attempt.
    pub fn attempt(&self, id: &Name) -> PathBuf {
        self.attempts().join(id.as_str())
    }

    /// Returns the control socket of a process.
    pub fn socket(&self, role: Role) -> PathBuf {
        self.host().join(format!("{role}.sock"))
    }

    /// Returns the place whose holder is the living process of that role.
    pub fn place(&self, role: Role) -> Place {
        Place::new(&self.host(), role.name())
    }

    /// Returns the file that names the process of a role.
    pub fn identity(&self, role: Role) -> PathBuf {
        self.host().join(format!("{role}.pid.json"))
    }

    /// Returns the file with the number of the proxy's last life.
    pub fn proxy_life(&self) -> PathBuf {
        self.host().join("proxy.life.json")
    }

    /// Returns the log of a process.
    pub fn log(&self, role: Role) -> PathBuf {
        self.logs().join(format!("{role}.log"))
    }

    /// Returns the supervisor's durable file: ports and desired instances.
    pub fn supervisor_record(&self) -> PathBuf {
        self.host().join("supervisor.json")
    }

    /// Returns the proxy's durable file: the last accepted routing table.
    pub fn proxy_record(&self) -> PathBuf {
        self.host().join("proxy.json")
    }

    /// Returns the mark that says that the host was stopped on purpose; it is there until the next start.
    pub fn stopped_mark(&self) -> PathBuf {
        self.host().join("stopped")
    }

    /// Returns the lock under which processes are started and stopped.
    pub fn start_lock(&self) -> PathBuf {
        self.host().join("start.lock")
    }
}

/// A name that is safe as a file name: letters, digits, `.`, `_` and `-`, not starting with a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// A text that cannot name an instance, an attempt or a listener.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be a name here: use 1 to 200 letters, digits, `.`, `_` and `-`, not starting with a dot")]
pub struct NotAName(pub String);

impl Name {
    /// Returns the name with this text.
    ///
    /// # Errors
    /// Returns the text when it is not safe as a file name.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAName> {
        let text = text.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > 200 || text.starts_with('.') || !text.chars().all(allowed) {
            return Err(NotAName(text));
        }
        Ok(Self(text))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        Self::new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_directory() {
        for good in ["r1", "web-3.2_b", "A"] {
            assert_eq!(Name::new(good).unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", "a/b", "a b", "é", ".hidden", "a\0"] {
            assert_eq!(Name::new(bad), Err(NotAName(bad.into())));
        }
        assert!(serde_json::from_str::<Name>("\"../x\"").is_err());
    }
}
