//! Masks a stream of bytes whose secrets may be cut anywhere.
//!
//! Only a tail that may still become a secret is held back, so that a line that holds
//! none is written at once.

use super::{MASK, Masker, Patterns};

/// An unfinished terminal sequence longer than this is text.
const LONGEST_SEQUENCE: usize = 64;

/// Tools wrap encodings at 60 columns or more: a shorter line does not go on in the next.
const SHORTEST_WRAPPED_LINE: usize = 48;

/// Replaces secrets in bytes that come in pieces.
#[derive(Debug)]
pub struct MaskStream {
    masker: Masker,
    pending: Vec<u8>,
    /// How many of the pending bytes belong to a secret whose mask is written already.
    covered: usize,
    /// The column, in bytes, at which the pending bytes start.
    column: usize,
}

impl MaskStream {
    /// Returns a stream at its beginning.
    pub fn new(masker: Masker) -> Self {
        Self {
            masker,
            pending: Vec::new(),
            covered: 0,
            column: 0,
        }
    }

    /// Takes the next piece, and appends to `out` what is certain by now.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.pending.extend_from_slice(piece);
        let patterns = self.masker.patterns();
        let views = Views::of(&self.pending, self.column, &patterns);
        let cut = views.unfinished(&patterns).min(self.pending.len());
        let secret = views.secrets(&patterns, self.covered);
        self.write(cut, &secret, out);
    }

    /// Appends the rest to `out`: nothing more comes.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let patterns = self.masker.patterns();
        let secret = Views::of(&self.pending, self.column, &patterns).secrets(&patterns, self.covered);
        self.write(self.pending.len(), &secret, out);
    }

    /// Returns whether a tail is held back.
    pub fn holds_back(&self) -> bool {
        !self.pending.is_empty()
    }

    fn write(&mut self, cut: usize, secrets: &[(usize, usize)], out: &mut Vec<u8>) {
        let mut at = 0;
        let mut covered = 0;
        for &(start, end) in secrets {
            if start >= cut {
                break;
            }
            out.extend_from_slice(&self.pending[at.min(start)..start]);
            let continues = start == 0 && self.covered > 0;
            if !continues {
                out.extend_from_slice(MASK.as_bytes());
            }
            at = end.min(cut);
            covered = end.saturating_sub(cut);
        }
        out.extend_from_slice(&self.pending[at..cut]);
        if cut > 0 {
            self.covered = covered;
            self.column = match self.pending[..cut].iter().rposition(|byte| *byte == b'\n') {
                Some(line_end) => cut - line_end - 1,
                None => self.column + cut,
            };
            self.pending.drain(..cut);
        }
    }
}

/// The pending text without terminal sequences, and without the ends of long lines as well.
struct Views {
    plain: View,
    wrapped: View,
    /// Where an unfinished terminal sequence starts.
    open_sequence: usize,
}

#[derive(Default)]
struct View {
    text: Vec<u8>,
    /// Where each byte of `text` stands in the pending bytes.
    at: Vec<usize>,
}

impl View {
    fn keep(&mut self, byte: u8, at: usize) {
        self.text.push(byte);
        self.at.push(at);
    }

    fn place(&self, index: usize) -> Option<usize> {
        self.at.get(index).copied()
    }
}

impl Views {
    fn of(pending: &[u8], column: usize, patterns: &Patterns) -> Self {
        let mut views = Self {
            plain: View::default(),
            wrapped: View::default(),
            open_sequence: pending.len(),
        };
        if patterns.plain.is_none() {
            return views;
        }
        let mut index = 0;
        let mut column = column;
        while index < pending.len() {
            if pending[index] == 0x1b {
                match sequence_length(&pending[index..]) {
                    Sequence::Complete(length) => {
                        index += length;
                        continue;
                    }
                    Sequence::Open => {
                        views.open_sequence = index;
                        break;
                    }
                    Sequence::None => {}
                }
            }
            let byte = pending[index];
            views.plain.keep(byte, index);
            let line_end = byte == b'\n' || byte == b'\r';
            if !line_end || column < SHORTEST_WRAPPED_LINE {
                views.wrapped.keep(byte, index);
            }
            column = if byte == b'\n' { 0 } else { column + 1 };
            index += 1;
        }
        views
    }

