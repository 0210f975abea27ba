//! Which shell runs a script, and how a place in a script is quoted.

mod program;
mod quoting;
mod words;

pub(super) use program::{program, unquoted};
pub(super) use quoting::{Quoting, Script, Standing};
pub(super) use words::{Command, commands};

use super::label::{Label, asked};
use super::subject::{Job, Kind, Step, Subject, text};

/// The shell of a script, as far as its quoting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shell {
    /// `bash` and `sh`.
    Posix,
    /// `pwsh` and `powershell`.
    Pwsh,
    /// Another one, or one that only the run knows.
    Unknown,
}

/// Returns whether a word of a script names a shell, which takes a script by `-c`.
pub(super) fn is_shell(word: &str) -> bool {
    const SHELLS: [&str; 6] = ["bash", "sh", "zsh", "dash", "ash", "ksh"];
    SHELLS.contains(&word.rsplit('/').next().unwrap_or_default())
}

/// Returns the shell that runs the script of a step: its own, that of the defaults, or that of the runner.
pub(super) fn of(subject: &Subject<'_>, job: &Job<'_>, step: Step<'_>) -> Shell {
    let default_of = |node: &crate::yaml::Node| {
        let run = node.get("defaults").and_then(|defaults| defaults.get("run"));
        run.map_or(String::new(), |run| text(run, "shell").to_owned())
    };
    let named = [
        text(step.node, "shell").to_owned(),
        default_of(job.node),
        default_of(subject.root),
    ]
    .into_iter()
    .find(|name| !name.is_empty());
    match named {
        Some(name) => by_name(&name),
        None if subject.kind == Kind::Action => Shell::Unknown,
        None => by_runner(job),
    }
}

fn by_name(name: &str) -> Shell {
    let mut words = name.split_whitespace();
    let program = words.next().unwrap_or_default();
    match program.rsplit('/').next().unwrap_or_default() {
        "bash" | "sh" if runs_the_script(&mut words) => Shell::Posix,
        "pwsh" | "powershell" => Shell::Pwsh,
        _ => Shell::Unknown,
    }
}

/// Returns whether what stands behind the name of `bash` or `sh` makes it run the script and nothing else: options, and
/// `{0}` for the script.
fn runs_the_script<'t>(words: impl Iterator<Item = &'t str>) -> bool {
    const LONG: [&str; 5] = ["--noprofile", "--norc", "--posix", "--login", "--verbose"];
    let words: Vec<&str> = words.collect();
    let Some(("{0}", options)) = words.split_last().map(|(last, options)| (*last, options)) else {
        return words.is_empty();
    };
    let mut takes_a_name = false;
    options.iter().all(|word| {
        if std::mem::take(&mut takes_a_name) {
            return word.bytes().all(|byte| byte.is_ascii_lowercase());
        }
        let short = word.strip_prefix(['-', '+']).unwrap_or_default();
        takes_a_name = short.ends_with(['o', 'O']);
        LONG.contains(word) || (!short.is_empty() && short.bytes().all(|sign| b"abefhlmopuvxBEHOT".contains(&sign)))
    }) && !takes_a_name
}

/// Returns the shell of the runners that a job may get, when it is the same of all of them.
fn by_runner(job: &Job<'_>) -> Shell {
    // What the items together can be, item by item: a label such as `x64` says nothing.
    let mut shells: Vec<Option<Shell>> = vec![None];
    for item in asked(job) {
        let mut both = Vec::new();
        for choice in &item.choices {
            let choice = choice.iter().map(of_label).fold(None, together);
            both.extend(shells.iter().map(|shell| together(*shell, choice)));
        }
        both.sort();
        both.dedup();
        shells = both;
    }
    match shells.as_slice() {
        [Some(only)] => *only,
        _ => Shell::Unknown,
    }
}

/// Returns the shell of a machine that has both labels.
fn together(one: Option<Shell>, other: Option<Shell>) -> Option<Shell> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Some(Shell::Unknown),
        _ => one.or(other),
    }
}

