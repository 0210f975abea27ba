//! From the text of a script to its commands, in one walk.

use super::super::shell::Shell;
use super::super::walk::{Piece, Walk};
use super::Command;

/// Returns the commands of a script.
pub(super) fn commands(script: &str, shell: Shell) -> Vec<Command<'_>> {
    let mut reading = Reading {
        script,
        shell,
        walk: Walk::by(script, shell),
        start: 0,
        subshells: 0,
        announcing: Vec::new(),
        found: Vec::new(),
    };
    while reading.walk.at < script.len() {
        reading.step();
    }
    reading.end(script.len(), Joint::End);
    reading.found
}

/// What stands behind a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    Pipe,
    End,
}

struct Reading<'t> {
    script: &'t str,
    shell: Shell,
    walk: Walk<'t>,
    /// Where the present command starts.
    start: usize,
    /// How many of the open frames are groups whose commands are told one by one.
    subshells: usize,
    /// The commands that announced the here-documents of the next line.
    announcing: Vec<usize>,
    found: Vec<Command<'t>>,
}

impl Reading<'_> {
    fn step(&mut self) {
        let from = self.walk.at;
        let depth = self.walk.frames.len();
        let piece = self.walk.step();
        if piece == Piece::Delimiter {
            self.announcing.resize(self.walk.pending(), self.found.len());
        }
        if depth == self.subshells {
            self.outside(piece, from);
        }
        if piece == Piece::Documents {
            let documents = self.walk.documents.drain(..);
            for (of, document) in self.announcing.drain(..).zip(documents) {
                // A command that is still open has it in its own text.
                if let Some(command) = self.found.get_mut(of) {
                    command.documents.push(document);
                }
            }
        }
    }

    /// Looks at a piece outside of all quotes and substitutions, which begins at `from`.
    fn outside(&mut self, piece: Piece, from: usize) {
        let here = self.walk.at.min(self.script.len());
        match piece {
            Piece::Separator | Piece::Documents => {
                let is_pipe = matches!(self.script.get(from..here), Some("|" | "|&"));
                self.end(from, if is_pipe { Joint::Pipe } else { Joint::End });
            }
            Piece::Comment => self.end(from, Joint::End),
            Piece::Group => {
                self.end(from, Joint::End);
                self.start = from;
                self.end(here, Joint::End);
                self.subshells += 1;
            }
            Piece::Round if self.walk.frames.len() < self.subshells => {
                self.end(from, Joint::End);
                self.start = from;
                self.subshells -= 1;
            }
            Piece::Pattern => self.end(here, Joint::End),
            _ => {}
        }
    }

    /// Notes the command that ends here; the next one starts where the walk is.
    fn end(&mut self, end: usize, joint: Joint) {
        let text = self.script.get(self.start..end).unwrap_or_default();
        let inner = text.trim_start();
        let start = self.start + text.len() - inner.len();
        self.start = self.walk.at.min(self.script.len());
        if inner.trim_end().is_empty() {
            // A pipe at the end of a line goes on in the next.
            return;
        }
        self.found.push(Command {
            text: inner.trim_end(),
            start,
            shell: self.shell,
            is_piped: joint == Joint::Pipe,
            documents: Vec::new(),
        });
    }
}
