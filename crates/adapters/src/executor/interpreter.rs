//! Carries out the workflow commands of one step, line by line.
//!
//! Deterministic in the lines alone: after a crash the whole raw output is read again
//! and must give the same log, outputs and annotations.

use std::collections::BTreeMap;

use lockgate_pipeline::run::environment::Variables;

use super::annotation::{Annotation, Level};
use super::command::{Command, NAMES};
use super::problem::{self, Matchers};

const UNSAFE_COMMANDS: &str = "ACTIONS_ALLOW_UNSECURE_COMMANDS";
const UNSAFE_STOP_TOKENS: &str = "ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS";

/// A stop token with more characters is kept out of the log, as GitHub does.
const LONGEST_PLAIN_TOKEN: usize = 6;

/// What the commands of a step brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// By `set-output`.
    pub outputs: Variables,
    /// By `save-state`.
    pub state: Variables,
    /// By `set-env`, in order.
    pub env: Vec<(String, String)>,
    /// By `add-path`, in order.
    pub path: Vec<String>,
    /// By `notice`, `warning`, `error` and problem matchers.
    pub annotations: Vec<Annotation>,
    /// Whether a command failed, which fails the step.
    pub failed: bool,
}

/// What a line of raw output turned into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The lines for the log.
    pub shown: Vec<String>,
    /// A new secret, which holds from here on.
    pub secret: Option<String>,
}

/// What the interpreter has to know of its step.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The step's environment, for the two switches that GitHub reads there.
    pub env: BTreeMap<String, String>,
    /// The workspace, to which files of annotations are made relative.
    pub workspace: std::path::PathBuf,
    /// Shows `debug` messages.
    pub debug: Debug,
}

/// Whether debug messages are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Debug {
    /// They are dropped.
    #[default]
    Hidden,
    /// They are shown.
    Shown,
}

/// Reads the lines of one step.
#[derive(Debug)]
pub struct Interpreter {
    around: Surroundings,
    stopped: Option<String>,
    echo: bool,
    matchers: Matchers,
    collected: Collected,
}

impl Interpreter {
    /// Returns an interpreter at the beginning of a step, with the job's problem matchers.
    pub fn new(around: Surroundings, matchers: Matchers) -> Self {
        Self {
            around,
            stopped: None,
            echo: false,
            matchers,
            collected: Collected::default(),
        }
    }

    /// Returns what the step brought about, and the job's problem matchers as they are now.
    pub fn finish(self) -> (Collected, Matchers) {
        (self.collected, self.matchers)
    }

    /// Carries out one line, without its end.
    pub fn line(&mut self, line: &str) -> Heard {
        let command = Command::parse(line, self.stopped.as_deref());
        let mut heard = Heard::default();
        match (command, self.stopped.clone()) {
            (None, _) => self.text(line, &mut heard),
            (Some(command), Some(token)) if command.name == token.to_lowercase() => {
                heard.shown.push(line.to_owned());
                self.stopped = None;
            }
            (Some(_), Some(_)) => heard.shown.push(line.to_owned()),
            (Some(command), None) => self.carry_out(line, &command, &mut heard),
        }
        heard
    }

    fn text(&mut self, line: &str, heard: &mut Heard) {
        heard.shown.push(line.to_owned());
        if let Some(mut annotation) = self.matchers.read(line) {
            annotation.file = annotation.file.map(|file| self.relative(&file));
            self.collected.annotations.push(annotation);
        }
    }

    fn carry_out(&mut self, line: &str, command: &Command, heard: &mut Heard) {
        let omits_echo = matches!(
            command.name.as_str(),
            "add-mask" | "debug" | "notice" | "warning" | "error" | "stop-commands" | "group" | "endgroup"
        );
        if self.echo && !omits_echo {
            heard.shown.push(line.to_owned());
        }
        let done = match command.name.as_str() {
            "notice" => self.annotate(Level::Notice, command, heard),
            "warning" => self.annotate(Level::Warning, command, heard),
            "error" => self.annotate(Level::Error, command, heard),
            "debug" => self.debug(&command.data, heard),
            "group" => show(heard, format!("##[group]{}", command.data)),
            "endgroup" => show(heard, "##[endgroup]".to_owned()),
            "add-mask" => self.add_mask(command, heard),
            "stop-commands" => self.stop(line, command, heard),
            "echo" => self.switch_echo(command),
            "set-output" => self.set_output(command, heard),
            "save-state" => self.save_state(command, heard),
            "set-env" => self.set_env(command, heard),
            "add-path" => self.add_path(command),
            "add-matcher" => self.add_matcher(command, heard),
            "remove-matcher" => self.remove_matcher(command, heard),
            _ => Ok(()),
        };
        if let Err(reason) = done {
            let shown = if omits_echo { &command.name } else { line };
            self.fail(&format!("Unable to process command '{shown}' successfully."), heard);
            self.fail(&reason, heard);
        }
    }

