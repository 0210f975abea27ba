//! Where a mistake is, for a program that knows the repository and nothing of this machine.

use std::path::{Path, PathBuf};

use lockgate_core::{SourceFile, Span};

use crate::check::files::absolute;
use crate::check::round::Round;
use crate::project::Folders;

/// A stretch of a file: lines and columns from 1, columns in characters, the end behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

impl Region {
    /// Returns the stretch that a span covers.
    pub(super) fn of(file: &SourceFile, span: Span) -> Self {
        let (line, column) = file.position(span.start);
        let (end_line, end_column) = file.position(span.end.max(span.start));
        Self {
            line,
            column,
            end_line,
            end_column,
        }
    }
}

/// Returns a file's path from the top of the repository, else of the project, with `/` between its parts.
pub(super) fn path(round: &Round, folders: &Folders, file: &SourceFile) -> String {
    let shown = Path::new(&*file.path);
    let path = round.paths.get(&file.path).map_or(shown, PathBuf::as_path);
    let absolute = absolute(path).unwrap_or_else(|_| folders.root.join(path));
    relative(&absolute, folders.top())
}

/// Returns how one comes from a folder to a path; both are absolute.
fn relative(path: &Path, from: &Path) -> String {
    let shared = path
        .components()
        .zip(from.components())
        .take_while(|(left, right)| left == right)
        .count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = path
        .components()
        .skip(shared)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_the_top() {
        let told = |path: &str| relative(&absolute(Path::new(path)).unwrap(), Path::new("/home/shop"));
        assert_eq!(told("/home/shop/.github/workflows/ci.yml"), ".github/workflows/ci.yml");
        assert_eq!(told("/home/shop/app/./../ci.yml"), "ci.yml");
        assert_eq!(told("/home/other/ci.yml"), "../other/ci.yml");
    }

    #[test]
    fn columns_are_characters() {
        let file = SourceFile::new("a.yml", "a: ü$\nb: 1\n");
        let region = Region::of(&file, Span::new(3, 8));
        let expected = Region {
            line: 1,
            column: 4,
            end_line: 2,
            end_column: 2,
        };
        assert_eq!(region, expected);
    }
}
