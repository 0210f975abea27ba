//! What a stop does and when: asks, asks louder, kills.

use std::time::{Duration, Instant};

use crate::shim::spec::Ending;

/// The longest grace that counts: later instants may not exist.
const LONGEST: Duration = Duration::from_hours(24);

/// A stop under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// When all processes are asked by TERM; `None` when they have been.
    terminate: Option<Instant>,
    /// When they are killed.
    kill: Instant,
    /// How long whoever is left gets after TERM, when the command itself has ended before.
    rest: Duration,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// TERM to all.
    Terminate,
    /// KILL to all.
    Kill,
}

impl Stop {
    /// Returns the stop that begins at `now`.
    pub(super) fn begin(ending: Ending, grace: Duration, now: Instant) -> Self {
        let grace = grace.min(LONGEST);
        Self {
            terminate: Some(match ending {
                Ending::Terminate => now,
                Ending::Interrupt => now + until_terminated(grace),
            }),
            kill: now + grace,
            rest: grace.saturating_sub(until_terminated(grace)),
        }
    }

    /// Shortens the stop: it was asked for again.
    pub(super) fn shorten(&mut self, grace: Duration, now: Instant) {
        let grace = grace.min(LONGEST);
        self.kill = self.kill.min(now + grace);
        self.terminate = self.terminate.map(|at| at.min(now + until_terminated(grace)));
    }

    /// Notes that the command itself has ended: nobody is left to pass an interrupt on.
    pub(super) fn command_ended(&mut self, now: Instant) {
        if self.terminate.is_some_and(|at| at > now) {
            self.terminate = Some(now);
            self.kill = self.kill.min(now + self.rest);
        }
    }

    /// Returns what is due, and notes that it is done; killing is due again and again.
    pub(super) fn take(&mut self, now: Instant) -> Due {
        if self.kill <= now {
            return Due::Kill;
        }
        let terminates = self.terminate.is_some_and(|at| at <= now);
        self.terminate = self.terminate.filter(|_| !terminates);
        if terminates { Due::Terminate } else { Due::Nothing }
    }

    /// Returns how long it takes until something is due.
    pub(super) fn left(&self, now: Instant) -> Duration {
        self.terminate
            .unwrap_or(self.kill)
            .min(self.kill)
            .saturating_duration_since(now)
    }
}

/// GitHub gives 7.5 of its 10 seconds to the interrupt.
fn until_terminated(grace: Duration) -> Duration {
    grace * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn after(begin: Instant, milliseconds: u64) -> Instant {
        begin + Duration::from_millis(milliseconds)
    }

    #[test]
    fn an_interrupt_is_followed_by_github_s_times() {
        let begin = Instant::now();
        let mut stop = Stop::begin(Ending::Interrupt, TEN, begin);
        assert_eq!(stop.take(after(begin, 7_499)), Due::Nothing);
        assert_eq!(stop.left(begin), Duration::from_millis(7_500));
        assert_eq!(stop.take(after(begin, 7_500)), Due::Terminate);
        assert_eq!(stop.take(after(begin, 9_999)), Due::Nothing);
        assert_eq!(stop.take(after(begin, 10_000)), Due::Kill);
        assert_eq!(stop.take(after(begin, 10_001)), Due::Kill);
    }

    #[test]
    fn those_behind_an_ended_command_are_asked_at_once() {
        let begin = Instant::now();
        let mut stop = Stop::begin(Ending::Interrupt, TEN, begin);
        stop.command_ended(after(begin, 1_000));
        assert_eq!(stop.take(after(begin, 1_000)), Due::Terminate);
        stop.command_ended(after(begin, 2_000));
        assert_eq!(stop.take(after(begin, 3_499)), Due::Nothing);
        assert_eq!(stop.take(after(begin, 3_500)), Due::Kill);
    }

    #[test]
    fn others_are_asked_at_once_and_have_the_whole_grace() {
        let begin = Instant::now();
        let mut stop = Stop::begin(Ending::Terminate, TEN, begin);
        assert_eq!(stop.take(begin), Due::Terminate);
        stop.command_ended(after(begin, 1_000));
        assert_eq!(stop.take(after(begin, 9_999)), Due::Nothing);
        stop.shorten(Duration::ZERO, after(begin, 9_999));
        assert_eq!(stop.take(after(begin, 9_999)), Due::Kill);
    }

    #[test]
    fn a_second_stop_only_shortens() {
        let begin = Instant::now();
        let mut stop = Stop::begin(Ending::Interrupt, TEN, begin);
        stop.shorten(Duration::from_hours(1_000_000), begin);
        assert_eq!(stop.left(begin), Duration::from_millis(7_500));
        stop.shorten(Duration::from_secs(4), begin);
        assert_eq!(stop.take(after(begin, 3_000)), Due::Terminate);
        assert_eq!(stop.take(after(begin, 4_000)), Due::Kill);
    }
}
