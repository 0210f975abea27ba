//! `run` and `plan` from the outside.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;

use super::scene::told::{Background, Told};
use super::scene::{Scene, processes, shop, until};

/// Returns a shop with this job beside the one that builds.
fn shop(job: &str) -> Scene {
    let scene = Scene::of("shop");
    let folder = scene.folder().to_string_lossy().into_owned();
    shop::write(
        &scene.project,
        &format!("{}{}", job.replace("FOLDER", &folder), shop::BUILD),
    );
    scene
}

/// A job that tells the test that it has begun, and waits until it is told to end.
const WAITING: &str = "  wait:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo begun >> FOLDER/story
          until [ -e FOLDER/go ]; do sleep 0.02; done
          echo ended >> FOLDER/story
      - run: echo after >> FOLDER/story
";

#[test]
fn a_step_outlives_its_command_and_ends_once() {
    let scene = shop(WAITING);
    let story = || fs::read_to_string(scene.folder().join("story")).unwrap_or_default();
    let command = scene.start(&["run", "--job", "wait"]);
    until("the step begins", || (story() == "begun\n").then_some(()));
    processes::kill(command.pid());
    command.wait();
    fs::write(scene.folder().join("go"), "").unwrap();
    until("the step ends", || (story() == "begun\nended\n").then_some(()));
    scene.lockgate(&["run", "--resume"]).expect(0).says(&["wait: success"]);
    assert_eq!(story(), "begun\nended\nafter\n");
    scene
        .lockgate(&["run", "--resume"])
        .expect(0)
        .says(&["is over, and this is how it ended"]);
    assert_eq!(
        story(),
        "begun\nended\nafter\n",
        "a completed step is never executed again"
    );
}

#[test]
fn an_interrupt_cancels_cleanly() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let scene = shop(&WAITING.replace("- run: |\n", "- run: |\n          trap 'exit 1' INT\n"));
        let command = scene.start(&["run", "--job", "wait"]);
        let story = scene.folder().join("story");
        until("the step begins", || story.exists().then_some(()));
        processes::send(command.pid(), signal);
        let told = command.wait().expect(4);
        assert!(told.err.contains("cancelled"), "{signal}: {told}");
        assert_eq!(fs::read_to_string(&story).unwrap(), "begun\n");
        // What was killed last may still be on its way out.
        until(&format!("nothing is left after {signal}"), || {
            processes::of_home(&scene.home).is_empty().then_some(())
        });
    }
}

#[test]
fn the_output_of_a_step_that_is_stopped_is_shown_once() {
    let scene = shop(&WAITING.replace(
        "- run: |\n",
        "- run: |\n          trap 'printf \"cleaned %s\\n\" up; exit 1' INT\n          printf 'shown %s\\n' once\n",
    ));
    let command = scene.start(&["run", "--job", "wait", "--progress", "plain"]);
    let story = scene.folder().join("story");
    until("the step begins", || story.exists().then_some(()));
    processes::send(command.pid(), Signal::SIGINT);
    let told = command.wait().expect(4);
    for line in [
        "wait | shown once\n",
        "wait | cleaned up\n",
        "wait | error: The operation was canceled.\n",
    ] {
        assert_eq!(told.err.matches(line).count(), 1, "{line}{told}");
    }
}

#[test]
fn an_output_with_a_secret_is_not_withheld_without_a_word() {
    let scene = shop(
        "  leak:
    runs-on: ubuntu-latest
    outputs: { s: '${{ steps.a.outputs.s }}', t: plain }
    steps: [{ id: a, run: 'echo s=x${{ secrets.TOKEN }} >> $GITHUB_OUTPUT' }]
",
    );
    let told = scene.lockgate(&["run", "--job", "leak", "--secret", "TOKEN=correct-horse"]);
    let told = told
        .expect(0)
        .says(&["warning: leak: Skip output 's' since it may contain secret."]);
    assert!(!told.err.contains("'t'"), "{told}");
}

#[test]
fn what_was_ignored_from_the_beginning_stays_ignored() {
    let scene = shop(WAITING);
    let mut command = Command::new("env");
    command
        .args([
            "--ignore-signal=HUP",
            env!("CARGO_BIN_EXE_lockgate"),
            "run",
            "--job",
            "wait",
        ])
        .current_dir(&scene.project)
        .env("LOCKGATE_HOME", &scene.home);
    let command = Background::start(command);
    let story = scene.folder().join("story");
    until("the step begins", || story.exists().then_some(()));
    processes::send(command.pid(), Signal::SIGHUP);
    fs::write(scene.folder().join("go"), "").unwrap();
    command.wait().expect(0).says(&["wait: success"]);
}

