//! Where Lockgate keeps its state: per user, not per clone.

use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// The folder of all state.
#[derive(Clone, Debug)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// Returns `$LOCKGATE_HOME`, else `$XDG_STATE_HOME/lockgate`, else `~/.local/state/lockgate`, and makes it.
    ///
    /// Made at once, also for who only looks: a folder that cannot be used is not one in which nothing was deployed.
    pub(crate) fn find() -> Result<Self, Failure> {
        let named = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let folder = named("LOCKGATE_HOME")
            .or_else(|| named("XDG_STATE_HOME").map(|state| state.join("lockgate")))
            .or_else(|| named("HOME").map(|home| home.join(".local/state/lockgate")))
            .ok_or_else(|| {
                Failure::usage("there is no place to keep state: neither LOCKGATE_HOME nor HOME is set")
                    .help("set LOCKGATE_HOME to a folder that Lockgate may use")
            })?;
        let folder = std::path::absolute(&folder)
            .map_err(|error| Failure::unavailable(format!("resolve `{}`", folder.display())).because(&error))?;
        if !folder.is_dir() {
            Self::create(&folder)?;
        }
        Ok(Self(folder))
    }

    /// Returns the home at a folder that is known.
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Returns the driver's event log: environments, ships and their runs.
    pub(crate) fn driver_log(&self) -> PathBuf {
        self.0.join("driver.db")
    }

    /// Returns the folder of one project.
    pub(crate) fn project(&self, identity: &str) -> PathBuf {
        self.0.join("projects").join(identity)
    }

    /// Returns the event log of a project's own runs.
    pub(crate) fn runs_log(&self, identity: &str) -> PathBuf {
        self.project(identity).join("runs.db")
    }

    /// Creates a folder, for its owner only.
    pub(crate) fn create(below: &Path) -> Result<(), Failure> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(below)
            .map_err(|error| {
                Failure::unavailable(format!("cannot create the folder `{}`", below.display()))
                    .because(&error)
                    .help("set LOCKGATE_HOME to a folder that Lockgate may write to")
            })
    }
}
