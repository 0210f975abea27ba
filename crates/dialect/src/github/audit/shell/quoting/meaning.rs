//! What the lines of a script say about its places.

use super::IS_COMMAND;

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
