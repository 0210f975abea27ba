//! The commands of a script as words, also those inside of substitutions.

use super::super::walk::{Frame, Piece, Walk};

/// A command of a script, or of a substitution in it.
pub(in super::super) struct Command<'t> {
    /// Its words as they are written; the signs of redirections are words of their own.
    pub(in super::super) words: Vec<Word<'t>>,
    /// The byte of the script at which it starts.
    pub(in super::super) start: usize,
    /// Where the substitution or group opened in which it stands, if it does.
    pub(in super::super) inside: Option<usize>,
    /// Whether its output goes to the next one.
    pub(in super::super) is_piped: bool,
}

/// A word of a command, with its quotes.
#[derive(Clone, Copy)]
pub(in super::super) struct Word<'t> {
    pub(in super::super) text: &'t str,
    pub(in super::super) start: usize,
}

/// Signs behind which stands where output goes.
pub(super) const OUTPUT: [&str; 6] = [">", ">>", ">|", "&>", "&>>", ">&"];

/// Returns the commands of a script, those in one substitution in their order.
pub(in super::super) fn commands(script: &str) -> Vec<Command<'_>> {
    let mut reading = Reading {
        script,
        walk: Walk::of(script),
        open: vec![Open::at(None, 0, 0)],
        found: Vec::new(),
    };
    while reading.walk.at < script.len() {
        reading.step();
    }
    while let Some(open) = reading.open.pop() {
        reading.found.extend(open.ended(script, script.len(), ""));
    }
    reading.found.sort_by_key(|command| (command.inside, command.start));
    reading.found
}

/// Returns whether commands stand in a frame.
pub(super) fn holds_commands(frame: Frame) -> bool {
    matches!(frame, Frame::Command | Frame::Backquoted)
}

impl<'t> Command<'t> {
    /// Returns the words that are no redirections.
    pub(in super::super) fn plain(&self) -> Vec<&'t str> {
        plain(&self.words)
    }

    /// Returns the words that are no redirections, of the first ones.
    pub(in super::super) fn plain_of_first(&self, most: usize) -> Vec<&'t str> {
        plain(&self.words[..self.words.len().min(most)])
    }

    /// Returns the files to which it writes.
    pub(in super::super) fn targets(&self) -> impl Iterator<Item = &'t str> {
        let pairs = self.words.windows(2);
        let behind = |pair: &[Word<'t>]| OUTPUT.contains(&pair[0].text).then_some(pair[1].text);
        pairs.filter_map(behind)
    }
}

/// Returns those of some words that are no redirections.
pub(super) fn plain<'t>(words: &[Word<'t>]) -> Vec<&'t str> {
    plain_words(words).map(|word| word.text).collect()
}

/// Returns those of some words that are no redirections, with their places.
pub(super) fn plain_words<'w, 't>(words: &'w [Word<'t>]) -> impl Iterator<Item = Word<'t>> + 'w {
    let mut is_target = false;
    words.iter().copied().filter(move |word| {
        let is_sign = is_redirection(word.text);
        let is_plain = !is_sign && !is_target;
        // The word behind `<<` is a part of it.
        is_target = is_sign && (!word.text.starts_with("<<") || word.text == "<<<");
        is_plain
    })
}

pub(super) fn is_redirection(word: &str) -> bool {
    word.starts_with(['<', '>']) || word.starts_with("&>")
}

/// The script, or a substitution in it, whose commands are being read.
struct Open<'t> {
    opened: Option<usize>,
    /// The place of its frame among those that are open.
    frame: usize,
    start: usize,
    words: Vec<Word<'t>>,
    /// Where the present word starts.
    word: Option<usize>,
}

impl<'t> Open<'t> {
    fn at(opened: Option<usize>, frame: usize, start: usize) -> Self {
        Self {
            opened,
            frame,
            start,
            words: Vec::new(),
            word: None,
        }
    }

    fn end_word(&mut self, script: &'t str, end: usize) {
        if let Some(start) = self.word.take() {
            let text = script.get(start..end).unwrap_or_default();
            self.words.push(Word { text, start });
        }
    }

    /// Ends the command and begins the next one; returns it if it has any words.
    fn ended(mut self, script: &'t str, end: usize, sign: &str) -> Option<Command<'t>> {
        self.end_word(script, end);
        (!self.words.is_empty()).then_some(Command {
            words: self.words,
            start: self.start,
            inside: self.opened,
            is_piped: matches!(sign, "|" | "|&"),
        })
    }
}

struct Reading<'t> {
    script: &'t str,
    walk: Walk<'t>,
    /// Those that are open, from the script itself inwards; never empty.
    open: Vec<Open<'t>>,
    found: Vec<Command<'t>>,
}

