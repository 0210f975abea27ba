//! Golden scenarios: a script of inputs and the transcript that it leads to.
//!
//! Every `tests/scenarios/*.txt` is script and transcript in one: lines that begin with
//! `>` are played, `#` are comments, and all others are what was printed. Run with
//! `REGENERATE=1` to write the transcripts anew, and read the difference.

use std::path::{Path, PathBuf};

use crate::stage::{self, Stage};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scenarios: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    scenarios.sort();
    scenarios
}

fn play(script: &str) -> String {
    let mut stage = Stage::new();
    let mut transcript = String::new();
    for line in script
        .lines()
        .filter(|line| line.starts_with(['>', '#']) || line.is_empty())
    {
        transcript.push_str(line);
        transcript.push('\n');
        if let Some(command) = line.strip_prefix('>') {
            transcript.push_str(&stage.play(command.trim()));
        }
    }
    transcript
}

#[test]
fn every_scenario_ends_as_it_is_written() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 20, "found {}", scenarios.len());
    let mut differing = Vec::new();
    for path in scenarios {
        let written = std::fs::read_to_string(&path).unwrap();
        let played = play(&written);
        if std::env::var_os("REGENERATE").is_some() {
            std::fs::write(&path, played).unwrap();
        } else if written != played {
            let place = written
                .lines()
                .zip(played.lines())
                .enumerate()
                .find(|(_, (w, p))| w != p);
            differing.push(format!("{}: {place:?}", path.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_kind_of_event_is_played() {
    let all: String = scenarios()
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let missing: Vec<_> = stage::FACTS.iter().filter(|fact| !all.contains(**fact)).collect();
    assert!(missing.is_empty(), "never played: {missing:?}");
}
