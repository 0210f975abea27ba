//! The five fields of a schedule.

/// What a field may hold.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Words for the numbers from `least` on.
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    field("minute", 0, 59, &[]),
    field("hour", 0, 23, &[]),
    field("day of the month", 1, 31, &[]),
    field(
        "month",
        1,
        12,
        &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    ),
    field(
        "day of the week",
        0,
        6,
        &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ),
];

const fn field(name: &'static str, least: u32, most: u32, words: &'static [&'static str]) -> Field {
    Field {
        name,
        least,
        most,
        words,
    }
}

/// Returns what is wrong with the schedule `text`.
pub(super) fn problem(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Some(format!(
            "a schedule has five fields (minute, hour, day of the month, month, day of the week), not {}",
            fields.len()
        ));
    }
    fields
        .iter()
        .zip(&FIELDS)
        .find_map(|(text, field)| (!field.accepts(text)).then(|| field.refusal(text)))
}

impl Field {
    fn accepts(&self, text: &str) -> bool {
        text.split(',').all(|item| match item.split_once('/') {
            Some((range, step)) => {
                self.is_range(range) && step.parse().is_ok_and(|step: u32| step > 0 && step <= self.most)
            }
            None => self.is_range(item),
        })
    }

    fn is_range(&self, text: &str) -> bool {
        if text == "*" {
            return true;
        }
        match text.split_once('-') {
            Some((first, last)) => match (self.number(first), self.number(last)) {
                (Some(first), Some(last)) => first <= last,
                _ => false,
            },
            None => self.number(text).is_some(),
        }
    }

    fn number(&self, text: &str) -> Option<u32> {
        if let Some(at) = self.words.iter().position(|word| word.eq_ignore_ascii_case(text)) {
            return Some(self.least + at as u32);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse()
            .ok()
            .filter(|number| (self.least..=self.most).contains(number))
    }

    fn refusal(&self, text: &str) -> String {
        format!(
            "`{text}` is no {}: possible are {} to {}, lists, ranges and steps of them, and `*`",
            self.name, self.least, self.most
        )
    }
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
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
        for (text, part) in [
            ("0 0 * *", "not 4"),
            ("60 0 * * *", "minute"),
            ("0 24 * * *", "hour"),
            ("0 0 0 * *", "day of the month"),
            ("0 0 * 13 *", "month"),
            ("0 0 * * 7", "day of the week"),
            ("0 0 * * fri-mon", "day of the week"),
            ("*/0 * * * *", "minute"),
            ("+5 * * * *", "minute"),
            ("@daily", "not 1"),
        ] {
            assert!(problem(text).unwrap().contains(part), "{text}");
        }
    }
}
