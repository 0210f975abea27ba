//! What the scripts of a job do with files and variables that one of them leaves to the others.

use std::collections::BTreeSet;

use super::super::words::commands;
use super::MOST_BYTES;
use super::uses::{Uses, hand_on, is_run};

/// What is run of what a script leaves.
#[derive(Default)]
pub(in super::super::super) struct Elsewhere {
    /// Names of files.
    files: BTreeSet<String>,
    /// Names of variables.
    variables: BTreeSet<String>,
    /// Whether anything may be.
    is_unknown: bool,
}

impl Elsewhere {
    pub(in super::super::super) fn of<'t>(scripts: impl Iterator<Item = &'t str>) -> Self {
        let mut found = Self::default();
        let mut read = Vec::new();
        for script in scripts {
            found.is_unknown |= script.len() > MOST_BYTES;
            if !found.is_unknown {
                let commands = commands(script);
                let mut uses = Uses::of(script, &commands);
                found.files.append(&mut uses.files);
                found.variables.append(&mut uses.run);
                read.push(commands);
            }
        }
        // A file that one script runs may be made of another one by a script before.
        for commands in read.iter().rev() {
            hand_on(commands, &mut found.files);
        }
        found
    }

    /// What is not looked into, because the file has more than is.
    pub(in super::super::super) fn unknown() -> Self {
        Self {
            is_unknown: true,
            ..Self::default()
        }
    }

    /// Returns whether something of a text is run that goes to some files.
    pub(super) fn runs<'f>(&self, text: &str, mut files: impl Iterator<Item = &'f str>) -> bool {
        let is_set = || {
            let mut names = self.variables.iter();
            names.any(|name| text.contains(&format!("{name}=")) || text.contains(&format!("{name}<<")))
        };
        files.any(|file| self.is_unknown || is_run(file, &self.files) || (file.contains("GITHUB_ENV") && is_set()))
    }
}
