//! How much may run at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What all jobs that run together may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Slots, usually one per processor.
    pub slots: u32,
    /// Memory in mebibytes; not counted when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// What a job with a label takes; every other job takes one slot and no memory.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, Weight>,
}

impl Limits {
    /// Returns limits of `slots` jobs of any kind, at least one.
    pub fn slots(slots: u32) -> Self {
        Self {
            slots: slots.max(1),
            memory: None,
            weights: BTreeMap::new(),
        }
    }

    /// Returns what a job with `labels` takes: never more than there is, so that it can run alone.
    pub fn weight(&self, labels: &[String]) -> Weight {
        let mut weight = Weight { slots: 1, memory: 0 };
        for labelled in labels.iter().filter_map(|label| self.weights.get(label)) {
            weight.slots = weight.slots.max(labelled.slots);
            weight.memory = weight.memory.max(labelled.memory);
        }
        Weight {
            slots: weight.slots.min(self.slots),
            memory: self.memory.map_or(0, |most| weight.memory.min(most)),
        }
    }

    /// Returns whether `weight` fits beside what is `used`.
    pub fn has_room(&self, used: Weight, weight: Weight) -> bool {
        used.slots + weight.slots <= self.slots && self.memory.is_none_or(|most| used.memory + weight.memory <= most)
    }
}

/// What a job takes while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// Slots.
    pub slots: u32,
    /// Memory in mebibytes.
    pub memory: u64,
}

impl Weight {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            slots: self.slots + other.slots,
            memory: self.memory + other.memory,
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            slots: self.slots.saturating_sub(other.slots),
            memory: self.memory.saturating_sub(other.memory),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_label_counts_and_a_job_always_fits_alone() {
        let heavy = Weight { slots: 8, memory: 4096 };
        let limits = Limits {
            slots: 4,
            memory: Some(2048),
            weights: BTreeMap::from([("large".to_owned(), heavy)]),
        };
        let weight = limits.weight(&["linux".into(), "large".into()]);
        assert_eq!(weight, Weight { slots: 4, memory: 2048 });
        assert!(limits.has_room(Weight::default(), weight));
        let light = limits.weight(&[]);
        assert!(!limits.has_room(light, weight));
        assert!(limits.has_room(light, light));
    }
}
