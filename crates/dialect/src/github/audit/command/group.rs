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

/// A group of commands, from the one that opens it to the one that closes it.
struct Group {
    first: usize,
    last: Option<usize>,
}

/// Returns the reach of each of the commands of a script.
pub(super) fn reaches(commands: &[Command<'_>]) -> Vec<Reach> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut found: Vec<Reach> = Vec::with_capacity(commands.len());
    // The group in which each command stands.
    let mut inside = Vec::with_capacity(commands.len());
    for (at, command) in commands.iter().enumerate() {
        let mut group = at;
        if let Some(closed) = command.closes_group().then(|| open.pop()).flatten() {
            group = groups[closed].first;
            groups[closed].last = Some(at);
        }
        for _ in 0..command.opened_groups() {
            open.push(groups.len());
            groups.push(Group { first: at, last: None });
        }
        let before = group.checked_sub(1).filter(|before| commands[*before].is_piped);
        let pipe = before.map_or(group, |before| found[before].pipe);
        inside.push(open.last().copied());
        found.push(Reach {
            group,
            pipe,
            closing: None,
            around: None,
        });
    }
    for (at, inside) in inside.into_iter().enumerate() {
        found[at].around = inside.and_then(|inside| groups[inside].last);
    }
    // Of several groups that a command opens the outermost one is the first.
    for group in groups.iter().rev() {
        found[group.first].closing = group.last;
    }
    found
}

/// Words of the shell behind which a command begins, in the same group.
const BEFORE: [&str; 5] = ["then", "else", "do", "!", "time"];

impl Command<'_> {
    fn closes_group(&self) -> bool {
        let mut words = self.text.split_whitespace();
        let word = words.find(|word| !BEFORE.contains(word));
        matches!(word, Some("}" | ")" | "fi" | "done" | "esac"))
    }

    /// Returns how many groups it opens; the body of a function is one, too.
    fn opened_groups(&self) -> usize {
        let mut count = 0;
        let mut words = self.text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            match word {
                "{" => count += 1,
                "(" | "if" | "for" | "while" | "until" | "case" | "select" => return count + 1,
                "function" => _ = words.next(),
                _ if BEFORE.contains(&word) => {}
                _ if words.next_if_eq(&"()").is_some() || word.ends_with("()") => {}
                _ => return count,
            }
        }
        count
    }
}
