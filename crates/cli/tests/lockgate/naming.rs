//! Jobs that have one name are told apart where only words tell.

use std::fs;

use super::scene::{Scene, shop};

#[test]
fn legs_and_jobs_of_one_name_are_told_apart() {
    let scene = Scene::of("shop");
    shop::write(&scene.project, shop::BUILD);
    let file = ".github/workflows/named.yml";
    let workflow = "on: workflow_dispatch
jobs:
  legs:
    name: on ${{ github.ref_name }}
    runs-on: ubuntu-latest
    strategy: { fail-fast: false, matrix: { n: [1, 2] } }
    steps: [{ run: exit 1 }]
  twin:
    name: same
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
  other:
    name: same
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
  alone:
    name: all by itself
    runs-on: ubuntu-latest
    steps: [{ run: echo hello }]
";
    fs::write(scene.project.join(file), workflow).unwrap();
    let event = ["--workflow", file, "--event", "workflow_dispatch"];
    let plan = scene.lockgate(&[&["plan"], &event[..]].concat()).expect(0);
    plan.says(&["├─ on main (1)\n", "└─ on main (2)\n"]);
    let told = scene.lockgate(&[&["run", "--json"], &event[..]].concat()).expect(1);
    let told = told.says(&[
        "on main (1): started",
        "on main (2): started",
        "same (twin): success",
        "same (other): success",
        "all by itself: success",
        "all by itself | hello\n",
        "failed: on main (1) › Run exit 1",
    ]);
    let report = told.json();
    let jobs = report["runs"][0]["jobs"].as_array().unwrap();
    let names: Vec<&str> = jobs.iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["on main", "on main", "same", "same", "all by itself"],
        "as on GitHub"
    );
}

#[test]
fn what_goes_otherwise_is_told_before_and_while_it_runs() {
    let scene = Scene::of("shop");
    shop::write(&scene.project, shop::BUILD);
    let file = ".github/workflows/odd.yml";
    let workflow = "on: workflow_dispatch
concurrency: all
jobs:
  a:
    runs-on: ubuntu-latest
    concurrency: g
    env: { CLIENT: \"${{ fromJSON(secrets.NONE || '{}').id }}\" }
    steps:
      - name: Say ${{ fromJSON('{') }}
        run: echo said
        timeout-minutes: ${{ github.ref_name }}
  b:
    runs-on: ${{ vars.NOPE }}
    concurrency: G
    steps: [{ run: 'true' }]
";
    fs::write(scene.project.join(file), workflow).unwrap();
    let event = ["--workflow", file, "--event", "workflow_dispatch"];
    let foreseen = [
        "warning: .github/workflows/odd.yml: this version does not keep the concurrency group `all`",
        "`a` and `b` share the concurrency group `g`",
        "odd.yml:13:5: `runs-on` is empty, but it must be a label",
        "this looks into the secret `NONE`",
    ];
    scene
        .lockgate(&[&["plan"], &event[..]].concat())
        .expect(0)
        .says(&foreseen);
    let told = scene.lockgate(&[&["run"], &event[..]].concat()).expect(1);
    told.says(&foreseen).says(&[
        "warning: a › Say ${{ fromJSON('{') }}: `name` cannot be evaluated",
        "the step runs without a limit",
        "a | said\n",
        "a: success",
        "variables are given with `--var NAME=VALUE`",
    ]);
}

#[test]
fn several_workflows_are_told_each_and_only_those_with_a_job_that_is_asked_for_run() {
    let scene = Scene::of("shop");
    shop::write(&scene.project, shop::BUILD);
    let write = |name: &str, job: &str, script: &str| {
        let folder = scene.project.join(".github/workflows");
        let steps = format!("runs-on: ubuntu-latest\n    steps: [{{ run: {script} }}]\n");
        let text = format!("on: repository_dispatch\njobs:\n  {job}:\n    {steps}");
        fs::write(folder.join(name), text).unwrap();
    };
    write("a.yml", "breaks", "exit 1");
    write("b.yml", "works", "echo worked");
    let event = ["--event", "repository_dispatch"];
    scene.lockgate(&[&["run"], &event[..]].concat()).expect(1).says(&[
        ".github/workflows/a.yml: failure in",
        ".github/workflows/b.yml: success in",
        "\n2 workflows: .github/workflows/a.yml: failure, .github/workflows/b.yml: success\n",
    ]);
    let told = scene.lockgate(&[&["run", "--job", "works"], &event[..]].concat());
    let told = told.expect(0).says(&["worked"]);
    assert!(
        !told.err.contains("workflows:") && !told.err.contains("breaks"),
        "{}",
        told.err
    );
    scene
        .lockgate(&[&["plan", "--job", "works"], &event[..]].concat())
        .expect(0)
        .says(&[".github/workflows/a.yml: none of its jobs is asked for, only `works`"]);
    scene
        .lockgate(&[&["run", "--job", "nobody", "--job", "works"], &event[..]].concat())
        .expect(2)
        .says(&[
            "error: there is no job `nobody`; the jobs are\n",
            "\n  .github/workflows/a.yml: `breaks`\n  .github/workflows/b.yml: `works`\n",
        ]);
    scene
        .lockgate(&[&["run", "--job", "wroks"], &event[..]].concat())
        .expect(2)
        .says(&["help: did you mean `works`?"]);
}
