//! The programs that are known to take a text as a text, and in which of their words.

use super::super::super::program::{assigned, unquoted};
use super::GIVEN;

pub(in super::super) const IS_COMMAND: &str = "the value is the command itself";
const NOT_KNOWN: &str = "it is not known that the program takes it as nothing but a text";
const SPLIT: &str = "without quotes it may be several words, which the program takes for options";
const AN_OPTION: &str = "the program takes a value that begins with `-` for an option";
const CALCULATED: &str = "bash may calculate with it";

/// What a program does with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken<'t> {
    /// Its output may have the text in it.
    Printed,
    /// Nothing of it goes anywhere.
    Silent,
    /// It becomes a part of a variable.
    Variable(&'t str),
}

/// A program that takes a text as a text in some of its words.
struct Program {
    name: &'static str,
    /// Its commands, if it has any.
    commands: &'static str,
    /// The options whose value may be any text.
    options: &'static str,
    /// Whether an operand may be any text that begins with something else than the value.
    has_operands: bool,
}

const PROGRAMS: [Program; 9] = [
    program("git", "commit merge tag", "-m -am --message", true),
    program("git", "checkout", "-b -B", true),
    program("git", "switch", "-c -C", true),
    program(
        "git",
        "add branch diff fetch log ls-remote push remote rev-parse show",
        "",
        true,
    ),
    program(
        "gh",
        "api issue label pr release run workflow",
        "--body -b --title --notes -n --field --raw-field -f --subject --label -l --add-label --remove-label --base -B \
         --head --search -S --milestone --assignee",
        true,
    ),
    program(
        "curl",
        "",
        "-H --header -d --data --data-raw --data-binary --data-urlencode --json -F --form",
        false,
    ),
    program("docker", "build", "-t --tag", false),
    program("docker", "push tag", "", true),
    // Before the value stands its name.
    program("jq", "", "--arg --argjson", false),
];

const fn program(name: &'static str, commands: &'static str, options: &'static str, has_operands: bool) -> Program {
    Program {
        name,
        commands,
        options,
        has_operands,
    }
}

/// Programs that print what comes to them, or parts of it, and write no files, whatever their words are.
const PASSING: &str =
    "cat cut tr head tail wc rev tac nl fold grep egrep fgrep jq base64 md5sum sha1sum sha256sum sha512sum";

/// Files of the runner that tell no program anything, by their variables.
const FILES: [&str; 3] = ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_STATE"];

/// Returns what a command makes of a text in its word at a place; `own` is what stands before it in that word.
///
/// # Errors
/// Returns why it is not known that it stays a text.
pub(super) fn taken<'t>(
    words: &[&'t str],
    at: usize,
    own: &'t str,
    is_quoted: bool,
) -> Result<Taken<'t>, &'static str> {
    let plain = without_keywords(words);
    let at = at.checked_sub(words.len() - plain.len()).ok_or(IS_COMMAND)?;
    let first = plain.iter().position(|word| assigned(word).is_none());
    if first.is_none_or(|first| at < first) {
        let name = assigned(own).ok_or(IS_COMMAND)?;
        return first.map_or(Ok(Taken::Variable(name)), |_| Err(GIVEN));
    }
    let (program, words) = plain[first.unwrap_or(0)..].split_first().ok_or(IS_COMMAND)?;
    let at = at.checked_sub(first.unwrap_or(0) + 1).ok_or(IS_COMMAND)?;
    match *program {
        "echo" | "cat" => Ok(Taken::Printed),
        "printf" if at > 0 && is_format(words[0]) => Ok(Taken::Printed),
        "for" if at > 1 && words[1] == "in" => Ok(Taken::Variable(words[0])),
        "case" if at == 0 => Ok(Taken::Silent),
        "export" => Err(GIVEN),
        "[[" => tested(words, at),
        _ if !is_quoted => Err(SPLIT),
        "[" => words.split_last().map_or(Err(NOT_KNOWN), |(_, words)| compared(words)),
        "test" => compared(words),
        name => argument(&unquoted(name), words, at, own),
    }
}

/// Returns whether a format of `printf` only says what stands behind it.
fn is_format(word: &str) -> bool {
    let word = unquoted(word).replace("%%", "");
    let mut parts = word.split('%').skip(1);
    !word.starts_with('-') && !word.contains(['$', '`']) && parts.all(|part| part.starts_with(['s', 'q', 'b', 'd']))
}

/// Returns what `[[ … ]]` makes of a word: between these signs it is a text.
fn tested<'t>(words: &[&'t str], at: usize) -> Result<Taken<'t>, &'static str> {
    const BEFORE: &str = "! && || -n -z -f -d -e -s == = != =~";
    const BEHIND: &str = "]] && || == = != =~";
    let behind = words.get(at + 1).copied().unwrap_or_default();
    if !(at == 0 || is_in(BEFORE, words[at - 1])) || !is_in(BEHIND, behind) {
        return Err(CALCULATED);
    }
    Ok(if behind == "=~" {
        Taken::Variable("BASH_REMATCH")
    } else {
        Taken::Silent
    })
}

/// Returns what `test` makes of its words: a value is no operator where an operator stands.
fn compared<'t>(words: &[&str]) -> Result<Taken<'t>, &'static str> {
    const BEFORE_ONE: &str = "-n -z -f -d -e -s";
    const BETWEEN: &str = "= == != -eq -ne -lt -le -gt -ge";
    match words {
        ["!", rest @ ..] => compared(rest),
        [_] => Ok(Taken::Silent),
        [sign, _] if is_in(BEFORE_ONE, sign) => Ok(Taken::Silent),
        [_, sign, _] if is_in(BETWEEN, sign) => Ok(Taken::Silent),
        _ => Err(NOT_KNOWN),
    }
}

