//! Names in one mapping that differ only in upper and lower case: GitHub takes them for the same name.

use std::collections::BTreeMap;

use super::lowering::Lowering;
use crate::codes;
use crate::yaml::{Content, Entry, Key, Node};

/// Up to so many names are compared one by one, which is faster than sorting them.
const FEW: usize = 12;

impl Lowering {
    /// Notes the names in `node`, and in all that it contains, that another one equals but for case.
    pub(super) fn check_case(&mut self, node: &Node) {
        match &node.content {
            Content::Scalar(_) => {}
            Content::Sequence(items) => {
                for item in items {
                    self.check_case(item);
                }
            }
            Content::Mapping(entries) => {
                for (first, second) in alike(entries) {
                    let message = format!(
                        "`{}` is given twice: it equals `{}`, because case does not matter here",
                        second.name, first.name
                    );
                    let diagnostic = self.reader.error(codes::YAML_DUPLICATE_KEY, second.span, message);
                    self.reader.report(diagnostic.related(first.span, "first given here"));
                }
                for entry in entries {
                    self.check_case(&entry.value);
                }
            }
        }
    }
}

/// Returns pairs of keys that differ in case alone; the same key twice is told where the file is parsed.
fn alike(entries: &[Entry]) -> Vec<(&Key, &Key)> {
    let keys = entries.iter().map(|entry| &entry.key);
    let mut found = Vec::new();
    if entries.len() <= FEW {
        for (at, key) in keys.enumerate() {
            let before = entries[..at].iter().map(|entry| &entry.key);
            let first = before
                .into_iter()
                .find(|first| first.name.eq_ignore_ascii_case(&key.name));
            found.extend(first.map(|first| (first, key)));
        }
    } else {
        let mut seen: BTreeMap<String, &Key> = BTreeMap::new();
        for key in keys {
            let first = *seen.entry(key.name.to_ascii_lowercase()).or_insert(key);
            if first.span != key.span {
                found.push((first, key));
            }
        }
    }
    found.retain(|(first, second)| first.name != second.name);
    found
}
