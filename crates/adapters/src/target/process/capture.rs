//! The last words of a revision that was given up.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use lockgate_core::StreamId;
use lockgate_delivery::{Report, RevisionNumber};

use super::{ProcessTarget, Reporter, slug};

/// The most that is read from the end of one log.
const TAIL: u64 = 64 << 10;

impl ProcessTarget {
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

fn last_lines(path: &Path, count: usize) -> io::Result<Vec<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
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
}
