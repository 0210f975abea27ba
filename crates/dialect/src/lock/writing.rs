//! From what is recorded to the text of `lockgate.lock`.

use super::comment::Line;
use super::{ActionVersion, Lock};

/// What the file says of itself.
pub(super) const HEAD: &str =
    "# Which commit each version of an action is. Written by `lockgate lock`; commit it, and read its changes.";

/// The keys of a version, in their order.
const FIELDS: [&str; 3] = ["ref", "commit", "tree"];

pub(super) fn text(lock: &Lock) -> String {
    let mut writing = Writing {
        lock,
        text: format!("{HEAD}\n"),
    };
    writing.line(0, &Line::Key("version".to_owned()), Some("version: 1"));
    let actions = if lock.is_empty() { "actions: {}" } else { "actions:" };
    writing.line(0, &Line::Key("actions".to_owned()), Some(actions));
    for (version, locked) in lock.iter() {
        writing.line(2, &Line::Version(version.clone()), Some(&format!("{}:", key(version))));
        let values = [locked.reference.as_ref(), Some(&locked.commit), locked.tree.as_ref()];
        for (field, value) in FIELDS.iter().zip(values) {
            let line = value.map(|value| format!("{field}: {}", quoted(value)));
            writing.line(4, &Line::Field(version.clone(), (*field).to_owned()), line.as_deref());
        }
    }
    writing.line(0, &Line::End, None);
    writing.text
}

struct Writing<'l> {
    lock: &'l Lock,
    text: String,
}

impl Writing<'_> {
    /// Writes a line with its comments, or the comments alone of one that is not there any more.
    fn line(&mut self, indent: usize, line: &Line, content: Option<&str>) {
        let comment = self.lock.comments.get(line);
        for above in comment.iter().flat_map(|comment| &comment.above) {
            self.push(indent, &[above]);
        }
        match (content, comment.and_then(|comment| comment.behind.as_deref())) {
            (Some(content), Some(behind)) => self.push(indent, &[content, " ", behind]),
            (Some(content), None) => self.push(indent, &[content]),
            (None, Some(behind)) => self.push(indent, &[behind]),
            (None, None) => {}
        }
    }

    fn push(&mut self, indent: usize, parts: &[&str]) {
        self.text.push_str(&" ".repeat(indent));
        self.text.extend(parts.iter().copied());
        self.text.push('\n');
    }
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
    fn comments_go_where_their_lines_go() {
        let commit = "ab".repeat(20);
        let text = format!(
            "# of the file\n{HEAD}\nversion: 1\n# of all\nactions: # behind\n  # of z,\n  # two lines\n  o/z@v1: # why z\n    ref: refs/tags/v1\n    \
             commit: {commit} # as of May\n  # of a\n  'O/a@v1#x': {{ commit: {commit} }} # flow # once\n# the end\n"
        );
        let (mut lock, found) = Lock::read(&SourceFile::new("lockgate.lock", text.as_str()));
        assert_eq!(found, [], "{text}");
        let written = lock.to_text();
        assert_eq!(
            written,
            format!(
                "{HEAD}\n# of the file\nversion: 1\n# of all\nactions: # behind\n  # of a\n  'O/a@v1#x':\n    commit: {commit} # flow # once\n  \
                 # of z,\n  # two lines\n  o/z@v1: # why z\n    ref: refs/tags/v1\n    commit: {commit} # as of May\n# the end\n"
            )
        );
        let again = Lock::read(&SourceFile::new("lockgate.lock", written.as_str())).0;
        assert!(again.records_same(&lock));
        assert_eq!(again.to_text(), written);
        lock.remove(&ActionVersion::parse("o/Z@v1").unwrap());
        let left = lock.to_text();
        assert!(
            !left.contains("of z") && !left.contains("as of May") && left.contains("of a"),
            "{left}"
        );
        assert!(!again.records_same(&lock));
    }

    #[test]
    fn nothing_is_written_as_such() {
        let text = Lock::default().to_text();
        assert!(text.ends_with("version: 1\nactions: {}\n"), "{text}");
    }
}