/// Returns what a program makes of an argument.
fn argument<'t>(name: &str, words: &[&str], at: usize, own: &str) -> Result<Taken<'t>, &'static str> {
    let words_of_it = match words {
        ["-C", _, ..] if name == "git" => 2,
        _ => 0,
    };
    let command = words.get(words_of_it).copied().unwrap_or_default();
    let is_it = |program: &&Program| {
        let has_command = at > words_of_it && is_in(program.commands, command);
        program.name == name && (program.commands.is_empty() || has_command)
    };
    let program = PROGRAMS.iter().find(is_it).ok_or(NOT_KNOWN)?;
    let before = |count: usize| at.checked_sub(count).map_or("", |at| words[at]);
    let is_value = is_in(program.options, before(if name == "jq" { 2 } else { 1 }));
    let own = unquoted(own);
    let option = own.split('=').next().unwrap_or_default();
    let is_fixed = |text: &str| text.starts_with(|c: char| !matches!(c, '-' | '+' | '$' | '`' | '{'));
    let is_operand = program.has_operands && is_fixed(&own) && !own.contains("::") && is_fixed(&unquoted(before(1)));
    if is_value || is_operand || (option.starts_with("--") && is_in(program.options, option)) {
        Ok(Taken::Printed)
    } else if own.is_empty() && program.has_operands {
        Err(AN_OPTION)
    } else {
        Err(NOT_KNOWN)
    }
}

/// Returns whether a program prints nothing but what comes to it by a pipe, and runs none of it.
pub(super) fn passes(words: &[&str]) -> bool {
    let Some((name, words)) = words.split_first() else {
        return false;
    };
    let is_substituted = |word: &str| word.contains("$(") || word.contains('`') || word.starts_with('(');
    let is_simple = |word: &str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        !letters.is_empty() && !letters.contains('o') && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    !words.iter().any(|word| is_substituted(word))
        && match *name {
            "sort" | "uniq" => words.iter().all(|word| is_simple(word)),
            "tee" => words
                .iter()
                .all(|word| matches!(*word, "-a" | "--append") || file(word).is_some()),
            "sed" => edits(words),
            "awk" => selects(words),
            "xargs" => words.is_empty(),
            name => is_in(PASSING, name),
        }
}

/// Returns whether a script of `sed` does nothing but to replace one text by another.
fn edits(words: &[&str]) -> bool {
    let (options, scripts): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with('-'));
    let is_option = |word: &str| {
        matches!(
            word,
            "-E" | "-r" | "-n" | "-e" | "-z" | "-ne" | "-nE" | "-nr" | "-En" | "-rn"
        )
    };
    let replaces = |word: &str| {
        let Some(script) = literal(word) else {
            return false;
        };
        let Some(sign) = script.strip_prefix('s').and_then(|rest| rest.chars().next()) else {
            return false;
        };
        let parts: Vec<&str> = script.split(sign).collect();
        // A backslash before the sign makes it a part of the text.
        let is_end = |part: &&&str| (part.len() - part.trim_end_matches('\\').len()).is_multiple_of(2);
        let ends = parts.iter().skip(1).rev().skip(1).filter(is_end).count();
        let flags = parts.last().copied().unwrap_or_default();
        sign != '\\' && ends == 2 && flags.chars().all(|c| matches!(c, 'g' | 'i' | 'I' | 'p' | '0'..='9'))
    };
    options.into_iter().all(is_option) && !scripts.is_empty() && scripts.into_iter().all(replaces)
}

/// Returns the text that a word stands for, if its quotes are around all of it and the shell changes nothing in it.
fn literal(word: &str) -> Option<&str> {
    let within = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote);
    match (within('\''), within('"')) {
        (Some(inner), _) => Some(inner).filter(|inner| !inner.contains('\'')),
        (_, Some(inner)) => Some(inner).filter(|inner| !inner.contains(['"', '$', '`']) && !inner.contains("\\\\")),
        _ => Some(word).filter(|word| !word.contains(['\'', '"', '$', '`', '\\'])),
    }
}

/// Returns whether a program of `awk` does nothing but to print fields.
fn selects(words: &[&str]) -> bool {
    let words = match words {
        ["-F", _, rest @ ..] => rest,
        [option, rest @ ..] if option.starts_with("-F") => rest,
        all => all,
    };
    let [program] = words else {
        return false;
    };
    literal(program).is_some_and(|program| !program.contains(['(', '|', '<', '>', '@']))
}

/// Returns the file to which output may go, since nobody runs it: one of the runner's by its variable, or one that keeps
/// nothing.
pub(super) fn file(target: &str) -> Option<&str> {
    let inner = target.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
    let target = inner.unwrap_or(target);
    if matches!(target, "/dev/null" | "/dev/stderr" | "/dev/stdout") {
        return Some(target);
    }
    let name = target.strip_prefix('$')?;
    let inner = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    Some(inner.unwrap_or(name)).filter(|name| is_file(name))
}

/// Returns whether a variable names a file of the runner.
pub(super) fn is_file(name: &str) -> bool {
    FILES.contains(&name)
}

/// Returns the words from the one on that stands where a program stands.
pub(super) fn without_keywords<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    const KEYWORDS: &str = "then do else elif if while until ! { time";
    let count = words.iter().take_while(|word| is_in(KEYWORDS, word)).count();
    &words[count..]
}

pub(super) fn is_in(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == name)
}