impl Reading<'_> {
    fn step(&mut self) {
        let from = self.walk.at;
        let depth = self.walk.frames.len();
        let holds_words = |frame: Frame| holds_commands(frame) || frame == Frame::Test;
        let is_direct = self.walk.frames.last().is_none_or(|(frame, _)| holds_words(*frame));
        let piece = self.walk.step();
        let is_closing = self.close(from);
        if is_direct && !is_closing {
            if self.walk.frames.len() > depth {
                if piece != Piece::Group {
                    self.begin_word(from);
                }
            } else {
                self.pass(piece, from, self.walk.at.min(self.script.len()));
            }
        }
        let innermost = self.walk.frames.last().copied();
        if let Some((_, opened)) = innermost.filter(|(frame, _)| holds_commands(*frame))
            && self.open.last().is_some_and(|open| open.opened != Some(opened))
        {
            let frame = self.walk.frames.len() - 1;
            self.open.push(Open::at(Some(opened), frame, self.walk.at));
        }
    }

    /// Ends what is not open any more; returns whether there was any.
    fn close(&mut self, at: usize) -> bool {
        let count = self.open.len();
        while let Some(open) = self.open.pop_if(|open| {
            let there = self.walk.frames.get(open.frame).map(|(_, opened)| *opened);
            open.opened.is_some() && there != open.opened
        }) {
            self.found.extend(open.ended(self.script, at, ""));
        }
        self.open.len() < count
    }

    /// Takes a piece that stands among the words of a command.
    fn pass(&mut self, piece: Piece, from: usize, to: usize) {
        let text = self.script.get(from..to).unwrap_or_default();
        let is_blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        match piece {
            Piece::Separator | Piece::Documents | Piece::Pattern | Piece::Round => self.end_command(from, to, text),
            Piece::Comment => self.end_word(from),
            Piece::Plain if is_blank => self.end_word(from),
            Piece::Plain if text == "\\\n" => {}
            Piece::Plain | Piece::Delimiter if is_redirection(text) => {
                self.end_word(from);
                self.begin_word(from);
                self.end_word(to);
            }
            _ => self.begin_word(from),
        }
    }

    fn begin_word(&mut self, at: usize) {
        if let Some(open) = self.open.last_mut() {
            open.word.get_or_insert(at);
        }
    }

    fn end_word(&mut self, at: usize) {
        if let Some(open) = self.open.last_mut() {
            open.end_word(self.script, at);
        }
    }

    fn end_command(&mut self, end: usize, next: usize, sign: &str) {
        if let Some(open) = self.open.last_mut() {
            let following = Open::at(open.opened, open.frame, next);
            let ended = std::mem::replace(open, following);
            self.found.extend(ended.ended(self.script, end, sign));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: &[&[&str]]) {
        let found = commands(script);
        let words: Vec<Vec<&str>> = found
            .iter()
            .map(|command| command.words.iter().map(|word| word.text).collect())
            .collect();
        assert_eq!(words, expected, "{script}");
        for word in found.iter().flat_map(|command| &command.words) {
            assert!(script[word.start..].starts_with(word.text), "{script}");
        }
    }

    #[test]
    fn a_script_is_commands_of_words() {
        check(
            "a 'b c' d\"e f\"g; h\\ i |j # k",
            &[&["a", "'b c'", "d\"e f\"g"], &["h\\ i"], &["j"]],
        );
        check("a \\\n  b\nc", &[&["a", "b"], &["c"]]);
        check(
            "[[ a && $(b) ]] && c",
            &[&["[[", "a", "&&", "$(b)", "]]"], &["c"], &["b"]],
        );
        check("A=\"x y\" b ${{ c d }}", &[&["A=\"x y\"", "b", "${{ c d }}"]]);
        check("a 2>&1 >b <<<c", &[&["a", "2", ">&", "1", ">", "b", "<<<", "c"]]);
        check("cat <<E > f\nx; y\nE\nz", &[&["cat", "<<E", ">", "f"], &["z"]]);
        check("f() { a; }\n", &[&["f()", "{", "a"], &["}"]]);
        check(
            "case $x in a|b) c;; esac",
            &[&["case", "$x", "in", "a|b"], &["c"], &["esac"]],
        );
    }

    #[test]
    fn what_stands_in_a_substitution_is_commands_of_its_own() {
        check(
            "a \"x $(b c; d)\" e",
            &[&["a", "\"x $(b c; d)\"", "e"], &["b", "c"], &["d"]],
        );
        check("a `b c`d e", &[&["a", "`b c`d", "e"], &["b", "c"]]);
        check("(a b; c) > d", &[&[">", "d"], &["a", "b"], &["c"]]);
        check("a <(b c) d", &[&["a", "<", "(b c)", "d"], &["b", "c"]]);
        check("$(a $(b) c", &[&["$(a $(b) c"], &["a", "$(b)", "c"], &["b"]]);
    }

    #[test]
    fn targets_are_told_from_words() {
        let found = commands("echo a > b 2>> c < d <<< e f | tee g");
        assert_eq!(found[0].plain(), ["echo", "a", "2", "f"]);
        assert_eq!(found[0].targets().collect::<Vec<_>>(), ["b", "c"]);
        assert!(found[0].is_piped && !found[1].is_piped);
    }
}
