use serde_json::{Value, json};

use crate::release;

/// One response: a status and JSON, or no body.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body; `None` for an empty one.
    pub body: Option<Value>,
    /// The methods that the path understands, for a 405.
    pub allow: Option<&'static str>,
}

impl Response {
    /// Returns 200 with this body.
    pub fn json(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(body),
            allow: None,
        }
    }

    /// Returns a status with an empty body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            body: None,
            allow: None,
        }
    }

    /// Returns an error in words, with the version that made it.
    pub fn error(status: u16, words: &str) -> Self {
        let body = json!({ "error": words, "version": release::VERSION });
        Self {
            status,
            body: Some(body),
            allow: None,
        }
    }

    /// Returns the bytes to send: the whole response, or its head alone for `HEAD`.
    pub(super) fn encode(&self, keep_alive: bool, method: &str) -> Vec<u8> {
        let body = self
            .body
            .as_ref()
            .map(|body| format!("{body}\n"))
            .unwrap_or_default();
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        if self.body.is_some() {
            text += "content-type: application/json\r\n";
        }
        if let Some(allow) = self.allow {
            text += &format!("allow: {allow}\r\n");
        }
        text += &format!("doc-server-version: {}\r\n", release::VERSION);
        text += &format!("content-length: {}\r\n", body.len());
        text += if keep_alive {
            "connection: keep-alive\r\n"
        } else {
            "connection: close\r\n"
        };
        text += "\r\n";
        if method != "HEAD" {
            text += &body;
        }
        text.into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "",
    }
}
