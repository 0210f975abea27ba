//! Which project a folder belongs to, so that two clones share one production.

use std::path::{Path, PathBuf};

use lockgate_adapters::git::{GitError, Head, Repository};

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

/// Where a project lies: what is known of it without asking Git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folders {
    /// The folder of `lockgate.yaml`, or the repository's top, or the folder itself.
    pub(crate) root: PathBuf,
    /// The top of the repository's work tree, if it is in one.
    pub(crate) repository: Option<PathBuf>,
}

impl Folders {
    /// Returns the folder from which `./path` is taken in the file at `path`: that of its `.github`, else the project's.
    pub(crate) fn top_of(&self, path: &Path) -> PathBuf {
        let mut above = path.ancestors();
        let github = above.find(|above| above.file_name().is_some_and(|name| name == ".github"));
        match github.and_then(Path::parent) {
            Some(top) => top.to_owned(),
            None => self.root.clone(),
        }
    }

    /// Returns the folders of the project that `folder` belongs to, by looking at files alone.
    ///
    /// Starting Git takes longer than reading most projects; whoever needs no commit need not wait for it.
    pub(crate) fn find(folder: &Path) -> Result<Self, Failure> {
        let folder = opened(folder)?;
        let is_told = ["GIT_DIR", "GIT_WORK_TREE"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        let repository = if is_told {
            Project::find(&folder, |_| Ok(None))?
                .repository
                .map(|repository| repository.root)
        } else {
            folder
                .ancestors()
                .find(|ancestor| holds_repository(ancestor))
                .map(Path::to_path_buf)
        };
        let top = repository.clone().unwrap_or_else(|| folder.clone());
        Ok(Self {
            root: root_within(top, &folder),
            repository,
        })
    }

    /// Returns the folder that paths are told from, to tools that know the whole repository.
    pub(crate) fn top(&self) -> &Path {
        self.repository.as_deref().unwrap_or(&self.root)
    }
}

/// Returns whether a folder is the top of a work tree: `.git` is a folder there, or a file that names one elsewhere.
fn holds_repository(folder: &Path) -> bool {
    let git = folder.join(".git");
    git.join("HEAD").exists() || git.is_file()
}

fn opened(folder: &Path) -> Result<PathBuf, Failure> {
    std::fs::canonicalize(folder)
        .map_err(|error| Failure::usage(format!("cannot open the folder `{}`", folder.display())).because(&error))
}

/// Returns the nearest folder from `folder` up to `top` that has a `lockgate.yaml`, else `top`.
fn root_within(top: PathBuf, folder: &Path) -> PathBuf {
    let mut configured = folder.ancestors().take_while(|ancestor| ancestor.starts_with(&top));
    let nearest = configured.find(|ancestor| ancestor.join(CONFIGURATION).is_file());
    nearest.map(Path::to_path_buf).unwrap_or(top)
}

impl Project {
    /// Returns where it lies.
    pub(crate) fn folders(&self) -> Folders {
        Folders {
            root: self.root.clone(),
            repository: self.repository.as_ref().map(|repository| repository.root.clone()),
        }
    }

    /// Returns the project that `folder` belongs to; `named` is `project:` of its `lockgate.yaml`.
    pub(crate) fn find(
        folder: &Path,
        named: impl FnOnce(&Path) -> Result<Option<String>, Failure>,
    ) -> Result<Self, Failure> {
        let folder = opened(folder)?;
        let repository = Repository::discover(&folder)
            .map_err(|error| match error {
                GitError::Bare(_) => Failure::usage(error.to_string()).help("clone it, and call lockgate in the clone"),
                error => Failure::unavailable("cannot ask Git about this folder").because(&error),
            })?
            .filter(|repository| repository.head != Head::Unborn);
        let top = repository
            .as_ref()
            .map_or(folder.clone(), |repository| repository.root.clone());
        let root = root_within(top, &folder);
        let named = named(&root)?;
        let identity = match (&named, &repository) {
            (Some(name), _) => Some(name.clone()),
            (None, Some(repository)) => identity_of(repository, &root)
                .map_err(|error| Failure::unavailable("cannot read the repository's first commit").because(&error))?,
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

    /// Returns the identity that the project would have without its `project:`; `None` when that is not known, or the same.
    pub(crate) fn unnamed(&self) -> Option<String> {
        let unnamed = identity_of(self.repository.as_ref()?, &self.root).ok()??;
        (self.identity.as_ref() != Some(&unnamed)).then_some(unnamed)
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
    let first = repository.root_commit()?;
    let commit = &first[..16.min(first.len())];
    let path = root.strip_prefix(&repository.root).unwrap_or(Path::new(""));
    Ok(Some(if path.as_os_str().is_empty() {
        commit.to_owned()
    } else {
        format!("{commit}-{}", place(path))
    }))
}

/// Returns a path as one name; what had to be changed for that is told apart by the path's digest.
fn place(path: &Path) -> String {
    use sha2::Digest;
    let text = path.to_string_lossy();
    let name = slug(&text);
    if name == text {
        return name;
    }
    let digest = sha2::Sha256::digest(path.as_os_str().as_encoded_bytes());
    format!("{name}-{}", lockgate_adapters::tree::hex(&digest[..4]))
}

/// Returns `text` with everything that is no letter, digit, dash, dot or underscore turned into a dash.
fn slug(text: &str) -> String {
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') {
            c
        } else {
            '-'
        }
    };
    text.trim().trim_matches('.').chars().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_a_repository_has_a_name_of_its_own() {
        assert_eq!(place(Path::new("api")), "api");
        assert_eq!(place(Path::new("services-api")), "services-api");
        let nested = place(Path::new("services/api"));
        assert!(nested.starts_with("services-api-") && nested.len() == 21, "{nested}");
        assert_ne!(nested, place(Path::new("services api")));
        assert_ne!(place(Path::new(".api")), "api");
    }
}
