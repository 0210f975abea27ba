//! Places in which a value is data for certain: nothing that a script does with it reads it as commands.
//!
//! Not a search for what might run a text, which would never end: a place is taken for one of data only where the
//! program that gets the value, everything that its output goes to, and every other use of a variable that it becomes
//! is known to take a text as a text. Of all else it is said why that is not known.

mod script;
mod taking;
mod uses;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::super::program::assigned;
use super::super::words::{Command, Word, commands, is_redirection, plain_words};
use super::scan::Frame;
pub(super) use taking::IS_COMMAND;
use taking::{Taken, file, is_file, is_in, passes, taken, without_keywords};

const IN_GROUP: &str = "it is not followed where what is printed here goes";
const GOES_ON: &str = "what is printed here goes to a program or file of which it is not known that none runs it";
const IN_LIST: &str = "it is not followed what becomes of a list";
const NAMES_A_FILE: &str = "it says which file is read or written";
const TOO_MUCH: &str = "it becomes a part of more variables than are followed";
const NOT_LOOKED_THROUGH: &str =
    "it is not followed what the other steps of the job do with the variable that it becomes";

/// A script in which values are followed.
pub(in super::super::super) struct Contents<'t> {
    text: &'t str,
    pub(super) commands: Vec<Command<'t>>,
    /// Why no place of it is known to be one of data.
    strange: Option<&'static str>,
    /// The commands that end a loop or group and send elsewhere what it prints, each with where that begins.
    closing: Vec<(usize, usize)>,
    /// What is known of its variables.
    known: RefCell<BTreeMap<Variable, Uses>>,
    /// How many bytes were looked at.
    pub(super) read: Cell<usize>,
}

/// The variables that a value becomes a part of, or why it may be run.
type Uses = Result<Vec<Variable>, &'static str>;

/// A variable with a value that is followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Variable {
    name: String,
    reach: Reach,
}

impl Variable {
    fn of(name: &str, reach: Reach) -> Self {
        let name = name.to_owned();
        Self { name, reach }
    }
}

/// Who gets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Script,
    /// Also the programs that it runs.
    Programs,
    /// Also the later steps.
    Steps,
}

/// A place among the words of a command: of the script itself, or of a substitution.
#[derive(Clone, Copy)]
pub(super) struct Level {
    /// Where the substitution or group opened in which the command stands, if it does.
    inside: Option<usize>,
    /// A byte of the word, outside of other words.
    at: usize,
    /// Where the value begins in the word.
    value: usize,
    /// Whether it is a part of one word, whatever it is.
    is_quoted: bool,
}

/// Returns the place of a value among the words of its command, behind those of the substitutions in which that stands.
///
/// # Errors
/// Returns why it is not a word of a command.
pub(super) fn levels(frames: &[(Frame, usize)], value: usize, is_quoted: bool) -> Result<Vec<Level>, &'static str> {
    let (mut inside, mut quote) = (None, None);
    let mut found = Vec::new();
    let mut level = |inside, quote: Option<usize>, value, is_quoted| {
        found.push(Level {
            inside,
            at: quote.unwrap_or(value),
            value,
            is_quoted: is_quoted || quote.is_some(),
        });
    };
    for (frame, opened) in frames {
        match frame {
            Frame::Double => quote = Some(*opened),
            Frame::Command | Frame::Backquoted => {
                level(inside, quote.take(), *opened, false);
                inside = Some(*opened);
            }
            Frame::Test => {}
            Frame::List => return Err(IN_LIST),
            Frame::Parameter | Frame::Arithmetic => return Err(super::IN_SUBSTITUTION),
        }
    }
    level(inside, quote, value, is_quoted);
    Ok(found)
}

impl<'t> Contents<'t> {
    pub(in super::super::super) fn of(text: &'t str) -> Self {
        let commands = commands(text);
        Self {
            text,
            strange: script::strange(text, &commands),
            closing: closing(&commands),
            commands,
            known: RefCell::default(),
            read: Cell::new(text.len()),
        }
    }

