//! The tour: builds Lockgate, and ships the example to production on this machine.
//!
//! Everything is below one folder, `target/tour` or what `LOCKGATE_TOUR_DIR` names: the example's
//! repository, Lockgate's state, and a `bin` for the shell. A tour begins anew each time, and ends the
//! processes of the one before.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::Refusal;
use crate::repository::Repository;

/// What to do on the tour.
#[derive(Args)]
pub(crate) struct TourArguments {
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Be the users of production: 50 requests per second, for two minutes at most
    Users,
}

/// Goes on tour; returns whether the example serves in the end.
pub(crate) fn run(arguments: &TourArguments) -> Result<bool, Refusal> {
    let repository = Repository::here();
    let folder = std::env::var_os("LOCKGATE_TOUR_DIR").map_or_else(|| repository.target().join("tour"), PathBuf::from);
    let tour = Tour {
        folder: absolute(&folder)?,
        repository,
    };
    match arguments.part {
        None => tour.ship(),
        Some(Part::Users) => tour.users(),
    }
}

/// The folders of a tour.
struct Tour {
    repository: Repository,
    folder: PathBuf,
}

impl Tour {
    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// Returns the program that was built for this tour.
    fn program(&self) -> PathBuf {
        self.folder.join("bin/lockgate")
    }

    fn project(&self) -> PathBuf {
        self.folder.join("doc-server")
    }

    /// Builds, begins anew, ships v1 and tells what happened.
    fn ship(&self) -> Result<bool, Refusal> {
        println!("== building lockgate");
        let mut build = self.repository.command("cargo");
        succeed(build.args(["build", "--locked", "--package", "lockgate"]))?;
        self.begin_anew()?;
        println!("== making the example a repository of its own");
        succeed(
            self.repository
                .command("examples/doc-server/materialise.sh")
                .arg(self.project()),
        )?;
        self.write_shell()?;
        println!("== lockgate ship --environment production");
        let (told, shipped) = self.tell_ship()?;
        if !shipped {
            println!("the ship did not arrive; its own words are above");
            return Ok(false);
        }
        print!("{}", self.summary(&told)?);
        Ok(true)
    }

    /// Ends the processes of the tour before and removes its folder.
    fn begin_anew(&self) -> Result<(), Refusal> {
        if self.home().exists() {
            succeed(
                self.lockgate(&["host", "stop", "--instances"])
                    .current_dir(&self.folder),
            )?;
        }
        if self.folder.exists() {
            let ours = self.folder.join("activate").exists() || is_empty(&self.folder);
            if !ours {
                return Err(Refusal::new(format!(
                    "{} is there and holds no tour; name another folder with LOCKGATE_TOUR_DIR",
                    self.folder.display()
                )));
            }
            fs::remove_dir_all(&self.folder).map_err(|error| cannot("remove", &self.folder, &error))?;
        }
        fs::create_dir_all(self.folder.join("bin")).map_err(|error| cannot("make", &self.folder, &error))?;
        // Written first, so that a tour that is broken off is known as one.
        self.write_activate()
    }

    fn write_activate(&self) -> Result<(), Refusal> {
        let path = self.folder.join("activate");
        let text = format!(
            "# For bash and other POSIX shells: . {}\nexport LOCKGATE_HOME={}\nexport PATH={}:\"$PATH\"\n",
            self.named("activate"),
            quoted(&self.home()),
            quoted(&self.folder.join("bin")),
        );
        fs::write(&path, text).map_err(|error| cannot("write", &path, &error))
    }

    /// Writes what `activate` puts on the PATH.
    fn write_shell(&self) -> Result<(), Refusal> {
        let (built, program) = (self.repository.target().join("debug/lockgate"), self.program());
        symlink(built, &program).map_err(|error| cannot("write", &program, &error))?;
        let chores = std::env::current_exe().map_err(|error| cannot("find", Path::new("this program"), &error))?;
        let users = self.folder.join("bin/tour-users");
        let text = format!(
            "#!/usr/bin/env bash\n# Users of production: 50 requests per second, for two minutes or until killed.\n\
             LOCKGATE_TOUR_DIR={} exec {} tour users\n",
            quoted(&self.folder),
            quoted(&chores),
        );
        fs::write(&users, text).map_err(|error| cannot("write", &users, &error))?;
        fs::set_permissions(&users, fs::Permissions::from_mode(0o755)).map_err(|error| cannot("write", &users, &error))
    }

