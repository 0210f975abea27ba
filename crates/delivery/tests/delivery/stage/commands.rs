//! The words of a scenario's script.

use std::time::Duration;

use lockgate_core::time::parse_duration;
use lockgate_core::{EffectKey, InputId, Machine, Percent};
use lockgate_delivery::definition::{Command, Previous, Probe};
use lockgate_delivery::environment::effect::{
    capture_key, drain_key, instance_key, place_key, probe_key, route_key, watch_key,
};
use lockgate_delivery::environment::{Actor, Effect, ProbeState, Target, WhileRunning};
use lockgate_delivery::explain;
use lockgate_delivery::smoke::{CheckResult, SmokeCheck};
use lockgate_delivery::{
    ApplicationDefinition, EnvironmentInput, Intent, Release, ReleaseId, Report, RevisionNumber, Source, dry_run,
};
use lockgate_gate::{Outcome, Rule};

use super::{Process, Stage, print};

pub(super) fn play(stage: &mut Stage, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["deploy" | "rollback" | "continue" | "abort", ..] => ask(stage, &words),
        ["dry-run", intent @ ..] => match dry_run(&stage.live, &intent_of(intent), &actor_of(intent)) {
            Ok(plan) => print::lines(&plan.to_string().lines().map(str::to_owned).collect::<Vec<_>>()),
            Err(refusal) => super::refused(&refusal),
        },
        ["wait", duration] => {
            let text = stage.wait(parse_duration(duration).unwrap());
            if text.is_empty() {
                "  nothing\n".to_owned()
            } else {
                text
            }
        }
        ["clock", "jumps", duration] => {
            stage.now.wall = stage.now.wall.plus(parse_duration(duration).unwrap());
            let text = stage.wait(Duration::ZERO);
            if text.is_empty() {
                "  nothing\n".to_owned()
            } else {
                text
            }
        }
        ["wake", name] => stage.report(EffectKey::of("wake", name), 0, Report::Woke),
        ["clock", "goes", "back", duration] => {
            let back = parse_duration(duration).unwrap();
            stage.now.wall.0 -= i64::try_from(back.as_millis()).unwrap();
            String::new()
        }
        ["reboot"] => {
            stage.boots += 1;
            stage.now.boot = lockgate_core::BootId(format!("boot-{}", stage.boots));
            stage.now.monotonic = Duration::ZERO;
            String::new()
        }
        ["given", version, options @ ..] => given(stage, version, options),
        ["status"] => print::status(&stage.live, &stage.now),
        ["why"] => print::lines(&explain::why(&stage.log)),
        ["follow", intent] => {
            let progress = explain::follow(&stage.log, &InputId((*intent).to_owned()));
            format!("  {progress:?}\n")
        }
        ["history"] => {
            let entries = explain::history(&stage.log).into_iter();
            let words = entries.map(|entry| format!("{} {}: {}", entry.revision, entry.version, entry.outcome));
            print::lines(&words.collect::<Vec<_>>())
        }
        _ => outside(stage, &words),
    }
}

fn ask(stage: &mut Stage, words: &[&str]) -> String {
    stage.intents += 1;
    let input = EnvironmentInput::Asked {
        id: InputId(format!("i{}", stage.intents)),
        by: actor_of(words),
        intent: intent_of(words),
    };
    stage.give(input)
}

fn actor_of(words: &[&str]) -> Actor {
    if words.contains(&"automatic") {
        Actor::Automatic("push to main".into())
    } else {
        Actor::Person("ada".into())
    }
}

fn intent_of(words: &[&str]) -> Intent {
    match words {
        ["deploy", version, options @ ..] => Intent::Deploy {
            release: Box::new(release(version)),
            definition: Box::new(definition(options)),
            running: if options.contains(&"supersede") {
                WhileRunning::Supersede
            } else {
                WhileRunning::Refuse
            },
        },
        ["rollback"] => Intent::Rollback { to: Target::LastGood },
        ["rollback", version] => Intent::Rollback {
            to: Target::Version((*version).to_owned()),
        },
        ["continue"] => Intent::Continue,
        ["abort"] => Intent::Abort,
        other => panic!("not an intent: {other:?}"),
    }
}

fn release(version: &str) -> Release {
    Release {
        id: ReleaseId(format!("release-{version}")),
        version: version.to_owned(),
        commit: format!("c0ffee-{version}"),
        artifacts: [("shop".to_owned(), format!("sha256:{version}"))].into(),
        source: Source::Run("run/1".into()),
        configuration: "sha256:configuration".into(),
    }
}

