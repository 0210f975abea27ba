//! What a script does with a variable, at every place that names it.

use super::super::super::program::{assigned, is_name, is_read_by_programs};
use super::super::scan::{Frame, IN_COMMENT, IN_DOCUMENT, IN_SINGLE, Scan};
use super::taking::{file, is_file, is_in, without_keywords};
use super::{Contents, Level, NAMES_A_FILE, Reach, Uses, Variable, arguments, levels};

const RUN_ELSEWHERE: &str = "it becomes a part of a variable whose value may be run in another place";
const READ_BY_PROGRAMS: &str = "programs may read what they are to do from the variable that it becomes a part of";

/// Commands of the shell that do something with a variable whose name they get: make it another kind of variable, or
/// calculate with it.
const NAMING: &str = "declare typeset local readonly export let unset read mapfile readarray getopts wait";

/// What variables are named after, at the end, that hold texts and are given to programs.
const OF_TEXTS: &str = "ACTOR AUTHOR BODY BRANCH COMMENT COMMIT DESCRIPTION EMAIL ENVIRONMENT ID LABEL LABELS MESSAGE MSG NAME \
    NUMBER REF SHA STAGE TAG TEXT TITLE VERSION";

impl Contents<'_> {
    /// Returns what becomes of a variable by all that the script does with it.
    pub(super) fn uses(&self, variable: &Variable) -> Uses {
        let name = variable.name.as_str();
        if !may_hold_any_text(name, variable.reach) {
            return Err(READ_BY_PROGRAMS);
        }
        self.read.set(self.read.get() + self.text.len());
        let mut found = Vec::new();
        let mut scan = Scan::of(self.text);
        for at in places(self.text, name) {
            match scan.up_to(at) {
                Some(IN_COMMENT) => {}
                Some(IN_DOCUMENT) if variable.reach == Reach::Script && !is_read(self.text, at) => {}
                Some(IN_DOCUMENT) => return Err(RUN_ELSEWHERE),
                Some(IN_SINGLE) => self.named(variable, at, &levels(&scan.frames, at, true)?, &mut found)?,
                _ if scan.at == at => self.used(variable, at, &scan.frames, &mut found)?,
                // In an expression, which is looked at by itself.
                _ if scan.at > at + 1 => {}
                _ => return Err(RUN_ELSEWHERE),
            }
        }
        Ok(found)
    }

    /// Adds what becomes of a variable whose name stands at a place outside of single quotes.
    fn used(
        &self,
        variable: &Variable,
        at: usize,
        frames: &[(Frame, usize)],
        found: &mut Vec<Variable>,
    ) -> Result<(), &'static str> {
        let before = &self.text[..at];
        let braced = frames
            .split_last()
            .filter(|((frame, opened), _)| *frame == Frame::Parameter && matches!(&before[*opened..], "${" | "${#"));
        let levels = match braced {
            Some(((_, opened), around)) => {
                let behind = &self.text[at + variable.name.len()..];
                if !is_harmless_operator(behind) {
                    return Err(RUN_ELSEWHERE);
                }
                levels(around, *opened, false)?
            }
            None if before.ends_with('$') => levels(frames, at - 1, false)?,
            None if frames.iter().any(|(frame, _)| *frame == Frame::Test) => return Err(RUN_ELSEWHERE),
            None => return self.named(variable, at, &levels(frames, at, false)?, found),
        };
        if self.is_target(variable, &levels)? {
            return Ok(());
        }
        found.extend(self.place(&levels)?);
        Ok(())
    }

    /// Adds what becomes of a variable whose name, and not its value, is a part of a word.
    fn named(
        &self,
        variable: &Variable,
        at: usize,
        levels: &[Level],
        found: &mut Vec<Variable>,
    ) -> Result<(), &'static str> {
        let Some(level) = levels.last() else {
            return Ok(());
        };
        let (command, word) = self.find(level)?;
        let command = &self.commands[command];
        self.count(command);
        let words: Vec<&str> = arguments(command).iter().map(|word| word.text).collect();
        let words = without_keywords(&words);
        let first = words.iter().copied().find(|word| assigned(word).is_none());
        let program = first.unwrap_or_default();
        let is_set = word.start == at && assigned(word.text) == Some(variable.name.as_str());
        if is_set && program == "export" {
            found.push(Variable::of(&variable.name, variable.reach.max(Reach::Programs)));
            return Ok(());
        }
        let is_before_program = || {
            words
                .iter()
                .take_while(|word| assigned(word).is_some())
                .any(|set| *set == word.text)
        };
        let is_of_loop = program == "for" && words.get(1) == Some(&word.text);
        if is_file(&variable.name) && is_set {
            return Err(NAMES_A_FILE);
        }
        if is_of_loop || (is_set && is_before_program()) {
            return Ok(());
        }
        let takes_a_name = match program {
            "printf" | "test" | "[" => words.iter().any(|word| matches!(*word, "-v" | "-R")),
            program => is_in(NAMING, program),
        };
        // The index of a list is calculated.
        let is_index = self.text[word.start..at].contains('[');
        if takes_a_name || (is_index && !matches!(program, "[" | "[[")) {
            return Err(RUN_ELSEWHERE);
        }
        if variable.reach > Reach::Script {
            found.extend(self.place(levels)?);
        }
        Ok(())
    }

    /// Returns whether a variable names a file of the runner and stands where a command writes to it.
    fn is_target(&self, variable: &Variable, levels: &[Level]) -> Result<bool, &'static str> {
        let Some(level) = levels.last().filter(|_| is_file(&variable.name)) else {
            return Ok(false);
        };
        let (command, word) = self.find(level)?;
        let words = &self.commands[command].words;
        let is_written = words
            .windows(2)
            .any(|pair| pair[1].start == word.start && pair[0].text.contains('>'));
        let is_copied = words[0].text == "tee";
        if file(word.text).is_none() {
            return Err(NAMES_A_FILE);
        }
        Ok(is_written || is_copied)
    }
}

/// Returns whether a variable may hold any text without a program that reads it as something else.
fn may_hold_any_text(name: &str, reach: Reach) -> bool {
    let upper = name.to_ascii_uppercase();
    let last = upper.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let last = last.rsplit('_').next().unwrap_or_default();
    let is_of_text = reach == Reach::Script || (is_in(OF_TEXTS, last) && !upper.starts_with("NPM_"));
    is_name(name) && !is_read_by_programs(name) && is_of_text
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

/// Returns whether a variable is read where its name stands.
fn is_read(text: &str, at: usize) -> bool {
    text[..at].trim_end_matches(['{', '#', '!']).ends_with('$')
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
