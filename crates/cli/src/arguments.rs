//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod check;
mod eval;
mod lock;
mod plan;

pub(crate) use check::{CheckArguments, Format};
pub(crate) use eval::EvalArguments;
pub(crate) use lock::LockArguments;
pub(crate) use plan::{PlanArguments, PlanFormat};

/// Takes a commit to production, and back again when it must.
#[derive(Debug, Parser)]
#[command(name = "lockgate", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// The folder to work in.
    #[arg(
        short = 'C',
        long = "directory",
        global = true,
        value_name = "DIR",
        default_value = "."
    )]
    pub(crate) directory: PathBuf,
    /// Say more about what happens.
    #[arg(long, global = true)]
    pub(crate) debug: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first lockgate.yaml from what is found here.
    Init(InitArguments),
    /// Find every mistake in workflow files and lockgate.yaml.
    Check(CheckArguments),
    /// Record which commit each version of a remote action is.
    Lock(LockArguments),
    /// Show what an event would run, and why not the rest.
    Plan(PlanArguments),
    /// Print the value of an expression.
    Eval(EvalArguments),
    /// Run the workflow here.
    Run(RunArguments),
    /// Take the commit to an environment: run, gates, release, rollout.
    Ship(ShipArguments),
    /// Deploy a release.
    Deploy(DeployArguments),
    /// Bring the traffic back to the last good revision, or to a version.
    Rollback(RollbackArguments),
    /// Go on after a pause.
    Continue(EnvironmentArgument),
    /// Stop the rollout; traffic returns to the stable revision.
    Abort(EnvironmentArgument),
    /// Show what serves where.
    Status(StatusArguments),
    /// Show what was deployed, and how it went.
    History(StatusArguments),
    /// Print the logs of an environment's instances, or of a run.
    Logs(LogsArguments),
    /// Tell the chain of events behind the last pause, refusal or rollback.
    Why(EnvironmentArgument),
    /// Make and list releases.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Look at and stop the processes behind the environments.
    #[command(subcommand)]
    Host(HostCommand),
    /// Print the page of an error code.
    Explain(ExplainArguments),
    /// Print the JSON Schema of lockgate.yaml, for editors.
    Schema,
    #[command(hide = true, name = "host-shim")]
    HostShim { folder: PathBuf },
    #[command(hide = true, name = "host-supervisor")]
    HostSupervisor(HomeArgument),
    #[command(hide = true, name = "host-proxy")]
    HostProxy(HomeArgument),
    #[command(hide = true, name = "host-driver")]
    HostDriver(HomeArgument),
}

#[derive(Debug, Args)]
pub(crate) struct HomeArgument {
    #[arg(long)]
    pub(crate) home: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Replace a lockgate.yaml that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct WorkflowArguments {
    /// The workflow file, by its path or its name in .github/workflows, or a folder of them [default: .github/workflows].
    #[arg(long, value_name = "FILE-OR-FOLDER")]
    pub(crate) workflow: Option<PathBuf>,
    /// The event.
    #[arg(long, value_name = "NAME", default_value = "push")]
    pub(crate) event: String,
    /// The event's payload as JSON.
    #[arg(long, value_name = "F")]
    pub(crate) event_file: Option<PathBuf>,
    /// Only this job and what it needs. May be given several times.
    #[arg(long, value_name = "ID")]
    pub(crate) job: Vec<String>,
    /// An input of a dispatched workflow.
    #[arg(long, value_name = "K=V")]
    pub(crate) input: Vec<String>,
    /// A secret; without `=V` the value is taken from the environment.
    #[arg(long, value_name = "K=V")]
    pub(crate) secret: Vec<String>,
    /// A configuration variable.
    #[arg(long, value_name = "K=V")]
    pub(crate) var: Vec<String>,
    /// An environment variable of every step; `env:` of the workflow, of a job or of a step comes before it.
    #[arg(long, value_name = "K=V")]
    pub(crate) env: Vec<String>,
    /// Environment variables from a file of K=V lines.
    #[arg(long, value_name = "F")]
    pub(crate) env_file: Option<PathBuf>,
    /// Secrets from a file of K=V lines.
    #[arg(long, value_name = "F")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Variables from a file of K=V lines.
    #[arg(long, value_name = "F")]
    pub(crate) var_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Executor {
    /// Steps are processes of this machine.
    Process,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// A live tree on a terminal, lines elsewhere.
    Auto,
    /// A live tree.
    Tty,
    /// One line for each change.
    Plain,
    /// Only the result.
    Quiet,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) workflow: WorkflowArguments,
    /// How many jobs run at once [default: the machine's cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) jobs: Option<u32>,
    /// How steps are run.
    #[arg(long, value_enum, default_value = "process")]
    pub(crate) executor: Executor,
    /// Never touch the network on Lockgate's own account.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Let steps call sudo and package managers.
    #[arg(long)]
    pub(crate) allow_system_changes: bool,
    /// Also run the jobs that lockgate.yaml says Lockgate replaces.
    #[arg(long)]
    pub(crate) with_replaced_jobs: bool,
    /// Take up a run that was interrupted, by its id [default: the last one].
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "last")]
    pub(crate) resume: Option<String>,
    /// How progress is shown.
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) progress: Progress,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wait {
    /// Until all traffic is on the candidate.
    Promoted,
    /// Until the soak is over.
    Soaked,
}

