//! Smoke checks: fetched here, judged by `delivery`.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method as HttpMethod, header};
use lockgate_delivery::Report;
use lockgate_delivery::smoke::{Answer, Method, SmokeCheck};

use super::Reporter;
use crate::http::{Ask, ask};

pub(super) async fn make(checks: &[SmokeCheck], addresses: &[String], reporter: &Reporter<'_>) {
    let mut results = Vec::new();
    for address in addresses {
        for check in checks {
            results.push(check.judge(&fetch(check, address).await));
        }
    }
    reporter.once(Report::SmokeEnded { results });
}

/// Returns the answer of one instance to one check.
async fn fetch(check: &SmokeCheck, address: &str) -> Answer {
    let request = match request(check, address) {
        Ok(request) => request,
        Err(why) => return Answer::NotAsked(why),
    };
    match ask(&request).await {
        Ok(answer) => Answer::Http {
            status: answer.status.as_u16(),
            body: String::from_utf8_lossy(&answer.body).into_owned(),
        },
        Err(error) => Answer::None(error.to_string()),
    }
}

fn request(check: &SmokeCheck, address: &str) -> Result<Ask, String> {
    let address: SocketAddr = address.parse().map_err(|_| format!("`{address}` is not an address"))?;
    let mut headers = HeaderMap::new();
    if check.json.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in &check.headers {
        let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is not a header's name"))?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("the header `{name}` has a value that HTTP cannot carry"))?;
        headers.insert(name, value);
    }
    let (method, body) = match (check.method, &check.json) {
        (Method::Get, _) => (HttpMethod::GET, Bytes::new()),
        (Method::Post, Some(json)) => (HttpMethod::POST, Bytes::from(json.to_string())),
        (Method::Post, None) => (HttpMethod::POST, Bytes::new()),
    };
    Ok(Ask {
        address,
        method,
        path: check.path.clone(),
        headers,
        body,
        limit: check.timeout,
    })
}