    fn annotate(&mut self, level: Level, command: &Command, heard: &mut Heard) -> Result<(), String> {
        show(heard, format!("##[{}]{}", level.name(), command.data))?;
        let mut annotation = Annotation::of(level, command);
        annotation.file = annotation.file.map(|file| self.relative(&file));
        self.collected.annotations.push(annotation);
        Ok(())
    }

    fn relative(&self, file: &str) -> String {
        let path = std::path::Path::new(file);
        let inside = path.strip_prefix(&self.around.workspace).unwrap_or(path);
        inside.to_string_lossy().into_owned()
    }

    fn debug(&self, message: &str, heard: &mut Heard) -> Result<(), String> {
        match self.around.debug {
            Debug::Hidden => Ok(()),
            Debug::Shown => show(heard, format!("##[debug]{message}")),
        }
    }

    fn add_mask(&mut self, command: &Command, heard: &mut Heard) -> Result<(), String> {
        if command.data.trim().is_empty() {
            self.warn("Can't add secret mask for empty string in ##[add-mask] command.", heard);
            return Ok(());
        }
        if self.echo {
            show(heard, "::add-mask::***".to_owned())?;
        }
        heard.secret = Some(command.data.clone());
        Ok(())
    }

    fn stop(&mut self, line: &str, command: &Command, heard: &mut Heard) -> Result<(), String> {
        let token = &command.data;
        let reserved = token.is_empty() || token == "pause-logging" || NAMES.contains(&token.to_lowercase().as_str());
        if reserved && !self.allows(UNSAFE_STOP_TOKENS) {
            return Err(format!(
                "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow \
                 command. Choose another token, or set the `{UNSAFE_STOP_TOKENS}` environment variable to `true`."
            ));
        }
        show(heard, line.to_owned())?;
        if token.chars().count() > LONGEST_PLAIN_TOKEN {
            heard.secret = Some(token.clone());
        }
        self.stopped = Some(token.clone());
        Ok(())
    }

    fn switch_echo(&mut self, command: &Command) -> Result<(), String> {
        match command.data.trim().to_uppercase().as_str() {
            "ON" => self.echo = true,
            "OFF" => self.echo = false,
            _ => {
                return Err(format!(
                    "Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '{}'.",
                    command.data
                ));
            }
        }
        Ok(())
    }

    fn set_output(&mut self, command: &Command, heard: &mut Heard) -> Result<(), String> {
        let name = required_name(command)?;
        self.deprecated("set-output", heard);
        self.collected.outputs.insert(name, command.data.clone());
        Ok(())
    }

    fn save_state(&mut self, command: &Command, heard: &mut Heard) -> Result<(), String> {
        let name = required_name(command)?;
        self.deprecated("save-state", heard);
        self.collected.state.insert(name, command.data.clone());
        Ok(())
    }

    fn set_env(&mut self, command: &Command, heard: &mut Heard) -> Result<(), String> {
        self.require_unsafe_commands("set-env")?;
        let name = required_name(command)?;
        if name.eq_ignore_ascii_case("NODE_OPTIONS") {
            let message = "Can't update NODE_OPTIONS environment variable using ::set-env:: command.";
            show(heard, format!("##[error]{message}"))?;
            self.collected
                .annotations
                .push(Annotation::plain(Level::Error, message));
        } else {
            self.collected.env.push((name, command.data.clone()));
        }
        Ok(())
    }

    fn add_path(&mut self, command: &Command) -> Result<(), String> {
        self.require_unsafe_commands("add-path")?;
        if command.data.is_empty() {
            return Err("Required value is missing in ##[add-path] command.".to_owned());
        }
        self.collected.path.push(command.data.clone());
        Ok(())
    }

    fn add_matcher(&mut self, command: &Command, heard: &mut Heard) -> Result<(), String> {
        if command.data.is_empty() {
            self.warn("File path must be specified.", heard);
            return Ok(());
        }
        self.matchers.add(self.load_matchers(&command.data)?);
        Ok(())
    }

    fn remove_matcher(&mut self, command: &Command, heard: &mut Heard) -> Result<(), String> {
        match (command.property("owner"), command.data.as_str()) {
            (Some(owner), "") => self.matchers.remove(owner),
            (None, "") => self.warn(
                "Either an owner name or a file path must be specified in ##[remove-matcher] command.",
                heard,
            ),
            (None, file) => {
                for matcher in self.load_matchers(file)? {
                    self.matchers.remove(matcher.owner());
                }
            }
            (Some(_), _) => self.warn(
                "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.",
                heard,
            ),
        }
        Ok(())
    }

