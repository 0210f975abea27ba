//! Which program says the value of a variable, and what the next ones make of it.

use std::collections::BTreeSet;

use super::super::Level;
use super::super::expansion::takes_line_breaks;
use super::super::shell::{Command, Shell, commands, program};
use super::translation::{Effect, translated};

/// The commands of a script, by which what it writes is said.
pub(super) struct Sayings<'t> {
    script: &'t str,
    /// In the order in which they start; none of a shell that is not understood.
    commands: Vec<Command<'t>>,
    /// The names of the script's own functions.
    functions: BTreeSet<&'t str>,
}

/// The most words of a command that are looked at: those that say what it does stand first.
const MOST_WORDS: usize = 64;

/// The most programs of a pipe that are looked at.
const MOST_PROGRAMS: usize = 8;

/// Programs whose words are those of a number or of a code, which begin no variable.
const CLEANING: [&str; 6] = ["base64", "sha256sum", "sha1sum", "sha512sum", "md5sum", "wc"];

/// Programs that let lines pass as they are.
const PASSING: [&str; 9] = [
    "cat", "tee", "sort", "uniq", "tac", "sponge", "column", "expand", "iconv",
];

impl<'t> Sayings<'t> {
    pub(super) fn of(script: &'t str, shell: Shell) -> Self {
        let is_understood = shell == Shell::Posix || (shell == Shell::Unknown && !script.contains('`'));
        let mut commands = if is_understood { commands(script) } else { Vec::new() };
        commands.sort_by_key(|command| command.start);
        Self {
            script,
            commands,
            functions: functions(script),
        }
    }

    /// Returns how certain it is that the value of the variable at `start..end` is written as it is; `None` when a program
    /// takes from it what could begin another variable, or says something of its own.
    pub(super) fn level(&self, start: usize, end: usize) -> Option<Level> {
        let near = near(self.script, end);
        let is_braced = self.script.get(start..end).is_some_and(|name| name.starts_with("${"));
        if is_braced && takes_line_breaks(near) {
            return None;
        }
        let own = match self.around(start) {
            Some(command) => self.said_by(command, start)?,
            None => Level::Certain,
        };
        let mut level = Some(own);
        for words in piped(near) {
            level = made_of(level, &words);
        }
        level
    }

    /// Returns the innermost command that has a place among its words.
    fn around(&self, place: usize) -> Option<&Command<'t>> {
        /// More than stand in one word before it.
        const NEAR: usize = 64;
        let count = self.commands.partition_point(|command| command.start <= place);
        let has = |command: &&Command<'_>| {
            let last = command.words.last();
            last.is_some_and(|last| place < last.start + last.text.len())
        };
        self.commands[..count].iter().rev().take(NEAR).find(has)
    }

    /// Returns how certain it is that a command says what stands at a place among its words.
    fn said_by(&self, command: &Command<'t>, place: usize) -> Option<Level> {
        let words = command.plain_of_first(MOST_WORDS);
        let Some(name) = program(&words) else {
            return Some(Level::Certain);
        };
        let at = command.words.partition_point(|word| word.start <= place);
        let is_given = at >= 2 && command.words[at - 2].text == "<<<";
        let text = near(self.script.get(..place).unwrap_or_default(), command.start);
        match name.rsplit('/').next().unwrap_or_default() {
            _ if is_given => made_of(Some(Level::Certain), &words),
            "printf" if text.contains("%q") && !text.contains("%s") => None,
            "echo" | "printf" | "for" | "select" => Some(Level::Certain),
            // A command of PowerShell, such as `Add-Content`.
            _ if name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains('-') => Some(Level::Certain),
            // The text is the command itself, as far as this shell's language is understood.
            _ if command.words[0].start + name.len() > place => Some(Level::Certain),
            name if self.functions.contains(name) => Some(Level::Certain),
            _ => None,
        }
    }
}

/// Returns the names that stand before `()` or behind `function`.
fn functions(script: &str) -> BTreeSet<&str> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let before = script.match_indices("()").map(|(at, _)| {
        let before = script[..at].trim_end_matches(' ');
        let start = before.trim_end_matches(is_of_name).len();
        &before[start..]
    });
    let behind = script.match_indices("function ").map(|(at, word)| {
        let behind = script[at + word.len()..].trim_start_matches(' ');
        &behind[..behind.len() - behind.trim_start_matches(is_of_name).len()]
    });
    before.chain(behind).filter(|name| !name.is_empty()).collect()
}

