//! What a script does with its variables and files, which tells what becomes of a text that is put into one.
//!
//! Nothing is forgotten by the way: a variable is run when its value stands for a command, when a program that runs
//! texts gets it, when bash calculates with it, or when it becomes the value of one that is run.

mod calculation;
mod file;
mod function;
mod looking;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::super::sink::variables;
use super::super::program::{assigned, is_name, is_read_by_programs, program, runs_its_words};
use super::super::words::Command;
use calculation::calculated;
use file::files;
pub(super) use file::{hand_on, is_run};
use function::Functions;
use looking::{Looking, Reach, Write, is_reading};

/// The name under which the arguments of functions are kept.
const ARGUMENTS: &str = "@";

/// What becomes of the texts of a script.
pub(in super::super) struct Uses {
    /// Variables whose values are run, or calculated with.
    pub(super) run: BTreeSet<String>,
    /// Variables whose values are given to programs of which it is not known what they do with them.
    given: BTreeSet<String>,
    /// Where the commands start whose output such programs get.
    giving: BTreeSet<usize>,
    /// Functions, whose arguments and output go where they are called.
    functions: Functions,
    /// The bodies of those whose output is not that of the script.
    captured: Vec<Range<usize>>,
    /// Files that are run.
    pub(super) files: BTreeSet<String>,
    /// What writes to files.
    writes: Vec<Write>,
    /// Where the commands start that run what comes by a pipe.
    readers: BTreeSet<usize>,
    /// Where the last loop or group ends whose output is run by what it is piped to.
    last_run: Option<usize>,
    /// Whether all of the output may be run.
    runs_all: bool,
}

