//! A client that writes bytes and reads answers, so that a test sees what is on the wire.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer of a test takes longer.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// A raw connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
    /// The trailers of a chunked body.
    pub(crate) trailers: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a request without a body and returns its answer.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.write(format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n")).await;
        self.answer().await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Answer {
        let length = body.len();
        self.write(format!(
            "POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await;
        self.answer().await
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        self.try_answer().await.unwrap()
    }

    /// Returns the next answer, or why there is none: `closed`, or the error's words.
    pub(crate) async fn try_answer(&mut self) -> Result<Answer, String> {
        let head = self.head().await?;
        let mut answer = answer(head);
        if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await? {
                answer.body.extend(chunk);
            }
            loop {
                let line = self.line().await?;
                if line.is_empty() {
                    break;
                }
                answer.trailers.push_str(&line);
                answer.trailers.push('\n');
            }
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            answer.body = self.take(length).await?;
        }
        Ok(answer)
    }

    /// Returns the next answer's head, without its body.
    pub(crate) async fn answer_head(&mut self) -> Answer {
        answer(self.head().await.unwrap())
    }

    /// Returns the next chunk of a chunked body, `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, String> {
        let size = usize::from_str_radix(&self.line().await?, 16).map_err(|e| e.to_string())?;
        if size == 0 {
            return Ok(None);
        }
        let chunk = self.take(size).await?;
        self.line().await?;
        Ok(Some(chunk))
    }

    pub(crate) async fn take(&mut self, count: usize) -> Result<Vec<u8>, String> {
        while self.buffer.len() < count {
            self.fill().await?;
        }
        Ok(self.buffer.drain(..count).collect())
    }

    /// Returns when the proxy has closed the connection, with what came before.
    pub(crate) async fn closed(&mut self) -> Vec<u8> {
        while self.fill().await.is_ok() {}
        std::mem::take(&mut self.buffer)
    }

    async fn head(&mut self) -> Result<String, String> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Ok(String::from_utf8(head).unwrap());
            }
            self.fill().await?;
        }
    }

    async fn line(&mut self) -> Result<String, String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), String> {
        let read = timeout(LONG, self.stream.read_buf(&mut self.buffer)).await;
        match read.expect("the proxy is silent for too long") {
            Ok(0) => Err("closed".into()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn answer(head: String) -> Answer {
    Answer {
        status: head[9..12].parse().unwrap(),
        head,
        body: Vec::new(),
        trailers: String::new(),
    }
}
