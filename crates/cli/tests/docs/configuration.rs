//! The reference of `lockgate.yaml` lists exactly the keys that are read.

use std::collections::BTreeSet;
use std::path::Path;

use crate::checked::{check, possible_keys};
use crate::page::{Page, Row};

const FILE: &str = "lockgate.yaml";
const TOP: &str = "At the top of the file";
const EACH: &str = "At the top and in each environment";

/// The sections of keys within keys, each with a place for an unknown key.
const INNER: [(&str, &str); 8] = [
    ("`replaces`", "replaces: { zzzz: 1 }"),
    ("`health`", "health: { zzzz: 1 }"),
    ("`smoke`", "smoke: [{ get: /, zzzz: 1 }]"),
    ("`expect`", "smoke: [{ get: /, expect: { zzzz: 1 } }]"),
    ("`strategy`", "strategy: { zzzz: 1 }"),
    ("`blue-green`", "strategy: { blue-green: { zzzz: 1 } }"),
    ("`rollback-when`", "rollback-when: { zzzz: 1 }"),
    ("`http-5xx`", "rollback-when: { http-5xx: { share: 5%, zzzz: 1 } }"),
];

fn page() -> Page {
    Page::read("reference/lockgate-yaml.md")
}

/// Returns the keys that are refused at the top, in `strategy` and in `rollback-when`.
fn refused(page: &Page) -> [BTreeSet<String>; 3] {
    [
        page.listed("At the top and in an environment:\n", "\n"),
        page.listed("In `strategy`:", "\n"),
        page.listed("In `rollback-when`:", "\n"),
    ]
}

#[track_caller]
fn same(text: &str, listed: &BTreeSet<String>, refused: &BTreeSet<String>) {
    let possible = possible_keys(FILE, &format!("{text}\nrun: ./server\n"));
    let read: BTreeSet<String> = possible.difference(refused).cloned().collect();
    assert_eq!(&read, listed, "where {text}");
}

#[test]
fn every_key_is_listed_and_every_listed_key_is_read() {
    let page = page();
    let [top, strategy, rules] = refused(&page);
    let each: BTreeSet<String> = page.keys(EACH);
    same("environments: { production: { zzzz: 1 } }", &each, &top);
    same("zzzz: 1", &each.union(&page.keys(TOP)).cloned().collect(), &top);
    for (title, text) in INNER {
        let refused = match title {
            "`strategy`" => &strategy,
            "`rollback-when`" => &rules,
            _ => &BTreeSet::new(),
        };
        same(text, &page.keys(title), refused);
    }
}

#[test]
fn every_example_has_its_key_and_no_mistake() {
    let page = page();
    let titles = [TOP, EACH].into_iter().chain(INNER.map(|(title, _)| title));
    let rows: Vec<Row> = titles.flat_map(|title| page.rows(title)).collect();
    let texts: Vec<String> = rows
        .iter()
        .map(|row| match row.code(3) {
            example if example.starts_with("run:") => example,
            example => format!("{example}\nrun: ./server\n"),
        })
        .collect();
    let files: Vec<_> = texts.iter().map(|text| (Path::new(FILE), text.as_str())).collect();
    for ((row, text), found) in rows.iter().zip(&texts).zip(check(&files)) {
        assert!(
            text.contains(&format!("{}:", row.key())),
            "{} is not in {text}",
            row.key()
        );
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn what_is_refused_is_refused_by_its_name() {
    let [top, strategy, rules] = refused(&page());
    let at_top = top.iter().map(|key| (key, format!("{key}: x")));
    let in_strategy = strategy.iter().map(|key| (key, format!("strategy: {{ {key}: {{}} }}")));
    let in_rules = rules.iter().map(|key| (key, format!("rollback-when: {{ {key}: 5% }}")));
    let all: Vec<_> = at_top
        .chain(in_strategy)
        .chain(in_rules)
        .map(|(key, text)| (key, format!("{text}\nrun: ./server\n")))
        .collect();
    let files: Vec<_> = all.iter().map(|(_, text)| (Path::new(FILE), text.as_str())).collect();
    for ((key, text), found) in all.iter().zip(check(&files)) {
        let [only] = &found[..] else {
            unreachable!("one mistake in {text}: {found:?}");
        };
        assert!(only.code == "LG0161" && only.message.contains(*key), "{text}: {only:?}");
    }
}