impl Uses {
    pub(super) fn of(script: &str, commands: &[Command<'_>]) -> Self {
        let looking = Looking {
            commands,
            functions: Functions::of(commands),
        };
        let piped = looking.run_behind();
        let mut run = calculated(script, commands);
        let mut given = BTreeSet::new();
        let mut values = Values::default();
        for (at, command) in commands.iter().enumerate() {
            if looking.is_unknown(command) {
                given.extend(command.plain().into_iter().flat_map(variables_of));
            }
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
        values.follow(&mut given);
        let is_reader = |at: &usize| looking.is_stage(*at) && looking.run_piped(*at, &run);
        let starts = |at: usize| commands[at].start;
        let all = || 0..commands.len();
        let closes = |at: &usize| looking.reach(*at) == Reach::Group;
        let files = files(commands, &run, &piped);
        let giving = all().filter(|at| looking.gives(*at)).map(starts).collect();
        let run_words = looking.run_words(&run, &piped);
        Self {
            readers: all().filter(is_reader).map(starts).collect(),
            last_run: all().filter(closes).filter(|at| piped[*at]).map(starts).max(),
            runs_all: all().any(|at| looking.run_all(at, &run, &piped, &run_words)),
            writes: all().filter_map(|at| looking.write(at)).collect(),
            captured: looking.functions.captured(commands),
            functions: looking.functions,
            files,
            run,
            given,
            giving,
        }
    }

    /// Returns whether the value of a variable is run, or calculated with.
    pub(super) fn run_variable(&self, name: &str) -> bool {
        self.run.contains(name)
    }

    /// Returns whether the value of a variable is given to programs of which it is not known what they do with it.
    pub(super) fn give_variable(&self, name: &str) -> bool {
        self.given.contains(name)
    }

    /// Returns whether what the command at a place prints is given to programs of which it is not known what they do with
    /// it.
    pub(super) fn give_output(&self, start: usize) -> bool {
        self.giving.contains(&start)
    }

    /// Returns whether it is not known what becomes of the arguments of a program that is no known one.
    pub(super) fn give_arguments_of(&self, program: &str) -> bool {
        !self.functions.contains(program) || self.given.contains(ARGUMENTS)
    }

    /// Returns whether a program gives what it gets to functions or commands that run it.
    pub(super) fn run_arguments_of(&self, program: &str) -> bool {
        let hands_on = program == "set" || self.functions.contains(program);
        hands_on && self.run.contains(ARGUMENTS)
    }

    /// Returns whether what is printed at a place of the script is not printed by the script itself.
    pub(super) fn capture_output(&self, place: usize) -> bool {
        self.captured.iter().any(|body| body.contains(&place))
    }

    /// Returns whether what is printed at a place of the script is run, when all of its command stands in `command`.
    pub(super) fn run_output(&self, place: usize, command: Range<usize>) -> bool {
        let is_behind = self.readers.range(place..=command.end.max(place)).next().is_some();
        self.runs_all
            || is_behind
            || self.last_run.is_some_and(|at| at >= place)
            || self.files_for(place, command).any(|file| is_run(file, &self.files))
    }

    /// Returns the files to which goes what is printed at a place of the script, when all of its command stands in
    /// `command`.
    pub(super) fn files_for(&self, place: usize, command: Range<usize>) -> impl Iterator<Item = &str> {
        let writes = self.writes.iter().filter(move |write| match write.reach {
            Reach::Own => command.contains(&write.start),
            Reach::Group => command.contains(&write.start) || write.start >= place,
            Reach::All => true,
        });
        writes.flat_map(|write| write.files.iter().map(String::as_str))
    }
}

/// Returns the variables that stand in a word, also in the texts of others.
fn variables_of(word: &str) -> Vec<String> {
    let mut found: Vec<String> = variables(word).into_iter().map(ToOwned::to_owned).collect();
    if has_arguments(word) {
        found.push(ARGUMENTS.to_owned());
    }
    found
}

/// Returns whether arguments of a function stand in a text, `$1` or `"$@"`.
fn has_arguments(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let behind = text[at + 1..].trim_start_matches('{');
        behind.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '@' | '*'))
    })
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
        let sets_names = is_list || is_reading(name) || matches!(name, Some("printf" | "getopts"));
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
            ("[[ x == $B ||\n  a -eq\n  $A ]]", &["A", "a"]),
            ("(( (1) > 0 &&\n  A ))", &["A"]),
            ("f() { echo $(( $1 + 1 )); }", &["@"]),
            ("f() { [[ \"$1\" -gt 1 ]]; }", &["@"]),
            ("f() { local n=$1; ((n > 2)); }", &["@", "n"]),
            ("echo \"${B:$1}\" $[A]", &["@", "A"]),
            ("declare -i A; A=\"$B\"", &["A", "B"]),
            ("echo $((A + 1)) ${B:C} ${D[E]} ${F:-G} ${!H}", &["A", "C", "E", "H"]),
            ("echo ${B:C} ${D[E]} ${F:-G} ${!H}", &["C", "E", "H"]),
            ("echo $(bash -c \"$A\")", &["A"]),
        ] {
            assert_eq!(run(script), expected, "{script}");
        }
    }

    #[test]
    fn what_unknown_programs_get_is_found() {
        for (script, expected) in [
            ("a \"$A\" > $B", &["A"][..]),
            ("A=\"b $B\"; sudo c \"$A\"", &["A", "B"]),
            ("echo \"$A\"; git commit -m \"$B\"; C=$D", &[]),
            ("f() { a \"$1\"; }; f \"$A\"", &["@"]),
        ] {
            let given = Uses::of(script, &commands(script)).given;
            assert_eq!(given.into_iter().collect::<Vec<_>>(), expected, "{script}");
        }
    }

    fn runs_the_body(call: &str) -> bool {
        let script = format!("f() {{ a; }}; {call}");
        Uses::of(&script, &commands(&script)).run_output(6, 6..7)
    }

    fn writes_what_is_run(script: &str) -> bool {
        Uses::of(script, &commands(script)).run_output(0, 0..script.len())
    }

    #[test]
    fn what_functions_print_is_run_where_they_are_called() {
        for call in [
            "N=$(f); $N",
            "N=\"x $(f)\"; M=$N; $M",
            "$(f)",
            "sudo $(g | f)",
            "for i in $(f); do $i; done",
            "read N < <(f); $N",
            "f | while read N; do $N; done",
            "f > x; . x",
            "f > >(bash)",
            "bash <(f)",
        ] {
            assert!(runs_the_body(call), "{call}");
        }
        assert!(!runs_the_body("f; N=$(f); echo \"$N\" > log"));
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
            "a > x; mv x y; . y",
            "a > x; cat x | bash",
            "a | sudo dd of=x; bash x",
            "a > x; export $(cat x)",
            "a > x; for f in x y; do . \"$f\"; done",
            "a > x.env; for f in b/*.env; do . \"$f\"; done",
        ] {
            assert!(writes_what_is_run(script), "{script}");
        }
        for script in [
            "a > key.json",
            "a >> \"$GITHUB_OUTPUT\"",
            "a > x; chmod 600 x; cat x",
            "a | tee x.log",
            "a > .env",
        ] {
            assert!(!writes_what_is_run(script), "{script}");
        }
    }
}
