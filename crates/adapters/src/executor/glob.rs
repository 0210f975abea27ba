//! Finding files by patterns, as `@actions/glob` does for artifacts, caches and `hashFiles`.
//!
//! One pattern per line; `#` starts a comment, `!` takes away what earlier lines found;
//! `*`, `?` and `[…]` stay within a folder, `**` crosses them; a folder stands for all in
//! it. The search begins at the longest part of a pattern without a wildcard and visits
//! a folder's entries in the order of their bytes, so that hashes agree with GitHub's.

use std::ffi::OsStr;
use std::fs::FileType;
use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// A list of patterns.
#[derive(Clone, Debug)]
pub struct Globs {
    patterns: Vec<Pattern>,
}

/// What to do with a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It stands for what it points to.
    Follow,
    /// It stands for itself.
    Keep,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link that is kept as one.
    Link,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// `..` somewhere in it.
    #[error("invalid pattern `{0}`: `..` is not allowed; write the path from the workspace")]
    Upward(String),
    /// Not a wildcard expression.
    #[error("invalid pattern `{pattern}`: {reason}")]
    Syntax {
        /// As written.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// Only comments and exclusions.
    #[error("no pattern says what to include")]
    Empty,
}

#[derive(Clone, Debug)]
struct Pattern {
    excludes: bool,
    segments: Vec<Segment>,
    start: PathBuf,
}

#[derive(Clone, Debug)]
enum Segment {
    Literal(std::ffi::OsString),
    Wildcard(Box<GlobMatcher>),
    Any,
}

impl Globs {
    /// Returns the patterns of `text`, relative ones under `root`, `~` standing for `home`.
    ///
    /// # Errors
    /// Returns the first pattern that cannot be used.
    pub fn parse(text: &str, root: &Path, home: &Path) -> Result<Self, GlobError> {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let patterns = lines
            .map(|line| Pattern::parse(line, root, home))
            .collect::<Result<Vec<_>, _>>()?;
        if patterns.iter().all(|pattern| pattern.excludes) {
            return Err(GlobError::Empty);
        }
        Ok(Self { patterns })
    }

    /// Returns where the search begins: for each pattern, unless another one begins above.
    pub fn search_paths(&self) -> Vec<PathBuf> {
        let starts = || self.patterns.iter().filter(|p| !p.excludes).map(|p| &p.start);
        let mut paths: Vec<PathBuf> = Vec::new();
        for start in starts() {
            let below_another = starts().any(|other| other != start && start.starts_with(other));
            if !below_another && !paths.contains(start) {
                paths.push(start.clone());
            }
        }
        paths
    }

    /// Returns what matches, in the order of the visit.
    ///
    /// # Errors
    /// Returns a folder that cannot be read.
    pub fn find(&self, links: Links) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for start in self.search_paths() {
            let mut above = Vec::new();
            self.visit(&start, links, &mut above, &mut found)?;
        }
        Ok(found)
    }

    fn visit(&self, path: &Path, links: Links, above: &mut Vec<PathBuf>, found: &mut Vec<Found>) -> io::Result<()> {
        let matches = self.matches(path);
        if !matches && !self.may_contain(path) {
            return Ok(());
        }
        let Some(kind) = kind_of(path, links)? else {
            return Ok(());
        };
        if matches {
            found.push(Found {
                path: path.to_owned(),
                kind,
            });
        }
        if kind == Kind::Folder {
            let real = path.canonicalize()?;
            if above.contains(&real) {
                return Ok(());
            }
            above.push(real);
            for name in sorted_names(path)? {
                self.visit(&path.join(name), links, above, found)?;
            }
            above.pop();
        }
        Ok(())
    }

    fn matches(&self, path: &Path) -> bool {
        let parts: Vec<&OsStr> = parts_of(path);
        self.patterns.iter().fold(false, |included, pattern| {
            if pattern.excludes {
                included && !within(&pattern.segments, &parts)
            } else {
                included || within(&pattern.segments, &parts)
            }
        })
    }

    fn may_contain(&self, path: &Path) -> bool {
        let parts = parts_of(path);
        self.patterns
            .iter()
            .any(|pattern| !pattern.excludes && leads_to(&pattern.segments, &parts))
    }
}

impl Pattern {
    fn parse(line: &str, root: &Path, home: &Path) -> Result<Self, GlobError> {
        let (excludes, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        let full = match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ => root.join(text),
        };
        let written = full.components().filter_map(|component| match component {
            Component::Normal(name) => Some(Ok(name)),
            Component::ParentDir => Some(Err(GlobError::Upward(line.to_owned()))),
            _ => None,
        });
        let prefix = if text.starts_with('~') { home } else { root };
        let literal_parts = if Path::new(text).is_absolute() {
            0
        } else {
            parts_of(prefix).len()
        };
        let mut segments = Vec::new();
        for (at, name) in written.enumerate() {
            segments.push(Segment::parse(name?, at < literal_parts, line)?);
        }
        let start = segments
            .iter()
            .map_while(|segment| match segment {
                Segment::Literal(name) => Some(name),
                _ => None,
            })
            .fold(PathBuf::from("/"), |path, name| path.join(name));
        Ok(Self {
            excludes,
            segments,
            start,
        })
    }
}

