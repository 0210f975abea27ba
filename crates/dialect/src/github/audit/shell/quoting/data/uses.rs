//! What a script does with a variable, at every place that names it.

use super::super::super::program::{assigned, is_name, is_read_by_programs};
use super::super::super::words::OUTPUT;
use super::super::scan::{Frame, IN_COMMENT, IN_SINGLE, Scan};
use super::taking::{file, is_file, is_in, without_keywords};
use super::{Contents, GIVEN, Level, NAMES_A_FILE, TOO_MUCH, Uses, arguments, levels};

const RUN_ELSEWHERE: &str = "it becomes a part of a variable whose value may be run in another place";

/// More often nobody names a variable in a script; the words of the command around each place are looked at.
const MOST_PLACES: usize = 200;

/// Commands of the shell that do something with a variable whose name they get, such as to calculate with it, and words
/// of its own.
const NAMING: &str = "declare typeset local readonly export let unset read mapfile readarray getopts wait printf test [ [[ for \
    case";

impl Contents<'_> {
    /// Returns what becomes of a variable by all that the script does with it.
    pub(super) fn uses(&self, name: &str) -> Uses {
        if !is_file(name) && (!is_name(name) || is_read_by_programs(name)) {
            return Err(GIVEN);
        }
        self.read.set(self.read.get() + self.text.len());
        let mut found = Vec::new();
        let mut scan = Scan::of(self.text);
        for (count, at) in places(self.text, name).enumerate() {
            if count == MOST_PLACES {
                return Err(TOO_MUCH);
            }
            match scan.up_to(at) {
                Some(IN_COMMENT) => {}
                Some(IN_SINGLE) => {
                    let levels = levels(&scan.frames, at, true)?;
                    self.named(name, at, &levels, self.is_read(at), &mut found)?;
                }
                // Behind a backslash, or in a here-document.
                Some(_) => return Err(RUN_ELSEWHERE),
                None if scan.at == at + 1 => return Err(RUN_ELSEWHERE),
                None if scan.at == at => self.used(name, at, &scan.frames, &mut found)?,
                // In an expression, which is looked at by itself.
                None => {}
            }
        }
        Ok(found)
    }

    /// Adds what becomes of a variable whose name stands at a place outside of single quotes.
    fn used(
        &self,
        name: &str,
        at: usize,
        frames: &[(Frame, usize)],
        found: &mut Vec<String>,
    ) -> Result<(), &'static str> {
        let before = &self.text[..at];
        let braced = frames
            .split_last()
            .filter(|((frame, opened), _)| *frame == Frame::Parameter && matches!(&before[*opened..], "${" | "${#"));
        let levels = match braced {
            Some(((_, opened), around)) => {
                if !is_harmless_operator(&self.text[at + name.len()..]) {
                    return Err(RUN_ELSEWHERE);
                }
                levels(around, *opened, false)?
            }
            None if before.ends_with('$') => levels(frames, at - 1, false)?,
            None => return self.named(name, at, &levels(frames, at, false)?, false, found),
        };
        if !self.is_target(name, &levels)? {
            found.extend(self.place(&levels)?);
        }
        Ok(())
    }

    /// Adds what becomes of a variable whose name, and not its value, is a part of a word; one that `is_read` is so by
    /// whoever reads the text of that word.
    fn named(
        &self,
        name: &str,
        at: usize,
        levels: &[Level],
        is_read: bool,
        found: &mut Vec<String>,
    ) -> Result<(), &'static str> {
        let Some(level) = levels.last() else {
            return Ok(());
        };
        let (command, word) = self.find(level)?;
        let command = &self.commands[command];
        self.count(command);
        let words: Vec<&str> = arguments(command).iter().map(|word| word.text).collect();
        let words = without_keywords(&words);
        let program = words
            .iter()
            .copied()
            .find(|word| assigned(word).is_none())
            .unwrap_or_default();
        let is_set = word.start == at && assigned(word.text) == Some(name);
        if is_set && !program.is_empty() {
            return Err(GIVEN);
        }
        let is_of_loop = program == "for" && words.get(1) == Some(&word.text);
        if is_set || is_of_loop {
            return if is_file(name) { Err(NAMES_A_FILE) } else { Ok(()) };
        }
        if let (Ok(names), false) = (self.place(levels), is_read) {
            found.extend(names);
            return Ok(());
        }
        // Another program has no variables of the shell, and `jq` has some of its own.
        let is_other = !program.is_empty() && !program.contains(['$', '`']) && !is_in(NAMING, program);
        if is_other && (!is_read || program == "jq") && !self.text[word.start..at].contains('[') {
            Ok(())
        } else {
            Err(RUN_ELSEWHERE)
        }
    }

    /// Returns whether a variable is read where its name stands.
    fn is_read(&self, at: usize) -> bool {
        self.text[..at].trim_end_matches(['{', '#', '!']).ends_with('$')
    }

    /// Returns whether a variable names a file of the runner and stands where a command writes to it.
    fn is_target(&self, name: &str, levels: &[Level]) -> Result<bool, &'static str> {
        let Some(level) = levels.last().filter(|_| is_file(name)) else {
            return Ok(false);
        };
        let (command, word) = self.find(level)?;
        let words = &self.commands[command].words;
        let is_written = words
            .windows(2)
            .any(|pair| pair[1].start == word.start && OUTPUT.contains(&pair[0].text));
        if file(word.text).is_none() {
            return Err(NAMES_A_FILE);
        }
        Ok(is_written || words[0].text == "tee")
    }
}

/// Returns the places at which a text has a word.
fn places<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    let is_whole = move |at: &usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !is_word(before) && !is_word(bytes.get(at + name.len()))
    };
    text.match_indices(name).map(|(at, _)| at).filter(is_whole)
}

/// Returns whether what stands behind the name in `${NAME…}` makes a text of its text.
fn is_harmless_operator(behind: &str) -> bool {
    let index = behind.strip_prefix('[').and_then(|index| index.split_once(']'));
    let behind = match index {
        Some((index, behind)) if index.bytes().all(|byte| byte.is_ascii_digit()) => behind,
        _ => behind,
    };
    behind.starts_with(['}', ':', '-', '+', '?', '#', '%', '/', '^', ',']) && !behind.starts_with(":=")
}