/// An environment, however its name is given.
#[derive(Debug, Args)]
pub(crate) struct EnvironmentName {
    /// The environment; the only one need not be named.
    #[arg(value_name = "ENVIRONMENT")]
    plain: Option<String>,
    /// The same.
    #[arg(long = "environment", value_name = "ENVIRONMENT", conflicts_with = "plain")]
    option: Option<String>,
}

impl EnvironmentName {
    /// Returns the name that was given.
    pub(crate) fn given(&self) -> Option<&str> {
        self.plain.as_deref().or(self.option.as_deref())
    }
}

#[derive(Debug, Args)]
pub(crate) struct ShipArguments {
    #[command(flatten)]
    pub(crate) environment: EnvironmentName,
    /// The workflow file to run [default: those that the push triggers].
    #[arg(long, value_name = "FILE")]
    pub(crate) workflow: Option<PathBuf>,
    /// How many jobs run at once [default: the machine's cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) jobs: Option<u32>,
    /// A secret of the workflow; without `=V` the value is taken from the environment.
    #[arg(long, value_name = "K=V")]
    pub(crate) secret: Vec<String>,
    /// Secrets from a file of K=V lines.
    #[arg(long, value_name = "F")]
    pub(crate) secret_file: Option<PathBuf>,
    /// A configuration variable.
    #[arg(long, value_name = "K=V")]
    pub(crate) var: Vec<String>,
    /// Variables from a file of K=V lines.
    #[arg(long, value_name = "F")]
    pub(crate) var_file: Option<PathBuf>,
    /// An environment variable of every step; `env:` of the workflow, of a job or of a step comes before it.
    #[arg(long, value_name = "K=V")]
    pub(crate) env: Vec<String>,
    /// Environment variables from a file of K=V lines.
    #[arg(long, value_name = "F")]
    pub(crate) env_file: Option<PathBuf>,
    /// Take the place of a rollout that is under way.
    #[arg(long)]
    pub(crate) supersede: bool,
    /// When to return.
    #[arg(long, value_enum, default_value = "soaked")]
    pub(crate) wait: Wait,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DeployArguments {
    #[command(flatten)]
    pub(crate) environment: EnvironmentName,
    /// The release [default: the newest].
    #[arg(long, value_name = "V")]
    pub(crate) version: Option<String>,
    /// Print the rollout that would be begun, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the place of a rollout that is under way.
    #[arg(long)]
    pub(crate) supersede: bool,
    /// When to return.
    #[arg(long, value_enum, default_value = "soaked")]
    pub(crate) wait: Wait,
    /// Print the plan or the outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RollbackArguments {
    #[command(flatten)]
    pub(crate) environment: EnvironmentName,
    /// The version to return to [default: the last good one].
    #[arg(long, value_name = "V")]
    pub(crate) version: Option<String>,
    /// Print what would be done, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the plan or the outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EnvironmentArgument {
    #[command(flatten)]
    pub(crate) environment: EnvironmentName,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) environment: EnvironmentName,
    /// Print it as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    #[command(flatten)]
    pub(crate) environment: EnvironmentName,
    /// A run instead of an environment; `last` is the newest.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Those of one revision, such as r3, also after it was stopped.
    #[arg(long, value_name = "rN", conflicts_with = "run")]
    pub(crate) revision: Option<String>,
    /// Go on printing what comes.
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// Make a release of something that was built elsewhere.
    Create(ReleaseCreateArguments),
    /// List the releases.
    List {
        /// Print them as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseCreateArguments {
    /// A file or a folder to deploy.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "image",
        required_unless_present = "image"
    )]
    pub(crate) artifact: Option<PathBuf>,
    /// A container image by digest, for targets that are still to come: today's runs files, and refuses it.
    #[arg(long, value_name = "REF@DIGEST")]
    pub(crate) image: Option<String>,
    /// The commit that it was built from [default: HEAD].
    #[arg(long, value_name = "SHA")]
    pub(crate) commit: Option<String>,
    /// The version [default: git describe].
    #[arg(long, value_name = "V")]
    pub(crate) version: Option<String>,
    /// Print it as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    /// Show the supervisor, the proxy, the driver and the instances.
    Status {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Start what is missing.
    Start,
    /// Stop the driver, the proxy and the supervisor.
    Stop {
        /// Stop the instances too; without it they go on running.
        #[arg(long)]
        instances: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The code, such as LG0101 [default: list all].
    pub(crate) code: Option<String>,
}

impl Command {
    /// Returns whether what the command has to say goes to stdout as one JSON document, a failure too.
    pub(crate) fn tells_json(&self) -> bool {
        match self {
            Self::Check(arguments) => arguments.tells_json(),
            Self::Plan(arguments) => arguments.tells_json(),
            Self::Eval(arguments) => arguments.json,
            Self::Run(arguments) => arguments.json,
            Self::Ship(arguments) => arguments.json,
            Self::Deploy(arguments) => arguments.json,
            Self::Rollback(arguments) => arguments.json,
            Self::Continue(argument) | Self::Abort(argument) | Self::Why(argument) => argument.json,
            Self::Status(arguments) | Self::History(arguments) => arguments.json,
            Self::Release(ReleaseCommand::Create(arguments)) => arguments.json,
            Self::Release(ReleaseCommand::List { json }) | Self::Host(HostCommand::Status { json }) => *json,
            _ => false,
        }
    }
}
