//! `lockgate check` as programs use it: files of every kind, formats, standard input.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::scene::Scene;
use super::scene::told::Told;

mod formats;
mod matcher;
mod watching;

/// A workflow with one error in line 2 and one warning in line 6.
const BROKEN: &str = "\
on: push
job: {}
jobs:
  a:
    runs-on: ubuntu-latest
    if: ${{ github.reff }} is set
    steps: [{ run: make }]
";

const SOUND: &str = "on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: make }] } }\n";

/// A project with files, and no repository unless one is made.
struct Files {
    scene: Scene,
}

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        let files_of = Self {
            scene: Scene::of("project"),
        };
        fs::create_dir_all(&files_of.scene.project).unwrap();
        for (path, text) in files {
            files_of.write(path, text);
        }
        files_of
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.scene.project.join(path)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.scene.command(&[&["check"], arguments].concat());
        command.env_remove("GITHUB_ACTIONS");
        command
    }

    #[track_caller]
    fn check(&self, arguments: &[&str]) -> Told {
        Told::of(self.command(arguments))
    }

    #[track_caller]
    fn check_in(&self, folder: &str, arguments: &[&str]) -> Told {
        let mut command = self.command(arguments);
        command.current_dir(self.path(folder));
        Told::of(command)
    }

    /// Checks with a text on standard input.
    #[track_caller]
    fn given(&self, text: &str, arguments: &[&str]) -> Told {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut command = self.command(arguments);
        command.stdin(Stdio::from(file));
        Told::of(command)
    }
}

/// Returns the files that mistakes were found in, in order.
#[track_caller]
fn files_in(told: &Told) -> Vec<String> {
    let report = told.json();
    let rows = report["diagnostics"].as_array().unwrap();
    let mut files: Vec<String> = rows
        .iter()
        .map(|row| row["file"].as_str().unwrap().to_owned())
        .collect();
    files.dedup();
    files
}

#[test]
fn what_is_in_its_place_is_checked_and_nothing_else() {
    let files = Files::of(&[
        (".github/workflows/a.yml", BROKEN),
        (".github/workflows/b.yaml", SOUND),
        (".github/dependabot.yml", "version: 2\n"),
        ("compose.yml", "services: {}\n"),
        ("action.yml", "nam: x\n"),
        ("lockgate.yaml", "runn: x\n"),
    ]);
    let told = files.check(&["--json"]).expect(2);
    assert_eq!(
        files_in(&told),
        [".github/workflows/a.yml", "action.yml", "lockgate.yaml"]
    );
    assert_eq!(told.json()["files"], 4);
    for folder in [".", ".github", ".github/workflows"] {
        let told = files.check(&["--json", folder]).expect(2);
        assert_eq!(files_in(&told)[0], ".github/workflows/a.yml", "{folder}");
    }
    files
        .check(&[".github/workflows/b.yaml"])
        .expect(0)
        .says(&["1 file: 0 errors, 0 warnings"]);
}

