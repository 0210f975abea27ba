/// One request, read whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The body, decoded from chunks where it came in chunks.
    pub body: Vec<u8>,
    /// Whether the client wants to keep the connection.
    pub keep_alive: bool,
}

/// How a request's body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
}

/// A request without its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) request: Request,
    pub(super) framing: Framing,
    pub(super) expects_continue: bool,
    /// The bytes that the head took.
    pub(super) size: usize,
}

/// Why a request is refused: the status and the words.
pub(super) type Refusal = (u16, &'static str);

impl Head {
    /// Returns the head at the start of `bytes`, or `None` when there is more to come.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut parsed = httparse::Request::new(&mut headers);
        let size = match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(size)) => size,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err((431, "too many headers")),
            Err(_) => return Err((400, "not an HTTP/1.1 request")),
        };
        let mut keep_alive = parsed.version == Some(1);
        let mut length = None;
        let mut chunked = false;
        let mut expects_continue = false;
        for header in parsed.headers.iter() {
            let value = std::str::from_utf8(header.value).unwrap_or("").trim();
            match header.name.to_ascii_lowercase().as_str() {
                "connection" => keep_alive = keeps(value, keep_alive),
                "content-length" => length = Some(same_length(length, value)?),
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => chunked = true,
                "transfer-encoding" => return Err((501, "only chunked bodies are understood")),
                "expect" => expects_continue = value.eq_ignore_ascii_case("100-continue"),
                _ => {}
            }
        }
        let framing = match (chunked, length) {
            // Two lengths are how requests are smuggled.
            (true, Some(_)) => return Err((400, "a length and chunks")),
            (true, None) => Framing::Chunked,
            (false, length) => Framing::Length(length.unwrap_or(0)),
        };
        let target = parsed.path.unwrap_or("/");
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: target.split('?').next().unwrap_or(target).to_owned(),
            body: Vec::new(),
            keep_alive,
        };
        Ok(Some(Self {
            request,
            framing,
            expects_continue,
            size,
        }))
    }
}

fn keeps(value: &str, before: bool) -> bool {
    value
        .split(',')
        .fold(before, |keeps, token| match token.trim() {
            token if token.eq_ignore_ascii_case("close") => false,
            token if token.eq_ignore_ascii_case("keep-alive") => true,
            _ => keeps,
        })
}

fn same_length(before: Option<usize>, value: &str) -> Result<usize, Refusal> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let length = if digits { value.parse().ok() } else { None };
    match (length, before) {
        (Some(length), None) => Ok(length),
        (Some(length), Some(before)) if length == before => Ok(length),
        _ => Err((400, "not a content length")),
    }
}

/// Returns the body at the start of `bytes` and the bytes it took, or `None` when there is more
/// to come.
pub(super) fn dechunk(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Refusal> {
    const BROKEN: Refusal = (400, "a broken chunk");
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let size = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete((taken, size))) => {
                at += taken;
                usize::try_from(size).map_err(|_| BROKEN)?
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(BROKEN),
        };
        if size == 0 {
            return Ok(trailers_end(&bytes[at..]).map(|end| (body, at + end)));
        }
        let end = at.checked_add(size).ok_or(BROKEN)?;
        let (Some(chunk), Some(line_end)) = (bytes.get(at..end), bytes.get(end..end + 2)) else {
            // Refused by the reader's limit when it would never fit.
            return Ok(None);
        };
        if line_end != b"\r\n" {
            return Err(BROKEN);
        }
        body.extend_from_slice(chunk);
        at = end + 2;
    }
}

fn trailers_end(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map(|at| at + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<Head>, Refusal> {
        Head::parse(text.as_bytes())
    }

    #[test]
    fn a_head_says_how_its_body_ends() {
        let read = head("POST /mcp?a=b HTTP/1.1\r\ncontent-length: 12\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!(read.request.path, "/mcp");
        assert_eq!(read.framing, Framing::Length(12));
        assert!(read.request.keep_alive);
        let read = head("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!(read.framing, Framing::Chunked);
    }

    #[test]
    fn a_connection_is_kept_as_the_version_and_the_header_say() {
        for (text, keeps) in [
            ("GET / HTTP/1.1\r\n\r\n", true),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nConnection: close, te\r\n\r\n", false),
        ] {
            assert_eq!(
                head(text).unwrap().unwrap().request.keep_alive,
                keeps,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        for text in [
            "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: +1\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            "nonsense\r\n\r\n",
        ] {
            assert_eq!(head(text).unwrap_err().0, 400, "{text}");
        }
    }

    #[test]
    fn half_a_head_waits_for_the_rest() {
        assert_eq!(head("GET / HTTP/1.1\r\nhost: a"), Ok(None));
    }

    #[test]
    fn chunks_are_joined() {
        let bytes = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nGET";
        assert_eq!(
            dechunk(bytes).unwrap(),
            Some((b"abcde".to_vec(), bytes.len() - 3))
        );
        assert_eq!(dechunk(b"3\r\nabc\r\n").unwrap(), None);
        assert_eq!(dechunk(b"3\r\nabcd\r\n0\r\n\r\n").unwrap_err().0, 400);
        let trailed = b"1\r\na\r\n0\r\nx: y\r\n\r\n";
        assert_eq!(
            dechunk(trailed).unwrap(),
            Some((b"a".to_vec(), trailed.len()))
        );
    }
}
