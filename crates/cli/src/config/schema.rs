//! The JSON Schema of `lockgate.yaml`, for editors: written of the keys that the reader reads by.
//!
//! It describes the file after YAML has typed its values as this reader does: a text may be written as a number or a
//! boolean where only its letters count, such as a variable's value. What one value says of another, and what only the
//! machine knows, is not in it: `lockgate check` finds that.

use serde_json::{Map, Value, json};

use super::keys::form::{ADDRESS, Form};
use super::keys::{self, Fallback, Key, Section, Shape};
use super::smoke::to_json;

/// Returns the schema, in the draft of 2020-12.
pub(crate) fn schema() -> Value {
    let mut definitions = Map::new();
    let top = object(&keys::TOP, &mut definitions);
    let shared = object(&keys::EACH, &mut definitions);
    let mut properties = top["properties"].as_object().cloned().unwrap_or_default();
    for key in keys::EACH.keys {
        properties.insert(
            key.name.to_owned(),
            json!({ "$ref": format!("#/$defs/environment/properties/{}", key.name) }),
        );
    }
    definitions.insert("environment".to_owned(), shared);
    let each_runs = json!({
        "required": ["environments"],
        "properties": { "environments": { "additionalProperties": { "type": "object", "required": ["run"] } } },
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lockgate.yaml",
        "description": "How an application runs in its environments, and how it is delivered. What stands at the top holds for every environment; an environment may say it again, and then wins.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "if": { "not": { "required": ["run"] } },
        "then": each_runs,
        "$defs": definitions,
    })
}

/// Returns the schema of a mapping with these keys.
fn object(section: &Section, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in section.keys {
        properties.insert(key.name.to_owned(), property(key, definitions));
    }
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    let required: Vec<&str> = section
        .keys
        .iter()
        .filter(|key| matches!(key.fallback, Fallback::Required))
        .map(|key| key.name)
        .collect();
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    if std::ptr::eq(section, &raw const keys::OF_SMOKE) {
        object["oneOf"] = json!([
            { "required": ["get"], "not": { "required": ["json"] } },
            { "required": ["post"] },
        ]);
    }
    object
}

/// Returns the schema of a key's value, with everything that an editor shows of it.
fn property(key: &Key, definitions: &mut Map<String, Value>) -> Value {
    let meaning = without_links(key.meaning);
    let description = match key.fallback {
        Fallback::Words(words) => format!("{meaning} Without it: {words}."),
        _ => meaning,
    };
    let mut property = json!({ "description": description });
    if let Value::Object(shape) = shape(&key.shape, definitions) {
        for (name, value) in shape {
            property[name] = value;
        }
    }
    if let Fallback::Value(text) = key.fallback {
        property["default"] = value(text);
    }
    if let Some(example) = example(key) {
        property["examples"] = json!([example]);
    }
    property
}

fn shape(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Version => json!({ "const": 1 }),
        Shape::Text(form) => of_form(form),
        Shape::TextOr(form, section) => json!({ "anyOf": [of_form(form), reference(section, definitions)] }),
        Shape::Texts => json!({ "anyOf": [text(), { "type": "array", "items": text() }] }),
        Shape::Command => json!({ "anyOf": [text(), { "type": "array", "items": text(), "minItems": 1 }] }),
        Shape::Variables(form) => names(form, &text()),
        Shape::Number { least, most: None } => json!({ "type": "integer", "minimum": least }),
        Shape::Number {
            least,
            most: Some(most),
        } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Duration => json!({ "type": "string", "pattern": r"^\s*([0-9]+(ms|s|m|h|d))+\s*$" }),
        Shape::SomeTime => json!({ "type": "string", "pattern": r"^\s*(?=[^1-9]*[1-9])([0-9]+(ms|s|m|h|d))+\s*$" }),
        Shape::Share => share(),
        Shape::ShareOr(section) => json!({ "anyOf": [share(), reference(section, definitions)] }),
        Shape::Address => json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 65535 },
            of_form(&ADDRESS),
        ] }),
        Shape::Any => json!({}),
        Shape::Places(form) => names(form, &json!({})),
        Shape::Mapping(section) => reference(section, definitions),
        Shape::MappingOrNothing(section) => {
            json!({ "anyOf": [reference(section, definitions), { "type": "null" }] })
        }
        Shape::List(section) => json!({ "type": "array", "items": reference(section, definitions) }),
        Shape::Named(form, _) => {
            let mut named = names(
                form,
                &json!({ "anyOf": [{ "$ref": "#/$defs/environment" }, { "type": "null" }] }),
            );
            named["minProperties"] = json!(1);
            named
        }
    }
}

/// Returns a reference to a section, which is defined when it is not yet.
fn reference(section: &Section, definitions: &mut Map<String, Value>) -> Value {
    let name = section.title.trim_matches('`');
    if !definitions.contains_key(name) {
        definitions.insert(name.to_owned(), Value::Null);
        let object = object(section, definitions);
        definitions.insert(name.to_owned(), object);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// A value of which only the letters count.
fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"], "minLength": 1 })
}

/// Returns the texts of a form, and the numbers and booleans whose letters are of it.
fn of_form(form: &Form) -> Value {
    let Some(pattern) = form.pattern else {
        return text();
    };
    let mut kinds = vec!["string"];
    if form.fits("true") && form.fits("false") {
        kinds.push("boolean");
    }
    let texts = json!({ "type": kinds, "minLength": 1, "pattern": pattern });
    match (form.fits("1") && form.fits("1.5"), form.fits("-1")) {
        (true, true) => json!({ "anyOf": [texts, { "type": "number" }] }),
        (true, false) => json!({ "anyOf": [texts, { "type": "number", "minimum": 0 }] }),
        (false, _) => texts,
    }
}

fn names(form: &Form, value: &Value) -> Value {
    let mut names = json!({ "type": "object", "additionalProperties": value });
    if let Some(pattern) = form.pattern {
        names["propertyNames"] = json!({ "pattern": pattern });
    }
    names
}

fn share() -> Value {
    json!({ "type": "string", "pattern": r"^\s*0*(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)\s*%\s*$" })
}

/// Returns a value as JSON that is written as in the file.
fn value(text: &str) -> Value {
    let file = lockgate_core::SourceFile::new("lockgate.yaml", text);
    lockgate_dialect::yaml::parse(&file)
        .0
        .as_ref()
        .map_or(Value::Null, to_json)
}

/// Returns what the key's example gives it.
fn example(key: &Key) -> Option<Value> {
    fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
        match value {
            Value::Object(pairs) => pairs
                .get(name)
                .or_else(|| pairs.values().find_map(|value| find(value, name))),
            Value::Array(items) => items.iter().find_map(|item| find(item, name)),
            _ => None,
        }
    }
    find(&value(key.example), key.name).cloned()
}

/// Returns Markdown with the words of its links in place of them.
fn without_links(markdown: &str) -> String {
    let mut plain = String::new();
    let mut rest = markdown;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((words, target)) = link.split_once("](#") else {
            break;
        };
        plain.push_str(before);
        plain.push('`');
        plain.push_str(words);
        rest = target.split_once(')').map_or("", |(_, behind)| behind);
    }
    plain + rest
}

#[cfg(test)]
mod tests;
