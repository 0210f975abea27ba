//! Which files are checked, and as what.
//!
//! A file is known by its name, since that is how GitHub and Lockgate find it. A YAML file of another name is what its
//! keys say, so that an action under test or a workflow that is not in its folder yet can be checked; one that is
//! neither is refused, because mistakes told of a Compose file as if it were a workflow help nobody.

use std::path::{Component, Path, PathBuf};

use lockgate_dialect::github::{ACTION_FILES, is_action_file};
use lockgate_dialect::lock;

use crate::arguments::CheckArguments;
use crate::exit::Failure;
use crate::project::{CONFIGURATION, Folders};
use crate::workflows;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A workflow of GitHub Actions.
    Workflow,
    /// The metadata of an action.
    Action,
    /// A `lockgate.yaml`.
    Configuration,
    /// A `lockgate.lock`.
    Lock,
}

/// A file that is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Where it is, or would be.
    pub(super) path: PathBuf,
    /// What it is read as; `None` when only its text tells.
    pub(super) kind: Option<Kind>,
    /// Its bytes, when they were given in place of those on disk.
    pub(super) given: Option<Vec<u8>>,
}

/// The files that were asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Those that can be checked, as far as their names tell.
    pub(super) sources: Vec<Source>,
    /// Why others cannot.
    pub(super) refused: Vec<Failure>,
}

/// The folder in which repositories keep what is for GitHub.
const GITHUB: &str = ".github";

/// The keys by which a workflow, and an action, is known when its name does not tell.
const WORKFLOW_KEYS: [&str; 7] = ["on", "true", "jobs", "name", "run-name", "permissions", "concurrency"];
const ACTION_KEYS: [&str; 3] = ["runs", "inputs", "outputs"];

impl Source {
    fn at(path: PathBuf) -> Self {
        Self {
            kind: by_name(&path),
            path,
            given: None,
        }
    }

    /// Returns a file by a path that may leave out the folder which tells what lies in it.
    fn below(path: PathBuf) -> Result<Self, Failure> {
        Ok(Self {
            kind: by_name(&absolute(&path)?),
            ..Self::at(path)
        })
    }
}

impl Asked {
    fn note(&mut self, found: Result<Vec<Source>, Failure>) {
        match found {
            Ok(sources) => self.sources.extend(sources),
            Err(failure) => self.refused.push(failure),
        }
    }
}

/// Returns the files that were asked for: those that are named, in the order given, else those of the project.
///
/// `given` is what was read from stdin, when the arguments ask for it.
pub(super) fn asked_for(
    folders: &Folders,
    directory: &Path,
    arguments: &CheckArguments,
    given: Option<&[u8]>,
) -> Result<Asked, Failure> {
    let mut asked = Asked::default();
    if arguments.files.is_empty() {
        asked.sources = of_project(folders)?;
        return Ok(asked);
    }
    for path in &arguments.files {
        if path.as_os_str() == "-" {
            let name = arguments.stdin_name()?;
            asked.sources.push(Source {
                given: given.map(<[u8]>::to_vec),
                ..named(&directory.join(name))?
            });
            continue;
        }
        let path = directory.join(path);
        if path.is_dir() {
            asked.note(in_folder(folders, &path));
        } else if let Err(error) = path.metadata() {
            let message = format!("cannot read `{}`", path.display());
            asked.note(Err(Failure::usage(message).because(&error)));
        } else {
            asked.note(named(&path).map(|source| vec![source]));
        }
    }
    Ok(asked)
}

/// Returns the project's workflow files, its action, its `lockgate.yaml` and its lock file.
fn of_project(folders: &Folders) -> Result<Vec<Source>, Failure> {
    let sources = known_in(&folders.root);
    if sources.is_empty() {
        let message = format!("there is nothing to check in `{}`", folders.root.display());
        let help = format!(
            "workflow files belong into {}; `lockgate init` writes a {CONFIGURATION}",
            workflows::FOLDER
        );
        return Err(Failure::usage(message).help(help));
    }
    Ok(sources)
}

/// Returns what is in its place in a folder, else its YAML files.
fn in_folder(folders: &Folders, folder: &Path) -> Result<Vec<Source>, Failure> {
    // Among the workflows nothing has a place of its own.
    let sources = if absolute(folder)?.ends_with(workflows::FOLDER) {
        Vec::new()
    } else {
        known_in(folder)
    };
    if !sources.is_empty() {
        return Ok(sources);
    }
    let paths = workflows::select(&folders.root, Some(folder))?;
    paths.into_iter().map(Source::below).collect()
}

/// Returns the files that have their place in a folder: its workflows, its action, its `lockgate.yaml` and lock file.
fn known_in(folder: &Path) -> Vec<Source> {
    let (workflows, files) = places_of_folder(folder);
    let mut paths = workflows::in_folder(&workflows).unwrap_or_default();
    paths.extend(files.into_iter().filter(|path| path.is_file()));
    paths.into_iter().map(Source::at).collect()
}

