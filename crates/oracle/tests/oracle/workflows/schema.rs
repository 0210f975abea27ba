//! The declared keys beside the schema that the reference implementation reads by: names, which have to be given, and
//! what the expressions of each can use.

use std::collections::BTreeSet;

use lockgate_dialect::github::{OF_ACTIONS, OF_WORKFLOWS};
use lockgate_dialect::shape::{Key, Shape};
use lockgate_oracle::{Oracle, Script};
use serde_json::{Value, json};

use super::oracle;

/// The definition in the schema of each kind of mapping, after those that it stands in and gets contexts from.
const DEFINITIONS: &[(&str, &[&str])] = &[
    ("the workflow", &["workflow-root-strict"]),
    ("on.schedule[*]", &["cron-mapping"]),
    ("on.workflow_dispatch", &["workflow-dispatch-mapping"]),
    ("on.workflow_dispatch.inputs.<input_id>", &["workflow-dispatch-input"]),
    ("on.workflow_call", &["workflow-call-mapping"]),
    (
        "on.workflow_call.inputs.<input_id>",
        &["workflow-call-input-definition"],
    ),
    (
        "on.workflow_call.secrets.<secret_id>",
        &["workflow-call-secret-mapping-definition"],
    ),
    (
        "on.workflow_call.outputs.<output_id>",
        &["workflow-call-output-definition"],
    ),
    ("permissions and jobs.<job_id>.permissions", &["permissions-mapping"]),
    ("defaults", &["workflow-defaults"]),
    ("defaults.run", &["workflow-defaults-run"]),
    ("concurrency", &["workflow-concurrency", "concurrency-mapping"]),
    ("jobs.<job_id>", &["job-factory"]),
    ("jobs.<job_id> with uses", &["workflow-job"]),
    ("jobs.<job_id>.strategy", &["strategy"]),
    ("jobs.<job_id>.strategy.matrix", &["strategy", "matrix"]),
    ("jobs.<job_id>.runs-on", &["runs-on", "runs-on-mapping"]),
    (
        "jobs.<job_id>.environment",
        &["job-environment", "job-environment-mapping"],
    ),
    ("jobs.<job_id>.concurrency", &["job-concurrency", "concurrency-mapping"]),
    ("jobs.<job_id>.defaults", &["job-defaults"]),
    ("jobs.<job_id>.defaults.run", &["job-defaults-run"]),
    ("jobs.<job_id>.container", &["container", "container-mapping"]),
    (
        "jobs.<job_id>.container.credentials",
        &["container", "container-registry-credentials"],
    ),
    (
        "jobs.<job_id>.services.<service_id>",
        &["services", "services-container", "service-container-mapping"],
    ),
    (
        "jobs.<job_id>.services.<service_id>.credentials",
        &["services", "container-registry-credentials"],
    ),
    ("jobs.<job_id>.snapshot", &["snapshot-mapping"]),
    ("jobs.<job_id>.steps[*] with run", &["run-step"]),
    ("jobs.<job_id>.steps[*] with uses", &["regular-step"]),
    ("jobs.<job_id>.steps[*] with wait", &["wait-step"]),
    ("jobs.<job_id>.steps[*] with wait-all", &["wait-all-step"]),
    ("jobs.<job_id>.steps[*] with cancel", &["cancel-step"]),
    ("jobs.<job_id>.steps[*] with parallel", &["parallel-step"]),
    ("the action", &["action-root-strict"]),
    ("inputs.<input_id>", &["input-strict"]),
    ("outputs.<output_id>", &["output-definition"]),
    ("branding", &["branding"]),
    ("runs of a composite action", &["composite-runs-strict"]),
    ("runs of a JavaScript action", &["node-runs-strict"]),
    ("runs of a container action", &["container-runs-strict"]),
    ("runs.steps[*] with run", &["run-step"]),
    ("runs.steps[*] with uses", &["uses-step"]),
];

/// Where the declared keys are not those of the schema, and what GitHub documents.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "the workflow cache-mode: is not theirs",
        "documented, and newer than the schema",
    ),
    (
        "jobs.<job_id> cache-mode: is not theirs",
        "documented, and newer than the schema",
    ),
    (
        "jobs.<job_id> with uses cache-mode: is not theirs",
        "documented, and newer than the schema",
    ),
    (
        "jobs.<job_id>.container env: theirs has `steps`",
        "not among the documented contexts of `jobs.<job_id>.container.env.<env_id>`: no step has run before",
    ),
    (
        "jobs.<job_id>.services.<service_id> env: theirs has `steps`",
        "not among the documented contexts of `jobs.<job_id>.services.<service_id>.env.<env_id>`",
    ),
    (
        "jobs.<job_id>.container image: is required here",
        "a container is documented to be of an image; the parser says so elsewhere",
    ),
    (
        "jobs.<job_id>.services.<service_id> image: is required here",
        "a service is documented to be of an image; the parser says so elsewhere",
    ),
];

