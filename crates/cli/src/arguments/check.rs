//! The command line of `lockgate check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The files and folders to check [default: .github/workflows and lockgate.yaml].
    pub(crate) files: Vec<PathBuf>,
    /// How the mistakes are written [default: human].
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<Format>,
    /// Print the mistakes as JSON: the same as `--format json`.
    #[arg(long)]
    json: bool,
}

/// How mistakes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Drawn with an excerpt, as a compiler does.
    Human,
    /// One JSON document.
    Json,
}

impl CheckArguments {
    /// Returns how the mistakes are to be written.
    pub(crate) fn format(&self) -> Format {
        match self.format {
            _ if self.json => Format::Json,
            Some(format) => format,
            None => Format::Human,
        }
    }
}
