//! The language as a table: each line of `vectors.txt` is an expression and what it gives.

use super::{
    Condition, EvaluationError, Expression, Need, Object, Scope, Status, SyntaxErrorKind, Template, Value, secret,
};

struct Fixture {
    status: Status,
    contexts: Object,
}

impl Fixture {
    fn new(status: Status) -> Self {
        let mut contexts: Object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(CONTEXTS)
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name, serde_json::from_value(value).unwrap()))
            .collect();
        let mut env = Object::case_sensitive();
        env.insert("HOME", "/root".into());
        contexts.insert("env", Value::Object(env));
        contexts.insert(
            "secrets",
            Value::object([("TOKEN", secret::MarkerKey::default().marker("TOKEN").into())]),
        );
        Self { status, contexts }
    }
}

const CONTEXTS: &str = r#"{
    "github": {
        "ref": "refs/heads/main",
        "event": {"labels": [{"name": "bug"}, {"name": "ui"}], "draft": false}
    },
    "matrix": {
        "os": "Linux",
        "n": 3,
        "list": [1, "two", null],
        "objects": {"a": {"v": 1}, "b": {"v": 2}, "c": 5}
    },
    "needs": {"build": {"outputs": {"tag": "v1"}, "result": "success"}},
    "inputs": {}
}"#;

impl Scope for Fixture {
    fn context(&self, name: &str) -> Option<Value> {
        self.contexts.get(name).cloned()
    }

