//! The checks of every commit (`quick`) and of everything (`test`).
//!
//! All checks run even when an early one fails, so that one round shows all that is
//! wrong. The last line is `N passed, N failed`: tests, and each other check as one.

mod example;
mod needs;
mod tally;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::Refusal;
use crate::repository::Repository;
use needs::LeftOut;
use tally::{Tally, sum_up_tests};

/// Runs the format check, clippy and the fast tests.
pub(crate) fn quick() -> bool {
    let repository = Repository::here();
    let mut round = Round::new(&repository);
    round.style();
    round.tests(
        "unit tests and the house rules",
        &["--lib", "--bins", "--test", "house"],
    );
    round.finish()
}

/// Runs every check there is; under `CI=true` nothing may be left out.
pub(crate) fn test() -> Result<bool, Refusal> {
    let repository = Repository::here();
    let left_out = LeftOut::begin(&repository)?;
    let mut round = Round::new(&repository);
    round.left_out = Some(left_out.path().to_path_buf());
    for missing in needs::missing() {
        left_out.add(&missing);
    }
    round.style();
    // No selection of targets: one would keep cargo from building the programs under
    // examples/ that the integration tests run.
    round.tests("all tests", &[]);
    example::check(&mut round)?;
    let (names, forbidden) = (left_out.read(), needs::nothing_may_be_left_out());
    for name in &names {
        println!("left out: {name}");
    }
    if round.tally.ignored > 0 {
        println!("left out: {} ignored tests", round.tally.ignored);
    }
    if forbidden && (!names.is_empty() || round.tally.ignored > 0) {
        round
            .tally
            .fail("something was left out, which CI=true forbids: install what is named above");
    }
    Ok(round.finish())
}

/// One round of checks over one repository.
struct Round<'a> {
    repository: &'a Repository,
    /// Where tests say what they left out.
    left_out: Option<PathBuf>,
    tally: Tally,
    begun: Instant,
}

impl<'a> Round<'a> {
    fn new(repository: &'a Repository) -> Self {
        Self {
            repository,
            left_out: None,
            tally: Tally::default(),
            begun: Instant::now(),
        }
    }

    fn style(&mut self) {
        let mut format = self.repository.command("cargo");
        format.args(["fmt", "--all", "--check"]);
        self.check("the format", format);
        let mut clippy = self.repository.command("cargo");
        clippy.args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]);
        self.check("clippy", clippy);
    }

    fn tests(&mut self, what: &str, arguments: &[&str]) {
        let mut command = self.repository.command("cargo");
        command
            .args(["test", "--workspace", "--locked", "--no-fail-fast"])
            .args(arguments);
        if let Some(path) = &self.left_out {
            command.env("LOCKGATE_LEFT_OUT", path);
        }
        self.sum(what, command);
    }

    /// Runs a command that passes or fails as a whole.
    fn check(&mut self, what: &str, mut command: Command) {
        self.announce(what, &command);
        match command.status() {
            Ok(status) if status.success() => self.tally.passed += 1,
            Ok(status) => self.tally.fail(&format!("{what}: {status}")),
            Err(error) => self.tally.fail(&format!("{what}: {error}")),
        }
    }

    /// Runs a `cargo test` and adds what its tests did.
    fn sum(&mut self, what: &str, command: Command) {
        self.announce(what, &command);
        match sum_up_tests(command, &mut std::io::stdout()) {
            Ok(tally) => self.tally.add(tally),
            Err(error) => self.tally.fail(&format!("{what}: {error}")),
        }
    }

    fn announce(&self, what: &str, command: &Command) {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        let program = command.get_program().to_string_lossy();
        println!(
            "== {:>4} s  {what}: {program} {}",
            self.begun.elapsed().as_secs(),
            arguments.join(" ")
        );
    }

    /// Prints the failures and the sum; returns whether all passed.
    fn finish(self) -> bool {
        for failure in &self.tally.failures {
            println!("failed: {failure}");
        }
        println!("== {:>4} s  done", self.begun.elapsed().as_secs());
        println!("{} passed, {} failed", self.tally.passed, self.tally.failed);
        self.tally.failed == 0
    }
}
