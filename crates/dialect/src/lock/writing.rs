//! From what is recorded to the text of `lockgate.lock`.

use std::fmt::Write as _;

use super::{ActionVersion, Lock};

const HEAD: &str = "\
# Which commit each version of an action is. Written by `lockgate lock`; commit it, and read its changes.
version: 1
";

pub(super) fn text(lock: &Lock) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(if lock.is_empty() { "actions: {}\n" } else { "actions:\n" });
    for (version, locked) in lock.iter() {
        let mut line = |indent: usize, key: &str, value: &str| {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{:indent$}{key}:{value}", "");
        };
        line(2, &key(version), "");
        if let Some(reference) = &locked.reference {
            line(4, "ref", &format!(" {}", quoted(reference)));
        }
        line(4, "commit", &format!(" {}", quoted(&locked.commit)));
        if let Some(tree) = &locked.tree {
            line(4, "tree", &format!(" {}", quoted(tree)));
        }
    }
    text
}

fn key(version: &ActionVersion) -> String {
    quoted(&version.to_string())
}

/// Returns the text as YAML reads it back as a text: in quotes where it would be a number, a mark or a comment.
fn quoted(text: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'@' | b'-' | b'_' | b'.' | b'+');
    let reads_as_text = text.starts_with(|c: char| c.is_ascii_alphabetic())
        || text
            .bytes()
            .any(|b| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E'));
    if reads_as_text && text.bytes().all(is_word) && !text.starts_with('@') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use lockgate_core::{SourceFile, Span};

    use super::super::Locked;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut lock = Lock::default();
        for (uses, reference, commit) in [
            ("o/z@v1", Some("refs/tags/v1"), "ab".repeat(20)),
            (
                "o/a@feature/it's #1",
                Some("refs/heads/feature/it's #1"),
                "12".repeat(20),
            ),
            ("o/a@v2", None, "1e".repeat(20)),
        ] {
            let (repository, version) = uses.split_once('@').unwrap();
            lock.insert(
                ActionVersion {
                    repository: repository.to_owned(),
                    version: version.replace(' ', "-"),
                },
                Locked {
                    reference: reference.map(str::to_owned),
                    commit: commit.clone(),
                    tree: Some(commit),
                    span: Span::default(),
                },
            );
        }
        let text = lock.to_text();
        let (mut read, found) = Lock::read(&SourceFile::new("lockgate.lock", text.as_str()));
        assert_eq!(found, [], "{text}");
        assert_eq!(read.to_text(), text);
        read.actions
            .values_mut()
            .for_each(|locked| locked.span = Span::default());
        assert_eq!(read, lock);
        let first = text.find("o/a@").unwrap();
        assert!(first < text.find("o/z@").unwrap(), "{text}");
    }

    #[test]
    fn nothing_is_written_as_such() {
        let text = Lock::default().to_text();
        assert!(text.ends_with("version: 1\nactions: {}\n"), "{text}");
    }
}
