//! Scripts: shells, environment, files, exit codes.

use std::sync::Arc;

use lockgate_adapters::executor::SystemChanges;
use lockgate_pipeline::run::effect::AttemptBody;
use lockgate_pipeline::run::input::StepExit;

use crate::support::{Fixture, environment, failed, is_installed, pairs, script, script_in, succeeded};

#[tokio::test]
async fn a_variable_that_no_program_can_be_given_is_named() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let end = fixture.sh("printf 'GOOD=1\\nBAD=a\\0b\\n' >> $GITHUB_ENV").await;
    failed(&end, "the variable `BAD` holds a NUL byte");
    assert_eq!(end.env, pairs(&[("GOOD", "1")]), "later steps can start");
    for (name, value, words) in [
        ("NUL", "a\0b".to_owned(), "the variable `NUL` holds a NUL byte"),
        ("LARGE", "x".repeat(200_000), "the variable `LARGE` has 200007 bytes"),
    ] {
        let mut step = fixture.attempt("build", script("true"));
        step.env = environment(&[(name, &value)]);
        failed(&fixture.perform(step).await, words);
    }
}

#[tokio::test]
async fn the_default_shell_has_no_pipefail_and_bash_has() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    succeeded(&fixture.sh("false | true\necho ok").await);
    let step = fixture.attempt("build", script_in("bash", "false | true\necho ok"));
    let end = fixture.perform(step).await;
    assert_eq!(end.exit, StepExit::Failure { code: 1 });
    let end = fixture.sh("exit 3").await;
    assert_eq!(end.exit, StepExit::Failure { code: 3 });
    assert_eq!(
        fixture.sh("false\necho not reached").await.exit,
        StepExit::Failure { code: 1 }
    );
}

#[tokio::test]
async fn other_shells_work_as_they_are_written() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let python = is_installed("python");
    for (shell, script) in [
        ("sh", "echo value=1 >> $GITHUB_OUTPUT"),
        (
            "python",
            "import os\nopen(os.environ['GITHUB_OUTPUT'], 'a').write('value=1\\n')",
        ),
        ("bash -u {0}", "echo value=1 >> $GITHUB_OUTPUT"),
        ("env SOME=1 sh {0}", "echo value=$SOME >> $GITHUB_OUTPUT"),
    ] {
        if shell == "python" && !python {
            continue;
        }
        let step = fixture.attempt("build", script_in(shell, script));
        let end = fixture.perform(step).await;
        succeeded(&end);
        assert_eq!(end.outputs, pairs(&[("value", "1")]), "{shell}");
    }
    let step = fixture.attempt("build", script_in("no-such-shell {0}", "x"));
    failed(&fixture.perform(step).await, "not on the step's PATH");
}

#[tokio::test]
async fn what_a_step_writes_into_its_files_is_reported() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let end = fixture
        .sh(r##"
            echo "ONE=1" >> "$GITHUB_ENV"
            printf 'TWO<<EOF\na\nb\nEOF\n' >> "$GITHUB_ENV"
            echo "NODE_OPTIONS=--evil" >> "$GITHUB_ENV"
            echo "answer=42" >> "$GITHUB_OUTPUT"
            echo "kept=yes" >> "$GITHUB_STATE"
            echo "/opt/one" >> "$GITHUB_PATH"
            echo "/opt/two" >> "$GITHUB_PATH"
            echo "# Summary" >> "$GITHUB_STEP_SUMMARY"
        "##)
        .await;
    succeeded(&end);
    assert_eq!(end.env, pairs(&[("ONE", "1"), ("TWO", "a\nb")]));
    assert_eq!(end.outputs, pairs(&[("answer", "42")]));
    assert_eq!(end.state, pairs(&[("kept", "yes")]));
    assert_eq!(end.path, ["/opt/one", "/opt/two"]);
    assert!(end.summary.unwrap().starts_with("sha256:"));
    assert_eq!(end.annotations.errors, 1, "NODE_OPTIONS is refused");
}

