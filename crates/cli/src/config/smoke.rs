//! Smoke checks as they are written.

use std::collections::BTreeMap;

use lockgate_delivery::smoke::{Expected, JsonExpectation, JsonPath, Method, SmokeCheck};
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{Content, Node, Reader};
use serde_json::{Map, Value};

use super::{keys, texts};

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
    let mut fields = keys::OF_SMOKE.fields(node, reader)?;
    let name = keys::CHECK_NAME.text(&mut fields, reader);
    let asked = [&keys::GET, &keys::POST].map(|key| key.take(&mut fields));
    let body = keys::JSON.take(&mut fields);
    let headers = keys::HEADERS
        .take(&mut fields)
        .map_or_else(BTreeMap::new, |node| texts(node, "`headers`", reader));
    let timeout = keys::CHECK_TIMEOUT.duration(&mut fields, reader);
    let expect = keys::EXPECT.take(&mut fields);
    let place = fields.first_key();
    let is_misspelt = fields.has_slip_of(keys::GET.name) || fields.has_slip_of(keys::POST.name);
    fields.finish(reader);
    let (method, path) = match asked {
        [Some(node), None] => (Method::Get, keys::GET.text_of(node, reader)),
        [None, Some(node)] => (Method::Post, keys::POST.text_of(node, reader)),
        [None, None] if is_misspelt => (Method::Post, None),
        _ => {
            let message = "a smoke check asks with either `get` or `post`";
            reader.report(
                reader
                    .error(codes::MISSING_KEY, place, message)
                    .help("write `get: /path` or `post: /path`"),
            );
            (Method::Post, None)
        }
    };
    // Without a path it is not made, and all other mistakes are told with that.
    let is_whole = path.is_some();
    let name = name.unwrap_or_else(|| format!("check {number}"));
    let mut check = SmokeCheck::get(name, path.unwrap_or_default());
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
    is_whole.then_some(check)
}

fn expectation(node: &Node, check: &mut SmokeCheck, reader: &mut Reader) {
    let Some(mut fields) = keys::OF_EXPECT.fields(node, reader) else {
        return;
    };
    if let Some(status) = keys::STATUS.number(&mut fields, reader) {
        check.expect.status = status as u16;
    }
    let places = keys::EXPECTED_JSON.take(&mut fields);
    if let Some(inner) = places.and_then(|node| reader.fields(node, "`json`")) {
        for entry in inner.rest() {
            if let Ok(path) = JsonPath::parse(&entry.key.name) {
                let is = Expected::from_value(to_json(&entry.value));
                check.expect.json.push(JsonExpectation { path, is });
            } else {
                let form = &keys::form::JSON_PLACE;
                let diagnostic = reader.error(codes::WRONG_VALUE, entry.key.span, form.mistake(&entry.key.name));
                reader.report(diagnostic.help(form.help));
            }
        }
    }
    fields.finish(reader);
}

/// Returns a YAML value as JSON.
pub(super) fn to_json(node: &Node) -> Value {
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
