//! The functions of a script: where they stand, and whether what they print is taken elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::program::program;
use super::super::words::Command;

/// The functions of a script, each with where its bodies stand.
#[derive(Default)]
pub(super) struct Functions {
    bodies: BTreeMap<String, Vec<Range<usize>>>,
}

impl Functions {
    pub(super) fn of(commands: &[Command<'_>]) -> Self {
        let mut found = Self::default();
        // The groups in braces that are open, each with the function whose body it is.
        let mut open: Vec<Option<(&str, usize)>> = Vec::new();
        let mut announced = None;
        let mut inside = None;
        for command in commands {
            if inside != command.inside {
                (inside, announced) = (command.inside, None);
                open.clear();
            }
            let words: Vec<&str> = command.words.iter().map(|word| word.text).collect();
            let name = defined(&words);
            if let Some(name) = name {
                found.bodies.entry(name.to_owned()).or_default();
                announced = Some((name, command.start));
            }
            let behind = words.iter().skip_while(|word| name.is_some() && **word != "{");
            for _ in behind
                .take_while(|word| BEFORE.contains(word))
                .filter(|word| **word == "{")
            {
                open.push(announced.take());
            }
            if words[0] == "}"
                && let Some((name, start)) = open.pop().flatten()
            {
                found
                    .bodies
                    .entry(name.to_owned())
                    .or_default()
                    .push(start..command.start);
            }
        }
        found
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.bodies.contains_key(name)
    }

    fn called<'t>(&self, command: &Command<'t>) -> Option<&'t str> {
        program(&command.plain()).filter(|name| self.contains(name))
    }

    /// Returns the bodies of those whose output does not go where that of the script goes.
    pub(super) fn captured(&self, commands: &[Command<'_>]) -> Vec<Range<usize>> {
        let calls: Vec<(&Command<'_>, &str)> = commands
            .iter()
            .filter_map(|command| Some((command, self.called(command)?)))
            .collect();
        let mut names = BTreeSet::new();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        loop {
            let before = names.len();
            for (command, name) in &calls {
                let is_taken = command.inside.is_some() || command.is_piped || command.targets().next().is_some();
                let is_within = ranges.iter().any(|range| range.contains(&command.start));
                if (is_taken || is_within) && names.insert(*name) {
                    ranges.extend(self.bodies.get(*name).into_iter().flatten().cloned());
                }
            }
            if names.len() == before {
                return ranges;
            }
        }
    }
}

/// Words that stand before a `{` that opens a group.
const BEFORE: [&str; 10] = ["then", "do", "else", "if", "elif", "while", "until", "!", "time", "{"];

/// Returns the name of the function that a command begins to define.
fn defined<'t>(words: &[&'t str]) -> Option<&'t str> {
    let (first, rest) = words.split_first()?;
    match first.strip_suffix("()") {
        Some("") | None if *first == "function" => rest.first().map(|name| name.trim_end_matches("()")),
        None if rest.first() == Some(&"()") => Some(first),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::words::commands;
    use super::*;

    #[test]
    fn what_functions_print_is_taken_where_they_are_called() {
        for (script, expected) in [
            ("f() { a; }; f", &[][..]),
            ("f() { a; }; x=$(f)", &["f() { a;"]),
            (
                "f() {\n  if a; then { b; }; fi\n}\nf | tee x",
                &["f() {\n  if a; then { b; }; fi\n"],
            ),
            (
                "function f {\n  a\n}\ng()\n{ f; }\ng > x",
                &["g()\n{ f;", "function f {\n  a\n"],
            ),
            ("f () { a; }; (b `f`)", &["f () { a;"]),
        ] {
            let commands = commands(script);
            let captured = Functions::of(&commands).captured(&commands);
            let texts: Vec<&str> = captured.into_iter().map(|range| &script[range]).collect();
            assert_eq!(texts, expected, "{script}");
        }
    }
}
