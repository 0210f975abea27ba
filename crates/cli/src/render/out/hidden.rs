//! Secrets, kept out of whatever this process writes.
//!
//! Lines for people lose every secret, as the output of steps does. In a document for programs a secret that is as
//! short as `1`, or a word such as `true`, stays: it is hardly ever the secret, and the document would lose its sense.
//! What of a document is made of the words of a workflow goes through [`hidden`] where the document is made.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::OnceLock;

use lockgate_adapters::executor::mask::Masker;
use lockgate_adapters::executor::secrets::is_searched_for;
use lockgate_core::Secret;
use serde_json::Value;

/// What this process has to hide; nothing until it has read a secret.
static HIDDEN: OnceLock<Hidden> = OnceLock::new();

#[derive(Default)]
struct Hidden {
    all: Masker,
    in_documents: Masker,
}

/// Hides these values in everything that is written from now on.
pub(crate) fn hide<'s>(secrets: impl IntoIterator<Item = &'s Secret> + Clone) {
    let hidden = HIDDEN.get_or_init(Hidden::default);
    hidden.all.add(secrets.clone().into_iter().map(Secret::expose));
    let searched = secrets.into_iter().filter(|secret| is_searched_for(secret));
    hidden.in_documents.add(searched.map(Secret::expose));
}

/// Returns a text as people may read it.
pub(crate) fn hidden(text: &str) -> Cow<'_, str> {
    match HIDDEN.get() {
        Some(hidden) => hidden.all.mask(text).into(),
        None => text.into(),
    }
}

/// Returns a document that is no JSON as programs may read it: short secrets stay, or it would lose its sense.
pub(crate) fn in_document(text: &str) -> Cow<'_, str> {
    match HIDDEN.get() {
        Some(hidden) => hidden.in_documents.mask(text).into(),
        None => text.into(),
    }
}

/// Returns a value as programs may read it; `None` when there is nothing to hide.
pub(super) fn document(value: &impl serde::Serialize) -> Option<Value> {
    let hidden = HIDDEN.get()?;
    let mut value = serde_json::to_value(value).ok()?;
    mask(&mut value, &hidden.in_documents);
    Some(value)
}

fn mask(value: &mut Value, masker: &Masker) {
    match value {
        Value::String(text) => *text = masker.mask(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, masker)),
        Value::Object(fields) => fields.values_mut().for_each(|field| mask(field, masker)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where log messages go: stderr, each written at once.
pub(crate) struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(message);
        io::stderr().lock().write_all(hidden(&text).as_bytes())?;
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_loses_secrets_in_every_text_and_stays_a_document() {
        let mut value =
            serde_json::json!({ "a": ["x hunter2"], "b": { "hunter2": "say \"hunter2\"" }, "n": 1, "t": true });
        mask(&mut value, &Masker::new(["hunter2"]));
        let expected = serde_json::json!({ "a": ["x ***"], "b": { "hunter2": "say \"***\"" }, "n": 1, "t": true });
        assert_eq!(value, expected);
    }
}
