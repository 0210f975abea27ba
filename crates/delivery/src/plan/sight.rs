//! What the analysis of a soak can see.
//!
//! Said before the deploy and not after it: a soak that cannot gather enough requests
//! decides by probes alone, and whoever reads the plan should know.

use std::time::Duration;

use lockgate_core::time::Spoken;
use lockgate_gate::Rule;

use crate::definition::ApplicationDefinition;

/// Returns what the soak of `definition` can and cannot detect, in words.
pub(super) fn of(definition: &ApplicationDefinition) -> Vec<String> {
    let soak = definition.strategy.soak;
    let window = definition.strategy.window();
    if soak.is_zero() {
        return vec!["nothing after the switch: the soak is 0s, so no rule can fire".to_owned()];
    }
    let mut sight: Vec<_> = definition
        .rollback_when
        .iter()
        .map(|rule| rule_sight(rule, soak, window))
        .collect();
    let health = &definition.health;
    let unwell = (health.interval + health.timeout) * health.failures;
    sight.push(format!(
        "a failing health check ({}) within {}, a crash at once, without any traffic",
        health.probe,
        Spoken(unwell)
    ));
    sight
}

fn rule_sight(rule: &Rule, soak: Duration, window: Duration) -> String {
    let Rule::Http5xx { limit, minimum } = rule;
    let name = rule.name();
    let fewest = minimum.saturating_mul(u64::from(limit.basis_points())) / 10_000 + 1;
    let needed = per_second(*minimum, soak);
    format!(
        "{name} from {fewest} failures in {minimum} requests on, judged every {}; below {needed} requests/s the {} \
         soak does not see {minimum} requests, and the probes decide",
        Spoken(window),
        Spoken(soak)
    )
}

/// Returns `count / duration` per second with two decimals, rounded up.
fn per_second(count: u64, duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
    let hundredths = count.saturating_mul(100_000).div_ceil(milliseconds);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
