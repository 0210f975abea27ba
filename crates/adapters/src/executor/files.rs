//! The environment files of a step: `GITHUB_ENV`, `_OUTPUT`, `_PATH`, `_STATE`, `_STEP_SUMMARY`.
//!
//! Fresh for each step. Read with the rules and the messages of GitHub's runner
//! (`FileCommandManager.cs`); what stands before a mistake holds, as it does there, and
//! the mistake fails the step.

use std::io;
use std::path::{Path, PathBuf};

use super::mask::Masker;

/// The most that one step may add to the run's summary, in bytes.
pub const SUMMARY_LIMIT: usize = 1024 * 1024;

const FOLDER: &str = "_runner_file_commands";

/// The five files of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFiles {
    folder: PathBuf,
    suffix: String,
}

/// What a step wrote into its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// `GITHUB_ENV`, in order.
    pub env: Vec<(String, String)>,
    /// `GITHUB_OUTPUT`, in order.
    pub outputs: Vec<(String, String)>,
    /// `GITHUB_STATE`, in order.
    pub state: Vec<(String, String)>,
    /// `GITHUB_PATH`, in order.
    pub path: Vec<String>,
    /// `GITHUB_STEP_SUMMARY`, at most [`SUMMARY_LIMIT`] bytes.
    pub summary: String,
    /// What was wrong, for the log; any mistake fails the step.
    pub mistakes: Vec<String>,
    /// What was refused without failing the step.
    pub refusals: Vec<String>,
}

/// Why an environment file cannot be read; the text is the runner's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileMistake {
    /// Neither `NAME=VALUE` nor `NAME<<DELIMITER`.
    #[error("Invalid format '{0}'")]
    Format(String),
    /// `=VALUE`.
    #[error("Invalid format '{0}'. Name must not be empty")]
    Name(String),
    /// `<<DELIMITER` or `NAME<<`.
    #[error("Invalid format '{0}'. Name must not be empty and delimiter must not be empty")]
    Heredoc(String),
    /// The end of the file came before the delimiter.
    #[error("Invalid value. Matching delimiter not found '{0}'")]
    Delimiter(String),
    /// The last line of the value has no end.
    #[error("Invalid value. EOF marker missing new line.")]
    LineEnd,
}

impl StepFiles {
    /// Returns the files of this step attempt in the job's temporary folder.
    pub fn of(temp: &Path, attempt: &str) -> Self {
        let suffix = attempt
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        Self {
            folder: temp.join(FOLDER),
            suffix,
        }
    }

    /// Creates the files, empty.
    pub fn create(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        self.variables()
            .iter()
            .try_for_each(|(_, path)| std::fs::write(path, ""))
    }

    /// Returns the variables that name the files.
    pub fn variables(&self) -> [(&'static str, PathBuf); 5] {
        [
            ("GITHUB_ENV", self.path("set_env")),
            ("GITHUB_OUTPUT", self.path("set_output")),
            ("GITHUB_PATH", self.path("add_path")),
            ("GITHUB_STATE", self.path("save_state")),
            ("GITHUB_STEP_SUMMARY", self.path("step_summary")),
        ]
    }

    /// Returns what the step wrote. A file that is gone was not wanted.
    pub fn read(&self, masker: &Masker) -> Written {
        let mut written = Written::default();
        written.env = self.pairs("set_env", "env", &mut written);
        written.env.retain(|(name, _)| {
            let blocked = name.eq_ignore_ascii_case("NODE_OPTIONS");
            if blocked {
                let refusal = "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.";
                written.refusals.push(refusal.to_owned());
            }
            !blocked
        });
        refuse_nul(&mut written);
        written.outputs = self.pairs("set_output", "output", &mut written);
        written.state = self.pairs("save_state", "state", &mut written);
        written.path = self
            .text("add_path", "path", &mut written)
            .lines()
            .fold(Vec::new(), |mut paths, line| {
                if !line.is_empty() {
                    paths.retain(|known| known != line);
                    paths.push(line.to_owned());
                }
                paths
            });
        let summary = self.text("step_summary", "step_summary", &mut written);
        written.summary = cut_summary(masker.mask(&summary), &mut written.refusals);
        written
    }

    /// Removes the files.
    pub fn remove(&self) {
        for (_, path) in self.variables() {
            if let Err(cause) = std::fs::remove_file(&path)
                && cause.kind() != io::ErrorKind::NotFound
            {
                tracing::debug!(path = %path.display(), %cause, "an environment file stays");
            }
        }
    }

    fn path(&self, prefix: &str) -> PathBuf {
        self.folder.join(format!("{prefix}_{}", self.suffix))
    }

    fn pairs(&self, prefix: &str, command: &str, written: &mut Written) -> Vec<(String, String)> {
        let (pairs, mistake) = parse(&self.text(prefix, command, written));
        if let Some(mistake) = mistake {
            written.mistakes.push(unable(command));
            written.mistakes.push(mistake.to_string());
        }
        pairs
    }

    fn text(&self, prefix: &str, command: &str, written: &mut Written) -> String {
        match std::fs::read(self.path(prefix)) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
            Err(cause) => {
                written.mistakes.push(unable(command));
                written.mistakes.push(cause.to_string());
                String::new()
            }
        }
    }
}

