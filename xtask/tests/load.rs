//! The load generator counts exactly what a server with known faults did.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Right,
    Status500,
    WrongBody,
    /// Never answers.
    Stall,
    /// Closes instead of answering.
    Close,
    /// Closes in the middle of the body.
    Truncate,
    /// Answers when the gate opens.
    AtGate,
}

/// A server that treats the nth request, from 1, as its plan says.
struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    plan: fn(u64) -> Answer,
    requests: AtomicU64,
    connections: AtomicU64,
    gate: (Mutex<bool>, Condvar),
}

impl Server {
    fn start(plan: fn(u64) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            plan,
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            gate: Default::default(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(&shared);
                thread::spawn(move || state.serve(stream));
            }
        });
        Self { address, state }
    }

    fn count(&self, wanted: Answer) -> u64 {
        let requests = self.state.requests.load(Ordering::SeqCst);
        (1..=requests)
            .filter(|number| (self.state.plan)(*number) == wanted)
            .count() as u64
    }

    fn open_gate(&self) {
        *self.state.gate.0.lock().unwrap() = true;
        self.state.gate.1.notify_all();
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) {
        while let Some(close) = read_head(&mut stream) {
            let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
            let answer = (self.plan)(number);
            let sent = match answer {
                Answer::Right => respond(&mut stream, 200, "{\"say\":\"right\",\"version\":\"v1\"}"),
                Answer::AtGate => {
                    let open = self.gate.0.lock().unwrap();
                    drop(self.gate.1.wait_while(open, |open| !*open).unwrap());
                    respond(&mut stream, 200, "right")
                }
                Answer::Status500 => respond(&mut stream, 500, "{\"say\":\"right\",\"version\":\"v3\"}"),
                Answer::WrongBody => respond(&mut stream, 200, "wrong"),
                // Until the client gives up.
                Answer::Stall => return drop(stream.read(&mut [0; 1])),
                Answer::Close => return,
                Answer::Truncate => {
                    drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nright"));
                    return;
                }
            };
            if !sent || close {
                drop(stream.shutdown(Shutdown::Write));
                return;
            }
        }
    }
}

/// Reads one request without a body; returns whether its client wants to close, or nothing at the end.
fn read_head(stream: &mut TcpStream) -> Option<bool> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(
        String::from_utf8_lossy(&head)
            .to_lowercase()
            .contains("connection: close"),
    )
}

fn respond(stream: &mut TcpStream, status: u16, body: &str) -> bool {
    let text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).is_ok()
}

fn load(address: SocketAddr, arguments: &[&str]) -> (Output, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate-xtask"))
        .args(["load", "--json", "--url", &format!("http://{address}/x")])
        .args(arguments)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, report)
}

#[track_caller]
fn assert_adds_up(report: &Value, offered: u64) {
    assert_eq!(report["offered"], offered);
    let sum = |field: &str| report[field].as_u64().unwrap();
    assert_eq!(sum("completed") + sum("failed"), offered);
    let seconds = report["timeline"].as_array().unwrap();
    assert_eq!(
        seconds
            .iter()
            .map(|second| second["offered"].as_u64().unwrap())
            .sum::<u64>(),
        offered
    );
    assert_eq!(report["kept"]["offered"], offered.div_ceil(2));
    assert_eq!(report["new"]["offered"], offered / 2);
}

#[test]
fn a_sound_server_has_no_failures() {
    let server = Server::start(|_| Answer::Right);
    let (output, report) = load(
        server.address,
        &["--rate", "200", "--duration", "1s", "--expect-body-contains", "right"],
    );
    assert_eq!(output.status.code(), Some(0));
    assert_adds_up(&report, 200);
    assert_eq!(report["failed"], 0);
    assert_eq!(report["versions"]["v1"]["answers"], 200);
    assert_eq!(report["timeline"][0]["answers"]["v1"], 200);
    let connections = server.state.connections.load(Ordering::SeqCst);
    assert!(
        (101..200).contains(&connections),
        "100 new ones and few kept ones, not {connections}"
    );
}

