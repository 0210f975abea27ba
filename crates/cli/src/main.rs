//! The `lockgate` binary: the only composition root.
//!
//! It reads arguments, environment and configuration, puts machines, ports and stores together, and renders.
//! What is not here: decisions.

mod arguments;
mod called_workflows;
mod check;
mod config;
mod delivery;
mod driver;
mod eval;
mod exit;
mod explain;
mod home;
mod host_command;
mod init;
mod interrupts;
mod local_actions;
mod lock;
mod pairs;
mod parallel;
mod plan;
mod planning;
mod project;
mod random;
mod render;
mod replace;
mod run;
mod run_logs;
mod ship;
mod trigger;
mod user;
mod workflows;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use exit::{Exit, Failure};
use render::out;

/// Reading many small files is mostly making and dropping small texts, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = shim() {
        return code;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            drop(error.print());
            return exit.into();
        }
    };
    let tells_json = arguments.command.tells_json();
    match dispatch(arguments).and_then(told) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if tells_json {
                out::json(&failure.to_json());
            }
            out::progress(&failure);
            failure.exit.into()
        }
    }
}

/// A result that nobody can read is no success.
fn told(exit: Exit) -> Result<Exit, Failure> {
    match out::lost() {
        Some(why) => {
            let message = format!("the result could not be written to standard output: {why}");
            Err(Failure::unavailable(message).help("make room where it goes to, and give the command again"))
        }
        None => Ok(exit),
    }
}

/// A shim starts thousands of times a day, so it does not pay for the command line.
fn shim() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == "host-shim").then(|| match arguments.next() {
        Some(folder) => lockgate_host::shim::main(folder.as_ref()),
        None => Exit::Usage.into(),
    })
}

fn dispatch(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments {
        directory,
        debug,
        command,
    } = arguments;
    let is_a_daemon = matches!(
        command,
        Command::HostSupervisor(_) | Command::HostProxy(_) | Command::HostDriver(_) | Command::HostShim { .. }
    );
    if !is_a_daemon {
        log(debug);
        enter(&directory)?;
    }
    let here = Path::new(".");
    match command {
        Command::HostSupervisor(home) => Ok(host_command::supervisor(&home.home)),
        Command::HostProxy(home) => Ok(host_command::proxy(&home.home)),
        Command::HostDriver(home) => Ok(driver::main(&home.home)),
        Command::HostShim { .. } => Ok(Exit::Usage),
        Command::Host(command) => finish(host_command::run(command)),
        Command::Check(arguments) => check::run(here, &arguments),
        Command::Lock(arguments) => lock::run(here, &arguments),
        Command::Plan(arguments) => plan::run(here, &arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Run(arguments) => finish(run::run(here, &arguments, debug)),
        Command::Ship(arguments) => finish(ship::ship(here, &arguments)),
        Command::Init(arguments) => init::run(here, &arguments),
        Command::Deploy(arguments) => finish(delivery::act::deploy(here, &arguments)),
        Command::Rollback(arguments) => finish(delivery::act::rollback(here, &arguments)),
        Command::Continue(argument) => finish(delivery::act::proceed(here, &argument)),
        Command::Abort(argument) => finish(delivery::act::abort(here, &argument)),
        Command::Status(arguments) => finish(delivery::look::status(here, &arguments)),
        Command::History(arguments) => finish(delivery::look::history(here, &arguments)),
        Command::Why(argument) => finish(delivery::look::why(here, &argument)),
        Command::Logs(arguments) => match &arguments.run {
            Some(run) => run_logs::print(here, run),
            None => finish(delivery::logs::logs(here, &arguments)),
        },
        Command::Release(command) => delivery::release::run(here, &command),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Schema => {
            out::json(&config::schema());
            Ok(Exit::Ok)
        }
    }
}

/// Makes `-C DIR` the same as a start in that folder, for every path that is given.
fn enter(directory: &Path) -> Result<(), Failure> {
    if directory == Path::new(".") {
        return Ok(());
    }
    std::env::set_current_dir(directory)
        .map_err(|error| Failure::usage(format!("cannot open the folder `{}`", directory.display())).because(&error))
}

/// Runs a command that waits for something.
fn finish(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::unavailable("cannot start").because(&error))?;
    let exit = runtime.block_on(command);
    runtime.shutdown_background();
    exit
}

fn log(debug: bool) {
    let filter = if debug { "debug,hyper=info,sqlx=warn" } else { "warn" };
    let colourful = out::is_colourful();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| out::LogWriter)
        .with_ansi(colourful)
        .init();
}
