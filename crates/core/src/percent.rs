//! Exact percentages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A share in hundredths of a percent (basis points), so that thresholds compare exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent {
    basis_points: u32,
}

/// A text that is not a percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a percentage: expected 0% to 100% with at most two decimals, such as 5% or 0.25%")]
pub struct NotAPercentage(pub String);

impl Percent {
    /// The whole.
    pub const WHOLE: Self = Self { basis_points: 10_000 };

    /// Returns `whole` percent.
    pub const fn of(whole: u32) -> Self {
        Self {
            basis_points: whole * 100,
        }
    }

    /// Returns the share in basis points, 0 to 10,000.
    pub const fn basis_points(self) -> u32 {
        self.basis_points
    }

    /// Returns the percentage that `text` names, such as `5%` or `0.25%`.
    ///
    /// # Errors
    /// Returns the text when the sign is missing, the number is no number, or it lies outside 0 to 100.
    pub fn parse(text: &str) -> Result<Self, NotAPercentage> {
        let refuse = || NotAPercentage(text.to_owned());
        let number = text.trim().strip_suffix('%').ok_or_else(refuse)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || decimals.len() > 2 || !digits(whole) || !digits(decimals) || number.ends_with('.') {
            return Err(refuse());
        }
        let whole: u32 = whole.parse().map_err(|_| refuse())?;
        let decimals: u32 = format!("{decimals:0<2}").parse().map_err(|_| refuse())?;
        let basis_points = whole
            .checked_mul(100)
            .and_then(|w| w.checked_add(decimals))
            .ok_or_else(refuse)?;
        if basis_points > 10_000 {
            return Err(refuse());
        }
        Ok(Self { basis_points })
    }

    /// Returns whether `part` of `whole` is more than this share, exactly.
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 10_000 > u128::from(whole) * u128::from(self.basis_points)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.basis_points / 100, self.basis_points % 100);
        match rest {
            0 => write!(f, "{whole}%"),
            _ if rest.is_multiple_of(10) => write!(f, "{whole}.{}%", rest / 10),
            _ => write!(f, "{whole}.{rest:02}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_exactly() {
        for (text, basis_points) in [("5%", 500), ("0.25%", 25), ("100%", 10_000), ("0%", 0), ("1.5%", 150)] {
            let percent = Percent::parse(text).unwrap();
            assert_eq!(percent.basis_points(), basis_points);
            assert_eq!(percent.to_string(), text);
        }
        for text in ["5", "%", "-1%", "101%", "1.234%", "1.%", "a%", ""] {
            assert!(Percent::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_threshold_is_exceeded_only_above_it() {
        assert!(!Percent::of(5).is_exceeded_by(5, 100));
        assert!(Percent::of(5).is_exceeded_by(6, 100));
        assert!(!Percent::of(5).is_exceeded_by(0, 0));
    }
}
