//! Which project a folder belongs to, so that two clones share one production.

use std::path::{Path, PathBuf};

use lockgate_adapters::git::{GitError, Repository};

use crate::exit::Failure;

/// The name of the configuration file.
pub(crate) const CONFIGURATION: &str = "lockgate.yaml";

/// A project on disk.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The folder of `lockgate.yaml`, or the repository's top, or the folder itself.
    pub(crate) root: PathBuf,
    /// The repository, if there is one with at least one commit.
    pub(crate) repository: Option<Repository>,
    /// The name of the project's state: its own name, else root commit and path.
    pub(crate) identity: Option<String>,
    /// The name to print.
    pub(crate) name: String,
}

impl Project {
    /// Returns the project that `folder` belongs to; `named` is `project:` of its `lockgate.yaml`.
    pub(crate) fn find(folder: &Path, named: impl FnOnce(&Path) -> Option<String>) -> Result<Self, Failure> {
        let folder = std::fs::canonicalize(folder)
            .map_err(|error| Failure::usage(format!("open the folder `{}`", folder.display())).because(&error))?;
        let repository = Repository::discover(&folder)
            .map_err(|error| Failure::unavailable("ask Git about this folder").because(&error))?
            .filter(Repository::has_commits);
        let top = repository
            .as_ref()
            .map_or(folder.clone(), |repository| repository.root.clone());
        let configured = folder.ancestors().take_while(|ancestor| ancestor.starts_with(&top));
        let root = configured
            .into_iter()
            .find(|ancestor| ancestor.join(CONFIGURATION).is_file())
            .map_or(top, Path::to_path_buf);
        let named = named(&root);
        let identity = match (&named, &repository) {
            (Some(name), _) => Some(slug(name)),
            (None, Some(repository)) => identity_of(repository, &root)
                .map_err(|error| Failure::unavailable("read the repository's first commit").because(&error))?,
            (None, None) => None,
        };
        let folder_name = || {
            root.file_name()
                .map_or("project".into(), |name| name.to_string_lossy().into_owned())
        };
        let name = named.unwrap_or_else(folder_name);
        Ok(Self {
            root,
            repository,
            identity,
            name,
        })
    }

    /// Returns the identity, or says how to give the project one.
    pub(crate) fn identity(&self) -> Result<&str, Failure> {
        self.identity.as_deref().ok_or_else(|| {
            let what = match &self.repository {
                Some(_) => "this clone is shallow, so its first commit is not known",
                None => "this folder is in no Git repository with a commit",
            };
            Failure::usage(format!("the project has no identity: {what}"))
                .help("add a line `project: NAME` to lockgate.yaml; clones with the same name share their environments")
        })
    }

    /// Returns the repository, or says that one is needed.
    pub(crate) fn repository(&self) -> Result<&Repository, Failure> {
        self.repository.as_ref().ok_or_else(|| {
            Failure::usage(format!(
                "`{}` is in no Git repository with a commit",
                self.root.display()
            ))
            .help("run `git init`, add the files and commit them")
        })
    }
}

/// Returns root commit and path, or `None` in a shallow clone.
fn identity_of(repository: &Repository, root: &Path) -> Result<Option<String>, GitError> {
    if repository.is_shallow() {
        return Ok(None);
    }
    let commit = repository.root_commit()?;
    let path = root.strip_prefix(&repository.root).unwrap_or(Path::new(""));
    let place = slug(&path.to_string_lossy());
    Ok(Some(match place.as_str() {
        "" => commit[..16.min(commit.len())].to_owned(),
        place => format!("{}-{place}", &commit[..16.min(commit.len())]),
    }))
}

/// Returns `text` with everything that is no letter, digit, dot or underscore turned into a dash.
fn slug(text: &str) -> String {
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' || c == '_' {
            c
        } else {
            '-'
        }
    };
    text.trim().trim_matches('.').chars().map(kept).collect()
}
