//! What Git knows of a repository, asked of the `git` program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

mod details;
mod remote;

pub use details::{CommitDetails, Person};
pub use remote::{RemoteError, RemoteReferences, Resolved, tree_of};

/// A repository on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The top folder of the work tree.
    pub root: PathBuf,
    /// What is checked out.
    pub head: Head,
}

/// What is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A branch, by its name without `refs/heads/`.
    Branch(String),
    /// A commit by itself.
    Detached,
    /// Nothing: there is no commit yet.
    Unborn,
}

/// Git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program is not there.
    #[error("run `git`: is it installed?")]
    Missing(#[source] std::io::Error),
    /// The repository has no work tree.
    #[error("`{0}` is a bare repository: it has no files to look at")]
    Bare(PathBuf),
    /// It said no.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// The arguments.
        command: String,
        /// What it wrote to stderr.
        message: String,
    },
}

/// What a version and an identity are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The full hash.
    pub sha: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
}

impl Repository {
    /// Returns the repository that holds `folder`, or `None` when there is none.
    ///
    /// # Errors
    /// Returns [`GitError::Missing`] without the program, and what Git said when there is a repository that it will not read.
    pub fn discover(folder: &Path) -> Result<Option<Self>, GitError> {
        match ask(folder, ["rev-parse", "--show-toplevel", "--symbolic-full-name", "HEAD"]) {
            Ok(text) => Ok(text.rsplit_once('\n').map(|(root, head)| Self {
                root: root.into(),
                head: head
                    .strip_prefix("refs/heads/")
                    .map_or(Head::Detached, |branch| Head::Branch(branch.to_owned())),
            })),
            Err(GitError::Failed { message, .. }) if is_no_repository(&message) => Ok(None),
            Err(GitError::Failed { message, .. }) if message.contains("must be run in a work tree") => {
                Err(GitError::Bare(folder.to_owned()))
            }
            // Without a commit there is no HEAD to name.
            Err(_) => ask(folder, ["rev-parse", "--show-toplevel"]).map(|root| {
                Some(Self {
                    root: root.into(),
                    head: Head::Unborn,
                })
            }),
        }
    }

    /// Returns the commit that `revision` names.
    ///
    /// # Errors
    /// Returns what Git said when there is none.
    pub fn commit(&self, revision: &str) -> Result<Commit, GitError> {
        let revision = format!("{revision}^{{commit}}");
        let text = self.ask([
            "log",
            "-1",
            "--no-show-signature",
            "--format=%H%n%ct",
            "--end-of-options",
            &revision,
        ])?;
        let mut lines = text.lines();
        let mut line = || lines.next().unwrap_or_default().to_owned();
        Ok(Commit {
            sha: line(),
            time: line().parse().unwrap_or_default(),
        })
    }

    /// Returns the files that differ in `range`: `a..b` compares two commits, `a...b` the second with where they parted.
    ///
    /// # Errors
    /// Returns what Git said when one of the commits is not there.
    pub fn changed_files(&self, range: &str) -> Result<Vec<String>, GitError> {
        let text = self.ask([
            "diff",
            "--name-only",
            "-z",
            "--no-renames",
            "--end-of-options",
            range,
            "--",
        ])?;
        let paths = text.split('\0').filter(|path| !path.is_empty());
        Ok(paths.map(str::to_owned).collect())
    }

    /// Returns the tags of the commit at HEAD.
    pub fn tags_at_head(&self) -> Vec<String> {
        self.ask(["tag", "--points-at", "HEAD"])
            .map(|text| text.lines().map(str::to_owned).collect())
            .unwrap_or_default()
    }