#[test]
fn a_file_that_cannot_be_read_keeps_nobody_from_the_others() {
    let files = Files::of(&[
        ("a.yml", BROKEN),
        ("b.yml", SOUND),
        ("notes.txt", "x\n"),
        ("compose.yml", "services: {}\n"),
    ]);
    let all = ["a.yml", "missing.yml", "notes.txt", "compose.yml", "b.yml"];
    let told = files.check(&all).expect(2);
    let refused = [
        "read `./missing.yml`",
        "`./notes.txt` is neither",
        "`./compose.yml` is neither",
    ];
    for words in refused {
        assert!(told.err.contains(words), "{words}: {told}");
    }
    told.says(&["a.yml:2:1", "2 files: 1 error, 2 warnings"]);
    let told = files.check(&[&all[1..], &["--json"]].concat()).expect(2);
    let report = told.json();
    assert_eq!(
        (&report["files"], report["refused"].as_array().unwrap().len()),
        (&Value::from(1), 3),
        "{told}"
    );
    let told = files.check(&[&all[1..], &["--format", "sarif"]].concat()).expect(2);
    let invocation = &told.json()["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), 3);
    let told = files.check(&["b.yml", "--json"]).expect(0);
    assert!(told.json().get("refused").is_none(), "{told}");
    files.check(&["missing.yml"]).expect(2).says(&["read `./missing.yml`"]);
}

#[test]
fn a_file_is_told_by_its_name_or_by_its_keys_and_what_is_neither_is_refused() {
    let files = Files::of(&[
        ("README.md", "# x\n"),
        ("compose.yml", "services:\n  db: {}\n"),
        ("draft.yml", BROKEN),
        (
            "acts/one.yml",
            "name: x\ndescription: y\nruns:\n  using: composite\n  steps: [{ run: make }]\n",
        ),
        ("lockgate.yml", "run: ./a\n"),
    ]);
    for path in ["README.md", "compose.yml"] {
        let said = format!("`./{path}` is neither a workflow, nor an action, nor a lockgate.yaml");
        files.check(&[path]).expect(2).says(&[&said, "help: checked are"]);
    }
    files
        .check(&["lockgate.yml"])
        .expect(2)
        .says(&["name it lockgate.yaml"]);
    files
        .check(&["draft.yml"])
        .expect(2)
        .says(&["a workflow has no key `job`"]);
    files.check(&["acts/one.yml"]).expect(2).says(&["`shell`"]);
    for path in ["nowhere.yml", "nowhere.txt", "nowhere"] {
        let said = format!("cannot read `./{path}`");
        files.check(&[path]).expect(2).says(&[&said, "No such file"]);
    }
    files.check(&["acts"]).expect(2).says(&["`shell`"]);
    files.write(".github/workflows/action.yml", SOUND);
    files.check_in(".github/workflows", &["action.yml"]).expect(0);
    files.check_in(".github", &["workflows"]).expect(0);
    files.check_in(".github", &["workflows/action.yml"]).expect(0);
    fs::create_dir(files.path("empty")).unwrap();
    files.check(&["empty"]).expect(2).says(&["holds no workflow files"]);
}

#[test]
fn the_text_of_a_buffer_is_checked_as_the_file_that_it_will_be() {
    let files = Files::of(&[
        (".github/workflows/a.yml", SOUND),
        (
            "acts/one/action.yml",
            "name: x\ndescription: y\nruns: { using: composite, steps: [{ run: make }] }\n",
        ),
    ]);
    let name = "--stdin-name=.github/workflows/a.yml";
    files.given(SOUND, &["-", name]).expect(0);
    let told = files.given(BROKEN, &["-", name, "--json"]).expect(2);
    assert_eq!(files_in(&told), [".github/workflows/a.yml"]);
    let uses = SOUND.replace("run: make", "uses: ./acts/one");
    let told = files.given(&uses, &["-", name, "--json"]).expect(2);
    assert_eq!(files_in(&told), ["acts/one/action.yml"]);
    files
        .given("runn: x\n", &["-", "--stdin-name", "new/lockgate.yaml"])
        .expect(2)
        .says(&["lockgate.yaml has no key `runn`"]);
    files.given(SOUND, &["-"]).expect(2).says(&["--stdin-name PATH"]);
    files
        .check(&["--stdin-name", "a.yml"])
        .expect(2)
        .says(&["give `-` as the file"]);
    files
        .check(&["-", "--stdin-name", "a.yml", "--watch"])
        .expect(2)
        .says(&["cannot be watched"]);
    let mut bytes = files.command(&["-", name, "--json"]);
    bytes.stdin(Stdio::from(fs::File::open("/dev/null").unwrap()));
    let told = Told::of(bytes).expect(2);
    assert_eq!(told.json()["diagnostics"][0]["code"], "LG0105");
}

#[test]
fn many_files_are_told_in_the_order_given() {
    let files = Files::of(&[]);
    let names: Vec<String> = (0..60).map(|number| format!("w/{number}.yml")).collect();
    for name in &names {
        files.write(name, BROKEN);
    }
    let mut arguments = vec!["--json"];
    arguments.extend(names.iter().map(String::as_str));
    let told = files.check(&arguments).expect(2);
    assert_eq!(files_in(&told), names);
    arguments.extend(["w/0.yml", "w/59.yml"]);
    let again = files.check(&arguments).expect(2);
    assert_eq!(
        again.json()["diagnostics"],
        told.json()["diagnostics"],
        "each is told once"
    );
}

#[test]
fn all_that_is_wrong_with_a_called_file_is_told_at_once() {
    let called =
        "on: push\njobs: { a: { runs-on: ubuntu-latest, permissions: { contents: write }, steps: [{ run: make }] } }\n";
    let calling = "on: push\npermissions: { contents: read }\njobs: { a: { uses: ./.github/workflows/b.yml } }\n";
    let files = Files::of(&[
        (".github/workflows/a.yml", calling),
        (".github/workflows/b.yml", called),
    ]);
    for arguments in [&[][..], &[".github/workflows/a.yml"]] {
        files.check(arguments).expect(2).says(&["LG0182", "LG0188"]);
    }
}

#[test]
fn no_program_is_started_for_files_that_need_none() {
    let files = Files::of(&[(".github/workflows/a.yml", SOUND), ("lockgate.yaml", "run: ./server\n")]);
    super::scene::fixture::git(&files.scene.project, &["init", "--quiet"]);
    // Whatever would be started is not there.

    let program = Path::new(env!("CARGO_BIN_EXE_lockgate"));
    let mut direct = Command::new(program);
    direct
        .arg("check")
        .current_dir(&files.scene.project)
        .env("PATH", "/nonexistent")
        .env_remove("GITHUB_ACTIONS");
    Told::of(direct).expect(0).says(&["2 files: 0 errors"]);
}

#[test]
fn the_schema_is_the_golden_one() {
    let files = Files::of(&[]);
    let told = files.scene.lockgate(&["schema"]).expect(0);
    let golden = super::scene::fixture::repository().join("docs/reference/lockgate.schema.json");
    assert_eq!(told.out, fs::read_to_string(golden).unwrap());
    let schema: Value = told.json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
