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

use super::super::words::{Command, OUTPUT, Word, commands, is_redirection, plain_words};
use super::scan::{Frame, Walk};
pub(super) use taking::IS_COMMAND;
use taking::{Taken, file, is_file, is_in, passes, taken, without_keywords};

const IN_GROUP: &str = "it is not followed where what is printed here goes";
const GOES_ON: &str = "what is printed here goes to a program or file of which it is not known that none runs it";
const IN_LIST: &str = "it is not followed what becomes of a list";
const NAMES_A_FILE: &str = "it says which file is read or written";
const TOO_MUCH: &str = "it becomes a part of more variables than are followed, or of one that is used too often";
const GIVEN: &str = "programs may get the variable that it becomes a part of";

/// A script in which values are followed.
pub(super) struct Contents<'t> {
    text: &'t str,
    pub(super) commands: Vec<Command<'t>>,
    /// Why no place of it is known to be one of data.
    strange: Option<&'static str>,
    /// The commands that end a loop or group and send elsewhere what it prints, each with where that begins.
    closing: Vec<(usize, usize)>,
    /// What is known of its variables.
    known: RefCell<BTreeMap<String, Uses>>,
    /// How many bytes were looked at.
    pub(super) read: Cell<usize>,
}

/// The variables that a value becomes a part of, or why it may be run.
type Uses = Result<Vec<String>, &'static str>;

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
    pub(super) fn of(text: &'t str) -> Self {
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

    /// Checks that a value is nothing but data at a place; `is_given` is asked whether programs get a variable of some name.
    ///
    /// # Errors
    /// Returns why that is not certain.
    pub(super) fn keep(&self, levels: &[Level], is_given: &dyn Fn(&str) -> bool) -> Result<(), &'static str> {
        /// More variables of one script nobody has.
        const MOST: usize = 64;
        self.strange.map_or(Ok(()), Err)?;
        let mut next = self.place(levels)?;
        let mut seen = BTreeSet::new();
        while let Some(name) = next.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            if !is_file(&name) && is_given(&name) {
                return Err(GIVEN);
            }
            let known = self.known.borrow().get(&name).cloned();
            let uses = match known {
                Some(uses) => uses,
                None if self.known.borrow().len() == MOST => return Err(TOO_MUCH),
                None => {
                    let uses = self.uses(&name);
                    self.known.borrow_mut().insert(name, uses.clone());
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
                Taken::Variable(name) => {
                    found.push(name.to_owned());
                    return Ok(found);
                }
                Taken::Printed => {}
            }
            self.flow(at, &mut found)?;
            let is_around = |(closing, from): &&(usize, usize)| {
                let closing = &self.commands[*closing];
                closing.inside == level.inside && (*from..closing.start).contains(&command.start)
            };
            for (closing, _) in self.closing.iter().filter(is_around) {
                self.flow(*closing, &mut found)?;
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
        if has_braces(own) {
            return Err(IN_LIST);
        }
        taken(&texts, at, own, level.is_quoted)
    }

    /// Checks where the output of a command goes, and adds the variables by which files are named that it goes to.
    fn flow(&self, at: usize, found: &mut Vec<String>) -> Result<(), &'static str> {
        /// More commands are not piped one to the next by anybody.
        const LONGEST: usize = 64;
        let mut at = at;
        for _ in 0..LONGEST {
            let command = &self.commands[at];
            self.count(command);
            targets(command, found)?;
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

    fn count(&self, command: &Command<'_>) {
        let end = command.words.last().map_or(0, |word| word.start + word.text.len());
        self.read.set(self.read.get() + end.saturating_sub(command.start));
    }
}

/// Checks the files that a command writes to, and adds the variables by which they are named.
fn targets(command: &Command<'_>, found: &mut Vec<String>) -> Result<(), &'static str> {
    let mut files: Vec<&str> = Vec::new();
    for (at, word) in command.words.iter().enumerate() {
        let target = command.words.get(at + 1).map_or("", |word| word.text);
        match word.text {
            ">&" if matches!(target, "1" | "2" | "-") => {}
            "<&" | "<>" | ">&" => return Err(GOES_ON),
            sign if OUTPUT.contains(&sign) => files.push(target),
            _ => {}
        }
    }
    let words = arguments(command);
    if words.first().is_some_and(|first| first.text == "tee") {
        let words = words[1..].iter().map(|word| word.text);
        files.extend(words.filter(|word| !word.starts_with('-')));
    }
    for target in files {
        let name = file(target).ok_or(GOES_ON)?;
        found.extend(is_file(name).then(|| name.to_owned()));
    }
    Ok(())
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

/// Returns whether a text has a brace outside of quotes, by which a word may become several.
fn has_braces(text: &str) -> bool {
    let mut walk = Walk::of(text);
    while walk.at < text.len() {
        if walk.frames.is_empty() && text.as_bytes()[walk.at] == b'{' {
            return true;
        }
        walk.step();
    }
    false
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
