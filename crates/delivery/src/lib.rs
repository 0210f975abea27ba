//! Release, revision, environment, and the environment machine
