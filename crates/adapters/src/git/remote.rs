//! What a repository elsewhere says that its tags and branches are.
//!
//! Asked of `git ls-remote`, so that addresses, proxies and credentials are those that the user's Git has. It never asks
//! for a password: a repository that is not there and one that is private look the same, and nobody may be there to
//! answer.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The tags and branches of a repository elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteReferences {
    commits: BTreeMap<String, String>,
}

/// A commit, and the name under which it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The full name, such as `refs/tags/v1`.
    pub reference: String,
    /// The commit; that of an annotated tag, not the tag itself.
    pub commit: String,
}

/// A repository elsewhere could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The program is not there.
    #[error("run `git`: is it installed?")]
    Missing(#[source] std::io::Error),
    /// There is no room for what is fetched.
    #[error("make a folder for what is fetched")]
    Scratch(#[source] std::io::Error),
    /// There is none at the address, or it is for others.
    #[error("`{address}` is no repository that can be read: {message}")]
    NoRepository {
        /// Where it was looked for.
        address: String,
        /// What Git wrote.
        message: String,
    },
    /// Nobody answers.
    #[error("`{address}` does not answer: {message}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What Git wrote.
        message: String,
    },
}

/// What Git writes when there is no network, no server, or no answer.
const UNREACHABLE: [&str; 9] = [
    "could not resolve host",
    "failed to connect",
    "couldn't connect",
    "connection refused",
    "connection timed out",
    "network is unreachable",
    "operation too slow",
    "operation timed out",
    "could not read from remote repository",
];

