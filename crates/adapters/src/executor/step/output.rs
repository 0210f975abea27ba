//! Turns the raw output of a step into its kept log, while it grows.

use std::fs::File;
use std::io::{self, Read as _};
use std::mem;

use super::record::StepRecord;
use crate::executor::interpreter::{Collected, Interpreter, Surroundings};
use crate::executor::log::{KeptLog, LogOwner};
use crate::executor::problem::Matchers;
use crate::executor::run::Run;

/// The most that is taken at once, so that one loud step does not keep the others waiting.
const LARGEST_BITE: u64 = 1024 * 1024;

/// A line longer than this is passed on in pieces.
const LONGEST_LINE: usize = 1024 * 1024;

/// The output of one step, read from its beginning.
pub(super) struct Output<'r> {
    run: &'r Run,
    directory: String,
    raw: Option<File>,
    /// How much of the raw output has been taken, and how much there is at the end of the step.
    taken: u64,
    end: u64,
    line: Vec<u8>,
    interpreter: Interpreter,
    log: Option<KeptLog>,
    /// Why the log is not complete.
    broken: Option<String>,
}

/// Whether more output is waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    Yes,
    No,
}

impl<'r> Output<'r> {
    /// Begins the log anew; what the raw file holds already is read with the first advance.
    pub(super) fn begin(run: &'r Run, record: &StepRecord) -> Self {
        let job = run.job(&record.directory);
        let matchers = std::fs::read_to_string(job.private().join("matchers.json"))
            .ok()
            .and_then(|text| Matchers::from_json(&text).ok())
            .unwrap_or_default();
        let around = Surroundings {
            env: record.switches.clone(),
            workspace: job.workspace(),
            debug: run.options.debug,
        };
        let owner = LogOwner {
            job: record.job.clone(),
            step: record.path.clone(),
            attempt: record.attempt.clone(),
            sink: run.options.sink.clone(),
        };
        let mut output = Self {
            run,
            directory: record.directory.clone(),
            raw: None,
            taken: 0,
            end: u64::MAX,
            line: Vec::new(),
            interpreter: Interpreter::new(around, matchers),
            log: None,
            broken: None,
        };
        let begun = KeptLog::begin(&record.log_path(run), owner, run.masker(&record.directory));
        output.log = output.noted(begun);
        let raw = File::open(record.raw(run));
        output.raw = output.noted(raw);
        output.show(&record.heading);
        for warning in &record.warnings {
            output.show(&[format!("##[warning]{warning}")]);
        }
        output
    }

    /// Takes what has been written since the last time; returns whether there is more.
    pub(super) fn advance(&mut self) -> More {
        let Some(mut raw) = self.raw.take() else {
            return More::No;
        };
        let mut bite = Vec::new();
        let most = LARGEST_BITE.min(self.end.saturating_sub(self.taken));
        let read = (&mut raw).take(most).read_to_end(&mut bite);
        self.noted(read);
        self.taken += bite.len() as u64;
        self.raw = Some(raw);
        self.take(&bite);
        self.flush();
        if bite.len() as u64 == LARGEST_BITE {
            More::Yes
        } else {
            More::No
        }
    }

    /// Notes that the step has ended: what it left running may go on writing, and is not heard any more.
    pub(super) fn close_ears(&mut self) {
        if let Some(length) = self.raw.as_ref().and_then(|raw| raw.metadata().ok()) {
            self.end = length.len();
        }
    }

    /// Appends lines of the executor's own.
    pub(super) fn show(&mut self, lines: &[String]) {
        if let Some(log) = &mut self.log {
            log.lines(lines.iter().map(String::as_str));
        }
    }

    /// Returns what the commands brought about, when the step has ended and its last line is read.
    pub(super) fn said(&mut self) -> Collected {
        while self.advance() == More::Yes {}
        if !self.line.is_empty() {
            let line = mem::take(&mut self.line);
            self.line_ends(&line);
        }
        let idle = Interpreter::new(Surroundings::default(), Matchers::default());
        let (collected, matchers) = mem::replace(&mut self.interpreter, idle).finish();
        let path = self.run.job(&self.directory).private().join("matchers.json");
        let kept = std::fs::write(path, matchers.to_json());
        self.noted(kept);
        collected
    }

    /// Completes the log; returns why it is not complete when it is not.
    pub(super) fn close(mut self) -> Option<String> {
        if let Some(log) = self.log.take() {
            let finished = log.finish();
            self.noted(finished);
        }
        self.broken
    }

    fn flush(&mut self) {
        if let Some(log) = &mut self.log {
            let written = log.flush();
            self.noted(written);
        }
    }

    fn take(&mut self, mut piece: &[u8]) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let mut line = mem::take(&mut self.line);
            line.extend_from_slice(&piece[..end]);
            piece = &piece[end + 1..];
            self.line_ends(&line);
        }
        self.line.extend_from_slice(piece);
        if self.line.len() > LONGEST_LINE {
            let line = mem::take(&mut self.line);
            self.line_ends(&line);
        }
    }

    fn line_ends(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let heard = self.interpreter.line(line.strip_suffix('\r').unwrap_or(&line));
        if let Some(secret) = heard.secret {
            let kept = self.run.add_mask(&self.directory, &secret);
            self.noted(kept);
        }
        self.show(&heard.shown);
    }

    fn noted<T>(&mut self, done: io::Result<T>) -> Option<T> {
        match done {
            Ok(value) => Some(value),
            Err(cause) => {
                self.broken
                    .get_or_insert_with(|| format!("the log is not complete: {cause}"));
                None
            }
        }
    }
}
