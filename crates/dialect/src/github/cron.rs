//! The five fields of a schedule, and the times that they mean.
//!
//! The rules are those of POSIX cron, as GitHub documents them: lists, ranges and steps of numbers, words for months and
//! days of the week, and no `@daily`. When both kinds of day are restricted, a day that fits either fits; `*` restricts
//! nothing, `*/2` does. Times are plain local times: what they are in UTC depends on the rules of a time zone, which
//! change and are not known here.

/// The shortest time between two runs that GitHub keeps to, in minutes.
const LEAST_MINUTES: u32 = 5;

/// The years after which a date that has not come never comes: 29 February can be eight years away.
const YEARS: i32 = 9;

/// What a field may hold.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Words for the numbers from `least` on.
    words: &'static [&'static str],
}

const MINUTE: Field = field("minute", 0, 59, &[]);
const HOUR: Field = field("hour", 0, 23, &[]);
const DAY: Field = field("day of the month", 1, 31, &[]);
const MONTH: Field = field("month", 1, 12, &MONTHS);
const WEEKDAY: Field = field("day of the week", 0, 6, &WEEKDAYS);
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fn field(name: &'static str, least: u32, most: u32, words: &'static [&'static str]) -> Field {
    Field {
        name,
        least,
        most,
        words,
    }
}

/// The times at which something happens again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Numbers,
    hours: Numbers,
    days: Numbers,
    months: Numbers,
    weekdays: Numbers,
    /// Which of the two fields of days restrict anything.
    restricts: Days,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Days {
    None,
    OfMonth,
    OfWeek,
    Either,
}

/// A minute of a calendar without a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalMinute {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
    /// The hour, from 0.
    pub hour: u32,
    /// The minute, from 0.
    pub minute: u32,
}

impl Cron {
    /// Returns the schedule that `text` is.
    ///
    /// # Errors
    /// Returns what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('@') {
            return Err(short_form(text.trim()));
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!(
                "a schedule has five fields (minute, hour, day of the month, month, day of the week), not {}",
                fields.len()
            ));
        };
        Ok(Self {
            minutes: MINUTE.parse(minute)?,
            hours: HOUR.parse(hour)?,
            days: DAY.parse(day)?,
            months: MONTH.parse(month)?,
            weekdays: WEEKDAY.parse(weekday)?,
            restricts: match (*day, *weekday) {
                ("*", "*") => Days::None,
                (_, "*") => Days::OfMonth,
                ("*", _) => Days::OfWeek,
                _ => Days::Either,
            },
        })
    }

    /// Returns the first time after `from` at which it happens; `None` when it never does.
    pub fn next_after(&self, from: LocalMinute) -> Option<LocalMinute> {
        let (mut year, mut month, mut day) = (from.year, from.month, from.day);
        let mut after = Some((from.hour, from.minute));
        while year <= from.year + YEARS {
            if self.has_day(year, month, day)
                && let Some((hour, minute)) = self.time_after(after)
            {
                return Some(LocalMinute {
                    year,
                    month,
                    day,
                    hour,
                    minute,
                });
            }
            after = None;
            day += 1;
            if day > days_in(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        None
    }

    /// Returns the shortest time between two runs in minutes, when it is shorter than GitHub keeps to.
    pub(super) fn too_often(&self) -> Option<u32> {
        let minutes: Vec<u32> = self.minutes.all().collect();
        let inside = minutes.windows(2).map(|pair| pair[1] - pair[0]).min();
        let hours_touch = self.hours.all().any(|hour| self.hours.has((hour + 1) % 24));
        let across = match (minutes.first(), minutes.last()) {
            (Some(first), Some(last)) if hours_touch => Some(60 - last + first),
            _ => None,
        };
        let shortest = inside.into_iter().chain(across).min()?;
        (shortest < LEAST_MINUTES).then_some(shortest)
    }

    /// Returns whether there is no such date.
    pub(super) fn is_never(&self) -> bool {
        let start = LocalMinute {
            year: 2000,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
        };
        self.next_after(start).is_none()
    }

    fn has_day(&self, year: i32, month: u32, day: u32) -> bool {
        let of_month = self.days.has(day);
        let of_week = || self.weekdays.has(weekday(year, month, day));
        self.months.has(month)
            && match self.restricts {
                Days::None => true,
                Days::OfMonth => of_month,
                Days::OfWeek => of_week(),
                Days::Either => of_month || of_week(),
            }
    }

    /// Returns the first hour and minute of a day, behind a time when one is given.
    fn time_after(&self, after: Option<(u32, u32)>) -> Option<(u32, u32)> {
        let times = self
            .hours
            .all()
            .flat_map(|hour| self.minutes.all().map(move |minute| (hour, minute)));
        times.into_iter().find(|time| after.is_none_or(|after| *time > after))
    }
}

/// Some of the numbers from 0 to 63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Numbers(u64);

impl Numbers {
    fn add(&mut self, number: u32) {
        self.0 |= 1 << number;
    }

    fn has(self, number: u32) -> bool {
        self.0 >> number & 1 == 1
    }

    fn all(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |number| self.has(*number))
    }
}

