//! What a scenario's transcript shows of events, effects and projections.

use std::collections::BTreeMap;
use std::fmt::Write;

use lockgate_core::time::Spoken;
use lockgate_core::{EffectKey, Now};
use lockgate_delivery::environment::Effect;
use lockgate_delivery::explain::{Status, sentence};
use lockgate_delivery::{Environment, EnvironmentEvent, explain};

type Effects = BTreeMap<EffectKey, Effect>;

/// Returns the events with their sentences, and how the effects changed.
pub(super) fn happened(events: &[EnvironmentEvent], before: &Effects, after: &Effects) -> String {
    if events.is_empty() {
        return "  nothing\n".to_owned();
    }
    let mut text = String::new();
    for event in events {
        writeln!(text, "  {}: {}", event.fact.name(), sentence(&event.fact)).unwrap();
    }
    for (key, effect) in after {
        match before.get(key) {
            None => writeln!(text, "    + {key} = {}", effect_words(effect)).unwrap(),
            Some(old) if old != effect => writeln!(text, "    ~ {key} = {}", effect_words(effect)).unwrap(),
            Some(_) => {}
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(key)) {
        writeln!(text, "    - {key}").unwrap();
    }
    text
}

fn effect_words(effect: &Effect) -> String {
    match effect {
        Effect::Place { artifact, release, .. } => format!("Place {artifact} of {}", release.version),
        Effect::Remove { .. } => "Remove".to_owned(),
        Effect::Run(run) => format!("Run {} of {} in {}", run.count, run.release.version, run.slot),
        Effect::Stop { grace, .. } => format!("Stop within {}", Spoken(*grace)),
        Effect::Probe { targets, .. } => {
            let targets: Vec<_> = targets.iter().map(|(n, t)| format!("{n} at {}", t.address)).collect();
            format!("Probe {}", targets.join(", "))
        }
        Effect::Smoke { checks, addresses, .. } => format!("Smoke {} at {}", checks.len(), addresses.join(", ")),
        Effect::Route(route) => {
            let split: Vec<_> = route.table.split.iter().map(|(r, w)| format!("{r}:{w}")).collect();
            let backends: Vec<_> = route.table.backends.values().flatten().cloned().collect();
            format!(
                "Route {{{}}} to {{{}}} for {} at {}, fence {}",
                split.join(", "),
                backends.join(", "),
                route.listener,
                route.listen.as_deref().unwrap_or("a free port"),
                route.fence
            )
        }
        Effect::Drain { limit, fence, .. } => format!("Drain within {}, fence {fence}", Spoken(limit.after)),
        Effect::Watch { window, .. } => format!("Watch every {}", Spoken(*window)),
        Effect::Wake(wake) => format!("Wake {} after {}s", Spoken(wake.after), wake.set.monotonic.as_secs()),
        Effect::Capture { lines, .. } => format!("Capture {lines} lines"),
    }
}

/// Returns `status` as a scenario shows it.
pub(super) fn status(environment: &Environment, now: &Now) -> String {
    let status: Status = explain::status(environment, now);
    let mut text = String::new();
    for r in &status.revisions {
        let role = format!("{:?}", r.role).to_lowercase();
        writeln!(
            text,
            "  {} {} {} {role} {} %: {}",
            r.revision, r.version, r.slot, r.weight, r.health
        )
        .unwrap();
    }
    if let Some(rollout) = &status.rollout {
        writeln!(text, "  rollout of {}: {}", rollout.version, rollout.doing).unwrap();
        if let Some(soak) = &rollout.soak {
            writeln!(text, "  soak: {} left, {}", Spoken(soak.left), soak.verdict).unwrap();
        }
    }
    let others = [
        ("address", &status.address),
        ("queued", &status.queued),
        ("paused", &status.paused),
        ("trouble", &status.route_trouble),
        ("question", &status.question),
    ];
    for (name, value) in others {
        if let Some(value) = value {
            writeln!(text, "  {name}: {value}").unwrap();
        }
    }
    text
}

/// Returns lines, indented.
pub(super) fn lines(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        writeln!(text, "  {line}").unwrap();
    }
    text
}
