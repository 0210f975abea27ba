//! Where the keys of a job and of the workflow stand whose values only a run knows.
//!
//! A key without an expression cannot fail later, so that its place is not kept.

use std::collections::BTreeMap;

use super::lowering::Lowering;
use crate::yaml::{Content, Entry, Node};

/// Keys of a job, and of its `strategy`, that hold one value each.
const VALUES: [&str; 5] = ["if", "name", "runs-on", "timeout-minutes", "continue-on-error"];
const OF_STRATEGY: [&str; 3] = ["matrix", "fail-fast", "max-parallel"];

/// Lines and columns by the names of keys.
pub(super) type Places = BTreeMap<String, (usize, usize)>;

impl Lowering {
    /// Returns where the keys of a job stand that hold expressions.
    pub(super) fn places_of_job(&self, job: &Node) -> Places {
        let mut places = Places::new();
        for entry in job.as_mapping().unwrap_or_default() {
            let name = entry.key.name.as_str();
            match name {
                "env" | "outputs" | "with" | "secrets" => self.add_places(&entry.value, name, |_| true, &mut places),
                "strategy" => self.add_places(&entry.value, name, |name| OF_STRATEGY.contains(&name), &mut places),
                _ if VALUES.contains(&name) => self.add_place(entry, name.to_owned(), &mut places),
                _ => {}
            }
        }
        places
    }

    /// Adds the entries of `node` under the name `of`.
    pub(super) fn add_places(&self, node: &Node, of: &str, is_wanted: impl Fn(&str) -> bool, places: &mut Places) {
        for entry in node.as_mapping().unwrap_or_default() {
            if is_wanted(&entry.key.name) {
                self.add_place(entry, format!("{of}.{}", entry.key.name), places);
            }
        }
    }

    fn add_place(&self, entry: &Entry, name: String, places: &mut Places) {
        if name == "if" || has_expression(&entry.value) {
            places.insert(name, self.reader.position(entry.key.span.start));
        }
    }
}

fn has_expression(node: &Node) -> bool {
    match &node.content {
        Content::Scalar(scalar) => scalar.text.contains("${{"),
        Content::Sequence(items) => items.iter().any(has_expression),
        Content::Mapping(entries) => entries.iter().any(|entry| has_expression(&entry.value)),
    }
}
