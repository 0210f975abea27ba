//! How a place in a script of `sh` or `bash` is quoted.
//!
//! Not a shell: it follows quotes, substitutions, comments and here-documents just far enough to tell whether a
//! variable in that place would be one word with its value as it is. Where it is not sure it says so, and nothing is
//! changed.

mod elsewhere;
mod meaning;
mod scan;
mod uses;

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::program::{Role, role};
use super::words::{Command, commands, holds_commands, plain};
pub(in super::super) use elsewhere::Elsewhere;
use meaning::{IN_LIST, is_among_code, last_redirection, line_before, runs_texts, words_meant};
use scan::{Frame, IN_SINGLE, Scan};
use uses::Uses;

/// How a place is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Quoting {
    /// Not at all: words are split and patterns expanded.
    Bare,
    /// In double quotes: variables are replaced, and nothing else happens to them.
    Double,
    /// Alone in single quotes, which have to go for a variable.
    AloneInSingle,
    /// Where a variable would not be replaced, or its value be read once more.
    Unclear(&'static str),
}

/// What is known of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Standing {
    pub(in super::super) quoting: Quoting,
    /// Why a variable in it may be read as code all the same.
    pub(in super::super) doubt: Option<&'static str>,
}

const IN_SUBSTITUTION: &str = "it stands inside of a substitution";
const AMONG_CODE: &str = "the program may read the text in which the value stands as commands or code of its own";
const RUN_ELSEWHERE: &str = "a step of the job runs what is printed here: as a file, or as the value of a variable";

/// The longest script that is looked into: GitHub's runner takes 21,000 characters.
const MOST_BYTES: usize = 21_000;

/// A script whose places are asked about; in the order of the text all of them take one walk along it.
pub(in super::super) struct Script<'t> {
    text: &'t str,
    scan: Scan<'t>,
    /// Its commands and what it does with their texts; not looked at until asked for.
    contents: OnceCell<(Vec<Command<'t>>, Uses)>,
    /// How many bytes were read for the place that is looked at, beside the walk.
    read: Cell<usize>,
    /// Whether it has commands that read any text of it as commands.
    runs_texts: bool,
    /// Where the last line begins that sends what stands before it elsewhere.
    last_redirection: Option<usize>,
}

impl<'t> Script<'t> {
    pub(in super::super) fn of(text: &'t str) -> Self {
        let is_read = text.len() <= MOST_BYTES;
        Self {
            text,
            scan: Scan::of(text),
            contents: OnceCell::new(),
            read: Cell::new(0),
            runs_texts: is_read && runs_texts(text),
            last_redirection: last_redirection(text).filter(|_| is_read),
        }
    }

    fn contents(&self) -> &(Vec<Command<'t>>, Uses) {
        self.contents.get_or_init(|| {
            self.read.set(self.read.get() + self.text.len());
            let commands = commands(self.text);
            let uses = Uses::of(self.text, &commands);
            (commands, uses)
        })
    }

    /// Returns how the part `start..end` is quoted, and about how many bytes were read for it; `elsewhere` is asked where
    /// other scripts may get what is printed there.
    pub(in super::super) fn at(
        &mut self,
        start: usize,
        end: usize,
        elsewhere: impl Fn() -> Rc<Elsewhere>,
    ) -> (Standing, usize) {
        let script = self.text;
        let unclear = |why| Standing {
            quoting: Quoting::Unclear(why),
            doubt: None,
        };
        if script.len() > MOST_BYTES {
            return (unclear("the script is longer than a runner takes"), 0);
        }
        let from = self.walk_to(start);
        let line = line_before(script, start);
        let read = start - from + line.len();
        let found = self.unquoted(start, end, elsewhere);
        let read = read + self.read.take();
        match found {
            Err(why) => (unclear(why), read),
            Ok((standing, end_of_command)) => (standing, read + end_of_command.saturating_sub(end)),
        }
    }

    /// Returns whether at `start` a command begins whose output is that of the script.
    pub(in super::super) fn is_command(&mut self, start: usize) -> bool {
        if self.text.len() > MOST_BYTES {
            return false;
        }
        self.walk_to(start);
        let is_reached = self.scan.up_to(start).is_none() && self.scan.at == start;
        let is_first = line_before(self.text, start).trim().is_empty();
        let is_sent_elsewhere = self.last_redirection.is_some_and(|at| at > start);
        let is_said = is_reached && self.scan.frames.is_empty() && is_first && !is_sent_elsewhere;
        let has_functions = self.text.contains("()") || self.text.contains("function ");
        is_said && !(has_functions && self.contents().1.capture_output(start))
    }

    /// Makes the walk one that `start` lies before; returns where it is.
    fn walk_to(&mut self, start: usize) -> usize {
        if start < self.scan.goal {
            self.scan = Scan::of(self.text);
        }
        self.scan.goal
    }

