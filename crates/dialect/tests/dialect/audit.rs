//! Files with what a strict audit finds in them, in the `.out` file beside each, and files before and after their fixes.
//!
//! A file whose name starts with `action` is an action; `NAME.lock` beside `NAME.yml` is the lock file of its project.
//! With `BLESS=1` in the environment the expected files are written instead of compared; review them like code.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads its corpus and the wish to bless it, and stops where it cannot"
)]

mod fixes;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use lockgate_core::{Severity, SourceFile};
use lockgate_dialect::codes;
use lockgate_dialect::github::audit::{Finding, Fix, Level, Safety, Strictness, audit, audit_parsed, fix};
use lockgate_dialect::github::{self, action};
use lockgate_dialect::lock::Lock;
use lockgate_dialect::yaml;

use super::expected::{all_fit, compare, files, written};

fn read(path: &Path) -> SourceFile {
    let name = path.file_name().unwrap().to_str().unwrap();
    let name = if name.starts_with("action") { "action.yml" } else { name };
    SourceFile::new(name, std::fs::read_to_string(path).unwrap())
}

fn lock_of(path: &Path) -> Option<Lock> {
    let text = std::fs::read_to_string(path.with_extension("lock")).ok()?;
    let (lock, mistakes) = Lock::read(&SourceFile::new("lockgate.lock", text));
    assert_eq!(mistakes, []);
    Some(lock)
}

fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let found = &finding.diagnostic;
        let level = match finding.level {
            Level::Certain => "certain",
            Level::Strict => "strict",
            Level::Advice => "advice",
        };
        text += &written(found, level);
        if let Some(fix) = &finding.fix {
            let safety = match fix.safety {
                Safety::Safe => "fix",
                Safety::ForPeople => "fix for people",
            };
            writeln!(text, "    {safety}: {}", fix.description).unwrap();
        }
    }
    text
}

fn is_well_formed(file: &SourceFile) -> bool {
    let diagnostics = if &*file.path == "action.yml" {
        action::lower(file).diagnostics
    } else {
        github::lower(file).diagnostics
    };
    diagnostics.iter().all(|found| found.severity == Severity::Warning)
}

#[test]
fn dangers_are_found_with_their_places() {
    let mut wrong = Vec::new();
    let mut codes_found = BTreeSet::new();
    for path in files("audit/err") {
        let file = read(&path);
        let findings = audit(&file, lock_of(&path).as_ref());
        assert!(!findings.is_empty(), "{}", path.display());
        codes_found.extend(findings.iter().map(|finding| finding.diagnostic.code));
        wrong.extend(compare(&path.with_extension("out"), &render(&findings)));
        for finding in &findings {
            let found = &finding.diagnostic;
            for span in found.places() {
                assert!(
                    found.file.text.get(span.start..span.end).is_some(),
                    "{}",
                    path.display()
                );
            }
        }
    }
    all_fit(&wrong);
    // What is wrong with the lock file itself, or with a remote, is no finding in a workflow.
    let elsewhere = [codes::WRONG_LOCK, codes::UNUSED_LOCK, codes::MOVED_TAG];
    let untried: Vec<&str> = codes::ALL
        .iter()
        .map(|known| known.code)
        .filter(|code| ("LG0201".."LG0250").contains(code))
        .filter(|code| !codes_found.contains(code) && !elsewhere.contains(code))
        .collect();
    assert!(untried.is_empty(), "no file has {untried:?}");
}

#[test]
fn what_is_harmless_is_not_told() {
    for path in files("audit/ok") {
        let file = read(&path);
        assert!(is_well_formed(&file), "{}", path.display());
        let findings = audit(&file, lock_of(&path).as_ref());
        assert_eq!(render(&findings), "", "{}", path.display());
    }
}

#[test]
fn safe_fixes_mend_and_change_nothing_else() {
    let mut wrong = Vec::new();
    for path in files("audit/fix") {
        let file = read(&path);
        let lock = lock_of(&path);
        let fixed = fix(&file, lock.as_ref(), Strictness::Strict);
        assert_ne!(fixed.text, *file.text, "{}", path.display());
        wrong.extend(compare(&path.with_extension("fixed"), &fixed.text));
        let after = SourceFile::new(file.path.clone(), fixed.text.as_str());
        assert!(!is_well_formed(&file) || is_well_formed(&after), "{}", path.display());
        let again = fix(&after, lock.as_ref(), Strictness::Strict);
        assert_eq!(
            again.text,
            fixed.text,
            "a second time changes nothing: {}",
            path.display()
        );
        let left = audit(&after, lock.as_ref());
        let before = audit(&file, lock.as_ref());
        assert_eq!(left.len() + fixed.done.len(), before.len(), "{}", path.display());
    }
    all_fit(&wrong);
}

