//! Sentences put together from parts.

/// Returns `words` as a sentence lists them: `a`, `a and b`, `a, b and c`; the empty text of none.
pub fn listed<W: AsRef<str>>(words: &[W]) -> String {
    let mut text = String::new();
    for (at, word) in words.iter().enumerate() {
        text.push_str(match at {
            0 => "",
            _ if at + 1 == words.len() => " and ",
            _ => ", ",
        });
        text.push_str(word.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_stands_behind_and() {
        for (words, expected) in [
            (&[][..], ""),
            (&["a"], "a"),
            (&["a", "b"], "a and b"),
            (&["a", "b", "c"], "a, b and c"),
        ] {
            assert_eq!(listed(words), expected);
        }
    }
}
