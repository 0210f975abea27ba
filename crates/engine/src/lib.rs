//! Ports and drivers: the only crate that knows both tokio and the domain
