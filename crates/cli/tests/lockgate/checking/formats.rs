//! SARIF and the annotations of GitHub Actions.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{BROKEN, Files, SOUND};
use crate::scene::disk::left_out;
use crate::scene::fixture::git;
use crate::scene::told::Told;

const ACTION: &str = "name: x\ndescription: y\nruns: { using: composite, steps: [{ run: make }] }\n";

/// A project in a folder of its repository, with mistakes in files of every kind, one of them reached.
fn project() -> Files {
    let files = Files::of(&[
        (
            "app/.github/workflows/a b.yml",
            &BROKEN.replace("run: make", "uses: ./acts/one"),
        ),
        ("app/.github/workflows/twice.yml", "on: push\njobs: { a: 1, a: 2 }\n"),
        ("app/acts/one/action.yml", ACTION),
        ("app/lockgate.yaml", "env: { a: ü, zwölf: \"\" }\nrun: ./a\n"),
    ]);
    git(&files.scene.project, &["init", "--quiet"]);
    files
}

#[track_caller]
fn log(told: &Told) -> Value {
    let log = told.json();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    log
}

/// Returns the results as `uri:line:column-line:column code level`.
fn places(log: &Value) -> Vec<String> {
    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        let at = |name: &str| place["region"][name].as_u64().unwrap();
        format!(
            "{}:{}:{}-{}:{} {} {}",
            place["artifactLocation"]["uri"].as_str().unwrap(),
            at("startLine"),
            at("startColumn"),
            at("endLine"),
            at("endColumn"),
            result["ruleId"].as_str().unwrap(),
            result["level"].as_str().unwrap()
        )
    };
    results.iter().map(place).collect()
}

#[test]
fn sarif_tells_everything_from_the_top_of_the_repository() {
    let files = project();
    let told = files.check_in("app", &["--format", "sarif"]).expect(2);
    let log = log(&told);
    let found = places(&log);
    for expected in [
        "app/.github/workflows/a%20b.yml:2:1-2:4 LG0111 error",
        "app/.github/workflows/twice.yml:2:15-2:16 LG0102 error",
        "app/acts/one/action.yml:3:37-3:40 LG0112 error",
        "app/lockgate.yaml:1:14-1:19 LG0114 error",
    ] {
        assert!(
            found.iter().any(|place| place == expected),
            "{expected} is not in {found:#?}"
        );
    }
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["exitCode"], 2);
    assert!(
        !told.out.contains(&*files.scene.project.to_string_lossy()),
        "a path of this machine"
    );
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(
            rule["help"]["markdown"]
                .as_str()
                .unwrap()
                .starts_with(&format!("# {}", rule["id"].as_str().unwrap()))
        );
        let base = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"];
        assert!(run["originalUriBaseIds"][base.as_str().unwrap()].is_object());
    }
    let twice = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|result| result["ruleId"] == "LG0102");
    let related = &twice.unwrap()["relatedLocations"][0];
    assert_eq!(related["physicalLocation"]["region"]["startColumn"], 9, "{related:#}");
}

#[test]
fn a_moved_mistake_has_the_same_fingerprint() {
    let files = project();
    let prints = |files: &Files| {
        let log = log(&files.check_in("app", &["--format", "sarif"]).expect(2));
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let mut prints: Vec<String> = results
            .iter()
            .map(|result| result["partialFingerprints"].to_string())
            .collect();
        prints.sort();
        prints
    };
    let before = prints(&files);
    let path = "app/.github/workflows/a b.yml";
    let text = fs::read_to_string(files.path(path)).unwrap();
    files.write(path, &format!("# one\n# more\n\n{text}"));
    assert_eq!(prints(&files), before);
    files.write(path, &text.replace("job: {}", "jbo: {}"));
    assert_ne!(prints(&files), before);
}

