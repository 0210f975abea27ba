//! Files that are run, by this script or by whoever finds them.

use std::collections::BTreeSet;

use super::super::super::program::{assigned, program, reads_a_pipe, runs_its_words, unquoted};
use super::super::super::words::Command;
use super::looking::is_list_of;

/// Returns the names of the files that a script runs, when it runs the values of some variables and the output of those
/// commands of which `piped` says so.
pub(super) fn files(commands: &[Command<'_>], run: &BTreeSet<String>, piped: &[bool]) -> BTreeSet<String> {
    let reads_lines =
        |command: &Command<'_>| matches!(program(&command.plain()), Some("read" | "mapfile" | "readarray"));
    let reads_any_lines = commands.iter().any(reads_lines);
    let mut found = BTreeSet::new();
    for (command, piped) in commands.iter().zip(piped) {
        let words = command.plain();
        let name = program(&words).unwrap_or_default();
        found.insert(name_of_file(name));
        let is_made_to_run = name == "chmod" && words.iter().any(|word| makes_run(word));
        if *piped || is_made_to_run || name == "install" || reads_a_pipe(&words) || runs_its_words(&words) {
            found.extend(command.words.iter().flat_map(|word| named_in(word.text)));
        }
        // As in `A=$(cat file); $A` and `for A in *.env; do . $A; done`.
        let is_list = is_list_of(&words, run);
        let values = words
            .iter()
            .filter(|word| is_list || assigned(word).is_some_and(|name| run.contains(name)));
        found.extend(values.flat_map(|word| named_in(word)));
        let sources = command
            .words
            .windows(2)
            .filter(|pair| reads_any_lines && pair[0].text == "<");
        found.extend(sources.map(|pair| name_of_file(pair[1].text)));
    }
    found.remove("");
    hand_on(commands, &mut found);
    found
}

/// Returns whether a file is run: as one of those that are, or as its name says.
pub(in super::super) fn is_run(file: &str, files: &BTreeSet<String>) -> bool {
    let name = name_of_file(file);
    let is_of_pattern = |(before, behind): (&str, &str)| {
        let is_any = before.is_empty() && behind.is_empty();
        !is_any && name.starts_with(before) && name.ends_with(behind)
    };
    let mut patterns = files.iter().filter_map(|file| file.split_once('*'));
    files.contains(&name) || is_script(file) || patterns.any(is_of_pattern)
}

/// Adds the files of which others are made that are run.
pub(in super::super) fn hand_on(commands: &[Command<'_>], found: &mut BTreeSet<String>) {
    /// More often nobody moves the same text.
    const MOST: usize = 4;
    const COPYING: [&str; 11] = [
        "cp", "mv", "ln", "cat", "envsubst", "sed", "grep", "sort", "head", "tail", "tee",
    ];
    let copying: Vec<&Command<'_>> = commands
        .iter()
        .filter(|command| program(&command.plain()).is_some_and(|name| COPYING.contains(&name)))
        .collect();
    for _ in 0..MOST {
        let before = found.len();
        for command in &copying {
            let is_moving = matches!(program(&command.plain()), Some("cp" | "mv" | "ln"));
            let words = command.words.iter().map(|word| word.text);
            let mut made = command.targets().chain(words.filter(|_| is_moving));
            if made.any(|file| is_run(&unquoted(file), found)) {
                found.extend(command.words.iter().skip(1).flat_map(|word| named_in(word.text)));
            }
        }
        found.remove("");
        if found.len() == before {
            break;
        }
    }
}

/// Returns the names of files that may stand in a word.
fn named_in(word: &str) -> impl Iterator<Item = String> {
    let pieces = word.split(|c: char| c.is_whitespace() || "()`<>;|&=".contains(c));
    pieces.filter(|piece| !piece.starts_with('-')).map(name_of_file)
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
    const ENDINGS: &str = "sh bash zsh ksh fish py pyw js mjs cjs ts mts jsx tsx rb pl pm php lua ps1 psm1 bat cmd awk sed sql mk \
        cmake gradle groovy r jl tcl exp vim el nix tf go rs c h cc cpp hpp java cs fs hs ml swift scala kt kts";
    const NAMES: &str = "makefile gnumakefile dockerfile containerfile jenkinsfile justfile rakefile gemfile vagrantfile \
        procfile .bashrc .bash_profile .bash_login .profile .zshrc .zshenv .zprofile .envrc .gitconfig package.json \
        $bash_env ${bash_env} $env ${env}";
    const FOLDERS: [&str; 5] = ["/bin/", "/sbin/", "hooks/", "/etc/", "systemd/"];
    let file = file.to_ascii_lowercase();
    let name = file.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_in = |list: &str, word: &str| list.split_ascii_whitespace().any(|listed| listed == word);
    is_in(ENDINGS, ending) || is_in(NAMES, name) || FOLDERS.iter().any(|folder| file.contains(folder))
}
