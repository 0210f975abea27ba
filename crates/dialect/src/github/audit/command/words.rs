//! The words of a command, and the program that they name.

use super::super::shell::Shell;
use super::super::walk::Walk;

/// Programs that run the program that their words name, with its words.
pub(super) const RUNNING: [&str; 36] = [
    "sudo",
    "doas",
    "env",
    "timeout",
    "gtimeout",
    "nice",
    "nohup",
    "ionice",
    "stdbuf",
    "setsid",
    "time",
    "command",
    "exec",
    "builtin",
    "xargs",
    "chroot",
    "nsenter",
    "unshare",
    "flock",
    "strace",
    "xvfb-run",
    "gosu",
    "runuser",
    "su-exec",
    "sshpass",
    "retry",
    "nix-shell",
    "nix",
    "poetry",
    "pipenv",
    "conda",
    "mamba",
    "micromamba",
    "bundle",
    "fakeroot",
    "unbuffer",
];

/// Returns the words of a text, as quotes and substitutions part them.
pub(super) fn words(text: &str, shell: Shell) -> Vec<&str> {
    let mut found = Vec::new();
    let mut walk = Walk::by(text, shell);
    let mut start = None;
    while walk.at < text.len() {
        let from = walk.at;
        let is_between = is_between(text, &walk);
        walk.step();
        if !is_between {
            start.get_or_insert(from);
        } else if let Some(start) = start.take() {
            found.extend(text.get(start..from));
        }
    }
    found.extend(start.and_then(|start| text.get(start..)));
    found
}

/// Returns a text without the words of the shell before a command, and without the variables that are set for it.
pub(super) fn command_of(text: &str, shell: Shell) -> &str {
    const BEFORE: [&str; 9] = ["then", "else", "do", "!", "if", "elif", "while", "until", "{"];
    const ALSO: [&str; 5] = ["time", "command", "exec", "builtin", "sudo"];
    let mut rest = text;
    loop {
        let (word, behind) = first(rest, shell);
        let is_before = BEFORE.contains(&word) || is_assignment(word);
        // Options of theirs are told apart by who knows them.
        let runs = ALSO.contains(&word) && !behind.starts_with('-');
        if behind.is_empty() || !(is_before || runs) {
            return rest;
        }
        rest = behind;
    }
}

/// Returns the name of a program without its folder and version: `python` of `/usr/bin/python3.11`.
pub(super) fn program(word: &str) -> &str {
    let base = word.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = base.strip_suffix(".exe").unwrap_or(base);
    let plain = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if plain.is_empty() { base } else { plain }
}

/// Returns whether a word sets a variable for the command behind it.
pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.starts_with(|c: char| !c.is_ascii_digit()) && name.chars().all(is_name)
    })
}

/// Returns the first word of a text, and what stands behind it.
fn first(text: &str, shell: Shell) -> (&str, &str) {
    let mut walk = Walk::by(text, shell);
    while walk.at < text.len() && !is_between(text, &walk) {
        walk.step();
    }
    let end = walk.at.min(text.len());
    let word = text.get(..end).unwrap_or(text);
    (word, text[word.len()..].trim_start())
}

/// Returns whether a walk along a text is between two words.
fn is_between(text: &str, walk: &Walk<'_>) -> bool {
    walk.frames.is_empty() && (text.as_bytes()[walk.at].is_ascii_whitespace() || walk.goes_on())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            words("a 'b c' \"d $(e f) g\"h \\ i ${{ j || 'k' }} \\\n l", Shell::Posix),
            ["a", "'b c'", "\"d $(e f) g\"h", "\\ i", "${{ j || 'k' }}", "l"]
        );
        assert_eq!(words("  ", Shell::Posix), [""; 0]);
    }

    #[test]
    fn what_stands_before_a_command_is_none_of_it() {
        for (text, expected) in [
            ("if ! git fetch", "git fetch"),
            ("A=1 B=\"c d\" git fetch", "git fetch"),
            ("while sudo git fetch", "git fetch"),
            ("A=$(b c) d", "d"),
            ("A=b", "A=b"),
            ("if", "if"),
            ("git A=b", "git A=b"),
        ] {
            assert_eq!(command_of(text, Shell::Posix), expected, "{text}");
        }
        let many = format!("{}git", "A='x' ".repeat(50_000));
        assert_eq!(command_of(&many, Shell::Posix), "git");
    }

    #[test]
    fn a_program_is_known_in_any_folder_and_version() {
        for (word, expected) in [
            ("/usr/bin/python3.11", "python"),
            ("bash", "bash"),
            ("cmd.exe", "cmd"),
            ("7", "7"),
        ] {
            assert_eq!(program(word), expected);
        }
    }
}
