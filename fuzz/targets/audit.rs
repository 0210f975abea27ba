//! Any bytes as a workflow file, or as an action, that is audited and mended.
//!
//! What is mended stays what it was: no file has more errors afterwards. Where all that is found is told, fewer is found
//! afterwards, and mending the file again does nothing.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;
use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_dialect::github::audit::{self, Strictness};
use lockgate_dialect::github::{self, action};
use lockgate_dialect::text;

/// As many findings of one text are told.
const MOST_TOLD: usize = 100;

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses what the rest is.
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let name = if kind % 2 == 0 { "fuzz.yml" } else { "action.yml" };
    let Ok(file) = text::decode(name, bytes.to_vec()) else {
        return;
    };
    let findings = audit::audit(&file, None);
    let told: Vec<Diagnostic> = findings.iter().map(|finding| finding.diagnostic.clone()).collect();
    place::check(&told);
    for used in audit::versions_used(&file) {
        assert!(file.text.get(used.span.start..used.span.end).is_some());
    }
    let fixed = audit::fix(&file, None, Strictness::Strict);
    if fixed.done.is_empty() {
        assert_eq!(fixed.text, *file.text);
        return;
    }
    let after = SourceFile::new(name, fixed.text.as_str());
    assert!(errors(&after) <= errors(&file), "{}", fixed.text);
    // More are mended than are told of one text, and more than these may need more rounds than one call has.
    if findings.len() < MOST_TOLD {
        assert!(audit::audit(&after, None).len() < findings.len(), "{}", fixed.text);
        let again = audit::fix(&after, None, Strictness::Strict);
        assert_eq!(again.done, Vec::<String>::new(), "{}", fixed.text);
        assert_eq!(again.text, fixed.text);
    }
});

fn errors(file: &SourceFile) -> usize {
    let found = if &*file.path == "action.yml" {
        action::lower(file).diagnostics
    } else {
        github::lower(file).diagnostics
    };
    found.iter().filter(|found| found.severity == Severity::Error).count()
}