    fn status(&self) -> Status {
        self.status
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, Need> {
        match patterns {
            [known] if known == "known" => Ok("abc".to_owned()),
            _ => Err(Need::HashFiles(patterns.to_vec())),
        }
    }
}

fn good() -> Fixture {
    Fixture::new(Status::SUCCESS)
}

/// Returns the result as the table writes it: JSON, or `!` and the message.
fn result(expression: &str) -> String {
    match Expression::parse(expression) {
        Err(error) => {
            let kind = match error.kind {
                SyntaxErrorKind::Lexing => "lexing",
                SyntaxErrorKind::Parsing => "parsing",
            };
            format!("! {kind} at {}: {error}", error.position)
        }
        Ok(parsed) => match parsed.evaluate(&good()) {
            Err(error) => format!("! {error}"),
            Ok(Value::Number(number)) if !number.is_finite() => Value::Number(number).to_text(),
            Ok(value) => serde_json::to_string(&value).unwrap(),
        },
    }
}

#[test]
fn the_table_holds() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("vectors.txt").lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (expression, expected) = line
            .split_once(" => ")
            .unwrap_or_else(|| panic!("no ` => ` in: {line}"));
        let found = result(expression.trim());
        count += 1;
        if found != expected.trim() {
            wrong.push(format!(
                "{} => {found}\n    expected {}",
                expression.trim(),
                expected.trim()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count > 300, "only {count} lines were read");
}

#[test]
fn the_depth_of_the_tree_is_limited_to_fifty() {
    let nested = |count: usize| result(&format!("{}true", "!".repeat(count)));
    assert_eq!(nested(49), "false");
    assert_eq!(nested(50), "! parsing at 0: the expression is nested more than 50 deep");
    assert!(nested(20_000).contains("nested more than 50 deep"));
    let properties = |count: usize| result(&format!("inputs{}", ".a".repeat(count)));
    assert_eq!(properties(49), "null");
    assert_eq!(
        properties(50),
        "! parsing at 104: the expression is nested more than 50 deep"
    );
    let chain = |count: usize| result(&vec!["1"; count].join(" == "));
    assert_eq!(chain(50), "true");
    assert!(chain(51).contains("nested more than 50 deep"));
    let indexes = |count: usize| result(&format!("{}0{}", "inputs[".repeat(count), "]".repeat(count)));
    assert_eq!(indexes(49), "null");
    assert!(indexes(50).contains("nested more than 50 deep"));
}

#[test]
fn what_makes_no_tree_deeper_is_not_counted() {
    let groups = |count: usize| result(&format!("{}1{}", "(".repeat(count), ")".repeat(count)));
    assert_eq!(groups(10_000), "1");
    assert_eq!(result(&vec!["0"; 4_000].join(" || ")), "0");
    let right = |count: usize| result(&format!("{}1{}", "0||(".repeat(count), ")".repeat(count)));
    assert_eq!(right(4_000), "1");
    let left = |count: usize| result(&format!("{}1{}", "(".repeat(count), "&&2)".repeat(count)));
    assert_eq!(left(4_000), "2");
    let mixed = |count: usize| result(&format!("{}1{}", "(".repeat(count), "&&2||3)".repeat(count)));
    assert_eq!(mixed(24), "2");
    assert!(mixed(25).contains("nested more than 50 deep"));
}

#[test]
fn the_length_is_limited() {
    let text = |character: &str, count: usize| result(&format!("'{}'", character.repeat(count)));
    assert!(text("ä", 20_998).starts_with("\"ä"));
    assert!(text("😀", 10_499).starts_with("\"😀"));
    for (character, count) in [("ä", 20_999), ("😀", 10_500)] {
        assert_eq!(
            text(character, count),
            "! lexing at 0: the expression is longer than 21000 characters"
        );
    }
}

#[test]
fn a_bomb_of_text_is_refused_before_it_is_built() {
    let bomb = (0..8).fold("'0123456789'".to_owned(), |inner, _| {
        format!("format('{}', {inner})", "{0}".repeat(30))
    });
    assert_eq!(result(&bomb), "! the expression produces more than 10 MiB");
}

#[test]
fn a_needed_digest_ends_the_evaluation() {
    let expression = Expression::parse("format('{0}', hashFiles('**/Cargo.lock', 'x'))").unwrap();
    let needed = EvaluationError::Needs(vec!["**/Cargo.lock".into(), "x".into()]);
    assert_eq!(expression.evaluate(&good()), Err(needed));
}

#[test]
fn a_secret_can_be_passed_on_but_not_looked_into() {
    let marker = secret::MarkerKey::default().marker("TOKEN");
    for (text, expected) in [
        ("secrets.TOKEN", marker.clone()),
        ("format('x{0}', secrets.token)", format!("x{marker}")),
        ("join(fromJSON('[1]'), secrets.TOKEN)", "1".to_owned()),
    ] {
        assert_eq!(
            Expression::parse(text).unwrap().evaluate(&good()),
            Ok(Value::String(expected))
        );
    }
    for (text, expected) in [
        ("secrets.TOKEN == ''", "false"),
        ("secrets.TOKEN != null", "true"),
        ("secrets.MISSING == ''", "true"),
        ("secrets.TOKEN && 'set' || 'unset'", "\"set\""),
    ] {
        assert_eq!(result(text), expected, "{text}");
    }
    for text in [
        "secrets.TOKEN == 'x'",
        "'a' == format('-{0}', secrets.TOKEN)",
        "secrets.TOKEN == secrets.TOKEN",
        "secrets.TOKEN < 5",
        "contains(secrets.TOKEN, 'x')",
        "contains(fromJSON('[\"x\"]'), secrets.TOKEN)",
        "startsWith('x', secrets.TOKEN)",
        "endsWith(secrets.TOKEN, '')",
        "fromJSON(secrets.TOKEN)",
        "matrix[secrets.TOKEN]",
        "hashFiles(secrets.TOKEN)",
        "format(secrets.TOKEN, 1)",
    ] {
        assert!(result(text).contains("only be compared with an empty string"), "{text}");
    }
}

#[test]
fn a_template_of_one_expression_keeps_its_type() {
    let template = |text: &str| Template::parse(text).unwrap().evaluate(&good()).unwrap();
    assert_eq!(template("${{ matrix.n }}"), Value::Number(3.0));
    assert_eq!(template("v${{ matrix.n }}-${{ null }}."), Value::from("v3-."));
    assert_eq!(template("${{ 'a}}''b' }}"), Value::from("a}}'b"));
    assert_eq!(template("plain }} text"), Value::from("plain }} text"));
    assert_eq!(template("${{ github.event.labels }}!"), Value::from("Array!"));
}

#[test]
fn a_condition_implies_success() {
    let failed = Fixture::new(Status::FAILURE);
    for (text, when_good, when_failed) in [
        ("", true, false),
        ("  ", true, false),
        ("true", true, false),
        ("matrix.os == 'linux'", true, false),
        ("${{ matrix.os == 'windows' }}", false, false),
        ("always()", true, true),
        ("${{ !cancelled() && matrix.n > 2 }}", true, true),
        ("failure()", false, true),
        ("'always()' == ''", false, false),
        ("${{ false }} text", true, false),
        ("${{ false }}\n", true, false),
        (" ${{ false }}", true, false),
        ("${{ always() && false }}\n", true, true),
        ("matrix.os == 'windows'\n", false, false),
    ] {
        let condition = Condition::parse(text).unwrap();
        assert_eq!(condition.evaluate(&good()), Ok(when_good), "{text}");
        assert_eq!(condition.evaluate(&failed), Ok(when_failed), "{text}");
    }
    assert!(Condition::parse("${{ false }} text").unwrap().is_text());
    let exact = Condition::parse_exact("matrix.n").unwrap();
    assert_eq!(exact.evaluate(&failed), Ok(true));
    assert_eq!(Condition::parse(" a == 1").unwrap_err().position, 1);
    assert_eq!(Condition::parse("${{ }}").unwrap_err().position, 0);
}

#[test]
fn contexts_and_functions_are_found_with_their_paths() {
    let expression = Expression::parse("contains(needs.build.outputs[env.A].x, Github['ref']) || steps.*.id").unwrap();
    let contexts: Vec<_> = expression
        .contexts_used()
        .into_iter()
        .map(|found| (found.name, found.path.join("."), found.position))
        .collect();
    let expected = [
        ("needs", "build.outputs", 9),
        ("env", "A", 29),
        ("github", "ref", 39),
        ("steps", "", 57),
    ];
    assert_eq!(
        contexts,
        expected.map(|(name, path, at)| (name.into(), path.into(), at))
    );
    assert_eq!(expression.functions_used()[0].position, 0);
}
