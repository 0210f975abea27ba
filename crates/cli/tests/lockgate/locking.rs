//! `lockgate lock`: versions are recorded from real repositories, and a tag that was moved is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::scene::fixture::git;

/// A project, and the repositories of the actions that it uses.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(stage.project().join(".github/workflows")).unwrap();
        fs::create_dir_all(stage.work()).unwrap();
        git(&stage.work(), &["init", "--quiet", "--initial-branch", "main"]);
        git(&stage.work(), &["commit", "--quiet", "--allow-empty", "-m", "one"]);
        let remote = stage.remote();
        git(
            stage.folder.path(),
            &["init", "--quiet", "--bare", remote.to_str().unwrap()],
        );
        stage
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn remote(&self) -> PathBuf {
        self.folder.path().join("mirror/octo/tool.git")
    }

    fn uses(&self, versions: &[&str]) {
        let steps: Vec<String> = versions
            .iter()
            .map(|version| format!("      - uses: {version}"))
            .collect();
        let steps = steps.join("\n");
        let text =
            format!("on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}\n");
        fs::write(self.project().join(".github/workflows/ci.yml"), text).unwrap();
    }

    /// Makes a commit, gives it names, and publishes them; returns the commit.
    fn publish(&self, tag: &[&str], branch: &str) -> String {
        git(&self.work(), &["commit", "--quiet", "--allow-empty", "-m", "next"]);
        git(&self.work(), &[&["tag", "--force"], tag].concat());
        let remote = self.remote();
        let branch = format!("HEAD:refs/heads/{branch}");
        git(
            &self.work(),
            &[
                "push",
                "--quiet",
                "--force",
                "--tags",
                remote.to_str().unwrap(),
                &branch,
            ],
        );
        git(&self.work(), &["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn lockgate(&self, arguments: &[&str], code: i32) -> String {
        let mirror = self.folder.path().join("mirror");
        let output = lockgate(&self.project(), arguments, mirror.to_str().unwrap());
        let told = told(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        told
    }

    fn recorded(&self) -> String {
        fs::read_to_string(self.project().join("lockgate.lock")).unwrap_or_default()
    }
}

fn lockgate(folder: &Path, arguments: &[&str], mirror: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(arguments)
        .current_dir(folder)
        .env("LOCKGATE_ACTIONS_URL", mirror)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat()
}

#[test]
fn a_moved_tag_is_refused_until_somebody_takes_it_over() {
    let stage = Stage::new();
    let first = stage.publish(&["-a", "v1", "-m", "annotated"], "main");
    stage.uses(&["octo/tool@v1", "octo/tool/folder@main", "octo/tool@v1", "./own"]);
    let said = stage.lockgate(&["check", "--strict"], 2);
    assert!(
        said.contains("error[LG0207]") && said.contains("error[LG0206]"),
        "{said}"
    );

    let said = stage.lockgate(&["lock"], 0);
    assert!(
        said.contains("+ octo/tool@v1") && said.contains("written, 2 versions"),
        "{said}"
    );
    let tree = git(&stage.work(), &["rev-parse", "HEAD^{tree}"]);
    let recorded = stage.recorded();
    for line in [
        "ref: refs/tags/v1",
        "ref: refs/heads/main",
        &format!("commit: {first}"),
        &format!("tree: {}", tree.trim()),
    ] {
        assert!(recorded.contains(line), "{line} in {recorded}");
    }
    let said = stage.lockgate(&["check", "--strict"], 2);
    assert!(
        !said.contains("LG0206") && !said.contains("LG0207"),
        "only `./own` is missing: {said}"
    );
    stage.lockgate(&["lock", "--check"], 0);

    let second = stage.publish(&["v1"], "other");
    let said = stage.lockgate(&["lock", "--check"], 3);
    for words in [
        "error[LG0213]",
        "`octo/tool@v1` is another commit now",
        &first,
        &second,
        "lockgate lock --update octo/tool@v1",
        "2 asked for, 1 moved, 0 gone",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let said = stage.lockgate(&["lock"], 0);
    assert!(said.contains("nothing to change"), "what is recorded stays: {said}");
    assert_eq!(stage.recorded(), recorded);
    let explained = recorded.replace("    commit: ", "\n    # reviewed\n    commit:   ");
    fs::write(stage.project().join("lockgate.lock"), &explained).unwrap();
    stage.lockgate(&["lock"], 0);
    assert_eq!(stage.recorded(), explained, "what records the same is not written");

    stage.lockgate(&["lock", "--update", "Octo/TOOL@v1"], 0);
    assert_eq!(stage.recorded().matches("    # reviewed\n    commit: ").count(), 2);
    assert!(
        stage.recorded().contains(&second) && stage.recorded().contains(&first),
        "{}",
        stage.recorded()
    );
    stage.lockgate(&["lock", "--check"], 0);
    git(&stage.remote(), &["tag", "--delete", "v1"]);
    let said = stage.lockgate(&["lock", "--check"], 3);
    for words in ["`octo/tool@v1` is not there any more", "2 asked for, 0 moved, 1 gone"] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn the_file_follows_what_is_used() {
    let stage = Stage::new();
    stage.publish(&["v1"], "main");
    let said = stage.lockgate(&["lock"], 2);
    assert!(said.contains("there are no workflows"), "{said}");
    stage.uses(&["octo/tool@v1"]);
    stage.lockgate(&["lock"], 0);
    stage.uses(&["octo/tool@main"]);
    let said = stage.lockgate(&["check", "--strict"], 2);
    assert!(
        said.contains("error[LG0211]: `octo/tool@main` is not in `lockgate.lock`"),
        "{said}"
    );
    assert!(
        said.contains("warning[LG0212]: nothing uses `octo/tool@v1` any more"),
        "{said}"
    );
    let said = stage.lockgate(&["lock", "--check"], 2);
    assert!(
        said.contains("error[LG0211]") && said.contains("warning[LG0212]"),
        "{said}"
    );
    let said = stage.lockgate(&["lock"], 0);
    assert!(
        said.contains("- octo/tool@v1") && said.contains("+ octo/tool@main"),
        "{said}"
    );
    assert!(!stage.lockgate(&["check", "--strict"], 0).contains("LG02"));
}

#[test]
fn what_cannot_be_asked_is_told_and_nothing_is_written() {
    let stage = Stage::new();
    stage.publish(&["v1"], "main");
    stage.uses(&["octo/tool@v2"]);
    let said = stage.lockgate(&["lock"], 2);
    assert!(
        said.contains("ci.yml:7:15: `octo/tool` has no tag and no branch `v2`"),
        "{said}"
    );
    assert!(said.contains("did you mean `v1`?"), "{said}");
    stage.uses(&["octo/none@v1"]);
    let said = stage.lockgate(&["lock"], 2);
    assert!(
        said.contains("octo/none") && said.contains("no repository that can be read"),
        "{said}"
    );
    let said = stage.lockgate(&["lock", "--update", "octo/other"], 2);
    assert!(
        said.contains("uses `octo/other`") && said.contains("`octo/none@v1`"),
        "{said}"
    );

    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let output = lockgate(&stage.project(), &["lock"], &format!("http://127.0.0.1:{port}"));
    assert_eq!(output.status.code(), Some(5), "{}", told(&output));
    assert!(told(&output).contains("nothing is changed"), "{}", told(&output));
    assert_eq!(stage.recorded(), "");

    fs::write(
        stage.project().join("lockgate.lock"),
        "version: 1\nactions:\n  octo/none@v1: { commit: v1 }\n",
    )
    .unwrap();
    let said = stage.lockgate(&["lock"], 2);
    assert!(said.contains("error[LG0210]"), "{said}");
}

/// Publishes `v1`, records it, and moves it; returns what is recorded.
fn recorded_and_moved(stage: &Stage, versions: &[&str]) -> String {
    stage.publish(&["v1"], "main");
    stage.uses(versions);
    stage.lockgate(&["lock"], 0);
    let recorded = stage.recorded();
    assert!(recorded.contains("octo/tool@v1"), "{recorded}");
    stage.publish(&["v1"], "other");
    stage.lockgate(&["lock", "--check"], 3);
    recorded
}

#[test]
fn a_file_that_cannot_be_read_lets_no_moved_tag_in() {
    let stage = Stage::new();
    let recorded = recorded_and_moved(&stage, &["octo/tool@v1"]);
    let workflow = stage.project().join(".github/workflows/ci.yml");
    let whole = fs::read_to_string(&workflow).unwrap();
    fs::write(&workflow, whole.replace("runs-on: ubuntu-latest", "runs-on: [ubuntu")).unwrap();
    let said = stage.lockgate(&["lock"], 2);
    assert!(
        said.contains("ci.yml:") && said.contains("nothing is changed"),
        "{said}"
    );
    assert_eq!(stage.recorded(), recorded);
    let said = stage.lockgate(&["lock", "--check"], 3);
    assert!(said.contains("LG0213") && !said.contains("LG0212"), "{said}");
    let said = stage.lockgate(&["check", "--strict"], 2);
    assert!(said.contains("LG0101") && !said.contains("LG0212"), "{said}");

    // YAML, but no workflow: the step is below a key that there is not.
    fs::write(&workflow, whole.replace("steps:", "step:")).unwrap();
    let said = stage.lockgate(&["lock"], 0);
    assert!(
        said.contains("= octo/tool@v1  kept") && said.contains("ci.yml:"),
        "{said}"
    );
    assert_eq!(stage.recorded(), recorded);

    fs::write(&workflow, whole).unwrap();
    stage.lockgate(&["lock"], 0);
    assert_eq!(stage.recorded(), recorded);
    stage.lockgate(&["lock", "--check"], 3);
}

#[test]
fn an_action_that_cannot_be_read_lets_no_moved_tag_in() {
    let stage = Stage::new();
    let action = stage.project().join("own/action.yml");
    let whole = "name: a\ndescription: b\nruns:\n  using: composite\n  steps:\n    - uses: octo/tool@v1\n";
    fs::create_dir_all(action.parent().unwrap()).unwrap();
    fs::write(&action, whole).unwrap();
    let recorded = recorded_and_moved(&stage, &["./own"]);
    fs::write(&action, format!("{whole}  steps: [\n")).unwrap();
    let said = stage.lockgate(&["lock"], 2);
    assert!(
        said.contains("own/action.yml:") && said.contains("nothing is changed"),
        "{said}"
    );
    fs::remove_file(&action).unwrap();
    let said = stage.lockgate(&["lock"], 0);
    assert!(
        said.contains("= octo/tool@v1  kept") && said.contains("there is no `own/action.yml`"),
        "{said}"
    );
    assert_eq!(stage.recorded(), recorded);
    fs::write(&action, whole).unwrap();
    stage.lockgate(&["lock"], 0);
    assert_eq!(stage.recorded(), recorded);
}

#[test]
fn a_workflow_of_the_name_of_an_action_is_a_workflow() {
    let stage = Stage::new();
    let version = stage.publish(&["v1"], "main");
    stage.uses(&["./own"]);
    let folder = stage.project().join(".github/workflows");
    fs::rename(folder.join("ci.yml"), folder.join("action.yml")).unwrap();
    fs::create_dir_all(stage.project().join("own")).unwrap();
    let own = "name: a\ndescription: b\nruns: { using: composite, steps: [{ uses: octo/tool@v1 }] }\n";
    fs::write(stage.project().join("own/action.yml"), own).unwrap();
    let said = stage.lockgate(&["check"], 0);
    assert!(
        said.contains("0 errors, 1 warning"),
        "only the remote action is told: {said}"
    );
    stage.lockgate(&["lock"], 0);
    assert!(stage.recorded().contains(&version), "{}", stage.recorded());
}
