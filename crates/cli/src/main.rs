//! The `lockgate` binary: the only composition root.
//!
//! It reads arguments, environment and configuration, puts machines, ports and stores together, and renders.
//! What is not here: decisions.

mod arguments;
mod check;
mod config;
mod delivery;
mod driver;
mod exit;
mod explain;
mod home;
mod host_command;
mod init;
mod pairs;
mod planning;
mod project;
mod render;
mod run;
mod run_logs;
mod ship;
mod trigger;
mod user;
mod workflows;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use exit::{Exit, Failure};
use render::out;

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
    match dispatch(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            out::progress(&failure);
            failure.exit.into()
        }
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
    match command {
        Command::HostSupervisor(home) => Ok(host_command::supervisor(&home.home)),
        Command::HostProxy(home) => Ok(host_command::proxy(&home.home)),
        Command::HostDriver(home) => Ok(driver::main(&home.home)),
        Command::HostShim { .. } => Ok(Exit::Usage),
        command => {
            log(debug);
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(|error| Failure::unavailable("start").because(&error))?;
            let exit = runtime.block_on(execute(&directory, command, debug));
            runtime.shutdown_background();
            exit
        }
    }
}

async fn execute(directory: &std::path::Path, command: Command, debug: bool) -> Result<Exit, Failure> {
    match command {
        Command::Host(command) => host_command::run(command).await,
        Command::Check(arguments) => check::run(directory, &arguments),
        Command::Plan(arguments) => planning::run(directory, &arguments),
        Command::Run(arguments) => run::run(directory, &arguments, debug).await,
        Command::Ship(arguments) => ship::ship(directory, &arguments).await,
        Command::Init(arguments) => init::run(directory, &arguments),
        Command::Deploy(arguments) => delivery::act::deploy(directory, &arguments).await,
        Command::Rollback(arguments) => delivery::act::rollback(directory, &arguments).await,
        Command::Continue(argument) => delivery::act::proceed(directory, &argument).await,
        Command::Abort(argument) => delivery::act::abort(directory, &argument).await,
        Command::Status(arguments) => delivery::look::status(directory, &arguments).await,
        Command::History(arguments) => delivery::look::history(directory, &arguments).await,
        Command::Why(argument) => delivery::look::why(directory, &argument).await,
        Command::Logs(arguments) => match &arguments.run {
            Some(run) => run_logs::print(directory, run),
            None => delivery::look::logs(directory, &arguments).await,
        },
        Command::Release(command) => delivery::release::run(directory, &command),
        Command::Explain(arguments) => explain::run(&arguments),
        _ => Err(Failure::usage("not wired")),
    }
}

fn log(debug: bool) {
    let filter = if debug { "debug,hyper=info,sqlx=warn" } else { "warn" };
    let colourful = out::is_colourful();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colourful)
        .init();
}
