//! How a command ends, and how it says so.

use std::fmt;
use std::process::ExitCode;

/// The exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// A job failed.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// A gate refused, or the rollout was rolled back.
    Refused = 3,
    /// Cancelled by a person.
    Cancelled = 4,
    /// The store, the host or another part of the machine is not available.
    Unavailable = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work: what was tried, why not, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    message: String,
    causes: Vec<String>,
    help: Option<String>,
}

impl Failure {
    /// Returns a failure of the user's making.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Returns a refusal.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// Returns a failure of the machine.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, message)
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
            help: None,
        }
    }

    /// Says where in the user's files it comes from, as `path:line:column`.
    #[must_use]
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the chain of causes.
    #[must_use]
    pub(crate) fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }
}

impl Failure {
    /// Returns it as the document that a script gets: what became of the command, and why.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let outcome = match self.exit {
            Exit::Ok => "done",
            Exit::Failed => "failed",
            Exit::Usage => "invalid",
            Exit::Refused => "refused",
            Exit::Cancelled => "cancelled",
            Exit::Unavailable => "unavailable",
        };
        serde_json::json!({
            "outcome": outcome,
            "reason": self.message,
            "because": self.causes,
            "help": self.help,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            write!(f, "\n  because: {cause}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}
