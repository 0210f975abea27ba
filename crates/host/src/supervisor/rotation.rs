//! Keeping logs within bounds.
//!
//! The writers append to files that they opened long ago, so a log is copied and
//! then cut to nothing; what is written between the two is lost, which is a line
//! or two every ten megabytes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::layout::Role;

/// A log that is larger is rotated.
const LIMIT: u64 = 10 << 20;

/// How often sizes are looked at.
const PERIOD: Duration = Duration::from_secs(10);

pub(super) async fn run(shared: Arc<Shared>) {
    let mut period = tokio::time::interval(PERIOD);
    loop {
        period.tick().await;
        let names = shared
            .ledger
            .look(|record| record.instances.keys().cloned().collect::<Vec<_>>());
        let mut logs: Vec<PathBuf> = names.await.iter().map(|id| shared.home.instance_log(id)).collect();
        logs.extend([Role::Supervisor, Role::Proxy, Role::Driver].map(|role| shared.home.log(role)));
        let rotated = tokio::task::spawn_blocking(move || logs.iter().try_for_each(|log| rotate(log, LIMIT)));
        if let Ok(Err(error)) = rotated.await {
            tracing::warn!("rotating a log: {error}");
        }
    }
}

fn rotate(log: &Path, limit: u64) -> io::Result<()> {
    match std::fs::metadata(log) {
        Ok(found) if found.len() > limit => {}
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    std::fs::copy(log, log.with_added_extension("1"))?;
    std::fs::OpenOptions::new().write(true).open(log)?.set_len(0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_writer_goes_on_in_the_same_file() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        rotate(&log, 3).unwrap();
        let mut writer = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&log)
            .unwrap();
        writer.write_all(b"old\n").unwrap();
        rotate(&log, 3).unwrap();
        writer.write_all(b"new\n").unwrap();
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "new\n");
        assert_eq!(
            std::fs::read_to_string(directory.path().join("log.1")).unwrap(),
            "old\n"
        );
    }
}
