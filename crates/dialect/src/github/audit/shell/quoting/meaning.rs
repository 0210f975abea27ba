//! What the lines of a script say about its places.

use super::super::is_shell;
use super::super::program::IS_COMMAND;
use super::scan::{Frame, Piece, Walk};

pub(super) const IN_LIST: &str = "the words of the value are meant here one by one";

/// Returns where the last line begins that ends a loop or group and sends elsewhere what that prints.
pub(super) fn last_redirection(script: &str) -> Option<usize> {
    const CLOSING: [&str; 5] = ["done", "fi", "esac", "}", ")"];
    let mut end = script.len();
    script.split_inclusive('\n').rev().find_map(|line| {
        end -= line.len();
        let is_closing = CLOSING.iter().any(|word| line.trim_start().starts_with(word));
        (is_closing && line.contains(['|', '>'])).then_some(end)
    })
}

/// Returns whether a script has commands that read texts as commands, which may have come from anywhere in it.
pub(super) fn runs_texts(script: &str) -> bool {
    /// More words than stand between a shell and its `-c`.
    const NEAR: usize = 4;
    let is_between = |c: char| c.is_whitespace() || ";|&()`\"'$<>".contains(c);
    let mut since_shell = NEAR;
    script.split(is_between).filter(|word| !word.is_empty()).any(|word| {
        let takes_a_text = word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        let runs = word == "eval" || (takes_a_text && since_shell < NEAR);
        since_shell = if is_shell(word) { 0 } else { since_shell + 1 };
        runs
    })
}

/// Returns whether a word has more in it than values and a name or an option, such as white space or quotes: a program may
/// read it as code then.
pub(super) fn is_among_code(word: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_whitespace() || b"'\"`();{}".contains(&byte);
    let mut walk = Walk::of(word);
    while walk.at < word.len() {
        let (from, depth) = (walk.at, walk.frames.len());
        let piece = walk.step();
        let text = word.get(from..walk.at.min(word.len())).unwrap_or_default();
        let is_own = depth == walk.frames.len() && walk.frames.iter().all(|(frame, _)| *frame == Frame::Double);
        let text = match piece {
            Piece::Single => text.trim_matches(['$', '\'']),
            _ if text.starts_with("${{") || !is_own => "",
            _ => text,
        };
        if text.bytes().any(is_sign) {
            return true;
        }
    }
    false
}

/// Returns why a value without quotes has to stay without; `None` when it may be one word.
pub(super) fn words_meant(script: &str, start: usize) -> Option<&'static str> {
    const BEFORE_A_COMMAND: [&str; 8] = ["then", "do", "else", "elif", "if", "while", "until", "!"];
    let line = line_before(script, start);
    let ends = |word: &str| word.ends_with([';', '|', '&', '(', '{', '`']) || BEFORE_A_COMMAND.contains(&word);
    let mut meaning = Meaning::Command;
    let mut is_first = true;
    for word in line.split_whitespace() {
        let word = word.trim_start_matches([';', '(', '{', '`']);
        meaning = match (meaning, word) {
            (_, "for" | "select") => Meaning::Name,
            (Meaning::Name, "in") => Meaning::List,
            (Meaning::List, "do") => Meaning::Command,
            (_, "set") if is_first => Meaning::Parameters,
            (Meaning::Parameters, _) if ends(word) => Meaning::Command,
            (same, _) => same,
        };
        is_first = ends(word);
    }
    let is_apart = line.is_empty() || line.ends_with([' ', '\t', ';', '|', '&', '(', '`']);
    match meaning {
        Meaning::List | Meaning::Parameters => Some(IN_LIST),
        _ if is_first && is_apart => Some(IS_COMMAND),
        _ => None,
    }
}

/// What the words of a line are.
#[derive(Clone, Copy)]
enum Meaning {
    Command,
    /// Of `for NAME`.
    Name,
    /// Of `for NAME in …`.
    List,
    /// Of `set …`.
    Parameters,
}

/// Returns the line before `position`, with those before it that it continues.
pub(super) fn line_before(script: &str, position: usize) -> &str {
    let mut start = position;
    loop {
        start = script[..start].rfind('\n').map_or(0, |at| at + 1);
        let continues = start > 0 && script[..start - 1].trim_end().ends_with('\\');
        if !continues {
            break;
        }
        start -= 1;
    }
    &script[start..position]
}