    /// Returns the branches whose newest commit is HEAD, here or at `origin`, each once.
    pub fn branches_at_head(&self) -> Vec<String> {
        let listed = self.ask([
            "for-each-ref",
            "--points-at",
            "HEAD",
            "--format=%(refname)",
            "refs/heads",
            "refs/remotes/origin",
        ]);
        let text = listed.unwrap_or_default();
        let names = text.lines().filter_map(|line| {
            line.strip_prefix("refs/heads/")
                .or(line.strip_prefix("refs/remotes/origin/"))
        });
        let names: std::collections::BTreeSet<&str> = names.filter(|name| *name != "HEAD").collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Returns `git describe` of a commit: its tag, or the nearest tag with the distance, or the short hash.
    ///
    /// # Errors
    /// Returns what Git said.
    pub fn describe(&self, sha: &str) -> Result<String, GitError> {
        self.ask(["describe", "--tags", "--always", sha])
    }

    /// Returns the paths that differ from HEAD or are neither tracked nor ignored.
    ///
    /// # Errors
    /// Returns what Git said.
    pub fn changes(&self) -> Result<Vec<String>, GitError> {
        self.changes_of("--untracked-files=normal")
    }

    /// Returns the known files that differ from HEAD.
    ///
    /// # Errors
    /// Returns what Git said.
    pub fn tracked_changes(&self) -> Result<Vec<String>, GitError> {
        self.changes_of("--untracked-files=no")
    }

    fn changes_of(&self, which: &str) -> Result<Vec<String>, GitError> {
        let text = self.ask(["status", "--porcelain", which])?;
        Ok(text
            .lines()
            .map(|line| line.get(3..).unwrap_or(line).trim().to_owned())
            .collect())
    }

    /// Returns whether the history was cut off when it was fetched.
    pub fn is_shallow(&self) -> bool {
        self.ask(["rev-parse", "--is-shallow-repository"])
            .is_ok_and(|answer| answer == "true")
    }

    /// Returns the oldest commit that HEAD comes from; the first by name when there are several.
    ///
    /// # Errors
    /// Returns what Git said.
    pub fn root_commit(&self) -> Result<String, GitError> {
        let text = self.ask(["rev-list", "--max-parents=0", "HEAD"])?;
        Ok(text.lines().min().unwrap_or_default().to_owned())
    }

    /// Returns the branch that others are measured by: what the origin says, else `main` or `master` when there is one,
    /// else what is checked out.
    pub fn default_branch(&self) -> String {
        let wanted = [
            "for-each-ref",
            "--format=%(refname) %(symref)",
            "refs/remotes/origin/HEAD",
            "refs/heads/main",
            "refs/heads/master",
        ];
        let text = self.ask(wanted).unwrap_or_default();
        let origins = |line: &str| Some(line.split_once(" refs/remotes/origin/")?.1.to_owned());
        let own = |line: &str| Some(line.trim_end().strip_prefix("refs/heads/")?.to_owned());
        let known = text.lines().find_map(origins).or_else(|| text.lines().find_map(own));
        known.unwrap_or_else(|| match &self.head {
            Head::Branch(branch) => branch.clone(),
            _ => "main".to_owned(),
        })
    }

    /// Returns `owner/name` from the origin's address, if it has that form.
    pub fn slug(&self) -> Option<String> {
        let url = self.ask(["config", "--get", "remote.origin.url"]).ok()?;
        let path = url.trim_end_matches('/').trim_end_matches(".git");
        let mut parts = path.rsplit(['/', ':']);
        let (name, owner) = (parts.next()?, parts.next()?);
        let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('@');
        (url.contains(':') && plain(name) && plain(owner)).then(|| format!("{owner}/{name}"))
    }

    fn ask<const N: usize>(&self, arguments: [&str; N]) -> Result<String, GitError> {
        ask(&self.root, arguments)
    }
}

/// Writes the files of a commit of the repository at `repository` into a folder.
///
/// # Errors
/// Returns what Git said, or why a file could not be written.
pub fn export(repository: &Path, sha: &str, folder: &Path) -> Result<(), GitError> {
    let failed = |message: String| GitError::Failed {
        command: format!("archive {sha}"),
        message,
    };
    let output = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["archive", "--format=tar", sha])
        .output()
        .map_err(GitError::Missing)?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    tar::Archive::new(output.stdout.as_slice())
        .unpack(folder)
        .map_err(|error| failed(error.to_string()))
}

/// Returns whether Git looked in the folder and all above it; a `.git` that leads nowhere is told in other words.
fn is_no_repository(message: &str) -> bool {
    message.contains("not a git repository (or any")
}

fn ask<const N: usize>(folder: &Path, arguments: [&str; N]) -> Result<String, GitError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "core.quotePath=false"])
        .args(arguments.iter().map(OsStr::new))
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .output()
        .map_err(GitError::Missing)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    Err(GitError::Failed {
        command: arguments.join(" "),
        message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_without_a_repository_has_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Repository::discover(folder.path()).unwrap(), None);
        let bare = folder.path().join("bare.git");
        let made = Command::new("git").args(["init", "-q", "--bare"]).arg(&bare).status();
        assert!(made.unwrap().success());
        let error = Repository::discover(&bare).unwrap_err();
        assert!(matches!(error, GitError::Bare(_)), "{error}");
        std::fs::write(folder.path().join(".git"), "gitdir: nowhere\n").unwrap();
        let error = Repository::discover(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("not a git repository") && error.contains("nowhere"),
            "{error}"
        );
    }
}
