//! Which variable holds which value at a step: names that are chosen for fixes that are made together do not clash.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::yaml::Node;

/// The names that were given to values of a file, by the step that gets them.
#[derive(Default)]
pub(in super::super) struct Naming {
    given: RefCell<BTreeMap<*const Node, Given>>,
}

#[derive(Default)]
struct Given {
    /// By the value.
    names: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// Which number comes next behind a name.
    next: BTreeMap<String, usize>,
}

impl Naming {
    /// Returns the variable for a value at a step: that which it was given, else `name`, with a number behind it when that
    /// is given to another value or taken by something else.
    pub(super) fn name_of(&self, step: &Node, value: &str, name: &str, is_taken: impl Fn(&str) -> bool) -> String {
        let mut given = self.given.borrow_mut();
        let given = given.entry(std::ptr::from_ref(step)).or_default();
        if let Some(known) = given.names.get(value) {
            return known.clone();
        }
        let next = given.next.entry(name.to_owned()).or_insert(1);
        loop {
            let free = if *next == 1 {
                name.to_owned()
            } else {
                format!("{name}_{next}")
            };
            if !given.taken.contains(&free) && !is_taken(&free) {
                return free;
            }
            *next += 1;
        }
    }

    /// Gives a name to a value at a step.
    pub(super) fn give(&self, step: &Node, value: String, name: &str) {
        let mut given = self.given.borrow_mut();
        let given = given.entry(std::ptr::from_ref(step)).or_default();
        given.taken.insert(name.to_owned());
        given.names.insert(value, name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::yaml;

    #[test]
    fn every_value_has_a_name_of_its_own() {
        let file = lockgate_core::SourceFile::new("a.yml", "[{ run: a }, { run: b }]");
        let root = yaml::parse(&file).0.unwrap();
        let [one, other] = root.as_sequence().unwrap() else {
            unreachable!()
        };
        let asked = Cell::new(0);
        let is_taken = |name: &str| {
            asked.set(asked.get() + 1);
            name == "A_2"
        };
        let naming = Naming::default();
        let name_of = |step, value: &str| {
            let name = naming.name_of(step, value, "A", is_taken);
            naming.give(step, value.to_owned(), &name);
            name
        };
        assert_eq!(naming.name_of(one, "y", "A", is_taken), "A");
        assert_eq!(name_of(one, "x"), "A");
        assert_eq!(name_of(one, "y"), "A_3");
        assert_eq!(name_of(one, "x"), "A");
        assert_eq!(name_of(other, "y"), "A");
        assert_eq!(naming.name_of(one, "z", "A_3", is_taken), "A_3_2");
        let before = asked.get();
        for number in 0..1000 {
            name_of(one, &number.to_string());
        }
        assert!(asked.get() - before <= 1001);
    }
}
