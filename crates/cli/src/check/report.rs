//! What a round found, written as it was asked for.

use super::round::Round;
use crate::arguments::Format;
use crate::render::{diagnostics, out};

/// Writes everything to stdout.
pub(super) fn write(round: &Round, format: Format) {
    match format {
        Format::Human => human(round),
        Format::Json => out::json(&diagnostics::to_json(&round.diagnostics)),
    }
}

fn human(round: &Round) {
    for diagnostic in &round.diagnostics {
        out::result(format_args!("{}\n", diagnostics::draw(diagnostic, out::is_colourful())));
    }
    let plural = if round.files == 1 { "" } else { "s" };
    let summary = diagnostics::summary(&round.diagnostics);
    out::result(format_args!("{} file{plural}: {summary}", round.files));
}
