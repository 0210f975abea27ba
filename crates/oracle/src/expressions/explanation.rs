//! Why the library may differ from the runner, and Lockgate follows the runner.
//!
//! Each has a correction of the same name in `npm/runner.mjs`. A difference is explained when the corrected library
//! agrees with Lockgate: a name alone explains nothing.

/// A known difference.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// Its name, and that of the correction.
    pub name: &'static str,
    /// What the library does otherwise, and what the runner does.
    pub reason: &'static str,
}

/// When only all corrections together make a difference disappear.
pub const SEVERAL: &str = "several";

/// All known differences.
pub const EXPLANATIONS: [Explanation; 13] = [
    Explanation {
        name: "doubled-quotes",
        reason: "the library turns only the first `''` of a text into a quote; GitHub's documentation names no such limit, and \
                 the runner turns all",
    },
    Explanation {
        name: "white-space",
        reason: "between words the library takes only space, tab and line ends; the runner all white space of .NET",
    },
    Explanation {
        name: "depth",
        reason: "the library counts parentheses and not comparisons; the runner limits the depth of the tree to 50, in which \
                 parentheses make no level, `a == b == c` makes two, and `a && (b && c)` one",
    },
    Explanation {
        name: "trailing-comma",
        reason: "the library takes a comma behind the last argument; the runner refuses it",
    },
    Explanation {
        name: "number-text",
        reason: "the library writes a number with up to 17 digits and JavaScript's exponents, and NaN as null in JSON; the \
                 runner with 15 digits in .NET's format G15, everywhere",
    },
    Explanation {
        name: "numbers",
        reason: "the library reads 0x and 0o of any size, 0b, and upper case prefixes; the runner lower case 0x and 0o within 32 \
                 bits with a sign, so that 0xffffffff is -1; the white space around a text differs as between words",
    },
    Explanation {
        name: "case",
        reason: "the library compares whole upper cases, in which `ß` is `SS`, and `contains` and names by lower case; the runner \
                 character by character (.NET's OrdinalIgnoreCase)",
    },
    Explanation {
        name: "eager-arguments",
        reason: "the library evaluates all arguments first; the runner what it needs, so that a mistake in a value of `case` that \
                 is not chosen, or an index of what has no fields, is none",
    },
    Explanation {
        name: "names",
        reason: "the library keeps fields in JavaScript objects: `constructor` is always there and cannot be set, names that are \
                 numbers come first, and of `a` and `A` the first one wins; the runner keeps order, and the last one wins",
    },
    Explanation {
        name: "format-places",
        reason: "the library ignores what follows the number in `{0:x}` and has no largest place; the runner refuses formats of \
                 what is no date, and places above 255",
    },
    Explanation {
        name: "json-depth",
        reason: "the library reads JSON of any depth; the runner's reader at most 64",
    },
    Explanation {
        name: "surrogates",
        reason: "the library keeps half of a surrogate pair, which no file can hold; Lockgate puts U+FFFD in its place, as the \
                 runner does where it writes one",
    },
    Explanation {
        name: "line-separators",
        reason: "the library's `toJSON` writes U+0085, U+2028 and U+2029 as they are; the runner escapes them",
    },
];
