//! The keys of `lockgate.yaml`: declared once, for who reads the file, for editors, and for the reference.
//!
//! A key's bounds and forms stand in its [`Shape`], and its reading takes them from there; so the JSON Schema and the
//! tables of the reference, which are written of the same shapes, cannot say anything else than the reader does. What
//! no shape can say, such as that two environments cannot listen at one address, only the reader knows.

use std::time::Duration;

use lockgate_core::Percent;
use lockgate_core::time::parse_duration;
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{Fields, Node, Reader};

mod declared;
pub(super) mod form;
mod help;

pub(super) use declared::*;
use form::Form;
pub(super) use help::complete;

/// A key and everything that is known of it.
pub(super) struct Key {
    /// The name.
    pub(super) name: &'static str,
    /// What its value is like.
    pub(super) shape: Shape,
    /// What holds without it.
    pub(super) fallback: Fallback,
    /// A line of a file with it, from the top of the file.
    pub(super) example: &'static str,
    /// What it means, in Markdown.
    pub(super) meaning: &'static str,
}

/// What holds when a key is not there.
pub(super) enum Fallback {
    /// This value, as it would be written.
    Value(&'static str),
    /// What these words say.
    Words(&'static str),
    /// The mapping cannot be without it.
    Required,
}

/// What a value is like.
pub(super) enum Shape {
    /// The number 1.
    Version,
    /// A text of a form.
    Text(&'static Form),
    /// A text of a form, or a mapping.
    TextOr(&'static Form, &'static Section),
    /// A text, or a list of texts.
    Texts,
    /// A text, or a list of at least one text.
    Command,
    /// Names of a form with a text each.
    Variables(&'static Form),
    /// A whole number within bounds.
    Number { least: u64, most: Option<u64> },
    /// A time, which may be none at all.
    Duration,
    /// A time in which something has to be possible.
    SomeTime,
    /// A percentage.
    Share,
    /// A percentage, or a mapping.
    ShareOr(&'static Section),
    /// A port of the loopback, or an address with its port.
    Address,
    /// Whatever can be written.
    Any,
    /// Names of a form with whatever can be written.
    Places(&'static Form),
    /// A mapping.
    Mapping(&'static Section),
    /// A mapping, or nothing, which means its defaults.
    MappingOrNothing(&'static Section),
    /// A list of mappings.
    List(&'static Section),
    /// Names of a form with a mapping each, or nothing, which means an empty one.
    Named(&'static Form, &'static Section),
}

/// The keys of one mapping.
pub(super) struct Section {
    /// Its heading in the reference.
    pub(super) title: &'static str,
    /// What it is in messages, such as `a smoke check`.
    pub(super) what: &'static str,
    /// Its keys, in order.
    pub(super) keys: &'static [&'static Key],
}

impl Key {
    /// Returns the name in backquotes, for messages.
    pub(super) fn quoted(&self) -> String {
        format!("`{}`", self.name)
    }

    /// Returns the value when it is there.
    pub(super) fn take<'n>(&self, fields: &mut Fields<'n>) -> Option<&'n Node> {
        fields.take(self.name)
    }

    /// Returns the text, when it is there and of the key's form.
    pub(super) fn text(&self, fields: &mut Fields<'_>, reader: &mut Reader) -> Option<String> {
        let node = self.take(fields)?;
        self.text_of(node, reader)
    }

    /// Returns a text of the key's form.
    pub(super) fn text_of(&self, node: &Node, reader: &mut Reader) -> Option<String> {
        let text = reader.text(node, &self.quoted())?;
        let (Shape::Text(form) | Shape::TextOr(form, _)) = &self.shape else {
            return Some(text);
        };
        if form.fits(&text) {
            return Some(text);
        }
        let diagnostic = reader.error(codes::WRONG_VALUE, node.span, form.mistake(&text));
        reader.report(diagnostic.help(form.help));
        None
    }

    /// Returns the number, when it is there and within the key's bounds.
    pub(super) fn number(&self, fields: &mut Fields<'_>, reader: &mut Reader) -> Option<u64> {
        let node = self.take(fields)?;
        let number = reader.whole_number(node, &self.quoted())?;
        let (least, most) = match self.shape {
            Shape::Number { least, most } => (least, most),
            Shape::Version => (1, Some(1)),
            _ => return Some(number),
        };
        if number >= least && most.is_none_or(|most| number <= most) {
            return Some(number);
        }
        let (message, help) = match (&self.shape, most) {
            (Shape::Version, _) => (
                "this version of lockgate reads `version: 1` only".to_owned(),
                "write `version: 1`".to_owned(),
            ),
            (_, Some(most)) => (
                format!("{} cannot be {number}", self.quoted()),
                format!("{least} to {most} are possible"),
            ),
            (_, None) => (
                format!("{} cannot be {number}", self.quoted()),
                format!("write {least} or more"),
            ),
        };
        reader.report(reader.error(codes::WRONG_VALUE, node.span, message).help(help));
        None
    }

    /// Returns the time, when it is there and as long as the key needs it.
    pub(super) fn duration(&self, fields: &mut Fields<'_>, reader: &mut Reader) -> Option<Duration> {
        let node = self.take(fields)?;
        let text = reader.text(node, &self.quoted())?;
        let (message, help) = match parse_duration(&text) {
            Ok(time) if time.is_zero() && matches!(self.shape, Shape::SomeTime) => (
                format!("{} cannot be 0: nothing is done in no time", self.quoted()),
                "write some time, such as `5s`, or leave it out for the default".to_owned(),
            ),
            Ok(time) => return Some(time),
            Err(error) => (format!("{}: {error}", self.quoted()), self.with_unit(&text)),
        };
        reader.report(reader.error(codes::WRONG_VALUE, node.span, message).help(help));
        None
    }

    /// Returns what to write in place of a time that is none.
    fn with_unit(&self, text: &str) -> String {
        let name = self.name;
        match text.trim() {
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("say the unit: `{name}: {number}s` for seconds, `{name}: {number}m` for minutes")
            }
            _ => match self.fallback {
                Fallback::Value(value) => format!("write it without spaces and fractions, such as `{name}: {value}`"),
                _ => format!("write it without spaces and fractions, such as `{name}: 30s`"),
            },
        }
    }

    /// Returns the share that a value is.
    pub(super) fn share(&self, node: &Node, reader: &mut Reader) -> Option<Percent> {
        let text = reader.text(node, &self.quoted())?;
        let error = match Percent::parse(&text) {
            Ok(share) => return Some(share),
            Err(error) => error,
        };
        let help = match text.trim().parse::<f64>() {
            Ok(number) if number > 0.0 && number < 1.0 => {
                format!(
                    "a share is written in percent: `{}: {}%`",
                    self.name,
                    (number * 10_000.0).round() / 100.0
                )
            }
            Ok(number) if (0.0..=100.0).contains(&number) => {
                format!("add the percent sign: `{}: {number}%`", self.name)
            }
            _ => format!("write it like `{}: 5%`", self.name),
        };
        let diagnostic = reader.error(codes::WRONG_VALUE, node.span, error.to_string());
        reader.report(diagnostic.help(help));
        None
    }
}

impl Section {
    /// Returns the fields of a mapping with these keys.
    pub(super) fn fields<'n>(&self, node: &'n Node, reader: &mut Reader) -> Option<Fields<'n>> {
        reader.fields(node, self.what)
    }
}
