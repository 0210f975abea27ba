//! A walk along a script of `sh` or `bash`.
//!
//! Not a shell: it follows quotes, substitutions, calculations, `case`, comments and here-documents just far enough to
//! tell where a text stands and where a command ends. All who look into a script take this walk, so that they do not
//! read the same script in different ways.
//!
//! It never goes back and copies nothing of what is left: a walk to the end takes time by the size of the script.

mod document;
mod level;

use std::ops::Range;

use super::embedded::closing;
use document::Document;
use level::{Case, Level};

/// What is open where a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// `$( … )` and `( … )`.
    Command,
    Double,
    /// `${ … }`.
    Parameter,
    Backquoted,
    /// `$(( … ))` and `(( … ))`.
    Arithmetic,
    /// `NAME=( … )`.
    List,
}

/// What one step of a walk has passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Plain,
    /// All of a text in single quotes.
    Single,
    Comment,
    /// The word that ends a here-document.
    Delimiter,
    /// The end of a line, with the here-documents behind it.
    Documents,
    /// What stands between two commands, such as `;`, `&&` and the end of a line.
    Separator,
    /// `(` where a command begins.
    Group,
    /// `)` that closes something.
    Round,
    /// `)` behind a pattern of `case`.
    Pattern,
}

/// A walk along a script.
#[derive(Clone)]
pub(super) struct Walk<'t> {
    script: &'t str,
    pub(super) at: usize,
    /// The quotes and substitutions that are open, each with where it opened.
    pub(super) frames: Vec<(Frame, usize)>,
    /// What is known of the commands of the script, and of those in each frame.
    levels: Vec<Level>,
    /// The place in `frames` of the backquote that is open: it ends whatever was opened since.
    backquote: Option<usize>,
    is_in_word: bool,
    /// The here-documents that begin on the next line.
    pending: Vec<Document<'t>>,
    /// Those that the last line had, each with whether variables in it are replaced.
    pub(super) documents: Vec<(Range<usize>, bool)>,
}

