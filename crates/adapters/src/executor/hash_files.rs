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

    const FILES: [&str; 10] = [
        "a.txt",
        "a/z.txt",
        "a/b.txt",
        "a.d/q.txt",
        "b/c/d.lock",
        "b/Cargo.lock",
        ".h/e.lock",
        "x{1}/y.lock",
        "B.txt",
        "_u.txt",
    ];

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in FILES {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("{name}\n")).unwrap();
        }
        std::os::unix::fs::symlink("../a", folder.path().join("b/link")).unwrap();
        std::os::unix::fs::symlink("../a.txt", folder.path().join("b/flink")).unwrap();
        folder
    }

    fn hash(folder: &Path, patterns: &[&str]) -> String {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        hash_files(&patterns, folder, Path::new("/h")).unwrap()
    }

    /// The expected digests are what `@actions/glob` 0.5.0 gives for the same files.
    #[test]
    fn digests_are_those_of_github() {
        let folder = tree();
        let expected: [(&[&str], &str); 12] = [
            (
                &["**/*.lock"],
                "2aeae0548834754aa3902a36ee40926d97ba8f3846ad29faccd90fe725bddf72",
            ),
            (
                &["**"],
                "c056ed688def97b6b7b3acbd12e8bb8b5d69e07b7efc5312cb618e62f5ea1179",
            ),
            (
                &["a*"],
                "477ac26c55dd134d9b2977be94321dc86d0f706ebd65f29d93e68a9d1288216b",
            ),
            (
                &["*.txt", "b/**"],
                "0fcbc39ecb2dcb302e59b07ed3a17fd830f13b52a8d1f86e5e2c30bc3423a5be",
            ),
            (
                &["b/**", "!**/c/**"],
                "ae6b748326c670c865d2d24c07be1a8c11e095ff7857a77c989f25512231a25d",
            ),
            (
                &["x{1}/*"],
                "61c7f729d1ed78ec89defaec1f8782958f4651988b525022384dfa58f6e9ac8f",
            ),
            (
                &["**/*.txt", "!a"],
                "fbf2bf6361479056580de69cebda21afb7530926a4c43fd94e8eec5bad5c99b6",
            ),
            (&["b/link/**"], ""),
            (
                &["a/"],
                "3b028b2fc5f64ee85df5e5a0ce456e4403ff9be454df57498e6fafb794aa1dfe",
            ),
            (
                &[".h"],
                "45e51b06e770c868a2644619df39764bb7c147ca86e040960823771f988ca045",
            ),
            (
                &["[ab]*/?.txt"],
                "a221e4147a2ed1a28405446f0d50ce3af6dcff87bed704472aad2ee3d8ad41cd",
            ),
            (
                &["**/c"],
                "94aabf0891a521b0f8acc3113070196fe557ba17244e368c2c68ac06150b74ac",
            ),
        ];
        for (patterns, digest) in expected {
            assert_eq!(hash(folder.path(), patterns), digest, "{patterns:?}");
        }
    }

    #[test]
    fn links_are_entered_when_wanted() {
        let folder = tree();
        let followed = hash(folder.path(), &[FOLLOW, "b/link/**"]);
        assert_eq!(followed, hash(folder.path(), &["a/**"]));
    }
}
