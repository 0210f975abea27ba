//! The task of the guide about editors finds the mistakes in what is really printed.

use std::fs;

use regex::Regex;
use serde_json::Value;

use super::{BROKEN, Files};
use crate::scene::fixture::repository;

/// Returns the tasks of the guide.
fn tasks() -> Value {
    let guide = fs::read_to_string(repository().join("docs/guides/editor.md")).unwrap();
    let (_, block) = guide.split_once("```json\n// .vscode/tasks.json\n").unwrap();
    serde_json::from_str(block.split_once("```").unwrap().0).unwrap()
}

/// Returns the problems that an editor would find: file, line, column, severity, code and message.
fn problems(matcher: &Value, told: &str) -> Vec<[String; 6]> {
    let pattern = matcher["pattern"].as_array().unwrap();
    let expressions: Vec<Regex> = pattern
        .iter()
        .map(|line| Regex::new(line["regexp"].as_str().unwrap()).unwrap())
        .collect();
    let lines: Vec<&str> = told.lines().collect();
    let mut found = Vec::new();
    for window in lines.windows(expressions.len()) {
        let matches: Option<Vec<_>> = window
            .iter()
            .zip(&expressions)
            .map(|(line, regex)| regex.captures(line))
            .collect();
        let Some(matches) = matches else { continue };
        let part = |name: &str| {
            let place = pattern
                .iter()
                .zip(&matches)
                .find_map(|(line, captured)| Some((line[name].as_u64()?, captured)));
            let (group, captured) = place.unwrap();
            captured[usize::try_from(group).unwrap()].to_owned()
        };
        found.push(["file", "line", "column", "severity", "code", "message"].map(part));
    }
    found
}

#[test]
fn the_matcher_finds_every_mistake() {
    let tasks = tasks();
    let files = Files::of(&[
        (".github/workflows/a.yml", BROKEN),
        ("lockgate.yaml", "run: ./a\ninstances: 0\n"),
    ]);
    let told = files.check(&[]).expect(2);
    let report = files.check(&["--json"]).expect(2).json();
    let rows = report["diagnostics"].as_array().unwrap();
    assert!(rows.len() >= 3, "{report:#}");
    let text = |row: &Value, name: &str| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned);
    let expected: Vec<[String; 6]> = rows
        .iter()
        .map(|row| ["file", "line", "column", "severity", "code", "message"].map(|name| text(row, name)))
        .collect();
    for task in tasks["tasks"].as_array().unwrap() {
        assert_eq!(problems(&task["problemMatcher"], &told.out), expected, "{task:#}");
    }
}

#[test]
fn the_matcher_knows_when_a_round_begins_and_ends() {
    let tasks = tasks();
    let watch = tasks["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|task| task["isBackground"] == true)
        .unwrap();
    let background = &watch["problemMatcher"]["background"];
    let matches = |name: &str, line: &str| Regex::new(background[name].as_str().unwrap()).unwrap().is_match(line);
    assert!(matches("beginsPattern", "checked at 12:03:45"));
    assert!(matches("endsPattern", "1 file: 2 errors, 0 warnings; took 3ms"));
    assert!(!matches("beginsPattern", "1 file: 2 errors, 0 warnings; took 3ms"));
}
