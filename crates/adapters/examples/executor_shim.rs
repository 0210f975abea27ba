//! The smallest program that can be the shim of a step; the executor's tests run it.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [role, directory] if role == "host-shim" => lockgate_host::shim::main(Path::new(directory)),
        _ => ExitCode::from(2),
    }
}
