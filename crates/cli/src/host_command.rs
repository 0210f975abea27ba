//! `lockgate host`: the processes behind the environments.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use lockgate_host::instance::Instances;
use lockgate_host::proxy_process::ProxyOptions;
use lockgate_host::seat::Attachment;
use lockgate_host::start::StartError;
use lockgate_host::supervisor::SupervisorOptions;
use lockgate_host::{HostHome, Roles};

use crate::arguments::HostCommand;
use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::render::out;

/// How long instances may take to end when the host is stopped with them.
const GRACE: Duration = Duration::from_secs(10);

pub(crate) async fn run(command: HostCommand) -> Result<Exit, Failure> {
    let home = HostHome::new(Home::find()?.folder());
    match command {
        HostCommand::Status { json } => status(&home, json),
        HostCommand::Start => {
            ensure(&home).await?;
            status(&home, false)
        }
        HostCommand::Stop { instances } => stop(&home, instances).await,
    }
}

/// Starts what is missing, and returns when it answers.
pub(crate) async fn ensure(home: &HostHome) -> Result<(), Failure> {
    let ensured = lockgate_host::start::ensure(home, &roles()?).await;
    ensured.map_err(|error| not_started(&error))
}

/// Returns the failure of a host whose processes do not start.
pub(crate) fn not_started(error: &StartError) -> Failure {
    Failure::unavailable("cannot start the host's processes")
        .because(error)
        .help("`lockgate host status` shows what runs")
}

/// Returns how this program plays the host's roles.
pub(crate) fn roles() -> Result<Roles, Failure> {
    Roles::of_this_program().map_err(|error| Failure::unavailable("cannot find this program on disk").because(&error))
}

fn status(home: &HostHome, json: bool) -> Result<Exit, Failure> {
    let status = lockgate_host::status::status(home)
        .map_err(|error| Failure::unavailable("cannot read the host's records").because(&error))?;
    if json {
        out::json(&status);
        return Ok(Exit::Ok);
    }
    out::result(format_args!("home        {}", status.home));
    for (name, role) in [
        ("supervisor", &status.supervisor),
        ("proxy", &status.proxy),
        ("driver", &status.driver),
    ] {
        match (role.alive, role.pid) {
            (true, Some(pid)) => out::result(format_args!("{name:<11} running, process {pid}")),
            (true, None) => out::result(format_args!("{name:<11} starting")),
            (false, _) => out::result(format_args!("{name:<11} not running")),
        }
    }
    for listener in &status.listeners {
        let trouble = listener
            .trouble
            .as_ref()
            .map_or(String::new(), |trouble| format!(": {trouble}"));
        out::result(format_args!(
            "listener    {} at {}{trouble}",
            listener.name, listener.address
        ));
    }
    for instance in &status.instances {
        let state = match (instance.pid, instance.desired) {
            (Some(pid), true) => format!("running, process {pid}"),
            (Some(pid), false) => format!("stopping, process {pid}"),
            (None, true) => "not running, to be started".to_owned(),
            (None, false) => "stopped".to_owned(),
        };
        out::result(format_args!(
            "instance    {} on port {}: {state}",
            instance.id, instance.port
        ));
    }
    Ok(Exit::Ok)
}

async fn stop(home: &HostHome, instances: bool) -> Result<Exit, Failure> {
    let what = if instances {
        Instances::Stop { grace: GRACE }
    } else {
        Instances::Keep
    };
    let ended = lockgate_host::stop::stop(home, what)
        .await
        .map_err(|error| Failure::unavailable("stop the host's processes").because(&error))?;
    if ended.roles.is_empty() {
        out::result("nothing was running");
    }
    for role in ended.roles {
        out::result(format_args!("stopped the {role}"));
    }
    if ended.stopped > 0 {
        out::result(format_args!("stopped {}", instances_in_words(ended.stopped)));
    }
    if ended.kept > 0 {
        let verb = if ended.kept == 1 { "goes" } else { "go" };
        out::result(format_args!(
            "{} {verb} on running, without a proxy in front",
            instances_in_words(ended.kept)
        ));
        out::result(
            "`lockgate host stop --instances` ends them; `lockgate host start`, or the next command that changes \
             an environment, starts the proxy again",
        );
    }
    Ok(Exit::Ok)
}

fn instances_in_words(count: usize) -> String {
    match count {
        1 => "1 instance".to_owned(),
        count => format!("{count} instances"),
    }
}

/// Writes what a role has to say to its log; its starter has put that in the place of stderr.
///
/// A line that cannot be written is lost without a word: a second word on the same full disk would end the task.
pub(crate) fn log_of_role() {
    tracing_subscriber::fmt()
        .with_env_filter("info,sqlx=warn,hyper=warn")
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .log_internal_errors(false)
        .init();
}

/// Plays the supervisor until it is told to end.
pub(crate) fn supervisor(home: &Path) -> Exit {
    log_of_role();
    match roles() {
        Ok(roles) => {
            let options = SupervisorOptions {
                home: HostHome::new(home),
                roles,
                attachment: Attachment::Detached,
            };
            exit(lockgate_host::supervisor::main(&options))
        }
        Err(failure) => {
            out::progress(&failure);
            failure.exit
        }
    }
}

/// Plays the proxy until it is told to end.
pub(crate) fn proxy(home: &Path) -> Exit {
    log_of_role();
    let settings = lockgate_proxy::Settings::default();
    let roles = match roles() {
        Ok(roles) => roles,
        Err(failure) => {
            out::progress(&failure);
            return failure.exit;
        }
    };
    let options = ProxyOptions {
        home: HostHome::new(home),
        roles,
        attachment: Attachment::Detached,
        settings,
    };
    exit(lockgate_host::proxy_process::main(&options))
}

fn exit(code: ExitCode) -> Exit {
    if code == ExitCode::SUCCESS {
        Exit::Ok
    } else {
        Exit::Unavailable
    }
}