struct Schema(Value);

impl Schema {
    fn ask(oracle: &Oracle, of: &str) -> Self {
        let questions = [json!({ "kind": "schema", "of": of })];
        let answer = oracle.ask(Script::WORKFLOWS, &questions).unwrap().remove(0);
        Self(answer["schema"]["definitions"].clone())
    }

    fn properties(&self, definition: &str) -> Vec<(String, String, bool)> {
        let properties = self.0[definition]["mapping"]["properties"].as_object().unwrap();
        let read = properties.iter().map(|(name, value)| {
            let kind = value.as_str().or_else(|| value["type"].as_str()).unwrap();
            (name.clone(), kind.to_owned(), value["required"] == json!(true))
        });
        read.collect()
    }

    fn own(&self, definition: &str) -> BTreeSet<String> {
        let listed = self.0[definition]["context"].as_array().into_iter().flatten();
        let names = listed.map(|name| name.as_str().unwrap());
        names.map(|name| name.split('(').next().unwrap().to_owned()).collect()
    }

    /// Returns what the values of `definition` can use beside `inherited`: of a mapping of any names, those below them.
    fn usable(&self, definition: &str, inherited: &BTreeSet<String>) -> BTreeSet<String> {
        let here: BTreeSet<String> = inherited.union(&self.own(definition)).cloned().collect();
        let rule = &self.0[definition];
        let mapping = &rule["mapping"];
        let mut below: Vec<&str> = Vec::new();
        if mapping["properties"].is_null() {
            below.extend(mapping["loose-value-type"].as_str());
        }
        below.extend(rule["sequence"]["item-type"].as_str());
        below.extend(
            rule["one-of"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        );
        // What has contexts of its own says what is at this key; below it stand other keys.
        if !self.own(definition).is_empty() || definition == "any" || definition == "parallel-steps" {
            return here;
        }
        let below = below
            .into_iter()
            .filter(|name| self.0[*name]["mapping"]["properties"].is_null());
        below
            .flat_map(|name| self.usable(name, &here))
            .chain(here.clone())
            .collect()
    }
}

fn declared(key: &Key) -> BTreeSet<String> {
    let Some(at) = key.at else {
        return BTreeSet::new();
    };
    let contexts = at.contexts.iter().map(|name| (*name).to_owned());
    let functions = at.functions.iter().map(|function| function.name().to_owned());
    contexts.chain(functions).collect()
}

fn differences(schema: &Schema, shape: &Shape) -> Vec<String> {
    let path = shape.path;
    let chain = DEFINITIONS.iter().find(|(known, _)| *known == path);
    let (_, chain) = chain.unwrap_or_else(|| panic!("`{path}` has no definition in the table"));
    let inherited: BTreeSet<String> = chain.iter().flat_map(|name| schema.own(name)).collect();
    let theirs = schema.properties(chain.last().unwrap());
    let mut found = Vec::new();
    for key in shape.keys.iter().filter(|key| !key.name.starts_with('<')) {
        let name = key.name;
        let Some((_, kind, is_required)) = theirs.iter().find(|(known, ..)| known == name) else {
            found.push(format!("{path} {name}: is not theirs"));
            continue;
        };
        if key.is_required() != *is_required {
            let not = if key.is_required() { "" } else { "not " };
            found.push(format!("{path} {name}: is {not}required here"));
        }
        let usable = schema.usable(kind, &inherited);
        let declared = declared(key);
        let more = declared
            .difference(&usable)
            .map(|what| format!("{path} {name}: ours has `{what}`"));
        let less = usable
            .difference(&declared)
            .map(|what| format!("{path} {name}: theirs has `{what}`"));
        found.extend(more.chain(less));
    }
    let missing = theirs.iter().filter(|(name, ..)| shape.key(name).is_none());
    found.extend(missing.map(|(name, ..)| format!("{path} {name}: is not declared")));
    found
}

#[test]
fn the_declared_keys_are_those_of_the_schema() {
    let Some(oracle) = oracle("the declared keys") else {
        return;
    };
    let mut found = Vec::new();
    for (of, shapes) in [("workflow", OF_WORKFLOWS), ("action", OF_ACTIONS)] {
        let schema = Schema::ask(&oracle, of);
        found.extend(shapes.iter().flat_map(|shape| differences(&schema, shape)));
    }
    let keys: usize = [OF_WORKFLOWS, OF_ACTIONS]
        .concat()
        .iter()
        .map(|shape| shape.keys.len())
        .sum();
    println!(
        "{keys} keys of {} mappings, {} differences",
        DEFINITIONS.len(),
        found.len()
    );
    let known: BTreeSet<String> = DIFFERENCES
        .iter()
        .map(|(difference, _)| (*difference).to_owned())
        .collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), known);
}
