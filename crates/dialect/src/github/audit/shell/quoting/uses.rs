//! What a script does with its variables and files, which tells what becomes of a text that is put into one.
//!
//! Nothing is forgotten by the way: a variable is run when its value stands for a command, when a program that runs
//! texts gets it, when bash calculates with it, or when it becomes the value of one that is run.

mod calculation;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::super::sink::variables;
use super::super::program::{assigned, is_name, is_read_by_programs, program, reads_a_pipe, runs_its_words, unquoted};
use super::super::words::Command;
use calculation::calculated;
use file::{files, is_script, name_of_file};

/// The name under which the arguments of functions are kept.
const ARGUMENTS: &str = "@";

/// More commands are not piped one to the next by anybody.
const LONGEST_PIPE: usize = 64;

/// What becomes of the texts of a script.
pub(in super::super) struct Uses {
    /// Variables whose values are run, or calculated with.
    run: BTreeSet<String>,
    /// Functions, whose arguments and output go where they are called.
    functions: BTreeSet<String>,
    /// Where the commands start that run what comes by a pipe.
    readers: BTreeSet<usize>,
    /// Where the commands start that write to a file that is run.
    writers: BTreeSet<usize>,
    /// Where the last loop or group ends whose output is run.
    last_run: Option<usize>,
    /// Whether all of the output may be run.
    runs_all: bool,
}

impl Uses {
    pub(super) fn of(script: &str, commands: &[Command<'_>]) -> Self {
        let mut looking = Looking {
            commands,
            files: BTreeSet::new(),
            functions: functions(commands),
        };
        let piped = looking.run_behind();
        let mut run = calculated(script, commands);
        let mut values = Values::default();
        for (at, command) in commands.iter().enumerate() {
            if piped[at] || runs_its_words(&command.plain()) {
                run.extend(command.words.iter().flat_map(|word| variables_of(word.text)));
            }
            let for_programs = command
                .words
                .iter()
                .filter(|word| assigned(word.text).is_some_and(is_read_by_programs));
            run.extend(for_programs.flat_map(|word| variables_of(word.text)));
            values.take(command, looking.before(at));
        }
        values.follow(&mut run);
        looking.files = files(commands, &run);
        let is_reader = |at: &usize| looking.is_stage(*at) && looking.run_piped(*at, &run);
        let starts = |at: usize| commands[at].start;
        let all = || 0..commands.len();
        let closes = |at: &usize| matches!(commands[*at].words[0].text, "done" | "fi" | "esac" | "}");
        let is_run = |at: &usize| piped[*at] || looking.run_written(*at);
        Self {
            readers: all().filter(is_reader).map(starts).collect(),
            writers: all().filter(|at| looking.run_written(*at)).map(starts).collect(),
            last_run: all().filter(closes).filter(is_run).map(starts).max(),
            runs_all: all().any(|at| looking.run_all(at, piped[at])),
            functions: looking.functions,
            run,
        }
    }

    /// Returns whether the value of a variable is run, or calculated with.
    pub(super) fn run_variable(&self, name: &str) -> bool {
        self.run.contains(name)
    }

    /// Returns whether a program gives what it gets to functions or commands that run it.
    pub(super) fn run_arguments_of(&self, program: &str) -> bool {
        let hands_on = program == "set" || self.functions.contains(program);
        hands_on && self.run.contains(ARGUMENTS)
    }

    /// Returns whether what is printed at a place of the script is run, when all of its command stands in `command`.
    pub(super) fn run_output(&self, place: usize, command: Range<usize>) -> bool {
        let is_behind = self.readers.range(place..=command.end.max(place)).next().is_some();
        self.runs_all
            || is_behind
            || self.writers.range(command).next().is_some()
            || self.last_run.is_some_and(|at| at >= place)
    }
}

/// A script that is looked through.
struct Looking<'c, 't> {
    commands: &'c [Command<'t>],
    /// Files that are run.
    files: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl<'c, 't> Looking<'c, 't> {
    /// Returns for each command whether its output is run by one behind it.
    fn run_behind(&self) -> Vec<bool> {
        let none = BTreeSet::new();
        // What stands in a group or a substitution reads what comes to the command around it.
        let nested = (0..self.commands.len()).filter(|at| self.commands[*at].inside.is_some());
        let last_nested = nested
            .filter(|at| self.run_piped(*at, &none))
            .map(|at| self.commands[at].start)
            .max();
        let mut found = vec![false; self.commands.len()];
        for at in (0..self.commands.len()).rev() {
            let command = &self.commands[at];
            let is_nested = last_nested.is_some_and(|last| last > command.start);
            found[at] = command.is_piped
                && (is_nested
                    || self
                        .next(at)
                        .is_none_or(|next| found[next] || self.run_piped(next, &none)));
        }
        found
    }

    /// Returns the command to which the output of one is piped.
    fn next(&self, at: usize) -> Option<usize> {
        let next = self.commands.get(at + 1)?;
        let command = &self.commands[at];
        (command.is_piped && command.inside == next.inside).then_some(at + 1)
    }

    /// Returns the commands whose output is piped to one.
    fn before(&self, at: usize) -> &'c [Command<'t>] {
        let first = (0..at)
            .rev()
            .take_while(|before| self.next(*before).is_some())
            .take(LONGEST_PIPE);
        let count = first.count();
        &self.commands[at - count..at]
    }

