//! The last refusal of an environment, for who asks why.
//!
//! A refused intent changes nothing, so the event log does not have it; yet it is what people ask about next.

use std::path::PathBuf;

use lockgate_core::Timestamp;
use lockgate_core::time::Spoken;
use serde::{Deserialize, Serialize};

use super::Place;
use crate::render::out;

/// What was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    /// When.
    pub(super) at: Timestamp,
    by: String,
    /// What was asked for, such as `the deploy of v2`.
    what: String,
    words: String,
}

impl Refused {
    pub(super) fn new(what: String, words: String, by: String, now: Timestamp) -> Self {
        let at = now;
        Self { at, by, what, words }
    }

    /// Keeps it in the place of the last one. What cannot be kept was told already.
    pub(super) fn keep(&self, place: &Place, environment: &str) {
        let path = path(place, environment);
        let kept = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
            let text = serde_json::to_vec(self)?;
            std::fs::write(&path, text)
        });
        if let Err(error) = kept {
            tracing::debug!(%error, "the refusal is not kept");
        }
    }

    /// Returns the last one of an environment.
    pub(super) fn last(place: &Place, environment: &str) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path(place, environment)).ok()?).ok()
    }

    /// Returns it in words.
    pub(super) fn sentence(&self, now: Timestamp) -> String {
        format!(
            "{} of {} was refused at {}, {} ago: {}",
            self.what,
            self.by,
            out::instant(self.at),
            Spoken(now.since(self.at)),
            self.words
        )
    }
}

fn path(place: &Place, environment: &str) -> PathBuf {
    let folder = place.home.project(&place.identity).join("refused");
    folder.join(format!("{environment}.json"))
}
