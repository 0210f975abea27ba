//! The packages, installed once, and the process that answers from them.
//!
//! One process answers a whole batch, a line for a line: starting one costs as much as thousands of answers. A
//! thread writes the questions while the caller reads the answers, so that full pipes cannot stop both.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use sha2::{Digest, Sha256};

const MANIFEST: &str = include_str!("../npm/package.json");
const LOCK: &str = include_str!("../npm/package-lock.json");

/// The reference implementations, ready to be asked.
#[derive(Clone, Debug)]
pub struct Oracle {
    folder: PathBuf,
}

/// A program in `npm/` that reads a line of JSON and writes one, until its input ends.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// Its file name, such as `expressions.mjs`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The modules beside it that it imports: their file names and texts.
    pub imports: &'static [(&'static str, &'static str)],
}

impl Script {
    /// Evaluates expressions.
    pub const EXPRESSIONS: Self = Self {
        name: "expressions.mjs",
        text: include_str!("../npm/expressions.mjs"),
        imports: &[("runner.mjs", include_str!("../npm/runner.mjs"))],
    };

    /// Says what is wrong with workflow and action files.
    pub const WORKFLOWS: Self = Self {
        name: "workflows.mjs",
        text: include_str!("../npm/workflows.mjs"),
        imports: &[JSON_IMPORTS],
    };

    /// Times the reading of workflow files.
    pub const PLAN: Self = Self {
        name: "plan.mjs",
        text: include_str!("../npm/plan.mjs"),
        imports: &[JSON_IMPORTS],
    };
}

const JSON_IMPORTS: (&str, &str) = ("json_imports.mjs", include_str!("../npm/json_imports.mjs"));

/// Why the reference implementations cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// A program of theirs is not there.
    #[error("{0} is not installed")]
    Missing(&'static str),
    /// The packages cannot be installed.
    #[error("npm could not install the packages of crates/oracle/npm: {0}")]
    Install(String),
    /// A file of the installation cannot be written.
    #[error("writing {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The process ended too early or said what is no JSON.
    #[error("the script {script} did not answer question {number}: {problem}")]
    Answer {
        /// The script.
        script: &'static str,
        /// The question, from 1.
        number: usize,
        /// What happened instead.
        problem: String,
    },
}

impl OracleError {
    /// Returns the error with its causes in one line.
    pub fn with_causes(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

impl Oracle {
    /// Returns the installed packages; installs them first when this version of them is not there.
    ///
    /// # Errors
    /// Returns which program is missing, or what the installation said.
    pub fn install() -> Result<Self, OracleError> {
        for program in ["node", "npm"] {
            if !answers(program) {
                return Err(OracleError::Missing(program));
            }
        }
        let root = target().join("oracle");
        let digest = Sha256::digest([MANIFEST, LOCK].concat());
        let digest = digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let folder = root.join(format!("{digest:016x}"));
        fs::create_dir_all(&folder).map_err(writing(&folder))?;
        // Tests of one crate are several processes, and the first of them installs for all.
        let path = root.join("lock");
        let lock = File::create(&path).map_err(writing(&path))?;
        lock.lock().map_err(writing(&path))?;
        let installed = folder.join("installed");
        if !installed.exists() {
            write(&folder.join("package.json"), MANIFEST)?;
            write(&folder.join("package-lock.json"), LOCK)?;
            npm_ci(&folder)?;
            write(&installed, "")?;
        }
        Ok(Self { folder })
    }

    /// Returns the folder with `node_modules`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns an answer of `script` to each of `questions`, in order.
    ///
    /// # Errors
    /// Returns the first question without an answer.
    pub fn ask(&self, script: Script, questions: &[Value]) -> Result<Vec<Value>, OracleError> {
        let mut child = self.start(script)?;
        let broken = |number, problem: String| OracleError::Answer {
            script: script.name,
            number,
            problem,
        };
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both streams are pipes");
        };
        let answers = std::thread::scope(|threads| {
            threads.spawn(move || write_lines(input, questions));
            let mut answers = Vec::with_capacity(questions.len());
            for line in BufReader::new(output).lines() {
                let number = answers.len() + 1;
                let line = line.map_err(|error| broken(number, error.to_string()))?;
                let answer = serde_json::from_str(&line);
                answers.push(answer.map_err(|error| broken(number, format!("{error} in {line}")))?);
            }
            Ok(answers)
        });
        let status = child.wait().map_err(|error| broken(0, error.to_string()))?;
        let answers: Vec<Value> = answers?;
        if answers.len() != questions.len() || !status.success() {
            return Err(broken(answers.len() + 1, format!("it ended with {status}")));
        }
        Ok(answers)
    }

    /// Returns the command that runs `script` beside the packages; its arguments are still to be added.
    ///
    /// # Errors
    /// Returns why the script cannot be put there.
    pub fn command(&self, script: Script) -> Result<Command, OracleError> {
        // Beside the packages, because a module looks for them upwards from its own file.
        let script_itself = [(script.name, script.text)];
        for (name, text) in script_itself.iter().chain(script.imports) {
            let path = self.folder.join(name);
            let fresh = self.folder.join(format!("{name}.{}", std::process::id()));
            write(&fresh, text)?;
            fs::rename(&fresh, &path).map_err(writing(&path))?;
        }
        let mut command = Command::new("node");
        command.arg(self.folder.join(script.name));
        Ok(command)
    }

    fn start(&self, script: Script) -> Result<Child, OracleError> {
        self.command(script)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|_| OracleError::Missing("node"))
    }
}

/// Writes the questions; the reader's complaint about what is missing is better than a broken pipe here.
fn write_lines(input: impl Write, questions: &[Value]) {
    let mut input = BufWriter::new(input);
    for question in questions {
        if writeln!(input, "{question}").is_err() {
            return;
        }
    }
    drop(input.flush());
}

fn npm_ci(folder: &Path) -> Result<(), OracleError> {
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|_| OracleError::Missing("npm"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told: Vec<&str> = told.lines().filter(|line| line.contains("error")).take(3).collect();
    Err(OracleError::Install(told.join("; ")))
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Returns cargo's target folder: a test runs as `target/PROFILE/deps/NAME`, an example as `target/PROFILE/examples/NAME`.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().nth(3).map(Path::to_path_buf);
    target.unwrap_or_else(std::env::temp_dir)
}

fn write(path: &Path, text: &str) -> Result<(), OracleError> {
    fs::write(path, text).map_err(writing(path))
}

fn writing(path: &Path) -> impl FnOnce(io::Error) -> OracleError {
    let path = path.to_path_buf();
    |source| OracleError::Write { path, source }
}
