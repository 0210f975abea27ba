//! When schedules come next.
//!
//! A schedule says local times; here they meet the rules of their time zone. In the hour that a clock skips, GitHub
//! starts at the next time that exists, and so does this.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lockgate_dialect::github::{LocalMinute, Schedule};

/// Returns a line for each schedule.
pub(super) fn lines(schedules: &[Schedule], now: Timestamp) -> Vec<String> {
    schedules
        .iter()
        .filter_map(|schedule| {
            let next = words(schedule, now)?;
            Some(format!(
                "`{}` (line {}) comes next {next}",
                schedule.cron, schedule.line
            ))
        })
        .collect()
}

fn words(schedule: &Schedule, now: Timestamp) -> Option<String> {
    let times = schedule.times?;
    let name = schedule.timezone.as_deref().unwrap_or("UTC");
    let zone = TimeZone::get(name).ok()?;
    let here = now.to_zoned(zone.clone()).datetime();
    let next = times.next_after(LocalMinute {
        year: i32::from(here.year()),
        month: u32::try_from(here.month()).ok()?,
        day: u32::try_from(here.day()).ok()?,
        hour: u32::try_from(here.hour()).ok()?,
        minute: u32::try_from(here.minute()).ok()?,
    });
    let Some(next) = next else {
        return Some("never".to_owned());
    };
    let local = DateTime::new(
        i16::try_from(next.year).ok()?,
        i8::try_from(next.month).ok()?,
        i8::try_from(next.day).ok()?,
        i8::try_from(next.hour).ok()?,
        i8::try_from(next.minute).ok()?,
        0,
        0,
    )
    .ok()?;
    let at = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(if name == "UTC" {
        format!("at {}", at.strftime("%F %H:%M UTC"))
    } else {
        let utc = at.timestamp().to_zoned(TimeZone::UTC);
        format!(
            "at {} in {name}, {}",
            at.strftime("%F %H:%M"),
            utc.strftime("%F %H:%M UTC")
        )
    })
}

#[cfg(test)]
mod tests {
    use lockgate_dialect::github::Cron;

    use super::*;

    #[track_caller]
    fn check(cron: &str, timezone: Option<&str>, now: &str, expected: &str) {
        let schedule = Schedule {
            cron: cron.to_owned(),
            times: Cron::parse(cron).ok(),
            timezone: timezone.map(str::to_owned),
            line: 1,
        };
        assert_eq!(words(&schedule, now.parse().unwrap()).unwrap(), expected);
    }

    #[test]
    fn the_next_time_is_told_in_its_zone_and_in_utc() {
        check("30 5 * * 1-5", None, "2026-11-21T12:00:00Z", "at 2026-11-23 05:30 UTC");
        check("0 0 30 2 *", None, "2026-11-21T12:00:00Z", "never");
        let berlin = Some("Europe/Berlin");
        check(
            "0 3 * * *",
            berlin,
            "2026-07-01T12:00:00Z",
            "at 2026-07-02 03:00 in Europe/Berlin, 2026-07-02 01:00 UTC",
        );
        // 02:30 does not exist on the last Sunday of March.
        check(
            "30 2 * * *",
            berlin,
            "2027-03-27T12:00:00Z",
            "at 2027-03-28 03:30 in Europe/Berlin, 2027-03-28 01:30 UTC",
        );
    }
}