/// Returns what stands behind a place, no more of it than a pipe of programs has.
fn near(script: &str, end: usize) -> &str {
    const NEAR: usize = 400;
    let near = script.get(end..).unwrap_or_default();
    near.char_indices().nth(NEAR).map_or(near, |(at, _)| &near[..at])
}

/// Returns the words of the programs that a text goes through, one behind the `|` of the other, by what stands behind it.
fn piped(behind: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = behind;
    while let Some(at) = pipe(rest).filter(|_| found.len() < MOST_PROGRAMS) {
        rest = rest[at + 1..].trim_start_matches('&');
        let Some(command) = commands(rest).into_iter().find(|command| command.inside.is_none()) else {
            break;
        };
        let end = command.words.last().map_or(0, |last| last.start + last.text.len());
        found.push(command.plain());
        rest = &rest[end..];
    }
    found
}

/// Returns where the output of the command that ends a text's beginning goes to another one.
fn pipe(text: &str) -> Option<usize> {
    let ends = [";", ">>", "&&", "\n"].iter().filter_map(|sign| text.find(sign));
    let text = &text[..ends.min().unwrap_or(text.len())];
    let is_pipe = |at: &usize| !text[at + 1..].starts_with('|') && !text[..*at].ends_with('|');
    text.match_indices('|').map(|(at, _)| at).find(is_pipe)
}

/// Returns how certain it is that a text is written that a program with these words gets, when so much is certain of what
/// it gets; `None` when nothing is left that could begin another variable.
fn made_of(level: Option<Level>, words: &[&str]) -> Option<Level> {
    let name = program(words).unwrap_or_default();
    let at = words
        .iter()
        .position(|word| *word == name)
        .map_or(words.len(), |at| at + 1);
    match (effect(name, &words[at..]), level) {
        (Effect::Takes, _) => None,
        (Effect::Leaves, level) => level,
        (Effect::Makes, level) => level.or(Some(Level::Certain)),
        (Effect::Unknown, Some(_)) => Some(Level::Strict),
        (Effect::Unknown, None) => words.iter().any(|word| word.contains("\\n")).then_some(Level::Strict),
    }
}

