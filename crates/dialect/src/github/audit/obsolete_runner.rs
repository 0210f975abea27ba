//! Labels of runners that GitHub has taken away: a job that asks for one waits until it is cancelled.

use super::label::labels;
use super::subject::Subject;
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
        for label in labels(job) {
            if let Some((gone, instead)) = GONE.iter().find(|(gone, _)| gone.eq_ignore_ascii_case(label.text)) {
                let diagnostic = subject
                    .warning(
                        codes::OBSOLETE_RUNNER,
                        label.span,
                        format!("GitHub has no runner `{gone}` any more"),
                    )
                    .help(format!("use `{instead}`"));
                found.push(Finding::new(Level::Certain, diagnostic));
            }
        }
    }
}
