//! No text, however broken or hostile, makes reading panic, hang or point outside of the file.

use std::fmt::Write as _;

use lockgate_core::SourceFile;
use lockgate_dialect::github::{self, action};
use lockgate_dialect::yaml;
use lockgate_pipeline::expression::{Condition, Template};
use proptest::prelude::*;

const SAMPLES: [&str; 4] = [
    include_str!("../corpus/ok/ci.yml"),
    include_str!("../corpus/err/expressions.yml"),
    include_str!("../corpus/ok/anchors.yml"),
    include_str!("../corpus/ok/action_composite.yml"),
];

fn check(text: &str) {
    let file = SourceFile::new("a.yml", text);
    let found = github::lower(&file)
        .diagnostics
        .into_iter()
        .chain(action::lower(&file).diagnostics);
    for found in found {
        for span in found.places() {
            assert!(
                text.get(span.start..span.end).is_some(),
                "{span:?} of {:?}",
                found.message
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn arbitrary_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn text_of_yaml_signs_is_read(text in "[-a:{}\\[\\]\"'&*!|>?#%@, \n\t~é<0]{0,120}") {
        check(&text);
        check(&format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: {text}\n"));
    }

    #[test]
    fn text_of_expression_signs_is_read(text in "[-a-c.'()\\[\\]{}$!<>=&|,* 0-9é\n]{0,120}") {
        let _ = Template::parse_fully(text.as_str());
        let _ = Condition::parse(text.as_str());
        let _ = Template::parse_fully(format!("${{{{ {text} }}}}"));
        check(&format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          ${{{{ {text}\n"));
    }

    #[test]
    fn a_damaged_file_is_read(
        sample in 0..SAMPLES.len(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), ".{0,3}"), 1..6),
    ) {
        let mut characters: Vec<char> = SAMPLES[sample].chars().collect();
        for (at, length, insert) in cuts {
            let at = at.index(characters.len().max(1)).min(characters.len());
            let end = (at + length.index(8)).min(characters.len());
            characters.splice(at..end, insert.chars());
        }
        check(&characters.into_iter().collect::<String>());
    }
}

/// Each of these would take minutes if any part of reading looked at everything for every value.
#[test]
fn much_of_anything_is_read() {
    let repeated = |part: &str| part.repeat(300_000 / part.len());
    let mut keys = String::from("on: push\njobs:\n");
    let mut needs = String::from("on: push\njobs:\n");
    let mut steps = String::from("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n");
    for number in 0..5_000 {
        let _ = writeln!(keys, "  job{number}: {{ runs-on: x, steps: [{{ run: echo }}] }}");
        let _ = writeln!(needs, "  j{number}: {{ needs: [j{}, k{number}] }}", number + 1);
        let _ = writeln!(
            steps,
            "      - {{ id: s{number}, run: '${{{{ steps.t{number}.x }}}}' }}"
        );
    }
    for text in [
        keys,
        needs,
        steps,
        repeated("a"),
        repeated("\n"),
        repeated("- "),
        repeated("[ "),
        repeated("a: b\n"),
        repeated("é: ü\n"),
        format!("a: '{}'", repeated("${{ x }} ")),
        format!(
            "on: push\njobs: {{ a: {{ runs-on: x, steps: [{}] }} }}",
            repeated("{ run: é },")
        ),
        format!(
            "on: push\njobs: {{ a: {{ runs-on: x, steps: [{{ run: \"{}\" }}] }} }}",
            repeated("${{}}")
        ),
        format!("on: push\nenv: {{ {} }}", repeated("? a\n")),
        format!("a: &a {}", repeated("&b ")),
        "x".repeat(yaml::MAX_BYTES + 1),
    ] {
        check(&text);
    }
}
