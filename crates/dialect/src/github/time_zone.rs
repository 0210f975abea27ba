//! The time zones that a schedule can name.
//!
//! The names are those of the IANA time zone database, release 2025b, in `time_zone/names.txt`. Zones are added every few
//! years, so that a name which is none of them and looks like one is a warning and no error.

use lockgate_core::diagnostic::nearest;

const NAMES: &str = include_str!("time_zone/names.txt");

/// What is wrong with the name of a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WrongZone {
    /// No time zone can have it.
    Impossible,
    /// No time zone has it, as far as is known; one has a name like it.
    Unknown(Option<&'static str>),
}

/// Returns what is wrong with `name`.
pub(super) fn problem(name: &str) -> Option<WrongZone> {
    if NAMES.lines().any(|known| known == name) {
        return None;
    }
    let near = NAMES
        .lines()
        .find(|known| known.eq_ignore_ascii_case(name) || city(known).eq_ignore_ascii_case(name))
        .or_else(|| nearest(name, NAMES.lines()));
    let is_possible = name.split('/').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    });
    let has_area = name.contains('/');
    Some(if is_possible && (has_area || near.is_some()) {
        WrongZone::Unknown(near)
    } else {
        WrongZone::Impossible
    })
}

fn city(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_database() {
        for name in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT-3"] {
            assert_eq!(problem(name), None, "{name}");
        }
        for (name, near) in [
            ("Europe/Belin", Some("Europe/Berlin")),
            ("europe/berlin", Some("Europe/Berlin")),
            ("Berlin", Some("Europe/Berlin")),
            ("Mars/Olympus_Mons", None),
        ] {
            assert_eq!(problem(name), Some(WrongZone::Unknown(near)), "{name}");
        }
        for name in ["UTC+02:00", "+02:00", "Berlin time", "", "Zzzzzz"] {
            assert_eq!(problem(name), Some(WrongZone::Impossible), "{name}");
        }
    }
}
