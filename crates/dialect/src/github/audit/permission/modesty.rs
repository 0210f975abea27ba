//! Whether a job can need no more than to read the repository.
//!
//! A step has the token when somebody gives it the token, or when `actions/checkout` has left it in the folder, where
//! `git push` finds it. Then only commands that are known to build and to test are certain not to push: what a script
//! of the repository does is not read.

use super::super::embedded::scalars;
use super::super::shell::{self, Shell, commands, program};
use super::super::subject::{Job, Step, Subject, text};
use crate::yaml::Node;

/// Actions that need no more than to read the repository.
const MODEST: [&str; 6] = [
    "actions/checkout",
    "actions/cache",
    "actions/upload-artifact",
    "actions/download-artifact",
    "swatinem/rust-cache",
    "dtolnay/rust-toolchain",
];

/// Commands that write nothing to where the repository comes from, each with those of its own that do not, by their
/// names; `*` for any.
const BUILDING: [(&str, &str); 48] = [
    (
        "cargo",
        "build b check c clippy test t fmt doc bench nextest deny audit fetch tree metadata hack llvm-cov",
    ),
    ("rustup", "*"),
    ("rustc", "*"),
    ("go", "build test vet fmt mod install list version"),
    ("golangci-lint", "*"),
    ("gofmt", "*"),
    ("npm", "ci install i test t run"),
    ("pnpm", "install i test t run"),
    ("yarn", "install test run"),
    ("npx", "tsc eslint prettier jest vitest mocha"),
    ("tsc", "*"),
    ("eslint", "*"),
    ("prettier", "*"),
    ("jest", "*"),
    ("vitest", "*"),
    ("pip", "install"),
    ("pip3", "install"),
    ("pytest", "*"),
    ("tox", "*"),
    ("ruff", "*"),
    ("mypy", "*"),
    ("black", "*"),
    ("flake8", "*"),
    ("pylint", "*"),
    ("mvn", "compile test package verify clean"),
    ("./mvnw", "compile test package verify clean"),
    ("gradle", "build test check assemble clean"),
    ("./gradlew", "build test check assemble clean"),
    ("dotnet", "build test restore format"),
    ("make", "all build test tests check lint fmt format clean"),
    ("cmake", "*"),
    ("ctest", "*"),
    ("ninja", "*"),
    ("bundle", "install"),
    ("rspec", "*"),
    ("rubocop", "*"),
    ("shellcheck", "*"),
    ("yamllint", "*"),
    ("actionlint", "*"),
    ("lockgate", "check plan"),
    ("apt-get", "update install"),
    ("brew", "install update"),
    ("echo", "*"),
    ("printf", "*"),
    ("mkdir", "*"),
    ("cd", "*"),
    ("ls", "*"),
    ("cat", "*"),
];

/// The same, without commands of their own.
const PLAIN: &str = "cp mv rm touch test [ [[ true false : set export exit sleep date uname env printenv pwd grep head tail wc \
    sort diff tar gzip unzip zip df free nproc which chmod tee sha256sum for case return local shift";

/// Scripts of packages that build and test by their names.
const SCRIPTS: &str = "build test tests check lint format fmt typecheck type-check compile coverage unit e2e";

/// Returns whether no step of a job can need more than to read the repository.
pub(super) fn is_modest(subject: &Subject<'_>, job: &Job<'_>) -> bool {
    let mut is_modest = job.node.get("uses").is_none();
    let mut look = |node: &Node| {
        scalars(node, &mut |scalar| {
            is_modest &= !scalar.as_scalar().is_some_and(|scalar| asks(&scalar.text));
        });
    };
    look(job.node);
    // What the workflow gives to all of its jobs.
    ["env", "defaults"]
        .iter()
        .filter_map(|key| subject.root.get(key))
        .for_each(look);
    let has_token = job.steps.iter().any(|step| leaves_token(*step));
    is_modest
        && job.steps.iter().all(|step| match step.action() {
            Some(action) => {
                let name = action.to_ascii_lowercase();
                MODEST.contains(&name.as_str()) || name.starts_with("actions/setup-")
            }
            None => !has_token || only_builds(subject, job, *step),
        })
}

/// Returns whether a text is about the token, or about something that one needs to write.
fn asks(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "tojson(github",
        "token",
        "secrets",
        "gh ",
        "push",
        "gh-deploy",
        "release",
        "api.github.com",
        "ghcr.io",
        "publish",
    ];
    // A build for release is none.
    let text = text.to_ascii_lowercase().replace("--release", "");
    WORDS.iter().any(|word| text.contains(word))
}