    /// Returns the first pending byte that may belong to a secret not yet complete.
    fn unfinished(&self, patterns: &Patterns) -> usize {
        let sets = [(&patterns.plain, &self.plain), (&patterns.wrapped, &self.wrapped)];
        sets.into_iter()
            .filter_map(|(set, view)| view.place(set.as_ref()?.unfinished(&view.text)))
            .chain([self.open_sequence])
            .min()
            .unwrap_or(self.open_sequence)
    }

    /// Returns the united places of all secrets, in order.
    fn secrets(&self, patterns: &Patterns, covered: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        if covered > 0 {
            found.push((0, covered));
        }
        for (set, view) in [(&patterns.plain, &self.plain), (&patterns.wrapped, &self.wrapped)] {
            if let Some(set) = set {
                set.find(&view.text, |start, end| {
                    found.push((view.at[start], view.at[end - 1] + 1));
                });
            }
        }
        unite(found)
    }
}

fn unite(mut places: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    places.sort_unstable();
    let mut united: Vec<(usize, usize)> = Vec::new();
    for (start, end) in places {
        match united.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => united.push((start, end)),
        }
    }
    united
}

enum Sequence {
    Complete(usize),
    Open,
    None,
}

/// Measures a CSI or OSC sequence (ECMA-48) at the start of `text`.
fn sequence_length(text: &[u8]) -> Sequence {
    let open = |text: &[u8]| {
        if text.len() < LONGEST_SEQUENCE {
            Sequence::Open
        } else {
            Sequence::None
        }
    };
    match text.get(1) {
        None => Sequence::Open,
        Some(b'[') => match text[2..].iter().position(|byte| !(0x20..=0x3f).contains(byte)) {
            Some(at) if (0x40..=0x7e).contains(&text[2 + at]) => Sequence::Complete(at + 3),
            Some(_) => Sequence::None,
            None => open(text),
        },
        Some(b']') => match text[2..].iter().position(|byte| matches!(byte, 0x07 | 0x1b)) {
            Some(at) if text[2 + at] == 0x07 => Sequence::Complete(at + 3),
            Some(at) => match text.get(3 + at) {
                Some(b'\\') => Sequence::Complete(at + 4),
                Some(_) => Sequence::None,
                None => open(text),
            },
            None => open(text),
        },
        Some(_) => Sequence::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(secrets: &[&str], pieces: &[&str]) -> String {
        let mut stream = MaskStream::new(Masker::new(secrets.iter().copied()));
        let mut out = Vec::new();
        for piece in pieces {
            stream.push(piece.as_bytes(), &mut out);
        }
        stream.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_secret_cut_anywhere_is_masked_once() {
        let text = "before hunter2 between hunter2hunter2 behind\n";
        for size in 1..text.len() {
            let cut: Vec<&str> = text
                .as_bytes()
                .chunks(size)
                .map(|chunk| std::str::from_utf8(chunk).unwrap())
                .collect();
            let masked = pieces(&["hunter2"], &cut);
            assert!(!masked.contains("hunter"), "{size}: {masked}");
            assert!(masked.starts_with("before *** between ***"), "{size}: {masked}");
            assert!(masked.ends_with(" behind\n"), "{size}: {masked}");
        }
    }

    #[test]
    fn self_overlapping_secrets_stay_bounded_and_masked() {
        let masked = pieces(&["aaaa"], &["aa"; 1000]);
        assert_eq!(masked, MASK);
    }

    #[test]
    fn terminal_sequences_inside_a_secret_hide_nothing() {
        assert_eq!(pieces(&["hunter2"], &["<hun\x1b[31", "mter\x1b[0m2>"]), "<***>");
        assert_eq!(pieces(&["hunter2"], &["\x1b[31mred\x1b[0m"]), "\x1b[31mred\x1b[0m");
    }

    #[test]
    fn what_can_hold_no_secret_is_not_held_back() {
        let mut stream = MaskStream::new(Masker::new(["hunter2"]));
        let mut out = Vec::new();
        stream.push(b"a line\n", &mut out);
        assert_eq!(out, b"a line\n");
        stream.push(b"then hun", &mut out);
        assert_eq!(out, b"a line\nthen ");
        assert!(stream.holds_back());
        stream.push(b"gry\n", &mut out);
        assert_eq!(out, b"a line\nthen hungry\n");
    }
}
