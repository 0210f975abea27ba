//! Texts that are too deep, too long, oddly spaced, or broken.

use lockgate_testkit::Chance;

const INSERTED: &[&str] = &[
    "(", ")", "[", "]", ".", ",", "*", "!", "=", "&", "|", "<", ">", "'", "\"", "@", "#", "$", " ", "\t", "\n", "-",
    "+", "0", "1", "a", "_", "{", "}", "é", "😀", "==", "&&", "||", "''", ".*", "[0]", "()", ", 1", "true", "null",
    "0x",
];

const STRANGE_SPACES: &[&str] = &["\u{a0}", "\u{b}", "\u{c}", "\u{85}", "\u{2003}", "\u{feff}", "\u{3000}"];

/// Returns `text` with something left out, put in, doubled, swapped, or cut off.
pub(super) fn broken(chance: &mut Chance, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..chance.between(1, 3) {
        let at = chance.below(characters.len() as u64 + 1) as usize;
        match chance.below(8) {
            0..=2 if at < characters.len() => {
                characters.remove(at);
            }
            3 if at + 1 < characters.len() => characters.swap(at, at + 1),
            4 if at < characters.len() => {
                let end = (at + chance.between(1, 4) as usize).min(characters.len());
                let doubled = characters[at..end].to_vec();
                characters.splice(at..at, doubled);
            }
            5 => characters.truncate(at),
            _ => {
                let inserted = if chance.per_mille(30) {
                    *chance.pick(STRANGE_SPACES)
                } else {
                    *chance.pick(INSERTED)
                };
                characters.splice(at..at, inserted.chars());
            }
        }
    }
    characters.into_iter().collect()
}

/// Returns the same expression with other spaces between its words.
pub(super) fn spaced(chance: &mut Chance, text: &str) -> String {
    if !chance.per_mille(150) {
        return text.to_owned();
    }
    let space = if chance.per_mille(50) {
        *chance.pick(STRANGE_SPACES)
    } else {
        *chance.pick(&["", "  ", "\t", "\r\n", "\n", " "])
    };
    let mut is_text = false;
    let mut result = String::new();
    for character in text.chars() {
        is_text ^= character == '\'';
        if character == ' ' && !is_text {
            result.push_str(space);
        } else {
            result.push(character);
        }
    }
    if chance.per_mille(300) {
        format!("{space}{result}{space}")
    } else {
        result
    }
}

/// Returns an expression whose depth is about the limit.
pub(super) fn deep(chance: &mut Chance) -> String {
    let count = chance.between(44, 54) as usize;
    let around =
        |before: &str, inner: &str, behind: &str| [&before.repeat(count), inner, &behind.repeat(count)].concat();
    match chance.below(14) {
        0 => around("!", "true", ""),
        1 => around("(", "1", ")"),
        2 => around("", "inputs", ".a"),
        3 => around("", "github", "[0]"),
        4 => around("env[", "0", "]"),
        5 => around("join(", "'a'", ")"),
        6 => around("", "1", " == 1"),
        7 => around("", "1", " < 2"),
        8 => around("", "0", " || 1"),
        9 => around("1 && (", "2", ")"),
        10 => around("0 || (1 && ", "2", ")"),
        11 => around("(", "1", " && 2)"),
        12 => around("", "matrix.list", ".*"),
        _ => around("(!", "false", ")"),
    }
}

/// Returns an expression whose length is about the limit.
pub(super) fn long(chance: &mut Chance) -> String {
    let characters = chance.between(20_990, 21_004) as usize;
    match chance.below(3) {
        0 => format!("'{}'", "x".repeat(characters)),
        1 => format!("'{}' == ''", "😀".repeat(characters / 2 - 4)),
        _ => format!("1{}", " ".repeat(characters)),
    }
}
