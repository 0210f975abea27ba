//! Scripts that may do something else than they seem to.

use super::super::super::program::{assigned, unquoted};
use super::super::super::words::Command;
use super::super::scan::{Piece, Walk};
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
    if !is_understood(script) {
        return Some(NOT_READ);
    }
    let is_last_word = |(at, _): (usize, &str)| {
        let behind = script[at + 2..].chars().next();
        behind.is_none_or(|sign| !sign.is_ascii_alphanumeric() && sign != '_')
    };
    let is_indirect = INDIRECT.iter().any(|text| script.contains(text)) || script.match_indices("$_").any(is_last_word);
    (is_indirect || commands.iter().any(runs_texts)).then_some(RUNS_TEXTS)
}

/// Returns whether bash reads a script as the walk does, to its end.
fn is_understood(script: &str) -> bool {
    // These are blanks for the walk and not for bash.
    if script.contains(['\r', '\x0b', '\x0c']) {
        return false;
    }
    let mut walk = Walk::of(script);
    let mut last = Piece::Plain;
    while walk.at < script.len() {
        let (from, is_in_backquotes) = (walk.at, walk.is_in_backquotes());
        last = walk.step();
        // There bash takes out backslashes before it reads what is left.
        let text = script.get(from..walk.at).unwrap_or_default();
        let is_plain = match last {
            Piece::Comment | Piece::Delimiter | Piece::Documents => false,
            Piece::Single => !text.contains(['\\', '`']),
            _ => !text.starts_with('\\') || text == "\\\n",
        };
        if is_in_backquotes && !is_plain {
            return false;
        }
    }
    walk.frames.is_empty() && (walk.at == script.len() || last == Piece::Comment)
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
