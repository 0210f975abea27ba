//! Which release this is.
//!
//! Kept apart from `Cargo.toml`, so that a release leaves `Cargo.lock` and the build caches as
//! they are.

/// The release's name, as in its tag.
pub const VERSION: &str = "v1";
