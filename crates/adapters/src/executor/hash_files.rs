//! `hashFiles()`: one digest over many files, equal to GitHub's.

use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::glob::{GlobError, Globs, Kind, Links};

/// The option that GitHub takes as a first pattern.
const FOLLOW: &str = "--follow-symbolic-links";

/// The files could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashFilesError {
    /// A pattern cannot be used.
    #[error("hash files")]
    Pattern(#[from] GlobError),
    /// A file cannot be read.
    #[error("hash files by `{patterns}`")]
    Read {
        /// The patterns.
        patterns: String,
        /// Why not.
        #[source]
        cause: io::Error,
    },
}

/// Returns the SHA-256, in hexadecimal, over the SHA-256 of each file in the workspace that matches.
///
/// Returns the empty text when nothing matches.
///
/// # Errors
/// Returns the pattern or the file that cannot be read.
pub fn hash_files(patterns: &[String], workspace: &Path, home: &Path) -> Result<String, HashFilesError> {
    let (links, patterns) = match patterns {
        [first, rest @ ..] if first.eq_ignore_ascii_case(FOLLOW) => (Links::Follow, rest),
        all => (Links::Keep, all),
    };
    let text = patterns.join("\n");
    let globs = Globs::parse(&text, workspace, home)?;
    digest(&globs, links, workspace).map_err(|cause| HashFilesError::Read { patterns: text, cause })
}

fn digest(globs: &Globs, links: Links, workspace: &Path) -> io::Result<String> {
    let mut all = Sha256::new();
    let mut any = false;
    for found in globs.find(links)? {
        // A link is hashed by what it points to even when the search does not enter it.
        let is_file = match found.kind {
            Kind::File => true,
            Kind::Folder => false,
            Kind::Link => found.path.metadata().is_ok_and(|metadata| metadata.is_file()),
        };
        if !is_file || !found.path.starts_with(workspace) {
            continue;
        }
        let mut one = Sha256::new();
        io::copy(&mut File::open(&found.path)?, &mut one)?;
        all.update(one.finalize());
        any = true;
    }
    Ok(if any {
        hexadecimal(&all.finalize())
    } else {
        String::new()
    })
}

/// Returns bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_over_the_digests_in_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/x"), "1").unwrap();
        std::fs::write(folder.path().join("a.x"), "2").unwrap();
        let hash = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
            hash_files(&patterns, folder.path(), Path::new("/h")).unwrap()
        };
        let expected = {
            let mut all = Sha256::new();
            all.update(Sha256::digest("1"));
            all.update(Sha256::digest("2"));
            hexadecimal(&all.finalize())
        };
        assert_eq!(hash(&["**"]), expected);
        assert_eq!(hash(&["a.x", "a"]), {
            let mut all = Sha256::new();
            all.update(Sha256::digest("2"));
            all.update(Sha256::digest("1"));
            hexadecimal(&all.finalize())
        });
        assert_eq!(hash(&["nothing/**"]), "");
        assert_eq!(hash(&[FOLLOW, "**"]), expected);
    }
}
