//! The environment machine as its users see it: golden stories, and what freezes it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its scenarios, and fails loudly"
)]

mod frozen;
mod stage;
mod stories;
