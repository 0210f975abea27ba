use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Uri;

/// Where the load goes: an address on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    /// The `Host` header.
    pub(super) host: String,
    /// The path with the query.
    pub(super) path: String,
}

impl Target {
    /// Returns the target of an `http` URL; refuses every address that is not a loopback one.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
        if uri.scheme_str() != Some("http") {
            return Err(format!("`{url}` does not begin with http://"));
        }
        let host = uri.host().unwrap_or_default();
        let ip = loopback(host)
            .ok_or_else(|| format!("`{host}` is not on this machine: load goes to loopback addresses only"))?;
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Ok(Self {
            address: SocketAddr::new(ip, uri.port_u16().unwrap_or(80)),
            host: uri.authority().map(ToString::to_string).unwrap_or_default(),
            path: path.to_owned(),
        })
    }
}

/// `localhost` and the names below it are loopback by definition (RFC 6761), whatever a resolver says.
fn loopback(host: &str) -> Option<IpAddr> {
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let ip: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    ip.is_loopback().then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_url_is_taken_apart() {
        let target = Target::parse("http://shop.localhost:8080/a?b=c").unwrap();
        assert_eq!(target.address, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(target.host, "shop.localhost:8080");
        assert_eq!(target.path, "/a?b=c");
        assert_eq!(
            Target::parse("http://[::1]:1").unwrap().address,
            "[::1]:1".parse().unwrap()
        );
        assert_eq!(Target::parse("http://127.3.2.1").unwrap().path, "/");
    }

    #[test]
    fn everything_else_is_refused() {
        for url in [
            "http://example.com/",
            "http://10.0.0.1/",
            "http://0.0.0.0:1/",
            "http://localhost.example.com/",
            "https://127.0.0.1/",
            "/health",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
