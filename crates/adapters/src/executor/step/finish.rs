//! Reads what an ended step left, seals it, and keeps its end.

use std::fs;
use std::io;
use std::path::Path;

use lockgate_host::shim::{AttemptState, Exit};
use lockgate_pipeline::run::effect::StepAttempt;
use lockgate_pipeline::run::environment::Variables;
use lockgate_pipeline::run::input::{AnnotationCounts, StepEnd, StepExit};
use sha2::{Digest as _, Sha256};

use super::output::Output;
use super::record::{self, StepRecord};
use crate::executor::annotation::{Annotation, Level};
use crate::executor::files::{StepFiles, Written};
use crate::executor::hash_files::hexadecimal;
use crate::executor::interpreter::Collected;
use crate::executor::log::{KeptLog, LogOwner};
use crate::executor::mask::Masker;
use crate::executor::run::Run;

/// Returns the end of a step whose shim is gone, and keeps it.
pub(super) fn finish(run: &Run, record: &StepRecord, mut output: Output<'_>, state: &AttemptState) -> StepEnd {
    let mut collected = output.said();
    let warnings = record.warnings.iter();
    collected
        .annotations
        .extend(warnings.map(|warning| Annotation::plain(Level::Warning, warning)));
    let masker = run.masker(&record.directory);
    let files = StepFiles::of(&run.job(&record.directory).temp(), record.attempt.as_str());
    let mut written = files.read(&masker);
    refuse_secret_names(run, &masker, &mut collected, &mut written);
    let ProcessEnd {
        exit,
        mut reasons,
        last_words,
    } = ProcessEnd::of(state, record.stopped_with(run));
    reasons.append(&mut written.mistakes);
    let remarks: Vec<String> = reasons
        .iter()
        .cloned()
        .chain(last_words)
        .chain(written.refusals.drain(..))
        .collect();
    for remark in remarks {
        output.show(&[format!("##[error]{remark}")]);
        collected.annotations.push(Annotation::plain(Level::Error, remark));
    }
    let failed = collected.failed || !reasons.is_empty();
    let mut end = StepEnd {
        exit: match exit {
            StepExit::Success if failed => StepExit::Failure { code: 1 },
            other => other,
        },
        annotations: counts(&collected.annotations),
        ..StepEnd::default()
    };
    let kept = keep(run, record, &masker, &collected, &written).and_then(|summary| {
        end.summary = summary;
        seal(run, &masker, collected, written, &mut end)
    });
    if let Err(cause) = kept {
        reasons.push(format!("what the step wrote could not be kept: {cause}"));
        end.exit = StepExit::Failure { code: 1 };
    }
    reasons.extend(output.close());
    end.reason = (!reasons.is_empty()).then(|| masker.mask(&reasons.join(": ")));
    let end = record::end(run, &record.attempt, end);
    clean(run, record, &files);
    end
}

/// Returns the end of a step that could not be begun, and keeps it, with a log that says why.
pub(super) fn refused(run: &Run, step: &StepAttempt, reason: &str) -> StepEnd {
    let owner = LogOwner {
        job: step.job.clone(),
        step: step.path.clone(),
        attempt: step.attempt.clone(),
        sink: run.options.sink.clone(),
    };
    let masker = run.masker(&step.directory);
    let reason = masker.mask(reason);
    let line = format!("##[error]{reason}");
    let logged = KeptLog::begin(&record::log_path(run, step), owner, masker).and_then(|mut log| {
        log.lines([line.as_str()]);
        log.finish()
    });
    if let Err(cause) = logged {
        tracing::warn!(attempt = %step.attempt, %cause, "the log of a refused step could not be written");
    }
    let end = StepEnd {
        exit: StepExit::Failure { code: 1 },
        reason: Some(reason),
        annotations: AnnotationCounts {
            errors: 1,
            ..AnnotationCounts::default()
        },
        ..StepEnd::default()
    };
    record::end(run, &step.attempt, end)
}

/// How a step's process ended.
struct ProcessEnd {
    exit: StepExit,
    /// Why, when there is more to say than the exit code.
    reasons: Vec<String>,
    /// What GitHub's runner says of it at the end of the log.
    last_words: Option<String>,
}

