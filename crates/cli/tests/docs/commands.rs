//! Every command that the documentation names exists, with its options.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::page::{Page, quoted};
use crate::scene::fixture::repository;

/// Returns the words of a command line up to what the shell takes from it.
fn words(line: &str) -> Vec<String> {
    let line = line.split(" #").next().unwrap_or_default();
    split(line)
        .into_iter()
        .skip(1)
        .take_while(|word| !["||", "|", "&", "&&"].contains(&word.as_str()) && !word.contains('>'))
        .map(|word| if word == "N" { "1".to_owned() } else { word })
        .collect()
}

/// Returns the words of a line as a shell splits them: what stands in quotes stays together.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Returns every command line that starts with the program's name.
fn commands(page: &Page) -> BTreeSet<Vec<String>> {
    let shell: Vec<String> = page.blocks("sh").into_iter().map(|block| block.text).collect();
    let in_blocks = shell
        .iter()
        .flat_map(|text| text.lines())
        .map(str::trim)
        .map(str::to_owned);
    let prose: String = page.text.split("```").step_by(2).collect();
    let all = in_blocks.chain(quoted(&prose));
    all.filter(|line| line.starts_with("lockgate "))
        .map(|line| words(&line))
        .collect()
}

#[test]
fn every_command_is_one() {
    let mut pages: Vec<Page> = ["errors", "guides", "reference", "concepts"]
        .into_iter()
        .flat_map(Page::all)
        .collect();
    let readme = repository().join("README.md");
    pages.push(Page {
        text: fs::read_to_string(&readme).unwrap(),
        path: readme,
    });
    let mut seen = 0;
    for page in &pages {
        for command in commands(page) {
            // Asked for its help, a command reads its arguments and does nothing.
            let options = command.iter().take_while(|word| *word != "--").count();
            let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
                .args(&command[..options])
                .arg("--help")
                .args(&command[options..])
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {command:?}\n{told}", page.path.display());
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} commands were found");
}
