//! What is known of the commands in one substitution: whether one begins, and whether `)` ends a pattern.

/// The commands of a script, or of a substitution in it.
#[derive(Clone, Copy)]
pub(super) struct Level {
    /// Whether the next word is the first one of a command.
    pub(super) is_first: bool,
    /// How many `case` are open.
    pub(super) cases: usize,
    /// Where in the innermost of them the walk is.
    pub(super) case: Case,
    /// How many brackets of a calculation are open.
    pub(super) brackets: usize,
    /// Whether single quotes in it are signs like others.
    pub(super) is_literal: bool,
}

/// A place in `case … in … ) … ;; esac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// Before `in`.
    Subject,
    Patterns,
    /// Among its commands, or outside of every `case`.
    Commands,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            is_first: true,
            cases: 0,
            case: Case::Commands,
            brackets: 0,
            is_literal: false,
        }
    }
}

impl Level {
    /// Returns the length of the word of the shell's language at the start of a text, when it is one here.
    pub(super) fn keyword(&mut self, text: &[u8]) -> Option<usize> {
        const LONGEST: usize = 5;
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b";&|()`<>".contains(byte);
        let near = &text[..text.len().min(LONGEST + 1)];
        let length = near.iter().position(is_end).unwrap_or(near.len());
        match (self.case, &text[..length]) {
            (Case::Subject, b"in") => (self.case, self.is_first) = (Case::Patterns, true),
            _ if !self.is_first => return None,
            (_, b"esac") if self.cases > 0 => {
                self.cases -= 1;
                (self.case, self.is_first) = (Case::Commands, false);
            }
            (Case::Commands, b"case") => {
                self.cases += 1;
                (self.case, self.is_first) = (Case::Subject, false);
            }
            (
                Case::Commands,
                b"then" | b"do" | b"else" | b"elif" | b"if" | b"while" | b"until" | b"time" | b"!" | b"{",
            ) => {}
            _ => return None,
        }
        Some(length)
    }
}
