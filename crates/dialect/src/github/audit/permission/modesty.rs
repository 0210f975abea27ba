//! Whether a job can need no more than to read the repository.
//!
//! A step has the token when somebody gives it the token, or when `actions/checkout` has left it in the folder, where
//! `git push` finds it. Then only commands that are known to build and to test are certain not to push: what a script
//! of the repository does is not read.

mod tool;

use super::super::embedded::scalars;
use super::super::shell::{self, Shell, commands, program, unquoted};
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
            None => !has_token || (only_builds(subject, job, *step) && !decides(step.node)),
        })
        && !(has_token && (decides(subject.root) || decides(job.node)))
}

/// Returns whether a level sets a variable from which tools read what they are to do.
fn decides(level: &Node) -> bool {
    let variables = level.get("env").and_then(Node::as_mapping).unwrap_or_default();
    variables
        .iter()
        .any(|variable| tool::names_deciding(&variable.key.name))
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
    let script = text(step.node, "run");
    shell::of(subject, job, step) == Shell::Posix
        && !tool::names_deciding(script)
        && commands(script).iter().all(|command| {
            let words = command.plain();
            let Some(name) = program(&words) else {
                // Nothing but words of the shell, or of variables that are set.
                return !words
                    .iter()
                    .any(|word| word.contains(['$', '`']) && !word.contains('='));
            };
            let behind = words.iter().skip_while(|word| **word != name).skip(1);
            let arguments: Vec<String> = behind.map(|word| unquoted(word)).collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            tool::is_building(name, &arguments)
        })
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
            "cargo +nightly hack check --each-feature && cargo clippy --all-targets -- -D warnings",
            "cargo build --target ${{ matrix.target }} -j$(nproc)",
            "cmake -S . -Bbuild -GNinja -DA=b && cmake --build build --parallel 4 --config Debug",
            "ninja -C out && ctest --test-dir out -j4 --output-on-failure",
            "tox -e py39,py310,lint && tox run -e py -v && tox",
            "mvn -B -ntp verify -DskipTests",
            "./gradlew --no-daemon :app:check -x test",
            "go test -race -count=1 -run A ./...",
            "npm test -- --coverage && npm run test:unit -- --ci && npx --yes eslint . --ext .ts",
            "dotnet build a.sln -c Debug --no-restore",
            "make -j 4 test-unit build_2",
            "tar -czf a.tar.gz a; sort -u a; pytest -x -m slow",
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
            "npm run build:deploy",
            "npm run build -- --to production",
            "npm --script-shell ./a test",
            "pnpm --filter site run build",
            "tox -e docs-deploy",
            "tox -edocs",
            "TOXENV=docs-deploy tox",
            "echo TOXENV=docs-deploy >> $GITHUB_ENV",
            "ninja deploy",
            "ninja -t x",
            "make -f deploy.mk",
            "make -fdeploy.mk build",
            "make build-site",
            "cmake --build . --target gh-pages",
            "cmake --build . '--target' gh-pages",
            "cmake --build . {--target,gh-pages}",
            "cmake --build . $EXTRA",
            "cmake --build . -- deploy",
            "cmake --build --preset deploy",
            "cmake -E env ./a",
            "cmake -P deploy.cmake",
            "ctest -S deploy.cmake",
            "mvn -Pdeploy verify",
            "mvn -B -P deploy verify",
            "mvn a:b:test",
            "./gradlew -Pstage=production build",
            "./gradlew -I deploy.gradle build",
            "go test -exec ./a ./...",
            "go list -exec=./a",
            "go vet -vettool=./a",
            "cargo test --config a",
            "cargo hack run",
            "dotnet build /t:Deploy",
            "dotnet build -p:DeployOnBuild=true",
            "tar --to-command=./a -xf b",
            "tar -x --to-c ./a -f b",
            "tar xIf ./a b",
            "tar -I./a -xf b",
            "rustup run stable ./a",
            "npx -p a tsc",
        ] {
            check("on: push", &format!("{left}, {{ run: \"{script}\" }}"), false);
        }
    }

    #[test]
    fn a_variable_may_name_the_task() {
        let left = "{ uses: actions/checkout@v4 }";
        let taken = "{ uses: actions/checkout@v4, with: { persist-credentials: false } }";
        for (root, step) in [
            ("env: { TOXENV: docs-deploy }", "{ run: tox }"),
            ("env: { A: b }", "{ run: make, env: { MAKEFLAGS: -fdeploy.mk } }"),
        ] {
            check(root, &format!("{left}, {step}"), false);
            check(root, &format!("{taken}, {step}"), true);
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
