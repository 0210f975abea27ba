//! From the text of `lockgate.lock` to what it records.

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};

use super::comment::Comments;
use super::writing::HEAD;
use super::{ActionVersion, Lock, Locked, is_digest};
use crate::codes;
use crate::yaml::{self, Entry, Node};

/// The only form of the file so far.
const VERSION: &str = "1";
const AGAIN: &str = "remove the file, and `lockgate lock` writes it again";

pub(super) fn read(file: &SourceFile) -> (Lock, Vec<Diagnostic>) {
    let mut reading = Reading {
        file,
        lock: Lock::default(),
        found: Vec::new(),
    };
    if let Some(at) = conflict(&file.text) {
        let message = "a merge left its marks in the file";
        reading.refuse(at, message, "take either side, then let `lockgate lock` complete it");
        return (reading.lock, reading.found);
    }
    let (node, broken) = yaml::parse(file);
    // Of what is no YAML nobody can say where its comments are.
    if !broken.iter().any(|mistake| mistake.severity == Severity::Error) {
        reading.lock.comments = Comments::of(&file.text, node.as_ref(), HEAD);
    }
    // Whatever keeps the file from being read is one mistake to its reader: the lock says nothing.
    reading.found.extend(broken.into_iter().map(|mistake| Diagnostic {
        code: codes::WRONG_LOCK,
        help: mistake.help.or_else(|| Some(AGAIN.to_owned())),
        ..mistake
    }));
    if let Some(node) = node.filter(|node| !node.is_null()) {
        reading.whole(&node);
    }
    (reading.lock, reading.found)
}

struct Reading<'f> {
    file: &'f SourceFile,
    lock: Lock,
    found: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn refuse(&mut self, span: Span, message: impl Into<String>, help: &str) {
        let mistake = Diagnostic::error(codes::WRONG_LOCK, self.file, span, message);
        self.found.push(mistake.help(help));
    }

    fn whole(&mut self, node: &Node) {
        let Some(entries) = node.as_mapping() else {
            let message = format!("the file is a mapping of keys to values, not {}", node.kind());
            return self.refuse(node.span, message, AGAIN);
        };
        match node.get("version").and_then(Node::as_scalar) {
            Some(version) if version.text == VERSION => {}
            Some(version) => {
                let message = format!(
                    "the file has the version `{}`, and this Lockgate reads {VERSION}",
                    version.text
                );
                let span = node.get("version").map_or(node.span, |version| version.span);
                return self.refuse(
                    span,
                    message,
                    "use the Lockgate that wrote it, or remove the file and write it again with `lockgate lock`",
                );
            }
            None => {
                let span = entries.first().map_or(node.span, |entry| entry.key.span);
                self.refuse(
                    span,
                    "the file needs the key `version`",
                    "write `version: 1` at its top",
                );
            }
        }
        for entry in entries {
            match entry.key.name.as_str() {
                "version" => {}
                "actions" if entry.value.is_null() => {}
                "actions" => self.actions(&entry.value),
                other => {
                    let message = format!("the file has no key `{other}`");
                    self.refuse(entry.key.span, message, "possible are `version` and `actions`");
                }
            }
        }
    }

    fn actions(&mut self, node: &Node) {
        let Some(entries) = node.as_mapping() else {
            let message = format!("`actions` is a mapping of versions to commits, not {}", node.kind());
            return self.refuse(node.span, message, AGAIN);
        };
        for entry in entries {
            match ActionVersion::parse(&entry.key.name) {
                Some(version) if is_of_repository(&entry.key.name, &version) => self.action(version, entry),
                _ => {
                    let message = format!("`{}` names no version of an action", entry.key.name);
                    self.refuse(entry.key.span, message, "write `owner/repository@version:`");
                }
            }
        }
    }

    fn action(&mut self, version: ActionVersion, entry: &Entry) {
        let Some(fields) = entry.value.as_mapping() else {
            let message = format!("`{version}` has {} where its commit belongs", entry.value.kind());
            return self.refuse(
                entry.value.span,
                message,
                "write `commit:` with 40 hexadecimal digits below it",
            );
        };
        for field in fields {
            if !matches!(field.key.name.as_str(), "ref" | "commit" | "tree") {
                let message = format!("a version has no key `{}`", field.key.name);
                self.refuse(field.key.span, message, "possible are `ref`, `commit` and `tree`");
            }
        }
        let commit = self.digest(&entry.value, "commit");
        let tree = self.digest(&entry.value, "tree");
        if entry.value.get("commit").is_none() {
            let message = format!("the commit of `{version}` is missing");
            self.refuse(entry.key.span, message, AGAIN);
        }
        if let Some(commit) = commit {
            if version.is_commit() && !version.version.eq_ignore_ascii_case(&commit) {
                let message = format!("`{version}` is a commit itself, and another one is recorded for it");
                return self.refuse(entry.key.span, message, AGAIN);
            }
            let reference = entry.value.get("ref").and_then(Node::as_scalar);
            let locked = Locked {
                reference: reference.map(|scalar| scalar.text.clone()),
                commit,
                tree,
                span: entry.key.span,
            };
            self.lock.insert(version, locked);
        }
    }

    fn digest(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        // The text as written: forty digits would be a number, and lose most of them.
        let text = value.as_scalar().map(|scalar| scalar.text.as_str());
        let digest = text.filter(|text| is_digest(text)).map(str::to_ascii_lowercase);
        if digest.is_none() {
            let message = format!("`{key}` is 40 hexadecimal digits, not {}", value.kind());
            self.refuse(value.span, message, AGAIN);
        }
        digest
    }
}

