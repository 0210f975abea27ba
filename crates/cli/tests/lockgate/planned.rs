//! What `lockgate plan` says of events, filters and jobs, and the forms in which it says it.

use std::fs;

use serde_json::Value;

use super::scene::Scene;
use super::scene::fixture::git;

const WORKFLOW: &str = "\
name: ci
on:
  push:
    branches: [trunk]
    tags: ['v*']
    paths: ['src/**', '!**.md']
  pull_request:
    paths: ['docs/**']
  merge_group:
    branches: [trunk]
  schedule:
    - cron: '30 5 * * 1-5'
    - cron: '0 3 * * 0'
  workflow_dispatch:
    inputs:
      level: { type: choice, options: [low, high], required: true }
      count: { type: number }
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: { list: '${{ steps.x.outputs.list }}' }
    steps: [{ id: x, run: 'echo ${{ github.event_name }}' }]
  each:
    needs: build
    runs-on: ubuntu-latest
    strategy: { matrix: { n: '${{ fromJSON(needs.build.outputs.list) }}' } }
    steps: [{ run: 'echo ${{ matrix.n }}' }]
  os:
    runs-on: ubuntu-latest
    strategy:
      matrix: { os: [a, b], v: [1, 2], exclude: [{ os: b, v: 2 }] }
    steps: [{ run: 'echo ${{ matrix.os }}' }]
  deploy:
    needs: [each, os]
    if: github.ref == 'refs/heads/release'
    runs-on: ubuntu-latest
    steps: [{ run: ./deploy }]
";

fn project() -> Scene {
    let scene = Scene::of("planned");
    write(&scene, ".github/workflows/ci.yml", WORKFLOW);
    git(&scene.project, &["init", "--quiet", "--initial-branch", "trunk"]);
    commit(&scene, "src/a.rs", "Begin");
    scene
}

fn write(scene: &Scene, path: &str, text: &str) {
    let path = scene.project.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Changes a file and commits everything.
fn commit(scene: &Scene, path: &str, message: &str) {
    write(scene, path, message);
    git(&scene.project, &["add", "."]);
    git(&scene.project, &["commit", "--quiet", "--message", message]);
}

/// Returns what is said of the one workflow.
fn plan(scene: &Scene, arguments: &[&str]) -> Value {
    let told = scene.lockgate(&[&["plan", "--json"], arguments].concat()).expect(0);
    told.json()["workflows"][0].clone()
}

#[track_caller]
fn reason(scene: &Scene, arguments: &[&str], expected: &str) {
    let plan = plan(scene, arguments);
    assert_eq!(plan["reason"], expected);
    assert_eq!(plan["starts"], expected.starts_with("the workflow starts"));
}

fn event_file(scene: &Scene, payload: &str) -> String {
    let file = scene.folder().join("event.json");
    fs::write(&file, payload).unwrap();
    file.to_string_lossy().into_owned()
}

#[test]
fn a_payload_decides_by_whom_for_whom_and_where() {
    let scene = Scene::of("payload");
    let workflow = "\
on: { pull_request: { types: [opened, closed] } }
jobs:
  bot:
    if: github.actor == 'a-bot' && github.triggering_actor == 'a-bot' && github.repository == 'acme/app'
    runs-on: ubuntu-latest
    steps: [{ run: a }]
  merged:
    if: github.event.pull_request.merged && github.ref == 'refs/heads/main'
    runs-on: ubuntu-latest
    steps: [{ run: b }]
";
    write(&scene, ".github/workflows/ci.yml", workflow);
    git(&scene.project, &["init", "--quiet", "--initial-branch", "topic"]);
    commit(&scene, "a", "Begin");
    let runs = |merged: bool| {
        let action = if merged { "closed" } else { "opened" };
        let payload = format!(
            r#"{{"action": "{action}", "sender": {{"login": "a-bot"}}, "repository": {{"full_name": "acme/app"}},
               "pull_request": {{"number": 7, "merged": {merged}, "base": {{"ref": "main"}}, "head": {{"ref": "topic"}}}}}}"#
        );
        let file = event_file(&scene, &payload);
        let plan = plan(&scene, &["--event", "pull_request", "--event-file", &file]);
        [0, 1].map(|job| plan["plan"]["jobs"][job]["runs"] == "yes")
    };
    assert_eq!((runs(true), runs(false)), ([true, true], [true, false]));
}

