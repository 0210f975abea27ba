//! The command line of `lockgate eval`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct EvalArguments {
    /// The expression, or a text with `${{ }}` as a value of a workflow is; `-` is standard input. It comes behind `--`,
    /// because it may begin with a minus.
    #[arg(value_name = "EXPR", allow_hyphen_values = true, required_unless_present = "each")]
    pub(crate) expression: Option<String>,
    /// Take the expressions of a file, one from each line, and print a line of JSON for each; `-` is standard input. A
    /// line that is a text of JSON, `"…"`, is read as that, and may have line breaks in it.
    #[arg(long, value_name = "FILE", conflicts_with = "expression")]
    pub(crate) each: Option<PathBuf>,
    /// The contexts as one JSON object, such as {"github": {"ref": "refs/heads/main"}}; a context that is not in it is
    /// null.
    #[arg(long, value_name = "FILE.json")]
    pub(crate) contexts: Option<PathBuf>,
    /// Print the value with its kind, or the mistake, as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
