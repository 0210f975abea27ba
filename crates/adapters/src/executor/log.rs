//! The kept log of a step: masked, appended line by line, with an index.
//!
//! `NN-name.log` is the text; `NN-name.index` has 16 bytes per line: where the line ends
//! in the log, and when it was written in milliseconds since 1970 (both little endian), so
//! that any line is found without reading those before it. A log is written again from
//! its beginning when a new process takes over, and then says the same.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use lockgate_pipeline::run::effect::{AttemptId, JobKey, StepPath};
use tokio::sync::mpsc;

use super::mask::{MaskStream, Masker};

/// What happens in the logs of a run, for showing it live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// The job.
    pub job: JobKey,
    /// The step.
    pub step: StepPath,
    /// Which try of the step: the log of another one says something else.
    pub attempt: AttemptId,
    /// What happened.
    pub what: LogChange,
}

/// What happened to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogChange {
    /// It is written from its beginning; lines of the same attempt that came before come again.
    Begun,
    /// A line, masked, without its end.
    Line(String),
    /// It is complete.
    Ended,
}

/// Where live lines go.
pub type LogSink = mpsc::UnboundedSender<LogEvent>;

/// Whose log it is.
#[derive(Clone, Debug)]
pub struct LogOwner {
    /// The job.
    pub job: JobKey,
    /// The step.
    pub step: StepPath,
    /// Which try of the step.
    pub attempt: AttemptId,
    /// Where live lines go.
    pub sink: Option<LogSink>,
}

/// A log that is being written.
#[derive(Debug)]
pub struct KeptLog {
    text: File,
    index: File,
    stream: MaskStream,
    masked: Vec<u8>,
    written: u64,
    line: Vec<u8>,
    owner: LogOwner,
}

impl KeptLog {
    /// Begins the log at `path`, from its beginning.
    ///
    /// # Errors
    /// Returns why it cannot be written.
    pub fn begin(path: &Path, owner: LogOwner, masker: Masker) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            super::workspace::private_folder(folder)?;
        }
        let log = Self {
            text: create(path)?,
            index: create(&index_of(path))?,
            stream: MaskStream::new(masker),
            masked: Vec::new(),
            written: 0,
            line: Vec::new(),
            owner,
        };
        log.tell(LogChange::Begun);
        Ok(log)
    }

    /// Takes lines, without their ends; they are in the log after the next [`KeptLog::flush`].
    pub fn lines<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        for line in lines {
            self.stream.push(line.as_bytes(), &mut self.masked);
            self.stream.push(b"\n", &mut self.masked);
        }
    }

    /// Appends what was taken.
    ///
    /// # Errors
    /// Returns why it cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        let masked = std::mem::take(&mut self.masked);
        self.append(&masked)
    }

    /// Appends what was taken and what was held back: the log is complete.
    ///
    /// # Errors
    /// Returns why it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.stream.finish(&mut self.masked);
        self.flush()?;
        if !self.line.is_empty() {
            self.append(b"\n")?;
        }
        self.tell(LogChange::Ended);
        Ok(())
    }

    fn append(&mut self, masked: &[u8]) -> io::Result<()> {
        if masked.is_empty() {
            return Ok(());
        }
        self.text.write_all(masked)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis() as u64;
        let mut entries = Vec::new();
        for piece in masked.split_inclusive(|byte| *byte == b'\n') {
            self.written += piece.len() as u64;
            self.line.extend_from_slice(piece);
            if self.line.pop_if(|byte| *byte == b'\n').is_some() {
                entries.extend_from_slice(&self.written.to_le_bytes());
                entries.extend_from_slice(&now.to_le_bytes());
                self.tell(LogChange::Line(String::from_utf8_lossy(&self.line).into_owned()));
                self.line.clear();
            }
        }
        self.index.write_all(&entries)
    }

    fn tell(&self, what: LogChange) {
        if let Some(sink) = &self.owner.sink {
            // Nobody watches any more: the log is kept all the same.
            let _ = sink.send(LogEvent {
                job: self.owner.job.clone(),
                step: self.owner.step.clone(),
                attempt: self.owner.attempt.clone(),
                what,
            });
        }
    }
}

/// Returns the index that belongs to a log.
pub fn index_of(log: &Path) -> PathBuf {
    log.with_extension("index")
}

/// Returns the file name of a step's log: its place in the job, its name, and the attempt when it is not the first.
pub fn file_name(step: &StepPath, name: &str, attempt: u32) -> String {
    let place = step.as_str();
    let (first, rest) = place.split_at(place.find('.').unwrap_or(place.len()));
    let slug: String = name
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let slug: String = slug.chars().take(40).collect();
    let again = if attempt > 1 {
        format!(".{attempt}")
    } else {
        String::new()
    };
    format!("{first:0>2}{rest}-{}{again}.log", slug.trim_matches('-'))
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_masked_indexed_and_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/01-x.log");
        let (sink, mut shown) = mpsc::unbounded_channel();
        let owner = LogOwner {
            job: JobKey::new("build"),
            step: StepPath::top(1),
            attempt: AttemptId::new("r1", "build", &StepPath::top(1), 1),
            sink: Some(sink),
        };
        for _ in 0..2 {
            let mut log = KeptLog::begin(&path, owner.clone(), Masker::new(["hunter2"])).unwrap();
            log.lines(["one", "it is hunter2"]);
            log.flush().unwrap();
            log.lines(["hunt"]);
            log.finish().unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\nit is ***\nhunt\n");
        let index = std::fs::read(index_of(&path)).unwrap();
        let ends: Vec<u64> = index
            .chunks(16)
            .map(|entry| u64::from_le_bytes(entry[..8].try_into().unwrap()))
            .collect();
        assert_eq!(ends, [4, 14, 19]);
        let changes: Vec<LogChange> = std::iter::from_fn(|| shown.try_recv().ok()).map(|e| e.what).collect();
        let line = |text: &str| LogChange::Line(text.to_owned());
        let once = [
            LogChange::Begun,
            line("one"),
            line("it is ***"),
            line("hunt"),
            LogChange::Ended,
        ];
        assert_eq!(changes, [once.clone(), once].concat());
    }

    #[test]
    fn file_names_sort_and_say_what_they_are() {
        let name = |path: &StepPath, attempt| file_name(path, "Run cargo test -- --all", attempt);
        assert_eq!(name(&StepPath::top(2), 1), "02-run-cargo-test-all.log");
        assert_eq!(
            name(&StepPath::top(2).inner(1).post(), 3),
            "02.1.post-run-cargo-test-all.3.log"
        );
        assert_eq!(file_name(&StepPath::top(12), "…", 1), "12-.log");
    }
}