#[test]
fn a_push_is_told_which_filter_decided() {
    let scene = project();
    let starts = "the workflow starts on `push`: ";
    let trunk = "the branch `trunk` matches `trunk` of `branches` (line 4)";
    reason(
        &scene,
        &[],
        &format!("{starts}{trunk}; `src/a.rs` matches `src/**` of `paths` (line 6)"),
    );
    commit(&scene, "src/a.md", "Write");
    let excluded = "the only changed file, `src/a.md`, is excluded by `!**.md` of `paths` (line 6)";
    reason(&scene, &[], excluded);
    git(
        &scene.project,
        &["commit", "--quiet", "--allow-empty", "--message", "Nothing"],
    );
    reason(&scene, &[], "it filters paths, and no file changed");
    commit(&scene, "src/b.rs", "Build [skip ci]");
    reason(
        &scene,
        &[],
        "the message of a commit says `[skip ci]`, so no workflow starts on `push`; other events do not look at it",
    );
    commit(&scene, "src/c.md", "Tag");
    git(&scene.project, &["tag", "v1"]);
    git(&scene.project, &["checkout", "--quiet", "--detach"]);
    let tag = "the tag `v1` matches `v*` of `tags` (line 5); `paths` is not looked at for a tag";
    reason(&scene, &[], &format!("{starts}{tag}"));
    git(&scene.project, &["checkout", "--quiet", "-b", "other"]);
    reason(&scene, &[], "the branch `other` does not match `branches`: `trunk`");
}

