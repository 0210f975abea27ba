//! `lockgate.lock`: which commit each version of a remote action is.
//!
//! A tag can be moved by whoever owns the action, so that the same workflow runs other code tomorrow. The file records
//! the commit behind each version once; a reviewer sees every change of it, and a tag that moved is refused.
//!
//! It is YAML, like the files beside it, so that its mistakes have places and a comment can say why; it is always
//! written in the same order and form, so that a change of one version is a change of one entry. A comment goes with
//! the line below it, or the one that it stands behind.

mod comment;
mod reading;
mod writing;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use lockgate_core::{Diagnostic, SourceFile, Span};

use comment::Comments;

/// The name of the file, at the project's top.
pub const FILE_NAME: &str = "lockgate.lock";

/// Which commit each version of a remote action is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    actions: BTreeMap<ActionVersion, Locked>,
    comments: Comments,
}

/// A version of an action, or of a reusable workflow, in another repository.
///
/// Actions in folders of one repository share its commit, so that the folder is no part of it.
/// Owner and name are compared without regard to case, as GitHub does; a version with it.
#[derive(Clone, Debug)]
pub struct ActionVersion {
    /// The owner and the name of the repository, such as `actions/checkout`.
    pub repository: String,
    /// The tag, the branch or the commit behind the `@`.
    pub version: String,
}

/// What a version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The full name that the version had, such as `refs/tags/v4`; none of a commit.
    pub reference: Option<String>,
    /// The commit, in 40 hexadecimal digits.
    pub commit: String,
    /// The digest of the commit's files as Git counts it, when it is known.
    pub tree: Option<String>,
    /// Where it stands in the file; empty until it is written.
    pub span: Span,
}

/// More bytes than an owner, a repository and a reference of Git can have; the key of a file in YAML has no more than
/// 1024 characters, also in quotes.
const LONGEST: usize = 400;

impl ActionVersion {
    /// Returns the version that the value of a `uses` names; `None` of a path, an image, and what is no action.
    pub fn parse(uses: &str) -> Option<Self> {
        if uses.starts_with("./") || uses.starts_with("docker://") {
            return None;
        }
        let is_short = |version: &Self| version.repository.len() + version.version.len() <= LONGEST;
        let (path, version) = uses.split_once('@')?;
        let mut parts = path.split('/');
        let (owner, name) = (parts.next()?, parts.next()?);
        let is_name = |text: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !text.is_empty() && !text.starts_with(['-', '.']) && text.bytes().all(is_plain)
        };
        let is_version = !version.is_empty()
            && !version.starts_with('-')
            && !version
                .bytes()
                .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control());
        let named = (is_name(owner) && is_name(name) && is_version).then(|| Self {
            repository: format!("{owner}/{name}"),
            version: version.to_owned(),
        });
        named.filter(is_short)
    }

    /// Returns whether the version is a commit itself, which nobody can move.
    pub fn is_commit(&self) -> bool {
        is_digest(&self.version)
    }
}

impl Ord for ActionVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let folded = |version: &Self| version.repository.to_ascii_lowercase();
        let names = folded(self).cmp(&folded(other));
        names.then_with(|| self.version.cmp(&other.version))
    }
}

impl PartialOrd for ActionVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ActionVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ActionVersion {}

impl fmt::Display for ActionVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.version)
    }
}

impl Lock {
    /// Returns what `file` records, and everything that is wrong with it; a broken entry is left out.
    pub fn read(file: &SourceFile) -> (Self, Vec<Diagnostic>) {
        reading::read(file)
    }

    /// Returns what a version is; owner and name are compared without regard to case, as GitHub does.
    pub fn get(&self, version: &ActionVersion) -> Option<&Locked> {
        self.actions.get(version)
    }

    /// Records what a version is, in place of what it was.
    pub fn insert(&mut self, version: ActionVersion, locked: Locked) -> Option<Locked> {
        self.actions.insert(version, locked)
    }

