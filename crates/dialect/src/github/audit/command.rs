//! The commands of a script, and which of its text goes to the files by which a step speaks to the later ones.
//!
//! Not a shell: the walk tells one command from the next, and the words of each are taken as they stand. A script is read
//! once, from its start to its end.

mod again;
mod course;
mod group;
mod inside;
mod part;
mod reading;
mod standing;
mod words;
mod writing;

use std::ops::Range;

pub(super) use again::{Again, Reader, may_read_again};
pub(super) use part::{Part, unquoted};
pub(super) use writing::written;

use super::shell::Shell;
use super::walk::Walk;
use group::{Reach, reaches};
use part::parts_where;
use words::command_of;

/// A command, as far as quotes tell.
pub(super) struct Command<'t> {
    pub(super) text: &'t str,
    /// The byte of the script at which it starts.
    pub(super) start: usize,
    shell: Shell,
    /// Whether its output goes to the next one.
    is_piped: bool,
    /// Its here-documents, each with whether variables in it are replaced.
    documents: Vec<(Range<usize>, bool)>,
}

/// How often the same text of a script is looked at for groups in groups.
const MOST_TIMES: usize = 4;

/// The commands of a script.
pub(super) struct Commands<'t> {
    script: &'t str,
    list: Vec<Command<'t>>,
    /// What each of them closes, or is the end of.
    reaches: Vec<Reach>,
    /// Those of the same script in PowerShell, where it is not known which shell reads it and that matters.
    otherwise: Option<Box<Self>>,
}

impl<'t> Commands<'t> {
    /// Returns the commands of a script that a shell reads.
    pub(super) fn of(script: &'t str, shell: Shell) -> Self {
        let list = reading::commands(script, shell);
        let reaches = reaches(&list);
        let is_either = shell == Shell::Unknown && script.contains('`');
        Self {
            script,
            list,
            reaches,
            otherwise: is_either.then(|| Box::new(Self::of(script, Shell::Pwsh))),
        }
    }

    /// Returns them in the order of the script, once for each shell that may read it.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Command<'t>> {
        let otherwise = self.otherwise.iter().flat_map(|otherwise| otherwise.list.iter());
        self.list.iter().chain(otherwise)
    }

    /// Returns what programs read as commands once more, also in substitutions.
    pub(super) fn read_again(&self) -> Vec<Again<'t>> {
        self.read_again_within(MOST_TIMES)
    }

    fn read_again_within(&self, depth: usize) -> Vec<Again<'t>> {
        let mut budget = MOST_TIMES * self.script.len();
        let mut found = Vec::new();
        for (at, command) in self.list.iter().enumerate() {
            found.extend(command.read_again());
            let mut scripts = command.scripts(self.script);
            let input = command.reader_of_input();
            let mut parts = Vec::new();
            if let Some((_, reader)) = input {
                parts = command.given(self.script);
                if let Some(last) = at.checked_sub(1).filter(|last| self.list[*last].is_piped) {
                    let from = self.within(&mut budget, self.reaches[last].group, last);
                    for before in &self.list[from..=last] {
                        parts.extend(before.said());
                        parts.extend(before.given_on(self.script));
                        scripts.extend(before.handed_on(self.script).filter(|_| reader == Reader::Shell));
                    }
                }
            }
            for (text, start) in scripts.into_iter().filter(|_| depth > 0) {
                let inside = Self::of(text, command.shell).read_again_within(depth - 1);
                found.extend(inside.into_iter().map(|again| again.behind(start)));
            }
            found.extend(input.map(|(program, reader)| Again { program, reader, parts }));
        }
        found.extend(self.otherwise.iter().flat_map(|otherwise| otherwise.read_again()));
        found
    }

    /// Returns from where on the commands up to `at` are looked at: groups in groups would be looked at again and again.
    fn within(&self, budget: &mut usize, from: usize, at: usize) -> usize {
        let length = self.list[at].start + self.list[at].text.len() - self.list[from].start;
        budget.checked_sub(length).map_or(at, |left| {
            *budget = left;
            from
        })
    }
}

