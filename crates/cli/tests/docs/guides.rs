//! The guides are followed, command by command.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::page::{Page, files_in};
use crate::scene::Scene;
use crate::scene::fixture::{git, release};

/// What a reader has who follows a guide: its files, a server, a repository.
struct Reader {
    scene: Scene,
    page: Page,
}

impl Reader {
    fn of(guide: &str) -> Self {
        let reader = Self {
            scene: Scene::as_it_is(),
            page: Page::read(&format!("guides/{guide}.md")),
        };
        let folder = reader.folder();
        fs::create_dir_all(&folder).unwrap();
        git(&folder, &["init", "--quiet", "--initial-branch", "main"]);
        fs::write(folder.join("VERSION"), "v1\n").unwrap();
        for block in reader.page.blocks("yaml") {
            for (name, text) in files_in(block.file(), &block.text) {
                let path = folder.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }
        git(&folder, &["add", "."]);
        git(&folder, &["commit", "--quiet", "--message", "Begin"]);
        reader
    }

    fn with_server(self) -> Self {
        fs::copy(release("v1"), self.folder().join("server")).unwrap();
        self
    }

    fn folder(&self) -> std::path::PathBuf {
        self.scene.folder().join("guide")
    }

    /// Runs all commands of the guide in one shell and returns what they printed.
    #[track_caller]
    fn follow(&self) -> String {
        let blocks = self.page.blocks("sh");
        let script: String = blocks.iter().map(|block| block.text.as_str()).collect();
        let program = Path::new(env!("CARGO_BIN_EXE_lockgate")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\nset -euxo pipefail\n{script}")])
            .current_dir(self.folder())
            .env("PATH", path)
            .env("LOCKGATE_HOME", &self.scene.home)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}:\n{told}", self.page.path.display());
        told
    }
}

/// Fails unless all of these are said, in this order.
#[track_caller]
fn says(told: &str, expected: &[&str]) {
    let mut rest = told;
    for words in expected {
        let found = rest.find(words);
        assert!(found.is_some(), "`{words}` is not said in its place:\n{told}");
        rest = &rest[found.unwrap() + words.len()..];
    }
}

#[test]
fn a_workflow_is_run() {
    let told = Reader::of("run-a-workflow").follow();
    says(
        &told,
        &[
            "0 errors",
            "`github.ref == 'refs/heads/release'` is false: github.ref is 'refs/heads/main'",
            "ci: success",
            "only `test` was asked for",
            "testing one of v1",
            "ci: success",
            "checks (links) / read: success",
            "told: success",
            "only `checks / read` was asked for",
        ],
    );
}

#[test]
fn a_first_deploy_and_back() {
    let told = Reader::of("first-deploy").with_server().follow();
    says(
        &told,
        &[
            "where nothing serves yet",
            "production: v1 (r1) serves at http://127.0.0.1:",
            "doc-server v1 listens on",
            "production: v2 (r2) serves at http://127.0.0.1:",
            "r2 passed its soak",
            "production: v1 (r1) serves at http://127.0.0.1:",
            "stopped the supervisor",
        ],
    );
}

#[test]
fn a_bad_release_goes_back() {
    let told = Reader::of("when-it-rolls-back").with_server().follow();
    says(
        &told,
        &[
            "production: v1 (r1) serves",
            "exit code 3",
            "the last is: no configuration",
            "r2 was rolled back, r1 serves",
            "paused: v2 (r2) was rolled back",
        ],
    );
}

#[test]
fn the_processes_start_and_stop() {
    let told = Reader::of("processes-and-state").follow();
    says(&told, &["supervisor  running", "\"driver\"", "stopped the driver"]);
}

#[test]
fn a_workflow_is_made_safe() {
    let reader = Reader::of("security");
    let told = reader.follow();
    says(
        &told,
        &[
            "warning[LG0201]",
            "error[LG0216]",
            "refused",
            "# LG0201: ",
            "+++ b/.github/workflows/refused.yml",
            "0 errors, 0 warnings",
        ],
    );
    let read = |name: &str| fs::read_to_string(reader.folder().join(".github/workflows").join(name)).unwrap();
    let below_its_name = |text: String| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(below_its_name(read("refused.yml")), below_its_name(read("greet.yml")));
}
