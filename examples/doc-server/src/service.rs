//! Routes requests: health and version, and JSON-RPC under `/mcp`.

use serde_json::json;

use crate::http::{Answer, Request, Response};
use crate::release;
use crate::rpc;
use crate::search::Index;

/// The whole application behind the HTTP layer.
pub struct Service {
    index: Index,
}

impl Service {
    /// Returns the service over the embedded documents.
    pub fn new() -> Self {
        Self {
            index: Index::embedded(),
        }
    }

    fn route(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET" | "HEAD", "/health") => Response::json(json!({
                "status": "ok",
                "version": release::VERSION,
                "documents": self.index.len(),
            })),
            ("GET" | "HEAD", "/" | "/version") => Response::json(json!({
                "name": "doc-server",
                "version": release::VERSION,
            })),
            ("POST", "/mcp") => match rpc::answer(&self.index, &request.body) {
                Some(body) => Response::json(body),
                None => Response::empty(202),
            },
            (_, "/health" | "/" | "/version") => not_allowed("GET, HEAD"),
            (_, "/mcp") => not_allowed("POST"),
            (_, path) => Response::error(404, &format!("nothing is served at {path}")),
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

impl Answer for Service {
    fn answer(&self, request: &Request) -> Response {
        self.route(request)
    }
}

fn not_allowed(allow: &'static str) -> Response {
    let mut response = Response::error(405, &format!("only {allow} are understood here"));
    response.allow = Some(allow);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, path: &str) -> Response {
        let (method, path) = (method.to_owned(), path.to_owned());
        Service::new().answer(&Request {
            method,
            path,
            ..Request::default()
        })
    }

    #[test]
    fn health_and_version_name_the_release() {
        for path in ["/health", "/", "/version"] {
            let response = ask("GET", path);
            assert_eq!(response.status, 200, "{path}");
            assert_eq!(
                response.body.unwrap()["version"],
                release::VERSION,
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        assert_eq!(ask("GET", "/nowhere").status, 404);
        let refused = ask("GET", "/mcp");
        assert_eq!((refused.status, refused.allow), (405, Some("POST")));
        assert_eq!(ask("DELETE", "/health").status, 405);
    }
}