impl<'t> Command<'t> {
    /// Returns its first word that is no word of the shell before a command.
    pub(super) fn word(&self) -> &'t str {
        self.words().split_whitespace().next().unwrap_or_default()
    }

    /// Returns the program that it runs, without its folder and version.
    pub(super) fn program(&self) -> &'t str {
        words::program(self.word())
    }

    /// Returns whether it runs this program, itself or by one that runs others.
    pub(super) fn runs(&self, name: &str) -> bool {
        let first = self.program();
        let mut others = words::RUNNING
            .contains(&first)
            .then(|| words::words(self.words(), self.shell))
            .into_iter()
            .flatten();
        first == name || others.any(|word| words::program(word) == name)
    }

    /// Returns it without the words of the shell before a command, and without the variables that are set for it.
    pub(super) fn words(&self) -> &'t str {
        command_of(self.text, self.shell)
    }

    /// Returns the variable that it sets, if that is all it does, and the value as it is written.
    pub(super) fn assignment(&self) -> Option<(&'t str, &'t str)> {
        const DECLARING: [&str; 5] = ["export", "local", "readonly", "declare", "typeset"];
        let words = words::words(self.words(), self.shell);
        let is_declared = words.first().is_some_and(|first| DECLARING.contains(first));
        let word = words
            .into_iter()
            .skip(usize::from(is_declared))
            .find(|word| !word.starts_with('-'))?;
        word.split_once('=').filter(|_| words::is_assignment(word))
    }

    fn parts(&self, script: &'t str) -> Vec<Part<'t>> {
        parts_where(Walk::by(self.text, self.shell), self.text, self.start, |_| true)
            .into_iter()
            .chain(self.documents(script))
            .collect()
    }

    fn documents(&self, script: &'t str) -> impl Iterator<Item = Part<'t>> {
        self.documents
            .iter()
            .map(move |(range, is_replaced)| Part::of(&script[range.clone()], range.start, *is_replaced))
    }

    /// Returns the byte of the script at which a text stands that is a part of it.
    fn start_of(&self, text: &str) -> usize {
        self.start + (text.as_ptr() as usize - self.text.as_ptr() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let texts: Vec<&str> = Commands::of(script, Shell::Posix)
            .iter()
            .map(|command| command.text)
            .collect();
        assert_eq!(texts, expected, "{script}");
    }

    #[test]
    fn commands_end_outside_of_quotes() {
        check("a; b && c || d\ne | f & g", &["a", "b", "c", "d", "e", "f", "g"]);
        check("a ';' \"b; $(c; \"d\")\" \\; e", &["a ';' \"b; $(c; \"d\")\" \\; e"]);
        check("a 2>&1 &> b # c; d\n# e\nf", &["a 2>&1 &> b", "f"]);
        check("{ a; b; } > c", &["{ a", "b", "} > c"]);
        check("(a; b) > c\nx=(1; 2)", &["(", "a", "b", ") > c", "x=(1; 2)"]);
        check("cat <<E > a\nb; c\nE\nd", &["cat <<E > a", "d"]);
        check("f() { a; }\necho it's", &["f() { a", "}", "echo it's"]);
        check("a ${{ b || 'c' }} ä'ö", &["a ${{ b || 'c' }} ä'ö"]);
        check("(( n << 2 ))\na", &["(( n << 2 ))", "a"]);
        check("a $'it\\'s'; b", &["a $'it\\'s'", "b"]);
        check(
            "x=\"$(case $y in a) b;; esac)\"; c",
            &["x=\"$(case $y in a) b;; esac)\"", "c"],
        );
        check(
            "case $y in a|b) c;; *) d; esac",
            &["case $y in a|b)", "c", "*)", "d", "esac"],
        );
        check("if a; then (b; c); fi", &["if a", "then", "(", "b", "c", ")", "fi"]);
        check(
            "a `b; c` ${{ format('}};') }}; d",
            &["a `b; c` ${{ format('}};') }}", "d"],
        );
        check("cat <<E; b\n c\n E\nE\nd", &["cat <<E", "b", "d"]);
        check("[[ a && (b ||\n c) ]] && d", &["[[ a && (b ||\n c) ]]", "d"]);
    }

    /// What a script of nonsense is made of.
    const SIGNS: [&str; 42] = [
        "\\",
        "'",
        "\"",
        "$(",
        ")",
        "(",
        "((",
        "))",
        "$((",
        "${",
        "}",
        "{ ",
        "`",
        "<<E",
        "<<-'E'",
        "\nE\n",
        "\n",
        "case a in ",
        "esac",
        ";;",
        "|",
        "&",
        ";",
        "#",
        " ",
        "a",
        "é",
        "${{ x }}",
        "${{",
        "$'",
        "A=(",
        ">",
        "A=",
        "bash -c ",
        "echo $A",
        "<<<",
        "[[ ",
        " ]]",
        "<(",
        "eval ",
        "${A//[^a]/}",
        "cat",
    ];

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None,
            ..proptest::prelude::ProptestConfig::with_cases(500)
        })]

        #[test]
        fn nonsense_is_read_with_its_places(signs in proptest::collection::vec(proptest::sample::select(&SIGNS[..]), 0..40)) {
            let script = signs.concat();
            let commands = Commands::of(&script, Shell::Posix);
            for command in commands.iter() {
                assert!(script[command.start..].starts_with(command.text));
                assert!(command.text.ends_with(command.words()));
                let _ = command.assignment();
            }
            let again = commands.read_again();
            let written = commands.written(&["A"]);
            for (at, _) in script.match_indices('$') {
                for station in commands.course(at, &["A".to_owned()]).0 {
                    assert!(station.place.is_none_or(|place| station.text.get(place..).is_some()));
                }
            }
            for ((start, length), name) in again.iter().flat_map(Again::variables) {
                assert!(script[start..start + length].ends_with(name));
            }
            for part in again.iter().flat_map(|again| &again.parts).chain(written.iter().flatten()) {
                assert!(script[part.start..].starts_with(part.text));
            }
        }
    }
}
