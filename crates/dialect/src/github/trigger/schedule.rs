//! The times at which a workflow starts.

use lockgate_core::Span;

use crate::codes;
use crate::github::cron::Cron;
use crate::github::lowering::Lowering;
use crate::github::shapes::SCHEDULE;
use crate::github::time_zone::{self, WrongZone};
use crate::yaml::Node;

/// A time at which a workflow starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The five fields as written.
    pub cron: String,
    /// The times that they mean; none when they are wrong.
    pub times: Option<Cron>,
    /// The time zone; UTC when not given.
    pub timezone: Option<String>,
    /// The line.
    pub line: usize,
}

/// What a schedule looks like.
pub(super) const EXAMPLE: &str =
    "for example `schedule: [{ cron: '30 5 * * 1-5' }]`: at 05:30 UTC from Monday to Friday";

impl Lowering {
    pub(super) fn schedules(&mut self, node: &Node) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        let Some(items) = self.reader.list(node, "`schedule`") else {
            return schedules;
        };
        for item in items {
            let Some(mut fields) = self.reader.shaped(item, &SCHEDULE) else {
                continue;
            };
            let cron = fields.require("cron", &mut self.reader);
            let timezone = fields.take("timezone").and_then(|node| self.timezone(node));
            fields.finish(&mut self.reader);
            let Some((node, text)) = cron.and_then(|node| Some((node, self.plain(node, "`cron`")?))) else {
                continue;
            };
            schedules.push(Schedule {
                times: self.times(&text, node.span),
                line: self.reader.position(node.span.start).0,
                cron: text,
                timezone,
            });
        }
        schedules
    }

    fn times(&mut self, text: &str, span: Span) -> Option<Cron> {
        let cron = match Cron::parse(text) {
            Ok(cron) => cron,
            Err(problem) => {
                self.error_with_help(codes::WRONG_SCHEDULE, span, problem, EXAMPLE);
                return None;
            }
        };
        if let Some(minutes) = cron.too_often() {
            let apart = if minutes == 1 {
                "1 minute".to_owned()
            } else {
                format!("{minutes} minutes")
            };
            let message =
                format!("`{text}` asks for runs {apart} apart, but GitHub starts a schedule every 5 minutes at most");
            let help = "write times that are 5 minutes or more apart, such as `*/5 * * * *`";
            self.warning(codes::WRONG_SCHEDULE, span, message, help);
        }
        if cron.is_never() {
            let message = format!("`{text}` never comes: no year has such a date");
            let help = "choose a day that the month has";
            self.warning(codes::WRONG_SCHEDULE, span, message, help);
        }
        Some(cron)
    }

    fn timezone(&mut self, node: &Node) -> Option<String> {
        let name = self.plain(node, "`timezone`")?;
        match time_zone::problem(&name) {
            None => {}
            Some(WrongZone::Impossible) => {
                let message = format!("`{name}` is no time zone");
                let help = "write a name of the IANA time zone database, such as `Europe/Berlin`";
                self.error_with_help(codes::WRONG_SCHEDULE, node.span, message, help);
            }
            Some(WrongZone::Unknown(near)) => {
                let help = near.map_or_else(
                    || "names are those of the IANA time zone database, such as `Europe/Berlin`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("`{name}` is no time zone that is known here");
                self.warning(codes::WRONG_SCHEDULE, node.span, message, help);
            }
        }
        Some(name)
    }
}
