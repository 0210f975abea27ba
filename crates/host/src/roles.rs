//! How this program becomes one of the host's processes.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::layout::Role;

/// The arguments that make the executable play each role; the path that it works on comes behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The program.
    pub executable: PathBuf,
    /// For a shim; the attempt's directory comes behind.
    pub shim: Vec<String>,
    /// For the supervisor; the host's directory comes behind, as for the next two.
    pub supervisor: Vec<String>,
    /// For the proxy.
    pub proxy: Vec<String>,
    /// For the driver; `None` when this host has none.
    pub driver: Option<Vec<String>>,
}

impl Roles {
    /// Returns the roles of an executable: `host-shim DIR`, `host-supervisor --home DIR` and so on.
    pub fn standard(executable: PathBuf) -> Self {
        let at_home = |name: &str| vec![name.to_owned(), "--home".to_owned()];
        Self {
            executable,
            shim: vec!["host-shim".to_owned()],
            supervisor: at_home("host-supervisor"),
            proxy: at_home("host-proxy"),
            driver: Some(at_home("host-driver")),
        }
    }

    /// Returns the standard roles of the running program.
    ///
    /// A program that was replaced on disk starts its successor from the same path.
    pub fn of_this_program() -> io::Result<Self> {
        let path = std::env::current_exe()?;
        let bytes = path.as_os_str().as_bytes();
        let bytes = bytes.strip_suffix(b" (deleted)").unwrap_or(bytes);
        Ok(Self::standard(OsString::from_vec(bytes.to_vec()).into()))
    }

    /// Returns the arguments of a role, or `None` when this host has no such process.
    pub fn arguments(&self, role: Role) -> Option<&[String]> {
        match role {
            Role::Supervisor => Some(&self.supervisor),
            Role::Proxy => Some(&self.proxy),
            Role::Driver => self.driver.as_deref(),
        }
    }
}
