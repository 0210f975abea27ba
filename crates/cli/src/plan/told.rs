//! How jobs ended, as a file tells it.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_pipeline::expression::Value;
use lockgate_pipeline::plan::Ended;

use crate::exit::Failure;
use crate::planning::json_file::{JsonFile, in_words};

/// What helps when the file cannot be read.
const EXAMPLE: &str = r#"for example {"build": {"result": "success", "outputs": {"version": "1.2"}}}; results are success, failure, cancelled and skipped"#;

/// Returns the ends that the file tells, by the ids of the jobs.
pub(super) fn read(file: &Path) -> Result<BTreeMap<String, Ended>, Failure> {
    let json = JsonFile::read(file, EXAMPLE)?;
    serde_json::from_str(json.text()).map_err(|error| {
        let message = strange(&json.value).unwrap_or_else(|| error.to_string());
        json.unexpected((error.line(), error.column()), &message)
    })
}

/// Returns the first thing that does not tell how a job ended.
fn strange(value: &Value) -> Option<String> {
    let Value::Object(jobs) = value else {
        let found = in_words(value);
        return Some(format!("how jobs ended is one JSON object with their ids, not {found}"));
    };
    jobs.iter().find_map(|(job, ended)| {
        let Value::Object(ended) = ended else {
            let found = in_words(ended);
            return Some(format!(
                "how `{job}` ended is an object with `result` and `outputs`, not {found}"
            ));
        };
        ended.iter().find_map(|(key, value)| match (key, value) {
            ("result", Value::String(word)) if RESULTS.contains(&word.as_str()) => None,
            ("result", Value::String(word)) => Some(format!("`{word}` is no result of `{job}`")),
            ("result", other) => Some(format!("the result of `{job}` is a text, not {}", in_words(other))),
            ("outputs", Value::Object(outputs)) => outputs.iter().find_map(|(name, value)| match value {
                Value::String(_) => None,
                other => Some(format!(
                    "the output `{name}` of `{job}` is a text, not {}",
                    in_words(other)
                )),
            }),
            ("outputs", other) => {
                let found = in_words(other);
                Some(format!(
                    "the outputs of `{job}` are an object with their names, not {found}"
                ))
            }
            (other, _) => Some(format!(
                "how `{job}` ended has no `{other}`: it has `result` and `outputs`"
            )),
        })
    })
}

const RESULTS: [&str; 4] = ["success", "failure", "cancelled", "skipped"];
