//! The real binary, from the outside: what it prints, how it ends, and what runs afterwards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each test binary uses its part of the stage")]
#[path = "../support/scene.rs"]
mod scene;

mod aftermath;
mod checking;
mod deploying;
mod eval;
mod events;
mod faults;
mod full_disk;
mod planned;
mod locking;
mod plans;
mod projects;
mod refusals;
mod running;
mod shipping;
mod strict;
