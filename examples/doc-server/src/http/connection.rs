use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::request::{Framing, Head, Refusal, dechunk};
use super::server::State;
use super::{Answer, Request, Response};

/// How often a waiting connection looks whether the server is stopping.
const TICK: Duration = Duration::from_millis(100);
/// How long a kept connection may be silent.
const IDLE: Duration = Duration::from_secs(120);
/// How long a request may take to arrive, and a response to leave.
const SLOW: Duration = Duration::from_secs(30);
const MOST_HEAD: usize = 32 * 1024;
const MOST_BODY: usize = 1024 * 1024;

/// Serves one connection until either side closes it.
pub(super) fn serve(stream: &TcpStream, service: &impl Answer, state: &State) {
    if prepare(stream).is_err() {
        return;
    }
    let mut reader = Reader {
        stream,
        state,
        buffer: Vec::new(),
    };
    loop {
        match reader.request() {
            Ok(request) => {
                let response = service.answer(&request);
                let keep = request.keep_alive && !state.stopping();
                let bytes = response.encode(keep, &request.method);
                let mut writer = stream;
                if writer.write_all(&bytes).is_err() || !keep {
                    return;
                }
            }
            Err(End::Closed) => return,
            Err(End::Refused((status, words))) => {
                return turn_away(stream, Response::error(status, words));
            }
        }
    }
}

/// Answers and closes, so that the answer arrives although the client may still be sending.
pub(super) fn turn_away(mut stream: &TcpStream, response: Response) {
    if stream.write_all(&response.encode(false, "")).is_err()
        || stream.shutdown(Shutdown::Write).is_err()
        || stream.set_read_timeout(Some(TICK)).is_err()
    {
        return;
    }
    // Closing with unread bytes would reset the connection, and the answer with it.
    let mut rest = [0; 8 * 1024];
    let until = Instant::now() + Duration::from_secs(1);
    while Instant::now() < until && matches!(stream.read(&mut rest), Ok(1..)) {}
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    stream.set_write_timeout(Some(SLOW))
}

enum End {
    Closed,
    Refused(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

struct Reader<'a> {
    stream: &'a TcpStream,
    state: &'a State,
    buffer: Vec<u8>,
}

impl Reader<'_> {
    /// Returns the next request; what the client sent beyond it stays in the buffer.
    fn request(&mut self) -> Result<Request, End> {
        let mut since = Instant::now();
        let head = loop {
            let head = Head::parse(&self.buffer)?;
            if head.as_ref().map_or(self.buffer.len(), |head| head.size) > MOST_HEAD {
                return Err(End::Refused((431, "the head is longer than 32 KiB")));
            }
            if let Some(head) = head {
                break head;
            }
            let idle = self.buffer.is_empty();
            self.fill(since, idle)?;
            if idle && !self.buffer.is_empty() {
                since = Instant::now();
            }
        };
        self.buffer.drain(..head.size);
        if head.expects_continue {
            let mut writer = self.stream;
            let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
            writer.write_all(go_on).map_err(|_| End::Closed)?;
        }
        let mut request = head.request;
        request.body = match head.framing {
            Framing::Length(length) => self.counted(length, since)?,
            Framing::Chunked => self.chunked(since)?,
        };
        Ok(request)
    }

    fn counted(&mut self, length: usize, since: Instant) -> Result<Vec<u8>, End> {
        if length > MOST_BODY {
            return Err(End::Refused((413, "the body is longer than 1 MiB")));
        }
        while self.buffer.len() < length {
            self.fill(since, false)?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn chunked(&mut self, since: Instant) -> Result<Vec<u8>, End> {
        loop {
            if let Some((body, size)) = dechunk(&self.buffer)? {
                self.buffer.drain(..size);
                return Ok(body);
            }
            if self.buffer.len() > MOST_BODY {
                return Err(End::Refused((413, "the body is longer than 1 MiB")));
            }
            self.fill(since, false)?;
        }
    }

    /// Appends what has arrived, or returns after a tick with nothing.
    fn fill(&mut self, since: Instant, idle: bool) -> Result<(), End> {
        if !idle && since.elapsed() > SLOW {
            return Err(End::Refused((
                408,
                "the request took longer than 30 s to arrive",
            )));
        }
        let mut chunk = [0; 16 * 1024];
        let mut stream = self.stream;
        match stream.read(&mut chunk) {
            Ok(0) => Err(End::Closed),
            Ok(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                Ok(())
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => Ok(()),
                ErrorKind::WouldBlock | ErrorKind::TimedOut => self.waited(since, idle),
                _ => Err(End::Closed),
            },
        }
    }

    fn waited(&self, since: Instant, idle: bool) -> Result<(), End> {
        if idle && (self.state.stopping() || since.elapsed() > IDLE) {
            return Err(End::Closed);
        }
        if !idle && since.elapsed() > SLOW {
            return Err(End::Refused((
                408,
                "the request took longer than 30 s to arrive",
            )));
        }
        Ok(())
    }
}
