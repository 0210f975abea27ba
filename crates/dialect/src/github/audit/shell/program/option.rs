//! What the options of a program say of the texts that it gets.

use super::known::{HARMLESS, OF_DOCKER, OF_GH, OF_GIT, TEXT_READING, is_in};

/// Returns whether a program reads what comes by a pipe as a text, whatever it does with its arguments.
pub(in super::super) fn reads_a_text(program: &str) -> bool {
    is_in(TEXT_READING, program)
}

/// Returns whether a program takes a text as a text behind these arguments; `None` when that is not known.
pub(super) fn harmless(name: &str, arguments: &[&str], own: &str) -> Option<bool> {
    let has = |options: &[&str]| arguments.iter().any(|word| options.contains(word));
    let first = arguments.first().copied().unwrap_or_default();
    match name {
        "printf" | "test" | "[" => Some(!has(&["-v", "-R"])),
        "git" => Some(is_harmless_git(arguments, own)),
        "docker" | "podman" | "buildah" | "nerdctl" if is_in(OF_DOCKER, first) => Some(true),
        "gh" => Some(is_in(OF_GH, first) && !has(&["--jq", "-q", "--template"])),
        _ => is_in(HARMLESS, name).then_some(true),
    }
}

fn is_harmless_git(arguments: &[&str], own: &str) -> bool {
    const NAMING_A_PROGRAM: [&str; 4] = ["--exec", "--upload-pack", "--receive-pack", "-x"];
    const OF_A_PERSON: [&str; 3] = ["user.name", "user.email", "user.signingkey"];
    let arguments = match arguments {
        ["-C", _, rest @ ..] => rest,
        all => all,
    };
    let command = arguments.first().copied().unwrap_or_default();
    let is_of_a_person = arguments.iter().any(|word| OF_A_PERSON.contains(word));
    let mut words = arguments.iter().chain([&own]);
    let names_a_program = words.any(|word| {
        let sets = command == "clone" && ["-c", "-u", "--config"].iter().any(|option| word.starts_with(option));
        sets || NAMING_A_PROGRAM.iter().any(|option| word.starts_with(option))
    });
    !names_a_program && (is_in(OF_GIT, command) || (command == "config" && is_of_a_person))
}

/// Returns whether an argument is an option by which a program runs a text.
pub(super) fn runs_a_text(word: &str) -> bool {
    const PARTS: &str = "command commands cmd script scripts eval exec execute execdir expr hook shell runner foreach";
    const LAST_PARTS: &str = "ok expression program action";
    const WHOLE: &str = "toolexec rsh rsync-path run code print sql call entrypoint shell init-file rcfile filter ex";
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    if matches!(word, "/c" | "/C" | "/k" | "/K") {
        return true;
    }
    let parts = word
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase);
    if parts.into_iter().any(|part| is_in(PARTS, &part)) || word.to_ascii_lowercase().contains("command=") {
        // As in `-o ProxyCommand=…`, `--set script=…` and `send-command`.
        return true;
    }
    let Some(name) = name.strip_prefix('-') else {
        return false;
    };
    let long = name.trim_start_matches('-').to_ascii_lowercase();
    let is_short = name.len() <= 3 && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    let last = long.rsplit(['-', '.', '_']).next().unwrap_or_default();
    (is_short && (long.ends_with(['c', 'e']) || matches!(name, "r" | "x" | "X" | "E")))
        || is_in(LAST_PARTS, last)
        || is_in(WHOLE, &long)
}

/// Returns the words that a word has without its quotes.
pub(super) fn pieces(word: &str) -> impl Iterator<Item = &str> {
    word.split(|c: char| c.is_whitespace() || "\"'`()|;&{},[]".contains(c))
        .filter(|piece| !piece.is_empty())
}
