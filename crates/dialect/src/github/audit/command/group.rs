//! Groups of commands: between brackets, and between the words of the shell.

use super::Command;

/// What a command closes, or is the end of.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    /// The first command of the group that it closes, or itself.
    pub(super) group: usize,
    /// The first one of all that is piped to that.
    pub(super) pipe: usize,
    /// The one that closes the group which it opens.
    pub(super) closing: Option<usize>,
    /// The one that closes the group in which it stands.
    pub(super) around: Option<usize>,
}

/// Returns the reach of each of the commands of a script.
pub(super) fn reaches(commands: &[Command<'_>]) -> Vec<Reach> {
    let mut open = Vec::new();
    let mut found: Vec<Reach> = Vec::with_capacity(commands.len());
    // The command that opens the group in which each stands.
    let mut opening = Vec::with_capacity(commands.len());
    for (at, command) in commands.iter().enumerate() {
        let mut group = at;
        match command.grouping() {
            "{" | "(" | "if" | "for" | "while" | "until" | "case" | "select" => open.push(at),
            "}" | ")" | "fi" | "done" | "esac" => {
                if let Some(first) = open.pop() {
                    group = first;
                    found[first].closing = Some(at);
                }
            }
            _ => {}
        }
        let before = group.checked_sub(1).filter(|before| commands[*before].is_piped);
        let pipe = before.map_or(group, |before| found[before].pipe);
        opening.push(open.last().copied());
        found.push(Reach {
            group,
            pipe,
            closing: None,
            around: None,
        });
    }
    for (at, opening) in opening.into_iter().enumerate() {
        found[at].around = opening.and_then(|opening| found[opening].closing);
    }
    found
}

impl<'t> Command<'t> {
    /// Returns the word by which it opens or closes a group.
    fn grouping(&self) -> &'t str {
        let mut words = self.text.split_whitespace();
        words
            .find(|word| !matches!(*word, "then" | "else" | "do" | "!" | "time"))
            .unwrap_or_default()
    }
}
