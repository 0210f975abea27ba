//! How a `run` script is handed to its shell: GitHub's exact invocations.
//!
//! Without `shell:` it is `bash -e`, without pipefail; `shell: bash` adds pipefail and
//! leaves the profiles out. The difference is documented and workflows depend on it.

use std::path::{Path, PathBuf};

/// A script ready to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program, found on the step's PATH.
    pub program: PathBuf,
    /// Its arguments, with the script's path.
    pub arguments: Vec<String>,
    /// The shell as the log shows it.
    pub shown: String,
}

/// What a shell needs of its script's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    program: PathBuf,
    template: String,
    extension: &'static str,
    wrapping: Wrapping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapping {
    None,
    PowerShell,
}

/// Why a script cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    /// A format string without a place for the script.
    #[error(
        "`shell: {0}` is invalid: it must be a valid built-in (bash, sh, pwsh, python) or a format string containing '{{0}}'"
    )]
    NoPlace(String),
    /// The program is on no folder of the PATH.
    #[error(
        "`shell: {shell}` needs the program `{program}`, which is not on the step's PATH: install it, or choose another shell"
    )]
    NotFound {
        /// As written.
        shell: String,
        /// What was looked for.
        program: String,
    },
    /// A shell of another system.
    #[error("`shell: {0}` exists on Windows only: use bash, sh, pwsh or python")]
    Windows(String),
    /// A quote without its end.
    #[error("`shell: {0}` has a quote that is not closed")]
    Quote(String),
}

impl Shell {
    /// Returns the shell that `wanted` names; nothing or an empty text means the default.
    ///
    /// # Errors
    /// Returns why there is no such shell.
    pub fn resolve(wanted: Option<&str>, path: &str) -> Result<Self, ShellError> {
        let wanted = wanted.map(str::trim).filter(|text| !text.is_empty());
        let Some(wanted) = wanted else {
            return default_shell(path);
        };
        let (name, arguments) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let arguments = arguments.trim_start();
        let built_in = match name.to_lowercase().as_str() {
            "bash" => ("--noprofile --norc -eo pipefail {0}", ".sh"),
            "sh" => ("-e {0}", ".sh"),
            "python" => ("{0}", ".py"),
            "pwsh" => ("-command \". '{0}'\"", ".ps1"),
            "cmd" | "powershell" => return Err(ShellError::Windows(wanted.to_owned())),
            _ => ("", ""),
        };
        let template = if arguments.is_empty() { built_in.0 } else { arguments };
        if !template.contains("{0}") {
            return Err(ShellError::NoPlace(wanted.to_owned()));
        }
        Ok(Self {
            program: find_shell(wanted, name, path)?,
            template: template.to_owned(),
            extension: built_in.1,
            wrapping: if built_in.1 == ".ps1" {
                Wrapping::PowerShell
            } else {
                Wrapping::None
            },
        })
    }

    /// Returns the extension of the script's file, with its point.
    pub fn extension(&self) -> &'static str {
        self.extension
    }

    /// Returns the script as it is written to its file.
    pub fn script(&self, run: &str) -> String {
        match self.wrapping {
            Wrapping::None => run.to_owned(),
            Wrapping::PowerShell => format!(
                "$ErrorActionPreference = 'stop'\n{run}\n\
                 if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) {{ exit $LASTEXITCODE }}"
            ),
        }
    }

    /// Returns how the script in `file` is started.
    ///
    /// # Errors
    /// Returns a quote of the format string that is not closed.
    pub fn invoke(&self, file: &Path) -> Result<Invocation, ShellError> {
        let words = split_words(&self.template).ok_or_else(|| ShellError::Quote(self.template.clone()))?;
        let file = file.to_string_lossy();
        Ok(Invocation {
            program: self.program.clone(),
            arguments: words.into_iter().map(|word| word.replace("{0}", &file)).collect(),
            shown: format!("{} {}", self.program.display(), self.template),
        })
    }
}

/// Returns the first executable file `name` on `path`.
pub fn find_program(name: &str, path: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_executable = |file: &Path| {
        file.metadata()
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|file| is_executable(file));
    }
    path.split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| Path::new(folder).join(name))
        .find(|file| is_executable(file))
}

fn default_shell(path: &str) -> Result<Shell, ShellError> {
    let program = match find_program("bash", path) {
        Some(bash) => bash,
        None => find_shell("sh", "sh", path)?,
    };
    Ok(Shell {
        program,
        template: "-e {0}".to_owned(),
        extension: ".sh",
        wrapping: Wrapping::None,
    })
}

fn find_shell(wanted: &str, name: &str, path: &str) -> Result<PathBuf, ShellError> {
    find_program(name, path)
        .or_else(|| (name == "python").then(|| find_program("python3", path)).flatten())
        .ok_or_else(|| ShellError::NotFound {
            shell: wanted.to_owned(),
            program: name.to_owned(),
        })
}

/// Splits a command line into words: quotes group, a backslash escapes a double quote.
fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if characters.peek() == Some(&'"') => {
                characters.next();
                word.get_or_insert_default().push('"');
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/usr/bin:/bin";

    #[track_caller]
    fn check(shell: Option<&str>, program: &str, arguments: &[&str]) {
        let shell = Shell::resolve(shell, PATH).unwrap();
        let invocation = shell.invoke(Path::new("/t/s.sh")).unwrap();
        assert!(invocation.program.ends_with(program), "{invocation:?}");
        assert_eq!(invocation.arguments, arguments);
    }

    #[test]
    fn shells_are_started_as_github_starts_them() {
        check(None, "bash", &["-e", "/t/s.sh"]);
        check(Some(""), "bash", &["-e", "/t/s.sh"]);
        check(
            Some("bash"),
            "bash",
            &["--noprofile", "--norc", "-eo", "pipefail", "/t/s.sh"],
        );
        check(Some("sh"), "sh", &["-e", "/t/s.sh"]);
        check(Some("bash -x {0}"), "bash", &["-x", "/t/s.sh"]);
        check(Some("env \"A=b c\" bash {0}"), "env", &["A=b c", "bash", "/t/s.sh"]);
    }

    #[test]
    fn what_is_no_shell_is_refused_in_words() {
        for (shell, words) in [
            ("bashy", "containing '{0}'"),
            ("bash -x", "containing '{0}'"),
            ("no-such-shell {0}", "not on the step's PATH"),
            ("cmd", "Windows only"),
        ] {
            let refusal = Shell::resolve(Some(shell), PATH).unwrap_err().to_string();
            assert!(refusal.contains(words), "{refusal}");
        }
        assert!(
            Shell::resolve(Some("bash \"{0}"), PATH)
                .unwrap()
                .invoke(Path::new("/s"))
                .is_err()
        );
    }

    #[test]
    fn without_bash_the_default_is_sh() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/bin/sh", folder.path().join("sh")).unwrap();
        let shell = Shell::resolve(None, &folder.path().to_string_lossy()).unwrap();
        assert!(shell.invoke(Path::new("/s")).unwrap().program.ends_with("sh"));
    }
}
