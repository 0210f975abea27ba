//! Users: an open-loop load from a process of its own, with its report.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::{Scene, fixture, http, until};

/// Three hundred requests per second until told otherwise.
pub(crate) struct Load {
    child: Child,
    address: String,
    stop: PathBuf,
    report: PathBuf,
}

impl Load {
    /// Starts the load on production, and returns when it is under way.
    #[track_caller]
    pub(crate) fn on(scene: &Scene) -> Self {
        Self::at(scene.address(), scene.folder())
    }

    /// Starts the load at an address, with its files in a folder, and returns when it is under way.
    #[track_caller]
    pub(crate) fn at(address: String, folder: &Path) -> Self {
        let unique = format!("load-{}", super::processes::unix_ms());
        let stop = folder.join(format!("{unique}.stop"));
        let report = folder.join(format!("{unique}.json"));
        let url = format!("http://{address}/version");
        let mut child = Command::new(fixture::xtask())
            .args(["load", "--url", &url, "--rate", "300", "--duration", "10m"])
            .args(["--expect-body-contains", "doc-server", "--timeout", "20s"])
            .arg("--until-file")
            .arg(&stop)
            .arg("--report")
            .arg(&report)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.starts_with("offering"), "{line}");
        // While these are answered one after the other, the load has users waiting too.
        for _ in 0..20 {
            assert_eq!(http::get(&address, "/version").unwrap().status, 200);
        }
        Self {
            child,
            address,
            stop,
            report,
        }
    }

    /// Lets the load go on for a while: as long as these answers take, one after the other.
    #[track_caller]
    pub(crate) fn go_on(&self) {
        for _ in 0..300 {
            assert_eq!(http::get(&self.address, "/version").unwrap().status, 200);
        }
    }

    /// Ends the load when everything that was due has ended, and returns its report.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Report {
        fs::write(&self.stop, "").unwrap();
        let status = until("the load ends", || self.child.try_wait().unwrap());
        let report = fs::read(&self.report).unwrap_or_else(|error| panic!("no report ({error}), {status}"));
        let report = Report(serde_json::from_slice(&report).unwrap());
        assert_eq!(
            report.number("offered"),
            report.number("completed") + report.number("failed"),
            "{report}"
        );
        assert!(report.number("offered") > 0, "{report}");
        report
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What became of a load.
pub(crate) struct Report(pub(crate) Value);

impl Report {
    /// Returns one of the sums.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap()
    }

    /// Returns how many failed in this way.
    pub(crate) fn failed_by(&self, kind: &str) -> u64 {
        self.0["failed_by_kind"][kind].as_u64().unwrap_or(0)
    }

    /// Returns how many answers a version gave.
    pub(crate) fn answers(&self, version: &str) -> u64 {
        self.0["versions"][version]["answers"].as_u64().unwrap_or(0)
    }

    /// Returns how many answers of a version were failures.
    pub(crate) fn failed_of(&self, version: &str) -> u64 {
        self.0["versions"][version]["failed"].as_u64().unwrap_or(0)
    }

    /// Returns when the load began, in milliseconds since 1970.
    pub(crate) fn started(&self) -> i64 {
        self.0["started_unix_ms"].as_i64().unwrap()
    }

    /// Returns when the last answer of a version came, since an instant in milliseconds since 1970.
    pub(crate) fn last_answer_after(&self, version: &str, instant: i64) -> i64 {
        self.started() + self.0["versions"][version]["last_answer_ms"].as_i64().unwrap() - instant
    }

    /// Returns when the last failure of this kind was due and when the first ended, in milliseconds since 1970.
    pub(crate) fn failed_between(&self, kind: &str) -> Option<(i64, i64)> {
        if self.failed_by(kind) == 0 {
            return None;
        }
        let span = &self.0["failed_between"][kind];
        let at = |name: &str| self.started() + span[name].as_i64().unwrap();
        Some((at("last_due_ms"), at("first_end_ms")))
    }

    /// Fails unless every request was answered well.
    #[track_caller]
    pub(crate) fn assert_nothing_failed(&self) {
        assert_eq!(self.number("failed"), 0, "{self}");
    }

    /// Returns the sums as a row of evidence, with what else was found.
    pub(crate) fn figure(&self, what: &str, found: Value) -> Value {
        let mut row = json!({ "what": what });
        for name in [
            "rate",
            "offered",
            "completed",
            "failed",
            "failed_by_kind",
            "kept",
            "new",
            "latency_ms",
        ] {
            row[name] = self.0[name].clone();
        }
        row["found"] = found;
        row
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut report = self.0.clone();
        report["timeline"].take();
        write!(f, "{report:#}")
    }
}
