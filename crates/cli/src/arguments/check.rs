//! The command line of `lockgate check`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use lockgate_dialect::github::audit::Strictness;

use crate::exit::Failure;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct CheckArguments {
    /// The files and folders to check; `-` is standard input [default: .github/workflows, action.yml and lockgate.yaml].
    pub(crate) files: Vec<PathBuf>,
    /// How the mistakes are written [default: human; in a job of GitHub Actions, its annotations too].
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<Format>,
    /// Print the mistakes as JSON: the same as `--format json`.
    #[arg(long)]
    json: bool,
    /// Write the format into a file; the mistakes are still drawn on standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) output: Option<PathBuf>,
    /// The path that the text on standard input belongs to.
    #[arg(long, value_name = "PATH")]
    stdin_name: Option<PathBuf>,
    /// Check again whenever a file changes, until Ctrl-C.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Look for everything that is dangerous, and take it as an error.
    #[arg(long)]
    strict: bool,
    /// Mend what can be mended without changing what a workflow does, and print the difference.
    #[arg(long)]
    pub(crate) fix: bool,
    /// With --fix: print the difference, and change nothing.
    #[arg(long, requires = "fix")]
    pub(crate) dry_run: bool,
}

/// How mistakes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Drawn with an excerpt, as a compiler does.
    Human,
    /// One JSON document; with --watch, one line of JSON for each round.
    Json,
    /// One document of SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions, one line each.
    Github,
}

impl CheckArguments {
    /// Returns how the mistakes are to be written; none when nobody has chosen.
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.format }
    }

    /// Returns whether what is written to stdout is a JSON document.
    pub(crate) fn tells_json(&self) -> bool {
        self.output.is_none() && self.format() == Some(Format::Json)
    }

    /// Returns whether stdout is for a program and for nobody else.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.output.is_none() && !matches!(self.format(), None | Some(Format::Human))
    }

    /// Returns how much of what is dangerous is told.
    pub(crate) fn strictness(&self) -> Strictness {
        if self.strict {
            Strictness::Strict
        } else {
            Strictness::Lenient
        }
    }

    /// Returns whether standard input is asked for.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.files.iter().any(|file| file.as_os_str() == "-")
    }

    /// Returns the path that the text on standard input belongs to, or says that it is needed.
    pub(crate) fn stdin_name(&self) -> Result<&Path, Failure> {
        self.stdin_name.as_deref().ok_or_else(|| {
            Failure::usage("what is on standard input has no name").help(
                "add --stdin-name PATH: the path tells what kind of file it is, and where the actions are that it uses",
            )
        })
    }

    /// Refuses combinations that mean nothing.
    pub(crate) fn refuse_contradictions(&self) -> Result<(), Failure> {
        if self.stdin_name.is_some() && !self.reads_stdin() {
            return Err(
                Failure::usage("`--stdin-name` names standard input, which is not read").help("give `-` as the file")
            );
        }
        if self.fix && self.reads_stdin() {
            return Err(
                Failure::usage("`--fix` mends files, and standard input is none").help("name files instead of `-`")
            );
        }
        if self.fix && self.watch {
            return Err(Failure::usage("`--fix` mends files once").help("leave `--watch` out"));
        }
        if self.reads_stdin() && self.watch {
            return Err(Failure::usage("standard input is read once, so it cannot be watched")
                .help("name files, or leave `--watch` out"));
        }
        if self.output.is_some() && matches!(self.format(), None | Some(Format::Human)) {
            return Err(Failure::usage("`--output` is for a format that programs read")
                .help("add `--format json`, `--format sarif` or `--format github`"));
        }
        Ok(())
    }
}