/// Returns where a folder would have its workflows, and the other files that have their place in it.
pub(super) fn places_of_folder(folder: &Path) -> (PathBuf, Vec<PathBuf>) {
    let is_github = folder.file_name().is_some_and(|name| name == GITHUB);
    let workflows = if is_github { "workflows" } else { workflows::FOLDER };
    let names = ACTION_FILES.into_iter().chain([CONFIGURATION, lock::FILE_NAME]);
    (folder.join(workflows), names.map(|name| folder.join(name)).collect())
}

/// Returns an absolute path without `.` and `..`, of a file that need not be there.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let whole = std::path::absolute(path)
        .map_err(|error| Failure::usage(format!("cannot find the folder of `{}`", path.display())).because(&error))?;
    let mut plain = PathBuf::new();
    for component in whole.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    Ok(plain)
}

/// Returns a file that was named, or says why it is none of those that are read.
fn named(path: &Path) -> Result<Source, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if (workflows::is_yaml(path) && name != "lockgate.yml") || name == lock::FILE_NAME {
        return Source::below(path.to_owned());
    }
    let failure = refusal(path);
    Err(if name == "lockgate.yml" {
        failure.help(format!("name it {CONFIGURATION}: no other name is read"))
    } else {
        failure
    })
}

fn refusal(path: &Path) -> Failure {
    Failure::usage(format!(
        "`{}` is neither a workflow, nor an action, nor a {CONFIGURATION}",
        path.display()
    ))
    .help(format!(
        "checked are YAML files with the keys of a workflow or of an action, and files of the name {CONFIGURATION}"
    ))
}

/// Returns what a file is by its name and folder, when they tell.
fn by_name(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    if name == CONFIGURATION {
        return Some(Kind::Configuration);
    }
    if name == lock::FILE_NAME {
        return Some(Kind::Lock);
    }
    if is_action_file(path.to_str()?) {
        return Some(Kind::Action);
    }
    let folder = path.parent()?;
    let is_in_place = folder.ends_with(workflows::FOLDER);
    is_in_place.then_some(Kind::Workflow)
}

/// Returns what a file is by the keys of its text, or says that it is nothing that is read.
///
/// A text without any key is a workflow that is still to be written, or one that is no YAML.
pub(super) fn by_text(path: &Path, text: &str) -> Result<Kind, Failure> {
    let keys: Vec<&str> = text.lines().filter_map(top_key).collect();
    let has = |names: &[&str]| keys.iter().any(|key| names.contains(key));
    if keys.is_empty() || has(&["on", "true", "jobs"]) {
        Ok(Kind::Workflow)
    } else if has(&ACTION_KEYS) {
        Ok(Kind::Action)
    } else if has(&WORKFLOW_KEYS) || keys.iter().any(|key| is_nearly(key, "jobs") || is_nearly(key, "on")) {
        Ok(Kind::Workflow)
    } else {
        Err(refusal(path))
    }
}

/// Returns the key that a line begins with, when it stands in the first column.
fn top_key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let key = key.trim_end().trim_matches(['"', '\'']);
    let is_key = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    (is_key && rest.chars().next().is_none_or(char::is_whitespace)).then_some(key)
}

fn is_nearly(key: &str, meant: &str) -> bool {
    lockgate_core::diagnostic::nearest(key, [meant]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_its_place_tells() {
        let kind = |path: &str| by_name(Path::new(path));
        assert_eq!(kind("./app/lockgate.yaml"), Some(Kind::Configuration));
        assert_eq!(kind("app/lockgate.lock"), Some(Kind::Lock));
        assert_eq!(kind("acts/one/action.yaml"), Some(Kind::Action));
        assert_eq!(kind(".github/workflows/ci.yml"), Some(Kind::Workflow));
        assert_eq!(kind(".github/workflows/action.yml"), Some(Kind::Workflow));
        assert_eq!(kind("ci.yml"), None);
    }

    #[track_caller]
    fn text(text: &str, expected: Option<Kind>) {
        assert_eq!(by_text(Path::new("a.yml"), text).ok(), expected, "{text}");
    }

    #[test]
    fn otherwise_the_keys_tell() {
        text("on: push\njobs: {}\n", Some(Kind::Workflow));
        text("\"on\":\n  push:\nname: x\n", Some(Kind::Workflow));
        text("name: x\nruns:\n  using: composite\n", Some(Kind::Action));
        text("name: x\ninputs: {}\n", Some(Kind::Action));
        text("name: only a name\n", Some(Kind::Workflow));
        text("", Some(Kind::Workflow));
        text("{ on: push }\n", Some(Kind::Workflow));
        text("job:\n  a: {}\n", Some(Kind::Workflow));
        text("services:\n  db:\n    image: postgres\n", None);
        text("version: 2\nupdates: []\n", None);
    }

    #[test]
    fn what_is_no_yaml_and_what_has_the_wrong_name_is_refused() {
        for (path, said) in [
            ("README.md", "is neither a workflow, nor an action, nor a lockgate.yaml"),
            ("lockgate.yml", "name it lockgate.yaml"),
        ] {
            let refused = named(Path::new(path)).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
