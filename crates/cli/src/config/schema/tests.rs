//! Schema, reference and reader say the same.
//!
//! With `BLESS=1` in the environment the golden schema and the tables of the reference are written anew.

use std::path::PathBuf;

use jsonschema::Validator;
use lockgate_core::SourceFile;

use super::*;
use crate::config::{keys::SECTIONS, read};

fn docs(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path)
}

/// Fails unless the file is as it ought to be, or writes it so when that was asked for.
#[track_caller]
fn same(path: &str, expected: &str) {
    let path = docs(path);
    if std::env::var("BLESS").is_ok() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not current; BLESS=1 writes it:\n{expected}",
        path.display()
    );
}

#[test]
fn the_golden_schema_is_current() {
    same("reference/lockgate.schema.json", &crate::render::out::pretty(&schema()));
}

#[test]
fn the_tables_of_the_reference_are_current() {
    let page = std::fs::read_to_string(docs("reference/lockgate-yaml.md")).unwrap();
    let expected = SECTIONS.iter().fold(page, |page, section| with_table(&page, section));
    same("reference/lockgate-yaml.md", &expected);
}

/// Returns the page with the section's table in place of the one that is there.
fn with_table(page: &str, section: &Section) -> String {
    const HEAD: &str = "| key | type | default | example | meaning |\n|---|---|---|---|---|\n";
    let heading = format!("\n## {}\n", section.title);
    let (before, behind) = page.split_once(&heading).unwrap();
    let (opening, table) = behind.split_once(HEAD).unwrap();
    let rest = table.trim_start_matches('|');
    let rest = match rest.find("\n\n") {
        Some(end) => &rest[end..],
        None => "\n",
    };
    let rows: Vec<String> = section.keys.iter().map(|key| row(key)).collect();
    format!("{before}{heading}{opening}{HEAD}{}{rest}", rows.join("\n"))
}

fn row(key: &Key) -> String {
    let fallback = match key.fallback {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Words(words) => words.to_owned(),
        Fallback::Required => "none, required".to_owned(),
    };
    format!(
        "| `{}` | {} | {fallback} | `{}` | {} |",
        key.name,
        words(&key.shape),
        key.example,
        key.meaning
    )
}

/// Returns what a value is like, as the reference says it.
fn words(shape: &Shape) -> String {
    match shape {
        Shape::Version => "number",
        Shape::Text(_) => "text",
        Shape::TextOr(..) => "text or mapping",
        Shape::Texts | Shape::Command => "text or list of texts",
        Shape::Variables(_) => "mapping of texts",
        Shape::Number { least, most: None } => return format!("number, at least {least}"),
        Shape::Number {
            least,
            most: Some(most),
        } => return format!("number, {least} to {most}"),
        Shape::Duration => "duration",
        Shape::SomeTime => "duration, not 0",
        Shape::Share => "share",
        Shape::ShareOr(_) => "share or mapping",
        Shape::Address => "text or number",
        Shape::Any => "any value",
        Shape::Places(_) | Shape::Mapping(_) | Shape::MappingOrNothing(_) | Shape::Named(..) => "mapping",
        Shape::List(_) => "list",
    }
    .to_owned()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// Returns whether the schema accepts a file, and whether the reader does.
fn both(validator: &Validator, text: &str) -> (bool, bool) {
    let reader = read(&SourceFile::new("lockgate.yaml", text), "shop").0.is_some();
    (validator.is_valid(&value(text)), reader)
}

#[test]
fn every_example_is_valid_and_its_default_is_the_one_that_holds() {
    let validator = validator();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let with_run = |line: &str| {
            if line.starts_with("run:") {
                line.to_owned()
            } else {
                format!("run: ./server\n{line}\n")
            }
        };
        assert_eq!(
            both(&validator, &with_run(key.example)),
            (true, true),
            "{}",
            key.example
        );
    }
    let defaults = |section: &Section| {
        let pairs = section.keys.iter().filter_map(|key| match key.fallback {
            Fallback::Value(value) => Some(format!("{}: {value}", key.name)),
            _ => None,
        });
        pairs.collect::<Vec<_>>().join(", ")
    };
    let check = format!("get: /, {}", defaults(&keys::OF_SMOKE));
    for (without, with) in [
        (String::new(), defaults(&keys::TOP)),
        (String::new(), defaults(&keys::EACH)),
        (String::new(), format!("health: {{ {} }}", defaults(&keys::OF_HEALTH))),
        (
            String::new(),
            format!("strategy: {{ blue-green: {{ {} }} }}", defaults(&keys::OF_BLUE_GREEN)),
        ),
        (
            String::new(),
            format!(
                "rollback-when: {{ http-5xx: {{ share: 5%, {} }} }}",
                defaults(&keys::OF_HTTP_5XX)
            ),
        ),
        ("smoke: [{ get: / }]".to_owned(), format!("smoke: [{{ {check} }}]")),
        (
            "smoke: [{ get: / }]".to_owned(),
            format!("smoke: [{{ get: /, expect: {{ {} }} }}]", defaults(&keys::OF_EXPECT)),
        ),
    ] {
        let environments = |keys: &str| {
            let text = format!("{{ run: ./server, {keys} }}");
            let (configuration, found) = read(&SourceFile::new("lockgate.yaml", text.as_str()), "shop");
            assert!(found.is_empty(), "{text}: {found:?}");
            configuration.unwrap().environments
        };
        assert_eq!(environments(&without), environments(&with), "{with}");
    }
}

