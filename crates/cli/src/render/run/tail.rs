//! What was shown of a step's output, and its last lines.
//!
//! A log is written from its beginning again whenever somebody else attends its step: a stop,
//! or a process that takes the run up. It then says the same, line by line, so that a count
//! tells which lines are new.

use std::collections::VecDeque;

use lockgate_adapters::executor::LogChange;
use lockgate_pipeline::run::effect::AttemptId;

use crate::render::log_line::readable;

/// How many lines of a failed step are shown.
const LAST_LINES: usize = 30;

/// The output of one step.
#[derive(Debug, Default)]
pub(super) struct Tail {
    attempt: Option<AttemptId>,
    last: VecDeque<String>,
    /// How many lines the log has by now, and how many it has ever had in this attempt.
    lines: usize,
    seen: usize,
}

impl Tail {
    /// Takes a change of the log; returns a line that has not been shown yet.
    pub(super) fn take(&mut self, attempt: AttemptId, change: LogChange) -> Option<&str> {
        if self.attempt.as_ref() != Some(&attempt) {
            *self = Self {
                attempt: Some(attempt),
                ..Self::default()
            };
        }
        match change {
            LogChange::Begun => {
                self.last.clear();
                self.lines = 0;
                None
            }
            LogChange::Ended => None,
            LogChange::Line(line) => self.line(&line),
        }
    }

    /// Returns the last lines.
    pub(super) fn last(&self) -> impl Iterator<Item = &String> {
        self.last.iter()
    }

    fn line(&mut self, line: &str) -> Option<&str> {
        self.lines += 1;
        let is_new = self.lines > self.seen;
        self.seen = self.seen.max(self.lines);
        let line = readable(line)?;
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
        self.last.back().filter(|_| is_new).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use lockgate_pipeline::run::effect::StepPath;

    use super::*;

    #[test]
    fn lines_that_come_again_are_not_shown_again() {
        let attempt = |number| AttemptId::new("r1", "build", &StepPath::top(1), number);
        let mut tail = Tail::default();
        let mut shown = Vec::new();
        let begin_again = ["begun", "a", "b", "begun", "a", "b", "c", "begun", "a"];
        for (number, words) in [(1, &begin_again[..]), (2, &["begun", "a", "d"])] {
            for word in words {
                let change = match *word {
                    "begun" => LogChange::Begun,
                    line => LogChange::Line(line.to_owned()),
                };
                shown.extend(tail.take(attempt(number), change).map(str::to_owned));
            }
        }
        assert_eq!(shown, ["a", "b", "c", "a", "d"]);
        assert_eq!(tail.last().collect::<Vec<_>>(), ["a", "d"]);
    }
}