impl ProcessEnd {
    fn of(state: &AttemptState, stopped: Option<String>) -> Self {
        let (exit, reason, last_words) = match (state, stopped) {
            (
                AttemptState::Exited {
                    exit: Exit::NotStarted(reason),
                    ..
                },
                _,
            ) => {
                let reason = format!("could not start: {reason}");
                (StepExit::Failure { code: 1 }, Some(reason), None)
            }
            (_, Some(words)) => (StepExit::Cancelled, None, Some(words)),
            (
                AttemptState::Exited {
                    exit: Exit::Code(0), ..
                },
                None,
            ) => (StepExit::Success, None, None),
            (
                AttemptState::Exited {
                    exit: Exit::Code(code), ..
                },
                None,
            ) => failure(*code, None),
            (
                AttemptState::Exited {
                    exit: signal @ Exit::Signal(number),
                    ..
                },
                None,
            ) => failure(128 + number, Some(signal.to_string())),
            _ => {
                let reason = "the step began, and whoever ran it is gone without having noted how it ended";
                let words = "It is unknown how the step ended.";
                (StepExit::Unknown, Some(reason.to_owned()), Some(words.to_owned()))
            }
        };
        Self {
            exit,
            reasons: reason.into_iter().collect(),
            last_words,
        }
    }
}

fn failure(code: i32, reason: Option<String>) -> (StepExit, Option<String>, Option<String>) {
    let words = format!("Process completed with exit code {code}.");
    (StepExit::Failure { code }, reason, Some(words))
}

fn counts(annotations: &[Annotation]) -> AnnotationCounts {
    let count = |level| {
        annotations
            .iter()
            .filter(|annotation| annotation.level == level)
            .count() as u32
    };
    AnnotationCounts {
        errors: count(Level::Error),
        warnings: count(Level::Warning),
        notices: count(Level::Notice),
    }
}

/// Keeps annotations and summary beside the log, masked; returns the digest of the summary.
fn keep(
    run: &Run,
    record: &StepRecord,
    masker: &Masker,
    collected: &Collected,
    written: &Written,
) -> io::Result<Option<String>> {
    let log = record.log_path(run);
    if !collected.annotations.is_empty() {
        let masked: Vec<Annotation> = collected
            .annotations
            .iter()
            .map(|remark| remark.masked(masker))
            .collect();
        write_private(
            &log.with_extension("annotations.json"),
            &serde_json::to_string(&masked)?,
        )?;
    }
    if written.summary.is_empty() {
        return Ok(None);
    }
    write_private(&log.with_extension("summary.md"), &written.summary)?;
    Ok(Some(format!(
        "sha256:{}",
        hexadecimal(&Sha256::digest(&written.summary))
    )))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    lockgate_host::durable::replace(path, text.as_bytes(), lockgate_host::durable::Durability::Process)
}

/// Refuses names that hold a secret: a value becomes a marker, a name has to stay what it is, in every event.
fn refuse_secret_names(run: &Run, masker: &Masker, collected: &mut Collected, written: &mut Written) {
    let mut refused = Vec::new();
    let mut is_clean = |what: &str, name: &str| {
        let is_clean = !run.secrets.is_in(name, masker);
        if !is_clean {
            let shown = masker.mask(name);
            refused.push(format!(
                "the name of {what} holds a secret (`{shown}`), and is refused: give it a name without one"
            ));
        }
        is_clean
    };
    collected.outputs.retain(|name, _| is_clean("an output", name));
    written.outputs.retain(|(name, _)| is_clean("an output", name));
    collected.state.retain(|name, _| is_clean("a state", name));
    written.state.retain(|(name, _)| is_clean("a state", name));
    collected.env.retain(|(name, _)| is_clean("a variable", name));
    written.env.retain(|(name, _)| is_clean("a variable", name));
    written.mistakes.append(&mut refused);
}

fn seal(run: &Run, masker: &Masker, collected: Collected, written: Written, end: &mut StepEnd) -> io::Result<()> {
    let sealed = |pairs: &mut dyn Iterator<Item = (String, String)>| {
        pairs
            .map(|(name, value)| Ok((name, run.secrets.seal(&value, masker)?)))
            .collect::<io::Result<Variables>>()
    };
    end.outputs = sealed(&mut collected.outputs.into_iter().chain(written.outputs))?;
    end.state = sealed(&mut collected.state.into_iter().chain(written.state))?;
    end.env = sealed(&mut collected.env.into_iter().chain(written.env))?;
    let paths = collected.path.into_iter().chain(written.path);
    end.path = paths
        .map(|path| run.secrets.seal(&path, masker))
        .collect::<io::Result<_>>()?;
    Ok(())
}

fn clean(run: &Run, record: &StepRecord, files: &StepFiles) {
    files.remove();
    let raw = Some(record.raw(run));
    for path in [&raw, &record.script].into_iter().flatten() {
        if let Err(cause) = fs::remove_file(path)
            && cause.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %cause, "a private file of a step stays");
        }
    }
}
