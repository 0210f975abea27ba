//! Which fault struck right behind which event, how often.

use std::collections::BTreeMap;
use std::fmt;

use crate::fault::Fault;

/// A table of event × fault counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    rows: BTreeMap<&'static str, Row>,
}

/// One event's counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// How often the event was appended.
    pub appended: u64,
    /// How often each fault struck right behind it, in the order of [`Fault::ALL`].
    pub struck: [u64; Fault::ALL.len()],
}

/// A pair of event and fault that cannot meet, with the reason.
#[derive(Clone, Copy, Debug)]
pub struct Impossible {
    /// The event's name.
    pub event: &'static str,
    /// The faults that cannot strike behind it.
    pub faults: &'static [Fault],
    /// Why not, in words.
    pub reason: &'static str,
}

impl Coverage {
    /// Counts one append of the event.
    pub fn appended(&mut self, event: &'static str) {
        self.rows.entry(event).or_default().appended += 1;
    }

    /// Counts one strike of the fault behind the event.
    pub fn struck(&mut self, event: &'static str, fault: Fault) {
        self.rows.entry(event).or_default().struck[fault as usize] += 1;
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        for (event, row) in &other.rows {
            let mine = self.rows.entry(event).or_default();
            mine.appended += row.appended;
            for (count, more) in mine.struck.iter_mut().zip(row.struck) {
                *count += more;
            }
        }
    }

    /// Returns the rows by the event's name.
    pub fn rows(&self) -> &BTreeMap<&'static str, Row> {
        &self.rows
    }

    /// Returns how often the fault struck at all.
    pub fn strikes_of(&self, fault: Fault) -> u64 {
        self.rows.values().map(|row| row.struck[fault as usize]).sum()
    }

    /// Returns the pairs that were never visited and could have been.
    pub fn unvisited(&self, events: &[&'static str], impossible: &[Impossible]) -> Vec<String> {
        let pairs = events.iter().flat_map(|event| Fault::ALL.map(|fault| (*event, fault)));
        pairs
            .filter(|(event, fault)| self.count(event, *fault) == 0 && excuse(impossible, event, *fault).is_none())
            .map(|(event, fault)| format!("{event} × {fault} was never visited"))
            .collect()
    }

    /// Returns where the lists are wrong: an event that they do not name, a pair that they call impossible and
    /// that happened.
    pub fn misjudged(&self, events: &[&'static str], impossible: &[Impossible]) -> Vec<String> {
        let unnamed = self.rows.keys().filter(|event| !events.contains(event));
        let mut wrong: Vec<_> = unnamed
            .map(|event| format!("{event} was appended and is not in the list of events"))
            .collect();
        for event in self.rows.keys() {
            for fault in Fault::ALL.into_iter().filter(|fault| self.count(event, *fault) > 0) {
                if let Some(pair) = excuse(impossible, event, fault) {
                    wrong.push(format!("{event} × {fault} happened, though: {}", pair.reason));
                }
            }
        }
        wrong
    }

    fn count(&self, event: &str, fault: Fault) -> u64 {
        self.rows.get(event).map_or(0, |row| row.struck[fault as usize])
    }
}

fn excuse<'i>(impossible: &'i [Impossible], event: &str, fault: Fault) -> Option<&'i Impossible> {
    impossible
        .iter()
        .find(|pair| pair.event == event && pair.faults.contains(&fault))
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.keys().map(|event| event.len()).max().unwrap_or(0).max(5);
        write!(f, "{:width$} {:>9}", "event", "appended")?;
        for fault in Fault::ALL {
            write!(f, " {fault:>6}")?;
        }
        writeln!(f)?;
        for (event, row) in &self.rows {
            write!(f, "{event:width$} {:>9}", row.appended)?;
            for (fault, count) in Fault::ALL.into_iter().zip(row.struck) {
                write!(f, " {count:>column$}", column = fault.name().len().max(6))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unvisited_pair_an_unknown_event_and_a_wrong_excuse_are_gaps() {
        let mut coverage = Coverage::default();
        for fault in Fault::ALL {
            coverage.struck("Begun", fault);
        }
        assert_eq!(coverage.unvisited(&["Begun"], &[]), Vec::<String>::new());
        assert_eq!(coverage.misjudged(&["Begun"], &[]), Vec::<String>::new());
        assert_eq!(coverage.unvisited(&["Begun", "Ended"], &[]).len(), Fault::ALL.len());
        assert!(coverage.misjudged(&[], &[])[0].contains("not in the list"));
        let wrong = Impossible {
            event: "Begun",
            faults: &[Fault::Lose],
            reason: "nothing can be lost",
        };
        assert!(coverage.misjudged(&["Begun"], &[wrong])[0].contains("happened, though"));
    }

    #[test]
    fn tables_add_up() {
        let mut left = Coverage::default();
        left.appended("Begun");
        left.struck("Begun", Fault::Lose);
        let mut sum = left.clone();
        sum.add(&left);
        assert_eq!(sum.strikes_of(Fault::Lose), 2);
        assert_eq!(sum.rows()["Begun"].appended, 2);
        assert!(sum.to_string().contains("crash-before-append"));
    }
}
