//! How a place in a script of `sh` or `bash` is quoted.
//!
//! Not a shell: it follows quotes, substitutions, comments and here-documents just far enough to tell whether a
//! variable in that place would be one word with its value as it is. Where it is not sure it says so, and nothing is
//! changed.

mod data;
mod function;
mod meaning;
mod scan;

use std::cell::OnceCell;

use data::{Contents, IS_COMMAND, levels};
use function::Functions;
use meaning::{IN_LIST, last_redirection, line_before, words_meant};
use scan::{Frame, IN_SINGLE, Scan};

/// How a place is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Quoting {
    /// Not at all: words are split and patterns expanded.
    Bare,
    /// In double quotes: variables are replaced, and nothing else happens to them.
    Double,
    /// Alone in single quotes, which have to go for a variable.
    AloneInSingle,
    /// Where a variable would not be replaced, or what comes out would be calculated with.
    Unclear(&'static str),
}

/// What is known of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Standing {
    pub(in super::super) quoting: Quoting,
    /// Why it is not certain that its value stays data.
    pub(in super::super) doubt: Option<&'static str>,
}

const IN_SUBSTITUTION: &str = "it stands inside of a substitution";
const IN_TEST: &str = "bash may calculate with it or match it as a pattern";

/// The longest script that is looked into: GitHub's runner takes 21,000 characters.
const MOST_BYTES: usize = 21_000;

/// A script whose places are asked about; in the order of the text all of them take one walk along it.
pub(in super::super) struct Script<'t> {
    text: &'t str,
    scan: Scan<'t>,
    /// What it does with its texts; not looked at until asked for.
    contents: OnceCell<Contents<'t>>,
    /// Where the last line begins that sends what stands before it elsewhere.
    last_redirection: Option<usize>,
}

impl<'t> Script<'t> {
    pub(in super::super) fn of(text: &'t str) -> Self {
        Self {
            text,
            scan: Scan::of(text),
            contents: OnceCell::new(),
            last_redirection: last_redirection(text).filter(|_| text.len() <= MOST_BYTES),
        }
    }

    fn contents(&self) -> &Contents<'t> {
        self.contents.get_or_init(|| Contents::of(self.text))
    }

    /// Returns how the part `start..end` is quoted, and about how many bytes were read for it; `is_given` is asked whether
    /// programs get a variable of some name.
    pub(in super::super) fn at(
        &mut self,
        start: usize,
        end: usize,
        is_given: &dyn Fn(&str) -> bool,
    ) -> (Standing, usize) {
        let unclear = |why| Standing {
            quoting: Quoting::Unclear(why),
            doubt: None,
        };
        if self.text.len() > MOST_BYTES {
            return (unclear("the script is longer than a runner takes"), 0);
        }
        let from = self.walk_to(start);
        let line = line_before(self.text, start);
        let standing = self.standing(start, end, is_given).unwrap_or_else(unclear);
        let read = self.contents.get().map_or(0, |contents| contents.read.take());
        (standing, start - from + line.len() + read)
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
        is_said && !(has_functions && self.is_captured(start))
    }

    /// Returns whether what is printed at a place is not printed by the script itself.
    fn is_captured(&self, place: usize) -> bool {
        let commands = &self.contents().commands;
        let bodies = Functions::of(commands).captured(commands);
        bodies.iter().any(|body| body.contains(&place))
    }

    /// Makes the walk one that `start` lies before; returns where it is.
    fn walk_to(&mut self, start: usize) -> usize {
        if start < self.scan.goal {
            self.scan = Scan::of(self.text);
        }
        self.scan.goal
    }

    /// Returns how a part is quoted, or why that is not clear.
    fn standing(
        &mut self,
        start: usize,
        end: usize,
        is_given: &dyn Fn(&str) -> bool,
    ) -> Result<Standing, &'static str> {
        let script = self.text;
        if script[..start].ends_with('\\') {
            return Err("the backslash before it would keep a variable from being replaced");
        }
        let unclear = self.scan.up_to(start);
        let is_alone = unclear == Some(IN_SINGLE) && is_alone(script, start, end);
        if let Some(why) = unclear.filter(|_| !is_alone) {
            return Err(why);
        }
        let frames = &self.scan.frames;
        // What stands in one, with quotes of its own or without, may be calculated with.
        let is_substituted = |frame: Frame| matches!(frame, Frame::Parameter | Frame::Arithmetic);
        if frames.iter().any(|(frame, _)| is_substituted(*frame)) {
            return Err(IN_SUBSTITUTION);
        }
        let quoting = match frames.last() {
            Some((Frame::Test, _)) => return Err(IN_TEST),
            _ if is_alone => Quoting::AloneInSingle,
            None | Some((Frame::Command, _)) => words_meant(script, start).map_or(Quoting::Bare, Quoting::Unclear),
            Some((Frame::Double, _)) => Quoting::Double,
            Some((Frame::List, _)) => return Err(IN_LIST),
            Some(_) => return Err(IN_SUBSTITUTION),
        };
        let value = if is_alone { start - 1 } else { start };
        // One without quotes gets some.
        let kept = levels(frames, value, true).and_then(|levels| self.contents().keep(&levels, is_given));
        Ok(Standing {
            quoting,
            doubt: kept.err(),
        })
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