    /// Ships, repeating every line; returns the lines, and whether the ship arrived.
    fn tell_ship(&self) -> Result<(Vec<String>, bool), Refusal> {
        let mut ship = self.lockgate(&["ship", "--environment", "production"]);
        let mut child = ship
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot("start", &self.program(), &error))?;
        let mut told = Vec::new();
        for line in child
            .stderr
            .take()
            .into_iter()
            .flat_map(|stderr| BufReader::new(stderr).lines())
        {
            let line = line.map_err(|error| cannot("read", &self.program(), &error))?;
            println!("{line}");
            told.push(line);
        }
        let status = child.wait().map_err(|error| cannot("await", &self.program(), &error))?;
        Ok((told, status.success()))
    }

    fn summary(&self, told: &[String]) -> Result<String, Refusal> {
        let status = self.production("status")?;
        let history = self.production("history")?;
        let address = text(&status["address"]);
        let version = text(&history["rollouts"][0]["version"]);
        let mut out = format!("\n{version} serves at http://{address}/\n\nWhat happened at each gate:\n");
        for (gate, what) in gates(told, &history["events"]) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "  {gate:<10} {what}");
        }
        let (activate, project) = (self.named("activate"), self.named("doc-server"));
        let _ = write!(
            out,
            "\nTo go on:   . {activate} && cd {project}\n\
             To look:    lockgate status, lockgate history production, lockgate logs production\n\
             To undo:    lockgate rollback production   (once another version has followed this one)\n\
             To stop:    lockgate host stop --instances\n"
        );
        Ok(out)
    }

    /// Returns production's part of a command's JSON.
    fn production(&self, command: &str) -> Result<Value, Refusal> {
        let output = self
            .lockgate(&[command, "production", "--json"])
            .output()
            .map_err(|error| cannot("start", &self.program(), &error))?;
        let mut all: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            Refusal::new(format!("`lockgate {command}` printed no JSON ({error}): {words}"))
        })?;
        Ok(all["production"].take())
    }

    /// Becomes the load generator.
    fn users(&self) -> Result<bool, Refusal> {
        let status = self.production("status")?;
        let address = status["address"].as_str().ok_or_else(|| {
            Refusal::new("production has no address yet; `lockgate ship --environment production` gives it one")
        })?;
        let chores = std::env::current_exe().map_err(|error| cannot("find", Path::new("this program"), &error))?;
        let error = Command::new(&chores)
            .args(["load", "--rate", "50", "--duration", "2m", "--url"])
            .arg(format!("http://{address}/version"))
            .exec();
        Err(cannot("start", &chores, &error))
    }

    fn lockgate(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command
            .args(arguments)
            .current_dir(self.project())
            .env("LOCKGATE_HOME", self.home())
            .stdin(Stdio::null());
        command
    }

    /// Returns a path of the tour as one types it.
    fn named(&self, name: &str) -> String {
        let path = self.folder.join(name);
        let here = std::env::current_dir().unwrap_or_default();
        path.strip_prefix(here).unwrap_or(&path).display().to_string()
    }
}

/// Returns each gate on the way with what happened there, from the ship's lines and production's events.
fn gates(told: &[String], events: &Value) -> Vec<(&'static str, String)> {
    let mut gates = Vec::new();
    for line in told {
        if line.contains(": success in ") {
            gates.push(("workflow", line.clone()));
        } else if let Some(words) = line.strip_prefix("ship: the gate ") {
            gates.push(("gate", words.to_owned()));
        } else if let Some(words) = line.strip_prefix("ship: release ") {
            gates.push(("release", words.to_owned()));
        }
    }
    for event in events.as_array().into_iter().flatten() {
        let fact = &event["fact"];
        if let Some(probe) = fact.get("ProbeChanged") {
            gates.push((
                "health",
                format!("{}: {}", text(&probe["state"]), text(&probe["detail"])),
            ));
        }
        for check in fact["SmokeEnded"]["results"].as_array().into_iter().flatten() {
            let [name, outcome, detail] = ["name", "outcome", "detail"].map(|key| text(&check[key]));
            gates.push(("smoke", format!("{name}: {outcome}: {detail}")));
        }
        if let Some(promoted) = fact.get("Promoted") {
            gates.push(("switch", format!("{} has all traffic", text(&promoted["revision"]))));
        }
        if let Some(soaked) = fact.get("Soaked") {
            let [outcome, reason] = ["outcome", "reason"].map(|key| text(&soaked["verdict"][key]));
            gates.push(("soak", format!("{outcome}: {reason}")));
        }
    }
    gates
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_owned()
}

fn absolute(path: &Path) -> Result<PathBuf, Refusal> {
    std::path::absolute(path).map_err(|error| cannot("resolve", path, &error))
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Returns a path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn succeed(command: &mut Command) -> Result<(), Refusal> {
    let program = command.get_program().to_owned();
    let status = command
        .status()
        .map_err(|error| cannot("start", Path::new(&program), &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Refusal::new(format!("`{}` failed: {status}", program.display())))
}

fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!("cannot {verb} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_one_word_whatever_it_holds() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }

    #[test]
    fn gates_are_told_in_the_order_in_which_they_came() {
        let told = [
            "test › Run the tests: ok (3s)",
            "test: success in 4s",
            "ship: the gate has passed: the run succeeded",
            "ship: release v1 was made",
            "ship: shipped",
        ];
        let told = told.map(str::to_owned);
        let events = json!([
            { "fact": { "ProbeChanged": { "state": "passing", "detail": "200 OK" } } },
            { "fact": { "SmokeEnded": { "results": [{ "name": "health", "outcome": "pass", "detail": "200" }] } } },
            { "fact": "RouteConfirmed" },
            { "fact": { "Soaked": { "verdict": { "outcome": "pass", "reason": "0 of 40 requests failed" } } } },
        ]);
        let gates = gates(&told, &events);
        let names: Vec<&str> = gates.iter().map(|(gate, _)| *gate).collect();
        assert_eq!(names, ["workflow", "gate", "release", "health", "smoke", "soak"]);
        assert_eq!(gates[5].1, "pass: 0 of 40 requests failed");
    }
}
