//! Serves on `127.0.0.1:$PORT` until SIGTERM or SIGINT, then finishes what is in flight.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use doc_server::http::Server;
use doc_server::release;
use doc_server::service::Service;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("doc-server: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), String> {
    let port = std::env::var("PORT").map_err(|_| "PORT is not set; try PORT=8080".to_owned())?;
    let port: u16 = port
        .parse()
        .map_err(|_| format!("PORT `{port}` is not a port: 0 to 65535"))?;
    let server = Server::bind(port).map_err(|e| format!("cannot listen on port {port}: {e}"))?;
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|e| format!("no signals: {e}"))?;

    let stop = server.stop_handle();
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            stop.stop();
        }
    });

    // A closed stdout is no reason not to serve.
    let _ = writeln!(
        std::io::stdout(),
        "doc-server {} listens on http://{}",
        release::VERSION,
        server.address()
    );
    server.run(&Arc::new(Service::new()));
    Ok(())
}