    /// Returns whether something may be piped to a command.
    fn is_stage(&self, at: usize) -> bool {
        let is_behind_another = at > 0 && self.next(at - 1).is_some();
        is_behind_another || self.commands[at].inside.is_some()
    }

    /// Returns whether a command makes something run of what comes by a pipe.
    fn run_piped(&self, at: usize, run: &BTreeSet<String>) -> bool {
        let words = self.commands[at].plain();
        let name = program(&words);
        let sets_one = matches!(name, Some("read" | "mapfile" | "readarray"));
        reads_a_pipe(&words)
            || name.is_some_and(|name| self.functions.contains(name))
            || (sets_one && words.iter().any(|word| run.contains(*word)))
    }

    /// Returns whether a command writes to a file that is run.
    fn run_written(&self, at: usize) -> bool {
        let command = &self.commands[at];
        let words = command.plain();
        // What stands before the name is no file of it.
        let copies = words
            .iter()
            .copied()
            .skip_while(|word| name_of_file(word) != "tee")
            .skip(1);
        command.targets().chain(copies).any(|file| {
            let file = unquoted(file);
            let name = file.rsplit('/').next().unwrap_or_default();
            self.files.contains(name) || is_script(&file)
        })
    }

    /// Returns whether a command makes it uncertain what becomes of all the others print.
    fn run_all(&self, at: usize, is_piped: bool) -> bool {
        let command = &self.commands[at];
        let words = command.plain();
        // Which variables are in a here-document is not looked at.
        let has_document = command
            .words
            .iter()
            .any(|word| word.text.starts_with("<<") && word.text != "<<<");
        let name = program(&words);
        let is_function = name.is_some_and(|name| self.functions.contains(name));
        let is_for_the_rest = words.first() == Some(&"exec") && command.words.len() > words.len();
        let is_to_a_program = command.words.iter().any(|word| word.text.starts_with('('));
        (has_document && reads_a_pipe(&words))
            || (is_piped && is_function)
            || (is_for_the_rest && (is_to_a_program || self.run_written(at)))
            || self.before(at).len() == LONGEST_PIPE
    }
}

/// Returns the variables that stand in a word, also in the texts of others.
fn variables_of(word: &str) -> Vec<String> {
    let mut found: Vec<String> = variables(word).into_iter().map(ToOwned::to_owned).collect();
    let is_argument = |(at, _): (usize, &str)| {
        let behind = word[at + 1..].trim_start_matches('{');
        behind.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '@' | '*'))
    };
    if word.match_indices('$').any(is_argument) {
        found.push(ARGUMENTS.to_owned());
    }
    found
}

