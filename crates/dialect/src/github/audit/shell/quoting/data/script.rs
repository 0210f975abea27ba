//! Scripts that may do something else than they seem to.

use super::super::super::program::{assigned, unquoted};
use super::super::super::words::Command;
use super::super::scan::{IN_COMMENT, Scan};
use super::taking::{is_in, without_keywords};

const RUNS_TEXTS: &str = "the script has commands that may run any text of it, such as `eval`, `source` or functions";
const NOT_READ: &str = "the script is not understood to its end";

/// Commands of the shell that run texts, or change what the other words of the script mean.
const CHANGING: &str =
    "alias bind builtin complete coproc enable eval exec fc function hash select shopt source . trap unalias";

/// Programs that print the variables of the environment as they are.
const TELLING: &str = "env printenv";

/// Parameters whose value a script need not have set itself: the last word of the command before, and those that another
/// one names.
const INDIRECT: [&str; 4] = ["${!", "${_}", "$BASH_COMMAND", "/environ"];

/// Returns why no place of a script is known to be what it seems.
pub(super) fn strange(script: &str, commands: &[Command<'_>]) -> Option<&'static str> {
    let mut scan = Scan::of(script);
    let last = scan.up_to(script.len());
    if last.is_some_and(|last| last != IN_COMMENT) || !scan.frames.is_empty() {
        return Some(NOT_READ);
    }
    let is_last_word = |(at, _): (usize, &str)| {
        let behind = script[at + 2..].chars().next();
        behind.is_none_or(|sign| !sign.is_ascii_alphanumeric() && sign != '_')
    };
    let is_indirect = INDIRECT.iter().any(|text| script.contains(text)) || script.match_indices("$_").any(is_last_word);
    (is_indirect || commands.iter().any(runs_texts)).then_some(RUNS_TEXTS)
}

/// Returns whether a command may run texts of the script, or makes others do so.
fn runs_texts(command: &Command<'_>) -> bool {
    let words = command.plain();
    let words = without_keywords(&words);
    let Some(first) = words.iter().position(|word| assigned(word).is_none()) else {
        return false;
    };
    let (name, rest) = (unquoted(words[first]), &words[first + 1..]);
    let tells = |word: &&str| is_in(TELLING, word.rsplit('/').next().unwrap_or_default());
    let runs = match name.as_str() {
        "set" => rest.is_empty() || !rest.iter().all(|word| is_harmless_setting(word)),
        // Without a name they print what all variables are.
        "declare" | "typeset" | "export" | "readonly" | "local" => rest.iter().all(|word| word.starts_with('-')),
        "command" => !matches!(rest, ["-v" | "-V", ..]),
        name => is_in(CHANGING, name),
    };
    runs || words.iter().any(tells) || words.iter().any(|word| is_function(word))
}

/// Returns whether an argument of `set` changes no variables and not what they mean.
fn is_harmless_setting(word: &str) -> bool {
    const NAMES: &str = "errexit nounset pipefail xtrace verbose noclobber noglob errtrace functrace";
    let letters = word.strip_prefix(['-', '+']).unwrap_or_default();
    is_in(NAMES, word) || (!letters.is_empty() && letters.bytes().all(|letter| b"euxvofCET".contains(&letter)))
}

/// Returns whether a word is the head of a function, `name()`, or its brackets.
fn is_function(word: &str) -> bool {
    let inner = word.strip_suffix(')').map(str::trim_end);
    let name = inner.and_then(|inner| inner.strip_suffix('('));
    name.is_some_and(|name| !name.contains(['$', '<', '>', '"', '\'', '=']))
}
