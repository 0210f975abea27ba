//! The event log and its projections