    /// Returns how a part is quoted and where its command ends, or why that is not clear.
    fn unquoted(
        &mut self,
        start: usize,
        end: usize,
        elsewhere: impl Fn() -> Rc<Elsewhere>,
    ) -> Result<(Standing, usize), &'static str> {
        let script = self.text;
        if script[..start].ends_with('\\') {
            return Err("the backslash before it would keep a variable from being replaced");
        }
        let unclear = self.scan.up_to(start);
        let is_alone = unclear == Some(IN_SINGLE) && is_alone(script, start, end);
        if let Some(why) = unclear.filter(|_| !is_alone) {
            return Err(why);
        }
        let innermost = self.scan.frames.last().copied();
        let quote = match innermost {
            _ if is_alone => start - 1,
            Some((Frame::Double, opened)) => opened,
            _ => start,
        };
        // What stands in one, with quotes of its own or without, may be calculated with.
        let is_substituted = |frame: Frame| matches!(frame, Frame::Parameter | Frame::Arithmetic);
        if self.scan.frames.iter().any(|(frame, _)| is_substituted(*frame)) {
            return Err(IN_SUBSTITUTION);
        }
        if self.scan.frames.iter().any(|(frame, _)| *frame == Frame::Test) {
            return Err("bash may calculate with it or match it as a pattern");
        }
        let end_of_command = self.scan.clone().end_of_command().max(end);
        let (from, doubt) = self.taken(start, quote)?;
        let uses = &self.contents().1;
        if uses.run_output(end, from..end_of_command) {
            return Err("what is printed here is run: by a program behind a `|`, or as a file");
        }
        let mut files = uses.files_for(end, from..end_of_command).peekable();
        let command = script.get(from..end_of_command.min(script.len())).unwrap_or_default();
        if files.peek().is_some() && elsewhere().runs(command, files) {
            return Err(RUN_ELSEWHERE);
        }
        if self.runs_texts {
            return Err("the script runs texts as commands, and this may be one of them");
        }
        let quoting = match innermost {
            _ if is_alone => Quoting::AloneInSingle,
            None | Some((Frame::Command, _)) => words_meant(script, start).map_or(Quoting::Bare, Quoting::Unclear),
            Some((Frame::Double, _)) => Quoting::Double,
            Some((Frame::List, _)) => return Err(IN_LIST),
            Some(_) => return Err(IN_SUBSTITUTION),
        };
        Ok((Standing { quoting, doubt }, end_of_command))
    }
}

/// A command that takes a part of a script.
#[derive(Clone, Copy)]
struct Taken {
    /// Where it starts.
    from: usize,
    /// Whether it is not known what becomes of the text that it takes, or makes of it.
    is_given: bool,
    /// Whether that text has more in it than values and a name.
    is_among_code: bool,
}

impl Script<'_> {
    /// Looks at the command in which a part stands, and at those in whose substitutions it stands; returns where the
    /// outermost starts, and why one of them may read it as code.
    ///
    /// # Errors
    /// Returns why one of them reads the text as commands, as far as is known.
    fn taken(&self, start: usize, quote: usize) -> Result<(usize, Option<&'static str>), &'static str> {
        let (mut inside, mut is_direct) = (None, true);
        let mut found: Vec<Taken> = Vec::new();
        for (frame, opened) in &self.scan.frames {
            if is_direct {
                found.extend(self.taken_by(inside, *opened, start)?);
            }
            is_direct = holds_commands(*frame);
            if is_direct {
                inside = Some(*opened);
            }
        }
        if is_direct {
            found.extend(self.taken_by(inside, quote, start)?);
        }
        // What one says in a substitution is a part of what the next one outside takes.
        let mut is_given = self.contents().1.capture_output(start);
        let is_doubtful = found.iter().any(|taken| {
            is_given |= taken.is_given;
            is_given && taken.is_among_code
        });
        let from = found.first().map_or(0, |taken| taken.from);
        Ok((from, is_doubtful.then_some(AMONG_CODE)))
    }

    /// Looks at the command in the substitution `inside` that has a word at `at`, in which a part at `start` stands.
    fn taken_by(&self, inside: Option<usize>, at: usize, start: usize) -> Result<Option<Taken>, &'static str> {
        let (commands, uses) = self.contents();
        let count = commands.partition_point(|command| (command.inside, command.start) <= (inside, at));
        let Some(command) = commands[..count].last().filter(|command| command.inside == inside) else {
            return Ok(None);
        };
        let mut taken = Taken {
            from: command.start,
            is_given: uses.give_output(command.start),
            is_among_code: false,
        };
        let count = command.words.partition_point(|word| word.start <= at);
        let (before, own) = match command.words[..count].split_last() {
            Some((own, before)) if at < own.start + own.text.len() => (before, own),
            // A group of commands is no word.
            _ => return Ok(Some(taken)),
        };
        self.read.set(self.read.get() + start - command.start + own.text.len());
        let is_run = match role(&plain(before), self.text.get(own.start..start).unwrap_or_default())? {
            Role::Variable(name) => {
                taken.is_given |= uses.give_variable(name);
                uses.run_variable(name)
            }
            Role::Argument(program, is_known) => {
                taken.is_given |= !is_known && uses.give_arguments_of(program);
                uses.run_arguments_of(program)
            }
        };
        if is_run {
            return Err("the script runs or calculates with what this becomes a part of");
        }
        taken.is_among_code = is_among_code(own.text);
        Ok(Some(taken))
    }
}

/// Returns whether the part is all that stands in a pair of single quotes.
fn is_alone(script: &str, start: usize, end: usize) -> bool {
    let bytes = script.as_bytes();
    start > 0 && bytes[start - 1] == b'\'' && bytes.get(end) == Some(&b'\'')
        // An ANSI-C quote is none.
        && (start < 2 || bytes[start - 2] != b'$')
}

#[cfg(test)]
mod tests;
