//! What a variable is to the shell that reads it in a text of commands.

use super::super::expansion::leaves_a_word;
use super::again::Reader;
use super::{Again, Part};

impl<'t> Again<'t> {
    /// Returns its variables by which others write commands, each with where it stands and its name: more than a word,
    /// or a word that is a command itself.
    pub(in super::super) fn variables(&self) -> Vec<((usize, usize), &'t str)> {
        let is_blank = |part: &&Part<'_>| {
            part.text
                .trim_matches(|c: char| c.is_whitespace() || "\"'".contains(c))
                .is_empty()
        };
        let full = self.parts.iter().filter(|part| !is_blank(part));
        let first = full.map(|part| part.start).min();
        let mut found = Vec::new();
        for part in &self.parts {
            for (at, name) in part.plain_variables() {
                let (start, length) = part.whole(at, name);
                let is_word = part.behind(at, name).is_some_and(leaves_a_word);
                let is_command = || match before_a_word(&part.text[..start - part.start]) {
                    Some("") => first == Some(part.start),
                    Some(before) => begins_a_command(before),
                    None => false,
                };
                if !is_word || (self.reader != Reader::Interpreter && is_command()) {
                    found.push(((start, length), name));
                }
            }
        }
        found
    }
}

/// Returns what stands before a word that begins behind a text, with the line break between them; `None` when the word
/// has begun.
fn before_a_word(text: &str) -> Option<&str> {
    let unquoted = text.trim_end_matches(['"', '\'']);
    let before = unquoted.trim_end();
    let line = unquoted[before.len()..].find('\n').map_or(0, |at| at + 1);
    let is_between = before.len() < unquoted.len() || before.is_empty() || before.ends_with(BETWEEN);
    let before = &unquoted[..before.len() + line];
    is_between.then(|| before.trim_start_matches(|c: char| c.is_whitespace() || "\"'".contains(c)))
}

/// Signs behind which a command begins.
const BETWEEN: [char; 6] = [';', '|', '&', '(', '`', '\n'];

/// Returns whether a command begins behind a text.
fn begins_a_command(before: &str) -> bool {
    const WORDS: [&str; 13] = [
        "then", "else", "do", "!", "if", "elif", "while", "until", "{", "time", "command", "exec", "sudo",
    ];
    let last = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    before.ends_with(BETWEEN) || WORDS.contains(&last.trim_start_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::super::super::shell::Shell;
    use super::super::Commands;

    #[track_caller]
    fn check(script: &str, expected: bool) {
        let read = Commands::of(script, Shell::Posix).read_again();
        let is_told = read.iter().any(|again| !again.variables().is_empty());
        assert_eq!(is_told, expected, "{script}");
    }

    #[test]
    fn a_word_that_is_a_command_is_one_of_whoever_writes_it() {
        for script in [
            "eval \"${T//[^a-z]/}\"",
            "eval ${T//[^a-z]/} x",
            "eval \"echo a; ${T//[^a-z]/}\"",
            "eval \"echo a\n  ${T//[^a-z]/}\"",
            "bash -c \"if ${T//[^a-z]/}; then a; fi\"",
            "bash -c \"sudo '${T//[^a-z]/}'\"",
            "bash <<< \"${T//[^a-z]/}\"",
            "bash <<E\ncd a\n${T//[^a-z]/}\nE",
            "echo \"${T//[^a-z]/}\" | bash",
            "printf '%s\\n' \"${T//[^a-z]/}\" | bash",
            "eval \"$(echo \"${T//[^a-z]/}\") x\"",
            "ssh host \"${T//[^a-z]/}\"",
        ] {
            check(script, true);
        }
        for script in [
            "eval \"x=${T//[^a-z]/}\"",
            "eval echo \"${T//[^a-z]/}\"",
            "eval \"echo a ${T//[^a-z]/}\"",
            "eval \"./tool-${T//[^a-z]/}\"",
            "bash -c \"echo '${T//[^a-z]/}'\"",
            "echo \"echo ${T//[^a-z]/}\" | bash",
            "python3 -c \"${T//[^a-z]/}\"",
        ] {
            check(script, false);
        }
    }

    #[test]
    fn scripts_in_a_command_are_read_too() {
        for script in [
            "cat <(eval \"$T\")",
            "tee >(eval \"$T\")",
            "cat <<E\nit's $(eval \"$T\")\nE",
            "cat <<E\nit's `eval \"$T\"`\nE",
            "bash <<'E'\neval \"$T\"\nE",
            "cat <<'E' | bash\neval \"$T\"\nE",
            "cat <<E | bash\necho $T\nE",
            "bash <<E\nit's $T\nE",
            "bash -c 'eval \"$T\"'",
            "bash -c 'a \"$(eval \"$T\")\"'",
        ] {
            check(script, true);
        }
        for script in [
            "bash <<'E'\necho \"$T\"\nE",
            "cat <<'E'\neval \"$T\"\nE",
            "cat <<E\neval \"$T\"\nE",
            "cat <<'E' > note\neval \"$T\"\nE",
            "cat note - <<E | bash\n$T\nE",
            "docker exec -i app bash <<'E'\neval \"$T\"\nE",
            "docker exec app bash -c 'eval \"$T\"'",
            "ssh host 'eval \"$T\"'",
            "echo 'eval \"$T\"'",
        ] {
            check(script, false);
        }
    }
}
