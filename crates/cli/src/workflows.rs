//! Finding and reading workflow files.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::text;

use crate::exit::Failure;

/// Where GitHub looks for workflow files.
pub(crate) const FOLDER: &str = ".github/workflows";

/// Returns the workflow files directly in a folder, in order of their names.
pub(crate) fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    // The folder's own word that an entry is a file saves to ask for each; of a link only its target tells.
    let is_file = |entry: &DirEntry| match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => kind.is_file(),
        _ => entry.path().is_file(),
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .flatten()
        .filter(|entry| is_yaml(Path::new(&entry.file_name())) && is_file(entry))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    Ok(files)
}

/// Returns whether a file has the ending of YAML.
pub(crate) fn is_yaml(path: &Path) -> bool {
    matches!(
        path.extension().and_then(|ending| ending.to_str()),
        Some("yml" | "yaml")
    )
}

/// Returns the files that a command means: a file, those in a folder, or those of the project.
///
/// A name alone that is no file here is that of a workflow of the project.
pub(crate) fn select(root: &Path, given: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let folder = root.join(FOLDER);
    let path = match given {
        None => folder,
        Some(given) if given.components().count() == 1 && !given.exists() && folder.join(given).is_file() => {
            folder.join(given)
        }
        Some(given) => given.to_path_buf(),
    };
    let metadata = std::fs::metadata(&path).map_err(|error| {
        let failure = Failure::usage(format!("there is no `{}`", path.display())).because(&error);
        match given {
            Some(_) => failure.help("give a workflow file, or a folder of workflow files"),
            None => failure.help("put a workflow there, or name one with --workflow FILE"),
        }
    })?;
    if metadata.is_file() {
        return Ok(vec![path]);
    }
    let files = in_folder(&path)
        .map_err(|error| Failure::usage(format!("cannot read the folder `{}`", path.display())).because(&error))?;
    if files.is_empty() {
        let message = format!("`{}` holds no workflow files", path.display());
        return Err(Failure::usage(message).help("workflow files end with .yml or .yaml"));
    }
    Ok(files)
}

/// What is larger is not even read to be told so with a place.
const MOST_BYTES: u64 = 64 << 20;

/// A file, or the mistake that it is no text.
pub(crate) type Text = Result<SourceFile, Box<Diagnostic>>;

/// Returns a file as it is shown to people: its path below the project's root, or as given.
pub(crate) fn read(root: &Path, path: &Path) -> Result<Text, Failure> {
    let unreadable =
        |error: &std::io::Error| Failure::usage(format!("cannot read `{}`", path.display())).because(error);
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        let message = format!("`{}` is neither a file nor a folder", path.display());
        return Err(Failure::usage(message).help("`-` reads standard input"));
    }
    if metadata.len() > MOST_BYTES {
        let message = format!(
            "`{}` has {} MiB, and is no such file",
            path.display(),
            metadata.len() >> 20
        );
        return Err(Failure::usage(message).help("name a YAML file; at most 1 MiB is read"));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    Ok(text::decode(&shown(root, path), bytes))
}

/// Returns a path as it is shown to people: below the project's root, or as given.
pub(crate) fn shown(root: &Path, path: &Path) -> String {
    let shown = path
        .strip_prefix(root)
        .or_else(|_| path.strip_prefix("."))
        .unwrap_or(path);
    shown.to_string_lossy().into_owned()
}