/// Returns whether `name` is the version and nothing more, such as a folder in the repository.
fn is_of_repository(name: &str, version: &ActionVersion) -> bool {
    name.len() == version.repository.len() + 1 + version.version.len()
}

/// Returns where a mark of a merge stands.
fn conflict(text: &str) -> Option<Span> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) || line.trim_end() == "=======" {
            return Some(Span::new(start, start + line.trim_end().len()));
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: &str = codes::WRONG_LOCK;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) -> Lock {
        let file = SourceFile::new("lockgate.lock", text);
        let (lock, found) = Lock::read(&file);
        let told: Vec<String> = found
            .iter()
            .map(|found| {
                let (line, column) = found.file.position(found.span.start);
                format!("{line}:{column} {}", found.message)
            })
            .collect();
        assert_eq!(told, expected, "{text}");
        lock
    }

    #[test]
    fn every_mistake_of_the_file_has_its_place() {
        check("- 1", &["1:1 the file is a mapping of keys to values, not a list"]);
        check("actions: {}", &["1:1 the file needs the key `version`"]);
        check(
            "version: 2\nactions: []",
            &["1:10 the file has the version `2`, and this Lockgate reads 1"],
        );
        check(
            "version: 1\nactons: {}\nactions: 5",
            &[
                "2:1 the file has no key `actons`",
                "3:10 `actions` is a mapping of versions to commits, not the number `5`",
            ],
        );
        check(
            "version: 1\n<<<<<<< ours\nactions: {}\n=======\n",
            &["2:1 a merge left its marks in the file"],
        );
        let commit = "0123456789".repeat(4);
        let lock = check(
            &format!(
                "version: 1\nactions:\n  o/r@v1: {{ commit: v1 }}\n  o/r: x\n  o/r@v2: {commit}\n  o/r@v3:\n    tree: {commit}\n    \
                 sha: a\n  o/r@v4: {{ commit: {commit} }}\n  o/r/sub@v5: {{ commit: {commit} }}\n"
            ),
            &[
                "3:21 `commit` is 40 hexadecimal digits, not the text `v1`",
                "4:3 `o/r` names no version of an action",
                "5:11 `o/r@v2` has the number `0123456789012345678901234567890123456789` where its commit belongs",
                "8:5 a version has no key `sha`",
                "6:3 the commit of `o/r@v3` is missing",
                "10:3 `o/r/sub@v5` names no version of an action",
            ],
        );
        let kept: Vec<String> = lock
            .iter()
            .map(|(version, locked)| format!("{version}={}", locked.commit))
            .collect();
        assert_eq!(kept, [format!("o/r@v4={commit}")]);
    }

    #[test]
    fn what_is_no_yaml_is_a_mistake_of_the_lock() {
        for text in ["version: 1\nactions: [", "version: 1\nversion: 1\n", "\t- x"] {
            let (_, found) = Lock::read(&SourceFile::new("lockgate.lock", text));
            let codes: Vec<&str> = found.iter().map(|mistake| mistake.code).collect();
            assert!(
                !codes.is_empty() && codes.iter().all(|code| *code == WRONG),
                "{text}: {codes:?}"
            );
        }
    }

    #[test]
    fn an_empty_file_records_nothing() {
        assert!(check("", &[]).is_empty());
        assert!(check("version: 1\nactions:\n", &[]).is_empty());
    }
}
