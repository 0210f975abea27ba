//! The last words of a revision that was given up.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use lockgate_core::StreamId;
use lockgate_delivery::{Report, RevisionNumber};

use super::{ProcessTarget, Reporter, slug};

/// The most that is read from the end of one log.
const TAIL: u64 = 64 << 10;

/// The most that is kept of the log of an instance that was stopped.
const KEPT: u64 = 1 << 20;

/// Of how many revisions of an environment logs are kept.
const KEPT_REVISIONS: usize = 10;

/// Returns where the logs of an environment's stopped instances are kept, as `rN.I.log`.
pub fn kept_logs(root: &Path, stream: &StreamId) -> PathBuf {
    root.join("environments").join(slug(stream)).join("logs")
}

impl ProcessTarget {
    /// Keeps the end of an instance's log, because its own folder is about to go.
    pub(super) async fn keep_log(&self, stream: &StreamId, id: &lockgate_host::Name) {
        let Some((revision, number)) = super::parse_instance_name(id) else {
            return;
        };
        let (log, folder) = (self.host.instance_log(id), kept_logs(&self.root, stream));
        let kept = tokio::task::spawn_blocking(move || keep(&log, &folder, (revision, number))).await;
        if let Ok(Err(error)) = kept {
            tracing::warn!(%error, %id, "the log of a stopped instance is not kept");
        }
    }

    pub(super) async fn capture(
        &self,
        stream: &StreamId,
        revision: RevisionNumber,
        lines: u32,
        reporter: &Reporter<'_>,
    ) {
        let (host, prefix) = (self.host.clone(), format!("{}.", slug(stream)));
        let read = tokio::task::spawn_blocking(move || {
            let mut kept = Vec::new();
            for entry in std::fs::read_dir(host.instances())?.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if revision_of(&name, &prefix) != Some(revision) {
                    continue;
                }
                if let Ok(id) = lockgate_host::Name::new(name) {
                    kept.extend(last_lines(&host.instance_log(&id), lines as usize)?);
                }
            }
            io::Result::Ok(kept)
        })
        .await;
        let lines = match read {
            Ok(Ok(lines)) => lines,
            Ok(Err(error)) => vec![format!("(the log could not be read: {error})")],
            Err(error) => vec![format!("(the log could not be read: {error})")],
        };
        reporter.once(Report::LogsKept { lines, blob: None });
    }
}

/// Returns the revision of an instance whose name is the prefix and exactly `rN.I`.
///
/// More between them is another environment, whose name begins with this one's.
fn revision_of(name: &str, prefix: &str) -> Option<RevisionNumber> {
    let (revision, number) = name.strip_prefix(prefix)?.split_once('.')?;
    number.parse::<u32>().ok()?;
    RevisionNumber::try_from(revision.to_owned()).ok()
}

fn keep(log: &Path, folder: &Path, (revision, number): (RevisionNumber, u32)) -> io::Result<()> {
    let bytes = match last_bytes(log, KEPT)? {
        Some(bytes) if !bytes.is_empty() => bytes,
        _ => return Ok(()),
    };
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(format!("{revision}.{number}.log")), bytes)?;
    let mut all: BTreeMap<RevisionNumber, Vec<PathBuf>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        if let Some(of) = revision_of(entry.file_name().to_string_lossy().trim_end_matches(".log"), "") {
            all.entry(of).or_default().push(entry.path());
        }
    }
    let old = all.len().saturating_sub(KEPT_REVISIONS);
    for path in all.into_values().take(old).flatten() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Returns so much of the end of a file; nothing when it is not there.
fn last_bytes(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn last_lines(path: &Path, count: usize) -> io::Result<Vec<String>> {
    let Some(bytes) = last_bytes(path, TAIL)? else {
        return Ok(Vec::new());
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(count)..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_whose_name_begins_alike_is_another() {
        let r2 = RevisionNumber::try_from("r2".to_owned()).ok();
        assert!(r2.is_some());
        assert_eq!(revision_of("shop.production.r2.1", "shop.production."), r2);
        for other in [
            "shop.production.eu.r2.1",
            "shop.production.r2",
            "shop.production.r2.1.r2.1",
            "shop.staging.r2.1",
        ] {
            assert_eq!(revision_of(other, "shop.production."), None, "{other}");
        }
    }

    #[test]
    fn the_last_lines_are_read_from_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert!(last_lines(&path, 2).unwrap().is_empty());
        std::fs::write(&path, "a\nb\nc\n").unwrap();
        assert_eq!(last_lines(&path, 2).unwrap(), ["b", "c"]);
    }

    #[test]
    fn the_logs_of_the_newest_revisions_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (log, kept) = (folder.path().join("log"), folder.path().join("kept"));
        let revision = RevisionNumber;
        keep(&log, &kept, (revision(1), 1)).unwrap();
        assert!(!kept.exists(), "nothing was written");
        std::fs::write(&log, "the last words\n").unwrap();
        for number in 1..=12 {
            keep(&log, &kept, (revision(number), 1)).unwrap();
        }
        let mut names: Vec<_> = std::fs::read_dir(&kept)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names.len(), KEPT_REVISIONS);
        assert!(
            !names.contains(&"r2.1.log".into()) && names.contains(&"r12.1.log".into()),
            "{names:?}"
        );
        assert_eq!(
            std::fs::read_to_string(kept.join("r12.1.log")).unwrap(),
            "the last words\n"
        );
    }
}
