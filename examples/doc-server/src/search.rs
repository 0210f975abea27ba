//! Ranks documents by how rare the query's words are and how often a document has them.

use std::collections::BTreeMap;

use crate::documents::{self, Document};

/// The documents with their words counted.
pub struct Index {
    entries: Vec<Entry>,
    /// In how many documents each word is.
    spread: BTreeMap<String, usize>,
}

struct Entry {
    document: &'static Document,
    counts: BTreeMap<String, usize>,
    length: usize,
}

/// One document that answers a query.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The document.
    pub document: &'static Document,
    /// How well it answers; comparable within one query only.
    pub score: f64,
}

impl Index {
    /// Returns the index of the embedded documents.
    pub fn embedded() -> Self {
        Self::of(documents::ALL)
    }

    fn of(documents: &'static [Document]) -> Self {
        let mut spread = BTreeMap::new();
        let mut entries = Vec::new();
        for document in documents {
            let mut counts = BTreeMap::new();
            for word in words(document.title).chain(words(document.text)) {
                *counts.entry(word).or_insert(0) += 1;
            }
            for word in counts.keys() {
                *spread.entry(word.clone()).or_insert(0) += 1;
            }
            let length = counts.values().sum();
            entries.push(Entry {
                document,
                counts,
                length,
            });
        }
        Self { entries, spread }
    }

    /// Returns the number of documents.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the best `limit` documents that have at least one word of the query, best first.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let query: Vec<String> = words(query).collect();
        let mut hits: Vec<Hit> = self
            .entries
            .iter()
            .map(|entry| Hit {
                document: entry.document,
                score: self.score(entry, &query),
            })
            .filter(|hit| hit.score > 0.0)
            .collect();
        hits.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.document.title.cmp(b.document.title))
        });
        hits.truncate(limit);
        hits
    }

    /// BM25 (Robertson and Zaragoza, 2009) with its usual k1 = 1.2 and b = 0.75.
    fn score(&self, entry: &Entry, query: &[String]) -> f64 {
        let total: usize = self.entries.iter().map(|entry| entry.length).sum();
        let average = total as f64 / self.entries.len() as f64;
        let weight = 1.2 * (0.25 + 0.75 * entry.length as f64 / average);
        query
            .iter()
            .map(|word| {
                let count = entry.counts.get(word).copied().unwrap_or(0) as f64;
                self.rarity(word) * count * 2.2 / (count + weight)
            })
            .sum()
    }

    fn rarity(&self, word: &str) -> f64 {
        let spread = self.spread.get(word).copied().unwrap_or(0) as f64;
        ((self.entries.len() as f64 - spread + 0.5) / (spread + 0.5)).ln_1p()
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, best: &str) {
        let hits = Index::embedded().search(query, 3);
        assert_eq!(hits.first().map(|hit| hit.document.title), Some(best));
    }

    #[test]
    fn the_best_document_comes_first() {
        check("async fn", "Async functions");
        check("the owner of a value drops it", "Ownership");
        check("Result and the ? operator", "Errors");
    }

    #[test]
    fn hits_are_ordered_and_limited() {
        let index = Index::embedded();
        let hits = index.search("the type of a value", 4);
        assert_eq!(hits.len(), 4);
        assert!(hits.windows(2).all(|two| two[0].score >= two[1].score));
        assert!(index.search("zzzz", 4).is_empty());
        assert!(index.search("", 4).is_empty());
    }

    #[test]
    fn a_rare_word_weighs_more_than_a_common_one() {
        let index = Index::embedded();
        assert!(index.rarity("await") > index.rarity("the"));
    }
}
