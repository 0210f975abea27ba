//! Puts secrets into what is executed, and takes them out of what is reported.
//!
//! Inside the run a secret is a marker with its name. The value goes in here, at the last
//! moment; whatever a step reports is *sealed*: values become markers again. A report that
//! holds a secret in another form (encoded, or made known by `add-mask`) becomes a marker
//! of its own, whose value is kept in a private file of the run, so that no event ever
//! holds a secret and later steps still get what the step wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use lockgate_core::Secret;
use lockgate_pipeline::expression::secret::{self, MarkerKey, Piece, UnknownSecret};
use serde::{Deserialize, Serialize};

use super::mask::{MASK, Masker};

/// A secret as short as this is put in and masked, but never searched for in reports:
/// `1` or `no` in an output is hardly ever the secret, and expressions have to compare it.
const SHORTEST_SEALED: usize = 4;

/// Ordinary words that expressions compare.
const WORDS: [&str; 2] = ["true", "false"];

/// The secrets of one run.
#[derive(Debug)]
pub struct SecretBook {
    key: MarkerKey,
    named: BTreeMap<String, Secret>,
    kept: PathBuf,
    sealed: Mutex<BTreeMap<String, Sealed>>,
}

/// A report that is a secret as a whole.
#[derive(Debug)]
struct Sealed {
    value: Secret,
    /// What its job had to hide: whoever gets the value has to hide it too.
    hides: Vec<Secret>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    value: String,
    hides: Vec<String>,
}

/// A text could not be revealed.
#[derive(Debug, thiserror::Error)]
pub enum RevealError {
    /// A marker without a value.
    #[error("{0}: pass it with --secret or --secret-file")]
    Unknown(#[from] UnknownSecret),
    /// What has to be hidden from now on could not be noted.
    #[error("could not note a secret: {0}")]
    Note(#[from] io::Error),
}

impl SecretBook {
    /// Returns the book of these secrets, with what earlier processes of the run sealed in the file `kept`.
    ///
    /// Only marks with the `key` are the run's own; what a step reports or a stranger writes may look like others.
    ///
    /// # Errors
    /// Returns a file that cannot be read.
    pub fn open(key: MarkerKey, named: BTreeMap<String, Secret>, kept: PathBuf) -> io::Result<Self> {
        let text = match std::fs::read_to_string(&kept) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        // The last line may be cut off by a crash: then nobody has seen its name.
        let sealed = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Entry>(line).ok())
            .map(|entry| (entry.name, Sealed::of(&entry.value, &entry.hides)))
            .collect();
        Ok(Self {
            key,
            named,
            kept,
            sealed: Mutex::new(sealed),
        })
    }

    /// Returns the values of the secrets that have names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.named.values().map(Secret::expose)
    }

    /// Returns what must be hidden by whoever gets the reports marked in `text`.
    pub fn hidden_in(&self, text: &str) -> Vec<String> {
        let sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        let reports = self.key.names(text).filter_map(|name| sealed.get(name));
        reports
            .flat_map(|report| report.hides.iter().chain([&report.value]))
            .map(|secret| secret.expose().to_owned())
            .collect()
    }

    /// Returns `text` with each marker replaced by its value.
    ///
    /// # Errors
    /// Returns the first name that has no value.
    pub fn reveal(&self, text: &str) -> Result<String, UnknownSecret> {
        if !secret::contains_marker(text) {
            return Ok(text.to_owned());
        }
        let sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        self.key.reveal(text, |name| {
            let found = self.named.get(name);
            found
                .or_else(|| sealed.get(name).map(|report| &report.value))
                .map(Secret::expose)
        })
    }

    /// Returns `text` with each marker replaced by stars: for names and headings.
    pub fn hide(&self, text: &str) -> String {
        secret::hidden(text, MASK)
    }

    /// Returns `text` with every secret replaced by a marker.
    ///
    /// # Errors
    /// Returns why a value could not be kept.
    pub fn seal(&self, text: &str, masker: &Masker) -> io::Result<String> {
        let named = self.seal_named(text);
        if self.is_visible_in(&named, masker) {
            self.keep(text, masker)
        } else {
            Ok(named)
        }
    }

    /// Returns whether a secret is in `text`, which is a name: it stays as it is, and cannot be sealed.
    pub fn is_in(&self, text: &str, masker: &Masker) -> bool {
        let named = self.seal_named(text);
        self.key.names(&named).next().is_some() || self.is_visible_in(&named, masker)
    }

    /// Returns whether a text in which markers stand for the secrets that have names holds another one.
    fn is_visible_in(&self, named: &str, masker: &Masker) -> bool {
        let visible = self.key.reveal(named, |_| Some("")).unwrap_or_default();
        let is_ordinary = visible.chars().count() < SHORTEST_SEALED || WORDS.contains(&visible.as_str());
        !is_ordinary && masker.finds_in(&visible) && !self.only_short_secrets(&visible, masker)
    }

    fn seal_named(&self, text: &str) -> String {
        let mut sealed = text.to_owned();
        let mut longest_first: Vec<(&String, &Secret)> =
            self.named.iter().filter(|(_, value)| is_searched_for(value)).collect();
        longest_first.sort_by_key(|(_, value)| std::cmp::Reverse(value.expose().len()));
        for (name, value) in longest_first {
            sealed = self.replace_outside_markers(&sealed, value.expose(), &self.key.marker(name));
        }
        sealed
    }

    /// A marker's own name may contain the value; it must stay as it is.
    fn replace_outside_markers(&self, text: &str, value: &str, marker: &str) -> String {
        let pieces = self.key.pieces(text).into_iter();
        let replaced = pieces.map(|piece| match piece {
            Piece::Text(text) => text.replace(value, marker),
            Piece::Mark(mark) => mark.to_owned(),
        });
        replaced.collect()
    }

