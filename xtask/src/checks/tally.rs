use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// What a round of checks came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
    /// What failed, in words.
    pub(super) failures: Vec<String>,
}

impl Tally {
    /// Counts one failed check.
    pub(super) fn fail(&mut self, words: &str) {
        self.failed += 1;
        self.failures.push(words.to_owned());
    }

    /// Adds another tally.
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.failures.extend(other.failures);
    }

    /// Takes in one line that `cargo test` printed.
    fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += before(result, " passed");
            self.failed += before(result, " failed");
            self.ignored += before(result, " ignored");
        } else if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(format!("test {name}"));
        }
    }
}

/// Runs a `cargo test`, passes on what it prints, and returns the sum of its results.
///
/// A command that fails without a failed test (it did not compile, or a test brought
/// its process down) counts as one failure.
pub(super) fn sum_up_tests(mut command: Command, terminal: &mut impl Write) -> io::Result<Tally> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            terminal.write_all(&line)?;
            tally.read(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        tally.fail(&format!("cargo test: {status}, and no test says that it failed"));
    }
    Ok(tally)
}

/// Returns the number that stands before `word`; 0 when there is none.
fn before(text: &str, word: &str) -> u64 {
    let digits = text
        .find(word)
        .map_or("", |at| text[..at].rsplit(' ').next().unwrap_or(""));
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_binaries_are_summed() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test b::c ... FAILED",
            "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.1s",
        ] {
            tally.read(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.ignored), (42, 1, 2));
        assert_eq!(tally.failures, ["test b::c"]);
    }

    #[test]
    fn a_command_that_fails_without_a_failed_test_is_a_failure() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'test result: ok. 1 passed; 0 failed; 0 ignored;'; exit 101"]);
        let tally = sum_up_tests(command, &mut io::sink()).unwrap();
        assert_eq!((tally.passed, tally.failed), (1, 1));
    }
}
