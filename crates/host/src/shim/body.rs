//! The shim's process.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::birth::{self, Greeting};
use crate::clock;
use crate::durable::{self, Durability};
use crate::liveness::{Claim, drain_fifo, open_fifo};
use crate::shim::attempt::{ExitRecord, Files, RunningRecord, StartedRecord};
use crate::shim::descendants;
use crate::shim::ending::{Due, Stop};
use crate::shim::spec::{AttemptSpec, Ending, Exit, Leftovers};
use crate::sys;

/// Runs the attempt in `directory`. To be called first in `main`, before any thread exists.
pub fn main(directory: &Path) -> ExitCode {
    match prepare(directory) {
        Ok(Prepared::Begun(shim)) => match shim.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(directory, &error),
        },
        Ok(Prepared::Not(greeting)) => {
            birth::greet(&greeting);
            ExitCode::SUCCESS
        }
        Err(error) => fail(directory, &error),
    }
}

fn fail(directory: &Path, error: &io::Error) -> ExitCode {
    let reason = format!("the shim of {}: {error}", directory.display());
    birth::greet(&Greeting::Failed(reason));
    ExitCode::FAILURE
}

enum Prepared {
    Begun(Box<Shim>),
    Not(Greeting),
}

/// Takes the place, leaves the starter, and puts the marker down that makes it happen at most once.
fn prepare(directory: &Path) -> io::Result<Prepared> {
    sys::close_inherited()?;
    let files = Files::new(directory);
    let Some(claim) = files.place().claim()? else {
        return Ok(Prepared::Not(Greeting::Busy));
    };
    if files.started().exists() || files.exit().exists() {
        return Ok(Prepared::Not(Greeting::Over));
    }
    match durable::mark(&files.claimed(), b"", Durability::Process) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let Some(spec) = durable::read_json::<AttemptSpec>(&files.spec())? else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "spec.json is not there"));
    };
    birth::detach()?;
    nix::sys::prctl::set_child_subreaper(true)?;
    Ok(Prepared::Begun(Box::new(Shim {
        control: open_fifo(&files.control())?,
        signals: signals()?,
        files,
        spec,
        command: None,
        stop: None,
        _claim: claim,
    })))
}

fn signals() -> io::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        set.add(signal);
    }
    set.thread_block()?;
    Ok(SignalFd::with_flags(
        &set,
        SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK,
    )?)
}

struct Shim {
    files: Files,
    spec: AttemptSpec,
    control: File,
    signals: SignalFd,
    /// The command's process and process group, while it is not reaped.
    command: Option<Pid>,
    /// The stop under way.
    stop: Option<Stop>,
    /// Released last.
    _claim: Claim,
}

impl Shim {
    fn run(mut self: Box<Self>) -> io::Result<()> {
        self.mark_started()?;
        let exit = match self.start() {
            Ok(child) => {
                let pid = Pid::from_raw(child.id().cast_signed());
                let running = RunningRecord {
                    pid: pid.as_raw(),
                    since: clock::wall(),
                };
                durable::replace_json(&self.files.running(), &running, Durability::Process)?;
                birth::greet(&Greeting::Ready);
                self.command = Some(pid);
                self.attend()
            }
            Err(reason) => Exit::NotStarted(reason),
        };
        let greeted = !matches!(exit, Exit::NotStarted(_));
        let record = ExitRecord {
            exit,
            at: clock::wall(),
            company: descendants::company(std::process::id().cast_signed()),
        };
        self.record(&record)?;
        if !greeted {
            birth::greet(&Greeting::Ready);
        }
        Ok(())
    }

