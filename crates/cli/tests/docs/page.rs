//! A page of the documentation, read just far enough to check it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scene::fixture::repository;

/// A page.
pub(crate) struct Page {
    /// Where it is, to say so.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) text: String,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The language behind the fence.
    pub(crate) language: String,
    /// Everything between the fences.
    pub(crate) text: String,
}

/// One row of a table.
#[derive(Clone, Debug)]
pub(crate) struct Row(Vec<String>);

impl Page {
    /// Returns the page at a path below `docs`.
    #[track_caller]
    pub(crate) fn read(path: &str) -> Self {
        Self::at(repository().join("docs").join(path))
    }

    fn at(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        Self { path, text }
    }

    /// Returns every page of a folder below `docs`, in order.
    pub(crate) fn all(folder: &str) -> Vec<Self> {
        let entries = fs::read_dir(repository().join("docs").join(folder)).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.into_iter().map(Self::at).collect()
    }

    /// Returns the blocks in a language.
    pub(crate) fn blocks(&self, language: &str) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for line in self.text.lines() {
            match (line.strip_prefix("```"), open) {
                (Some(language), false) => {
                    blocks.push(Block {
                        language: language.to_owned(),
                        text: String::new(),
                    });
                    open = true;
                }
                (Some(_), true) => open = false,
                (None, true) => {
                    let block = blocks.last_mut().unwrap();
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, false) => {}
            }
        }
        assert!(!open, "a block of {} is not closed", self.path.display());
        blocks.retain(|block| block.language == language);
        blocks
    }

    /// Returns what stands below a heading, up to the next.
    #[track_caller]
    pub(crate) fn section(&self, title: &str) -> &str {
        let heading = format!("\n## {title}\n");
        let start = self.text.find(&heading);
        assert!(start.is_some(), "{} has no heading `{title}`", self.path.display());
        let rest = &self.text[start.unwrap() + heading.len()..];
        rest.find("\n## ").map_or(rest, |end| &rest[..end])
    }

    /// Returns the rows of the table in a section.
    #[track_caller]
    pub(crate) fn rows(&self, title: &str) -> Vec<Row> {
        let lines = self.section(title).lines().filter(|line| line.starts_with('|'));
        let cells = |line: &str| {
            let line = line.trim().trim_matches('|');
            Row(line.split('|').map(|cell| cell.trim().to_owned()).collect())
        };
        let rows: Vec<Row> = lines.skip(2).map(cells).collect();
        assert!(!rows.is_empty(), "`{title}` of {} has no table", self.path.display());
        rows
    }

    /// Returns the first column of the table in a section.
    #[track_caller]
    pub(crate) fn keys(&self, title: &str) -> BTreeSet<String> {
        self.rows(title).iter().map(Row::key).collect()
    }

    /// Returns what stands in backquotes between two texts.
    #[track_caller]
    pub(crate) fn listed(&self, begin: &str, end: &str) -> BTreeSet<String> {
        let (_, rest) = self.text.split_once(begin).unwrap();
        quoted(rest.split_once(end).map_or(rest, |(list, _)| list))
    }
}

impl Row {
    /// Returns the first cell without its backquotes.
    pub(crate) fn key(&self) -> String {
        self.code(0)
    }

    /// Returns a cell without its backquotes.
    pub(crate) fn code(&self, column: usize) -> String {
        self.0[column].trim_matches('`').to_owned()
    }
}

impl Block {
    /// Returns the file that the first line names.
    #[track_caller]
    pub(crate) fn file(&self) -> &Path {
        let name = self.text.lines().next().and_then(|line| line.strip_prefix("# "));
        assert!(name.is_some(), "the first line names no file:\n{}", self.text);
        Path::new(name.unwrap())
    }
}

/// Returns the files of which a text consists, the first one of this name.
///
/// A line such as `# .github/workflows/other.yml` begins another file, which lies beside the first one.
pub(crate) fn files_in<'a>(name: &'a Path, text: &'a str) -> Vec<(&'a Path, String)> {
    let mut files = vec![(name, String::new())];
    for (number, line) in text.lines().enumerate() {
        let begins = line.starts_with("# .github/workflows/") || line == "# lockgate.lock";
        if begins && number > 0 {
            files.push((Path::new(&line[2..]), String::new()));
        }
        let (_, file) = files.last_mut().unwrap();
        file.push_str(line);
        file.push('\n');
    }
    files
}

/// Returns everything in backquotes.
pub(crate) fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
