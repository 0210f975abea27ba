//! Turns findings and measurements into verdicts