#[test]
fn a_file_gets_the_document_and_people_read_on() {
    let files = project();
    let told = files
        .check_in("app", &["--format", "sarif", "--output", "../out.sarif"])
        .expect(2);
    assert!(
        told.out.contains("error[LG0111]") && told.out.contains("3 files: "),
        "{told}"
    );
    let written: Value = serde_json::from_str(&fs::read_to_string(files.path("out.sarif")).unwrap()).unwrap();
    assert!(places(&written).len() > 3);
    files
        .check_in("app", &["--output", "x"])
        .expect(2)
        .says(&["add `--format json`"]);
    files
        .check_in("app", &["--format", "sarif", "--output", "nowhere/x"])
        .expect(2)
        .says(&["write `./nowhere/x`"]);
    files
        .check_in("app", &["--format", "json", "--json"])
        .expect(2)
        .says(&["cannot be used with"]);
}

#[test]
fn github_gets_annotations_and_in_a_job_without_being_asked() {
    let files = project();
    let expected = "::error file=app/.github/workflows/a b.yml,line=2,endLine=2,col=1,endColumn=4,title=LG0111%3A An \
                    unknown key::a workflow has no key `job`%0Ahelp: did you mean `jobs`?\n";
    let told = files.check_in("app", &["--format", "github"]).expect(2);
    assert!(told.out.contains(expected), "{told}");
    assert!(
        told.out
            .lines()
            .all(|line| line.starts_with("::error ") || line.starts_with("::warning ")),
        "{told}"
    );

    let mut in_job = files.command(&[]);
    in_job.current_dir(files.path("app")).env("GITHUB_ACTIONS", "true");
    let told = Told::of(in_job).expect(2);
    let drawn = told.out.find("error[LG0111]").unwrap();
    assert!(drawn < told.out.find(expected).unwrap(), "{told}");

    let mut chosen = files.command(&["--format", "human"]);
    chosen.current_dir(files.path("app")).env("GITHUB_ACTIONS", "true");
    assert!(!Told::of(chosen).expect(2).out.contains("::error"));
    assert!(!files.check_in("app", &[]).expect(2).out.contains("::error"));
}

#[test]
fn what_this_version_cannot_do_comes_last_among_annotations() {
    let text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: a\n    \
                steps: [{ run: 'true', shell: bsh }]\n";
    let files = Files::of(&[(".github/workflows/a.yml", text)]);
    let told = files.check(&["--format", "github"]).expect(0);
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].contains("LG0114"), "{told}");
    assert!(lines[1].contains("LG0161") && lines.len() == 2, "{told}");
}

#[test]
fn what_is_sound_is_an_empty_log() {
    let files = Files::of(&[(".github/workflows/a.yml", SOUND)]);
    let told = files.check(&["--format", "sarif"]).expect(0);
    let log = log(&told);
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(log["runs"][0]["invocations"][0]["exitCode"], 0);
    assert_eq!(files.check(&["--format", "github"]).expect(0).out, "");
}

#[test]
fn sarif_is_as_its_standard_says() {
    let Some(schema) = official_schema() else { return };
    // The only pattern of the schema that is no regular expression of Unicode: it has a bracket too many.
    let text = fs::read_to_string(schema)
        .unwrap()
        .replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    assert!(
        !validator.is_valid(&serde_json::json!({ "version": "2.1.0" })),
        "the schema says nothing"
    );
    let files = project();
    for arguments in [
        &["--format", "sarif"][..],
        &["--format", "sarif", ".github/workflows/twice.yml"],
    ] {
        let log = files.check_in("app", arguments).expect(2).json();
        let wrong: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}\nin {log:#}");
    }
}

/// The package that carries the schema of the standard.
const CARRIER: &str = "[package]\nname = \"carrier\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[lib]\npath = \"lib.rs\"\n[dependencies]\nserde-sarif = \"=0.8.0\"\n";

/// Returns the official JSON Schema, out of a package that has it; where it cannot be had, that is noted.
#[track_caller]
fn official_schema() -> Option<PathBuf> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), CARRIER).unwrap();
    fs::write(folder.path().join("lib.rs"), "").unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " ");
        let line = format!("SARIF compared with its schema: no package that has it: {why}");
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{line}");
        left_out(&line);
        return None;
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let carrier = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .unwrap();
    let manifest = PathBuf::from(carrier["manifest_path"].as_str().unwrap());
    Some(manifest.with_file_name("src").join("schema.json"))
}