impl Segment {
    fn parse(name: &OsStr, literal: bool, line: &str) -> Result<Self, GlobError> {
        let text = name.to_string_lossy();
        if text == "**" && !literal {
            return Ok(Self::Any);
        }
        if literal || !text.contains(['*', '?', '[', '\\']) {
            return Ok(Self::Literal(name.to_owned()));
        }
        let without_braces = text.replace('{', "[{]").replace('}', "[}]");
        let glob = GlobBuilder::new(&without_braces)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|cause| GlobError::Syntax {
                pattern: line.to_owned(),
                reason: cause.kind().to_string(),
            })?;
        Ok(Self::Wildcard(Box::new(glob.compile_matcher())))
    }

    fn is(&self, name: &OsStr) -> bool {
        match self {
            Self::Literal(literal) => literal == name,
            Self::Wildcard(matcher) => matcher.is_match(Path::new(name)),
            Self::Any => true,
        }
    }
}

/// Returns whether the pattern matches the path, or a folder above it.
fn within(segments: &[Segment], parts: &[&OsStr]) -> bool {
    match (segments, parts) {
        ([], _) => true,
        ([Segment::Any, rest @ ..], _) => (0..=parts.len()).any(|skip| within(rest, &parts[skip..])),
        (_, []) => false,
        ([segment, rest @ ..], [part, behind @ ..]) => segment.is(part) && within(rest, behind),
    }
}

/// Returns whether something below the path may match.
fn leads_to(segments: &[Segment], parts: &[&OsStr]) -> bool {
    match (segments, parts) {
        ([Segment::Any, ..], _) | (_, []) => true,
        ([], _) => false,
        ([segment, rest @ ..], [part, behind @ ..]) => segment.is(part) && leads_to(rest, behind),
    }
}

fn parts_of(path: &Path) -> Vec<&OsStr> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect()
}

fn kind_of(path: &Path, links: Links) -> io::Result<Option<Kind>> {
    let metadata = match links {
        Links::Follow => path.metadata(),
        Links::Keep => path.symlink_metadata(),
    };
    match metadata {
        Ok(metadata) => Ok(of_type(metadata.file_type())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

fn of_type(kind: FileType) -> Option<Kind> {
    match kind {
        kind if kind.is_file() => Some(Kind::File),
        kind if kind.is_dir() => Some(Kind::Folder),
        kind if kind.is_symlink() => Some(Kind::Link),
        _ => None,
    }
}

fn sorted_names(folder: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let mut names = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &str, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for file in [
            "a.txt",
            "a/b.txt",
            "a/c.rs",
            "a/d/e.rs",
            "x{y}/z.rs",
            ".hidden/f.rs",
            "foo..bar/g",
        ] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), file).unwrap();
        }
        let globs = Globs::parse(patterns, &root, Path::new("/nowhere")).unwrap();
        let found: Vec<String> = globs
            .find(Links::Follow)
            .unwrap()
            .into_iter()
            .filter(|found| found.kind == Kind::File)
            .map(|found| found.path.strip_prefix(&root).unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(found, expected, "{patterns}");
    }

    #[test]
    fn patterns_find_what_github_finds() {
        check("a.txt", &["a.txt"]);
        check("a", &["a/b.txt", "a/c.rs", "a/d/e.rs"]);
        check("./a/", &["a/b.txt", "a/c.rs", "a/d/e.rs"]);
        check("*.txt", &["a.txt"]);
        check("**/*.rs\n!a/d", &[".hidden/f.rs", "a/c.rs", "x{y}/z.rs"]);
        check("a/**\n# comment\n!**/*.rs\na/d/e.rs", &["a/b.txt", "a/d/e.rs"]);
        check("x{y}/*", &["x{y}/z.rs"]);
        check("[ab]/?.rs", &["a/c.rs"]);
        check("foo..bar", &["foo..bar/g"]);
        check("missing/**", &[]);
        check("a*", &["a/b.txt", "a/c.rs", "a/d/e.rs", "a.txt"]);
    }

    #[test]
    fn what_leads_out_is_refused() {
        for text in ["../x", "a/../../x", "/tmp/../etc"] {
            let refusal = Globs::parse(text, Path::new("/w"), Path::new("/h")).unwrap_err();
            assert!(matches!(refusal, GlobError::Upward(_)), "{text}");
        }
        assert_eq!(
            Globs::parse("!a", Path::new("/w"), Path::new("/h")).unwrap_err(),
            GlobError::Empty
        );
    }

    #[test]
    fn a_circle_of_links_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/f"), "").unwrap();
        std::os::unix::fs::symlink("..", folder.path().join("a/up")).unwrap();
        let globs = Globs::parse("**", folder.path(), Path::new("/h")).unwrap();
        let files = globs.find(Links::Follow).unwrap();
        assert_eq!(files.iter().filter(|found| found.kind == Kind::File).count(), 1);
    }
}