#[test]
fn forms_are_the_same_for_reader_and_editor() {
    use keys::form::*;
    let all = [
        &ANY_TEXT,
        &PROJECT,
        &ENVIRONMENT,
        &ARTIFACT,
        &INSIDE,
        &VARIABLE,
        &FREE_VARIABLE,
        &PATH,
        &PROBE_TEXT,
        &STRATEGY_NAME,
        &JSON_PLACE,
        &ADDRESS,
    ];
    for form in all {
        let pattern = jsonschema::draft202012::new(&json!({ "pattern": form.pattern.unwrap_or("") })).unwrap();
        let (right, wrong) = form.samples;
        for (text, expected) in right
            .iter()
            .map(|text| (text, true))
            .chain(wrong.iter().map(|text| (text, false)))
        {
            assert_eq!(form.fits(text), expected, "the reader of {text:?}");
            assert_eq!(
                pattern.is_valid(&json!(text)),
                expected,
                "the pattern of {text:?}: {:?}",
                form.pattern
            );
        }
    }
}

/// Values of every kind, of which each key takes some and refuses others.
const VALUES: [&str; 34] = [
    "~",
    "''",
    "a",
    "true",
    "0",
    "1",
    "2",
    "1.5",
    "-1",
    "101",
    "8080",
    "70000",
    "tcp",
    "/a",
    "../a",
    "a b",
    "30s",
    "0s",
    "1h30m",
    "1.5s",
    "5%",
    "0.25%",
    "100%",
    "101%",
    "1.234%",
    "blue-green",
    "127.0.0.1:80",
    "localhost:80",
    "[]",
    "[a]",
    "[[a]]",
    "{}",
    "{ a: b }",
    "{ zzzz: [] }",
];

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    let validator = validator();
    let (mut accepted, mut refused) = (0, 0);
    for section in SECTIONS {
        for key in section.keys {
            for value in VALUES {
                let text = in_place(section, &format!("{}: {value}", key.name));
                let (schema, reader) = both(&validator, &text);
                assert_eq!(schema, reader, "schema and reader of\n{text}");
                if reader { accepted += 1 } else { refused += 1 }
            }
        }
        let (schema, reader) = both(&validator, &in_place(section, "zzzz: 1"));
        assert_eq!((schema, reader), (false, false), "an unknown key in {}", section.title);
    }
    assert!(
        accepted > 100 && refused > 500,
        "{accepted} accepted, {refused} refused"
    );
}

/// Returns a file with a line in a section, complete but for it.
fn in_place(section: &Section, line: &str) -> String {
    let given = line.split(':').next().unwrap_or_default();
    let run = if given == "run" { "" } else { "run: ./server\n" };
    let asks = if ["get", "post"].contains(&given) {
        ""
    } else if given == "json" {
        "post: /, "
    } else {
        "get: /, "
    };
    let share = if given == "share" { "" } else { "share: 5%, " };
    match section.title.trim_matches('`') {
        "replaces" => format!("{run}replaces: {{ {line} }}\n"),
        "health" => format!("{run}health: {{ {line} }}\n"),
        "smoke" => format!("{run}smoke: [{{ {asks}{line} }}]\n"),
        "expect" => format!("{run}smoke: [{{ get: /, expect: {{ {line} }} }}]\n"),
        "strategy" => format!("{run}strategy: {{ {line} }}\n"),
        "blue-green" => format!("{run}strategy: {{ blue-green: {{ {line} }} }}\n"),
        "rollback-when" => format!("{run}rollback-when: {{ {line} }}\n"),
        "http-5xx" => format!("{run}rollback-when: {{ http-5xx: {{ {share}{line} }} }}\n"),
        _ => format!("{run}{line}\n"),
    }
}

#[test]
fn what_belongs_together_is_known_to_the_schema_too() {
    let validator = validator();
    for (text, expected) in [
        ("health: /\n", false),
        ("environments: { a: { run: ./a } }\n", true),
        ("environments: { a: { run: ./a }, b: {} }\n", false),
        ("environments: { a: ~ }\nrun: ./a\n", true),
        ("environments: {}\nrun: ./a\n", false),
        ("environments: { a.b: {} }\nrun: ./a\n", false),
        ("environments: { a: { project: b } }\nrun: ./a\n", false),
        ("run: ./a\nenv: { PORT: 1 }\n", false),
        ("run: ./a\nenv: { A: 1, B: true, C: c }\n", true),
        ("run: ./a\nenv: { A: [] }\n", false),
        ("run: ./a\nsmoke: [{}]\n", false),
        ("run: ./a\nsmoke: [{ get: /, post: / }]\n", false),
        ("run: ./a\nsmoke: [{ get: /, json: {} }]\n", false),
        ("run: ./a\nsmoke: [{ post: /, json: ~ }]\n", true),
        (
            "run: ./a\nsmoke: [{ get: /, expect: { json: { $.a: [1, x] } } }]\n",
            true,
        ),
        ("run: ./a\nsmoke: [{ get: /, expect: { json: { a: 1 } } }]\n", false),
        ("run: ./a\nrollback-when: { http-5xx: { over: 3 } }\n", false),
        ("run: ./a\ncompose: x\n", false),
        ("- a\n", false),
        ("a\n", false),
    ] {
        assert_eq!(
            both(&validator, text),
            (expected, expected),
            "schema and reader of\n{text}"
        );
    }
}

#[test]
fn links_are_words_where_nothing_can_be_clicked() {
    assert_eq!(
        without_links("See [`a`](#a), and [`b-c`](#b-c)."),
        "See `a`, and `b-c`."
    );
    assert_eq!(without_links("Only [`$`] here."), "Only [`$`] here.");
}
