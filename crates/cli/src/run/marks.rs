//! Whether a run that is taken up again has the secrets that it was begun with.
//!
//! Output that is read again can be masked only with the values that were in force when
//! it was written. The values are never on disk; what is kept of each is a digest.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use lockgate_adapters::executor::mask::Masker;
use lockgate_adapters::executor::secrets::is_searched_for;
use lockgate_core::Secret;
use lockgate_host::durable::{self, Durability};
use lockgate_pipeline::plan::Plan;
use sha2::{Digest, Sha256};

use crate::exit::Failure;

/// The file with the names of the secrets that are in the words of a run.
const SPOKEN: &str = "secrets.spoken.json";

/// Returns what is kept of the secrets of a run: SHA-256 over the run's id, the name and the value.
pub(super) fn of(run: &str, secrets: &BTreeMap<String, Secret>) -> BTreeMap<String, String> {
    let mark = |(name, secret): (&String, &Secret)| {
        let mut digest = Sha256::new();
        for part in [run, name, secret.expose()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        (name.clone(), lockgate_adapters::tree::hex(&digest.finalize()))
    };
    secrets.iter().map(mark).collect()
}

/// Keeps the marks for as long as the run is not over, among what goes with its end.
pub(super) fn keep(run: &Path, marks: &BTreeMap<String, String>) -> io::Result<()> {
    if marks.is_empty() {
        return Ok(());
    }
    durable::private_directory(&run.join("private"))?;
    durable::replace_json(&file(run), marks, Durability::Process)
}

/// Returns what was kept.
pub(super) fn read(run: &Path) -> io::Result<BTreeMap<String, String>> {
    Ok(durable::read_json(&file(run))?.unwrap_or_default())
}

fn file(run: &Path) -> PathBuf {
    run.join("private").join("secrets.marks.json")
}

/// Returns the names of the secrets whose values are in the words of a plan, such as an input, and so in names.
pub(super) fn spoken(plan: &Plan, secrets: &BTreeMap<String, Secret>) -> BTreeSet<String> {
    let words = if secrets.is_empty() {
        String::new()
    } else {
        serde_json::to_string(plan).unwrap_or_default()
    };
    let is_spoken = |secret: &Secret| is_searched_for(secret) && Masker::new([secret.expose()]).finds_in(&words);
    let spoken = secrets.iter().filter(|(_, secret)| is_spoken(secret));
    spoken.map(|(name, _)| name.clone()).collect()
}

/// Keeps which secrets are in the words of a run; beyond its end, as these are.
pub(super) fn keep_spoken(run: &Path, spoken: &BTreeSet<String>) -> io::Result<()> {
    if spoken.is_empty() {
        return Ok(());
    }
    durable::replace_json(&run.join(SPOKEN), spoken, Durability::Process)
}

/// Returns which secrets are in the words of a run.
pub(super) fn read_spoken(run: &Path) -> io::Result<BTreeSet<String>> {
    Ok(durable::read_json(&run.join(SPOKEN))?.unwrap_or_default())
}

/// Refuses to show a run that is over as long as secrets in its words are not `known` now: they could not be hidden.
pub(super) fn refuse_unhidden(spoken: &BTreeSet<String>, known: &BTreeSet<String>) -> Result<(), Failure> {
    let unhidden: Vec<&str> = spoken.difference(known).map(String::as_str).collect();
    if unhidden.is_empty() {
        return Ok(());
    }
    let message = format!(
        "names of the run hold secrets, which cannot be hidden without their values: {}",
        unhidden.join(", ")
    );
    Err(Failure::usage(message).help("give the same values again with --secret or --secret-file"))
}

/// Refuses secrets that are missing, or are others than `kept` is of.
pub(super) fn refuse_others(
    run: &str,
    kept: &BTreeMap<String, String>,
    planned: &BTreeSet<String>,
    given: &BTreeMap<String, Secret>,
) -> Result<(), Failure> {
    let lost: Vec<&str> = planned
        .iter()
        .filter(|name| !given.contains_key(*name))
        .map(String::as_str)
        .collect();
    if !lost.is_empty() {
        let message = format!(
            "the run was begun with secrets that are not given now: {}",
            lost.join(", ")
        );
        return Err(Failure::usage(message)
            .help("secrets are kept in memory only: give them again with --secret or --secret-file"));
    }
    let now = of(run, given);
    let changed: Vec<&str> = kept
        .iter()
        .filter(|(name, mark)| now.get(*name).is_some_and(|now| now != *mark))
        .map(|(name, _)| name.as_str())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the run was begun with other values of these secrets: {}",
        changed.join(", ")
    );
    Err(Failure::usage(message)
        .help("what the run writes is masked by the values that it was begun with: give those, or begin a new run"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned())))
            .collect()
    }

    #[test]
    fn a_run_is_taken_up_with_the_secrets_that_it_was_begun_with() {
        let planned = ["API_KEY", "TOKEN"].map(str::to_owned).into();
        let kept = of("1", &given(&[("TOKEN", "t"), ("API_KEY", "k")]));
        let refuse = |given: &BTreeMap<String, Secret>| refuse_others("1", &kept, &planned, given);
        let failure = refuse(&given(&[("TOKEN", "t")])).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        let words = failure.to_string();
        assert!(
            words.contains("now: API_KEY\n") && words.contains("--secret-file"),
            "{words}"
        );
        assert!(refuse(&given(&[("TOKEN", "t"), ("API_KEY", "k"), ("MORE", "m")])).is_ok());
        let words = refuse(&given(&[("TOKEN", "T"), ("API_KEY", "k")]))
            .unwrap_err()
            .to_string();
        assert!(words.contains("other values of these secrets: TOKEN\n"), "{words}");
        assert!(kept.values().all(|mark| mark.len() == 64));
        assert_ne!(kept, of("2", &given(&[("TOKEN", "t"), ("API_KEY", "k")])));
    }
}