/// Returns what a program makes of the line breaks of what it gets.
fn effect(name: &str, words: &[&str]) -> Effect {
    let has = |is_wanted: fn(&str) -> bool| words.iter().any(|word| is_wanted(word));
    let is_raw = |word: &str| word.starts_with('-') && (word.contains(['r', 'j']) || word.starts_with("--raw"));
    match name.rsplit('/').next().unwrap_or_default() {
        "tr" => translated(words),
        "jq" if !has(is_raw) => Effect::Takes,
        "base64" if has(|word| matches!(word, "-d" | "-D" | "--decode" | "-di")) => Effect::Unknown,
        name if CLEANING.contains(&name) => Effect::Takes,
        name if PASSING.contains(&name) => Effect::Leaves,
        _ => Effect::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: Option<Level>) {
        let start = script.find("$BODY").or_else(|| script.find("${BODY")).unwrap();
        let end = start + script[start..].find("BODY").unwrap() + "BODY".len();
        assert_eq!(
            Sayings::of(script, Shell::Posix).level(start, end),
            expected,
            "{script}"
        );
    }

    #[test]
    fn a_value_that_is_written_as_it_is_may_begin_a_variable() {
        for script in [
            "echo \"A=$BODY\" >> $OUT",
            "echo \"A=$BODY\" >> $OUT; echo a | tr -d b",
            "echo \"A=$BODY\" >> $OUT\necho a | tr -cd b",
            "echo \"A=$(echo \"$BODY\")\" >> $OUT",
            "echo \"A=$(cat <<< \"$BODY\")\" >> $OUT",
            "echo \"A=$BODY\" | tr -d '\\r' | sudo tee -a $OUT",
            "cat >> $OUT <<E\nA=$BODY\nE",
            "printf 'A=%s\\n' \"$BODY\" >> $OUT",
            "for l in $BODY; do echo $l; done >> $OUT",
            "say() { echo \"$1\"; }; say \"A=$BODY\" >> $OUT",
            "say () { echo \"$1\"; }; say \"A=$BODY\" >> $OUT",
            "function say { echo \"$1\"; }; say \"A=$BODY\" >> $OUT",
            "/bin/echo \"A=$BODY\" >> $OUT",
            "\"A=$BODY\" >> $OUT",
            "Add-Content -Path $OUT -Value \"A=$BODY\"",
            "echo \"A=${BODY%%' '*}\" >> $OUT",
            "echo \"A=${BODY//'x'/}\" >> $OUT",
            "echo \"$BODY\" | tr ' ' '\\n' >> $OUT",
            "echo \"$BODY\" | tr ';|' '\\n' >> $OUT",
            "echo \"A=$(echo \"$BODY\" | tr , '\\n')\" >> $OUT",
            "echo \"$BODY\" | tr -cd 'a-z\\n' >> $OUT",
            "echo \"$BODY\" | tr -s '\\n' >> $OUT",
            "echo \"$BODY\" | tr -d \\n >> $OUT",
            "echo \"$BODY\" | tr -d '\\n' | tr , '\\n' >> $OUT",
            "echo \"A=$(echo \"$BODY\" || true)\" >> $OUT",
        ] {
            check(script, Some(Level::Certain));
        }
        for script in [
            "echo \"A=$(echo \"$BODY\" | head -n 5)\" >> $OUT",
            "echo \"A=$(echo \"$BODY\" | ./shorten)\" >> $OUT",
            "echo \"A=$(sed s/a/b/ <<< \"$BODY\")\" >> $OUT",
            "echo \"A=$(echo \"$BODY\" | jq -Rr .)\" >> $OUT",
            "echo \"$BODY\" | tr a b | sed s/x/\\\\n/ >> $OUT",
            "echo \"$BODY\" | tr x y | printf \"%s\\n\" >> $OUT",
            "echo \"$BODY\" | tr -d '\\n' | sed 's/,/\\n/g' >> $OUT",
            "echo \"$BODY\" | base64 -d >> $OUT",
            "echo \"$BODY\" | tr -d \"$SIGNS\" >> $OUT",
        ] {
            check(script, Some(Level::Strict));
        }
    }

    #[test]
    fn a_value_that_is_cleaned_before_begins_no_variable() {
        for script in [
            "echo \"A=$(echo \"$BODY\" | tr -cd a-z)\" >> $OUT",
            "echo \"A=$(echo \"$BODY\" | sed 's/a/b/' | tr -d '\\n')\" >> $OUT",
            "echo \"A=$(./count.sh \"$BODY\")\" >> $OUT",
            "echo \"A=$(printf %q \"$BODY\")\" >> $OUT",
            "printf 'A=%q\\n' \"$BODY\" >> $OUT",
            "echo \"A=${BODY%%$'\\n'*}\" >> $OUT",
            "echo \"A=${BODY%%[$'\\r\\n']*}\" >> $OUT",
            "echo \"A=$(jq -Rs . <<< \"$BODY\")\" >> $OUT",
            "echo \"A=$(echo \"$BODY\" | jq -Rs .)\" >> $OUT",
            "echo \"A=$(tr -d '\\n' <<< \"$BODY\")\" >> $OUT",
            "./count.sh \"$BODY\" >> $OUT",
            "(echo \"$BODY\") | tr -d '\\n' >> $OUT",
            "echo \"A=$(echo \"$BODY\" | cat)\" | sudo tr '\\n' ';' >> $OUT",
            "echo \"$BODY\" | tr -d '[:cntrl:]' >> $OUT",
            "echo \"$BODY\" | tr -s '[:space:]' _ >> $OUT",
            "echo \"A=${BODY//[[:space:]]/}\" >> $OUT",
            "echo \"A=${BODY//[$'\\n']/}\" >> $OUT",
            "echo \"A=${BODY//[!a-z]/}\" >> $OUT",
        ] {
            check(script, None);
        }
    }
}
