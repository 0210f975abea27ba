//! `lockgate check --strict` and `--fix`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const WORKFLOW: &str = "\
on: issues
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo \"New issue ${{ github.event.issue.title }}\"
";

/// Makes a project of one workflow.
fn project(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    fs::write(folder.path().join(".github/workflows/ci.yml"), text).unwrap();
    folder
}

fn workflow(folder: &Path) -> String {
    fs::read_to_string(folder.join(".github/workflows/ci.yml")).unwrap()
}

#[track_caller]
fn check(folder: &Path, arguments: &[&str], code: i32) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    output
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn what_is_certain_warns_and_everything_is_an_error_of_a_strict_check() {
    let project = project(WORKFLOW);
    let said = out(&check(project.path(), &[], 0));
    assert!(said.contains("warning[LG0201]") && !said.contains("LG0216"), "{said}");
    let said = out(&check(project.path(), &["--strict"], 2));
    assert!(
        said.contains("error[LG0201]") && said.contains("error[LG0216]"),
        "{said}"
    );
    assert!(said.ends_with("1 file: 2 errors, 0 warnings\n"), "{said}");
}

#[test]
fn safe_fixes_are_shown_and_written_once() {
    let project = project(WORKFLOW);
    let shown = out(&check(project.path(), &["--strict", "--fix", "--dry-run"], 2));
    assert!(
        shown.starts_with("--- a/.github/workflows/ci.yml\n+++ b/.github/workflows/ci.yml\n@@ "),
        "{shown}"
    );
    assert_eq!(workflow(project.path()), WORKFLOW);
    // What is told without `--strict` is a warning.
    check(project.path(), &["--fix", "--dry-run"], 0);

    // Without `--strict` only what is told is mended.
    let said = out(&check(project.path(), &["--fix"], 0));
    assert!(
        said.contains("+        run: echo \"New issue ${ISSUE_TITLE}\"\n"),
        "{said}"
    );
    assert!(!workflow(project.path()).contains("permissions"));
    let said = out(&check(project.path(), &["--strict", "--fix"], 0));
    assert!(
        said.contains("+permissions:\n+  contents: read\n") && said.ends_with("0 errors, 0 warnings\n"),
        "{said}"
    );
    let mended = workflow(project.path());
    assert!(
        mended.contains("        env:\n") || mended.contains("- env:\n"),
        "{mended}"
    );
    assert_eq!(
        out(&check(project.path(), &["--strict", "--fix"], 0)),
        "1 file: 0 errors, 0 warnings\n"
    );
    assert_eq!(workflow(project.path()), mended);
    assert_eq!(
        fs::read_dir(project.path().join(".github/workflows")).unwrap().count(),
        1
    );
}

#[test]
fn the_difference_is_one_that_other_programs_apply() {
    let project = project(WORKFLOW);
    let shown = check(project.path(), &["--strict", "--fix", "--dry-run"], 2).stdout;
    fs::write(project.path().join("fix.diff"), shown).unwrap();
    super::scene::fixture::git(project.path(), &["apply", "fix.diff"]);
    let applied = workflow(project.path());
    fs::write(project.path().join(".github/workflows/ci.yml"), WORKFLOW).unwrap();
    check(project.path(), &["--strict", "--fix"], 0);
    assert_eq!(workflow(project.path()), applied);
}

#[test]
fn a_document_on_stdout_stays_one() {
    let project = project(WORKFLOW);
    let output = check(project.path(), &["--strict", "--fix", "--json"], 0);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["diagnostics"].as_array().unwrap().len(), 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("+++ b/.github/workflows/ci.yml"));
}

#[test]
fn a_file_with_an_error_keeps_it_and_is_mended_all_the_same() {
    let project = project(&format!("{WORKFLOW}      - run: echo ${{{{ nothing.there }}}}\n"));
    let said = out(&check(project.path(), &["--fix"], 2));
    assert!(
        said.contains("LG0121") && said.contains("1 error, 0 warnings"),
        "{said}"
    );
    assert!(workflow(project.path()).contains("ISSUE_TITLE"));
    let broken = self::project("on: issues\njobs: [\n");
    check(broken.path(), &["--fix"], 2);
    assert_eq!(workflow(broken.path()), "on: issues\njobs: [\n");
}

#[test]
fn actions_of_the_repository_are_audited_where_a_workflow_reaches_them() {
    let text = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: \
                actions/checkout@08eba0b27e820071cde6df949e0beb9ba4906955\n      - uses: ./acts/greet\n        with: { who: me }\n";
    let project = project(text);
    fs::create_dir_all(project.path().join("acts/greet")).unwrap();
    let action = "name: greet\ninputs: { who: {} }\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: echo \"Hello ${{ \
                  inputs.who }}\"\n";
    fs::write(project.path().join("acts/greet/action.yml"), action).unwrap();
    let said = out(&check(project.path(), &["--strict"], 2));
    assert!(said.contains("acts/greet/action.yml:7:24"), "{said}");
    check(project.path(), &["--strict", "--fix"], 0);
    let mended = fs::read_to_string(project.path().join("acts/greet/action.yml")).unwrap();
    assert!(mended.contains("echo \"Hello ${INPUT_WHO}\""), "{mended}");
}

#[test]
fn combinations_that_mean_nothing_are_refused() {
    let project = project(WORKFLOW);
    check(project.path(), &["--dry-run"], 2);
    check(project.path(), &["--fix", "--watch"], 2);
    check(
        project.path(),
        &["--fix", "--stdin-name", ".github/workflows/ci.yml", "-"],
        2,
    );
    assert_eq!(workflow(project.path()), WORKFLOW);
}
