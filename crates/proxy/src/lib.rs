//! The data plane: routing snapshot, split, drain, measurements
