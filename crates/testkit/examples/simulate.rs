//! `cargo run -p lockgate-testkit --example simulate -- [--seeds N] [--json] [--machine KIND] [--replay SEED]`
//!
//! Simulates the machines and prints the figures; exit code 1 when anything is wrong.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::process::ExitCode;

use lockgate_delivery::Environment;
use lockgate_pipeline::run::Run;
use lockgate_testkit::world::environment::EnvironmentWorld;
use lockgate_testkit::world::run::RunWorld;
use lockgate_testkit::{Behaviour, Study, mutants, replay};
use serde_json::json;

struct Arguments {
    seeds: u64,
    as_json: bool,
    machine: Option<String>,
    replay: Option<u64>,
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments {
        seeds: 20_000,
        as_json: false,
        machine: None,
        replay: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--json" => arguments.as_json = true,
            "--seeds" => arguments.seeds = number(&value()?)?,
            "--replay" => arguments.replay = Some(number(&value()?)?),
            "--machine" => arguments.machine = Some(value()?),
            _ => return Err(format!("{name} is none of --seeds, --json, --machine and --replay")),
        }
    }
    Ok(arguments)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(wrong) => {
            println!("{wrong}");
            return ExitCode::from(2);
        }
    };
    let wanted = |kind: &str| arguments.machine.as_deref().is_none_or(|machine| machine == kind);
    if let Some(seed) = arguments.replay {
        if wanted("environment") {
            println!(
                "{}",
                replay::<Environment, EnvironmentWorld>(seed, &Behaviour::as_built())
            );
        }
        if wanted("run") {
            println!("{}", replay::<Run, RunWorld>(seed, &Behaviour::as_built()));
        }
        return ExitCode::SUCCESS;
    }
    let mut studies = Vec::new();
    if wanted("environment") {
        studies.push(Study::of::<Environment, EnvironmentWorld>(
            arguments.seeds,
            &mutants::environment(),
        ));
    }
    if wanted("run") {
        studies.push(Study::of::<Run, RunWorld>(arguments.seeds, &mutants::run()));
    }
    let right = studies.iter().all(|study| study.complaints().is_empty());
    if arguments.as_json {
        println!("{:#}", json!({ "ok": right, "machines": studies }));
    } else {
        for study in &studies {
            println!("{study}");
        }
    }
    if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
