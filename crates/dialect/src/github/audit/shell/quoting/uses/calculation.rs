//! What bash calculates with: it reads the values of variables there as calculations, which may run commands.

use std::collections::BTreeSet;

use super::super::super::program::{declares, is_name, program};
use super::super::super::words::Command;
use super::super::scan::{Frame, Walk};
use super::{ARGUMENTS, has_arguments};

/// Returns the names in all that bash may calculate with, which reads their values as calculations.
pub(super) fn calculated(script: &str, commands: &[Command<'_>]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for command in commands {
        let words = command.plain();
        let name = program(&words);
        let values = words
            .iter()
            .filter(|word| !word.starts_with('-') && name != Some(**word));
        match name {
            Some("let") => found.extend(values.flat_map(|word| names(word))),
            Some(name) if declares(name) && is_of_numbers(&words) => {
                found.extend(values.flat_map(|word| names(word)));
            }
            _ => {}
        }
        // An element of a list, `A[B]=`.
        let of_lists = words.iter().filter_map(|word| word.split_once('=')?.0.split_once('['));
        found.extend(of_lists.flat_map(|(_, index)| names(index)));
    }
    if script.contains("((") || script.contains("[[") {
        found.extend(calculations(script).into_iter().flat_map(names));
    }
    for (at, _) in script.match_indices("${") {
        found.extend(calculated_in(&script[at + 2..]));
    }
    // One in another is looked at with that.
    let mut rest = script;
    while let Some(at) = rest.find("$[") {
        let end = rest[at..].find(']').map_or(rest.len(), |end| at + end);
        found.extend(names(&rest[at..end]));
        rest = &rest[end..];
    }
    found
}

/// Returns whether a declaration says that the variables are numbers.
fn is_of_numbers(words: &[&str]) -> bool {
    words.iter().any(|word| word.starts_with('-') && word.contains('i'))
}

/// Returns the words in `(( … ))` and `$(( … ))`, and in each `[[ … ]]` those of what compares numbers.
fn calculations(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut add = |frame: Frame, from: usize, to: usize| {
        let text = script.get(from..to.min(script.len())).unwrap_or_default();
        let is_operator = |word: &&str| COMPARING.contains(word);
        for part in text.split("&&").flat_map(|part| part.split("||")) {
            if frame == Frame::Arithmetic
                || text.contains("((")
                || part.split_whitespace().any(|word| is_operator(&word))
            {
                found.extend(part.split_whitespace().filter(|word| !is_operator(word)));
            }
        }
    };
    let mut walk = Walk::of(script);
    // The outermost that is open, with how many frames there are with it.
    let mut open = None;
    while walk.at < script.len() {
        let depth = walk.frames.len();
        walk.step();
        match (open, walk.frames.last().copied()) {
            (None, Some((frame @ (Frame::Arithmetic | Frame::Test), start))) if walk.frames.len() > depth => {
                open = Some((frame, start, walk.frames.len()));
            }
            (Some((frame, start, depth)), _) if walk.frames.len() < depth => {
                add(frame, start, walk.at);
                open = None;
            }
            _ => {}
        }
    }
    if let Some((frame, start, _)) = open {
        add(frame, start, script.len());
    }
    found
}

const COMPARING: [&str; 7] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"];

/// Returns the names with which bash calculates in `${A:B}` and `${A[B]}`, and the one that names another in `${!A}`.
fn calculated_in(inside: &str) -> Vec<String> {
    const LONGEST: usize = 200;
    let end = inside.bytes().take(LONGEST).position(|byte| byte == b'}');
    let Some(inside) = end.and_then(|end| inside.get(..end)) else {
        return Vec::new();
    };
    let length = inside
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    let operator = &inside[length..];
    let is_part = operator.starts_with(':') && !operator[1..].starts_with(['-', '=', '?', '+']);
    if is_part || operator.starts_with('[') || (length == 0 && operator.starts_with('!')) {
        names(operator)
    } else {
        Vec::new()
    }
}

/// Returns the names in a text, with or without a sign before them, and the one for all arguments where it has any.
fn names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let arguments = has_arguments(text).then_some(ARGUMENTS);
    words
        .filter(|word| is_name(word))
        .chain(arguments)
        .map(ToOwned::to_owned)
        .collect()
}
