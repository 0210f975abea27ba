//! Time as an argument.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant of the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the instant `duration` later, saturating.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Returns the time from `earlier` to `self`; zero when the clock went back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Identifies one boot of one machine; monotonic instants compare only within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BootId(pub String);

/// The present, as the engine sees it when it feeds an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// The wall clock.
    pub wall: Timestamp,
    /// The boot that `monotonic` belongs to.
    pub boot: BootId,
    /// The time since that boot.
    pub monotonic: Duration,
}

/// A timer as an effect: due `after` past the instant at which it was set.
///
/// In the boot in which it was set the monotonic clock decides, so that a jump of
/// the wall clock moves nothing; after a reboot the wall clock does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeAt {
    /// When the timer was set.
    pub set: Now,
    /// How long after that it is due.
    pub after: Duration,
}

impl WakeAt {
    /// Returns the time left at `now`; zero when it is due.
    pub fn left(&self, now: &Now) -> Duration {
        let passed = if now.boot == self.set.boot {
            now.monotonic.saturating_sub(self.set.monotonic)
        } else {
            now.wall.since(self.set.wall)
        };
        self.after.saturating_sub(passed)
    }

    /// Returns the timer that takes the place of one that fired early because it was set in another boot.
    ///
    /// The wall clock may have been set back since, by years even; from now on the
    /// monotonic clock counts again, so that the wait is never longer than `after`.
    pub fn rearmed(&self, now: &Now) -> Option<Self> {
        let after = self.left(now);
        (now.boot != self.set.boot && !after.is_zero()).then(|| Self {
            set: now.clone(),
            after,
        })
    }

    /// Returns whether the timer is due at `now`. A machine that is woken early re-arms.
    pub fn is_due(&self, now: &Now) -> bool {
        self.left(now).is_zero()
    }
}

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: expected a number with a unit, such as 500ms, 30s, 5m, 1h or 2d")]
pub struct NotADuration(pub String);

/// Returns the duration that `text` names: `500ms`, `30s`, `5m`, `1h30m`, `2d`.
///
/// # Errors
/// Returns the text when a unit is missing or unknown, or a number is too large.
pub fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let refuse = || NotADuration(text.to_owned());
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refuse());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let number: u64 = rest[..digits].parse().map_err(|_| refuse())?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let milliseconds: u64 = match &rest[..end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(refuse()),
        };
        let part = number.checked_mul(milliseconds).ok_or_else(refuse)?;
        total = total.checked_add(Duration::from_millis(part)).ok_or_else(refuse)?;
        rest = &rest[end..];
    }
    Ok(total)
}

/// Writes a duration as people say it: `850ms`, `4.2s`, `3m05s`, `2h10m`.
pub struct Spoken(pub Duration);

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let text = match seconds {
            0 => format!("{}ms", self.0.as_millis()),
            1..60 if self.0.subsec_millis() < 50 => format!("{seconds}s"),
            1..60 => format!("{:.1}s", self.0.as_secs_f64()),
            60..3600 if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
            60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
            _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, milliseconds: u64, spoken: &str) {
        let duration = parse_duration(text).unwrap();
        assert_eq!(duration, Duration::from_millis(milliseconds));
        assert_eq!(Spoken(duration).to_string(), spoken);
    }

    #[test]
    fn durations_are_read_and_spoken() {
        check("500ms", 500, "500ms");
        check("30s", 30_000, "30s");
        check("5m", 300_000, "5m");
        check("1h30m", 5_400_000, "1h30m");
        check("2d", 172_800_000, "48h00m");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5", "s", "5 m", "5y", "-1s", "99999999999999999999s", "1.5s"] {
            assert_eq!(parse_duration(text), Err(NotADuration(text.to_owned())));
        }
    }

    fn now(wall: i64, boot: &str, monotonic: u64) -> Now {
        Now {
            wall: Timestamp(wall),
            boot: BootId(boot.into()),
            monotonic: Duration::from_millis(monotonic),
        }
    }

    #[test]
    fn a_timer_ignores_the_wall_clock_within_one_boot() {
        let wake = WakeAt {
            set: now(1_000, "a", 0),
            after: Duration::from_secs(10),
        };
        assert!(!wake.is_due(&now(1_000_000, "a", 9_999)));
        assert!(wake.is_due(&now(0, "a", 10_000)));
        assert!(wake.is_due(&now(11_000, "b", 5)));
    }

    #[test]
    fn a_timer_of_an_earlier_boot_counts_anew_when_the_wall_clock_went_back() {
        let wake = WakeAt {
            set: now(1_000_000, "a", 0),
            after: Duration::from_secs(10),
        };
        assert_eq!(wake.rearmed(&now(0, "a", 5)), None, "the same boot needs no wall clock");
        let again = wake.rearmed(&now(0, "b", 5)).unwrap();
        assert!(!again.is_due(&now(5_000, "b", 10_004)));
        assert!(again.is_due(&now(5_000, "b", 10_005)));
    }
}