impl RemoteReferences {
    /// Asks the repository at `address` for all its tags and branches.
    ///
    /// # Errors
    /// Returns whether it is not there or does not answer, and what Git wrote.
    pub fn ask(address: &str) -> Result<Self, RemoteError> {
        let output = quiet_git()
            .args(["ls-remote", "--quiet", "--heads", "--tags", "--end-of-options", address])
            .output()
            .map_err(RemoteError::Missing)?;
        if !output.status.success() {
            return Err(refusal(address, &String::from_utf8_lossy(&output.stderr)));
        }
        Ok(Self::read(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Returns what the lines of `git ls-remote` say.
    fn read(lines: &str) -> Self {
        let mut commits: BTreeMap<String, String> = BTreeMap::new();
        let mut peeled = Vec::new();
        for (commit, name) in lines.lines().filter_map(|line| line.split_once('\t')) {
            match name.strip_suffix("^{}") {
                Some(name) => peeled.push((name.to_owned(), commit.to_owned())),
                None => drop(commits.insert(name.to_owned(), commit.to_owned())),
            }
        }
        commits.extend(peeled);
        Self { commits }
    }

    /// Returns what a version is: a tag of this name, else a branch.
    pub fn resolve(&self, version: &str) -> Option<Resolved> {
        let names = [format!("refs/tags/{version}"), format!("refs/heads/{version}")];
        let given = version.starts_with("refs/").then(|| version.to_owned());
        given.into_iter().chain(names).find_map(|reference| {
            let commit = self.commits.get(&reference)?.clone();
            Some(Resolved { reference, commit })
        })
    }

    /// Returns the names of the tags, without `refs/tags/`.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.commits.keys().filter_map(|name| name.strip_prefix("refs/tags/"))
    }
}

/// Returns the digest of the files of a commit at `address`, asked for by the name under which it was found.
///
/// Only the commit itself is fetched where the server can do that, none of its files.
///
/// # Errors
/// Returns whether it does not answer, and what Git wrote.
pub fn tree_of(address: &str, resolved: &Resolved) -> Result<Option<String>, RemoteError> {
    let folder = Scratch::new().map_err(RemoteError::Scratch)?;
    let run = |arguments: &[&str]| -> Result<std::process::Output, RemoteError> {
        // Not `-C`: the address may be a path from here.
        quiet_git()
            .arg("--git-dir")
            .arg(&folder.0)
            .args(arguments)
            .output()
            .map_err(RemoteError::Missing)
    };
    run(&["init", "--quiet", "--bare"])?;
    run(&["remote", "add", "origin", address])?;
    let fetched = run(&[
        "fetch",
        "--quiet",
        "--depth=1",
        "--filter=tree:0",
        "--no-tags",
        "origin",
        &resolved.reference,
    ])?;
    if !fetched.status.success() {
        return Err(refusal(address, &String::from_utf8_lossy(&fetched.stderr)));
    }
    let told = run(&["log", "-1", "--no-show-signature", "--format=%H %T", "FETCH_HEAD"])?;
    let told = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    // The name may have moved between the two questions.
    let tree = told.split_once(' ').filter(|(commit, _)| *commit == resolved.commit);
    Ok(tree.map(|(_, tree)| tree.to_owned()))
}

/// A folder that goes with its value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lockgate-tree-{}-{number}", std::process::id()));
        // Creating it fails when somebody else has put something there.
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Returns Git that asks nobody anything, and gives up on a server that has fallen silent.
fn quiet_git() -> Command {
    let mut command = Command::new("git");
    command
        .args([
            "-c",
            "http.lowSpeedLimit=1",
            "-c",
            "http.lowSpeedTime=20",
            "-c",
            "credential.interactive=false",
        ])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20")
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null());
    command
}

fn refusal(address: &str, told: &str) -> RemoteError {
    let said = |line: &&str| line.starts_with("fatal: ") || line.starts_with("error: ");
    let line = told
        .lines()
        .find(said)
        .or(told.lines().next())
        .unwrap_or("it said nothing");
    let message = line
        .trim_start_matches("fatal: ")
        .trim_start_matches("error: ")
        .trim()
        .to_owned();
    let address = address.to_owned();
    let told = told.to_ascii_lowercase();
    let is_told = [
        "does not exist",
        "not found",
        "does not appear to be a git repository",
        "could not read username",
    ];
    let is_there = is_told.iter().any(|words| told.contains(words));
    if !is_there && UNREACHABLE.iter().any(|words| told.contains(words)) {
        RemoteError::Unreachable { address, message }
    } else {
        RemoteError::NoRepository { address, message }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    #[test]
    fn tags_are_peeled_and_come_before_branches() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        git(at, &["init", "--quiet", "-b", "main"]);
        git(at, &["commit", "--quiet", "--allow-empty", "-m", "one"]);
        let one = git(at, &["rev-parse", "HEAD"]);
        git(at, &["tag", "-a", "v1", "-m", "annotated"]);
        git(at, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
        let two = git(at, &["rev-parse", "HEAD"]);
        git(at, &["branch", "v1"]);
        let address = at.to_str().unwrap();
        let references = RemoteReferences::ask(address).unwrap();
        let resolved = |version: &str| references.resolve(version).map(|found| (found.reference, found.commit));
        assert_eq!(resolved("v1"), Some(("refs/tags/v1".into(), one)));
        assert_eq!(resolved("main"), Some(("refs/heads/main".into(), two.clone())));
        assert_eq!(resolved("refs/heads/v1"), Some(("refs/heads/v1".into(), two)));
        assert_eq!(resolved("v2"), None);
        assert_eq!(references.tags().collect::<Vec<_>>(), ["v1"]);
        let found = references.resolve("v1").unwrap();
        let tree = tree_of(&format!("file://{address}"), &found).unwrap();
        assert_eq!(tree, Some(git(at, &["rev-parse", "v1^{tree}"])));
    }

    #[test]
    fn what_is_not_there_and_what_does_not_answer_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let error = RemoteReferences::ask(&folder.path().join("none").to_string_lossy()).unwrap_err();
        assert!(matches!(error, RemoteError::NoRepository { .. }), "{error}");
        // Nobody listens on a port that was just given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let error = RemoteReferences::ask(&format!("http://127.0.0.1:{port}/o/r")).unwrap_err();
        assert!(matches!(error, RemoteError::Unreachable { .. }), "{error}");
    }
}
