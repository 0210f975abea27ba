//! Smoke checks as they are written.

use std::collections::BTreeMap;

use lockgate_delivery::smoke::{Expected, JsonExpectation, JsonPath, Method, SmokeCheck};
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{Content, Node, Reader};
use serde_json::{Map, Value};

use super::{layer::some_time, texts};

pub(super) fn read(node: &Node, reader: &mut Reader) -> Option<Vec<SmokeCheck>> {
    let items = reader.list(node, "`smoke`")?;
    Some(
        items
            .iter()
            .enumerate()
            .filter_map(|(position, item)| check(item, position + 1, reader))
            .collect(),
    )
}

fn check(node: &Node, number: usize, reader: &mut Reader) -> Option<SmokeCheck> {
    let mut fields = reader.fields(node, "a smoke check")?;
    let name = fields.take("name").and_then(|node| reader.text(node, "`name`"));
    let get = fields.take("get").and_then(|node| path(node, reader));
    let post = fields.take("post").and_then(|node| path(node, reader));
    let body = fields.take("json");
    let headers = fields
        .take("headers")
        .map_or_else(BTreeMap::new, |node| texts(node, "`headers`", reader));
    let timeout = fields
        .take("timeout")
        .and_then(|node| some_time(node, "`timeout`", reader));
    let expect = fields.take("expect");
    let place = fields.first_key();
    fields.finish(reader);
    let (method, path) = match (get, post) {
        (Some(path), None) => (Method::Get, path),
        (None, Some(path)) => (Method::Post, path),
        _ => {
            let message = "a smoke check asks with either `get` or `post`";
            reader.report(
                reader
                    .error(codes::MISSING_KEY, place, message)
                    .help("write `get: /path` or `post: /path`"),
            );
            return None;
        }
    };
    let mut check = SmokeCheck::get(name.unwrap_or_else(|| format!("check {number}")), path);
    check.method = method;
    check.headers = headers;
    if let (Method::Get, Some(node)) = (method, body) {
        let message = "a `GET` has no body";
        let help = "ask with `post`, or put what is expected of the answer below `expect`";
        reader.report(reader.error(codes::WRONG_VALUE, node.span, message).help(help));
    }
    check.json = body.map(to_json);
    if let Some(timeout) = timeout {
        check.timeout = timeout;
    }
    if let Some(node) = expect {
        expectation(node, &mut check, reader);
    }
    Some(check)
}

fn path(node: &Node, reader: &mut Reader) -> Option<String> {
    let text = reader.text(node, "the path")?;
    if text.starts_with('/') {
        return Some(text);
    }
    let message = format!("`{text}` is no path");
    reader.report(
        reader
            .error(codes::WRONG_VALUE, node.span, message)
            .help("a path begins with `/`; the instance is filled in"),
    );
    None
}

fn expectation(node: &Node, check: &mut SmokeCheck, reader: &mut Reader) {
    let Some(mut fields) = reader.fields(node, "`expect`") else {
        return;
    };
    if let Some(node) = fields.take("status") {
        match reader.whole_number(node, "`status`") {
            Some(status @ 100..=599) => check.expect.status = status as u16,
            Some(status) => {
                let message = format!("{status} is no HTTP status");
                reader.report(
                    reader
                        .error(codes::WRONG_VALUE, node.span, message)
                        .help("100 to 599 are possible"),
                );
            }
            None => {}
        }
    }
    if let Some(inner) = fields.take("json").and_then(|node| reader.fields(node, "`json`")) {
        for entry in inner.rest() {
            match JsonPath::parse(&entry.key.name) {
                Ok(path) => {
                    let is = Expected::from_value(to_json(&entry.value));
                    check.expect.json.push(JsonExpectation { path, is });
                }
                Err(error) => reader.report(reader.error(codes::WRONG_VALUE, entry.key.span, error.to_string())),
            }
        }
    }
    fields.finish(reader);
}

/// Returns a YAML value as JSON.
fn to_json(node: &Node) -> Value {
    match &node.content {
        Content::Scalar(scalar) => serde_json::to_value(scalar.value()).unwrap_or(Value::Null),
        Content::Sequence(items) => Value::Array(items.iter().map(to_json).collect()),
        Content::Mapping(entries) => {
            let pairs = entries
                .iter()
                .map(|entry| (entry.key.name.clone(), to_json(&entry.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}