/// Which variables become a part of which others.
#[derive(Default)]
struct Values {
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Values {
    fn take(&mut self, command: &Command<'_>, piped: &[Command<'_>]) {
        let words = command.plain();
        let name = program(&words);
        let is_list = matches!(words.first().copied(), Some("for" | "select"));
        let sets_names = is_list || matches!(name, Some("read" | "mapfile" | "readarray" | "printf" | "getopts"));
        if sets_names {
            let every = command
                .words
                .iter()
                .chain(piped.iter().flat_map(|command| &command.words));
            let inside: BTreeSet<String> = every.flat_map(|word| variables_of(word.text)).collect();
            for word in words.iter().filter(|word| is_name(word)) {
                self.of
                    .entry((*word).to_owned())
                    .or_default()
                    .extend(inside.iter().cloned());
            }
        }
        for word in &words {
            if let Some(name) = assigned(word) {
                self.of.entry(name.to_owned()).or_default().extend(variables_of(word));
            }
        }
    }

    /// Adds what becomes a part of those that are run.
    fn follow(&self, run: &mut BTreeSet<String>) {
        let mut next: Vec<String> = run.iter().cloned().collect();
        while let Some(name) = next.pop() {
            for inside in self.of.get(&name).into_iter().flatten() {
                if run.insert(inside.clone()) {
                    next.push(inside.clone());
                }
            }
        }
    }
}

fn functions(commands: &[Command<'_>]) -> BTreeSet<String> {
    let named = commands.iter().filter_map(|command| {
        let mut words = command.words.iter().map(|word| word.text);
        let first = words.next()?;
        match first.strip_suffix("()") {
            Some("") | None if first == "function" => words.next().map(|name| name.trim_end_matches("()")),
            None if words.next() == Some("()") => Some(first),
            name => name,
        }
    });
    named.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::words::commands;
    use super::*;

    fn run(script: &str) -> Vec<String> {
        Uses::of(script, &commands(script)).run.into_iter().collect()
    }

    #[test]
    fn variables_that_are_run_are_found() {
        for (script, expected) in [
            ("$A b", &["A"][..]),
            ("sudo \"${A}\"", &["A"]),
            ("echo \"$A\"; git commit -m \"$B\"", &[]),
            ("python3 -c \"$A\"", &["A"]),
            ("echo \"$A\" | bash", &["A"]),
            ("echo \"$A\" | tee x | sudo sh", &["A"]),
            ("B=\"x $A\"; C=$B; $C", &["A", "B", "C"]),
            ("for x in $A; do $x; done", &["A", "x"]),
            ("echo $A | while read X; do $X; done", &["A", "X"]),
            ("echo $A | (bash)", &["A"]),
            ("echo $A | cat $(bash)", &["A"]),
            ("export PS4=\"$A\"", &["A"]),
            ("f() { $1; }; f $A", &["@"]),
            ("f() { local c=\"$2\"; \"$c\"; }", &["@", "c"]),
            ("[[ $A -gt 1 ]] && [[ $B == x ]]", &["A"]),
            ("[[ $B == x ]]", &[]),
            ("echo $((A + 1)) ${B:C} ${D[E]} ${F:-G} ${!H}", &["A", "C", "E", "H"]),
            ("echo ${B:C} ${D[E]} ${F:-G} ${!H}", &["C", "E", "H"]),
            ("echo $(bash -c \"$A\")", &["A"]),
        ] {
            assert_eq!(run(script), expected, "{script}");
        }
    }

    #[test]
    fn files_that_are_run_are_found() {
        for script in [
            "a > run.sh",
            "a > x; bash x",
            "a > x; . ./x",
            "a > tools/x; chmod +x tools/x",
            "a > x; ./x",
            "a > /usr/local/bin/x",
            "a > \"$F\"; sh $F",
            "a > x; python3.11 x",
            "a > x; bash < x",
            "a | tee Makefile",
            "a > x; chmod 755 x",
            "a > x; $(cat x)",
            "a > x; A=$(< x); $A",
            "a > x; python -c \"$(cat x)\"",
            "a > x; while read l; do $l; done < x",
            "a >> \"$BASH_ENV\"",
            "a | sudo tee /etc/systemd/system/x.service",
            "a > version.go",
        ] {
            assert!(!Uses::of(script, &commands(script)).writers.is_empty(), "{script}");
        }
        for script in [
            "a > key.json",
            "a >> \"$GITHUB_OUTPUT\"",
            "a > x; chmod 600 x; cat x",
            "a | tee x.log",
            "a > .env",
        ] {
            assert!(Uses::of(script, &commands(script)).writers.is_empty(), "{script}");
        }
    }
}