    /// Writes the end down, and stays until that is done: a full disk delays it and loses nothing.
    fn record(&self, record: &ExitRecord) -> io::Result<()> {
        loop {
            match durable::replace_json(&self.files.exit(), record, self.spec.durability) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(500)),
            }
        }
    }

    fn mark_started(&self) -> io::Result<()> {
        let own = std::process::id().cast_signed();
        let started = StartedRecord {
            shim: own,
            shim_ticks: descendants::process(own).map_or(0, |process| process.ticks),
            boot: clock::boot(),
            trace: self.spec.trace.clone(),
        };
        let bytes = serde_json::to_vec(&started)?;
        durable::mark(&self.files.started(), &bytes, self.spec.durability)?;
        // The specification may hold secrets, and nobody starts it a second time.
        std::fs::remove_file(self.files.spec())
    }

    /// Starts the command in a process group of its own.
    fn start(&self) -> Result<Child, String> {
        let stdout = append(&self.spec.stdout)?;
        let stderr = if self.spec.stderr == self.spec.stdout {
            stdout.try_clone().map_err(|error| error.to_string())?
        } else {
            append(&self.spec.stderr)?
        };
        let directory = &self.spec.working_directory;
        if !directory.is_dir() {
            return Err(format!("its working directory {} is not there", directory.display()));
        }
        let mut command = Command::new(&self.spec.program);
        command
            .args(&self.spec.args)
            .env_clear()
            .envs(&self.spec.env)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0);
        sys::bound_to_parent(&mut command);
        command
            .spawn()
            .map_err(|error| format!("`{}` cannot be executed: {error}", self.spec.program.display()))
    }

    /// Waits for the command, and for stops, until nothing of it is left.
    fn attend(&mut self) -> Exit {
        let mut exit = None;
        loop {
            while let Some((pid, ended)) = reap() {
                if Some(pid) == self.command {
                    self.command = None;
                    exit = Some(ended);
                }
            }
            if let Some(ended) = &exit
                && self.is_clean()
            {
                return ended.clone();
            }
            if let Some(stop) = &mut self.stop {
                let now = Instant::now();
                if exit.is_some() {
                    stop.command_ended(now);
                }
                match stop.take(now) {
                    Due::Nothing => {}
                    Due::Terminate => self.signal(Signal::SIGTERM),
                    Due::Kill => self.signal(Signal::SIGKILL),
                }
            }
            self.sleep(exit.is_some());
            self.hear();
        }
    }

    /// Returns whether no process of the command is left that has to end; kills those that have to.
    ///
    /// While a stop is in its grace, the others keep their time: a shell dies of TERM
    /// at once, and the server that it started wants to finish its requests.
    fn is_clean(&self) -> bool {
        let stopping = self.stop.is_some();
        if self.spec.leftovers == Leftovers::Leave && !stopping {
            return true;
        }
        let left = descendants::below(std::process::id().cast_signed());
        if !stopping {
            descendants::signal_each(&left, Signal::SIGKILL);
        }
        left.is_empty()
    }

    /// Waits for a signal, a stop, or the next thing that is due.
    fn sleep(&self, ended: bool) {
        let left = self.stop.map(|stop| stop.left(Instant::now()));
        let killing = left.is_some_and(|left| left.is_zero());
        let wait = if ended || killing {
            // Others die now; their ends come as signals, and not all are our children.
            Some(Duration::from_millis(10).min(left.filter(|left| !left.is_zero()).unwrap_or(Duration::MAX)))
        } else {
            left
        };
        let timeout = wait.map_or(PollTimeout::NONE, |wait| {
            let milliseconds = wait.as_micros().div_ceil(1000).min(60_000);
            PollTimeout::from(u16::try_from(milliseconds).unwrap_or(u16::MAX))
        });
        let mut sources = [
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.control.as_fd(), PollFlags::POLLIN),
        ];
        let _ = poll(&mut sources, timeout);
    }

    /// Takes the signals and the requests that have come.
    fn hear(&mut self) {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            let number = signal.ssi_signo.cast_signed();
            if number == Signal::SIGTERM as i32 || number == Signal::SIGINT as i32 {
                self.stop(self.spec.grace);
            }
        }
        let words = drain_fifo(&self.control);
        for line in String::from_utf8_lossy(&words).lines() {
            if let Some(Ok(milliseconds)) = line.strip_prefix("stop ").map(str::parse) {
                self.stop(Duration::from_millis(milliseconds));
            }
        }
    }

    fn stop(&mut self, grace: Duration) {
        let now = Instant::now();
        if let Some(stop) = &mut self.stop {
            return stop.shorten(grace, now);
        }
        self.stop = Some(Stop::begin(self.spec.ending, grace, now));
        if let (Ending::Interrupt, Some(command)) = (self.spec.ending, self.command)
            && !grace.is_zero()
        {
            // It may have ended just now, and is not reaped: then the number is still its own.
            let _ = killpg(command, Signal::SIGINT);
        }
    }

    /// Signals the command's process group, and those below that left it.
    fn signal(&self, signal: Signal) {
        let below = descendants::below(std::process::id().cast_signed());
        let Some(group) = self.command else {
            return descendants::signal_each(&below, signal);
        };
        let _ = killpg(group, signal);
        let outside = |pid: &i32| nix::unistd::getpgid(Some(Pid::from_raw(*pid))) != Ok(group);
        let outside: Vec<i32> = below.into_iter().filter(outside).collect();
        descendants::signal_each(&outside, signal);
    }
}

/// Returns one child that ended, or `None` when none has.
fn reap() -> Option<(Pid, Exit)> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) => return Some((pid, Exit::Code(code))),
            Ok(WaitStatus::Signaled(pid, signal, _)) => return Some((pid, Exit::Signal(signal as i32))),
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return None,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

fn append(path: &PathBuf) -> Result<File, String> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| format!("its output file {} cannot be opened: {error}", path.display()))
}
