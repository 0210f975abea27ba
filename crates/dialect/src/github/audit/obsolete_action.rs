//! Versions of actions that GitHub has switched off, or that need a Node.js which it has.
//!
//! A table of facts, each from the action's own notes; what is not in it is not judged.

use super::subject::Subject;
use super::{Finding, Level};
use crate::codes;

struct Obsolete {
    action: &'static str,
    /// The last version that is obsolete; `None` when every one is.
    last: Option<u32>,
    why: Why,
    /// What to use instead.
    instead: &'static str,
}

#[derive(Clone, Copy)]
enum Why {
    /// GitHub refuses it.
    SwitchedOff,
    /// It is for Node.js 12 or 16.
    OldNode,
    /// Nobody maintains it.
    Abandoned,
    /// Somebody has changed its tags to steal secrets.
    Compromised,
}

const fn upto(action: &'static str, last: u32, why: Why, instead: &'static str) -> Obsolete {
    Obsolete {
        action,
        last: Some(last),
        why,
        instead,
    }
}

const fn every(action: &'static str, why: Why, instead: &'static str) -> Obsolete {
    Obsolete {
        action,
        last: None,
        why,
        instead,
    }
}

const TABLE: &[Obsolete] = &[
    upto("actions/upload-artifact", 3, Why::SwitchedOff, "`@v4`"),
    upto("actions/download-artifact", 3, Why::SwitchedOff, "`@v4`"),
    upto("actions/upload-pages-artifact", 2, Why::SwitchedOff, "`@v3`"),
    upto("actions/deploy-pages", 3, Why::SwitchedOff, "`@v4`"),
    upto("actions/cache", 2, Why::SwitchedOff, "`@v4`"),
    upto("github/codeql-action", 2, Why::SwitchedOff, "`@v3`"),
    upto("swatinem/rust-cache", 1, Why::OldNode, "`@v2`"),
    upto("actions/checkout", 3, Why::OldNode, "`@v4`"),
    upto("actions/cache", 3, Why::OldNode, "`@v4`"),
    upto("actions/setup-node", 3, Why::OldNode, "`@v4`"),
    upto("actions/setup-python", 4, Why::OldNode, "`@v5`"),
    upto("actions/setup-java", 3, Why::OldNode, "`@v4`"),
    upto("actions/setup-go", 4, Why::OldNode, "`@v5`"),
    upto("actions/setup-dotnet", 3, Why::OldNode, "`@v4`"),
    upto("actions/github-script", 6, Why::OldNode, "`@v7`"),
    upto("actions/labeler", 4, Why::OldNode, "`@v5`"),
    upto("actions/stale", 8, Why::OldNode, "`@v9`"),
    upto("docker/build-push-action", 4, Why::OldNode, "`@v5`"),
    upto("docker/login-action", 2, Why::OldNode, "`@v3`"),
    upto("docker/metadata-action", 4, Why::OldNode, "`@v5`"),
    upto("docker/setup-buildx-action", 2, Why::OldNode, "`@v3`"),
    upto("docker/setup-qemu-action", 2, Why::OldNode, "`@v3`"),
    upto("codecov/codecov-action", 3, Why::OldNode, "`@v4`"),
    upto("softprops/action-gh-release", 1, Why::OldNode, "`@v2`"),
    upto("peaceiris/actions-gh-pages", 3, Why::OldNode, "`@v4`"),
    upto("tj-actions/changed-files", 45, Why::Compromised, "`@v46` by its commit"),
    every("actions/create-release", Why::Abandoned, "`gh release create`"),
    every("actions/upload-release-asset", Why::Abandoned, "`gh release upload`"),
    every(
        "actions-rs/toolchain",
        Why::Abandoned,
        "`rustup`, or `dtolnay/rust-toolchain`",
    ),
    every("actions-rs/cargo", Why::Abandoned, "`run: cargo …`"),
    every("actions-rs/clippy-check", Why::Abandoned, "`run: cargo clippy`"),
    every("actions-rs/audit-check", Why::Abandoned, "`rustsec/audit-check`"),
    every("actions-rs/audit", Why::Abandoned, "`rustsec/audit-check`"),
    every("actions-rs/install", Why::Abandoned, "`taiki-e/install-action`"),
    every("actions-rs/grcov", Why::Abandoned, "`run: grcov …`"),
    upto("embarkstudios/cargo-deny-action", 1, Why::Abandoned, "`@v2`"),
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (_, step) in subject.steps() {
        let Some((uses, span)) = step.uses() else {
            continue;
        };
        let (path, version) = uses.split_once('@').unwrap_or((uses, ""));
        // An action in a folder is one of its repository.
        let repository = path.match_indices('/').nth(1).map_or(path, |(end, _)| &path[..end]);
        let known = TABLE.iter().find(|known| {
            let is_same = known.action.eq_ignore_ascii_case(repository);
            is_same
                && known
                    .last
                    .is_none_or(|last| major(version).is_some_and(|major| major <= last))
        });
        if let Some(known) = known {
            let (message, level) = match known.why {
                Why::SwitchedOff => (
                    format!("GitHub has switched `{uses}` off: the step fails"),
                    Level::Certain,
                ),
                Why::OldNode => (
                    format!("`{uses}` is written for a Node.js that runners do not have any more"),
                    Level::Strict,
                ),
                Why::Abandoned => (format!("nobody maintains `{uses}` any more"), Level::Strict),
                Why::Compromised => {
                    let message =
                        format!("tags of `{repository}` up to `v45` were changed to steal secrets (CVE-2025-30066)");
                    (message, Level::Certain)
                }
            };
            let diagnostic = subject
                .warning(codes::OBSOLETE_ACTION, span, message)
                .help(format!("use {}", known.instead));
            found.push(Finding::new(level, diagnostic));
        }
    }
}

/// Returns the first number of a version such as `v4`, `v4.1.2` or `4`.
fn major(version: &str) -> Option<u32> {
    let digits = version.strip_prefix('v').unwrap_or(version);
    // A commit begins with digits too.
    let number = digits.split('.').next()?;
    (number.len() <= 3).then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_the_version() {
        assert_eq!(major("v4"), Some(4));
        assert_eq!(major("v4.1.2"), Some(4));
        assert_eq!(major("3"), Some(3));
        for version in ["main", "", "v", "08eba0b27e820071cde6df949e0beb9ba4906955"] {
            assert_eq!(major(version), None, "{version}");
        }
    }
}