#[test]
fn each_fault_is_counted_as_its_kind() {
    let server = Server::start(|number| match number % 20 {
        3 => Answer::Status500,
        5 => Answer::WrongBody,
        8 => Answer::Stall,
        12 => Answer::Close,
        17 => Answer::Truncate,
        _ => Answer::Right,
    });
    let (output, report) = load(
        server.address,
        &[
            "--rate",
            "200",
            "--duration",
            "2s",
            "--timeout",
            "1s",
            "--expect-body-contains",
            "right",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_adds_up(&report, 400);
    // Each request reached the server once: nothing was sent again.
    assert_eq!(server.state.requests.load(Ordering::SeqCst), 400);
    let kinds = &report["failed_by_kind"];
    assert_eq!(kinds["status"], server.count(Answer::Status500));
    assert_eq!(kinds["body"], server.count(Answer::WrongBody));
    assert_eq!(kinds["timeout"], server.count(Answer::Stall));
    assert_eq!(
        kinds["reset"],
        server.count(Answer::Close) + server.count(Answer::Truncate)
    );
    assert_eq!(kinds.as_object().unwrap().len(), 4, "{kinds}");
    assert_eq!(report["failed_by_status"]["500"], 20);
    assert_eq!(report["versions"]["v3"]["failed"], 20);
    assert_eq!(report["versions"]["v1"]["failed"], 0);
}

#[test]
fn nobody_there_is_refused_each_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (output, report) = load(address, &["--rate", "100", "--duration", "1s"]);
    assert_eq!(output.status.code(), Some(1));
    assert_adds_up(&report, 100);
    assert_eq!(report["failed_by_kind"]["refused"], 100);
    assert_eq!(report["completed"], 0);
}

/// A closed loop would have sent one request per connection and waited; an open one keeps
/// to its schedule, and whoever came during the stall has waited since then.
#[test]
fn a_stall_is_seen_by_all_who_were_due_during_it() {
    let server = Server::start(|_| Answer::AtGate);
    let address = server.address;
    let client = thread::spawn(move || load(address, &["--rate", "100", "--duration", "1s"]));
    while server.state.requests.load(Ordering::SeqCst) < 80 {
        thread::yield_now();
    }
    server.open_gate();
    let (_, report) = client.join().unwrap();
    assert_adds_up(&report, 100);
    assert_eq!(report["failed"], 0);
    // The 80th request was due 790 ms after the first, the 50th 300 ms before the 80th.
    assert!(
        report["latency_ms"]["max"].as_f64().unwrap() >= 780.0,
        "{}",
        report["latency_ms"]
    );
    assert!(
        report["latency_ms"]["p50"].as_f64().unwrap() >= 250.0,
        "{}",
        report["latency_ms"]
    );
}

#[test]
fn a_file_stops_it_early_and_the_report_is_whole() {
    let server = Server::start(|_| Answer::Right);
    let folder = tempfile::tempdir().unwrap();
    let stop = folder.path().join("stop");
    let report_file = folder.path().join("report.json");
    let (stop_text, report_text) = (
        stop.to_str().unwrap().to_owned(),
        report_file.to_str().unwrap().to_owned(),
    );
    let address = server.address;
    let client = thread::spawn(move || {
        load(
            address,
            &[
                "--rate",
                "100",
                "--duration",
                "1h",
                "--until-file",
                &stop_text,
                "--report",
                &report_text,
            ],
        )
    });
    while server.state.requests.load(Ordering::SeqCst) < 20 {
        thread::yield_now();
    }
    std::fs::write(&stop, "").unwrap();
    let (output, report) = client.join().unwrap();
    assert!(output.status.success());
    let offered = report["offered"].as_u64().unwrap();
    assert!((20..100_000).contains(&offered));
    assert_adds_up(&report, offered);
    assert_eq!(report["failed"], 0);
    let written: Value = serde_json::from_slice(&std::fs::read(&report_file).unwrap()).unwrap();
    assert_eq!(written, report);
}

#[test]
fn what_may_not_be_loaded_is_refused_in_words() {
    for (arguments, words) in [
        (["--url", "http://192.0.2.1/", "--rate", "1"], "loopback addresses only"),
        (["--url", "http://127.0.0.1:1/", "--rate", "0"], "--rate has to be"),
        (["--url", "http://127.0.0.1:1/", "--duration", "9h"], "at most 4h"),
        (["--url", "http://127.0.0.1:1/", "--duration", "5"], "is not a duration"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_lockgate-xtask"))
            .arg("load")
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(words), "{arguments:?}");
    }
}

#[test]
fn a_post_carries_its_body() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut text = String::new();
        while !text.ends_with("{\"a\":1}") {
            let mut chunk = [0; 512];
            let count = stream.read(&mut chunk).unwrap();
            text += &String::from_utf8_lossy(&chunk[..count]);
        }
        assert!(respond(&mut stream, 200, "ok"));
        text
    });
    let (output, _) = load(address, &["--rate", "1", "--duration", "1s", "--post", "{\"a\":1}"]);
    assert!(output.status.success());
    assert!(server.join().unwrap().starts_with("POST /x HTTP/1.1\r\n"));
}