#[test]
fn a_pull_request_is_compared_with_where_it_left_its_base() {
    let scene = project();
    git(&scene.project, &["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    git(
        &scene.project,
        &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"],
    );
    git(&scene.project, &["checkout", "--quiet", "-b", "topic"]);
    commit(&scene, "docs/a", "Tell");
    commit(&scene, "src/b.rs", "Build");
    let starts = "the workflow starts on `pull_request`: `opened` is among the types when none are given; ";
    let expected = format!("{starts}`docs/a` matches `docs/**` of `paths` (line 8)");
    reason(&scene, &["--event", "pull_request"], &expected);
}

#[test]
fn a_payload_says_what_happened() {
    let scene = project();
    commit(&scene, "src/a.md", "Write");
    let ends = |range: &str| {
        let sha = |revision: &str| {
            let output = std::process::Command::new("git")
                .current_dir(&scene.project)
                .args(["rev-parse", revision])
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let (before, after) = range.split_once(' ').unwrap();
        format!(
            r#"{{"ref": "refs/heads/trunk", "before": "{}", "after": "{}"}}"#,
            sha(before),
            sha(after)
        )
    };
    let trunk = "the workflow starts on `push`: the branch `trunk` matches `trunk` of `branches` (line 4); ";
    let file = event_file(&scene, &ends("HEAD~1 HEAD"));
    let excluded = "the only changed file, `src/a.md`, is excluded by `!**.md` of `paths` (line 6)";
    reason(&scene, &["--event-file", &file], excluded);
    // A push of commits that are not here says itself what they touch, or nothing is known.
    let away = r#""ref": "refs/heads/trunk", "before": "1111111111111111111111111111111111111111", "after": "2222222222222222222222222222222222222222""#;
    let file = event_file(
        &scene,
        &format!(r#"{{{away}, "commits": [{{"added": ["src/z"], "removed": [], "modified": []}}]}}"#),
    );
    let path = format!("{trunk}`src/z` matches `src/**` of `paths` (line 6)");
    reason(&scene, &["--event-file", &file], &path);
    let file = event_file(&scene, &format!("{{{away}}}"));
    let unknown = format!("{trunk}the changed files are not known, so `paths` does not hold it back");
    reason(&scene, &["--event-file", &file], &unknown);

    let file = event_file(
        &scene,
        r#"{"action": "checks_requested", "merge_group": {"base_ref": "refs/heads/x"}}"#,
    );
    let group = ["--event", "merge_group", "--event-file", &file];
    reason(&scene, &group, "the branch `x` does not match `branches`: `trunk`");
    let file = event_file(&scene, r#"{"schedule": "0 3 * * 0"}"#);
    let schedule = ["--event", "schedule", "--event-file", &file];
    let starts = "the workflow starts on `schedule`: `0 3 * * 0` is its schedule of line 13";
    reason(&scene, &schedule, starts);
    scene
        .lockgate(&["plan", "--event", "schedule"])
        .expect(0)
        .says(&["as if `30 5 * * 1-5` of line 12 had come", "comes next at 2"]);
}

#[test]
fn all_mistakes_of_inputs_are_told() {
    let scene = project();
    let arguments = [
        "plan",
        "--event",
        "workflow_dispatch",
        "--input",
        "count=many",
        "--input",
        "lvel=low",
    ];
    scene.lockgate(&arguments).expect(2).says(&[
        "the workflow has no input `lvel`; did you mean `level`?",
        "the input `level` is required",
        "the input `count` cannot be `many`",
    ]);
    let long = format!("level={}", "x".repeat(65_536));
    scene
        .lockgate(&["plan", "--event", "workflow_dispatch", "--input", &long])
        .expect(2)
        .says(&["GitHub takes 65535 at most"]);
}

#[test]
fn outputs_that_are_told_decide_what_is_open() {
    let scene = project();
    let dispatch = ["plan", "--event", "workflow_dispatch", "--input", "level=low"];
    scene.lockgate(&dispatch).expect(0).says(&[
        "each after build (its matrix is known after build)",
        "(os: b, v: 2) is left out by entry 1 of `exclude`: (os: b, v: 2)",
        "deploy after each, os: will not run: `github.ref == 'refs/heads/release'` is false: github.ref is \
         'refs/heads/trunk'",
    ]);
    let outputs = scene.folder().join("outputs.json");
    let told = |text: &str| {
        fs::write(&outputs, text).unwrap();
        scene.lockgate(&[&dispatch[..], &["--outputs", &outputs.to_string_lossy()]].concat())
    };
    told(r#"{"build": {"outputs": {"list": "[7, 8]"}}}"#).expect(0).says(&[
        "build (told: success)",
        "each (7)",
        "each (8)",
    ]);
    told(r#"{"build": {"result": "failure"}}"#)
        .expect(0)
        .says(&["each after build: will not run: it needs the success of `build`, which ended as failure"]);
    told(r#"{"biuld": {}}"#)
        .expect(2)
        .says(&["tells of a job `biuld`", "the jobs are `build`"]);
    told(r#"{"build": {"outputs": {"lst": "[7, 8]"}}}"#).expect(2).says(&[
        "tells of an output `lst`, which `build` does not have",
        "help: it has `list`",
    ]);
    told(r#"{"os": {"outputs": {"a": ""}}}"#)
        .expect(2)
        .says(&["which `os` does not have", "help: it declares none"]);
    told(r#"{"build": {"result": "fine"}}"#).expect(2).says(&[
        "outputs.json:1:",
        "`fine` is no result of `build`",
        "results are success",
    ]);
    for (text, said) in [
        (
            "{\"build\": {\n  \"result\": \"success\",}}",
            "outputs.json:2:23: this is no JSON: unexpected `}`",
        ),
        ("[]", "how jobs ended is one JSON object with their ids, not a list"),
        (
            r#"{"build": "success"}"#,
            "how `build` ended is an object with `result` and `outputs`, not a text",
        ),
        (
            r#"{"build": {"outputs": {"list": 3}}}"#,
            "the output `list` of `build` is a text, not the number `3`",
        ),
        (
            r#"{"build": {"output": {}}}"#,
            "how `build` ended has no `output`: it has `result` and `outputs`",
        ),
    ] {
        let refused = told(text).expect(2).says(&["outputs.json:", said, "for example {"]);
        for jargon in ["expected one of", "invalid type", "at line", "unknown field"] {
            assert!(!refused.err.contains(jargon), "{refused}");
        }
    }
}

#[test]
fn a_plan_is_drawn_and_written_out() {
    let scene = project();
    let written = |arguments: &[&str]| {
        let file = scene.folder().join("written.yml");
        let output = ["--output", &file.to_string_lossy()];
        scene.lockgate(&[&["plan"], arguments, &output].concat()).expect(0);
        fs::read_to_string(file).unwrap()
    };
    let svg = written(&["--format", "svg"]);
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert_eq!(svg.matches("<g><title>").count(), 4);
    let mermaid = written(&["--format", "mermaid"]);
    assert!(
        mermaid.starts_with("flowchart LR\n") && mermaid.contains("-->"),
        "{mermaid}"
    );
    let json: Value = serde_json::from_str(&written(&["--format", "json"])).unwrap();
    assert_eq!(json["workflows"][0]["checks"][1]["line"], 6);
    assert_eq!(
        json["workflows"][0]["plan"]["jobs"][1]["matrix"]["left_out"][0]["entry"],
        1
    );

    let expanded = written(&["--expanded"]);
    assert!(
        expanded.contains("echo push") && expanded.contains("  os-3:\n"),
        "{expanded}"
    );
    assert!(
        expanded.contains("# deploy will not run: `github.ref == 'refs/heads/release'` is false"),
        "{expanded}"
    );
    let file = scene.folder().join("written.yml");
    scene.lockgate(&["check", &file.to_string_lossy()]).expect(0);
}

#[test]
fn an_event_without_inputs_says_so() {
    let scene = project();
    scene.lockgate(&["plan", "--input", "level=low"]).expect(2).says(&[
        "the event `push` has no inputs",
        "level",
        "--event workflow_dispatch",
    ]);
}

#[test]
fn an_expanded_plan_is_the_file_of_one_workflow() {
    let scene = project();
    write(
        &scene,
        ".github/workflows/other.yml",
        "on: push\njobs: { a: { runs-on: x, steps: [{ run: 'true' }] } }\n",
    );
    let told = scene.lockgate(&["plan", "--expanded"]).expect(2);
    told.says(&["2 workflows start", "ci.yml", "other.yml", "--workflow FILE"]);
    let one = ["plan", "--expanded", "--workflow", ".github/workflows/other.yml"];
    scene.lockgate(&one).expect(0).says(&["runs-on: x"]);
    // A name alone is looked for among the workflows.
    let named = ["plan", "--expanded", "--workflow", "other.yml"];
    scene.lockgate(&named).expect(0).says(&["runs-on: x"]);
    scene
        .lockgate(&["run", "--workflow", "other.yml", "--event", "workflow_dispatch"])
        .expect(2)
        .says(&["or write `workflow_dispatch` into the `on:`"]);
}

#[test]
fn the_file_with_the_event_has_what_the_workflow_adds_to_it() {
    let scene = Scene::of("timed");
    let steps = "[{ run: 'cat $GITHUB_EVENT_PATH' }]";
    let text = format!(
        "on: {{ schedule: [{{ cron: '30 5 * * 1' }}] }}\njobs: {{ a: {{ runs-on: ubuntu-latest, steps: {steps} }} }}\n"
    );
    write(&scene, ".github/workflows/ci.yml", &text);
    git(&scene.project, &["init", "--quiet", "--initial-branch", "trunk"]);
    commit(&scene, "a", "Begin");
    scene
        .lockgate(&["run", "--event", "schedule"])
        .expect(0)
        .says(&["\"schedule\":\"30 5 * * 1\""]);
}

#[test]
fn the_words_of_strangers_move_no_cursor_and_forge_no_line() {
    let scene = Scene::of("strange");
    let text = "run-name: ${{ github.event.pull_request.title }}
on: pull_request
jobs:
  a:
    name: job ${{ github.event.pull_request.title }}
    runs-on: ubuntu-latest
    steps:
      - name: step ${{ github.event.pull_request.title }}
        run: printf '\\033[32mgreen\\n'
";
    write(&scene, ".github/workflows/ci.yml", text);
    git(&scene.project, &["init", "--quiet", "--initial-branch", "trunk"]);
    commit(&scene, "a", "Begin");
    let title = r"Fix\u001b[2J\na: success\u0007";
    let file = event_file(
        &scene,
        &format!(
            r#"{{"action": "opened", "pull_request": {{"title": "{title}", "head": {{"ref": "x"}}, "base": {{"ref": "trunk"}}}}}}"#
        ),
    );
    let shown = r"Fix\u{1b}[2J\na: success\u{7}";
    let given = ["--event", "pull_request", "--event-file", &file];
    let plan = scene.lockgate(&[&["plan"], &given[..]].concat()).expect(0);
    assert!(!plan.out.contains(['\x1b', '\x07']), "{plan}");
    plan.says(&[shown, &format!("“job {shown}”")]);
    let run = scene.lockgate(&[&["run"], &given[..]].concat()).expect(0);
    let escapes = run.err.matches('\x1b').count();
    assert!(
        escapes == 1 && run.err.contains("\x1b[32mgreen"),
        "only what the step wrote: {run}"
    );
    run.says(&[
        &format!("job {shown}: success"),
        &format!("› step {shown}: ok"),
        &format!("\n{shown}: success"),
    ]);
}
