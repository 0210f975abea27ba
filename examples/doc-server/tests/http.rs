//! Starts the real server on a free port and speaks HTTP to it.
//!
//! Each test starts its own server and sends it few requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use doc_server::release;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_doc-server"))
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .rsplit("http://")
            .next()
            .unwrap()
            .parse()
            .unwrap();
        Self { child, address }
    }

    fn connect(&self) -> Client {
        Client(BufReader::new(TcpStream::connect(self.address).unwrap()))
    }

    fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
    }

    fn refuses_within_patience(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if TcpStream::connect(self.address).is_err() {
                return true;
            }
            thread::yield_now();
        }
        false
    }

    fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client(BufReader<TcpStream>);

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn receive(&mut self) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(
                self.0.read_line(&mut head).unwrap(),
                0,
                "closed after {head:?}"
            );
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body }
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        self.receive()
    }

    fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 1]), Ok(0))
    }
}

fn query() -> String {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "rust_query", "arguments": { "query": "async fn", "limit": 5 } },
    })
    .to_string()
}

#[test]
fn a_kept_connection_serves_one_request_after_the_other() {
    let server = Running::start();
    let mut client = server.connect();
    for path in ["/health", "/", "/version"] {
        let answer = client.get(path);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["version"], release::VERSION);
        assert!(
            answer
                .head
                .contains(&format!("doc-server-version: {}\r\n", release::VERSION))
        );
    }
    let body = query();
    client.send(&format!(
        "POST /mcp HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    let answer = client.receive().json();
    let best = answer["result"]["content"][0]["text"].as_str();
    assert!(best.unwrap().starts_with("Async functions: "));
    let (first, second) = body.split_at(20);
    client.send(&format!(
        "POST /mcp HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len(),
    ));
    assert!(client.receive().json()["result"]["content"].is_array());
}

#[test]
fn requests_sent_at_once_are_answered_in_order() {
    let server = Running::start();
    let mut client = server.connect();
    client.send("GET /health HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\nGET /no HTTP/1.1\r\nconnection: close\r\n\r\n");
    assert_eq!(client.receive().status, 200);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        client.0.read_line(&mut head).unwrap();
    }
    assert_eq!(client.receive().status, 404);
    assert!(client.is_closed());
}

#[test]
fn many_clients_are_served_at_once() {
    let server = Running::start();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = server.connect();
                for _ in 0..8 {
                    assert_eq!(client.get("/health").status, 200);
                }
            });
        }
    });
}

#[test]
fn what_is_too_large_is_refused_and_the_answer_arrives() {
    let server = Running::start();
    let mut client = server.connect();
    client.send("POST /mcp HTTP/1.1\r\ncontent-length: 2000000\r\n\r\n");
    client.send(&"x".repeat(100_000));
    assert_eq!(client.receive().status, 413);
    let mut client = server.connect();
    client.send(&format!(
        "GET / HTTP/1.1\r\nx: {}\r\n\r\n",
        "y".repeat(40_000)
    ));
    assert_eq!(client.receive().status, 431);
    assert_eq!(server.connect().get("/health").status, 200);
}

#[test]
fn a_stop_finishes_what_is_in_flight_and_exits_with_zero() {
    let mut server = Running::start();
    let mut idle = server.connect();
    assert_eq!(idle.get("/health").status, 200);
    let mut busy = server.connect();
    let body = query();
    let (first, second) = body.split_at(10);
    busy.send(&format!(
        "POST /mcp HTTP/1.1\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    ));

    server.terminate();
    assert!(server.refuses_within_patience());
    assert!(idle.is_closed());
    busy.send(second);
    let answer = busy.receive();
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("connection: close\r\n"));
    assert!(busy.is_closed());
    assert!(server.wait().success());
}

#[test]
fn a_missing_port_is_said_in_words() {
    let output = Command::new(env!("CARGO_BIN_EXE_doc-server"))
        .env_remove("PORT")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("PORT is not set"));
}
