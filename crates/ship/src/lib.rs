//! The ship machine: run, gates, release, rollout