    /// Returns whether all that the masker finds are secrets too short to be searched for in reports.
    fn only_short_secrets(&self, visible: &str, masker: &Masker) -> bool {
        let mut without = visible.to_owned();
        for value in self.named.values().filter(|value| !is_searched_for(value)) {
            if !value.expose().is_empty() {
                without = without.replace(value.expose(), "\n");
            }
        }
        !masker.finds_in(&without)
    }

    fn keep(&self, text: &str, masker: &Masker) -> io::Result<String> {
        let mut sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, _)) = sealed.iter().find(|(_, report)| report.value.expose() == text) {
            return Ok(self.key.marker(name));
        }
        let known: BTreeSet<&str> = self.named().collect();
        let mut hides = masker.values();
        hides.retain(|value| !known.contains(value.as_str()));
        let name = format!("~{}", sealed.len() + 1);
        let entry = Entry {
            name: name.clone(),
            value: text.to_owned(),
            hides,
        };
        append_private(&self.kept, &entry)?;
        let marker = self.key.marker(&name);
        sealed.insert(name, Sealed::of(text, &entry.hides));
        Ok(marker)
    }
}

impl Sealed {
    fn of(value: &str, hides: &[String]) -> Self {
        Self {
            value: Secret::new(value),
            hides: hides.iter().map(Secret::new).collect(),
        }
    }
}

/// Appends a line of JSON to a file that only its owner can read. Survives the death of every process.
pub(crate) fn append_private(path: &std::path::Path, entry: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.insert(0, b'\n');
    line.push(b'\n');
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(&line)
}

/// Returns whether a secret is searched for in what is reported: short ones and ordinary words are hardly ever the secret.
pub fn is_searched_for(value: &Secret) -> bool {
    let text = value.expose();
    text.chars().count() >= SHORTEST_SEALED && !WORDS.contains(&text.to_lowercase().as_str()) && !text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(folder: &std::path::Path, secrets: &[(&str, &str)]) -> (SecretBook, Masker) {
        let named: BTreeMap<String, Secret> = secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
            .collect();
        let book = SecretBook::open(MarkerKey::new("k1"), named, folder.join("sealed")).unwrap();
        let masker = Masker::new(book.named());
        (book, masker)
    }

    #[test]
    fn what_is_searched_for_is_revealed_again() {
        let folder = tempfile::tempdir().unwrap();
        let (book, masker) = book(folder.path(), &[("TOKEN", "hunter2"), ("LONG", "hunter2-long")]);
        for text in ["a hunter2 b", "hunter2-long", "aHVudGVyMg==", "plain"] {
            let sealed = book.seal(text, &masker).unwrap();
            assert_eq!(sealed == text, text == "plain");
            assert!(!masker.finds_in(&sealed), "{sealed}");
            assert_eq!(book.reveal(&sealed).unwrap(), text);
        }
        assert_eq!(
            book.seal("hunter2", &masker).unwrap(),
            MarkerKey::new("k1").marker("TOKEN")
        );
    }

    #[test]
    fn a_name_that_holds_a_secret_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let (book, masker) = book(folder.path(), &[("TOKEN", "hunter2"), ("FLAG", "true"), ("ONE", "1")]);
        masker.add(["dynamic"]);
        let found = [
            "x-hunter2",
            "aHVudGVyMg==",
            "is-dynamic",
            &MarkerKey::new("k1").marker("TOKEN"),
        ];
        assert!(found.iter().all(|name| book.is_in(name, &masker)));
        assert!(
            ["plain", "true", "v1", "1"]
                .iter()
                .all(|name| !book.is_in(name, &masker))
        );
        assert!(!folder.path().join("sealed").exists(), "a name is not kept");
    }

    #[test]
    fn what_looks_like_a_mark_is_a_text_like_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let (book, masker) = book(folder.path(), &[("TOKEN", "hunter2")]);
        for forged in ["\u{E000}secret:TOKEN\u{E001}", "\u{E000}secret:k2:TOKEN\u{E001}"] {
            assert_eq!(book.reveal(forged).unwrap(), forged);
            assert_eq!(book.seal(forged, &masker).unwrap(), forged);
            assert!(!book.is_in(forged, &masker));
        }
        let around = "\u{E000}secret:hunter2\u{E001}";
        let sealed = book.seal(around, &masker).unwrap();
        assert!(!sealed.contains("hunter2"), "it hides nothing inside of it: {sealed}");
        assert_eq!(book.reveal(&sealed).unwrap(), around);
    }

    #[test]
    fn a_masked_value_gets_a_name_that_survives() {
        let folder = tempfile::tempdir().unwrap();
        let (first, masker) = book(folder.path(), &[]);
        masker.add(["s3cret"]);
        let sealed = first.seal("x=s3cret", &masker).unwrap();
        assert_eq!(first.seal("x=s3cret", &masker).unwrap(), sealed);
        let (again, _) = book(folder.path(), &[]);
        assert_eq!(again.reveal(&sealed).unwrap(), "x=s3cret");
        assert_eq!(again.hidden_in(&sealed), ["s3cret", "x=s3cret"]);
    }

    #[test]
    fn short_secrets_leave_reports_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (book, masker) = book(folder.path(), &[("FLAG", "true"), ("ONE", "1")]);
        for text in ["true", "1", "11 of 100"] {
            assert_eq!(book.seal(text, &masker).unwrap(), text);
        }
        assert_eq!(masker.mask("1 is true"), "*** is ***");
    }
}