/// Returns the pairs of `text` up to the first mistake, and the mistake.
pub fn parse(text: &str) -> (Vec<(String, String)>, Option<FileMistake>) {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        match next_pair(&mut rest) {
            Ok(pair) => pairs.extend(pair),
            Err(mistake) => return (pairs, Some(mistake)),
        }
    }
    (pairs, None)
}

fn next_pair(rest: &mut &str) -> Result<Option<(String, String)>, FileMistake> {
    let line = take_line(rest).unwrap_or_default().text;
    if line.is_empty() {
        return Ok(None);
    }
    match (line.find('='), line.find("<<")) {
        (Some(equals), heredoc) if heredoc.is_none_or(|at| equals < at) => match (&line[..equals], &line[equals + 1..])
        {
            ("", _) => Err(FileMistake::Name(line.to_owned())),
            (name, value) => Ok(Some((name.to_owned(), value.to_owned()))),
        },
        (_, Some(at)) => match (&line[..at], &line[at + 2..]) {
            ("", _) | (_, "") => Err(FileMistake::Heredoc(line.to_owned())),
            (name, delimiter) => Ok(Some((name.to_owned(), heredoc(rest, delimiter)?))),
        },
        _ => Err(FileMistake::Format(line.to_owned())),
    }
}

fn heredoc(rest: &mut &str, delimiter: &str) -> Result<String, FileMistake> {
    let value = *rest;
    let mut length = 0;
    let mut consumed = 0;
    loop {
        let line = take_line(rest).ok_or_else(|| FileMistake::Delimiter(delimiter.to_owned()))?;
        if line.text == delimiter {
            return Ok(value[..length].to_owned());
        }
        if !line.ended {
            return Err(FileMistake::LineEnd);
        }
        length = consumed + line.text.len();
        consumed = length + 1;
    }
}

#[derive(Default)]
struct Line<'a> {
    text: &'a str,
    ended: bool,
}

fn take_line<'a>(rest: &mut &'a str) -> Option<Line<'a>> {
    if rest.is_empty() {
        return None;
    }
    let (text, behind, ended) = match rest.split_once('\n') {
        Some((text, behind)) => (text, behind, true),
        None => (*rest, "", false),
    };
    *rest = behind;
    Some(Line { text, ended })
}

/// A program cannot be given such a variable, and every later step would fail to start.
fn refuse_nul(written: &mut Written) {
    let Written { env, mistakes, .. } = written;
    env.retain(|(name, value)| {
        let refused = name.contains('\0') || value.contains('\0');
        if refused {
            let name = name.replace('\0', "");
            mistakes.push(unable("env"));
            mistakes.push(format!(
                "the variable `{name}` holds a NUL byte, which no program can be given"
            ));
        }
        !refused
    });
}

fn unable(command: &str) -> String {
    format!("Unable to process file command '{command}' successfully.")
}

fn cut_summary(mut summary: String, refusals: &mut Vec<String>) -> String {
    if summary.len() > SUMMARY_LIMIT {
        refusals.push(format!(
            "$GITHUB_STEP_SUMMARY supports content up to a size of 1024k, got {}k: the rest is not kept",
            summary.len() / 1024
        ));
        let mut end = SUMMARY_LIMIT;
        while !summary.is_char_boundary(end) {
            end -= 1;
        }
        summary.truncate(end);
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)], mistake: Option<&str>) {
        let (pairs, found) = parse(text);
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, expected, "{text:?}");
        assert_eq!(found.map(|m| m.to_string()).as_deref(), mistake, "{text:?}");
    }

    #[test]
    fn pairs_and_heredocs_are_read() {
        check("A=1\n\nB=x=y<<z\nC=", &[("A", "1"), ("B", "x=y<<z"), ("C", "")], None);
        check("A<<EOF\none\ntwo\nEOF\nB=2", &[("A", "one\ntwo"), ("B", "2")], None);
        check("A<<EOF\nEOF\n", &[("A", "")], None);
        check("A<<EOF\n\nEOF", &[("A", "")], None);
        check("A<<EOF\n\n\nEOF", &[("A", "\n")], None);
        check("A<<E=F\nx\nE=F\n", &[("A", "x")], None);
        check(" A = 1 \n", &[(" A ", " 1 ")], None);
    }

    #[test]
    fn mistakes_have_the_runners_words() {
        check("A=1\nnonsense", &[("A", "1")], Some("Invalid format 'nonsense'"));
        check("=1", &[], Some("Invalid format '=1'. Name must not be empty"));
        let words = "Name must not be empty and delimiter must not be empty";
        check("<<EOF", &[], Some(&format!("Invalid format '<<EOF'. {words}")));
        check("A<<", &[], Some(&format!("Invalid format 'A<<'. {words}")));
        check(
            "A<<EOF\nx\n",
            &[],
            Some("Invalid value. Matching delimiter not found 'EOF'"),
        );
        check("A<<EOF\nx", &[], Some("Invalid value. EOF marker missing new line."));
        check(
            "A<<EOF\nx\n EOF\n",
            &[],
            Some("Invalid value. Matching delimiter not found 'EOF'"),
        );
    }
}
