//! A walk along a script to the places that are asked about.

use std::ops::Deref;

pub(super) use super::super::super::walk::{Frame, Piece, Walk};

pub(super) const IN_SINGLE: &str = "it stands in single quotes, where no variable is replaced";
pub(super) const IN_COMMENT: &str = "it stands in a comment";
pub(super) const IN_DOCUMENT: &str = "it stands in a here-document";

/// A walk along a script from place to place.
pub(super) struct Scan<'t> {
    walk: Walk<'t>,
    /// How far was asked for.
    pub(super) goal: usize,
    last: Piece,
}

impl<'t> Scan<'t> {
    pub(super) fn of(script: &'t str) -> Self {
        Self {
            walk: Walk::of(script),
            goal: 0,
            last: Piece::Plain,
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
}

impl<'t> Deref for Scan<'t> {
    type Target = Walk<'t>;

    fn deref(&self) -> &Walk<'t> {
        &self.walk
    }
}
