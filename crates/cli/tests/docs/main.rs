//! What the documentation shows is true: its examples are checked, its commands run, its lists compared with the code.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each test binary uses its part of the stage")]
#[path = "../support/scene.rs"]
mod scene;

mod checked;
mod commands;
mod configuration;
mod error_pages;
mod guides;
mod page;
mod workflows;