#[test]
fn a_run_is_taken_up_with_its_own_secrets() {
    let scene = shop(&WAITING.replace("echo ended", "echo ${{ secrets.TOKEN }}; echo ended"));
    let story = || fs::read_to_string(scene.folder().join("story")).unwrap_or_default();
    let command = scene.start(&["run", "--job", "wait", "--secret", "TOKEN=correct-horse"]);
    until("the step begins", || (story() == "begun\n").then_some(()));
    processes::kill(command.pid());
    command.wait();
    scene
        .lockgate(&["run", "--resume"])
        .expect(2)
        .says(&["not given now: TOKEN"]);
    let other = ["run", "--resume", "--secret", "TOKEN=battery-staple"];
    scene.lockgate(&other).expect(2).says(&["other values", "TOKEN"]);
    fs::write(scene.folder().join("go"), "").unwrap();
    let told = scene.lockgate(&["run", "--resume", "--secret", "TOKEN=correct-horse"]);
    let told = told.expect(0).says(&["wait: success"]);
    assert!(!told.err.contains("correct-horse"), "{told}");
}

#[test]
fn the_last_run_is_the_one_that_was_begun_last() {
    let scene =
        shop("  say:\n    runs-on: ubuntu-latest\n    steps: [{ run: 'echo \"number ${{ github.run_number }}.\"' }]\n");
    for number in 1..=4 {
        scene.lockgate(&["run", "--job", "say"]).expect(0);
        scene
            .lockgate(&["logs", "--run", "last"])
            .expect(0)
            .says(&[&format!("number {number}.")]);
    }
}

#[test]
fn the_outcome_of_several_workflows_is_one_document() {
    let scene = shop("");
    let second = "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps: [{ run: exit 1 }]\n";
    fs::write(scene.project.join(".github/workflows/second.yml"), second).unwrap();
    let told = scene.lockgate(&["run", "--json"]).expect(1).json();
    let runs = told["runs"].as_array().unwrap();
    let conclusions: Vec<_> = runs.iter().map(|run| run["conclusion"].as_str().unwrap()).collect();
    assert_eq!(conclusions, ["failure", "failure"], "{told}");
}

#[test]
fn a_failing_job_is_named_and_its_log_is_kept_without_secrets() {
    let job = "  test:
    runs-on: ubuntu-latest
    steps:
      - name: Speak
        run: |
          echo the token is ${{ secrets.TOKEN }}
          exit 7
";
    let scene = shop(job);
    let told = scene
        .lockgate(&["run", "--secret", "TOKEN=correct-horse-battery"])
        .expect(1);
    let told = told.says(&["test: failure", "Speak", "exit code 7"]);
    assert!(!format!("{told}").contains("horse-battery "), "{told}");
    let told = scene
        .lockgate(&["logs", "--run", "last"])
        .expect(0)
        .says(&["the token is ***"]);
    assert!(!told.out.contains("horse"), "{told}");
    let mut kept = Vec::new();
    files(&scene.home, &mut kept);
    assert!(kept.len() > 3, "{kept:?}");
    for path in kept {
        let bytes = fs::read(&path).unwrap();
        let found = bytes.windows(13).any(|window| window == b"horse-battery");
        assert!(!found, "the secret is in {}", path.display());
    }
}

fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn what_does_not_run_is_given_a_reason() {
    let job =
        "  never:\n    if: github.event_name == 'release'\n    runs-on: ubuntu-latest\n    steps: [{ run: exit 1 }]\n";
    let scene = shop(job);
    fs::write(scene.project.join("lockgate.yaml"), shop::DELIVERY).unwrap();
    scene.lockgate(&["plan"]).expect(0).says(&[
        "build",
        "never",
        "github.event_name == 'release'",
        "Lockgate does this itself",
    ]);
    scene
        .lockgate(&["plan", "--event", "release"])
        .expect(0)
        .says(&["release"]);
    scene
        .lockgate(&["run", "--event", "release"])
        .expect(2)
        .says(&["release"]);
    scene.lockgate(&["run", "--job", "nobody"]).expect(2).says(&["nobody"]);
    let nowhere = scene.folder().join("nowhere");
    fs::create_dir(&nowhere).unwrap();
    Told::of(scene.command_in(&nowhere, &["run"]))
        .expect(2)
        .says(&[".github/workflows"]);
}

#[test]
fn a_job_for_another_system_is_told_when_it_would_run() {
    let job = |id: &str, rest: &str| format!("  {id}:\n    runs-on: {rest}\n    steps: [{{ run: make }}]\n");
    let never = job("b", "macos-latest\n    if: false");
    let scene = shop(&format!("{}{never}", job("a", "windows-latest")));
    let told = scene
        .lockgate(&["plan"])
        .expect(0)
        .says(&["`windows-latest` asks for Windows"]);
    assert!(told.err.contains("warning: .github/workflows/"), "{told}");
    assert!(!told.err.contains("macos-latest"), "{told}");
}

