//! The example as its team has it: a repository of its own, with its own tests.

use std::fs;

use super::Round;
use crate::Refusal;

/// Makes the example a repository, and runs its own checks and its workflow there.
pub(super) fn check(round: &mut Round<'_>) -> Result<(), Refusal> {
    let repository = round.repository;
    let folder = repository
        .target()
        .join("xtask")
        .join(format!("example-{}", std::process::id()));
    let project = folder.join("doc-server");
    let build = repository.target().join("example");
    fs::create_dir_all(&folder).map_err(|error| Refusal::new(format!("cannot make {}: {error}", folder.display())))?;

    let mut materialise = repository.command("examples/doc-server/materialise.sh");
    materialise.arg(&project);
    round.check("the example becomes a repository", materialise);
    if project.is_dir() {
        for (what, arguments) in [
            ("the example's format", &["fmt", "--check"][..]),
            (
                "clippy on the example",
                &["clippy", "--locked", "--quiet", "--all-targets", "--", "-D", "warnings"],
            ),
        ] {
            let mut command = repository.command("cargo");
            command
                .current_dir(&project)
                .env("CARGO_TARGET_DIR", &build)
                .args(arguments);
            round.check(what, command);
        }
        let mut tests = repository.command("cargo");
        tests
            .current_dir(&project)
            .env("CARGO_TARGET_DIR", &build)
            .args(["test", "--locked", "--no-fail-fast"]);
        round.sum("the example's tests", tests);

        let mut run = repository.command(&repository.target().join("debug/lockgate").to_string_lossy());
        run.args(["run", "--event", "pull_request", "-C"])
            .arg(&project)
            .env("LOCKGATE_HOME", folder.join("home"));
        round.check("the example's workflow on Lockgate", run);
    }
    fs::remove_dir_all(&folder).map_err(|error| Refusal::new(format!("cannot remove {}: {error}", folder.display())))
}
