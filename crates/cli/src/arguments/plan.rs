//! The command line of `lockgate plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::WorkflowArguments;

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) workflow: WorkflowArguments,
    /// How the plan is written.
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "tree",
        conflicts_with = "json"
    )]
    format: PlanFormat,
    /// Print the plan as JSON: the same as `--format json`.
    #[arg(long)]
    json: bool,
    /// Print the workflow that would run, as YAML: matrices written out, called workflows in place, what is known filled in.
    #[arg(long, conflicts_with_all = ["json", "format"])]
    pub(crate) expanded: bool,
    /// How jobs ended, as JSON: {"JOB": {"result": "success", "outputs": {"NAME": "VALUE"}}}; what needs them is decided by it.
    #[arg(long, value_name = "F")]
    pub(crate) outputs: Option<PathBuf>,
    /// Write the plan into a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// Lines for a terminal.
    Tree,
    /// One JSON document.
    Json,
    /// A picture.
    Svg,
    /// A flowchart for Mermaid, as Markdown on GitHub and GitLab draws it.
    Mermaid,
}

impl PlanArguments {
    /// Returns how the plan is to be written.
    pub(crate) fn format(&self) -> PlanFormat {
        if self.json { PlanFormat::Json } else { self.format }
    }

    /// Returns whether what is written to stdout is a JSON document.
    pub(crate) fn tells_json(&self) -> bool {
        self.output.is_none() && self.format() == PlanFormat::Json
    }
}