fn definition(options: &[&str]) -> ApplicationDefinition {
    let mut definition = ApplicationDefinition::new("shop", Command::Shell("./server --port $PORT".into()));
    definition.health.probe = Probe::Http { path: "/health".into() };
    definition.smoke = vec![SmokeCheck::get("home", "/")];
    definition.strategy.soak = Duration::from_secs(3);
    definition.rollback_when = vec![Rule::http_5xx(Percent::of(5))];
    for option in options {
        match option.split_once('=') {
            Some(("soak", soak)) => definition.strategy.soak = parse_duration(soak).unwrap(),
            Some(("instances", count)) => definition.instances = count.parse().unwrap(),
            Some(("listen", address)) => definition.listen = Some(address.into()),
            Some(("artifact", name)) => definition.artifact = name.into(),
            Some(("log", level)) => {
                let level = lockgate_delivery::definition::Variable::Text(level.into());
                definition.variables.insert("LOG".into(), level);
            }
            Some(("tree", digest)) => {
                definition.origin = Some(lockgate_delivery::definition::Origin {
                    file: "lockgate.yaml of the working tree".into(),
                    digest: format!("sha256:{digest}"),
                });
            }
            None if *option == "no-smoke" => definition.smoke.clear(),
            None if *option == "cold-previous" => definition.strategy.previous = Previous::StoppedAfterSoak,
            None if ["supersede", "automatic", "soaking"].contains(option) => {}
            _ => panic!("not an option: {option}"),
        }
    }
    definition
}

fn revision(word: &str) -> RevisionNumber {
    RevisionNumber::try_from(word.to_owned()).unwrap()
}

/// Splits `r2` or `r2.1` into the revision and the instance.
fn instance(word: &str) -> (RevisionNumber, u32) {
    match word.split_once('.') {
        Some((number, instance)) => (revision(number), instance.parse().unwrap()),
        None => (revision(word), 1),
    }
}

fn outside(stage: &mut Stage, words: &[&str]) -> String {
    match words {
        ["placed", r] => stage.report(place_key(revision(r)), 0, Report::ArtifactPlaced),
        ["place-refused", r, reason @ ..] => {
            let reason = reason.join(" ");
            stage.report(place_key(revision(r)), 0, Report::PlaceRefused { reason })
        }
        ["removed", r] => stage.report(place_key(revision(r)), 0, Report::ArtifactRemoved),
        ["refused", r, reason @ ..] => {
            let reason = reason.join(" ");
            stage.report(instance_key(revision(r)), 0, Report::InstanceRefused { reason })
        }
        ["stopped", r] => {
            let latest = stage.instances.values().map(|process| process.incarnation).max();
            let key = instance_key(revision(r));
            stage.report(key, latest.unwrap_or(0), Report::InstanceStopped)
        }
        ["started" | "restarted" | "exited" | "healthy" | "unhealthy", ..] => instances(stage, words),
        ["smoke", outcome] => smoke(stage, outcome),
        ["kept", r, line @ ..] => {
            let lines = vec![line.join(" ")];
            stage.report(capture_key(revision(r)), 0, Report::LogsKept { lines, blob: None })
        }
        ["late", rest @ ..] => {
            let sequence = std::mem::replace(&mut stage.sequence, 0);
            let text = outside(stage, rest);
            stage.sequence = sequence;
            text
        }
        _ => proxy(stage, words),
    }
}

fn instances(stage: &mut Stage, words: &[&str]) -> String {
    let (number, n) = instance(words[1]);
    let detail = words[2..].join(" ");
    if words[0].ends_with("started") {
        stage.ports += 1;
        let process = Process {
            incarnation: u64::from(stage.ports),
            address: format!("127.0.0.1:{}", stage.ports),
        };
        stage.instances.insert((number, n), process);
    }
    let process = stage.instances[&(number, n)].clone();
    let (key, report) = match words[0] {
        "started" | "restarted" => {
            let address = process.address;
            let instance = n;
            (instance_key(number), Report::InstanceStarted { instance, address })
        }
        "exited" => {
            let (instance, status) = (n, detail);
            (instance_key(number), Report::InstanceExited { instance, status })
        }
        healthy => {
            let passing = healthy == "healthy";
            let report = Report::ProbeChanged {
                instance: n,
                state: if passing {
                    ProbeState::Passing
                } else {
                    ProbeState::Failing
                },
                streak: if passing { 1 } else { 3 },
                detail: if passing { "200".to_owned() } else { detail },
            };
            (probe_key(number), report)
        }
    };
    stage.report(key, process.incarnation, report)
}