    /// Forgets a version, with what comments say of it.
    pub fn remove(&mut self, version: &ActionVersion) -> Option<Locked> {
        self.comments.forget(version);
        self.actions.remove(version)
    }

    /// Returns every version in order.
    pub fn iter(&self) -> impl Iterator<Item = (&ActionVersion, &Locked)> {
        self.actions.iter()
    }

    /// Returns whether it records nothing.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Returns whether another file records the same, whatever its comments say and wherever its entries stand.
    pub fn records_same(&self, other: &Self) -> bool {
        let plain = |locked: &Locked| (locked.reference.clone(), locked.commit.clone(), locked.tree.clone());
        let all = |lock: &Self| -> Vec<_> {
            let entries = lock.actions.iter();
            entries
                .map(|(version, locked)| (version.clone(), plain(locked)))
                .collect()
        };
        all(self) == all(other)
    }

    /// Returns the text of the file.
    pub fn to_text(&self) -> String {
        writing::text(self)
    }
}

/// Returns whether `text` is a full digest of Git's: 40 hexadecimal digits, or 64 of a SHA-256 repository.
pub fn is_digest(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_that_of_a_repository() {
        let parse = |uses: &str| ActionVersion::parse(uses).map(|version| version.to_string());
        assert_eq!(parse("actions/checkout@v4").as_deref(), Some("actions/checkout@v4"));
        assert_eq!(parse("o/r/.github/workflows/a.yml@main").as_deref(), Some("o/r@main"));
        assert_eq!(parse("o/r/sub/folder@feature/x").as_deref(), Some("o/r@feature/x"));
        for uses in [
            "./a",
            "docker://alpine@sha256:0",
            "o/r",
            "o@v1",
            "/r@v1",
            "o/r@",
            "o/r@-x",
            "-o/r@v1",
            "o/r@a b",
        ] {
            assert_eq!(parse(uses), None, "{uses}");
        }
    }

    #[test]
    fn what_is_written_of_a_file_that_is_no_yaml_can_be_read() {
        let file = SourceFile::new(FILE_NAME, "vion: a\0\n#tve%\0ta: y");
        let (lock, found) = Lock::read(&file);
        assert!(!found.is_empty());
        let (_, found) = Lock::read(&SourceFile::new(FILE_NAME, lock.to_text().as_str()));
        assert_eq!(found, []);
    }

    #[test]
    fn what_is_written_of_comments_and_long_names_is_read_again() {
        for text in [
            "#ersios:\u{8}    !n\rersi#ersios:\u{8}    !",
            "# a\rb: c\nversion: 1",
            "# a\r- b\n",
            "# a\u{FEFF}b: c\n",
            "version: 1 # a\r\n# b\r\n",
            "version: 1\nactions:\n  o/r@v1: # it's\n    ref: '1''#' #\tit's\n    commit: 1d0ff469b7ec7b3cbad8673fde0c80c44821de2a\n",
            &format!(
                "version: 1\nactions:\n  o/r@{}':\n    commit: {}\n",
                "v#'".repeat(300),
                "ab".repeat(20)
            ),
        ] {
            let written = Lock::read(&SourceFile::new(FILE_NAME, text)).0.to_text();
            let (again, found) = Lock::read(&SourceFile::new(FILE_NAME, written.as_str()));
            assert_eq!(found, [], "{text:?} {written:?}");
            assert_eq!(again.to_text(), written, "{text:?}");
            assert_eq!(
                written.matches("it's").count(),
                text.matches("it's").count(),
                "{written}"
            );
        }
    }

    #[test]
    fn only_a_full_digest_is_one() {
        assert!(is_digest(&"0a".repeat(20)) && is_digest(&"0A".repeat(32)));
        for text in ["", "0a0a0a0", &"0g".repeat(20), &"0a".repeat(21)] {
            assert!(!is_digest(text), "{text}");
        }
    }
}
