//! Expressions: `${{ }}` read, evaluated, and kept as their source text.