    /// Checks that the value of a variable of the environment is nothing but data in the script; one that it gives to
    /// later steps is not followed further.
    ///
    /// # Errors
    /// Returns why that is not certain.
    pub(in super::super::super) fn keep_variable(&self, name: &str) -> Result<(), &'static str> {
        let variable = Variable::of(name, Reach::Programs);
        self.strange.map_or(Ok(()), Err)?;
        let elsewhere = |other: &str| if other == name { Ok(()) } else { Err(NOT_LOOKED_THROUGH) };
        self.follow(vec![variable], &elsewhere)
    }

    /// Checks that a value is nothing but data at a place; `elsewhere` checks that of a variable in the other steps.
    ///
    /// # Errors
    /// Returns why that is not certain.
    pub(super) fn keep(
        &self,
        levels: &[Level],
        elsewhere: &dyn Fn(&str) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        self.strange.map_or(Ok(()), Err)?;
        self.follow(self.place(levels)?, elsewhere)
    }

    fn follow(
        &self,
        mut next: Vec<Variable>,
        elsewhere: &dyn Fn(&str) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        /// More variables of one script nobody has.
        const MOST: usize = 64;
        let mut seen = BTreeSet::new();
        while let Some(variable) = next.pop() {
            if !seen.insert(variable.clone()) {
                continue;
            }
            if variable.reach == Reach::Steps {
                elsewhere(&variable.name)?;
            }
            let known = self.known.borrow().get(&variable).cloned();
            let uses = match known {
                Some(uses) => uses,
                None if self.known.borrow().len() == MOST => return Err(TOO_MUCH),
                None => {
                    let uses = self.uses(&variable);
                    self.known.borrow_mut().insert(variable, uses.clone());
                    uses
                }
            };
            next.extend(uses?);
        }
        Ok(())
    }

    /// Returns the variables that a value at a place becomes a part of.
    fn place(&self, levels: &[Level]) -> Uses {
        let mut found = Vec::new();
        for level in levels.iter().rev() {
            let (at, word) = self.find(level)?;
            let command = &self.commands[at];
            self.count(command);
            match self.taken(command, word, level)? {
                Taken::Silent => return Ok(found),
                Taken::Variable(name, is_exported) => {
                    let reach = if is_exported { Reach::Programs } else { Reach::Script };
                    found.push(Variable::of(name, reach));
                    return Ok(found);
                }
                Taken::Printed => {}
            }
            self.flow(at, command, &mut found)?;
            let is_around = |(closing, from): &&(usize, usize)| {
                let closing = &self.commands[*closing];
                closing.inside == level.inside && (*from..closing.start).contains(&command.start)
            };
            for (closing, _) in self.closing.iter().filter(is_around) {
                self.flow(*closing, command, &mut found)?;
            }
            // What is printed in a substitution is a part of a word around it.
            let is_substitution = |opened: usize| self.text[opened..].starts_with(['$', '`']);
            if level.inside.is_some_and(|opened| !is_substitution(opened)) {
                return Err(IN_GROUP);
            }
        }
        Ok(found)
    }

    /// Returns the command at a level, and the word.
    fn find(&self, level: &Level) -> Result<(usize, Word<'t>), &'static str> {
        let position = (level.inside, level.at);
        let count = self
            .commands
            .partition_point(|command| (command.inside, command.start) <= position);
        let command = count.checked_sub(1).map(|at| (at, &self.commands[at]));
        let (at, command) = command
            .filter(|(_, command)| command.inside == level.inside)
            .ok_or(IN_GROUP)?;
        let count = command.words.partition_point(|word| word.start <= level.at);
        let word = count.checked_sub(1).map(|at| command.words[at]);
        let word = word.filter(|word| level.at < word.start + word.text.len());
        Ok((at, word.ok_or(IN_GROUP)?))
    }

    /// Returns what a command makes of a word of its own.
    fn taken(&self, command: &Command<'t>, word: Word<'t>, level: &Level) -> Result<Taken<'t>, &'static str> {
        let words = arguments(command);
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        let Some(at) = words.iter().position(|other| other.start == word.start) else {
            let is_given = command
                .words
                .windows(2)
                .any(|pair| pair[0].text == "<<<" && pair[1].start == word.start);
            return if is_given && passes(without_keywords(&texts)) {
                Ok(Taken::Printed)
            } else {
                Err(NAMES_A_FILE)
            };
        };
        let own = self.text.get(word.start..level.value).unwrap_or_default();
        taken(&texts, at, own, level.is_quoted)
    }

    /// Checks where the output of a command goes that has what `origin` prints, and adds the variables that it becomes a
    /// part of.
    fn flow(&self, at: usize, origin: &Command<'t>, found: &mut Vec<Variable>) -> Result<(), &'static str> {
        /// More commands are not piped one to the next by anybody.
        const LONGEST: usize = 64;
        let mut at = at;
        for _ in 0..LONGEST {
            let command = &self.commands[at];
            self.count(command);
            Self::targets(command, origin, found)?;
            if !command.is_piped {
                return Ok(());
            }
            at += 1;
            let next = self.commands.get(at).ok_or(GOES_ON)?;
            let end = command.words.last().map_or(0, |word| word.start + word.text.len());
            let between = self.text.get(end..next.start).unwrap_or_default().replace("\\\n", "");
            let words: Vec<&str> = arguments(next).iter().map(|word| word.text).collect();
            if !matches!(between.trim(), "|" | "|&") || !passes(&words) {
                return Err(GOES_ON);
            }
        }
        Err(GOES_ON)
    }

    /// Checks the files that a command writes to, and adds the variables that stand for them or are written there.
    fn targets(command: &Command<'t>, origin: &Command<'t>, found: &mut Vec<Variable>) -> Result<(), &'static str> {
        let mut files: Vec<&str> = Vec::new();
        for (at, word) in command.words.iter().enumerate() {
            let target = command.words.get(at + 1).map_or("", |word| word.text);
            match word.text {
                ">" | ">>" | ">|" | "&>" | "&>>" => files.push(target),
                ">&" if matches!(target, "1" | "2" | "-") => {}
                "<&" | "<>" | ">&" => return Err(GOES_ON),
                _ => {}
            }
        }
        let words = arguments(command);
        if words.first().is_some_and(|first| first.text == "tee") {
            files.extend(
                words[1..]
                    .iter()
                    .map(|word| word.text)
                    .filter(|word| !word.starts_with('-')),
            );
        }
        for target in files {
            let name = file(target).ok_or(GOES_ON)?;
            if name == "GITHUB_ENV" {
                let words: Vec<&str> = arguments(origin).iter().map(|word| word.text).collect();
                let ["echo", said, ..] = without_keywords(&words) else {
                    return Err(GOES_ON);
                };
                let set = assigned(said.trim_start_matches(['"', '\''])).ok_or(GOES_ON)?;
                found.push(Variable::of(set, Reach::Steps));
            }
            if is_file(name) {
                found.push(Variable::of(name, Reach::Script));
            }
        }
        Ok(())
    }

    fn count(&self, command: &Command<'_>) {
        let end = command.words.last().map_or(0, |word| word.start + word.text.len());
        self.read.set(self.read.get() + end.saturating_sub(command.start));
    }
}

