//! How mistakes are drawn for people: where their file is read, so that every core takes part.

use lockgate_core::Diagnostic;

use super::round::Round;
use crate::parallel;
use crate::render::{diagnostics, out};

/// How mistakes are drawn in a result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawing {
    is_colourful: bool,
}

/// The room that is left behind the mistakes for what is said at the end.
const SUMMARY: usize = 128;

/// Fewer diagnostics than this for each thread are drawn sooner than it is started.
const DRAWN_PER_THREAD: usize = 8;

impl Drawing {
    /// Returns how they are drawn on stdout.
    pub(super) fn of_result() -> Self {
        Self {
            is_colourful: out::result_is_colourful(),
        }
    }

    /// Returns one mistake with the empty line behind it.
    pub(super) fn draw(self, diagnostic: &Diagnostic) -> String {
        diagnostics::draw(diagnostic, self.is_colourful) + "\n\n"
    }

    /// Returns the mistakes of a round; those are drawn now that were not before.
    pub(super) fn whole(self, round: &Round) -> String {
        if round.drawn.is_empty() {
            let draw = |diagnostic: &Diagnostic| self.draw(diagnostic);
            return parallel::map(&round.diagnostics, DRAWN_PER_THREAD, draw).concat();
        }
        let mut whole = String::with_capacity(SUMMARY + round.drawn.iter().flatten().map(String::len).sum::<usize>());
        for (diagnostic, drawn) in round.diagnostics.iter().zip(&round.drawn) {
            match drawn {
                Some(drawn) => whole.push_str(drawn),
                None => whole.push_str(&self.draw(diagnostic)),
            }
        }
        whole
    }
}
