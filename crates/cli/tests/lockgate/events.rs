//! What a workflow learns of the event that started it.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::scene::Scene;
use super::scene::fixture::git;

/// A workflow that hands what it sees on as outputs of its one job.
const WORKFLOW: &str = "\
on:
  push:
  pull_request:
    branches: [trunk]
  workflow_dispatch:
    inputs:
      who: { type: string, required: true }
      count: { type: number, default: 5 }
jobs:
  see:
    runs-on: ubuntu-latest
    outputs:
      ref: ${{ github.ref }}
      base: ${{ github.base_ref }}
      head: ${{ github.head_ref }}
      default: ${{ github.event.repository.default_branch }}
      message: ${{ github.event.head_commit.message }}
      skipped: ${{ contains(github.event.head_commit.message, 'skip ci') }}
      before: ${{ github.event.before }}
      title: ${{ github.event.pull_request.title }}
      fork: ${{ github.event.pull_request.head.repo.full_name != github.repository }}
      inputs: ${{ toJSON(github.event.inputs) }}
      number: ${{ github.run_number }}
    steps: [{ run: 'true' }]
";

fn project() -> Scene {
    let scene = Scene::of("events");
    fs::create_dir_all(scene.project.join(".github/workflows")).unwrap();
    fs::write(scene.project.join(".github/workflows/ci.yml"), WORKFLOW).unwrap();
    git(&scene.project, &["init", "--quiet", "--initial-branch", "trunk"]);
    git(&scene.project, &["add", "."]);
    git(&scene.project, &["commit", "--quiet", "--message", "Begin"]);
    git(
        &scene.project,
        &[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "fix: (skip ci) x\n\nand why",
        ],
    );
    scene
}

/// Runs the workflow and returns what its job saw.
fn seen(scene: &Scene, arguments: &[&str]) -> Value {
    let told = scene
        .lockgate(&[&["run", "--json"], arguments].concat())
        .expect(0)
        .json();
    told["runs"][0]["jobs"][0]["outputs"].clone()
}

#[test]
fn a_push_is_told_with_its_commit() {
    let scene = project();
    let push = seen(&scene, &[]);
    assert_eq!(push["ref"], "refs/heads/trunk");
    assert_eq!(
        push["default"], "trunk",
        "a repository of one branch has no other default"
    );
    assert_eq!(push["message"], "fix: (skip ci) x\n\nand why");
    assert_eq!(push["skipped"], "true");
    let parent = Command::new("git")
        .current_dir(&scene.project)
        .args(["rev-parse", "HEAD~1"])
        .output()
        .unwrap();
    assert_eq!(push["before"], String::from_utf8(parent.stdout).unwrap().trim());
    assert_eq!(push["number"], "1");
    assert_eq!(seen(&scene, &[])["number"], "2");
}

#[test]
fn a_pull_request_is_of_no_branch() {
    let scene = project();
    git(&scene.project, &["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    git(
        &scene.project,
        &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"],
    );
    git(&scene.project, &["checkout", "--quiet", "-b", "feature"]);
    let request = seen(&scene, &["--event", "pull_request"]);
    assert_eq!(request["ref"], "refs/pull/1/merge");
    assert_eq!(
        (&request["base"], &request["head"]),
        (&"trunk".into(), &"feature".into())
    );
    assert_eq!(request["title"], "fix: (skip ci) x");
    assert_eq!(request["fork"], "false");
}

#[test]
fn a_detached_head_is_of_the_only_branch_that_is_there() {
    let scene = project();
    git(&scene.project, &["checkout", "--quiet", "--detach"]);
    assert_eq!(seen(&scene, &[])["ref"], "refs/heads/trunk");
    git(&scene.project, &["branch", "other"]);
    assert_eq!(seen(&scene, &[])["ref"], "refs/heads/detached");
    git(&scene.project, &["tag", "v1"]);
    assert_eq!(seen(&scene, &[])["ref"], "refs/tags/v1");
}

#[test]
fn a_dispatch_has_all_inputs_as_text() {
    let scene = project();
    let inputs = |arguments: &[&str]| {
        let text = seen(&scene, &[&["--event", "workflow_dispatch"], arguments].concat());
        serde_json::from_str::<Value>(text["inputs"].as_str().unwrap()).unwrap()
    };
    let expected = serde_json::json!({ "who": "ada", "count": "5" });
    assert_eq!(inputs(&["--input", "who=ada"]), expected);
    let file = scene.folder().join("event.json");
    fs::write(&file, r#"{"inputs":{"who":"ada"}}"#).unwrap();
    assert_eq!(inputs(&["--event-file", &file.to_string_lossy()]), expected);
    for (text, said) in [
        ("{\n  \"ref\": x\n}", "event.json:2:10: this is no JSON: unexpected `x`"),
        ("{", "event.json:1:2: this is no JSON: it ends too early"),
        ("[1]", "event.json:1:1: a payload is one JSON object, not a list"),
    ] {
        fs::write(&file, text).unwrap();
        let told = scene.lockgate(&[
            "plan",
            "--event",
            "workflow_dispatch",
            "--event-file",
            &file.to_string_lossy(),
        ]);
        told.expect(2)
            .says(&[said, "--event-file takes the payload of a webhook"]);
    }
}
