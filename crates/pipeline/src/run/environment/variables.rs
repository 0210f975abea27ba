//! Names and values in the order in which the names were first set.
//!
//! Expressions see that order, in `toJSON(env)` and `join(steps.x.outputs.*)`, and so does whoever reads the log of a
//! run. A sorted map would lose it; a map that is hashed is banned here, and a list alone is slow with many. So: a list,
//! and beside it the places in it by name.

use std::fmt;
use std::ops::Index;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names and values, in the order in which the names were first set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables {
    entries: Vec<(String, String)>,
    /// The places of the entries, in the order of their names.
    sorted: Vec<usize>,
}

impl Variables {
    /// Returns no variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the value of the variable `name`.
    pub fn get(&self, name: &str) -> Option<&String> {
        let found = self.position(name).ok()?;
        Some(&self.entries[self.sorted[found]].1)
    }

    /// Returns whether there is a variable `name`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Sets a variable; one that is set again keeps its place. Returns its value before.
    pub fn insert(&mut self, name: String, value: String) -> Option<String> {
        match self.position(&name) {
            Ok(found) => Some(std::mem::replace(&mut self.entries[self.sorted[found]].1, value)),
            Err(place) => {
                self.sorted.insert(place, self.entries.len());
                self.entries.push((name, value));
                None
            }
        }
    }

    /// Keeps the variables for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        let entries = std::mem::take(self).entries;
        self.extend(entries.into_iter().filter(|(name, value)| keep(name, value)));
    }

    /// Returns the names.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().map(|(name, _)| name)
    }

    /// Returns the values.
    pub fn values(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// Returns the names.
    pub fn into_keys(self) -> impl Iterator<Item = String> {
        self.entries.into_iter().map(|(name, _)| name)
    }

    /// Returns the names with their values.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// Returns where a name is among the sorted, or where it would be.
    fn position(&self, name: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|place| self.entries[*place].0.as_str().cmp(name))
    }
}

type Iter<'v> = std::iter::Map<std::slice::Iter<'v, (String, String)>, fn(&(String, String)) -> (&String, &String)>;

impl<'v> IntoIterator for &'v Variables {
    type Item = (&'v String, &'v String);
    type IntoIter = Iter<'v>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Index<&str> for Variables {
    type Output = String;

    fn index(&self, name: &str) -> &String {
        match self.get(name) {
            Some(value) => value,
            None => unreachable!("whoever indexes with `{name}` knows that it is there"),
        }
    }
}

impl IntoIterator for Variables {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Extend<(String, String)> for Variables {
    fn extend<T: IntoIterator<Item = (String, String)>>(&mut self, entries: T) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(entries: T) -> Self {
        let mut variables = Self::new();
        variables.extend(entries);
        variables
    }
}

impl<const N: usize> From<[(String, String); N]> for Variables {
    fn from(entries: [(String, String); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl Serialize for Variables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Variables;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names with texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Variables, A::Error> {
                let mut variables = Variables::new();
                while let Some((name, value)) = map.next_entry()? {
                    variables.insert(name, value);
                }
                Ok(variables)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Variables {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn a_name_keeps_the_place_where_it_was_first_set() {
        let mut variables = of("z=1 a=2 m=3 a=4");
        assert_eq!(variables, of("z=1 a=4 m=3"));
        assert_ne!(variables, of("a=4 m=3 z=1"));
        variables.retain(|name, _| name != "z");
        variables.insert("b".into(), "5".into());
        let names: Vec<_> = variables.keys().map(String::as_str).collect();
        assert_eq!(names, ["a", "m", "b"]);
        let found = ["a", "b", "m", "z"].map(|name| variables.get(name).map(String::as_str));
        assert_eq!(found, [Some("4"), Some("5"), Some("3"), None]);
    }

    #[test]
    fn the_order_is_kept_in_the_log() {
        let variables = of("z=1 a=2 m=3");
        let text = serde_json::to_string(&variables).unwrap();
        assert_eq!(text, r#"{"z":"1","a":"2","m":"3"}"#);
        assert_eq!(serde_json::from_str::<Variables>(&text).unwrap(), variables);
        let value = serde_json::to_value(&variables).unwrap();
        assert_eq!(serde_json::from_value::<Variables>(value).unwrap(), variables);
    }
}
