//! What each command of a script does with what comes to it, and where it sends what it prints.

use std::collections::BTreeSet;

use super::super::super::program::{
    Role, assigned, program, reads_a_pipe, reads_a_text, role, runs_its_words, unquoted,
};
use super::super::super::words::{Command, Word};
use super::file::name_of_file;
use super::function::Functions;

/// More commands are not piped one to the next by anybody.
const LONGEST_PIPE: usize = 64;

/// A script that is looked through.
pub(super) struct Looking<'c, 't> {
    pub(super) commands: &'c [Command<'t>],
    pub(super) functions: Functions,
}

impl<'c, 't> Looking<'c, 't> {
    /// Returns for each command whether its output is run by one behind it.
    pub(super) fn run_behind(&self) -> Vec<bool> {
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
    pub(super) fn before(&self, at: usize) -> &'c [Command<'t>] {
        let first = (0..at)
            .rev()
            .take_while(|before| self.next(*before).is_some())
            .take(LONGEST_PIPE);
        let count = first.count();
        &self.commands[at - count..at]
    }

    /// Returns whether something may be piped to a command.
    pub(super) fn is_stage(&self, at: usize) -> bool {
        let is_behind_another = at > 0 && self.next(at - 1).is_some();
        is_behind_another || self.commands[at].inside.is_some()
    }

    /// Returns whether it is not known what the program of a command does with a text.
    pub(super) fn is_unknown(&self, command: &Command<'_>) -> bool {
        !self.functions.is_called_by(command) && matches!(role(&command.plain(), ""), Ok(Role::Argument(_, false)))
    }

    /// Returns whether what a command prints is piped to a program of which that is not known.
    pub(super) fn gives(&self, at: usize) -> bool {
        self.behind(at).any(|next| {
            let command = &self.commands[next];
            self.is_unknown(command) && !program(&command.plain()).is_some_and(reads_a_text)
        })
    }

    /// Returns whether a command makes something run of what comes by a pipe.
    pub(super) fn run_piped(&self, at: usize, run: &BTreeSet<String>) -> bool {
        let words = self.commands[at].plain();
        let name = program(&words);
        reads_a_pipe(&words)
            || name.is_some_and(|name| self.functions.contains(name))
            || (is_reading(name) && words.iter().any(|word| run.contains(*word)))
    }

    /// Returns the files that a command writes to, if there are any.
    pub(super) fn write(&self, at: usize) -> Option<Write> {
        let command = &self.commands[at];
        let words = command.plain();
        // What stands before the name is no file of it.
        let is_copying = |word: &&str| matches!(name_of_file(word).as_str(), "tee" | "sponge" | "dd");
        let copies = words.iter().copied().skip_while(|word| !is_copying(word)).skip(1);
        let copies = copies.map(|word| word.strip_prefix("of=").unwrap_or(word));
        let files: Vec<String> = command.targets().chain(copies).map(unquoted).collect();
        (!files.is_empty()).then(|| Write {
            start: command.start,
            files,
            reach: self.reach(at),
        })
    }

    /// Returns whose output it is that a command sends elsewhere.
    pub(super) fn reach(&self, at: usize) -> Reach {
        let command = &self.commands[at];
        match command.words[0].text {
            "done" | "fi" | "esac" | "}" => Reach::Group,
            "exec" => Reach::All,
            _ if self.functions.is_called_by(command) => Reach::All,
            _ => Reach::Own,
        }
    }

    /// Returns the places of all words that are run, each with the end of the last that begins before.
    pub(super) fn run_words(&self, run: &BTreeSet<String>, piped: &[bool]) -> Vec<(usize, usize)> {
        if self.functions.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (command, piped) in self.commands.iter().zip(piped) {
            let words = command.plain();
            let sets_one = is_list_of(&words, run)
                || (is_reading(program(&words)) && words.iter().any(|word| run.contains(*word)));
            let is_run = *piped || sets_one || runs_its_words(&words);
            let sets_run = |word: &&Word<'_>| assigned(word.text).is_some_and(|name| run.contains(name));
            let words = command.words.iter().filter(|word| is_run || sets_run(word));
            found.extend(words.map(|word| (word.start, word.start + word.text.len())));
        }
        found.sort_unstable();
        let mut last = 0;
        for (_, end) in &mut found {
            last = last.max(*end);
            *end = last;
        }
        found
    }

    /// Returns whether a command makes it uncertain what becomes of all the others print.
    pub(super) fn run_all(
        &self,
        at: usize,
        run: &BTreeSet<String>,
        piped: &[bool],
        run_words: &[(usize, usize)],
    ) -> bool {
        let command = &self.commands[at];
        let words = command.plain();
        // Which variables are in a here-document is not looked at.
        let has_document = command
            .words
            .iter()
            .any(|word| word.text.starts_with("<<") && word.text != "<<<");
        let is_for_the_rest = words.first() == Some(&"exec") && command.words.len() > words.len();
        let is_to_a_program = command.words.iter().any(|word| word.text.starts_with('('));
        let is_in_run_word = || {
            let count = run_words.partition_point(|(start, _)| *start <= command.start);
            run_words[..count].last().is_some_and(|(_, end)| *end > command.start)
        };
        let is_run_function = self.functions.is_called_by(command)
            && (piped[at]
                || is_to_a_program
                || is_in_run_word()
                || self.behind(at).any(|next| self.run_piped(next, run)));
        (has_document && reads_a_pipe(&words))
            || is_run_function
            || (is_for_the_rest && is_to_a_program)
            || self.before(at).len() == LONGEST_PIPE
    }

    /// Returns the commands to which the output of one is piped, one behind the other.
    fn behind(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.next(at), |at| self.next(*at)).take(LONGEST_PIPE)
    }
}

/// Returns whether a command is a loop whose variable is one of these.
pub(super) fn is_list_of(words: &[&str], names: &BTreeSet<String>) -> bool {
    matches!(words, ["for" | "select", name, ..] if names.contains(*name))
}

/// Returns whether a program sets variables to what it reads.
pub(super) fn is_reading(program: Option<&str>) -> bool {
    matches!(program, Some("read" | "mapfile" | "readarray"))
}

/// A command that writes to files.
pub(super) struct Write {
    pub(super) start: usize,
    pub(super) files: Vec<String>,
    pub(super) reach: Reach,
}

/// Whose output it is that goes to a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// That of the command itself.
    Own,
    /// Also that of a loop or group before it.
    Group,
    /// That of all of the script, as far as is known.
    All,
}
