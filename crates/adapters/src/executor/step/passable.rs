//! What the kernel passes to a program, and what not.
//!
//! Asked before a step is started, because the kernel only says that something is too long,
//! and not which variable, nor who set it.

use std::collections::BTreeMap;

use nix::unistd::{SysconfVar, sysconf};

/// The most that one entry may be on Linux with pages of 4 KiB, with its end (`MAX_ARG_STRLEN`).
const LONGEST_ENTRY: usize = 128 * 1024;

/// What the kernel takes for each entry beside its bytes: a pointer, and the end.
const EACH: usize = 9;

/// What is left for arguments and the name of the program.
const RESERVE: usize = 8 * 1024;

/// A variable that no program can be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Impassable {
    /// The kernel's strings end there.
    #[error("the variable `{0}` holds a NUL byte, which no program can be given: remove it where the variable is set")]
    Nul(String),
    /// One alone is too long.
    #[error(
        "the variable `{name}` has {size} bytes, and Linux passes at most {LONGEST_ENTRY} to a program: write the value \
         to a file, and its path to the variable"
    )]
    Long { name: String, size: usize },
    /// All of them are too long.
    #[error(
        "the variables of the step have {all} bytes, and this machine passes at most {most} to a program; the longest is \
         `{name}` with {size}: write its value to a file, and the path to the variable"
    )]
    All {
        name: String,
        size: usize,
        all: usize,
        most: usize,
    },
}

/// Returns whether a program can be given this environment.
pub(super) fn check(env: &BTreeMap<String, String>) -> Result<(), Impassable> {
    let most = sysconf(SysconfVar::ARG_MAX).ok().flatten();
    let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    check_against(env, most)
}

fn check_against(env: &BTreeMap<String, String>, most: usize) -> Result<(), Impassable> {
    let mut all = RESERVE;
    let mut longest: (&str, usize) = ("", 0);
    for (name, value) in env {
        if name.contains('\0') || value.contains('\0') {
            return Err(Impassable::Nul(name.replace('\0', "")));
        }
        let size = name.len() + value.len() + 2;
        if size > LONGEST_ENTRY {
            let name = name.clone();
            return Err(Impassable::Long { name, size });
        }
        all += size + EACH;
        if size > longest.1 {
            longest = (name, size);
        }
    }
    if all > most {
        let (name, size) = (longest.0.to_owned(), longest.1);
        return Err(Impassable::All { name, size, all, most });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(entries: &[(&str, &str)], most: usize, words: &str) {
        let env = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let refusal = check_against(&env.collect(), most).unwrap_err().to_string();
        assert!(refusal.contains(words), "{refusal}");
    }

    #[test]
    fn the_variable_that_is_to_blame_is_named() {
        refused(&[("A", "1"), ("B", "x\0y")], usize::MAX, "`B` holds a NUL byte");
        refused(&[("A\0", "1")], usize::MAX, "`A` holds a NUL byte");
        let long = "x".repeat(LONGEST_ENTRY - 2);
        refused(&[("A", "1"), ("B", &long)], usize::MAX, "`B` has 131073 bytes");
        refused(
            &[("A", "1"), ("B", "12"), ("C", "1")],
            RESERVE + 20,
            "the longest is `B`",
        );
        let fits = BTreeMap::from([("B".to_owned(), long[1..].to_owned())]);
        assert_eq!(check_against(&fits, usize::MAX), Ok(()));
    }
}