fn smoke(stage: &mut Stage, outcome: &str) -> String {
    let key = stage
        .live
        .effects()
        .keys()
        .find(|key| ["smoke", "proof"].contains(&key.kind()));
    let key: EffectKey = key.expect("smoke checks are to be made").clone();
    let (outcome, detail) = match outcome {
        "passes" => (Outcome::Pass, "200 as expected"),
        "fails" => (Outcome::Fail, "status 500, expected 200"),
        _ => (Outcome::Inconclusive, "the checker was interrupted"),
    };
    let results = vec![CheckResult {
        name: "home".into(),
        outcome,
        detail: detail.into(),
    }];
    stage.report(key, 0, Report::SmokeEnded { results })
}

fn proxy(stage: &mut Stage, words: &[&str]) -> String {
    let fence = stage.live.route().map_or(0, |route| route.fence);
    let candidate = stage
        .live
        .rollout()
        .map(lockgate_delivery::environment::Rollout::revision);
    match words {
        ["route", "seen"] => {
            let address = "127.0.0.1:8080".to_owned();
            stage.report(route_key(), stage.epoch, Report::RouteSeen { fence, address })
        }
        ["route", "seen", "fence", fence] => {
            let (fence, address) = (fence.parse().unwrap(), "127.0.0.1:8080".to_owned());
            stage.report(route_key(), stage.epoch, Report::RouteSeen { fence, address })
        }
        ["route", "refused", reason @ ..] => {
            let reason = reason.join(" ");
            stage.report(route_key(), stage.epoch, Report::RouteRefused { fence, reason })
        }
        ["drained", r, cut @ ..] => {
            let cut = cut.first().map_or(0, |cut| cut.parse().unwrap());
            let fence = match stage.live.effects().get(&drain_key(revision(r))) {
                Some(Effect::Drain { fence, .. }) => *fence,
                _ => 0,
            };
            stage.report(drain_key(revision(r)), stage.epoch, Report::Drained { fence, cut })
        }
        ["window", requests, failed] => observe(stage, candidate, 1, (requests, failed)),
        ["within", "window", requests, failed] => observe(stage, candidate, 0, (requests, failed)),
        ["silent", reason @ ..] => {
            let key = watch_key(candidate.expect("a rollout"));
            let reason = reason.join(" ");
            stage.report(key, stage.epoch, Report::WatchSilent { reason })
        }
        ["proxy", "restarts"] => {
            stage.epoch += 1;
            stage.counted.clear();
            String::new()
        }
        other => panic!("not a command: {other:?}"),
    }
}

/// Reports what the proxy has counted of the candidate, `windows` windows later and with so many more requests.
fn observe(stage: &mut Stage, candidate: Option<RevisionNumber>, windows: u64, more: (&str, &str)) -> String {
    let candidate = candidate.expect("a rollout");
    let (window, counts) = stage.counted.entry(candidate).or_default();
    *window += windows;
    counts.requests += more.0.parse::<u64>().unwrap();
    counts.failed += more.1.parse::<u64>().unwrap();
    let (window, counts) = (*window, *counts);
    stage.report(
        watch_key(candidate),
        stage.epoch,
        Report::WindowObserved { window, counts },
    )
}

/// Plays, without showing it, how a version comes to serve, and passes its soak.
fn given(stage: &mut Stage, version: &str, options: &[&str]) -> String {
    let before = stage.live.stable().map(|stable| stable.number);
    let retired = stage.live.previous().map(|previous| previous.number);
    let r = RevisionNumber(stage.live.known().keys().last().map_or(1, |last| last.0 + 1));
    let mut script = vec![format!("deploy {version} {}", options.join(" ")), format!("placed {r}")];
    script.extend(retired.map(|retired| format!("stopped {retired}")));
    script.extend([format!("started {r}"), format!("healthy {r}")]);
    if !options.contains(&"no-smoke") {
        script.push("smoke passes".to_owned());
    }
    script.push("route seen".to_owned());
    script.extend(before.map(|before| format!("drained {before}")));
    if !options.contains(&"soaking") {
        script.extend(["window 10 0", "window 10 0", "window 10 0", "wait 3s"].map(str::to_owned));
    }
    for line in script {
        let text = play(stage, line.trim());
        assert!(
            !text.contains("refused") && !text.contains("nothing\n"),
            "{line}: {text}"
        );
    }
    String::new()
}
