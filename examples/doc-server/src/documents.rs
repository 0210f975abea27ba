//! The documents, compiled in.

/// One short text about Rust.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is about.
    pub title: &'static str,
    /// The text.
    pub text: &'static str,
}

macro_rules! document {
    ($title:literal, $file:literal) => {
        Document {
            title: $title,
            text: include_str!(concat!("../documents/", $file, ".md")),
        }
    };
}

/// All documents.
pub static ALL: &[Document] = &[
    document!("Ownership", "ownership"),
    document!("Borrowing", "borrowing"),
    document!("Lifetimes", "lifetimes"),
    document!("Async functions", "async"),
    document!("Errors", "errors"),
    document!("Option", "option"),
    document!("Traits", "traits"),
    document!("Generics", "generics"),
    document!("Enums and match", "enums"),
    document!("Iterators", "iterators"),
    document!("Closures", "closures"),
    document!("Threads", "threads"),
    document!("Channels", "channels"),
    document!("Mutex", "mutex"),
    document!("Cargo", "cargo"),
    document!("Testing", "testing"),
    document!("Modules", "modules"),
    document!("Unsafe code", "unsafe"),
];
