//! Environment variables in layers.
//!
//! A step sees some sixty variables of which two or three are its own. Layers are shared by all steps of a job, and of
//! a run, so that neither the log nor the memory holds the same sixty once per step.

mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

pub use variables::Variables;

/// Environment variables in layers, of which a later one wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Environment {
    layers: Vec<Arc<Variables>>,
}

impl Environment {
    /// Returns the environment of these layers, the strongest last.
    pub fn of(layers: impl IntoIterator<Item = Arc<Variables>>) -> Self {
        Self {
            layers: layers.into_iter().filter(|layer| !layer.is_empty()).collect(),
        }
    }

    /// Returns the value of the variable `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.layers
            .iter()
            .rev()
            .find_map(|layer| layer.get(name))
            .map(String::as_str)
    }

    /// Returns all variables in the order of their names.
    pub fn flatten(&self) -> BTreeMap<&str, &str> {
        let mut all = BTreeMap::new();
        for layer in &self.layers {
            all.extend(layer.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(entries: &[(&str, &str)]) -> Arc<Variables> {
        Arc::new(
            entries
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_later_layer_wins() {
        let environment = Environment::of([layer(&[("A", "1"), ("B", "1")]), layer(&[]), layer(&[("B", "2")])]);
        assert_eq!(environment.get("B"), Some("2"));
        assert_eq!(environment.get("C"), None);
        assert_eq!(environment.flatten(), BTreeMap::from([("A", "1"), ("B", "2")]));
    }
}
