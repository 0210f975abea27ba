//! What bash calculates with: it reads the values of variables there as calculations, which may run commands.

use std::collections::BTreeSet;

use super::super::super::program::{is_name, program};
use super::super::super::words::Command;

/// Returns the names in all that bash may calculate with, which reads their values as calculations.
pub(super) fn calculated(script: &str, commands: &[Command<'_>]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for command in commands {
        let words = command.plain();
        let is_comparing = words.contains(&"[[") && words.iter().any(|word| COMPARING.contains(word));
        if is_comparing || program(&words) == Some("let") {
            let values = words.iter().filter(|word| !word.starts_with('-'));
            found.extend(values.flat_map(|word| names(word)));
        }
        // An element of a list, `A[B]=`.
        let of_lists = words.iter().filter_map(|word| word.split_once('=')?.0.split_once('['));
        found.extend(of_lists.flat_map(|(_, index)| names(index)));
    }
    let mut at = 0;
    while let Some(start) = script[at..].find("((").map(|start| at + start) {
        at = script[start..].find("))").map_or(script.len(), |end| start + end);
        found.extend(names(&script[start..at]));
    }
    for (at, _) in script.match_indices("${") {
        found.extend(calculated_in(&script[at + 2..]));
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

fn names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| is_name(word)).map(ToOwned::to_owned).collect()
}
