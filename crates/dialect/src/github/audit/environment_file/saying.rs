//! Which program says the value of a variable, and what the next ones make of it.

use super::super::Level;
use super::super::shell::{Command, Shell, commands, program};

/// The commands of a script, by which what it writes is said.
pub(super) struct Sayings<'t> {
    script: &'t str,
    /// In the order in which they start; none of a shell that is not understood.
    commands: Vec<Command<'t>>,
}

/// Programs that take from a text what could begin another variable.
const CLEANING: [&str; 7] = ["tr -c", "tr -dc", "base64", "sha256sum", "sha1sum", "md5sum", "wc -"];

/// Programs that let lines pass as they are.
const PASSING: [&str; 11] = [
    "cat", "tee", "sort", "uniq", "tac", "tr", "sponge", "column", "expand", "iconv", "sudo",
];

impl<'t> Sayings<'t> {
    pub(super) fn of(script: &'t str, shell: Shell) -> Self {
        let is_understood = shell == Shell::Posix || (shell == Shell::Unknown && !script.contains('`'));
        let mut commands = if is_understood { commands(script) } else { Vec::new() };
        commands.sort_by_key(|command| command.start);
        Self { script, commands }
    }

    /// Returns how certain it is that the value of the variable at `start..end` is written as it is; `None` when a program
    /// takes from it what could begin another variable, or says something of its own.
    pub(super) fn level(&self, start: usize, end: usize) -> Option<Level> {
        let near = near(self.script, end);
        if is_one_line(near) {
            return None;
        }
        let own = match self.around(start) {
            Some(command) => self.said_by(command, start)?,
            None => Level::Certain,
        };
        let ends = [";", ">>", "&&", "\n"].iter().filter_map(|sign| near.find(sign));
        let behind = &near[..ends.min().unwrap_or(near.len())];
        let piped = behind.find('|').map_or("", |at| &behind[at + 1..]);
        Some(own.max(made_of(piped)?))
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
        let words = command.plain();
        let Some(name) = program(&words) else {
            return Some(Level::Certain);
        };
        let at = command.words.partition_point(|word| word.start <= place);
        let is_given = at >= 2 && command.words[at - 2].text == "<<<";
        let text = self.script.get(command.start..place).unwrap_or_default();
        match name {
            _ if is_given => made_of(text),
            "printf" if text.contains("%q") && !text.contains("%s") => None,
            "echo" | "printf" | "for" | "select" => Some(Level::Certain),
            // A command of PowerShell, such as `Add-Content`.
            _ if name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains('-') => Some(Level::Certain),
            // The text is the command itself, as far as this shell's language is understood.
            _ if command.words[0].start + name.len() > place => Some(Level::Certain),
            _ if self.script.contains(&format!("{name}()")) => Some(Level::Certain),
            _ => None,
        }
    }
}

/// Returns what stands behind a place, no more of it than a pipe of programs has.
fn near(script: &str, end: usize) -> &str {
    const NEAR: usize = 400;
    let near = script.get(end..).unwrap_or_default();
    near.char_indices().nth(NEAR).map_or(near, |(at, _)| &near[..at])
}

/// Returns whether what stands behind the name of a variable leaves but the first line of it, or takes the ends of lines
/// from it: `${A%%$'\n'*}`, `${A//[$'\r\n']/}`.
fn is_one_line(behind: &str) -> bool {
    let signs = behind.strip_prefix("%%").or_else(|| behind.strip_prefix("//"));
    let signs = signs.and_then(|signs| signs.trim_start_matches('[').strip_prefix("$'"));
    let signs = signs.and_then(|signs| signs.split('\'').next());
    signs.is_some_and(|signs| signs.contains("\\n"))
}

/// Returns how certain it is that programs, one behind a `|` of the other, give a text on as it is; `None` when one takes
/// from it what could begin another variable.
fn made_of(programs: &str) -> Option<Level> {
    let has = |word: &str| programs.contains(word);
    let is_raw = |word: &str| word.starts_with('-') && (word.contains(['r', 'j']) || word.starts_with("--raw"));
    let is_json = has("jq ") && !programs.split_whitespace().any(is_raw);
    if is_json || CLEANING.iter().any(|word| has(word)) || (has("tr ") && has("\\n")) {
        return None;
    }
    let names = programs
        .split('|')
        .filter_map(|program| program.split_whitespace().next());
    let passes = |name: &str| PASSING.contains(&name.trim_end_matches([')', '"']));
    let all_pass = names.into_iter().all(passes);
    Some(if all_pass { Level::Certain } else { Level::Strict })
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
            "\"A=$BODY\" >> $OUT",
            "Add-Content -Path $OUT -Value \"A=$BODY\"",
            "echo \"A=${BODY%%' '*}\" >> $OUT",
        ] {
            check(script, Some(Level::Certain));
        }
        for script in [
            "echo \"A=$(echo \"$BODY\" | head -n 5)\" >> $OUT",
            "echo \"A=$(echo \"$BODY\" | ./shorten)\" >> $OUT",
            "echo \"A=$(sed s/a/b/ <<< \"$BODY\")\" >> $OUT",
            "echo \"A=$(echo \"$BODY\" | jq -Rr .)\" >> $OUT",
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
        ] {
            check(script, None);
        }
    }
}
