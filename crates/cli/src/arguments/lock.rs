//! The command line of `lockgate lock`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct LockArguments {
    /// Ask anew what these versions are, such as owner/name@v1; what all are when none is named.
    #[arg(long, value_name = "VERSION", num_args = 0..)]
    pub(crate) update: Option<Vec<String>>,
    /// Ask whether every version still is the commit that is recorded, and change nothing.
    #[arg(long, conflicts_with = "update")]
    pub(crate) check: bool,
    /// What stands before owner/name in the addresses of the actions' repositories.
    #[arg(
        long,
        value_name = "URL",
        env = "LOCKGATE_ACTIONS_URL",
        default_value = "https://github.com"
    )]
    pub(crate) actions_url: String,
}
