//! The texts that a target starts from: those of the tests, of the kind that it reads.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Refusal;

/// What a target reads.
#[derive(Clone, Copy)]
pub(super) enum Seeds {
    /// The workflow files of the corpus.
    Workflows,
    /// The action files of the corpus.
    Actions,
    /// The expressions of the table.
    Expressions,
    /// Some patterns.
    Filters,
    /// All files of the corpus, each behind a digit for its kind.
    Audited,
    /// The lock files of the corpus.
    Locks,
    /// The projects of the corpus, each as one text.
    Projects,
}

const CORPUS: &str = "crates/dialect/tests/corpus";
const EXPRESSIONS: &str = "crates/pipeline/src/expression/vectors.txt";

impl Seeds {
    /// Returns the texts; `root` is the repository's top.
    pub(super) fn texts(self, root: &Path) -> Result<Vec<String>, Refusal> {
        let corpus = root.join(CORPUS);
        match self {
            Self::Workflows => read_all(yaml_below(&corpus)?.iter().filter(|path| !is_action(path))),
            Self::Actions => read_all(yaml_below(&corpus)?.iter().filter(|path| is_action(path))),
            Self::Expressions => {
                let table = read(&root.join(EXPRESSIONS))?;
                let expressions = table.lines().filter_map(|line| line.split_once(" => "));
                Ok(expressions.map(|(expression, _)| expression.to_owned()).collect())
            }
            Self::Filters => Ok([
                "main\nrelease/**\n!x[a-z]+?\nmain",
                "**/*.md\ndocs\\*\n*-[0-9]?\na/b.md",
                "30 5 * * MON-FRI",
            ]
            .map(str::to_owned)
            .to_vec()),
            Self::Audited => {
                let kind = |path: &PathBuf| Ok(format!("{}{}", u8::from(is_action(path)), read(path)?));
                yaml_below(&corpus)?.iter().map(kind).collect()
            }
            Self::Locks => read_all(below(&corpus, &["lock"])?.iter()),
            Self::Projects => {
                let folder = corpus.join("project");
                let projects = fs::read_dir(&folder).map_err(|error| cannot(&folder, &error))?;
                let projects = projects.flatten().map(|project| project.path());
                projects
                    .filter(|path| path.is_dir())
                    .map(|project| in_one(&project))
                    .collect()
            }
        }
    }
}

/// Returns the workflows of a project as one text, each but the first behind its name.
fn in_one(project: &Path) -> Result<String, Refusal> {
    let mut parts = Vec::new();
    for path in yaml_below(&project.join(".github"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = read(&path)?;
        parts.push(if parts.is_empty() {
            text
        } else {
            format!("{name}\n{text}")
        });
    }
    Ok(parts.join("\n--- "))
}

fn is_action(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name.starts_with("action"))
}

fn yaml_below(folder: &Path) -> Result<Vec<PathBuf>, Refusal> {
    below(folder, &["yml", "yaml"])
}

/// Returns the files below a folder whose names end so, in order.
fn below(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Refusal> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)
            .map_err(|error| cannot(&folder, &error))?
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .and_then(OsStr::to_str)
                .is_some_and(|ending| endings.contains(&ending))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read_all<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Result<Vec<String>, Refusal> {
    paths.map(|path| read(path)).collect()
}

/// Returns a text; what is none in its file is replaced, since that file is there to be refused.
fn read(path: &Path) -> Result<String, Refusal> {
    let bytes = fs::read(path).map_err(|error| cannot(path, &error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cannot(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!("{}: {error}", path.display()))
}
