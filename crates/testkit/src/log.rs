//! The event log in memory, with the store's three refusals.

use std::collections::BTreeSet;

use lockgate_core::{InputId, Sequence};

/// One stream: its events as they would lie on disk, and who may append.
#[derive(Clone, Debug, Default)]
pub struct Log {
    records: Vec<String>,
    inputs: BTreeSet<InputId>,
    owner: u64,
}

/// Why nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAppended {
    /// Another driver has taken the stream over.
    #[error("another driver owns the stream")]
    NotOwner,
    /// The stream is longer than the writer thinks.
    #[error("the stream has moved on")]
    Moved,
    /// The intent was carried out before.
    #[error("the intent is in the log already")]
    Repeated,
}

impl Log {
    /// Makes the caller the owner and fences every earlier one. Returns the owner's epoch.
    pub fn claim(&mut self) -> u64 {
        self.owner += 1;
        self.owner
    }

    /// Returns the position of the last event.
    pub fn position(&self) -> Sequence {
        Sequence(self.records.len() as u64)
    }

    /// Returns whether the intent is in the log.
    pub fn knows(&self, input: &InputId) -> bool {
        self.inputs.contains(input)
    }

    /// Returns the serialised events in their order.
    pub fn records(&self) -> &[String] {
        &self.records
    }

    /// Appends the events of one decision, all or none.
    ///
    /// # Errors
    /// Returns why not: a stale owner, a stale position, or an intent that is there already.
    pub fn append(
        &mut self,
        owner: u64,
        expected: Sequence,
        input: Option<&InputId>,
        events: &[String],
    ) -> Result<(), NotAppended> {
        if owner != self.owner {
            return Err(NotAppended::NotOwner);
        }
        if expected != self.position() {
            return Err(NotAppended::Moved);
        }
        if let Some(input) = input
            && !self.inputs.insert(input.clone())
        {
            return Err(NotAppended::Repeated);
        }
        self.records.extend_from_slice(events);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_owner_a_stale_position_and_a_repeated_intent_append_nothing() {
        let mut log = Log::default();
        let first = log.claim();
        let intent = InputId("i1".into());
        let events = ["{}".to_owned()];
        log.append(first, Sequence(0), Some(&intent), &events).unwrap();
        let repeated = log.append(first, Sequence(1), Some(&intent), &events);
        assert_eq!(repeated, Err(NotAppended::Repeated));
        assert_eq!(log.append(first, Sequence(0), None, &events), Err(NotAppended::Moved));
        log.claim();
        assert_eq!(
            log.append(first, Sequence(1), None, &events),
            Err(NotAppended::NotOwner)
        );
        assert_eq!(log.position(), Sequence(1));
    }
}