/// Returns the shell of a machine that has this label, when the label says something about it.
fn of_label(label: &Label<'_>) -> Option<Shell> {
    const POSIX: [&str; 3] = ["ubuntu", "linux", "macos"];
    let text = label.text.to_ascii_lowercase();
    if text.contains("${{") {
        return Some(Shell::Unknown);
    }
    let of_word = |word: &str| match word {
        _ if word.starts_with("windows") => Some(Shell::Pwsh),
        _ if word.starts_with("win") => Some(Shell::Unknown),
        _ if POSIX.iter().any(|system| word.starts_with(system)) => Some(Shell::Posix),
        _ => None,
    };
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .map(of_word)
        .fold(None, together)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(job: &str, expected: Shell) {
        let text = format!("jobs:\n  a: {{ {job}, steps: [{{ run: a }}] }}\n");
        let file = lockgate_core::SourceFile::new("a.yml", text);
        let root = crate::yaml::parse(&file).0.unwrap();
        let subject = Subject::new(&file, &root, None);
        let (job_of_it, step) = subject.steps().next().unwrap();
        assert_eq!(of(&subject, job_of_it, step), expected, "{job}");
    }

    #[test]
    fn a_shell_is_known_that_only_runs_the_script() {
        for (name, expected) in [
            ("bash", Shell::Posix),
            ("/bin/sh", Shell::Posix),
            ("bash --noprofile --norc -eo pipefail {0}", Shell::Posix),
            ("bash -l {0}", Shell::Posix),
            ("/usr/bin/bash -x +e -o errexit {0}", Shell::Posix),
            ("bash -c \"docker exec -i app bash < {0}\"", Shell::Unknown),
            ("bash -ec 'python {0}'", Shell::Unknown),
            ("bash -c {0}", Shell::Unknown),
            ("bash wrapper.sh {0}", Shell::Unknown),
            ("bash -o {0}", Shell::Unknown),
            ("bash --rcfile x {0}", Shell::Unknown),
            ("bash -e {0} {0}", Shell::Unknown),
            ("bash -s < {0}", Shell::Unknown),
            ("docker exec app bash {0}", Shell::Unknown),
            ("python {0}", Shell::Unknown),
            ("pwsh", Shell::Pwsh),
        ] {
            assert_eq!(by_name(name), expected, "{name}");
        }
    }

    #[test]
    fn the_shell_is_that_of_all_runners_that_the_job_may_get() {
        let by_matrix = |matrix: &str| format!("runs-on: '${{{{ matrix.os }}}}', strategy: {{ matrix: {matrix} }}");
        for posix in [
            "runs-on: ubuntu-latest",
            "runs-on: macos-15-xlarge",
            "runs-on: [self-hosted, linux, x64]",
            "runs-on: depot-ubuntu-24.04-4",
            "runs-on: { group: large, labels: [ubuntu-latest] }",
            "runs-on: [self-hosted, linux, '${{ matrix.arch }}'], strategy: { matrix: { arch: [x64, arm64] } }",
            &by_matrix("{ os: [ubuntu-latest, macos-latest, [self-hosted, linux]] }"),
        ] {
            check(posix, Shell::Posix);
        }
        check("runs-on: windows-latest", Shell::Pwsh);
        check("runs-on: [self-hosted, Windows, x64]", Shell::Pwsh);
        check(
            &by_matrix("{ os: [windows-2025, [self-hosted, windows]] }"),
            Shell::Pwsh,
        );
        for unknown in [
            "runs-on: [self-hosted, win10]",
            "runs-on: self-hosted",
            "runs-on: large",
            "runs-on: { group: large }",
            "runs-on: [linux, windows]",
            "runs-on: '${{ inputs.os }}'",
            "runs-on: ['${{ inputs.os }}', linux]",
            &by_matrix("{ os: [ubuntu-latest, [self-hosted, windows]] }"),
            &by_matrix("{ os: [ubuntu-latest, large] }"),
            &by_matrix("{ os: '${{ fromJSON(vars.OSES) }}', include: [{ os: ubuntu-latest }] }"),
            &by_matrix("{ os: [ubuntu-latest, '${{ vars.OS }}'] }"),
            "runs-on: \"${{ matrix.os || 'windows-latest' }}\", strategy: { matrix: { os: [ubuntu-latest] } }",
        ] {
            check(unknown, Shell::Unknown);
        }
    }
}
