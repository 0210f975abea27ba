//! Asks the repositories of actions what their versions are, several at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use lockgate_adapters::git::{RemoteError, RemoteReferences, tree_of};
use lockgate_core::diagnostic::nearest;
use lockgate_dialect::lock::ActionVersion;

use super::by_repository;
use crate::exit::Failure;

/// What a version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Its full name, such as `refs/tags/v1`.
    pub(super) reference: String,
    /// Its commit.
    pub(super) commit: String,
    /// The digest of the commit's files, when the repository gave it.
    pub(super) tree: Option<String>,
}

/// Why nobody knows what a version is.
#[derive(Debug)]
pub(super) enum Refused {
    /// The repository has no tag and no branch of the name.
    NoVersion {
        version: ActionVersion,
        /// The tag that was meant, if one is near.
        near: Option<String>,
    },
    /// The repository could not be asked.
    Remote(RemoteError),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoVersion { version, near } => {
                let message = format!("`{}` has no tag and no branch `{}`", version.repository, version.version);
                let help = near.map_or_else(
                    || "look at the releases of the action for its versions".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                Self::usage(message).help(help)
            }
            Refused::Remote(error @ RemoteError::NoRepository { .. }) => Self::usage("ask for the versions of an action")
                .because(&error)
                .help("is the name right? `--actions-url` says where the repositories are; a private one needs Git's credentials"),
            Refused::Remote(error) => Self::unavailable("ask for the versions of an action")
                .because(&error)
                .help("nothing is changed; try again with a network, or name a mirror with `--actions-url`"),
        }
    }
}

/// The most repositories that are asked at once.
const AT_ONCE: usize = 8;

/// What became of the question for each version.
pub(super) type Answers = BTreeMap<ActionVersion, Result<Answer, Refused>>;

/// Asks what each version is.
pub(super) fn ask(base: &str, versions: &BTreeSet<ActionVersion>) -> Answers {
    let repositories = Mutex::new(by_repository(versions).into_iter());
    let answers = Mutex::new(Answers::new());
    let work = || {
        loop {
            let next = repositories.lock().ok().and_then(|mut left| left.next());
            let Some((repository, versions)) = next else {
                return;
            };
            let found = of_repository(&address(base, repository), &versions);
            if let Ok(mut answers) = answers.lock() {
                answers.extend(found);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(versions.len()) {
            scope.spawn(work);
        }
    });
    answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn address(base: &str, repository: &str) -> String {
    format!("{}/{repository}", base.trim_end_matches('/'))
}

fn of_repository(address: &str, versions: &[&ActionVersion]) -> Answers {
    let references = RemoteReferences::ask(address);
    let mut answers = Answers::new();
    for version in versions {
        let answer = match &references {
            Ok(references) => of_version(address, references, version),
            Err(_) => continue,
        };
        answers.insert((*version).clone(), answer);
    }
    // An error is told once, at the first version of the repository.
    if let (Err(error), Some(first)) = (references, versions.first()) {
        answers.insert((*first).clone(), Err(Refused::Remote(error)));
    }
    answers
}

fn of_version(address: &str, references: &RemoteReferences, version: &ActionVersion) -> Result<Answer, Refused> {
    let Some(resolved) = references.resolve(&version.version) else {
        return Err(Refused::NoVersion {
            near: nearest(&version.version, references.tags()).map(str::to_owned),
            version: version.clone(),
        });
    };
    // The files' digest is for those who fetch them; a server that does not give it keeps nobody from the commit.
    let tree = tree_of(address, &resolved).ok().flatten();
    Ok(Answer {
        reference: resolved.reference,
        commit: resolved.commit,
        tree,
    })
}
