//! A small HTTP/1.1 server: a thread per connection, kept connections, bounded everything.
//!
//! Threads and not an event loop: the server has three dependencies and builds in seconds, and its
//! clients are a proxy and a few probes, not ten thousand browsers.

mod connection;
mod request;
mod response;
mod server;

pub use request::Request;
pub use response::Response;
pub use server::{Server, StopHandle};

/// Answers requests; called from many threads at once.
pub trait Answer: Send + Sync + 'static {
    /// Returns the response to one request.
    fn answer(&self, request: &Request) -> Response;
}