/// Returns the commands that end a loop or group and send elsewhere what it prints, each with where that begins.
fn closing(commands: &[Command<'_>]) -> Vec<(usize, usize)> {
    const BEFORE: &str = "then do else elif ! time";
    let mut found = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    for (at, command) in commands.iter().enumerate() {
        if at > 0 && commands[at - 1].inside != command.inside {
            open.clear();
        }
        let words = &command.words;
        let end = match words[0].text {
            "}" => "{",
            "fi" => "if",
            "esac" => "case",
            "done" => "for",
            _ => "",
        };
        if !end.is_empty() {
            // What does not fit was not understood, and may have begun anywhere.
            let from = open.pop().filter(|(word, _)| *word == end).map(|(_, from)| from);
            if words.len() > 1 || command.is_piped {
                found.push((at, from.unwrap_or(0)));
            }
            if from.is_none() {
                open.clear();
            }
        }
        for word in words {
            match word.text {
                "{" | "if" => open.push((word.text, command.start)),
                "while" | "until" => open.push(("for", command.start)),
                "for" | "case" => {
                    open.push((word.text, command.start));
                    break;
                }
                text if is_in(BEFORE, text) => {}
                _ => break,
            }
        }
    }
    found
}

/// Returns the words of a command that are no part of a redirection, such as the number before its sign.
fn arguments<'t>(command: &Command<'t>) -> Vec<Word<'t>> {
    let is_before_sign = |word: &Word<'t>| {
        let end = word.start + word.text.len();
        let at = command.words.partition_point(|other| other.start < end);
        let is_sign = |sign: &Word<'_>| sign.start == end && is_redirection(sign.text);
        command.words.get(at).is_some_and(is_sign) && word.text.bytes().all(|byte| byte.is_ascii_digit())
    };
    plain_words(&command.words)
        .filter(|word| !is_before_sign(word))
        .collect()
}
