//! The signs where commands stand: between words, between commands, and around groups.

use super::document::Document;
use super::level::Case;
use super::{Frame, Piece, Walk};

impl Walk<'_> {
    /// Passes over a sign where commands stand.
    pub(super) fn between_words(&mut self) -> Piece {
        let rest = self.rest();
        match rest[0] {
            b'\n' => self.line(),
            byte if byte.is_ascii_whitespace() => self.blank(),
            b'#' if !self.is_in_word => self.comment(),
            b'[' if self.begins_test() => self.open(Frame::Test, 2),
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

    pub(super) fn blank(&mut self) -> Piece {
        self.is_in_word = false;
        self.at += 1;
        Piece::Plain
    }

    pub(super) fn comment(&mut self) -> Piece {
        let length = self.find(0, |byte| *byte == b'\n');
        self.at += length.unwrap_or(self.rest().len() + 1);
        Piece::Comment
    }

    /// Returns whether `[[ … ]]` begins here.
    fn begins_test(&self) -> bool {
        let behind = self.rest().strip_prefix(b"[[").and_then(|behind| behind.first());
        self.is_first() && self.level().case == Case::Commands && behind.is_some_and(u8::is_ascii_whitespace)
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
            self.looked_at(behind.saturating_sub(self.at));
            self.documents.push((range, document.is_replaced));
            self.at = behind;
        }
        Piece::Documents
    }

    /// Passes over `<<` and the word that ends the here-document.
    fn delimiter(&mut self) -> Piece {
        let (document, length) = Document::announced(&self.script[self.at..]);
        self.pending.extend(document);
        self.looked_at(length);
        self.word(length);
        self.is_in_word = false;
        Piece::Delimiter
    }
}
