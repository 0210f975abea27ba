//! Small expressions out of large ones: what differs still, with words left out.

use super::answer::Answer;
use super::comparison::{Difference, explanations, theirs};
use super::contexts::Known;
use crate::{Oracle, OracleError};

/// Returns the smallest expression found that still differs without an explanation.
///
/// # Errors
/// Returns why the library did not answer.
pub fn shrink(oracle: &Oracle, difference: Difference) -> Result<Difference, OracleError> {
    let mut smallest = difference;
    loop {
        let texts = smaller(&smallest.text);
        let Some(found) = first_unexplained(oracle, smallest.seed, texts)? else {
            return Ok(smallest);
        };
        smallest = found;
    }
}

fn first_unexplained(oracle: &Oracle, seed: u64, texts: Vec<String>) -> Result<Option<Difference>, OracleError> {
    let scope = Known::new();
    let answers = theirs(oracle, texts.iter().map(String::as_str))?;
    let found = texts.into_iter().zip(answers).map(|(text, theirs)| Difference {
        seed,
        ours: Answer::ours(&text, &scope),
        text,
        theirs,
    });
    let differing: Vec<Difference> = found.filter(|found| !found.ours.agrees(&found.theirs)).collect();
    let names = explanations(oracle, &differing)?;
    let mut unexplained = differing.into_iter().zip(names).filter(|(_, name)| name.is_none());
    Ok(unexplained.next().map(|(difference, _)| difference))
}

/// Returns the text without some of its words, the shortest first.
fn smaller(text: &str) -> Vec<String> {
    /// Below so many words every range is left out, above it only halves, quarters and so on.
    const FEW: usize = 40;
    let words = words(text);
    let is_long = words.len() > FEW;
    let mut texts = Vec::new();
    let mut length = words.len().saturating_sub(1);
    while length > words.len() / FEW {
        let step = if is_long { length } else { 1 };
        for from in (0..=words.len() - length).step_by(step) {
            texts.push([&words[..from], &words[from + length..]].concat().concat());
        }
        length = if is_long { length / 2 } else { length - 1 };
    }
    texts
}

/// Splits at the borders of words; every sign is one, and so is every character of a text.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut in_word = false;
    for (at, character) in text.char_indices() {
        let is_word = character.is_alphanumeric() || character == '_';
        if at > start && !(is_word && in_word) {
            words.push(&text[start..at]);
            start = at;
        }
        in_word = is_word;
    }
    words.push(&text[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_can_be_left_out() {
        assert_eq!(
            words("a1 == 'b c'"),
            ["a1", " ", "=", "=", " ", "'", "b", " ", "c", "'"]
        );
        assert_eq!(
            smaller("a&&b"),
            ["b", "a", "&b", "ab", "a&", "&&b", "a&b", "a&b", "a&&"]
        );
    }
}
