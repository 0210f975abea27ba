//! Stories of runs, told as golden transcripts.

mod actions;
mod harness;
mod jobs;
mod results;
mod steps;
mod stopping;
mod write;
