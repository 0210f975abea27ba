//! What the generated expressions can read, on both sides.

use lockgate_pipeline::expression::{Need, Scope, Status, Value};

/// The contexts as JSON.
pub const CONTEXTS: &str = r#"{
    "github": {
        "ref": "refs/heads/main", "Event_Name": "push", "run_number": 42, "sha": "0aB1", "actor": "Zoë",
        "event": {
            "labels": [{"name": "bug", "Id": 1}, {"name": "UI", "id": 2.5}, {"NAME": null}, "plain"],
            "draft": false, "body": null, "forced": true,
            "nested": {"a": {"b": {"c": [1, [2, [3, {"d": "deep"}]]]}}}
        }
    },
    "env": {"HOME": "/somewhere", "Path": "a:b", "EMPTY": "", "One": "1", "Größe": "Ä"},
    "vars": {"TRUE": "true", "json": "[1, {\"a\": \"b\"}]", "pattern": "{1}-{0}", "bad": "{", "hex": "0x1F"},
    "matrix": {
        "os": "Linux", "n": 3, "big": 123456789012, "negative": -0.5, "zero": 0, "on": true, "off": false,
        "list": [1, "two", null, true, [1], {"a": 1}], "empty": [], "numbers": [3, 1, 2], "texts": ["b", "A", ""],
        "objects": {"a": {"v": 1, "w": [1, 2]}, "b": {"V": 2, "w": [3]}, "c": 5, "d": null}
    },
    "needs": {"build": {"outputs": {"tag": "v1", "Empty": ""}, "result": "success"}, "lint": {"outputs": {}, "result": "failure"}},
    "steps": {"one": {"outputs": {"x": "Y"}, "outcome": "success", "conclusion": "success"}},
    "runner": {"os": "Linux", "temp": "/tmp"},
    "job": {"status": "success"},
    "jobs": {},
    "inputs": {"flag": true, "count": 7, "name": "lock", "none": null},
    "strategy": {"fail-fast": true, "job-index": 0, "max-parallel": 4},
    "secrets": {"TOKEN": "t0ken"}
}"#;

/// Evaluates in [`CONTEXTS`]; all is well, and every digest is known.
#[derive(Clone, Debug)]
pub struct Known(Value);

impl Known {
    /// Returns the scope.
    pub fn new() -> Self {
        match Value::from_json(CONTEXTS) {
            Ok(contexts) => Self(contexts),
            Err(error) => unreachable!("the contexts are JSON: {error}"),
        }
    }
}

impl Default for Known {
    fn default() -> Self {
        Self::new()
    }
}

impl Scope for Known {
    fn context(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn status(&self) -> Status {
        Status::SUCCESS
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, Need> {
        Ok(format!("digest of {}", patterns.join("|")))
    }
}
