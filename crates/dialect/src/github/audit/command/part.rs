//! The texts of a script by whether variables in them are replaced.

use super::super::sink::variables;
use super::super::walk::{Piece, Walk};

/// A text of a script in which variables are replaced, or one in which they are not.
#[derive(Clone, Copy)]
pub(in super::super) struct Part<'t> {
    pub(in super::super) text: &'t str,
    pub(in super::super) start: usize,
    is_replaced: bool,
}

/// Returns the parts of a text by whether variables in them are replaced; comments are left out.
pub(in super::super) fn unquoted(text: &str, start: usize) -> Vec<Part<'_>> {
    parts_where(Walk::of(text), text, start, |_| true)
}

/// Returns the parts of a text that stand where `is_wanted` says so of the walk along it.
pub(super) fn parts_where<'t>(
    mut walk: Walk<'t>,
    text: &'t str,
    start: usize,
    mut is_wanted: impl FnMut(&Walk<'t>) -> bool,
) -> Vec<Part<'t>> {
    let mut parts = Vec::new();
    let mut add = |from: usize, to: usize, is_replaced| {
        if let Some(inner) = text.get(from..to.min(text.len())).filter(|inner| !inner.is_empty()) {
            parts.push(Part::of(inner, start + from, is_replaced));
        }
    };
    // Where the part begins that is wanted, when it is.
    let mut wanted = Some(0);
    while walk.at < text.len() {
        let at = walk.at;
        let piece = walk.step();
        let was_wanted = wanted.is_some();
        let is_wanted = is_wanted(&walk);
        let ends = !is_wanted || matches!(piece, Piece::Single | Piece::Comment | Piece::Documents);
        if let Some(from) = wanted.take_if(|_| ends) {
            add(from, at, true);
        }
        match piece {
            // Its quotes are none of its text; what is not closed has but one.
            Piece::Single if was_wanted => add(at + 1, walk.at - usize::from(walk.at <= text.len()), false),
            Piece::Documents if was_wanted => {
                for (range, is_replaced) in walk.documents.drain(..) {
                    add(range.start, range.end, is_replaced);
                }
            }
            _ => {}
        }
        if wanted.is_none() && is_wanted {
            wanted = Some(walk.at);
        }
    }
    if let Some(from) = wanted {
        add(from, text.len(), true);
    }
    parts
}

impl<'t> Part<'t> {
    pub(super) fn of(text: &'t str, start: usize, is_replaced: bool) -> Self {
        Self {
            text,
            start,
            is_replaced,
        }
    }

    /// Returns whether variables in it are replaced.
    pub(super) fn is_replaced(&self) -> bool {
        self.is_replaced
    }

    /// Returns a text that stands in it as a part of its own.
    pub(in super::super) fn part(&self, text: &'t str) -> Self {
        let at = text.as_ptr() as usize - self.text.as_ptr() as usize;
        Self {
            text,
            start: self.start + at,
            is_replaced: self.is_replaced,
        }
    }

    /// Returns the variables that are replaced in it, each with the byte of the script at which its name starts.
    pub(in super::super) fn variables(&self) -> Vec<(usize, &'t str)> {
        if !self.is_replaced {
            return Vec::new();
        }
        let place = |name: &&'t str| name.as_ptr() as usize - self.text.as_ptr() as usize;
        let is_escaped = |at: usize| {
            let before = self.text[..at].trim_end_matches(['{', '$']);
            before.ends_with('\\')
        };
        let names = variables(self.text).into_iter().map(|name| (place(&name), name));
        names
            .filter(|(at, _)| !is_escaped(*at))
            .map(|(at, name)| (self.start + at, name))
            .collect()
    }

    /// Returns the variables that are replaced in it by what others wrote: neither quoted nor only asked whether they are
    /// set.
    pub(in super::super) fn plain_variables(&self) -> Vec<(usize, &'t str)> {
        let mut found = self.variables();
        found.retain(|(at, name)| !self.behind(*at, name).is_some_and(is_no_text));
        found
    }

    /// Returns what stands behind the name of a variable in braces.
    pub(super) fn behind(&self, at: usize, name: &str) -> Option<&'t str> {
        let inside = at - self.start;
        let is_braced = self.text[..inside].ends_with("${");
        is_braced.then(|| &self.text[inside + name.len()..])
    }

    /// Returns where the variable whose name starts at a byte of the script begins, with its sign, and its length.
    pub(in super::super) fn whole(&self, at: usize, name: &str) -> (usize, usize) {
        let inside = at - self.start;
        let start = self.text[..inside].rfind('$').unwrap_or(inside);
        (self.start + start, inside - start + name.len())
    }
}

/// Returns whether a variable with this behind its name is quoted, or only asked whether it is set.
fn is_no_text(behind: &str) -> bool {
    ["@Q", "+", ":+"].iter().any(|sign| behind.starts_with(sign))
}