#[test]
fn the_list_of_failures_names_what_is_to_blame_and_marks_what_may_fail() {
    let job = "  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: exit 3
        continue-on-error: true
      - uses: ./acts/bad
  broken:
    needs: build
    runs-on: ubuntu-latest
    strategy:
      matrix: ${{ fromJSON(needs.build.outputs.none) }}
    steps: [{ run: make }]
";
    let scene = shop(job);
    let action = "runs:\n  using: composite\n  steps:\n    - run: exit 4\n      shell: bash\n";
    fs::create_dir_all(scene.project.join("acts/bad")).unwrap();
    fs::write(scene.project.join("acts/bad/action.yml"), action).unwrap();
    let told = scene.lockgate(&["run", "--progress", "plain"]).expect(1).says(&[
        "failed, which is allowed: test › Run exit 3 (.github/workflows/",
        "failed: test › Run exit 4 (./acts/bad/action.yml:4:7)",
        "its `matrix` cannot be evaluated",
    ]);
    assert!(!told.err.contains("failed: test › Run ./acts/bad"), "{told}");
    assert!(!told.err.contains("failed: test › Run exit 3"), "{told}");
    let matrix = told
        .err
        .lines()
        .find(|line| line.starts_with("failed: broken: "))
        .unwrap();
    assert!(matrix.starts_with("failed: broken: .github/workflows/"), "{matrix}");
}

/// A workflow that is called with a typed input and a secret, and gives an output that needs its own action.
const CALLED: &str = r#"on:
  workflow_call:
    inputs:
      name: { type: string, required: true }
      loud: { type: boolean }
    secrets:
      token: { required: true }
    outputs:
      greeting: { value: "${{ jobs.greet.outputs.text }}" }
env: { INSIDE: inside }
jobs:
  greet:
    runs-on: ubuntu-latest
    outputs: { text: "${{ steps.say.outputs.text }}" }
    steps:
      - uses: actions/checkout@v4
      - uses: ./acts/say
        id: say
        with: { text: "hello ${{ inputs.name }}${{ inputs.loud && '!' || '.' }}" }
      - run: echo "$INSIDE ${OUTSIDE-unset} $GITHUB_JOB ${{ secrets.token }}"
  check:
    needs: greet
    runs-on: ubuntu-latest
    steps:
      - run: test "${{ needs.greet.outputs.text }}" != "hello bob."
"#;

const SAY: &str = r#"inputs: { text: { required: true } }
outputs: { text: { value: "${{ steps.s.outputs.t }}" } }
runs:
  using: composite
  steps:
    - id: s
      shell: bash
      run: echo "t=${{ inputs.text }}" >> "$GITHUB_OUTPUT"
"#;

const CALLING: &str = r#"  call:
    strategy: { matrix: { who: [ada, bob] }, max-parallel: 1 }
    uses: ./.github/workflows/greet.yml
    with:
      name: ${{ matrix.who }}
      loud: true
    secrets:
      token: ${{ secrets.TOKEN }}
  after:
    needs: call
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ needs.call.outputs.greeting }} ${{ needs.call.result }}" > FOLDER/story
"#;

/// Returns a shop with these jobs, one of which calls the workflow `greet.yml`.
fn calling(jobs: &str) -> Scene {
    let scene = shop(jobs);
    for (path, text) in [(".github/workflows/greet.yml", CALLED), ("acts/say/action.yml", SAY)] {
        let path = scene.project.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    scene
}

const TOKEN: [&str; 4] = ["--secret", "TOKEN=correct-horse", "--progress", "plain"];

#[test]
fn a_called_workflow_runs_with_its_inputs_and_secrets_and_gives_its_outputs() {
    let scene = calling(CALLING);
    scene.lockgate(&["check"]).expect(0);
    let plan = scene.lockgate(&["plan", "--event", "push"]).expect(0);
    plan.says(&["greet.yml", "call (ada)", "check"]);
    let told = scene
        .lockgate(&[&["run", "--job", "after"], &TOKEN[..]].concat())
        .expect(0)
        .says(&[
            "call (ada) / greet | inside unset greet ***",
            "call (bob) / check: success",
            "after: success",
        ]);
    assert!(!told.err.contains("correct-horse"), "{told}");
    let story = fs::read_to_string(scene.folder().join("story")).unwrap();
    assert_eq!(story, "hello bob! success\n");
}

#[test]
fn a_job_inside_of_a_call_fails_by_name_and_runs_alone() {
    let scene = calling(&CALLING.replace("loud: true", "loud: ${{ matrix.who == 'ada' }}"));
    let told = scene
        .lockgate(&[&["run", "--job", "call / check"], &TOKEN[..]].concat())
        .expect(1)
        .says(&["failed: call (bob) / check › Run test", "--job 'call / check'"]);
    told.says(&["after: skipped: only `call / check` was asked for"]);
}

#[test]
fn what_is_wrong_with_a_call_is_told_before_anything_runs() {
    let scene = calling(&CALLING.replace("loud: true", "loud: ${{ matrix.who }}"));
    let told = scene.lockgate(&["plan"]).expect(2);
    told.says(&["the input `loud` takes a boolean (`true` or `false`), but got the text `ada`"]);
    let scene = calling(&CALLING.replace("greet.yml", "great.yml"));
    let told = scene.lockgate(&["run"]).expect(2);
    told.says(&["LG0181", "did you mean `./.github/workflows/greet.yml`?"]);
}
