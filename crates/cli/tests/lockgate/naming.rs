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
    name: alone
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
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
        "alone: success",
        "failed: on main (1) › Run exit 1",
    ]);
    let report = told.json();
    let jobs = report["runs"][0]["jobs"].as_array().unwrap();
    let names: Vec<&str> = jobs.iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["on main", "on main", "same", "same", "alone"], "as on GitHub");
}
