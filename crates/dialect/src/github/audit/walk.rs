//! A walk along a script of `sh` or `bash`; of PowerShell it knows the backquote.
//!
//! Not a shell: it follows quotes, substitutions, calculations, `case`, comments and here-documents just far enough to
//! tell where a text stands and where a command ends. All who look into a script take this walk, so that they do not
//! read the same script in different ways.
//!
//! It never goes back and copies nothing of what is left: a walk to the end takes time by the size of the script.

mod between;
mod document;
mod level;
mod quote;

use std::ops::Range;

use super::embedded::closing;
use super::shell::Shell;
use document::Document;
use level::Level;

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
    /// `[[ … ]]`.
    Test,
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
    /// What reads the script; one that is not known is taken for `sh`.
    shell: Shell,
    pub(super) at: usize,
    /// The quotes and substitutions that are open, each with where it opened.
    pub(super) frames: Vec<(Frame, usize)>,
    /// What is known of the commands of the script, and of those in each frame.
    levels: Vec<Level>,
    /// The place in `frames` of the backquote that is open: it ends whatever was opened since.
    backquote: Option<usize>,
    is_in_word: bool,
    /// Whether all of it stands in a here-document.
    is_document: bool,
    /// The here-documents that begin on the next line.
    pending: Vec<Document<'t>>,
    /// Those that the last line had, each with whether variables in it are replaced.
    pub(super) documents: Vec<(Range<usize>, bool)>,
    /// How many bytes were looked at, which is to grow with the script and no faster.
    #[cfg(test)]
    read: std::cell::Cell<usize>,
}

impl<'t> Walk<'t> {
    /// Returns a walk along a script of `sh` or `bash`.
    pub(super) fn of(script: &'t str) -> Self {
        Self::by(script, Shell::Posix)
    }

    /// Returns a walk along a script of a shell.
    pub(super) fn by(script: &'t str, shell: Shell) -> Self {
        Self {
            script,
            shell,
            at: 0,
            frames: Vec::new(),
            levels: vec![Level::default()],
            backquote: None,
            is_in_word: false,
            is_document: false,
            pending: Vec::new(),
            documents: Vec::new(),
            #[cfg(test)]
            read: std::cell::Cell::default(),
        }
    }

    /// Returns a walk along a here-document, where no quotes are any.
    pub(super) fn of_document(text: &'t str, shell: Shell) -> Self {
        let mut walk = Self::by(text, shell);
        walk.frames.push((Frame::Double, 0));
        walk.levels.push(Level::default());
        walk.is_document = true;
        walk
    }

    /// Returns how many here-documents begin on the next line.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Returns whether it is between backquotes.
    pub(super) fn is_in_backquotes(&self) -> bool {
        self.backquote.is_some()
    }

    /// Passes over one sign, or over all that is read in one piece; the script must go on here.
    pub(super) fn step(&mut self) -> Piece {
        let rest = self.rest();
        // An expression is replaced before the shell sees the script.
        if rest.starts_with(b"${{") {
            let length = closing(&self.script[self.at + 3..]).map_or(rest.len(), |length| 3 + length + 2);
            self.looked_at(length);
            return self.word(length);
        }
        match (self.frame(), rest[0]) {
            (_, b'\\') => self.escaped(),
            (_, b'`') => self.backquote(),
            (Some(Frame::Double), b'"') if self.is_document && self.frames.len() == 1 => self.word(1),
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
            (Some(Frame::Test), _) => self.test(),
            _ => self.between_words(),
        }
    }

    /// Returns whether the line ends here and its command goes on in the next.
    pub(super) fn goes_on(&self) -> bool {
        let rest = self.rest();
        rest.starts_with(b"\\\n") || (self.shell == Shell::Pwsh && rest.starts_with(b"`\n"))
    }

    /// Returns whether a command begins here.
    pub(super) fn is_first(&self) -> bool {
        !self.is_in_word && self.level().is_first
    }

    fn rest(&self) -> &'t [u8] {
        self.script.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Returns where in the rest behind `from` bytes of it the first byte stands that is wanted.
    fn find(&self, from: usize, is_wanted: impl FnMut(&u8) -> bool) -> Option<usize> {
        let text = self.rest().get(from..).unwrap_or_default();
        let found = text.iter().position(is_wanted);
        self.looked_at(found.map_or(text.len(), |at| at + 1));
        found
    }

    /// Counts bytes beside the one at each step, for tests.
    #[cfg_attr(
        not(test),
        expect(unused_variables, clippy::unused_self, reason = "only tests count")
    )]
    fn looked_at(&self, bytes: usize) {
        #[cfg(test)]
        self.read.set(self.read.get() + bytes);
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

    /// Passes over a sign that takes the meaning from the next one, and over that one.
    fn escaped(&mut self) -> Piece {
        if self.goes_on() {
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

    /// Passes over a sign of `[[ … ]]`, where nothing parts commands.
    fn test(&mut self) -> Piece {
        let rest = self.rest();
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b";&|)".contains(byte);
        match rest[0] {
            byte if byte.is_ascii_whitespace() => self.blank(),
            b'#' if !self.is_in_word => self.comment(),
            b']' if !self.is_in_word && rest.starts_with(b"]]") && rest.get(2).is_none_or(is_end) => self.close(2),
            _ => self.word(1),
        }
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
    fn what_is_tested_is_one_piece_of_a_command() {
        open(
            "[[ a == (b|c) &&\n  $d =~ ^[^]]]]$ && # it's\n \"]]\" ]] && (",
            &[Frame::Command],
        );
        open("if ! [[ -n $(f; [[ a ]]) ]]; then [[ a", &[Frame::Test]);
        open("echo [[ a; [[:alpha:]]; [[a", &[]);
        check("[[ a && b || c\n]] || d", Piece::Separator, &["||"]);
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
    fn quotes_in_a_document_are_none() {
        let text = "it's \"a; # $(b \"c";
        let mut walk = Walk::of_document(text, Shell::Posix);
        while walk.at < text.len() {
            assert_eq!(walk.step(), Piece::Plain);
        }
        let frames: Vec<Frame> = walk.frames.iter().map(|(frame, _)| *frame).collect();
        assert_eq!(frames, [Frame::Double, Frame::Command, Frame::Double]);
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
            "<<E\n",
            "a`",
            "a `\n",
            "${a",
            "[[ ",
            "a #",
            "\"$(\n",
        ] {
            let script = part.repeat(20_000);
            let mut walk = Walk::of(&script);
            let mut steps = 0;
            while walk.at < script.len() {
                walk.step();
                steps += 1;
            }
            let read = steps + walk.read.get();
            assert!(read <= 3 * script.len(), "{part}: {read} of {}", script.len());
        }
    }
}
