//! `lockgate check --watch` with the real file system: every wait is for a line that it prints.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::{BROKEN, Files, SOUND};
use crate::scene::PATIENCE;

const ACTION: &str = "name: x\ndescription: y\nruns: { using: composite, steps: [{ run: make, shell: sh }] }\n";

/// A watch that runs, and the lines that it prints.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Returns the first line from now on for which this holds.
    #[track_caller]
    fn line(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let mut seen = Vec::new();
        loop {
            let next = self.lines.recv_timeout(PATIENCE);
            let Ok(line) = next else {
                unreachable!("in vain waited for {what}; it printed {seen:#?}");
            };
            if holds(&line) {
                return line;
            }
            seen.push(line);
        }
    }

    /// Waits for a round in which exactly these files have mistakes.
    #[track_caller]
    fn round(&self, expected: &[&str]) {
        self.line(&format!("mistakes in {expected:?}"), |line| {
            let report: Value = serde_json::from_str(line).unwrap();
            let Some(rows) = report["diagnostics"].as_array() else {
                return false;
            };
            let mut files: Vec<&str> = rows.iter().map(|row| row["file"].as_str().unwrap()).collect();
            files.dedup();
            files == expected
        });
    }

    /// Interrupts it and returns its exit code.
    #[track_caller]
    fn interrupted(mut self) -> Option<i32> {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Saves as editors do: a new file takes the place of the old one.
fn save(files: &Files, path: &str, text: &str) {
    files.write(&format!("{path}.new~"), text);
    fs::rename(files.path(&format!("{path}.new~")), files.path(path)).unwrap();
}

#[test]
fn every_change_that_matters_is_a_round() {
    const A: &str = ".github/workflows/a.yml";
    const B: &str = ".github/workflows/b.yaml";
    let files = Files::of(&[(A, BROKEN)]);
    let watching = Watching::start(files.command(&["--watch", "--format", "json"]));
    watching.round(&[A]);
    save(&files, A, SOUND);
    watching.round(&[]);
    files.write(B, BROKEN);
    watching.round(&[B]);
    fs::remove_file(files.path(B)).unwrap();
    watching.round(&[]);
    save(&files, A, &SOUND.replace("run: make", "uses: ./acts/one"));
    watching.round(&[A]);
    files.write("acts/one/action.yml", ACTION);
    watching.round(&[]);
    save(&files, "acts/one/action.yml", &ACTION.replace("shell: sh", "shel: sh"));
    watching.round(&["acts/one/action.yml"]);
    fs::remove_dir_all(files.path("acts")).unwrap();
    watching.round(&[A]);
    files.write("lockgate.yaml", "run: ./server\ninstances: 0\n");
    watching.round(&[A, "lockgate.yaml"]);
    fs::rename(files.path(".github"), files.path("elsewhere")).unwrap();
    watching.round(&["lockgate.yaml"]);
    fs::remove_file(files.path("lockgate.yaml")).unwrap();
    watching.line("nothing to check", |line| line.contains("there is nothing to check"));
    files.write(A, BROKEN);
    watching.round(&[A]);
    assert_eq!(watching.interrupted(), Some(0));
}

#[test]
fn a_named_file_is_watched_wherever_it_is() {
    let files = Files::of(&[("real/ci.yml", BROKEN), (".github/workflows/a.yml", BROKEN)]);
    std::os::unix::fs::symlink(files.path("real/ci.yml"), files.path("link.yml")).unwrap();
    let watching = Watching::start(files.command(&["--watch", "--json", "link.yml"]));
    watching.round(&["link.yml"]);
    save(&files, "real/ci.yml", SOUND);
    watching.round(&[]);
    fs::remove_file(files.path("link.yml")).unwrap();
    watching.line("the file is gone", |line| line.contains("read `./link.yml`"));
    files.write("link.yml", BROKEN);
    watching.round(&["link.yml"]);
}

#[test]
fn people_are_told_the_time_and_the_sum_of_each_round() {
    let files = Files::of(&[(".github/workflows/a.yml", BROKEN)]);
    let watching = Watching::start(files.command(&["--watch"]));
    watching.line("when it was checked", |line| line.starts_with("checked at "));
    watching.line("the mistake", |line| line.starts_with("error[LG0111]"));
    watching.line("the sum", |line| line.starts_with("1 file: 1 error, 2 warnings; took "));
    save(&files, ".github/workflows/a.yml", SOUND);
    let line = watching.line("the next round", |line| line.starts_with("1 file: 0 errors"));
    assert!(!line.contains('\u{1b}'), "{line:?}");
}

#[test]
fn a_terminal_shows_the_present_state_alone() {
    let files = Files::of(&[(".github/workflows/a.yml", SOUND)]);
    let terminal = nix::pty::openpty(None, None).unwrap();
    let mut child = files
        .command(&["--watch"])
        .stdout(Stdio::from(terminal.slave))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut screen = fs::File::from(terminal.master);
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("0 errors, 0 warnings") {
        let mut byte = [0];
        assert_eq!(screen.read(&mut byte).unwrap(), 1);
        shown.push(byte[0]);
    }
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.starts_with("\u{1b}[2J"), "{shown:?}");
}

#[test]
fn what_cannot_be_checked_at_all_is_not_watched() {
    let files = Files::of(&[]);
    files.check(&["--watch"]).expect(2).says(&["there is nothing to check"]);
    files
        .check(&["--watch", "gone.yml"])
        .expect(2)
        .says(&["read `./gone.yml`"]);
}
