//! The reference page of keys, written from the tables that the readers use.
//!
//! With `BLESS=1` in the environment the page is written instead of compared.
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads the page and the wish to write it"
)]

use std::fmt::Write as _;
use std::path::Path;

use lockgate_dialect::github::{EVENTS, OF_ACTIONS, OF_WORKFLOWS, properties_of_context};
use lockgate_dialect::shape::{Key, Local, Shape};
use lockgate_pipeline::expression::{Arity, CONTEXTS, Function};

const PAGE: &str = "docs/reference/workflow-keys.md";

const HEAD: &str = "\
# The keys of workflow and action files

Written from the tables by which `lockgate check` reads; a test compares this page with them.
[What of it this version runs](workflow-support.md) has examples and limits.

A key in **bold** has to be given.
*Contexts and functions* are what the expressions of a value can use, beside the [functions](#functions) that are available \
everywhere; *no expressions* means that none is evaluated there.
*Runs* means that a key has its effect, *read only* that it is read and checked and has no effect on this machine, and \
*refused* that `lockgate run` and `ship` refuse a job that reaches it, with the code LG0161.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    page += "\n## Workflow files\n";
    for shape in OF_WORKFLOWS {
        table(&mut page, shape);
    }
    events(&mut page);
    page += "\n## Action files\n";
    for shape in OF_ACTIONS {
        table(&mut page, shape);
    }
    functions(&mut page);
    contexts(&mut page);
    page
}

fn table(page: &mut String, shape: &Shape) {
    let title = title(shape.path);
    let _ = write!(
        page,
        "\n### {title}\n| key | takes | contexts and functions | this version | note |\n|---|---|---|---|---|\n"
    );
    for key in shape.keys {
        let name = if key.is_required() {
            format!("**`{}`**", key.name)
        } else {
            format!("`{}`", key.name)
        };
        let local = match key.local {
            Local::Runs => "runs",
            Local::ReadOnly => "read only",
            Local::Refused => "refused",
        };
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {local} | {} |",
            key.takes,
            usable(key),
            key.note
        );
    }
}

/// Returns a path with its keys as code: `jobs.<job_id>` with `uses`.
fn title(path: &str) -> String {
    let parts: Vec<String> = path
        .split(" with ")
        .map(|part| {
            let is_words = part.contains(' ');
            if is_words { part.to_owned() } else { format!("`{part}`") }
        })
        .collect();
    let title = parts.join(" with ");
    title[..1].to_uppercase() + &title[1..]
}

fn usable(key: &Key) -> String {
    let Some(at) = key.at else {
        return "no expressions".to_owned();
    };
    let functions = at.functions.iter().map(|function| format!("`{}()`", function.name()));
    let contexts = at.contexts.iter().map(|context| format!("`{context}`"));
    contexts.chain(functions).collect::<Vec<_>>().join(", ")
}

fn events(page: &mut String) {
    *page += "\n### The events of `on`\n";
    *page += "An event can be left empty, which means its default types and everything else.\n\n";
    *page += "| event | types | default types | filters |\n|---|---|---|---|\n";
    for event in EVENTS {
        let default = match (event.types, event.default_types) {
            ([], _) => String::new(),
            (_, []) => "all".to_owned(),
            (_, types) => listed(types),
        };
        let types = match event.name {
            "repository_dispatch" => "any".to_owned(),
            _ => listed(event.types),
        };
        let _ = writeln!(
            page,
            "| `{}` | {types} | {default} | {} |",
            event.name,
            listed(event.filters)
        );
    }
}

fn functions(page: &mut String) {
    *page += "\n## Functions\n| function | arguments | available |\n|---|---|---|\n";
    for function in Function::ALL {
        let arguments = match function.arity() {
            _ if function.arity_in_condition() != function.arity() => {
                "0; in the `if` of a job also ids of jobs".to_owned()
            }
            Arity::Range { least, most } if least == most => least.to_string(),
            Arity::Range { least, most } => format!("{least} to {most}"),
            Arity::Odd { least } => format!("{least} or more, an odd number"),
        };
        let is_everywhere = !function.is_status() && function != Function::HashFiles;
        let available = if is_everywhere {
            "everywhere"
        } else {
            "where the tables name it"
        };
        let _ = writeln!(page, "| `{}` | {arguments} | {available} |", function.name());
    }
}

fn contexts(page: &mut String) {
    *page += "\n## Contexts\nA context whose names the workflow gives has no list here.\n\n| context | properties |\n|---|---|\n";
    for context in CONTEXTS {
        let properties = properties_of_context(context).map(listed).unwrap_or_default();
        let _ = writeln!(page, "| `{context}` | {properties} |");
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[test]
fn the_page_of_keys_is_that_of_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PAGE);
    let page = page();
    if std::env::var("BLESS").is_ok() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{PAGE} is not what the tables say; BLESS=1 writes it");
}

#[test]
fn every_kind_of_mapping_is_named_once_and_its_keys_once() {
    let shapes = [OF_WORKFLOWS, OF_ACTIONS].concat();
    for (at, shape) in shapes.iter().enumerate() {
        assert!(
            shapes[..at].iter().all(|other| other.path != shape.path),
            "{}",
            shape.path
        );
        for (at, key) in shape.keys.iter().enumerate() {
            assert!(
                shape.keys[..at].iter().all(|other| other.name != key.name),
                "{} {}",
                shape.path,
                key.name
            );
        }
    }
}