impl Field {
    fn parse(&self, text: &str) -> Result<Numbers, String> {
        let mut numbers = Numbers::default();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, Some(self.step(step).ok_or_else(|| self.refusal(text))?)),
                None => (item, None),
            };
            let (first, last) = self.range(range).ok_or_else(|| self.refusal(text))?;
            // A step without an end goes on to the end: `5/10` is `5-59/10`.
            let last = if step.is_some() {
                last.unwrap_or(self.most)
            } else {
                last.unwrap_or(first)
            };
            (first..=last)
                .step_by(step.unwrap_or(1))
                .for_each(|number| numbers.add(number));
        }
        Ok(numbers)
    }

    fn step(&self, text: &str) -> Option<usize> {
        let step = digits(text)?;
        (1..=self.most).contains(&step).then_some(step as usize)
    }

    /// Returns the first number, and the last when one is given.
    fn range(&self, text: &str) -> Option<(u32, Option<u32>)> {
        if text == "*" {
            return Some((self.least, Some(self.most)));
        }
        match text.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (self.number(first)?, self.number(last)?);
                (first <= last).then_some((first, Some(last)))
            }
            None => Some((self.number(text)?, None)),
        }
    }

    fn number(&self, text: &str) -> Option<u32> {
        if let Some(at) = self.words.iter().position(|word| word.eq_ignore_ascii_case(text)) {
            return Some(self.least + at as u32);
        }
        digits(text).filter(|number| (self.least..=self.most).contains(number))
    }

    fn refusal(&self, text: &str) -> String {
        let words = match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => {
                format!(" ({} to {})", first.to_ascii_uppercase(), last.to_ascii_uppercase())
            }
            _ => String::new(),
        };
        format!(
            "`{text}` is no {}: possible are {} to {}{words}, lists, ranges and steps of them, and `*`",
            self.name, self.least, self.most
        )
    }
}

fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn short_form(text: &str) -> String {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return format!("`{text}` is no schedule: GitHub takes five fields and no words with `@`"),
    };
    format!("GitHub does not know `{text}`; in five fields it is `{fields}`")
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the day of the week, Sunday as 0, by Sakamoto's method.
fn weekday(year: i32, month: u32, day: u32) -> u32 {
    const SHIFTS: [i32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let year = if month < 3 { year - 1 } else { year };
    let sum = year + year / 4 - year / 100 + year / 400 + SHIFTS[month as usize - 1] + day.cast_signed();
    sum.rem_euclid(7) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_checked_field_by_field() {
        for text in [
            "0 0 * * *",
            "*/15 9-17 * * MON-FRI",
            "30 5,17 1 jan 0",
            "0 0 31 12 6",
            "5/10 * * * *",
            "0 0 1,15 JAN,JUL-DEC/2 *",
        ] {
            assert!(Cron::parse(text).is_ok(), "{text}");
        }
        for (text, part) in [
            ("0 0 * *", "not 4"),
            ("0 0 * * * *", "not 6"),
            ("60 0 * * *", "minute"),
            ("0 24 * * *", "hour"),
            ("0 0 0 * *", "day of the month"),
            ("0 0 * 13 *", "month"),
            ("0 0 * JUNE *", "1 to 12 (JAN to DEC)"),
            ("0 0 * * 7", "day of the week"),
            ("0 0 * * fri-mon", "day of the week"),
            ("*/0 * * * *", "minute"),
            ("+5 * * * *", "minute"),
            ("1, * * * *", "minute"),
            ("0 0 L * *", "day of the month"),
            ("0 0 ? * MON", "day of the month"),
            ("0 0 * * MON#1", "day of the week"),
            ("@daily", "in five fields it is `0 0 * * *`"),
            ("@reboot", "no words with `@`"),
        ] {
            let wrong = Cron::parse(text).unwrap_err();
            assert!(wrong.contains(part), "{text}: {wrong}");
        }
    }

    #[track_caller]
    fn next(text: &str, from: &str) -> String {
        let numbers: Vec<u32> = from
            .split(|c: char| !c.is_ascii_digit())
            .map(|number| number.parse().unwrap())
            .collect();
        let from = LocalMinute {
            year: numbers[0].cast_signed(),
            month: numbers[1],
            day: numbers[2],
            hour: numbers[3],
            minute: numbers[4],
        };
        let Some(at) = Cron::parse(text).unwrap().next_after(from) else {
            return "never".to_owned();
        };
        let LocalMinute {
            year,
            month,
            day,
            hour,
            minute,
        } = at;
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
    }

    #[test]
    fn the_next_time_is_found() {
        for (text, from, expected) in [
            ("30 5 * * 1-5", "2026-11-21 12:00", "2026-11-23 05:30"),
            ("*/15 * * * *", "2026-11-21 12:15", "2026-11-21 12:30"),
            ("0 0 1 1 *", "2026-12-31 23:59", "2027-01-01 00:00"),
            ("0 0 29 2 *", "2096-03-01 00:00", "2104-02-29 00:00"),
            ("0 0 30 2 *", "2026-01-01 00:00", "never"),
            ("0 0 31 4,6,9,11 *", "2026-01-01 00:00", "never"),
            // Both kinds of day: either fits. The 13th is a Friday in November 2026.
            ("0 0 13 * 1", "2026-11-10 00:00", "2026-11-13 00:00"),
            ("0 0 13 * 1", "2026-11-13 00:00", "2026-11-16 00:00"),
            ("0 0 30 2 1", "2026-02-01 00:00", "2026-02-02 00:00"),
            ("59 23 * * SUN", "2026-11-22 23:59", "2026-11-29 23:59"),
        ] {
            assert_eq!(next(text, from), expected, "{text} after {from}");
        }
    }

    #[test]
    fn what_github_does_not_keep_to_is_known() {
        for (text, expected) in [
            ("* * * * *", Some(1)),
            ("*/2 * * * *", Some(2)),
            ("*/5 * * * *", None),
            ("0-4 3 * * *", Some(1)),
            ("0,3 3 * * *", Some(3)),
            ("58,0 * * * *", Some(2)),
            ("58,0 3 * * *", None),
            ("2/59 * * * *", None),
            ("0 * * * *", None),
        ] {
            assert_eq!(Cron::parse(text).unwrap().too_often(), expected, "{text}");
        }
        assert!(Cron::parse("0 0 30 FEB *").unwrap().is_never());
        assert!(!Cron::parse("0 0 29 FEB *").unwrap().is_never());
    }
}