impl<'t> Walk<'t> {
    pub(super) fn of(script: &'t str) -> Self {
        Self {
            script,
            at: 0,
            frames: Vec::new(),
            levels: vec![Level::default()],
            backquote: None,
            is_in_word: false,
            pending: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// Returns how many here-documents begin on the next line.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Passes over one sign, or over all that is read in one piece; the script must go on here.
    pub(super) fn step(&mut self) -> Piece {
        let rest = self.rest();
        // An expression is replaced before the shell sees the script.
        if rest.starts_with(b"${{") {
            let inside = &self.script[self.at + 3..];
            return self.word(closing(inside).map_or(rest.len(), |length| 3 + length + 2));
        }
        match (self.frame(), rest[0]) {
            (_, b'\\') => self.escaped(),
            (_, b'`') => self.backquote(),
            (Some(Frame::Double), b'"') | (Some(Frame::Parameter), b'}') => self.close(1),
            (Some(Frame::Arithmetic), b'(' | b')') => self.calculation(),
            (_, b'$') if rest.starts_with(b"$((") => self.open(Frame::Arithmetic, 3),
            (_, b'$') if rest.starts_with(b"$(") => self.open(Frame::Command, 2),
            (_, b'$') if rest.starts_with(b"${") => self.parameter(),
            (Some(Frame::Double | Frame::Arithmetic), _) => self.word(1),
            (_, b'$') if rest.starts_with(b"$'") => self.single(),
            (Some(Frame::Parameter), b'\'') if self.level().is_literal => self.word(1),
            (_, b'\'') => self.single(),
            (_, b'"') => self.open(Frame::Double, 1),
            (Some(Frame::Parameter), _) => self.word(1),
            _ => self.between_words(),
        }
    }

    /// Returns whether a command begins here.
    pub(super) fn is_first(&self) -> bool {
        !self.is_in_word && self.level().is_first
    }

    fn rest(&self) -> &'t [u8] {
        self.script.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn frame(&self) -> Option<Frame> {
        self.frames.last().map(|(frame, _)| *frame)
    }

    fn level(&self) -> Level {
        self.levels.last().copied().unwrap_or_default()
    }

    fn level_mut(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    /// Passes over `width` bytes of a word.
    fn word(&mut self, width: usize) -> Piece {
        self.is_in_word = true;
        self.level_mut().is_first = false;
        self.at += width;
        Piece::Plain
    }

    /// Passes over a backslash and what it takes the meaning from.
    fn escaped(&mut self) -> Piece {
        if self.rest().starts_with(b"\\\n") {
            self.at += 2;
            return Piece::Plain;
        }
        let width = self.rest().len().min(2);
        self.word(width)
    }

    fn open(&mut self, frame: Frame, width: usize) -> Piece {
        self.level_mut().is_first = false;
        self.frames.push((frame, self.at));
        self.levels.push(Level::default());
        self.is_in_word = false;
        self.at += width;
        Piece::Plain
    }

    fn close(&mut self, width: usize) -> Piece {
        self.frames.pop();
        self.levels.pop();
        self.word(width)
    }

    fn backquote(&mut self) -> Piece {
        let Some(open) = self.backquote.take() else {
            self.backquote = Some(self.frames.len());
            return self.open(Frame::Backquoted, 1);
        };
        self.frames.truncate(open);
        self.levels.truncate(open + 1);
        self.word(1)
    }

    /// Opens `${ … }`. In double quotes the text of `${A:-it's}` has no quotes of its own.
    fn parameter(&mut self) -> Piece {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_@*#!?".contains(byte);
        let inside = &self.rest()[2..];
        let behind = &inside[inside.iter().take_while(|byte| is_name(byte)).count()..];
        let operator = behind.strip_prefix(b":").unwrap_or(behind).first();
        let is_text = operator.is_some_and(|sign| b"-=?+".contains(sign));
        let is_literal = is_text && self.frame() == Some(Frame::Double);
        self.open(Frame::Parameter, 2);
        self.level_mut().is_literal = is_literal;
        Piece::Plain
    }

    /// Passes over all of a text in single quotes, `'…'` or `$'…'`.
    fn single(&mut self) -> Piece {
        let rest = self.rest();
        let (begin, is_escaping) = if rest[0] == b'$' { (2, true) } else { (1, false) };
        let mut is_escaped = false;
        let length = rest[begin..].iter().position(|byte| {
            let ends = *byte == b'\'' && !is_escaped;
            is_escaped = is_escaping && *byte == b'\\' && !is_escaped;
            ends
        });
        // What is not closed reaches beyond the end, such that no place in it is taken for one behind it.
        self.word(length.map_or(rest.len() + 1, |length| begin + length + 1));
        Piece::Single
    }

    /// Passes over a bracket of a calculation. One that is not closed by two brackets was two groups of commands.
    fn calculation(&mut self) -> Piece {
        let rest = self.rest();
        let level = self.level_mut();
        match rest[0] {
            b'(' => level.brackets += 1,
            _ if level.brackets > 0 => level.brackets -= 1,
            _ if rest.starts_with(b"))") => return self.close(2),
            _ => {
                if let Some((frame, _)) = self.frames.last_mut() {
                    *frame = Frame::Command;
                }
            }
        }
        self.word(1)
    }

    /// Passes over a sign where commands stand.
    fn between_words(&mut self) -> Piece {
        let rest = self.rest();
        match rest[0] {
            b'\n' => self.line(),
            byte if byte.is_ascii_whitespace() => {
                self.is_in_word = false;
                self.at += 1;
                Piece::Plain
            }
            b'#' if !self.is_in_word => {
                let length = rest.iter().position(|byte| *byte == b'\n');
                self.at += length.unwrap_or(rest.len() + 1);
                Piece::Comment
            }
            b'<' | b'>' => self.redirection(),
            b'&' if rest.starts_with(b"&>") => self.redirection(),
            b'|' if self.level().case == Case::Patterns => self.word(1),
            b';' | b'&' | b'|' => self.separator(),
            b'(' => self.opening_round(),
            b')' => self.closing_round(),
            _ if self.is_in_word => self.word(1),
            _ => match self.level_mut().keyword(rest) {
                Some(length) => {
                    self.is_in_word = true;
                    self.at += length;
                    Piece::Plain
                }
                None => self.word(1),
            },
        }
    }

    fn separator(&mut self) -> Piece {
        const SIGNS: [&[u8]; 6] = [b";;&", b";;", b";&", b"&&", b"||", b"|&"];
        let rest = self.rest();
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
        let level = self.level_mut();
        level.is_first = true;
        if level.cases > 0 && sign.is_some_and(|sign| sign.starts_with(b";")) {
            level.case = Case::Patterns;
        }
        self.is_in_word = false;
        self.at += sign.map_or(1, <[u8]>::len);
        Piece::Separator
    }

    fn redirection(&mut self) -> Piece {
        const SIGNS: [&[u8]; 8] = [b"<<<", b"&>>", b"&>", b">>", b">&", b">|", b"<&", b"<>"];
        let rest = self.rest();
        if rest.starts_with(b"<<") && !rest.starts_with(b"<<<") {
            return self.delimiter();
        }
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
        self.word(sign.map_or(1, <[u8]>::len));
        self.is_in_word = false;
        Piece::Plain
    }

    fn opening_round(&mut self) -> Piece {
        let is_first = self.is_first();
        if is_first && self.level().case == Case::Patterns {
            return self.word(1);
        }
        if !self.is_in_word && self.rest().starts_with(b"((") {
            return self.open(Frame::Arithmetic, 2);
        }
        if self.script.as_bytes()[..self.at].ends_with(b"=") {
            return self.open(Frame::List, 1);
        }
        self.open(Frame::Command, 1);
        if is_first { Piece::Group } else { Piece::Plain }
    }

    fn closing_round(&mut self) -> Piece {
        if self.level().case == Case::Patterns {
            let level = self.level_mut();
            (level.case, level.is_first) = (Case::Commands, true);
            self.is_in_word = false;
            self.at += 1;
            return Piece::Pattern;
        }
        let (frame, opened) = self.frames.last().copied().unzip();
        if matches!(frame, Some(Frame::Command | Frame::List)) {
            self.close(1);
            let sign = opened.map(|opened| self.script.as_bytes()[opened]);
            if frame == Some(Frame::Command) && sign == Some(b'(') {
                self.is_in_word = false;
                self.level_mut().is_first = true;
            }
        } else {
            self.word(1);
            self.is_in_word = false;
        }
        Piece::Round
    }

    /// Ends a line, and passes over the here-documents behind it.
    fn line(&mut self) -> Piece {
        self.level_mut().is_first = true;
        self.is_in_word = false;
        self.at += 1;
        if self.pending.is_empty() {
            return Piece::Separator;
        }
        self.documents.clear();
        for document in std::mem::take(&mut self.pending) {
            let (range, behind) = document.read(self.script, self.at);
            self.documents.push((range, document.is_replaced));
            self.at = behind;
        }
        Piece::Documents
    }

    /// Passes over `<<` and the word that ends the here-document.
    fn delimiter(&mut self) -> Piece {
        let (document, length) = Document::announced(&self.script[self.at..]);
        self.pending.extend(document);
        self.word(length);
        self.is_in_word = false;
        Piece::Delimiter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the texts of all pieces of a kind.
    #[track_caller]
    fn check(script: &str, kind: Piece, expected: &[&str]) {
        let mut walk = Walk::of(script);
        let mut found = Vec::new();
        while walk.at < script.len() {
            let from = walk.at;
            let piece = walk.step();
            assert!(walk.at > from, "every step goes on: {script}");
            if piece == kind {
                found.push(script.get(from..walk.at.min(script.len())).unwrap());
            }
        }
        assert_eq!(found, expected, "{script}");
    }

    /// Checks what is open behind all of a script.
    #[track_caller]
    fn open(script: &str, expected: &[Frame]) {
        let mut walk = Walk::of(script);
        while walk.at < script.len() {
            walk.step();
        }
        let frames: Vec<Frame> = walk.frames.iter().map(|(frame, _)| *frame).collect();
        assert_eq!(frames, expected, "{script}");
    }

    #[test]
    fn a_calculation_is_no_here_document() {
        for script in [
            "(( n << 2 ))\na",
            "x=$(( n << 2 ))\na",
            "x=$(( a*(b+(c << 1)) ))\na",
            "for (( i = 1 << 2; i < 9; i++ )); do\na",
        ] {
            check(script, Piece::Delimiter, &[]);
            open(script, &[]);
        }
        check("((a) | cat <<E)\nb\nE\n", Piece::Round, &[")"]);
        open("((echo a); echo b)", &[]);
        open("$((echo a); echo b)", &[]);
    }

    #[test]
    fn quotes_know_what_a_backslash_is_in_them() {
        check(r"a $'it\'s' 'a\' b", Piece::Single, &[r"$'it\'s'", r"'a\'"]);
        check("a \"$'b\" c", Piece::Single, &[]);
        check("a 'b", Piece::Single, &["'b"]);
        open("echo \"${A:-it's} b\" \"${B#'}'}\"", &[]);
        open("echo `a \"b` \"", &[Frame::Double]);
        open("echo \"`a \\` b`", &[Frame::Double]);
    }

    #[test]
    fn a_pattern_closes_nothing() {
        open("x=\"$(case $y in (a|b) c;; 'd)') e ;& esac) f", &[Frame::Double]);
        open(
            "$(case a in b) case c in d) e;; esac;; f) g; esac; h",
            &[Frame::Command],
        );
        open("$(case a in b) c; esac)", &[]);
        open("$(echo case in a)", &[]);
        open("$(if case a in b) c;; esac; then d; fi)", &[]);
        check("case a in\n b | c) d;;\n *) e\nesac", Piece::Pattern, &[")", ")"]);
    }

    #[test]
    fn comments_begin_with_a_word() {
        check("a # b\nc;# d\n(# e\n)", Piece::Comment, &["# b", "# d", "# e"]);
        check("a#b $# ${#c} ${d#e} \\ #f \"# g\" $(h)#i", Piece::Comment, &[]);
        check("$(# it's\n)", Piece::Comment, &["# it's"]);
    }

    #[test]
    fn an_expression_ends_outside_of_its_strings() {
        check("a ${{ format('}}; \"') }}; 'b'", Piece::Single, &["'b'"]);
        open("a ${{ '\"' }}", &[]);
    }

    #[test]
    fn a_script_of_nothing_but_beginnings_is_walked_along_once() {
        for part in [
            "<<a ",
            "${{ ",
            "$(",
            "`",
            "'",
            "<<'",
            "(",
            "case a in ",
            "((",
            "${",
            "$'",
            "<< \t",
        ] {
            let script = part.repeat(20_000);
            let mut walk = Walk::of(&script);
            let mut steps = 0;
            while walk.at < script.len() {
                walk.step();
                steps += 1;
            }
            assert!(steps <= script.len(), "{part}");
        }
    }
}
