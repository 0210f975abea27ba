//! The smallest program that can be every process of a host; the tests run it.
//!
//! What it adds to the roles: a driver without decisions, which only keeps the
//! supervisor alive, and the small commands that the tests run under shims.
#![expect(
    clippy::unwrap_used,
    reason = "a fixture of the tests: what cannot be is a failure of the test"
)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;

use lockgate_host::layout::{HostHome, Role};
use lockgate_host::roles::Roles;
use lockgate_host::seat::{Attachment, Seat};
use lockgate_host::{proxy_process, shim, start, supervisor};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["host-shim", directory] = arguments[..] {
        return shim::main(Path::new(directory));
    }
    tracing_subscriber::fmt()
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .init();
    match arguments[..] {
        ["host-supervisor", "--home", home] => supervisor::main(&supervisor::SupervisorOptions {
            home: HostHome::new(home),
            roles: roles(home),
            attachment: Attachment::Detached,
        }),
        ["host-proxy", "--home", home] => proxy_process::main(&proxy_process::ProxyOptions {
            home: HostHome::new(home),
            roles: roles(home),
            attachment: Attachment::Detached,
            settings: lockgate_proxy::Settings::default(),
        }),
        ["host-driver", "--home", home] => driver(HostHome::new(home)),
        ["spawn-and-hang", directory, spec] => spawn_and_hang(Path::new(directory), Path::new(spec)),
        ["ensure", home] => ensure(home),
        ["answer", name] => answer(name),
        _ => ExitCode::from(2),
    }
}

/// Returns the roles; with a driver that cannot start where the test put a file that says so.
fn roles(home: &str) -> Roles {
    let mut roles = Roles::of_this_program().unwrap();
    if Path::new(home).join("broken-driver").exists() {
        roles.driver = Some(vec!["no-such-role".into()]);
    }
    roles
}

fn driver(home: HostHome) -> ExitCode {
    let Ok(_seat) = Seat::take(&home, Role::Driver, Attachment::Detached) else {
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let roles = roles(&home.root().display().to_string());
    runtime.block_on(start::keep_supervisor(home, roles));
    ExitCode::SUCCESS
}

/// Starts the host as any command does.
fn ensure(home: &str) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(start::ensure(&HostHome::new(home), &roles(home)))
        .unwrap();
    ExitCode::SUCCESS
}

/// Starts an attempt as a command line would, and never returns.
fn spawn_and_hang(directory: &Path, spec: &Path) -> ExitCode {
    let spec = serde_json::from_slice(&std::fs::read(spec).unwrap()).unwrap();
    let roles = Roles::of_this_program().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(shim::spawn(&roles, directory, &spec)).unwrap();
    loop {
        std::thread::park();
    }
}

/// Answers every request with its name and process, until it is asked for `/crash`.
fn answer(name: &str) -> ExitCode {
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
            head.push(byte[0]);
        }
        if head.starts_with(b"GET /crash") {
            std::process::exit(7);
        }
        let body = format!("{name} {}", std::process::id());
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    }
    ExitCode::SUCCESS
}
