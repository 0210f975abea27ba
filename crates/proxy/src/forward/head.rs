//! The heads of requests and answers: what is refused, what is taken out, what is added.
//!
//! What hyper's parser refuses never gets here: a wrong or repeated length, an unknown
//! transfer coding at the end, a folded or malformed header. Of a length beside chunks
//! it drops the length and reads nothing behind that request (RFC 9112, 6.1). Here is
//! the rest of what two readers might understand differently, because that is how
//! requests are smuggled.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use hyper::body::{Body, Incoming};

use super::answer::{OWN_ANSWER, Own};
use super::upload::Upload;
use crate::accept::Peer;
use crate::slot::LiveRoute;
use crate::snapshot::Forwarded;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// What concerns one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHORIZATION,
];

/// What a `Connection` header must not take out, because the message would mean something else without it.
const ESSENTIAL: [HeaderName; 4] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::AUTHORIZATION,
    header::COOKIE,
];

/// The longest request id that is kept.
const LONGEST_ID: usize = 128;

/// What a request asks of the connection.
pub(super) struct Asked {
    /// The protocol to switch to.
    pub(super) upgrade: Option<HeaderValue>,
    trailers: bool,
}

impl Asked {
    /// Returns whether it asks for a WebSocket.
    pub(super) fn websocket(&self) -> Option<()> {
        let upgrade = self.upgrade.as_ref()?.as_bytes();
        upgrade.eq_ignore_ascii_case(b"websocket").then_some(())
    }
}

/// Returns what the request asks for, or the answer to one that must not be forwarded.
pub(super) fn inspect(request: &Request<Incoming>) -> Result<Asked, Own> {
    let headers = request.headers();
    if request.method() == Method::CONNECT {
        return Err(Own::Refused(
            StatusCode::NOT_IMPLEMENTED,
            "this proxy forwards requests and opens no CONNECT tunnels",
        ));
    }
    inspect_host(request)?;
    inspect_coding(headers)?;
    let http11 = request.version() == Version::HTTP_11;
    let upgrade = headers
        .get(header::UPGRADE)
        .filter(|_| http11 && names(headers, "upgrade"));
    Ok(Asked {
        upgrade: upgrade.cloned(),
        trailers: headers
            .get_all(header::TE)
            .iter()
            .any(|value| tokens(value).any(|token| token.eq_ignore_ascii_case("trailers"))),
    })
}

/// Returns the request as the instance shall see it.
pub(super) fn outward(request: Request<Incoming>, asked: &Asked, route: &LiveRoute, peer: &Peer) -> Request<Upload> {
    let (mut parts, body) = request.into_parts();
    parts.extensions = http::Extensions::new();
    parts.version = Version::HTTP_11;
    let headers = &mut parts.headers;
    if let Some(host) = parts
        .uri
        .authority()
        .and_then(|host| HeaderValue::from_str(host.as_str()).ok())
    {
        headers.insert(header::HOST, host);
        let path = parts.uri.path_and_query().cloned();
        parts.uri = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    } else if !headers.contains_key(header::HOST) {
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    }
    strip(headers);
    if asked.trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if let Some(upgrade) = &asked.upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, upgrade.clone());
    }
    join_cookies(headers);
    forward_headers(headers, route.forwarded, peer);
    if !headers
        .get(REQUEST_ID)
        .is_some_and(|id| (1..=LONGEST_ID).contains(&id.len()))
    {
        headers.insert(REQUEST_ID, peer.request_id());
    }
    let expects = headers
        .get(header::EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let body = Upload::new(body, route.limits.request_body_bytes);
    if expects && body.is_end_stream() {
        headers.remove(header::EXPECT);
    }
    let mut request = Request::from_parts(parts, body);
    if expects {
        Upload::hold(&mut request);
    }
    request
}

/// Takes out of an answer what concerned only the instance's connection; returns its `Upgrade`.
pub(super) fn inward(headers: &mut HeaderMap) -> Option<HeaderValue> {
    let upgrade = headers.remove(header::UPGRADE);
    strip(headers);
    headers.remove(OWN_ANSWER);
    upgrade
}

/// Returns whether the answer is a stream of events, whose end a client does not mind.
pub(super) fn is_event_stream(headers: &HeaderMap) -> Option<()> {
    let kind = headers.get(header::CONTENT_TYPE)?.as_bytes();
    let plain = !headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::CONTENT_LENGTH);
    (plain && kind.starts_with(b"text/event-stream")).then_some(())
}

