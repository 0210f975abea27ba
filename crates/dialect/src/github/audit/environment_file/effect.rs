//! What programs make of the texts that they get.

use super::translation::translated;

/// What of a text decides over later steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deciding {
    /// Its line breaks, each of which begins a variable.
    Lines,
    /// All of it, which names a folder.
    Text,
}

/// What a program makes of what decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// None is left.
    Takes,
    /// It leaves them, and makes no others.
    Leaves,
    /// It makes some of other signs.
    Makes,
    Unknown,
}

/// Programs whose words are those of a number or of a code, which begin no variable.
const CLEANING: [&str; 6] = ["base64", "sha256sum", "sha1sum", "sha512sum", "md5sum", "wc"];

/// Programs that let lines pass as they are.
const PASSING: [&str; 9] = [
    "cat", "tee", "sort", "uniq", "tac", "sponge", "column", "expand", "iconv",
];

/// Returns what a program with these words makes of what decides.
pub(super) fn effect(name: &str, words: &[&str], deciding: Deciding) -> Effect {
    match deciding {
        Deciding::Lines => on_lines(name, words),
        Deciding::Text => on_text(name, words),
    }
}

/// Returns what a program makes of the line breaks of what it gets.
fn on_lines(name: &str, words: &[&str]) -> Effect {
    let is_raw = |word: &str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        letters.starts_with("-raw-o")
            || letters.starts_with("-j")
            || (!letters.starts_with('-') && letters.contains(['r', 'j']))
    };
    match name {
        "tr" => translated(words),
        "jq" if !words.iter().any(|word| is_raw(word)) => Effect::Takes,
        name if PASSING.contains(&name) => Effect::Leaves,
        name if is_cleaning(name, words) => Effect::Takes,
        _ => Effect::Unknown,
    }
}

/// Returns what a program makes of a text that is a name: fewer signs are one as well.
fn on_text(name: &str, words: &[&str]) -> Effect {
    match name {
        name if is_cleaning(name, words) => Effect::Takes,
        name if name == "tr" || PASSING.contains(&name) => Effect::Leaves,
        _ => Effect::Unknown,
    }
}

/// Returns whether a program says a number or a code for what it gets.
fn is_cleaning(name: &str, words: &[&str]) -> bool {
    let is_decoding = |word: &&str| matches!(*word, "-d" | "-D" | "--decode" | "-di");
    CLEANING.contains(&name) && !words.iter().any(is_decoding)
}