/// Returns whether a step leaves the token in the folder.
fn leaves_token(step: Step<'_>) -> bool {
    step.uses_action("actions/checkout") && step.input_text("persist-credentials") != "false"
}

/// Returns whether all commands of a step are known to build and to test.
fn only_builds(subject: &Subject<'_>, job: &Job<'_>, step: Step<'_>) -> bool {
    shell::of(subject, job, step) == Shell::Posix
        && commands(text(step.node, "run")).iter().all(|command| {
            let words = command.plain();
            let Some(name) = program(&words) else {
                // Nothing but words of the shell, or of variables that are set.
                return !words
                    .iter()
                    .any(|word| word.contains(['$', '`']) && !word.contains('='));
            };
            let behind = words.iter().skip_while(|word| **word != name).skip(1);
            let arguments: Vec<&str> = behind.copied().filter(|word| !word.starts_with(['-', '+'])).collect();
            is_building(name, &arguments)
        })
}

fn is_building(name: &str, arguments: &[&str]) -> bool {
    let is_in = |list: &str, word: &str| list.split_ascii_whitespace().any(|listed| listed == word);
    let Some((_, own)) = BUILDING.iter().find(|(building, _)| *building == name) else {
        return is_in(PLAIN, name);
    };
    match (name, arguments) {
        (_, _) if *own == "*" => true,
        ("npm" | "pnpm" | "yarn", ["run", script, ..]) => is_in(SCRIPTS, script.split(':').next().unwrap_or_default()),
        // Without a goal it is the first one, which builds.
        ("make", goals) => goals.iter().all(|goal| is_in(own, goal)),
        ("mvn" | "./mvnw" | "gradle" | "./gradlew", goals) => {
            !goals.is_empty()
                && goals
                    .iter()
                    .all(|goal| is_in(own, goal.rsplit(':').next().unwrap_or_default()))
        }
        ("yarn", []) => true,
        (_, [command, ..]) => is_in(own, command),
        (_, []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(root: &str, steps: &str, expected: bool) {
        let text = format!("{root}\njobs:\n  a: {{ runs-on: ubuntu-latest, steps: [{steps}] }}\n");
        let file = lockgate_core::SourceFile::new("a.yml", text);
        let root = crate::yaml::parse(&file).0.unwrap();
        let subject = Subject::new(&file, &root, None);
        assert_eq!(is_modest(&subject, &subject.jobs[0]), expected, "{steps}");
    }

    #[test]
    fn a_script_that_cannot_have_the_token_needs_none() {
        let left = "{ uses: actions/checkout@v4 }";
        let taken = "{ uses: actions/checkout@v4, with: { persist-credentials: false } }";
        for script in [
            "npx gh-pages -d dist",
            "npx lerna version --yes",
            "npm run deploy",
            "./deploy",
            "make deploy",
            "$TOOL a",
        ] {
            check("on: push", &format!("{left}, {{ run: {script} }}"), false);
            check("on: push", &format!("{taken}, {{ run: {script} }}"), true);
            check("on: push", &format!("{{ run: {script} }}"), true);
        }
        for script in [
            "make",
            "make -j4 build test",
            "cargo build --release && cargo test",
            "npm ci; npm run build",
            "npm run test:unit",
            "if true; then go test ./...; fi",
            "A=b sudo apt-get install -y x",
            "./gradlew :app:check",
            "echo \\\"$(cat a)\\\"",
        ] {
            check("on: push", &format!("{left}, {{ run: \"{script}\" }}"), true);
        }
        for script in [
            "cargo publish",
            "cargo xtask",
            "npm version patch",
            "echo $(./a)",
            "mvn deploy",
            "bash a.sh",
            "gradle",
        ] {
            check("on: push", &format!("{left}, {{ run: \"{script}\" }}"), false);
        }
    }

    #[test]
    fn a_token_for_all_jobs_is_one_for_each() {
        let step = "{ run: npm run deploy }";
        check("env: { GH_TOKEN: '${{ github.token }}' }", step, false);
        check("env: { A: '${{ secrets.B }}' }", step, false);
        check("defaults: { run: { shell: 'bash {0}' } }", step, true);
        check("env: { A: b }", step, true);
    }
}