fn inspect_host(request: &Request<Incoming>) -> Result<(), Own> {
    let refuse = |words| Err(Own::Refused(StatusCode::BAD_REQUEST, words));
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => refuse("the request has more than one Host header"),
        (None, None) if request.version() == Version::HTTP_11 => refuse("the request has no Host header"),
        (Some(host), None) if !is_host(host.as_bytes()) => refuse("the request's Host header is not a host"),
        _ => Ok(()),
    }
}

fn is_host(host: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+;=".contains(byte);
    host.iter().all(allowed)
}

/// Refuses every coding but `chunked`: it would be lost on the way.
fn inspect_coding(headers: &HeaderMap) -> Result<(), Own> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Own::Refused(
            StatusCode::BAD_REQUEST,
            "the request has a transfer coding other than `chunked`",
        )),
    }
}

fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(tokens)
        .filter(|token| {
            !["keep-alive", "close", "upgrade"]
                .iter()
                .any(|usual| token.eq_ignore_ascii_case(usual))
        })
        .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
        .filter(|name| !ESSENTIAL.contains(name))
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

/// HTTP/2 splits cookies into several headers, HTTP/1 knows one (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(header::COOKIE).iter().nth(1).is_none() {
        return;
    }
    let parts: Vec<&[u8]> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if let Ok(joined) = HeaderValue::from_bytes(&parts.join(b"; ".as_slice())) {
        headers.insert(header::COOKIE, joined);
    }
}

fn forward_headers(headers: &mut HeaderMap, forwarded: Forwarded, peer: &Peer) {
    let host = headers.get(header::HOST).cloned();
    let proto = HeaderValue::from_static("http");
    match forwarded {
        Forwarded::Replace => {
            headers.remove(header::FORWARDED);
            headers.remove(REAL_IP);
            headers.insert(FORWARDED_FOR, peer.address.clone());
            headers.insert(FORWARDED_PROTO, proto);
            if let Some(host) = host {
                headers.insert(FORWARDED_HOST, host);
            }
        }
        Forwarded::Append => {
            headers.append(FORWARDED_FOR, peer.address.clone());
            headers.entry(FORWARDED_PROTO).or_insert(proto);
            if let Some(host) = host {
                headers.entry(FORWARDED_HOST).or_insert(host);
            }
        }
    }
}

fn names(headers: &HeaderMap, wanted: &str) -> bool {
    let values = headers.get_all(header::CONNECTION).iter();
    values.flat_map(tokens).any(|token| token.eq_ignore_ascii_case(wanted))
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim)
}

impl Peer {
    /// Returns a new request id: 32 hexadecimal digits, unique to this proxy's epoch.
    fn request_id(&self) -> HeaderValue {
        let number = self
            .shared
            .request_ids
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = u128::from(self.shared.epoch.nonce) << 64 | u128::from(number);
        let mut digits = [0; 32];
        for (at, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(id >> (124 - 4 * at)) as usize & 15];
        }
        HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn hop_by_hop_headers_are_taken_out() {
        let mut headers = map(&[
            ("connection", "keep-alive, X-Private, content-length, host"),
            ("keep-alive", "timeout=5"),
            ("x-private", "1"),
            ("content-length", "3"),
            ("host", "shop"),
            ("te", "trailers"),
            ("accept", "*/*"),
        ]);
        strip(&mut headers);
        assert_eq!(
            headers,
            map(&[("content-length", "3"), ("host", "shop"), ("accept", "*/*")])
        );
    }

    #[test]
    fn only_plain_chunks_are_forwarded() {
        for (value, forwarded) in [
            ("chunked", true),
            ("Chunked", true),
            ("gzip, chunked", false),
            ("chunked, chunked", false),
            ("identity", false),
        ] {
            let coded = inspect_coding(&map(&[("transfer-encoding", value)]));
            assert_eq!(coded.is_ok(), forwarded, "{value}");
        }
        assert_eq!(inspect_coding(&HeaderMap::new()), Ok(()));
    }

    #[test]
    fn a_host_is_a_host() {
        for host in ["shop.example.com", "127.0.0.1:8080", "[::1]:80", ""] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["a b", "a/b", "a@b", "a,b", "a?b", "a\\b"] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn cookies_of_http2_become_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1"));
        headers.append(header::COOKIE, HeaderValue::from_static("b=2"));
        join_cookies(&mut headers);
        assert_eq!(headers, map(&[("cookie", "a=1; b=2")]));
    }
}
