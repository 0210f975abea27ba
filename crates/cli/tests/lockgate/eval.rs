//! `lockgate eval`: values, kinds, and mistakes with their place and an excerpt.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const CONTEXTS: &str = r#"{
    "github": {"ref": "refs/heads/main", "event": {"labels": [{"name": "bug"}, {"name": "ui"}]}},
    "env": {"HOME": "/somewhere"},
    "secrets": {"TOKEN": "plain"},
    "job": {"status": "failure"}
}"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("contexts.json"), CONTEXTS).unwrap();
        Self(folder)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
        command.arg("eval").args(arguments).current_dir(self.0.path());
        command
    }

    fn eval(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Returns the JSON and the exit code for an expression in [`CONTEXTS`].
    fn json(&self, expression: &str) -> (Value, Option<i32>) {
        let output = self.eval(&["--contexts", "contexts.json", "--json", "--", expression]);
        let answer = serde_json::from_slice(&output.stdout).unwrap();
        (answer, output.status.code())
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_kind_of_value_is_told_as_json() {
    let folder = Folder::new();
    for (expression, kind, value) in [
        ("null", "Null", json!(null)),
        ("1 < 2", "Boolean", json!(true)),
        ("0x10", "Number", json!(16)),
        ("-0.5", "Number", json!(-0.5)),
        ("-0", "Number", json!(-0.0)),
        ("NaN", "Number", json!("NaN")),
        ("-Infinity", "Number", json!("-Infinity")),
        ("github.ref", "String", json!("refs/heads/main")),
        ("github.event.labels.*.name", "Array", json!(["bug", "ui"])),
        ("github.event.labels[1]", "Object", json!({"name": "ui"})),
        ("fromJSON('[1, 1e999]')", "Array", json!([1, "Infinity"])),
        ("", "Null", json!(null)),
        ("-1", "Number", json!(-1)),
        // A terminal is spared control characters, a program is not.
        ("'\u{7f}\u{85}\u{1}'", "String", json!("\u{7f}\u{85}\u{1}")),
    ] {
        let answer = (json!({"kind": kind, "value": value}), Some(0));
        assert_eq!(folder.json(expression), answer, "{expression}");
    }
}

#[test]
fn a_mistake_has_its_kind_and_its_place() {
    let folder = Folder::new();
    for (expression, kind, position) in [
        ("github.ref = 1", "lexing", 12),
        ("'ä' == 'b", "lexing", 8),
        ("githb.ref", "parsing", 1),
        ("'😀' && (1", "parsing", 9),
        ("contains('a')", "parsing", 1),
        ("format('{0}', fromJSON('x'))", "evaluation", 15),
        ("case(1, 2, 3)", "evaluation", 1),
        ("a ${{ 1 }} ${{ fromJSON('') }}", "evaluation", 16),
        ("${{ 1", "lexing", 1),
    ] {
        let (answer, code) = folder.json(expression);
        assert_eq!(code, Some(2), "{expression}: {answer}");
        assert_eq!(answer["error"]["kind"], kind, "{expression}: {answer}");
        assert_eq!(answer["error"]["position"], position, "{expression}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().len() > 10, "{answer}");
        assert_eq!(answer.as_object().unwrap().len(), 1);
    }
}

#[test]
fn the_contexts_are_those_of_the_file() {
    let folder = Folder::new();
    for (expression, expected) in [
        ("github.ref", "refs/heads/main"),
        ("GitHub.Event.labels[0].NAME", "bug"),
        ("needs.build.result", "null"),
        ("secrets.TOKEN == 'plain'", "true"),
        ("env.HOME", "/somewhere"),
        ("env.home", "null"),
        ("failure() && !success() && always()", "true"),
        ("hashFiles('nothing')", ""),
        ("on ${{ github.ref }}: ${{ 1 }}", "on refs/heads/main: 1"),
        ("${{ github.event.labels[1] }}", "{\n  \"name\": \"ui\"\n}"),
    ] {
        let output = folder.eval(&["--contexts", "contexts.json", "--", expression]);
        assert_eq!(stdout(&output).strip_suffix('\n'), Some(expected), "{expression}");
        assert!(output.status.success() && output.stderr.is_empty());
    }
    assert_eq!(stdout(&folder.eval(&["--", "github.ref == null"])), "true\n");
    assert_eq!(stdout(&folder.eval(&["--", "hashFiles('*.json') != ''"])), "true\n");
}

#[test]
fn a_file_of_contexts_that_is_none_is_refused() {
    let folder = Folder::new();
    for (text, told) in [
        ("[1]", "it holds one object"),
        ("{", "it ends too early"),
        ("{\"githb\": {}}", "did you mean `github`?"),
    ] {
        fs::write(folder.0.path().join("wrong.json"), text).unwrap();
        let output = folder.eval(&["--contexts", "wrong.json", "--", "1"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(told) && said.contains("wrong.json"), "{said}");
    }
}

#[test]
fn an_expression_comes_from_standard_input_too() {
    let folder = Folder::new();
    let mut child = folder
        .command(&["-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"format('{0}',\n 1)\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(stdout(&output), "1\n");
}

#[test]
fn each_line_of_a_file_has_its_answer_in_its_place() {
    let folder = Folder::new();
    let texts = [
        "github.ref",
        "\"1 ==\\n 1\"",
        "",
        "-1",
        "a ${{ env.HOME }}",
        "failure()",
        "\"a\" ${{ 1 }}",
        r#""\"${{ 1 }}\"""#,
    ];
    // More than one core has to do.
    let lines: Vec<&str> = texts.into_iter().cycle().take(1_000).collect();
    fs::write(folder.0.path().join("lines.txt"), lines.join("\r\n")).unwrap();
    let output = folder.eval(&["--contexts", "contexts.json", "--each", "lines.txt"]);
    assert!(output.status.success() && output.stderr.is_empty());
    let answers: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let values = [
        json!({"kind": "String", "value": "refs/heads/main"}),
        json!({"kind": "Boolean", "value": true}),
        json!({"kind": "Null", "value": null}),
        json!({"kind": "Number", "value": -1}),
        json!({"kind": "String", "value": "a /somewhere"}),
        json!({"kind": "Boolean", "value": true}),
        json!({"kind": "String", "value": "\"a\" 1"}),
        json!({"kind": "String", "value": "\"1\""}),
    ];
    let expected: Vec<Value> = values.into_iter().cycle().take(1_000).collect();
    assert_eq!(answers, expected);
}

#[test]
fn mistakes_among_many_are_told_in_their_lines_and_counted() {
    let folder = Folder::new();
    fs::write(folder.0.path().join("lines.txt"), "1\n\"x\n2 +\nfromJSON('x')\n").unwrap();
    let output = folder.eval(&["--each", "lines.txt"]);
    let expected = r#"{"kind":"Number","value":1}
{"error":{"kind":"lexing","message":"unexpected symbol `\"x`; strings stand in single quotes","position":1}}
{"error":{"kind":"lexing","message":"unexpected symbol `+`; expressions do not calculate","position":3}}
{"error":{"kind":"evaluation","message":"`fromJSON` was given a text that is no JSON: unexpected `x` at character 1","position":1}}
"#;
    assert_eq!(stdout(&output), expected);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "expressions without a value: 3 of 4\n"
    );

    for (arguments, told) in [
        (&["--each", "nothing.txt"][..], "cannot read `nothing.txt`"),
        (&["--each", "lines.txt", "--", "1"], "cannot be used with"),
        (&[], "<EXPR>"),
    ] {
        let output = folder.eval(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), output.stdout.is_empty()),
            (Some(2), true),
            "{said}"
        );
        assert!(said.contains(told), "{said}");
    }
}

/// Each file in `eval/` is a text and, behind `---`, what is drawn for it; `LOCKGATE_BLESS=1` writes that anew.
#[test]
fn mistakes_are_drawn() {
    let folder = Folder::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lockgate/eval");
    let mut paths: Vec<PathBuf> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        let (expression, expected) = text.split_once("\n---\n").unwrap();
        let output = folder.eval(&["--contexts", "contexts.json", "--", expression]);
        let drawn = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{}: {drawn}", path.display());
        assert!(output.stdout.is_empty());
        if std::env::var_os("LOCKGATE_BLESS").is_some() {
            fs::write(path, format!("{expression}\n---\n{drawn}")).unwrap();
        } else if drawn != expected {
            wrong.push(format!("{}:\n{drawn}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(paths.len() >= 20, "only {} files", paths.len());
}

/// A line `$ lockgate eval …` in the page is run by a shell; what follows up to the next one is what it prints.
#[test]
fn the_examples_of_the_page_are_true() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/eval.md")).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_lockgate"));
    let folder = tempfile::tempdir().unwrap();
    let contexts = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    fs::write(folder.path().join("contexts.json"), contexts).unwrap();
    let mut count = 0;
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for example in block.split("$ ").skip(1) {
            let (command, expected) = example.split_once('\n').unwrap();
            let path = format!(
                "{}:{}",
                binary.parent().unwrap().display(),
                std::env::var("PATH").unwrap()
            );
            let output = Command::new("bash")
                .args(["-c", &format!("{command} 2>&1")])
                .current_dir(folder.path())
                .env("PATH", path)
                .output()
                .unwrap();
            assert_eq!(stdout(&output), expected, "{command}");
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}
