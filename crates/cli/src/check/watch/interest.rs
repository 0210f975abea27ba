//! Which changes matter to a round.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::check::files::{absolute, places_of_folder};
use crate::check::round::{Round, Scope};
use crate::exit::Failure;
use crate::workflows;

/// What a round looked for, as absolute paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interest {
    /// Files, whether they are there or not.
    files: BTreeSet<PathBuf>,
    /// Folders of which every YAML file is read.
    listed: BTreeSet<PathBuf>,
    /// Where looking for folders ends: what is above is not expected to change.
    top: PathBuf,
}

impl Interest {
    /// Returns what a round has looked for, and where it would look for more.
    pub(super) fn of(round: &Round, scope: &Scope<'_>) -> Result<Self, Failure> {
        let mut interest = Self {
            top: scope.folders.top().to_owned(),
            ..Self::default()
        };
        for path in round.paths.values() {
            let path = absolute(path)?;
            // A link's target changes without the link.
            interest.files.extend(std::fs::canonicalize(&path));
            interest.files.insert(path);
        }
        if scope.arguments.files.is_empty() {
            interest.looks_into(&scope.folders.root);
        }
        for path in &scope.arguments.files {
            let path = absolute(&scope.directory.join(path))?;
            if path.is_dir() {
                interest.listed.insert(path.clone());
                interest.looks_into(&path);
            } else {
                interest.files.insert(path);
            }
        }
        Ok(interest)
    }

    fn looks_into(&mut self, folder: &Path) {
        let (workflows, files) = places_of_folder(folder);
        self.listed.insert(workflows);
        self.files.extend(files);
    }

    /// Returns the folders in which changes show: those of the files, and above them up to the top.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let of_files = self.files.iter().filter_map(|file| file.parent());
        let mut folders = BTreeSet::new();
        for folder in of_files.chain(self.listed.iter().map(PathBuf::as_path)) {
            for folder in folder.ancestors() {
                let is_known = !folders.insert(folder.to_owned());
                if is_known || folder == self.top || !folder.starts_with(&self.top) {
                    break;
                }
            }
        }
        folders
    }

    /// Returns whether a change of this path may change what a round finds.
    pub(super) fn is_touched_by(&self, path: &Path) -> bool {
        let is_in_list = || {
            let folder = path.parent();
            folder.is_some_and(|folder| self.listed.contains(folder)) && workflows::is_yaml(path)
        };
        let is_above = |wanted: &PathBuf| wanted.starts_with(path);
        is_in_list() || self.files.iter().any(is_above) || self.listed.iter().any(is_above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_for_matters_and_nothing_else() {
        let interest = Interest {
            files: ["/p/lockgate.yaml", "/p/acts/a/action.yml"].map(PathBuf::from).into(),
            listed: [PathBuf::from("/p/.github/workflows")].into(),
            top: "/p".into(),
        };
        for path in [
            "/p/lockgate.yaml",
            "/p/.github/workflows/new.yaml",
            "/p/.github",
            "/p/acts",
            "/p/acts/a/action.yml",
        ] {
            assert!(interest.is_touched_by(Path::new(path)), "{path}");
        }
        for path in [
            "/p/README.md",
            "/p/.github/workflows/.ci.yml.swp",
            "/p/acts/b",
            "/p/action.yml",
        ] {
            assert!(!interest.is_touched_by(Path::new(path)), "{path}");
        }
        let folders: Vec<_> = interest.folders().into_iter().collect();
        assert_eq!(
            folders,
            ["/p", "/p/.github", "/p/.github/workflows", "/p/acts", "/p/acts/a"].map(PathBuf::from)
        );
    }

    #[test]
    fn outside_of_the_project_one_folder_is_enough() {
        let interest = Interest {
            files: [PathBuf::from("/elsewhere/deep/ci.yml")].into(),
            listed: BTreeSet::new(),
            top: "/p".into(),
        };
        assert_eq!(interest.folders(), [PathBuf::from("/elsewhere/deep")].into());
    }
}
