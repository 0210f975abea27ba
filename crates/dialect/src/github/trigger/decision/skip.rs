//! Messages of commits that ask for no run.
//!
//! GitHub looks for these words in every commit of a push and in the last commit of a pull request, and nowhere else:
//! an event that somebody caused on purpose, such as `workflow_dispatch`, starts all the same.

use super::{Check, Event};

const WORDS: [&str; 5] = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];
const TRAILERS: [&str; 2] = ["skip-checks: true", "skip-checks:true"];

/// Returns the refusal when a commit of the event asks for no run.
pub(super) fn check(event: &Event) -> Option<Check> {
    if !matches!(event.name.as_str(), "push" | "pull_request") {
        return None;
    }
    let word = event.messages.iter().find_map(|message| asked(message))?;
    let words = format!(
        "the message of a commit says `{word}`, so no workflow starts on `{}`; other events do not look at it",
        event.name
    );
    Some(Check::refusing("message", None, words))
}

fn asked(message: &str) -> Option<&'static str> {
    let word = WORDS.into_iter().find(|word| message.contains(word));
    word.or_else(|| {
        let (rest, last) = message.trim_end().rsplit_once('\n')?;
        let is_trailer = rest.ends_with('\n');
        TRAILERS.into_iter().find(|trailer| is_trailer && *trailer == last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_words_skip() {
        for (message, expected) in [
            ("fix [skip ci]", Some("[skip ci]")),
            ("fix\n\nbecause [no ci] here", Some("[no ci]")),
            ("fix\n\n\nskip-checks: true\n", Some("skip-checks: true")),
            ("skip-checks: true", None),
            ("fix\nskip-checks: true", None),
            ("skip ci", None),
            ("[skip  ci]", None),
        ] {
            assert_eq!(asked(message), expected, "{message}");
        }
    }
}
