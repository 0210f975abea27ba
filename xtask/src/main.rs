//! The repository's own chores: `cargo xtask CHORE`.
//!
//! What a person and the continuous integration run is the same program, so that
//! neither can drift from the other.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the terminal")]

mod checks;
mod evidence;
mod fuzz;
mod language;
mod load;
mod repository;
mod tour;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The repository's own chores")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build Lockgate and ship the example to production on this machine
    Tour(tour::TourArguments),
    /// Format, clippy and the fast tests; for every commit
    Quick,
    /// Everything: also the integration tests and the example; says what it left out
    Test,
    /// Run a check that is too long for every commit, and keep its figures under evidence/
    Evidence(evidence::EvidenceArguments),
    /// Feed what reads text from outside with input that a fuzzer makes
    Fuzz(fuzz::FuzzArguments),
    /// Time the reading of workflow files beside the programs that others read them with
    Language(language::LanguageArguments),
    /// Offer HTTP requests at a fixed rate, without retries, and count every answer
    Load(load::LoadArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::Tour(arguments) => tour::run(&arguments),
        Chore::Quick => Ok(checks::quick()),
        Chore::Test => checks::test(),
        Chore::Evidence(arguments) => evidence::gather(&arguments),
        Chore::Fuzz(arguments) => fuzz::run(&arguments),
        Chore::Language(arguments) => language::run(&arguments),
        Chore::Load(arguments) => load::run(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(refusal) => {
            eprintln!("xtask: {refusal}");
            ExitCode::from(2)
        }
    }
}

/// A chore that could not be done at all, in words with the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

impl Refusal {
    fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}
