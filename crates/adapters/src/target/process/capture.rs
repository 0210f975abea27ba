//! The last words of a revision that was given up.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use lockgate_core::StreamId;
use lockgate_delivery::{Report, RevisionNumber};

use super::{ProcessTarget, Reporter, parse_instance_name, slug};

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
                let Some(id) = name
                    .starts_with(&prefix)
                    .then(|| lockgate_host::Name::new(name).ok())
                    .flatten()
                else {
                    continue;
                };
                if parse_instance_name(&id).is_some_and(|(of, _)| of == revision) {
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
    fn the_last_lines_are_read_from_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert!(last_lines(&path, 2).unwrap().is_empty());
        std::fs::write(&path, "a\nb\nc\n").unwrap();
        assert_eq!(last_lines(&path, 2).unwrap(), ["b", "c"]);
    }
}
