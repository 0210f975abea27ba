//! Quotes and parameters: what the next signs mean in them.

use super::super::shell::Shell;
use super::{Frame, Piece, Walk};

impl Walk<'_> {
    /// Begins or ends a command, or takes the meaning from the next sign in PowerShell.
    pub(super) fn backquote(&mut self) -> Piece {
        if self.shell == Shell::Pwsh {
            return self.escaped();
        }
        let Some(open) = self.backquote.take() else {
            self.backquote = Some(self.frames.len());
            return self.open(Frame::Backquoted, 1);
        };
        self.frames.truncate(open);
        self.levels.truncate(open + 1);
        self.word(1)
    }

    /// Opens `${ … }`. In double quotes the text of `${A:-it's}` has no quotes of its own.
    pub(super) fn parameter(&mut self) -> Piece {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_@*#!?".contains(byte);
        let inside = &self.rest()[2..];
        let length = self.find(2, |byte| !is_name(byte));
        let behind = &inside[length.unwrap_or(inside.len())..];
        let operator = behind.strip_prefix(b":").unwrap_or(behind).first();
        let is_text = operator.is_some_and(|sign| b"-=?+".contains(sign));
        let is_literal = is_text && self.frame() == Some(Frame::Double);
        self.open(Frame::Parameter, 2);
        self.level_mut().is_literal = is_literal;
        Piece::Plain
    }

    /// Passes over all of a text in single quotes, `'…'` or `$'…'`.
    pub(super) fn single(&mut self) -> Piece {
        let rest = self.rest();
        let (begin, is_escaping) = if rest[0] == b'$' { (2, true) } else { (1, false) };
        let mut is_escaped = false;
        let length = self.find(begin, |byte| {
            let ends = *byte == b'\'' && !is_escaped;
            is_escaped = is_escaping && *byte == b'\\' && !is_escaped;
            ends
        });
        // What is not closed reaches beyond the end, such that no place in it is taken for one behind it.
        self.word(length.map_or(rest.len() + 1, |length| begin + length + 1));
        Piece::Single
    }
}
