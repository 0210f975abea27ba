//! Files that are run, by this script or by whoever finds them.

use std::collections::BTreeSet;

use super::super::super::program::{program, reads_a_pipe, unquoted};
use super::super::super::words::Command;

/// Returns the names of the files that a script runs.
pub(super) fn files(commands: &[Command<'_>]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for command in commands {
        let words = command.plain();
        let Some(name) = program(&words) else {
            continue;
        };
        found.insert(name_of_file(name));
        let is_made_to_run = name == "chmod" && words.iter().any(|word| makes_run(word));
        let is_copied =
            matches!(name, "cp" | "mv" | "ln" | "install") && words.iter().any(|word| is_script(&unquoted(word)));
        if is_made_to_run || is_copied || name == "install" || reads_a_pipe(&words) {
            let all = command.words.iter().map(|word| word.text);
            found.extend(all.filter(|word| !word.starts_with('-')).map(name_of_file));
        }
    }
    found.remove("");
    found
}

pub(super) fn name_of_file(word: &str) -> String {
    unquoted(word).rsplit('/').next().unwrap_or_default().to_owned()
}

/// Returns whether a word of `chmod` lets somebody run a file.
fn makes_run(word: &str) -> bool {
    let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_odd = word.bytes().any(|byte| byte % 2 == 1);
    (is_number && is_odd) || (word.contains(['+', '=']) && word.contains(['x', 'X']))
}

/// Returns whether a file is a script by its name or folder, which a later step may run.
pub(super) fn is_script(file: &str) -> bool {
    const ENDINGS: &str = "sh bash zsh ksh fish py pyw js mjs cjs ts mts rb pl pm php lua ps1 psm1 bat cmd awk sed sql mk cmake \
        gradle groovy kts r jl tcl exp vim el nix";
    const NAMES: &str = "makefile gnumakefile dockerfile containerfile jenkinsfile justfile rakefile gemfile vagrantfile \
        procfile .bashrc .bash_profile .bash_login .profile .zshrc .zshenv .zprofile .envrc .gitconfig rc.local";
    const FOLDERS: [&str; 5] = ["/bin/", "/sbin/", "hooks/", "/cron", "profile.d/"];
    let file = file.to_ascii_lowercase();
    let name = file.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_in = |list: &str, word: &str| list.split_ascii_whitespace().any(|listed| listed == word);
    is_in(ENDINGS, ending) || is_in(NAMES, name) || FOLDERS.iter().any(|folder| file.contains(folder))
}
