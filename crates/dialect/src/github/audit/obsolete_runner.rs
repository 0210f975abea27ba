//! Labels of runners that GitHub has taken away, or never had: a job that asks for one waits until it is cancelled.

use lockgate_core::diagnostic::is_one_slip;

use super::label::{Label, asked};
use super::subject::{Job, Subject};
use super::{Finding, Level};
use crate::codes;

const GONE: [(&str, &str); 11] = [
    ("ubuntu-16.04", "ubuntu-24.04"),
    ("ubuntu-18.04", "ubuntu-24.04"),
    ("ubuntu-20.04", "ubuntu-24.04"),
    ("macos-10.15", "macos-15"),
    ("macos-11", "macos-15"),
    ("macos-12", "macos-15"),
    ("macos-11.0", "macos-15"),
    ("macos-13", "macos-15"),
    ("windows-2016", "windows-2025"),
    ("windows-2019", "windows-2025"),
    ("vs2017-win2016", "windows-2025"),
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for job in &subject.jobs {
        for label in labels_of_github(job) {
            let gone = GONE.iter().find(|(gone, _)| gone.eq_ignore_ascii_case(label.text));
            let (message, instead) = match gone {
                Some((gone, instead)) => (format!("GitHub has no runner `{gone}` any more"), (*instead).to_owned()),
                None => match meant(label.text) {
                    Some(meant) => (format!("no runner of GitHub's has the label `{}`", label.text), meant),
                    None => continue,
                },
            };
            let diagnostic = subject
                .warning(codes::OBSOLETE_RUNNER, label.span, message)
                .help(format!("use `{instead}`"));
            found.push(Finding::new(Level::Certain, diagnostic));
        }
    }
}

/// Returns the labels of a job that are none of a runner of one's own, which has any.
fn labels_of_github<'n>(job: &Job<'n>) -> Vec<Label<'n>> {
    let asked = asked(job);
    let is_own = |choice: &Vec<Label<'_>>| {
        let mut labels = choice.iter();
        labels.any(|label| label.text.eq_ignore_ascii_case("self-hosted"))
    };
    if asked
        .iter()
        .any(|item| item.choices.iter().all(is_own) && !item.choices.is_empty())
    {
        return Vec::new();
    }
    let choices = asked.into_iter().flat_map(|item| item.choices);
    choices.filter(|choice| !is_own(choice)).flatten().collect()
}

/// Returns the label of GitHub's that one is a slip of: in the name of the system, or in `latest`.
///
/// Every other label may be one that somebody has given to a runner.
fn meant(label: &str) -> Option<String> {
    const SYSTEMS: [&str; 3] = ["ubuntu", "windows", "macos"];
    let (system, version) = label.split_once('-')?;
    let near = |word: &str, words: &[&'static str]| words.iter().copied().find(|meant| is_slip(word, meant));
    let is_known = |system: &str| SYSTEMS.iter().any(|known| known.eq_ignore_ascii_case(system));
    let is_latest = version.eq_ignore_ascii_case("latest");
    let meant = match (is_known(system), is_latest) {
        (true, false) => format!("{system}-{}", near(version, &["latest"])?),
        (false, true) => format!("{}-latest", near(system, &SYSTEMS)?),
        _ => return None,
    };
    Some(meant)
}

/// Returns whether a word is another one with a slip of the keys, or with two of them that bring in no other letter. A
/// digit or another sign is no slip, nor is a letter before the word, as in `xubuntu`.
fn is_slip(word: &str, meant: &str) -> bool {
    let word = word.to_ascii_lowercase();
    if !word.bytes().all(|byte| byte.is_ascii_lowercase()) || word == meant {
        return false;
    }
    let is_alike = word.starts_with(&meant[..1]);
    if is_one_slip(&word, meant) {
        return is_alike || word.len() <= meant.len();
    }
    let without = |at: usize| word[..at].to_owned() + &word[at + 1..];
    is_alike
        && word.bytes().all(|letter| meant.as_bytes().contains(&letter))
        && (0..word.len()).any(|at| is_one_slip(&without(at), meant))
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_slip_is_told_from_a_label_of_ones_own() {
        for (label, expected) in [
            ("ubuntu-lastest", "ubuntu-latest"),
            ("ubunut-latest", "ubuntu-latest"),
            ("windws-latest", "windows-latest"),
            ("MacOS-lates", "MacOS-latest"),
            ("unbutu-latest", "ubuntu-latest"),
            ("Ubunto-latest", "ubuntu-latest"),
            ("uubuntu-latest", "ubuntu-latest"),
            ("buuntu-latest", "ubuntu-latest"),
            ("ubuntu-laatst", "ubuntu-latest"),
            ("windows-lateset", "windows-latest"),
        ] {
            assert_eq!(meant(label).as_deref(), Some(expected));
        }
        for label in [
            "ubuntu-latest",
            "ubuntu-large",
            "ubuntu-largest",
            "ubuntu-fastest",
            "ubuntu-latest-m",
            "windows-latest-8",
            "ubuntu22-latest",
            "ubuntu2-latest",
            "ubuntu-latest2",
            "ubuntu-latest-",
            "ubuntu--latest",
            "ubuntu-tallest",
            "ubuntu-least",
            "ubuntu-last",
            "xubuntu-latest",
            "kubuntu-latest",
            "ubuntu-",
            "-latest",
            "ubuntu-late€st",
            "ubuntu-26.04",
            "linux-latest",
            "macos-15-xlarge",
            "gpu",
            "é-latest",
        ] {
            assert_eq!(meant(label), None, "{label}");
        }
    }
}
