//! What can go wrong, and how often it does in one story.

use std::fmt;

use crate::chance::Chance;

/// One kind of disturbance, injected right after an event was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The driver dies with a decision that it has not appended.
    CrashBeforeAppend,
    /// The driver dies with an append whose effects it has not begun.
    CrashAfterAppend,
    /// The driver dies amid or after the effects, before any result reached it.
    CrashAfterEffects,
    /// The driver dies a second time, while it performs the effects again.
    CrashInRecovery,
    /// Another driver takes the stream over while this one still lives.
    Takeover,
    /// A result comes twice.
    Duplicate,
    /// A result comes behind the next one.
    Reorder,
    /// A result comes up to minutes late.
    Delay,
    /// A result never comes.
    Lose,
    /// The wall clock jumps by a second up to ten years, forth or back.
    ClockJump,
    /// The machine restarts: everything on it dies, and the monotonic clock begins again.
    Reboot,
    /// Something outside dies by itself: an instance, a step's process.
    OutsideDeath,
}

impl Fault {
    /// Every kind, in the order of the table's columns.
    pub const ALL: [Self; 12] = [
        Self::CrashBeforeAppend,
        Self::CrashAfterAppend,
        Self::CrashAfterEffects,
        Self::CrashInRecovery,
        Self::Takeover,
        Self::Duplicate,
        Self::Reorder,
        Self::Delay,
        Self::Lose,
        Self::ClockJump,
        Self::Reboot,
        Self::OutsideDeath,
    ];

    /// Returns the kind's name, as in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::CrashBeforeAppend => "crash-before-append",
            Self::CrashAfterAppend => "crash-after-append",
            Self::CrashAfterEffects => "crash-after-effects",
            Self::CrashInRecovery => "crash-in-recovery",
            Self::Takeover => "takeover",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Delay => "delay",
            Self::Lose => "lose",
            Self::ClockJump => "clock-jump",
            Self::Reboot => "reboot",
            Self::OutsideDeath => "outside-death",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How often each kind strikes in one story, and how many strikes it bears.
///
/// Each story draws its own rates, many of them zero: stories with one frequent
/// fault reach states that an even mixture never does.
#[derive(Clone, Debug)]
pub struct Weather {
    per_mille: [u64; Fault::ALL.len()],
    left: u32,
    /// The kind that likes to strike where something happens for the first time.
    favourite: Option<Fault>,
}

impl Weather {
    /// Returns the weather of a story without faults.
    pub fn calm() -> Self {
        Self {
            per_mille: [0; Fault::ALL.len()],
            left: 0,
            favourite: None,
        }
    }

    /// Draws the weather of one story; one in sixteen is calm.
    pub fn draw(chance: &mut Chance) -> Self {
        if chance.below(16) == 0 {
            return Self::calm();
        }
        let mut per_mille = std::array::from_fn(|_| *chance.pick(&[0, 0, 10, 50, 150]));
        // It can strike only where another crash has.
        per_mille[Fault::CrashInRecovery as usize] = *chance.pick(&[0, 100, 300, 600]);
        Self {
            per_mille,
            left: chance.between(1, 12) as u32,
            favourite: Some(*chance.pick(&Fault::ALL)),
        }
    }

    /// Returns whether faults may still strike.
    pub fn is_rough(&self) -> bool {
        self.left > 0
    }

    /// Ends all faults.
    pub fn calm_down(&mut self) {
        *self = Self::calm();
    }

    /// Returns the kind that likes to strike where something happens for the first time.
    pub fn favourite(&self) -> Option<Fault> {
        self.favourite
    }

    /// Draws whether `fault` strikes now, and counts the strike.
    pub fn strikes(&mut self, fault: Fault, chance: &mut Chance) -> bool {
        let strikes = self.left > 0 && chance.per_mille(self.per_mille[fault as usize]);
        if strikes {
            self.left -= 1;
        }
        strikes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_in_the_order_of_the_kinds() {
        for (at, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(fault as usize, at, "{fault}");
        }
    }

    #[test]
    fn a_story_bears_only_so_many_strikes() {
        let mut chance = Chance::new(3);
        let mut weather = Weather {
            per_mille: [1000; Fault::ALL.len()],
            left: 2,
            favourite: None,
        };
        let strikes = (0..10).filter(|_| weather.strikes(Fault::Lose, &mut chance)).count();
        assert_eq!(strikes, 2);
        assert!(!Weather::calm().strikes(Fault::Lose, &mut chance));
    }
}
