//! Golden scenarios: a script of inputs and the transcript that it leads to.
//!
//! Lines that begin with `>` are played, `#` are comments, all others are what was
//! printed. Run with `REGENERATE=1` to write the transcripts anew. After every event the
//! invariants are checked and the log, through its JSON, is replayed and compared with
//! the live state; every input is given twice, and the second must say nothing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its scenarios, and fails loudly"
)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_core::machine::replay;
use lockgate_core::{BootId, InputId, Machine, Now, ResultStamp, StreamId, Timestamp};
use lockgate_delivery::definition::Command;
use lockgate_delivery::environment::{Actor, Reason, WhileRunning};
use lockgate_delivery::explain::{Ending, Progress};
use lockgate_delivery::{ApplicationDefinition, Release, RevisionNumber, Source};
use lockgate_pipeline::run::Conclusion;
use lockgate_ship::gate::Content;
use lockgate_ship::ship::effect::{deploy_key, release_key, run_key};
use lockgate_ship::ship::input::{Artifact, FailedJob};
use lockgate_ship::{
    Effect, GatePolicy, Intent, Report, Ship, ShipEvent, ShipInput, ShipStart, explain, sentence, why,
};

struct Stage {
    live: Ship,
    log: Vec<ShipEvent>,
    sequence: u64,
    intents: u32,
}

fn id() -> StreamId {
    StreamId::new("ship", "shop/7")
}

fn now() -> Now {
    Now {
        wall: Timestamp(0),
        boot: BootId("boot".into()),
        monotonic: Duration::ZERO,
    }
}

fn start(content: &str) -> ShipStart {
    ShipStart {
        project: "shop".into(),
        commit: "c0ffee".into(),
        version: "v2".into(),
        environment: "production".into(),
        workflow: ".github/workflows/ci.yml".into(),
        plan: "sha256:plan".into(),
        definition: Box::new(ApplicationDefinition::new("shop", Command::Shell("./server".into()))),
        configuration: "sha256:configuration".into(),
        policy: GatePolicy {
            content: match content {
                "tree" => Content::Tree,
                name => Content::Artifact(name.into()),
            },
        },
        running: WhileRunning::Refuse,
        by: Actor::Person("ada".into()),
    }
}

impl Stage {
    fn new(content: &str) -> Self {
        let first = Ship::create(start(content), now());
        Self {
            live: Ship::begin(id(), &first),
            log: vec![first],
            sequence: 0,
            intents: 0,
        }
    }

    fn give(&mut self, input: ShipInput) -> String {
        let before = self.live.effects().clone();
        let events = match self.live.decide(input.clone(), now()) {
            Ok(events) => events,
            Err(refusal) => return format!("  refused: {refusal}\n"),
        };
        for event in &events {
            self.live.evolve(event);
            self.log.push(event.clone());
            self.live.check().unwrap();
            assert_eq!(self.replayed(), self.live, "after {}", event.fact.name());
        }
        assert_eq!(
            self.live.decide(input, now()).unwrap(),
            [],
            "the same input again says nothing"
        );
        let mut text = String::new();
        for event in &events {
            writeln!(text, "  {}: {}", event.fact.name(), sentence(&event.fact)).unwrap();
        }
        for (key, effect) in self.live.effects().iter().filter(|(key, e)| before.get(key) != Some(e)) {
            writeln!(text, "    + {key} = {}", effect_words(effect)).unwrap();
        }
        for key in before.keys().filter(|key| !self.live.effects().contains_key(key)) {
            writeln!(text, "    - {key}").unwrap();
        }
        if text.is_empty() {
            "  nothing\n".to_owned()
        } else {
            text
        }
    }

    fn replayed(&self) -> Ship {
        let text: Vec<String> = self.log.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
        let events: Vec<ShipEvent> = text.iter().map(|e| serde_json::from_str(e).unwrap()).collect();
        replay(id(), &events).unwrap()
    }

    fn report(&mut self, key: lockgate_core::EffectKey, report: Report) -> String {
        self.sequence += 1;
        let stamp = ResultStamp {
            key,
            incarnation: 1,
            sequence: self.sequence,
        };
        self.give(ShipInput::Reported { stamp, report })
    }

    fn rollout(&mut self, progress: Progress) -> String {
        self.report(deploy_key(), Report::RolloutSeen { progress })
    }
}

fn effect_words(effect: &Effect) -> String {
    match effect {
        Effect::Run { run, plan, .. } => format!("Run {run} by {plan}"),
        Effect::Cancel { run, by } => format!("Cancel {run} for {by}"),
        Effect::Release { release, artifacts, .. } => format!("Release {release} of {} artifacts", artifacts.len()),
        Effect::Deploy { input, environment, .. } => format!("Deploy to {environment} as intent {}", input.0),
    }
}

