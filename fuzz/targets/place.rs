//! What holds of every diagnostic: a message, and places that lie in its file.

use lockgate_core::Diagnostic;

pub fn check(diagnostics: &[Diagnostic]) {
    for found in diagnostics {
        assert!(!found.message.is_empty());
        for span in found.places() {
            assert!(span.start <= span.end, "{found:?}");
            assert!(
                found.file.text.get(span.start..span.end).is_some(),
                "{span:?} of {found:?}"
            );
        }
    }
}
