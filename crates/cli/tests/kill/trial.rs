//! One kill: a rollout under load, a process that dies in it, and what became of all.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::aim::{Aim, Story, Target};
use crate::scene::journal::{Event, Journal, names};
use crate::scene::load::{Load, Report};
use crate::scene::{Scene, http, processes, until};

/// A request that was due so long after the kill was not in flight any more: whoever sent it on a kept
/// connection had time to learn that the connection is gone.
const AFTERMATH_MS: i64 = 100;
/// Two clocks of one machine, read in milliseconds.
const CLOCK_MS: i64 = 5;

/// What became of a kill.
pub(crate) struct Row {
    pub(crate) target: &'static str,
    /// The event behind which it was aimed.
    pub(crate) aimed: &'static str,
    /// The last event that was written before.
    pub(crate) last_event: String,
    /// How the rollout ended, once.
    pub(crate) outcome: String,
    /// Which version was deployed, and which one serves in the end.
    pub(crate) deployed: &'static str,
    pub(crate) serving: String,
    /// From the kill until another process has its role.
    pub(crate) replaced_ms: u128,
    /// From the kill to the end of an answer that was asked for right after it.
    pub(crate) served_ms: u128,
    /// How the command ended that had begun the rollout.
    pub(crate) command_exit: i32,
    /// Whether what ran went on in the same processes.
    pub(crate) same_processes: bool,
    pub(crate) report: Report,
    /// What ought not to be, in words.
    wrongs: Vec<String>,
}

impl Row {
    /// Returns what ought not to be, each with the row that it is about.
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let row = crate::table::line(self);
        self.wrongs.iter().map(|wrong| format!("{row}: {wrong}")).collect()
    }
}

/// Deploys under load, kills behind the event, and waits until everything has come to rest.
pub(crate) fn carry_out(scene: &Scene, aim: &Aim) -> Row {
    let deployed = match (aim.story, scene.serving().as_str()) {
        (Story::Bad, _) => "v3",
        (Story::Good, "v1") => "v2",
        (Story::Good, _) => "v1",
    };
    let stable = scene.serving();
    let journal = Journal::of(scene);
    let address = scene.address();
    let load = Load::on(scene);
    let (host_before, pid) = (scene.host(), scene.pid(aim.target.name()));
    let before = journal.length();
    let command = scene.start(&["deploy", "production", "--version", deployed]);
    journal.wait_for(aim.behind, before);
    std::thread::sleep(aim.delay);
    let kill = Kill::of(pid);
    let served_ms = kill.served_after(&address);
    let host_after = scene.host();
    let replaced_ms = kill.replaced_after(scene, aim.target);
    let events = journal.wait_for_end(before);
    let told = command.wait();
    let report = load.finish();
    let events = settled(&journal, before, events);
    let last_event = events.iter().rfind(|event| event.at <= kill.gone);
    let serving = scene.serving();
    let mut wrongs = Vec::new();
    requests(aim.target, &kill, &report, &mut wrongs);
    outcome(aim.story, &events, &mut wrongs);
    let expected = if aim.story == Story::Bad {
        stable.as_str()
    } else {
        deployed
    };
    if serving != expected {
        wrongs.push(format!(
            "{serving} serves instead of {expected}; the command said {told}"
        ));
    }
    let others = other_processes(&[&host_before, &host_after, &scene.host()]);
    let same_processes = others.is_empty();
    wrongs.extend(others);
    Row {
        target: aim.target.name(),
        aimed: aim.behind,
        last_event: last_event.map_or_else(|| "-".to_owned(), |event| event.name.clone()),
        outcome: endings(&events).join(" and "),
        deployed,
        serving,
        replaced_ms,
        served_ms,
        command_exit: told.code,
        same_processes,
        report,
        wrongs,
    }
}

/// A kill, and when it was.
struct Kill {
    pid: i32,
    clock: Instant,
    /// When the signal was sent, and when the process was gone, in milliseconds since 1970.
    sent: i64,
    gone: i64,
}

impl Kill {
    fn of(pid: i32) -> Self {
        let (clock, sent) = (Instant::now(), processes::unix_ms());
        processes::kill(pid);
        let gone = processes::unix_ms();
        Self { pid, clock, sent, gone }
    }

    /// Returns how long after the kill a request was answered that left right behind it.
    fn served_after(&self, address: &str) -> u128 {
        until("production answers", || http::get(address, "/version").ok());
        self.clock.elapsed().as_millis()
    }

    /// Returns how long after the kill another process had the role.
    fn replaced_after(&self, scene: &Scene, target: Target) -> u128 {
        until("another process has the role", || {
            let host = scene.host();
            let role = &host[target.name()];
            (role["alive"] == true && role["pid"] != self.pid).then_some(())
        });
        self.clock.elapsed().as_millis()
    }
}

/// Waits until the log has been still for a moment behind the end of the rollout.
fn settled(journal: &Journal, before: u64, mut events: Vec<Event>) -> Vec<Event> {
    loop {
        std::thread::sleep(Duration::from_millis(100));
        let again = journal.after(before);
        if again.len() == events.len() {
            return events;
        }
        events = again;
    }
}

/// Judges the failed requests.
fn requests(target: Target, kill: &Kill, report: &Report, wrongs: &mut Vec<String>) {
    let others = report.number("failed") - report.failed_of("v3");
    if target != Target::Proxy {
        if others > 0 {
            wrongs.push(format!("{others} requests failed that v3 did not answer: {report}"));
        }
        return;
    }
    let lost = report.failed_by("reset");
    if others > lost {
        wrongs.push(format!("requests failed that were not in flight: {report}"));
    }
    if let Some((last_due, first_end)) = report.failed_between("reset") {
        let (last_due, first_end) = (last_due - kill.gone, first_end - kill.sent);
        if last_due > AFTERMATH_MS || first_end < -CLOCK_MS {
            wrongs.push(format!(
                "requests were lost that were not in flight: the last was due {last_due} ms after the kill, \
                 the first had ended {first_end} ms after it"
            ));
        }
    }
}

/// Judges how the rollout ended.
fn outcome(story: Story, events: &[Event], wrongs: &mut Vec<String>) {
    let expected = match story {
        Story::Good => "Soaked",
        Story::Bad => "RolledBack",
    };
    if endings(events) != [expected] {
        wrongs.push(format!("the outcome is not one {expected}: {}", names(events)));
    }
    let count = |name: &str| events.iter().filter(|event| event.name == name).count();
    for name in ["RolloutStarted", "InstanceStarted", "Promoted"] {
        if count(name) != 1 {
            wrongs.push(format!("{} times {name}: {}", count(name), names(events)));
        }
    }
}

fn endings(events: &[Event]) -> Vec<String> {
    let endings = events.iter().filter(|event| event.is_ending());
    endings.map(|event| event.name.clone()).collect()
}

/// Returns what ran, is still wanted, and does not go on in the same process.
fn other_processes(moments: &[&Value]) -> Vec<String> {
    let instances = |moment: &Value| moment["instances"].as_array().unwrap().clone();
    let mut others = Vec::new();
    for pair in moments.windows(2) {
        let later = instances(pair[1]);
        for instance in instances(pair[0]) {
            let Some(same) = later.iter().find(|same| same["id"] == instance["id"]) else {
                continue;
            };
            let wanted = instance["desired"] == true && same["desired"] == true && !instance["pid"].is_null();
            if wanted && (same["pid"] != instance["pid"] || same["incarnation"] != instance["incarnation"]) {
                others.push(format!("another process of an instance: {instance} became {same}"));
            }
        }
    }
    others
}
