//! A walk along a script that follows quotes, substitutions, comments and here-documents.

/// What is open where a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// `$( … )` and `( … )`.
    Command,
    Double,
    /// `${ … }`.
    Parameter,
    Backquoted,
    /// `$(( … ))`.
    Arithmetic,
    /// `NAME=( … )`.
    List,
}

pub(super) const IN_SINGLE: &str = "it stands in single quotes, where no variable is replaced";
pub(super) const IN_COMMENT: &str = "it stands in a comment";
pub(super) const IN_DOCUMENT: &str = "it stands in a here-document";

/// A walk along a script.
#[derive(Clone)]
pub(super) struct Scan<'t> {
    text: &'t [u8],
    pub(super) at: usize,
    /// How far was asked for.
    pub(super) goal: usize,
    /// What the last piece is that was read at once.
    jumped: Option<&'static str>,
    /// The quotes and substitutions that are open, each with where it opened.
    pub(super) frames: Vec<(Frame, usize)>,
    /// The ends of the here-documents that begin on the next line.
    documents: Vec<String>,
}

impl<'t> Scan<'t> {
    pub(super) fn of(script: &'t str) -> Self {
        Self {
            text: script.as_bytes(),
            at: 0,
            goal: 0,
            jumped: None,
            frames: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// Reads up to `goal`, which lies behind those before; returns why a variable there is not what it seems.
    pub(super) fn up_to(&mut self, goal: usize) -> Option<&'static str> {
        self.goal = goal;
        while self.at < goal {
            let before = self.at;
            self.jumped = self.step();
            debug_assert!(self.at > before, "every step goes on");
        }
        self.jumped.filter(|_| self.at > goal)
    }

    /// Returns where the outermost quote or substitution opened.
    pub(super) fn opened(&self) -> Option<usize> {
        self.frames.first().map(|(_, opened)| *opened)
    }

    /// Reads on to the end of the command, with all that its output is piped to; returns where that is.
    pub(super) fn end_of_command(&mut self) -> usize {
        let mut last = b' ';
        while let Some(sign) = self.text.get(self.at).copied() {
            if sign == b'\n' && self.frames.is_empty() && last != b'|' {
                break;
            }
            if !sign.is_ascii_whitespace() {
                last = sign;
            }
            self.step();
        }
        self.at.min(self.text.len())
    }

    /// Passes over one sign, or over all that is read in one piece; returns what that piece is.
    fn step(&mut self) -> Option<&'static str> {
        let rest = &self.text[self.at..];
        // An expression is replaced before the shell sees the script.
        if rest.starts_with(b"${{") {
            self.at += find(rest, b"}}").map_or(rest.len(), |end| end + 2);
            return None;
        }
        match (self.frames.last().map(|(frame, _)| *frame), rest[0]) {
            (_, b'\\') => self.at += 2,
            (_, b'$') if rest.starts_with(b"$((") => self.open(Frame::Arithmetic, 3),
            (_, b'$') if rest.starts_with(b"$(") => self.open(Frame::Command, 2),
            (_, b'$') if rest.starts_with(b"${") => self.open(Frame::Parameter, 2),
            (Some(Frame::Arithmetic), b')') if rest.starts_with(b"))") => self.close(2),
            (Some(Frame::Backquoted), b'`')
            | (Some(Frame::Double), b'"')
            | (Some(Frame::Parameter), b'}')
            | (Some(Frame::Command | Frame::List), b')') => self.close(1),
            (_, b'`') => self.open(Frame::Backquoted, 1),
            (Some(Frame::Double | Frame::Arithmetic), _) => self.at += 1,
            (_, b'"') => self.open(Frame::Double, 1),
            (_, b'\'') => {
                self.jump(find(&rest[1..], b"'").map(|end| end + 2));
                return Some(IN_SINGLE);
            }
            (Some(Frame::Parameter), _) => self.at += 1,
            (_, b'#') if self.at == 0 || self.text[self.at - 1].is_ascii_whitespace() => {
                self.jump(find(rest, b"\n"));
                return Some(IN_COMMENT);
            }
            (_, b'<') if rest.starts_with(b"<<") && !rest.starts_with(b"<<<") => self.document(),
            (_, b'<') if rest.starts_with(b"<<<") => self.at += 3,
            (_, b'\n') if !self.documents.is_empty() => {
                self.skip_documents();
                return Some(IN_DOCUMENT);
            }
            (_, b'(') if self.text[..self.at].ends_with(b"=") => self.open(Frame::List, 1),
            (_, b'(') => self.open(Frame::Command, 1),
            _ => self.at += 1,
        }
        None
    }

    fn open(&mut self, frame: Frame, width: usize) {
        self.frames.push((frame, self.at));
        self.at += width;
    }

    fn close(&mut self, width: usize) {
        self.frames.pop();
        self.at += width;
    }

    /// Passes over `length` bytes, or over all that is left.
    fn jump(&mut self, length: Option<usize>) {
        self.at = length.map_or(self.text.len() + 1, |length| self.at + length);
    }

    /// Notes the word that ends a here-document.
    fn document(&mut self) {
        let rest = String::from_utf8_lossy(&self.text[self.at + 2..]).into_owned();
        let word = rest.trim_start_matches('-').trim_start_matches([' ', '\t']);
        let word = word
            .split(|c: char| c.is_whitespace() || matches!(c, ';' | ')' | '|' | '&' | '>'))
            .next();
        let word: String = word
            .unwrap_or_default()
            .chars()
            .filter(|c| !matches!(c, '\'' | '"' | '\\'))
            .collect();
        self.documents.push(word);
        self.at += 2;
    }

    /// Passes over the here-documents that begin behind this line break.
    fn skip_documents(&mut self) {
        let mut at = self.at + 1;
        for end in std::mem::take(&mut self.documents) {
            while let Some(line) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
                let length = find(line, b"\n").unwrap_or(line.len());
                let is_end = String::from_utf8_lossy(&line[..length]).trim() == end;
                at += length + 1;
                if is_end {
                    break;
                }
            }
        }
        // The line break before what comes next is read as usual.
        self.at = at.saturating_sub(1).max(self.at + 1);
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
