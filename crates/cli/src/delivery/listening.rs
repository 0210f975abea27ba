//! Addresses that cannot be listened at, known before anything is begun.
//!
//! An environment listens for ever where it was first routed, and two cannot share an address. The supervisor would say
//! so when the candidate is up and the traffic is to move; who plans and who checks says it first.

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_delivery::ApplicationDefinition;
use lockgate_dialect::codes;
use lockgate_host::HostHome;
use lockgate_host::status::ListenerStatus;

use super::Place;
use crate::config;
use crate::exit::Failure;

/// Returns why the environment `name`, which is `PROJECT.ENVIRONMENT`, cannot listen at `address`, with the remedy.
fn clash(listeners: &[ListenerStatus], name: &str, address: &str) -> Option<String> {
    let environment = name.rsplit('.').next().unwrap_or(name);
    if let Some(own) = listeners.iter().find(|listener| listener.name == name) {
        let fixed = own.address.to_string();
        return (fixed != address).then(|| {
            format!(
                "`{environment}` listens at {fixed} for ever, which was fixed by its first deploy; write `listen: \
                 {fixed}`, or use another environment for {address}"
            )
        });
    }
    let other = listeners
        .iter()
        .find(|listener| listener.address.to_string() == address)?;
    let (project, environment) = other.name.rsplit_once('.').unwrap_or(("", &other.name));
    Some(format!(
        "{address} is where the environment `{environment}` of the project {project} listens; choose another address"
    ))
}

/// Refuses a deploy to an environment that could not listen where its definition says, or not now.
pub(crate) fn refuse(place: &Place, environment: &str, definition: &ApplicationDefinition) -> Result<(), Failure> {
    let Some(address) = definition.listen.as_deref() else {
        return Ok(());
    };
    let name = format!("{}.{environment}", place.identity);
    let listeners = listeners(&place.host())?;
    if let Some(words) = clash(&listeners, &name, address) {
        return Err(Failure::usage(words));
    }
    if listeners.iter().any(|listener| listener.name == name) {
        return Ok(());
    }
    let taken = address.parse().ok().and_then(lockgate_host::status::why_not_free);
    taken.map_or(Ok(()), |words| Err(Failure::refused(words)))
}

/// Returns the mistakes of a `lockgate.yaml` that only this machine knows.
pub(crate) fn check(file: &SourceFile, host: &HostHome, identity: &str) -> Vec<Diagnostic> {
    let listeners = listeners(host).unwrap_or_default();
    let wanted = config::addresses(file);
    let clashes = wanted.into_iter().filter_map(|(environment, address, span)| {
        let words = clash(&listeners, &format!("{identity}.{environment}"), &address)?;
        let (message, help) = words.split_once("; ").unwrap_or((&words, "choose another address"));
        Some(Diagnostic::error(codes::WRONG_VALUE, file, span, message).help(help))
    });
    clashes.collect()
}

fn listeners(host: &HostHome) -> Result<Vec<ListenerStatus>, Failure> {
    lockgate_host::status::status(host)
        .map(|status| status.listeners)
        .map_err(|error| Failure::unavailable("cannot read the host's records").because(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_fixed_and_nobody_elses() {
        let listeners = [ListenerStatus {
            name: "shop.1.production".into(),
            address: "127.0.0.1:8080".parse().unwrap(),
            trouble: None,
        }];
        let words = |name, address| clash(&listeners, name, address);
        assert_eq!(words("shop.1.production", "127.0.0.1:8080"), None);
        assert_eq!(words("shop.1.staging", "127.0.0.1:8081"), None);
        let moved = words("shop.1.production", "127.0.0.1:9090").unwrap();
        assert!(
            moved.starts_with("`production` listens at 127.0.0.1:8080 for ever"),
            "{moved}"
        );
        let shared = words("shop.1.staging", "127.0.0.1:8080").unwrap();
        assert!(
            shared.contains("the environment `production` of the project shop.1"),
            "{shared}"
        );
    }
}
