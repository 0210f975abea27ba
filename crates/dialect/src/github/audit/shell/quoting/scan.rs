//! A walk along a script to the places that are asked about.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

pub(super) use super::super::super::walk::{Frame, Piece, Walk};

pub(super) const IN_SINGLE: &str = "it stands in single quotes, where no variable is replaced";
pub(super) const IN_COMMENT: &str = "it stands in a comment";
pub(super) const IN_DOCUMENT: &str = "it stands in a here-document";

/// A walk along a script from place to place.
#[derive(Clone)]
pub(super) struct Scan<'t> {
    walk: Walk<'t>,
    text: &'t [u8],
    /// How far was asked for.
    pub(super) goal: usize,
    last: Piece,
    /// The last command whose end was looked for, from where on, and that end; the copies share what they find, so that
    /// the places of a long command do not lead to its end one by one.
    command: Rc<Cell<(usize, usize)>>,
}

impl<'t> Scan<'t> {
    pub(super) fn of(script: &'t str) -> Self {
        Self {
            walk: Walk::of(script),
            text: script.as_bytes(),
            goal: 0,
            last: Piece::Plain,
            command: Rc::default(),
        }
    }

    /// Reads up to `goal`, which lies behind those before; returns why a variable there is not what it seems.
    pub(super) fn up_to(&mut self, goal: usize) -> Option<&'static str> {
        self.goal = goal;
        while self.walk.at < goal {
            self.last = self.walk.step();
        }
        let is_inside = self.walk.at > goal;
        match self.last {
            Piece::Single if is_inside => Some(IN_SINGLE),
            Piece::Comment if is_inside => Some(IN_COMMENT),
            Piece::Documents | Piece::Delimiter if is_inside => Some(IN_DOCUMENT),
            _ => None,
        }
    }

    /// Reads on to the end of the command, with all that its output is piped to; returns where that is.
    pub(super) fn end_of_command(&mut self) -> usize {
        let from = self.walk.at;
        let (known, end) = self.command.get();
        if (known..end).contains(&from) {
            return end;
        }
        let mut last = b' ';
        while let Some(sign) = self.text.get(self.walk.at).copied() {
            if sign == b'\n' && self.walk.frames.is_empty() && last != b'|' {
                break;
            }
            if !sign.is_ascii_whitespace() {
                last = sign;
            }
            self.walk.step();
        }
        let end = self.walk.at.min(self.text.len());
        self.command.set((from, end));
        end
    }
}

impl<'t> Deref for Scan<'t> {
    type Target = Walk<'t>;

    fn deref(&self) -> &Walk<'t> {
        &self.walk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_command_is_looked_for_once() {
        let script = format!("a $({}", "\"b\" <<c ".repeat(1000));
        let mut scan = Scan::of(&script);
        scan.up_to(4);
        assert_eq!(scan.clone().end_of_command(), script.len());
        scan.up_to(500);
        let mut copy = scan.clone();
        assert_eq!(copy.end_of_command(), script.len());
        assert_eq!(copy.at, scan.at, "it was known");
        let mut other = Scan::of("a; b\nc");
        assert_eq!(other.clone().end_of_command(), 4);
        other.up_to(5);
        assert_eq!(other.end_of_command(), 6);
    }
}