#[test]
fn a_lenient_look_tells_what_a_strict_one_would_tell_leniently() {
    for path in files("audit/err").into_iter().chain(files("audit/fix")) {
        let file = read(&path);
        let lock = lock_of(&path);
        let Some(root) = yaml::parse(&file).0 else {
            continue;
        };
        let told = |strictness| -> Vec<_> {
            let findings = audit_parsed(&file, &root, lock.as_ref(), strictness);
            findings
                .iter()
                .filter_map(|finding| finding.told(Strictness::Lenient))
                .collect()
        };
        assert_eq!(
            told(Strictness::Lenient),
            told(Strictness::Strict),
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_script_with_more_mistakes_than_are_told_is_mended_whole() {
    let line = |number| format!("          echo \"{number} ${{{{ github.event.issue.title }}}}\"\n");
    let lines = (0..250).map(line).collect::<Vec<String>>().concat();
    let text = format!(
        "on: issues\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n{lines}"
    );
    let file = SourceFile::new("a.yml", text);
    assert_eq!(audit(&file, None).len(), 100);
    let fixed = fix(&file, None, Strictness::Lenient);
    assert_eq!(fixed.done.len(), 250);
    assert_eq!(fixed.text.matches("github.event.issue.title").count(), 1);
}

fn script(lines: &str) -> SourceFile {
    let head = "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n";
    SourceFile::new("a.yml", format!("{head}{lines}"))
}

#[test]
fn many_variables_of_one_step_come_at_once() {
    let line = |number| format!("          echo \"${{{{ secrets.A{number} }}}}\"\n");
    let file = script(&(0..150).map(line).collect::<Vec<String>>().concat());
    let fixed = fix(&file, None, Strictness::Strict);
    assert_eq!(fixed.done.len(), 150);
    assert_eq!(fixed.text.matches("env:").count(), 1);
    let again = fix(&SourceFile::new("a.yml", fixed.text.as_str()), None, Strictness::Strict);
    assert_eq!(again.text, fixed.text);
}

#[test]
fn many_values_of_one_name_come_at_once() {
    let line = |number| format!("          echo \"${{{{ github.event.issue.title || {number} }}}}\"\n");
    let file = script(&(0..330).map(line).collect::<String>());
    let fixed = fix(&file, None, Strictness::Strict);
    assert_eq!(fixed.done.len(), 330);
    for number in [1, 2, 330] {
        let name = if number == 1 {
            String::new()
        } else {
            format!("_{number}")
        };
        assert_eq!(
            fixed.text.matches(&format!("echo \"${{ISSUE_TITLE{name}}}\"")).count(),
            1
        );
    }
    let again = fix(&SourceFile::new("a.yml", fixed.text.as_str()), None, Strictness::Strict);
    assert_eq!(again.text, fixed.text);
}

#[test]
fn what_is_harmless_or_less_serious_hides_nothing() {
    for harmless in ["github.sha", "github.event.release.name"] {
        let lines = format!("          echo \"${{{{ {harmless} }}}}\"\n").repeat(300);
        let file = script(&format!(
            "{lines}          echo \"${{{{ github.event.issue.title }}}}\"\n"
        ));
        let found = audit(&file, None);
        let last = found.last().unwrap();
        assert_eq!(last.diagnostic.code, codes::UNTRUSTED_SCRIPT, "{harmless}");
        assert_eq!(file.position(last.diagnostic.span.start).0, 308);
    }
}

#[test]
fn where_more_follow_than_are_told_the_last_one_says_so() {
    for line in [
        "echo \"${{ github.event.issue.title }}\"",
        "echo \"${{ secrets.A }}\"",
        "echo \"${{ toJSON(secrets) }}\"",
        "echo \"::set-output name=a::b\"",
    ] {
        let lines = |count| format!("          {line}\n").repeat(count);
        let said = |count| -> Vec<bool> {
            let found = audit(&script(&lines(count)), None);
            found
                .iter()
                .map(|found| found.diagnostic.message.ends_with("follow in the same text"))
                .collect()
        };
        assert_eq!(said(100), [false; 100], "{line}");
        let cut = said(101);
        assert_eq!(cut.len(), 100, "{line}");
        assert!(cut[99] && !cut[..99].contains(&true), "{line}");
    }
}

#[test]
fn what_is_told_depends_on_the_strictness() {
    let text = "on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo \
                \"${{ github.event.issue.title }}\"\n";
    let file = SourceFile::new("a.yml", text);
    let told = |strictness| -> Vec<(&str, Severity)> {
        let findings = audit(&file, None);
        let told = findings.iter().filter_map(|finding| finding.told(strictness));
        told.map(|told| (told.code, told.severity)).collect()
    };
    assert_eq!(
        told(Strictness::Lenient),
        [(codes::UNTRUSTED_SCRIPT, Severity::Warning)]
    );
    assert_eq!(
        told(Strictness::Strict),
        [
            (codes::NO_PERMISSIONS, Severity::Error),
            (codes::UNPINNED_ACTION, Severity::Warning),
            (codes::UNTRUSTED_SCRIPT, Severity::Error),
        ]
    );
}

#[test]
fn a_file_that_is_broken_anywhere_is_audited_without_a_panic() {
    for path in files("audit/err").into_iter().chain(files("audit/fix")) {
        let whole = std::fs::read_to_string(&path).unwrap();
        for (end, _) in whole.char_indices().step_by(41) {
            let file = SourceFile::new("a.yml", &whole[..end]);
            let _ = fix(&file, None, Strictness::Strict);
        }
    }
}
