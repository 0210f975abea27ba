//! Any text as an expression, a template and a condition: read, written, evaluated.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate_pipeline::expression::{Condition, Expression, Need, Scope, Status, Template, Value};

struct Contexts(Value);

impl Scope for Contexts {
    fn context(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn status(&self) -> Status {
        Status::SUCCESS
    }

    fn hash_files(&self, _: &[String]) -> Result<String, Need> {
        Ok("digest".into())
    }
}

const CONTEXTS: &str = r#"{
    "github": {"ref": "refs/heads/main", "event": {"labels": [{"name": "bug"}, {"name": "ui"}], "n": 1.5}},
    "matrix": {"a": [1, "two", null, true], "b": {"c": {"d": "e"}}}, "inputs": {}, "env": {"A": "a"}
}"#;

fuzz_target!(|text: &str| {
    let scope = Contexts(serde_json::from_str(CONTEXTS).expect("the contexts are JSON"));
    match Expression::parse(text) {
        Ok(expression) => {
            expression.contexts_used();
            expression.functions_used();
            if let Ok(value) = expression.evaluate(&scope) {
                value.to_text();
                value.to_number();
                serde_json::to_string(&value).expect("a value is JSON");
            }
        }
        Err(mistake) => {
            assert!(!mistake.message.is_empty());
            assert!(
                text.get(mistake.position..mistake.position + mistake.length).is_some(),
                "{mistake:?}"
            );
        }
    }
    match Template::parse_fully(text) {
        Ok(template) => drop(template.evaluate_to_string(&scope)),
        Err(mistakes) => {
            for mistake in mistakes {
                assert!(
                    text.get(mistake.position..mistake.position + mistake.length).is_some(),
                    "{mistake:?}"
                );
            }
        }
    }
    if let Ok(condition) = Condition::parse(text) {
        drop(condition.evaluate(&scope));
    }
});