fn ended(conclusion: Conclusion, artifacts: &[&str], failed_jobs: &[&str]) -> Report {
    let artifact = |name: &&str| Artifact {
        name: (*name).into(),
        digest: format!("sha256:{name}"),
    };
    let failed = |name: &&str| FailedJob {
        name: (*name).into(),
        reason: "step `cargo test` ended with exit code 101".into(),
    };
    Report::RunEnded {
        conclusion,
        artifacts: artifacts.iter().map(artifact).collect(),
        failed_jobs: failed_jobs.iter().map(failed).collect(),
    }
}

fn release(stage: &Stage, version: &str) -> Report {
    let release = Release {
        id: lockgate_ship::ship::release_of(&id()),
        version: version.into(),
        commit: "c0ffee".into(),
        artifacts: [("shop".to_owned(), "sha256:shop".to_owned())].into(),
        source: Source::Run(stage.live.run().to_string()),
        configuration: "sha256:configuration".into(),
    };
    Report::Released {
        release: Box::new(release),
    }
}

fn play(stage: &mut Stage, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let revision = RevisionNumber(2);
    match words.as_slice() {
        ["begin", content] => {
            *stage = Stage::new(content);
            let mut text = format!("  ShipStarted: {}\n", sentence(&stage.log[0].fact));
            for (key, effect) in stage.live.effects() {
                writeln!(text, "    + {key} = {}", effect_words(effect)).unwrap();
            }
            text
        }
        ["cancel"] => {
            stage.intents += 1;
            stage.give(ShipInput::Asked {
                id: InputId(format!("c{}", stage.intents)),
                by: Actor::Person("ada".into()),
                intent: Intent::Cancel,
            })
        }
        ["run", "succeeds", artifacts @ ..] => stage.report(run_key(), ended(Conclusion::Success, artifacts, &[])),
        ["run", "fails", jobs @ ..] => stage.report(run_key(), ended(Conclusion::Failure, &[], jobs)),
        ["run", "is", "cancelled"] => stage.report(run_key(), ended(Conclusion::Cancelled, &[], &[])),
        ["run", "refused", reason @ ..] => {
            let reason = reason.join(" ");
            stage.report(run_key(), Report::RunRefused { reason })
        }
        ["released", version] => {
            let report = release(stage, version);
            stage.report(release_key(), report)
        }
        ["release", "refused", reason @ ..] => {
            let reason = reason.join(" ");
            stage.report(release_key(), Report::ReleaseRefused { reason })
        }
        ["deploy", "refused", reason @ ..] => {
            let reason = reason.join(" ");
            stage.report(deploy_key(), Report::DeployRefused { reason })
        }
        ["rollout", rest @ ..] => {
            let progress = progress(rest, revision);
            stage.rollout(progress)
        }
        ["doing"] => format!("  {}\n", explain::doing(&stage.live)),
        ["why"] => why(&stage.log)
            .iter()
            .fold(String::new(), |text, line| format!("{text}  {line}\n")),
        other => panic!("not a command: {other:?}"),
    }
}

fn progress(words: &[&str], revision: RevisionNumber) -> Progress {
    let reason = Reason::Unwell {
        detail: "status 500".into(),
    };
    match words {
        ["unknown"] => Progress::Unknown,
        ["queued"] => Progress::Queued,
        ["runs"] => Progress::Running { revision },
        ["promoted"] => Progress::Promoted { revision },
        ["soaked"] => Progress::Ended(Ending::Soaked { revision }),
        ["rolled-back"] => Progress::Ended(Ending::RolledBack {
            reason,
            to: Some(RevisionNumber(1)),
        }),
        ["left-serving"] => Progress::Ended(Ending::LeftServing { revision, reason }),
        ["rollback-failed"] => Progress::Ended(Ending::RollbackFailed { reason }),
        ["dropped"] => Progress::Ended(Ending::Dropped),
        other => panic!("not a progress: {other:?}"),
    }
}

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths: BTreeSet<_> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    paths.into_iter().collect()
}

#[test]
fn every_scenario_ends_as_it_is_written() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 6, "found {}", scenarios.len());
    let mut differing = Vec::new();
    for path in scenarios {
        let written = std::fs::read_to_string(&path).unwrap();
        let mut stage = Stage::new("shop");
        let mut played = String::new();
        for line in written.lines().filter(|l| l.starts_with(['>', '#']) || l.is_empty()) {
            writeln!(played, "{line}").unwrap();
            if let Some(command) = line.strip_prefix('>') {
                played.push_str(&play(&mut stage, command.trim()));
            }
        }
        if std::env::var_os("REGENERATE").is_some() {
            std::fs::write(&path, played).unwrap();
        } else if written != played {
            let place = written.lines().zip(played.lines()).find(|(w, p)| w != p);
            differing.push(format!("{}: {place:?}", path.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
