//! From the text of a script to its commands, in one walk.

use super::Command;

/// Returns the commands of a script.
pub(super) fn commands(script: &str) -> Vec<Command<'_>> {
    let mut reading = Reading {
        script,
        bytes: script.as_bytes(),
        at: 0,
        start: 0,
        frames: Vec::new(),
        subshells: 0,
        pending: Vec::new(),
        found: Vec::new(),
    };
    while reading.at < script.len() {
        reading.step();
    }
    reading.end(script.len(), false);
    reading.found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Double,
    /// `$( … )` and lists.
    Round,
    /// `${ … }`.
    Curly,
}

struct Reading<'t> {
    script: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Where the present command starts.
    start: usize,
    frames: Vec<Frame>,
    subshells: usize,
    /// The words that end the here-documents of the next line, with the command of each and whether variables in it
    /// are replaced.
    pending: Vec<(&'t str, usize, bool)>,
    found: Vec<Command<'t>>,
}

impl Reading<'_> {
    fn step(&mut self) {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"${{") {
            self.at += self.script[self.at..].find("}}").map_or(rest.len(), |end| end + 2);
            return;
        }
        match (self.frames.last(), rest[0]) {
            (_, b'\\') => self.at += 2,
            (_, b'$') if rest.starts_with(b"$(") => self.open(Frame::Round, 2),
            (_, b'$') if rest.starts_with(b"${") => self.open(Frame::Curly, 2),
            (Some(Frame::Double), b'"') | (Some(Frame::Round), b')') | (Some(Frame::Curly), b'}') => {
                self.frames.pop();
                self.at += 1;
            }
            (Some(Frame::Double), _) => self.at += 1,
            (_, b'"') => self.open(Frame::Double, 1),
            (_, b'\'') => {
                self.at += rest[1..]
                    .iter()
                    .position(|byte| *byte == b'\'')
                    .map_or(rest.len(), |end| end + 2);
            }
            (_, b'#') if self.at == 0 || matches!(self.bytes[self.at - 1], b' ' | b'\t' | b'\n' | b';') => {
                self.comment();
            }
            (_, b'<') if rest.starts_with(b"<<<") => self.at += 3,
            (_, b'<') if rest.starts_with(b"<<") => self.document(),
            (_, b'\n') => self.line(),
            (Some(Frame::Round), b'(') => self.open(Frame::Round, 1),
            (None, _) => self.outside(),
            _ => self.at += 1,
        }
    }

    /// Passes over a sign outside of all quotes and substitutions.
    fn outside(&mut self) {
        let rest = &self.bytes[self.at..];
        let before = self.at.checked_sub(1).map_or(b'\n', |at| self.bytes[at]);
        let width = if rest.starts_with(b"&&") || rest.starts_with(b"||") {
            2
        } else {
            1
        };
        match rest[0] {
            b'(' if self.is_at_start() => {
                self.at += 1;
                self.subshells += 1;
                self.end(self.at, false);
            }
            b'(' => self.open(Frame::Round, 1),
            b')' if self.subshells > 0 => {
                self.subshells -= 1;
                self.end(self.at, false);
                self.start = self.at;
                self.at += 1;
            }
            b'&' if width == 1 && (matches!(before, b'>' | b'<' | b'|') || rest.get(1) == Some(&b'>')) => self.at += 1,
            b'|' if width == 1 && before == b'>' => self.at += 1,
            sign @ (b';' | b'&' | b'|') => {
                let end = self.at;
                self.at += width;
                self.end(end, sign == b'|' && width == 1);
            }
            _ => self.at += 1,
        }
    }

    fn is_at_start(&self) -> bool {
        self.script[self.start..self.at].trim().is_empty()
    }

    fn open(&mut self, frame: Frame, width: usize) {
        self.frames.push(frame);
        self.at += width;
    }

    fn comment(&mut self) {
        let length = self.bytes[self.at..].iter().position(|byte| *byte == b'\n');
        let is_alone = self.frames.is_empty() && self.is_at_start();
        self.at = length.map_or(self.bytes.len(), |length| self.at + length);
        if is_alone {
            self.start = self.at;
        }
    }

    /// Notes the command that ends here; the next one starts where the reading is.
    fn end(&mut self, end: usize, is_piped: bool) {
        let text = self.script.get(self.start..end).unwrap_or_default();
        let inner = text.trim_start();
        let start = self.start + text.len() - inner.len();
        self.start = self.at.min(self.script.len());
        if inner.trim_end().is_empty() {
            // A pipe at the end of a line goes on in the next.
            return;
        }
        self.found.push(Command {
            text: inner.trim_end(),
            start,
            is_piped,
            documents: Vec::new(),
        });
    }

    /// Notes the word that ends a here-document.
    fn document(&mut self) {
        let rest = &self.script[self.at + 2..];
        let word = rest.trim_start_matches('-').trim_start_matches([' ', '\t']);
        let length = word.find(|c: char| c.is_whitespace() || matches!(c, ';' | ')' | '|' | '&' | '>' | '<'));
        let word = &word[..length.unwrap_or(word.len())];
        let is_replaced = !word.contains(['\'', '"', '\\']);
        let plain = word.trim_start_matches('\\').trim_matches(['\'', '"']);
        self.at += 2;
        if !plain.is_empty() {
            self.at += rest.find(word).unwrap_or_default() + word.len();
            self.pending.push((plain, self.found.len(), is_replaced));
        }
    }

    /// Ends a line, and passes over the here-documents that begin behind it.
    fn line(&mut self) {
        let end = self.at;
        self.at += 1;
        let mut documents = Vec::new();
        for (word, of, is_replaced) in std::mem::take(&mut self.pending) {
            let from = self.at;
            let mut to = from;
            while self.at < self.script.len() {
                let rest = &self.script[self.at..];
                let line = rest.split('\n').next().unwrap_or_default();
                to = self.at;
                self.at = (self.at + line.len() + 1).min(self.script.len());
                if line.trim_start_matches('\t').trim_end_matches('\r') == word {
                    break;
                }
                to = self.at;
            }
            documents.push((of, from..to, is_replaced));
        }
        if self.frames.is_empty() {
            self.end(end, false);
        }
        for (of, range, is_replaced) in documents {
            if let Some(command) = self.found.get_mut(of) {
                command.documents.push((range, is_replaced));
            }
        }
    }
}
