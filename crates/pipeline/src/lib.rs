//! The plan, expressions, and the run machine
