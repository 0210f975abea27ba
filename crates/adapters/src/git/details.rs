//! A commit with all that an event says of it.

use super::{GitError, Repository};

/// The fields of `git log`, in the order in which [`read`] takes them, each ended by NUL.
const FORMAT: &str = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%cI%x00%B%x00";

/// A commit, and what changed in it against its first parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitDetails {
    /// The full hash.
    pub sha: String,
    /// The hash of its tree.
    pub tree: String,
    /// The hashes of its parents.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// When it was committed, as RFC 3339 with the committer's offset.
    pub at: String,
    /// The whole message, without the last line break.
    pub message: String,
    /// Paths that it added.
    pub added: Vec<String>,
    /// Paths that it removed.
    pub removed: Vec<String>,
    /// Paths that it changed.
    pub modified: Vec<String>,
}

/// A name and an address, as Git has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

impl CommitDetails {
    /// Returns every path that it touched.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        [&self.added, &self.removed, &self.modified]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

impl Repository {
    /// Returns the commit at HEAD.
    ///
    /// # Errors
    /// Returns what Git said.
    pub fn head_commit(&self) -> Result<CommitDetails, GitError> {
        let text = self.ask([
            "log",
            "-1",
            "-z",
            "-m",
            "--first-parent",
            "--root",
            "--no-renames",
            "--no-show-signature",
            "--name-status",
            FORMAT,
            "HEAD",
        ])?;
        Ok(read(&text))
    }
}

/// Reads what `git log -z --name-status` wrote in [`FORMAT`].
fn read(text: &str) -> CommitDetails {
    let mut fields = text.split('\0');
    let mut next = || fields.next().unwrap_or_default().to_owned();
    let mut commit = CommitDetails {
        sha: next(),
        tree: next(),
        parents: next().split_whitespace().map(str::to_owned).collect(),
        author: Person {
            name: next(),
            email: next(),
        },
        committer: Person {
            name: next(),
            email: next(),
        },
        at: next(),
        message: next().trim_end_matches('\n').to_owned(),
        ..CommitDetails::default()
    };
    let mut rest = fields
        .map(|field| field.trim_start_matches('\n'))
        .filter(|field| !field.is_empty());
    while let (Some(status), Some(path)) = (rest.next(), rest.next()) {
        let paths = match status {
            "A" => &mut commit.added,
            "D" => &mut commit.removed,
            _ => &mut commit.modified,
        };
        paths.push(path.to_owned());
    }
    commit
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn git(folder: &std::path::Path, arguments: &[&str]) {
        let identity = [
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.com",
            "-c",
            "commit.gpgsign=false",
        ];
        let done = Command::new("git")
            .current_dir(folder)
            .args(identity)
            .args(arguments)
            .status();
        assert!(done.unwrap().success(), "git {arguments:?}");
    }

    #[test]
    fn a_commit_is_told_with_its_message_and_its_paths() {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q"]);
        for (name, text) in [("a", "1"), ("ü b", "1"), ("kept", "1")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-qm", "first\n\nand why"]);
        let repository = Repository::discover(folder.path()).unwrap().unwrap();
        let first = repository.head_commit().unwrap();
        assert_eq!((first.message.as_str(), first.parents.len()), ("first\n\nand why", 0));
        assert_eq!(first.author.email, "ada@example.com");
        assert_eq!(first.added, ["a", "kept", "ü b"]);
        std::fs::write(folder.path().join("a"), "2").unwrap();
        std::fs::rename(folder.path().join("ü b"), folder.path().join("c\"d")).unwrap();
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-qm", "second"]);
        let second = repository.head_commit().unwrap();
        assert_eq!(second.parents, [first.sha]);
        assert_eq!(
            (second.added, second.removed, second.modified),
            (vec!["c\"d".to_owned()], vec!["ü b".to_owned()], vec!["a".to_owned()])
        );
        git(folder.path(), &["commit", "-qm", "nothing", "--allow-empty"]);
        let third = repository.head_commit().unwrap();
        assert_eq!((third.message.as_str(), third.paths().count()), ("nothing", 0));
    }
}