    fn load_matchers(&self, file: &str) -> Result<Vec<problem::Matcher>, String> {
        let path = self.around.workspace.join(file);
        let text = std::fs::read_to_string(&path)
            .map_err(|cause| format!("could not read the problem matchers in {}: {cause}", path.display()))?;
        problem::read_config(&text).map_err(|cause| format!("{}: {cause}", path.display()))
    }

    fn require_unsafe_commands(&self, name: &str) -> Result<(), String> {
        if self.allows(UNSAFE_COMMANDS) {
            return Ok(());
        }
        Err(format!(
            "The `{name}` command is disabled. Please upgrade to using Environment Files or opt into unsecure command \
             execution by setting the `{UNSAFE_COMMANDS}` environment variable to `true`."
        ))
    }

    fn allows(&self, switch: &str) -> bool {
        self.around
            .env
            .get(switch)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn deprecated(&mut self, name: &str, heard: &mut Heard) {
        self.warn(
            &format!(
                "The `{name}` command is deprecated and will be disabled soon. Please upgrade to using Environment Files."
            ),
            heard,
        );
    }

    fn warn(&mut self, message: &str, heard: &mut Heard) {
        heard.shown.push(format!("##[warning]{message}"));
        self.collected
            .annotations
            .push(Annotation::plain(Level::Warning, message));
    }

    fn fail(&mut self, message: &str, heard: &mut Heard) {
        heard.shown.push(format!("##[error]{message}"));
        self.collected
            .annotations
            .push(Annotation::plain(Level::Error, message));
        self.collected.failed = true;
    }
}

#[expect(clippy::unnecessary_wraps, reason = "reads as one arm among commands that can fail")]
fn show(heard: &mut Heard, line: String) -> Result<(), String> {
    heard.shown.push(line);
    Ok(())
}

fn required_name(command: &Command) -> Result<String, String> {
    command
        .property("name")
        .map(str::to_owned)
        .ok_or_else(|| format!("Required field 'name' is missing in ##[{}] command.", command.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &[&str]) -> (Vec<String>, Collected) {
        let around = Surroundings {
            workspace: "/work/repo".into(),
            ..Surroundings::default()
        };
        let mut interpreter = Interpreter::new(around, Matchers::default());
        let mut shown = Vec::new();
        for line in lines {
            shown.extend(interpreter.line(line).shown);
        }
        (shown, interpreter.finish().0)
    }

    #[test]
    fn annotations_are_shown_and_kept() {
        let (shown, collected) = run(&[
            "::error file=/work/repo/src/a.rs,line=3,endLine=2,col=1,title=T::bad",
            "plain",
        ]);
        assert_eq!(shown, ["##[error]bad", "plain"]);
        let [annotation] = collected.annotations.as_slice() else {
            panic!("one annotation: {collected:?}");
        };
        assert_eq!(annotation.file.as_deref(), Some("src/a.rs"));
        assert_eq!((annotation.line, annotation.end_line), (None, None));
        assert_eq!(annotation.title.as_deref(), Some("T"));
        assert!(!collected.failed);
    }

    #[test]
    fn stopped_commands_are_text_until_the_token() {
        let (shown, collected) = run(&[
            "::stop-commands::pause",
            "::set-output name=a::1",
            "::PAUSE::",
            "::set-output name=b::2",
        ]);
        assert_eq!(
            shown[..3],
            ["::stop-commands::pause", "::set-output name=a::1", "::PAUSE::"]
        );
        assert_eq!(collected.outputs, Variables::from([("b".into(), "2".into())]));
    }

    #[test]
    fn a_stop_token_must_not_be_a_command() {
        for token in ["", "warning", "pause-logging"] {
            let (_, collected) = run(&[&format!("::stop-commands::{token}")]);
            assert!(collected.failed, "{token}");
        }
    }

    #[test]
    fn echo_shows_the_commands_but_never_a_mask() {
        let (shown, _) = run(&[
            "::save-state name=a::1",
            "::echo::on",
            "::add-mask::hunter2",
            "::group::G",
            "::endgroup::",
        ]);
        assert_eq!(shown[1..], ["::add-mask::***", "##[group]G", "##[endgroup]"]);
        let (_, collected) = run(&["::echo::maybe"]);
        assert!(collected.failed);
    }

    #[test]
    fn the_unsafe_commands_fail_the_step() {
        let (shown, collected) = run(&["::set-env name=A::b"]);
        assert!(collected.failed && collected.env.is_empty());
        assert!(shown[1].contains("The `set-env` command is disabled"), "{shown:?}");
    }

    #[test]
    fn debug_is_quiet_unless_wanted() {
        assert!(run(&["::debug::x"]).0.is_empty());
        let around = Surroundings {
            debug: Debug::Shown,
            ..Surroundings::default()
        };
        let mut interpreter = Interpreter::new(around, Matchers::default());
        assert_eq!(interpreter.line("::debug::x").shown, ["##[debug]x"]);
    }
}
