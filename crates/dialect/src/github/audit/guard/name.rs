//! The names that strangers may choose so that a condition holds.
//!
//! A login and the name of a fork are taken by whoever comes first, so that only a comparison with a whole name says who
//! somebody is. Where a condition asks for a part of one, by `startsWith(github.actor, 'octo')` or by
//! `contains('octo-bot', github.actor)`, a stranger has a name that fits. The names that are tried are made of the texts
//! behind such questions.

use std::collections::BTreeSet;

use lockgate_pipeline::expression::{Condition, Function};

use super::stranger::{FORK, NOBODY};

/// What a condition asks for a part of.
pub(super) struct Asked<'c> {
    /// The calls that ask.
    calls: Vec<&'c str>,
    /// What they say, in lower case.
    lower: String,
}

/// The parts of names that stand in a condition, without regard to case.
#[derive(Default)]
struct Pieces {
    logins: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl<'c> Asked<'c> {
    pub(super) fn of(condition: &'c str, parsed: &Condition) -> Self {
        let asks = |function| matches!(function, Function::Contains | Function::StartsWith | Function::EndsWith);
        let functions = parsed.functions_used().into_iter();
        let positions = functions
            .filter(|found| asks(found.function))
            .map(|found| found.position);
        let mut calls: Vec<&str> = positions.map(|position| call(&condition[position..])).collect();
        calls.retain(|call| !is_of_a_list(call));
        // In an order every text is between others.
        if condition.contains(['<', '>']) {
            calls = vec![condition];
        }
        let lower = calls.concat().to_ascii_lowercase();
        Self { calls, lower }
    }

    /// Returns whether it says more than is read for names: such a condition is no guard.
    pub(super) fn is_long(&self) -> bool {
        const MOST: usize = 4096;
        self.lower.len() > MOST
    }

    /// Returns whether it asks for a part of anything.
    pub(super) fn is_any(&self) -> bool {
        !self.calls.is_empty()
    }

    fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.lower.contains(word))
    }

    /// Returns the logins of strangers that the condition may tell apart, for the repository `base`.
    pub(super) fn logins(&self, base: &str) -> Vec<String> {
        if !self.has(&["login", "actor", "full_name", "head.label", "'label'"]) {
            return vec![NOBODY.to_owned()];
        }
        let pieces = self.pieces(base).logins;
        let is_of_base = |login: &str| {
            base.split('/')
                .next()
                .is_some_and(|owner| owner.eq_ignore_ascii_case(login))
        };
        let names = around(&pieces).chain(inside(&pieces));
        names.filter(|login| is_login(login) && !is_of_base(login)).collect()
    }

    /// Returns the names that a fork of `base` may have.
    pub(super) fn forks(&self, base: &str) -> Vec<String> {
        let mut found = vec!["fork".to_owned()];
        if self.has(&["full_name"]) {
            let mut pieces = self.pieces(base).names;
            pieces.extend(base.split('/').nth(1).map(str::to_ascii_lowercase));
            let with_more = pieces
                .iter()
                .flat_map(|piece| [format!("{NOBODY}{piece}"), format!("{piece}{NOBODY}")]);
            found.extend(with_more);
            found.extend(pieces);
        }
        found
    }

    /// Returns the numbers that a stranger may have.
    pub(super) fn ids(&self) -> Vec<f64> {
        let mut found = vec![FORK];
        if self.has(&["id"]) {
            let mut pieces = self.pieces("").logins;
            pieces.retain(|piece| piece.bytes().all(|byte| byte.is_ascii_digit()));
            let longer = pieces
                .iter()
                .flat_map(|piece| [format!("1{piece}"), format!("{piece}0")]);
            found.extend(longer.chain(inside(&pieces)).filter_map(|id| id.parse::<f64>().ok()));
        }
        found
    }

    /// Returns the texts of the calls that say something of a branch.
    pub(super) fn branches(&self) -> impl Iterator<Item = &'c str> {
        let texts = self.calls.iter().flat_map(|call| texts(call));
        texts
            .filter_map(|text| Some(text.split_once(':')?.1))
            .filter(|branch| !branch.is_empty())
    }

    fn pieces(&self, base: &str) -> Pieces {
        let mut pieces = Pieces::default();
        let names_base = self.has(&["repository"]);
        let texts = self.calls.iter().flat_map(|call| texts(call));
        for text in texts.chain(names_base.then_some(base)) {
            for word in text.split(|c: char| !is_of_name(c) && !matches!(c, '/' | ':')) {
                match word.split_once(['/', ':']) {
                    Some((login, name)) => pieces.add(login, name),
                    None => pieces.add(word, word),
                }
            }
        }
        pieces
    }
}

impl Pieces {
    fn add(&mut self, login: &str, name: &str) {
        if login.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && !login.is_empty() {
            self.logins.insert(login.to_ascii_lowercase());
        }
        if name.chars().all(is_of_name) && !name.is_empty() {
            self.names.insert(name.to_ascii_lowercase());
        }
    }
}

/// Returns the longer names that a name of nobody becomes with pieces at its sides; with different ones only while they
/// are few.
fn around(pieces: &BTreeSet<String>) -> impl Iterator<Item = String> {
    const FEW: usize = 3;
    let sides = || pieces.iter().map(String::as_str).chain([""]);
    let pairs = sides().flat_map(move |before| sides().map(move |behind| (before, behind)));
    let are_told = move |(before, behind): &(&str, &str)| {
        pieces.len() <= FEW || before == behind || before.is_empty() || behind.is_empty()
    };
    pairs
        .filter(are_told)
        .map(|(before, behind)| format!("{before}{NOBODY}{behind}"))
}

/// Returns the shorter names that stand in the pieces and are none of them.
fn inside(pieces: &BTreeSet<String>) -> impl Iterator<Item = String> {
    let shorter = pieces.iter().filter(|piece| piece.len() > 1).flat_map(|piece| {
        let last = piece.len() - 1;
        [piece[1..].to_owned(), piece[..last].to_owned()]
    });
    shorter.filter(|name| !pieces.contains(name))
}

/// Returns whether GitHub gives this login; a sign of nobody stands for letters.
fn is_login(login: &str) -> bool {
    const LONGEST: usize = 39;
    login.len() <= LONGEST && !login.starts_with('-') && !login.ends_with('-') && !login.contains("--")
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Returns the call at the start of a text.
fn call(text: &str) -> &str {
    let (mut depth, mut is_text) = (0_usize, false);
    for (at, sign) in text.bytes().enumerate() {
        match sign {
            b'\'' => is_text = !is_text,
            b'(' if !is_text => depth += 1,
            b')' if !is_text && depth <= 1 => return &text[..at],
            b')' if !is_text => depth -= 1,
            _ => {}
        }
    }
    text
}

/// Returns whether a call looks for a whole text in a list.
fn is_of_a_list(call: &str) -> bool {
    let lower = call.to_ascii_lowercase();
    let searched = lower
        .split_once('(')
        .map_or("", |(_, arguments)| arguments.trim_start());
    let list = searched
        .strip_prefix("fromjson")
        .map(|list| list.trim_start_matches([' ', '(', '\'']));
    lower.starts_with("contains") && list.is_some_and(|list| list.starts_with('['))
}

/// Returns the texts that stand in a part of a condition.
pub(super) fn texts(condition: &str) -> impl Iterator<Item = &str> {
    let texts = condition.split('\'').skip(1).step_by(2);
    texts.filter(|text| !text.is_empty())
}
