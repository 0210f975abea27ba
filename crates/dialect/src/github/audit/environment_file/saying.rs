//! Which program says the value of a variable, and what the next ones make of it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::Level;
use super::super::command::Commands;
use super::super::expansion::takes_line_breaks;
use super::super::shell::{Command, Shell, commands, program, unquoted};
use super::effect::{Deciding, Effect, effect};

/// The commands of a script, by which what it writes is said.
pub(super) struct Sayings<'t> {
    script: &'t str,
    /// None of a shell that is not understood.
    commands: Option<Rc<Commands<'t>>>,
    /// The names of the script's own functions.
    functions: BTreeSet<&'t str>,
    /// How many more bytes may be read to follow values.
    left: Cell<usize>,
}

/// The most words of a command that are looked at: those that say what it does stand first.
const MOST_WORDS: usize = 64;

/// Values are followed until a script was read so often.
const MOST_TIMES: usize = 64;

/// Programs that say their words as they are.
const SAYING: [&str; 2] = ["echo", "printf"];

/// Programs that may say words of theirs.
const RELATING: [&str; 15] = [
    "awk", "gawk", "mawk", "sed", "gsed", "jq", "gojq", "jaq", "yq", "expr", "basename", "dirname", "realpath",
    "readlink", "cygpath",
];

/// Programs that may say what stands behind a program of their language, and the letters of the options before that.
const INTERPRETERS: [&str; 9] = ["bash", "sh", "zsh", "dash", "python", "node", "perl", "ruby", "php"];
const BEFORE_A_PROGRAM: [char; 5] = ['c', 'e', 'E', 'p', 'r'];

impl<'t> Sayings<'t> {
    pub(super) fn of(script: &'t str, shell: Shell, commands: Rc<Commands<'t>>) -> Self {
        let is_understood = shell == Shell::Posix || (shell == Shell::Unknown && !script.contains('`'));
        Self {
            script,
            commands: is_understood.then_some(commands),
            functions: functions(script),
            left: Cell::new(MOST_TIMES * script.len()),
        }
    }

    /// Returns how certain it is that what decides of the value of the variable at `start..end` is written as it is to
    /// the file that has one of these names; `None` when a program takes it away, or says something of its own.
    pub(super) fn level(&self, (start, end): (usize, usize), names: &[String], deciding: Deciding) -> Option<Level> {
        let near = near(self.script.get(end..).unwrap_or_default());
        let is_braced = self.script.get(start..end).is_some_and(|name| name.starts_with("${"));
        if deciding == Deciding::Lines && is_braced && takes_line_breaks(near) {
            return None;
        }
        let Some(all) = self.commands.as_ref().filter(|_| self.left.get() > 0) else {
            let is_changed = pipe(near).is_some_and(|at| !is_written(&near[at + 1..]));
            return Some(if is_changed { Level::Strict } else { Level::Certain });
        };
        let (course, read) = all.course(start, names);
        self.left.set(self.left.get().saturating_sub(read));
        let mut level = Some(Level::Certain);
        for station in course {
            level = match station.place {
                Some(place) => {
                    let own = level.and_then(|_| self.said_by(station.text, place, deciding));
                    own.and_then(|own| Some(own.max(level?)))
                }
                None => only(&commands(station.text), 0).map_or(level, |command| {
                    made_of(level, &command.plain_of_first(MOST_WORDS), deciding)
                }),
            };
        }
        level
    }

    /// Returns how certain it is that a command says what stands at a place among its words.
    fn said_by(&self, text: &str, place: usize, deciding: Deciding) -> Option<Level> {
        let read = commands(text);
        let Some(command) = only(&read, place) else {
            return Some(Level::Certain);
        };
        let words = command.plain_of_first(MOST_WORDS);
        let Some(program) = program(&words) else {
            return Some(Level::Certain);
        };
        let at = command.words.partition_point(|word| word.start <= place);
        if at >= 2 && command.words[at - 2].text == "<<<" {
            return made_of(Some(Level::Certain), &words, deciding);
        }
        let before = &command.words[..at.saturating_sub(1).min(MOST_WORDS)];
        let name = name_of(program);
        let format = near(text);
        let says = || before.iter().any(|word| SAYING.contains(&name_of(word.text).as_str()));
        let has_program = || before.iter().any(|word| is_before_a_program(word.text));
        let is_relating = |name: &str| RELATING.contains(&name) || (INTERPRETERS.contains(&name) && has_program());
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "printf" if deciding == Deciding::Lines && format.contains("%q") && !format.contains("%s") => None,
            "for" | "select" => Some(Level::Certain),
            // A command of PowerShell, such as `Add-Content`.
            _ if name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains('-') => Some(Level::Certain),
            // The text is the command itself, as far as this shell's language is understood.
            _ if command.words.get(before.len()).is_some_and(|word| word.text == program) => Some(Level::Certain),
            _ if says() => Some(Level::Certain),
            // What a function of the script does with it is not followed.
            _ if self.functions.contains(program) => Some(Level::Strict),
            name if is_relating(name) => made_of(Some(Level::Certain), &words, deciding),
            _ => None,
        }
    }
}

