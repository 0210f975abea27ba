//! How many mistakes of one file are told: more than anybody reads would only take time to draw.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::{Diagnostic, Severity, Span};

use crate::codes;

/// The most mistakes that one file is told.
pub const MOST: usize = 500;

/// Returns as many mistakes of each file as are told, errors before warnings, in the order given; where some are left
/// out, a warning says so.
pub fn limited(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if found.len() <= MOST {
        return found;
    }
    let mut rooms: BTreeMap<Arc<str>, Room> = BTreeMap::new();
    for diagnostic in &found {
        let room = rooms.entry(Arc::clone(&diagnostic.file.path)).or_default();
        match diagnostic.severity {
            _ if is_remark(diagnostic) => room.is_remarked = true,
            Severity::Error => room.errors += 1,
            Severity::Warning => room.warnings += 1,
        }
    }
    for room in rooms.values_mut() {
        room.is_short = room.errors + room.warnings > MOST;
        room.errors = room.errors.min(MOST);
        room.warnings = room.warnings.min(MOST - room.errors);
    }
    let mut kept = Vec::new();
    for diagnostic in found {
        let Some(room) = rooms.get_mut(&diagnostic.file.path) else {
            continue;
        };
        let left = match diagnostic.severity {
            _ if is_remark(&diagnostic) => &mut 1,
            Severity::Error => &mut room.errors,
            Severity::Warning => &mut room.warnings,
        };
        if *left == 0 {
            continue;
        }
        *left -= 1;
        if room.is_short && !room.is_remarked {
            room.is_remarked = true;
            kept.push(remark(&diagnostic));
        }
        kept.push(diagnostic);
    }
    kept
}

/// What of one file is told.
#[derive(Default)]
struct Room {
    errors: usize,
    warnings: usize,
    is_short: bool,
    is_remarked: bool,
}

/// Returns the warning that `of`'s file has more mistakes than are told.
pub(crate) fn remark(of: &Diagnostic) -> Diagnostic {
    let message = format!("the file has more mistakes; these are {MOST} of them");
    Diagnostic::warning(codes::YAML_BUDGET, &of.file, Span::new(0, 0), message)
}

fn is_remark(diagnostic: &Diagnostic) -> bool {
    diagnostic.code == codes::YAML_BUDGET && diagnostic.severity == Severity::Warning
}

#[cfg(test)]
mod tests {
    use lockgate_core::SourceFile;

    use super::*;

    fn found(name: &str, errors: usize, warnings: usize) -> Vec<Diagnostic> {
        let file = SourceFile::new(name, "text");
        let span = Span::new(0, 1);
        let warnings = (0..warnings).map(|n| Diagnostic::warning("LG0201", &file, span, format!("warning {n}")));
        let errors = (0..errors).map(|n| Diagnostic::error("LG0111", &file, span, format!("error {n}")));
        warnings.chain(errors).collect()
    }

    fn count(kept: &[Diagnostic], name: &str, severity: Severity) -> usize {
        let is_of = |found: &&Diagnostic| &*found.file.path == name && found.severity == severity;
        kept.iter().filter(is_of).count()
    }

    #[test]
    fn few_are_told_whole() {
        let all = found("a", 20, 480);
        assert_eq!(limited(all.clone()), all);
        let of_two = [found("a", 20, 400), found("b", 100, 300)].concat();
        assert_eq!(limited(of_two.clone()), of_two);
    }

    #[test]
    fn errors_come_before_warnings_and_the_rest_is_said() {
        let kept = limited([found("a", 20, 900), found("b", 700, 3)].concat());
        assert_eq!(count(&kept, "a", Severity::Error), 20);
        assert_eq!(count(&kept, "a", Severity::Warning), 480 + 1);
        assert_eq!(count(&kept, "b", Severity::Error), 500);
        assert_eq!(count(&kept, "b", Severity::Warning), 1);
        assert_eq!(limited(kept.clone()), kept, "once is enough");
    }
}