#[tokio::test]
async fn a_mistake_in_a_file_fails_the_step_with_the_runners_words() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let end = fixture.sh("printf 'GOOD=1\\nA<<EOF\\nx\\n' >> $GITHUB_ENV").await;
    failed(&end, "Invalid value. Matching delimiter not found 'EOF'");
    assert_eq!(end.env, pairs(&[("GOOD", "1")]));
    let log = fixture.log("echo nonsense >> $GITHUB_OUTPUT").await;
    assert_eq!(
        log,
        "##[error]Unable to process file command 'output' successfully.\n##[error]Invalid format 'nonsense'\n"
    );
}

#[tokio::test]
async fn nothing_ambient_reaches_a_step() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let mut step = fixture.attempt("build", script_in("sh", "env > ../../temp/env; pwd"));
    step.env = environment(&[("GITHUB_SHA", "abc"), ("MINE", "1"), ("GITHUB_WORKSPACE", "/elsewhere")]);
    step.path_additions = Arc::new(vec!["/opt/first".into()]);
    let log = fixture.executor.log_of(&step);
    succeeded(&fixture.perform(step).await);
    assert_eq!(crate::support::body_of(&log).trim_end(), place.workspace);
    let text = std::fs::read_to_string(format!("{}/env", place.temp)).unwrap();
    let variable = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    for (name, value) in [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SHA", "abc"),
        ("MINE", "1"),
        ("GITHUB_WORKSPACE", place.workspace.as_str()),
        ("RUNNER_TEMP", place.temp.as_str()),
        ("RUNNER_OS", place.os.as_str()),
        ("GITHUB_EVENT_PATH", place.event_path.as_str()),
        ("USER", "tester"),
        ("LANG", "C.UTF-8"),
    ] {
        assert_eq!(variable(name), Some(value), "{name}");
    }
    let path = variable("PATH").unwrap();
    assert!(path.contains(":/opt/first:"), "{path}");
    assert!(path.ends_with(&fixture.options.user.path));
    let own = [
        "AGENT_TOOLSDIRECTORY",
        "CI",
        "HOME",
        "LANG",
        "MINE",
        "OLDPWD",
        "PATH",
        "PWD",
        "SHLVL",
        "USER",
        "_",
    ];
    for line in text.lines() {
        let name = line.split('=').next().unwrap_or_default();
        let known = own.contains(&name) || name.starts_with("GITHUB_") || name.starts_with("RUNNER_");
        assert!(known, "`{name}` is ambient");
    }
    let event = std::fs::read_to_string(place.event_path).unwrap();
    assert_eq!(event, fixture.options.event);
}

#[tokio::test]
async fn the_working_directory_is_in_the_workspace_and_must_be_there() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    succeeded(&fixture.sh("mkdir sub").await);
    let body = |folder: &str| AttemptBody::Run {
        script: "pwd >> $GITHUB_STEP_SUMMARY; echo where=$PWD >> $GITHUB_OUTPUT".into(),
        shell: None,
        working_directory: Some(folder.into()),
    };
    let step = fixture.attempt("build", body("sub"));
    let end = fixture.perform(step).await;
    assert_eq!(end.outputs["where"], format!("{}/sub", place.workspace));
    let step = fixture.attempt("build", body("missing"));
    failed(&fixture.perform(step).await, "missing is not there");
}

#[tokio::test]
async fn the_machine_is_not_changed_unless_allowed() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    for program in ["sudo", "apt-get", "brew"] {
        let step = fixture.attempt("build", script_in("bash", &format!("{program} install x")));
        let log = fixture.executor.log_of(&step);
        let end = fixture.perform(step).await;
        assert_eq!(end.exit, StepExit::Failure { code: 77 });
        let text = crate::support::body_of(&log);
        assert!(
            text.contains(&format!("'{program} install x' would change this machine")),
            "{text}"
        );
        assert!(text.contains("--allow-system-changes"), "{text}");
    }
    let mut free = Fixture::with(|options| options.system = SystemChanges::Allowed);
    free.prepare("build").await;
    let log = free.log("command -v sudo || echo none").await;
    assert!(!log.contains("refusals"), "{log}");
}