/// Returns the one among the commands of a text that stands in no substitution and has a place among its words.
fn only<'c, 't>(commands: &'c [Command<'t>], place: usize) -> Option<&'c Command<'t>> {
    commands.iter().find(|command| {
        let last = command.words.last();
        command.inside.is_none() && last.is_some_and(|last| place < last.start + last.text.len())
    })
}

/// Returns the name of a program without its folder and its quotes.
fn name_of(word: &str) -> String {
    unquoted(word.rsplit('/').next().unwrap_or_default())
}

/// Returns whether a word is an option before a program in a language, such as `-c`.
fn is_before_a_program(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    word == "--eval" || word == "--print" || (!letters.starts_with('-') && letters.contains(BEFORE_A_PROGRAM))
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

/// Returns the start of a text, no more of it than a command that is looked at has.
fn near(text: &str) -> &str {
    const NEAR: usize = 400;
    text.char_indices().nth(NEAR).map_or(text, |(at, _)| &text[..at])
}

/// Returns where the output of the command that ends a text's beginning goes to another one.
fn pipe(text: &str) -> Option<usize> {
    let ends = [";", ">>", "&&", "\n"].iter().filter_map(|sign| text.find(sign));
    let text = &text[..ends.min().unwrap_or(text.len())];
    let is_pipe = |at: &usize| !text[at + 1..].starts_with('|') && !text[..*at].ends_with('|');
    text.match_indices('|').map(|(at, _)| at).find(is_pipe)
}

/// Returns whether what stands behind a pipe writes to a file what it gets, as PowerShell has it.
fn is_written(behind: &str) -> bool {
    const WRITING: [&str; 4] = ["Out-File", "Add-Content", "Set-Content", "Tee-Object"];
    WRITING.iter().any(|name| behind.trim_start().starts_with(name))
}

/// Returns how certain it is that a text is written that a program with these words gets, when so much is certain of what
/// it gets; `None` when nothing is left that decides.
fn made_of(level: Option<Level>, words: &[&str], deciding: Deciding) -> Option<Level> {
    let program = program(words).unwrap_or_default();
    let at = words
        .iter()
        .position(|word| *word == program)
        .map_or(words.len(), |at| at + 1);
    let name = name_of(program);
    match (effect(&name, &words[at..], deciding), level) {
        (Effect::Takes, _) => None,
        (Effect::Leaves, level) => level,
        (Effect::Makes, level) => level.or(Some(Level::Certain)),
        (Effect::Unknown, Some(_)) => Some(Level::Strict),
        (Effect::Unknown, None) => words.iter().any(|word| word.contains("\\n")).then_some(Level::Strict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: Option<Level>) {
        check_of(script, Deciding::Lines, expected);
    }

    #[track_caller]
    fn check_of(script: &str, deciding: Deciding, expected: Option<Level>) {
        let start = script.find("$BODY").or_else(|| script.find("${BODY")).unwrap();
        let end = start + script[start..].find("BODY").unwrap() + "BODY".len();
        let commands = Rc::new(Commands::of(script, Shell::Posix));
        let sayings = Sayings::of(script, Shell::Posix, Rc::clone(&commands));
        assert_eq!(
            sayings.level((start, end), &commands.names(&["OUT"]), deciding),
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
            "echo \"A=$BODY $(date | tr -d '\\n')\" >> $OUT",
            "echo \"A=$BODY | tr -d '\\n'\" >> $OUT",
            "cat >> $OUT <<E\nA=$BODY | tr -d '\\n'\nE",
            "cat <<E | tee -a $OUT\nit's $BODY\nE",
            "echo \"A=$BODY\" | tee -a $OUT | tr -d '\\n'",
            "f=$OUT; echo \"A=$BODY\" | tee -a \"$f\" | tr -d '\\n'",
            "builtin echo \"A=$BODY\" >> $OUT",
            "sudo -u app echo \"A=$BODY\" | tee -a $OUT",
            "\"echo\" \"A=$BODY\" >> $OUT",
            "{ echo a | tr -d '\\n'; echo \"A=$BODY\"; } >> $OUT",
            "cat <(echo \"A=$BODY\") >> $OUT",
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
            "say() { echo \"$1\"; }; say \"A=$BODY\" >> $OUT",
            "say () { echo \"$1\"; }; say \"A=$BODY\" >> $OUT",
            "function say { echo \"$1\"; }; say \"A=$BODY\" >> $OUT",
            "jq -nr --arg b \"$BODY\" '\"A=\\($b)\"' >> $OUT",
            "awk -v b=\"$BODY\" 'BEGIN { print b }' >> $OUT",
            "python3 -c 'import sys; print(sys.argv[1])' \"$BODY\" >> $OUT",
            "echo \"A=$(basename \"$BODY\")\" >> $OUT",
            "echo \"$BODY\" | while read -r l; do echo \"$l\"; done >> $OUT",
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
            "{ echo a; echo \"$BODY\"; } | tr -d '\\n' >> $OUT",
            "if true; then echo \"$BODY\"; fi | tr -d '\\n' >> $OUT",
            "cat >> $OUT <<E\nit's A=$(echo \"$BODY\" | tr -d '\\n')\nE",
            "cat <<E | tr -d '\\n' >> $OUT\nA=$BODY\nE",
            "jq -n --arg b \"$BODY\" '$b' >> $OUT",
            "python3 count.py \"$BODY\" >> $OUT",
            "cat <(echo \"A=$BODY\" | tr -d '\\n') >> $OUT",
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

    #[test]
    fn a_folder_is_one_without_line_breaks_too() {
        for script in [
            "echo \"$BODY\" | tr -d '\\n' >> $OUT",
            "echo \"${BODY//[!a-z]/}\" >> $OUT",
            "printf '%q\\n' \"$BODY\" >> $OUT",
        ] {
            check_of(script, Deciding::Text, Some(Level::Certain));
        }
        for script in [
            "realpath \"$BODY\" >> $OUT",
            "echo \"$(dirname \"$BODY\")\" >> $OUT",
            "echo \"$BODY\" | xargs realpath >> $OUT",
        ] {
            check_of(script, Deciding::Text, Some(Level::Strict));
        }
        for script in [
            "echo \"tools-$(echo \"$BODY\" | sha256sum | cut -c 1-8)\" >> $OUT",
            "./folder_of.sh \"$BODY\" >> $OUT",
        ] {
            check_of(script, Deciding::Text, None);
        }
    }

    #[test]
    fn a_command_of_powershell_writes_what_it_gets() {
        for (script, expected) in [
            ("\"A=$BODY\" | Out-File -Append $env:OUT", Level::Certain),
            ("\"A=$BODY\" >> $env:OUT", Level::Certain),
            ("\"A=$BODY\" | Shorten | Out-File -Append $env:OUT", Level::Strict),
        ] {
            let start = script.find("$BODY").unwrap();
            let sayings = Sayings::of(script, Shell::Pwsh, Rc::new(Commands::of(script, Shell::Pwsh)));
            let level = sayings.level((start, start + 5), &["OUT".to_owned()], Deciding::Lines);
            assert_eq!(level, Some(expected), "{script}");
        }
    }

    #[test]
    fn long_commands_are_not_read_again_and_again() {
        let script = format!("printf %q {} >> $OUT", "\"$BODY\" ".repeat(20_000));
        let commands = Rc::new(Commands::of(&script, Shell::Posix));
        let sayings = Sayings::of(&script, Shell::Posix, commands);
        let places = script.match_indices("$BODY").map(|(at, name)| (at, at + name.len()));
        let told = places.filter(|place| sayings.level(*place, &["OUT".to_owned()], Deciding::Lines).is_some());
        assert!(told.count() > 19_000);
    }
}
