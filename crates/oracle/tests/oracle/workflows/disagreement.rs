//! Where our verdict on a file is not that of `@actions/workflow-parser`, and why.
//!
//! The reasons are GitHub's documentation of workflow syntax, metadata syntax and contexts, and its runner.

use super::{Kind, Mistake, Pair};

/// A kind of mistake that only one of the two refuses.
pub(super) struct Disagreement {
    /// What it is about.
    pub(super) name: &'static str,
    /// What GitHub documents or does.
    pub(super) reason: &'static str,
    side: Side,
    is_it: fn(&Pair<'_>, &Mistake) -> bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// We refuse, they accept.
    Ours,
    /// They refuse, we accept.
    Theirs,
}

impl Disagreement {
    /// Returns whether `mistake`, which only one side names, is of this kind.
    pub(super) fn explains(&self, pair: &Pair<'_>, mistake: &Mistake) -> bool {
        let side = if pair.ours.is_empty() { Side::Theirs } else { Side::Ours };
        side == self.side && (self.is_it)(pair, mistake)
    }
}

const fn ours(name: &'static str, reason: &'static str, is_it: fn(&Pair<'_>, &Mistake) -> bool) -> Disagreement {
    Disagreement {
        name,
        reason,
        side: Side::Ours,
        is_it,
    }
}

const fn theirs(name: &'static str, reason: &'static str, is_it: fn(&Pair<'_>, &Mistake) -> bool) -> Disagreement {
    Disagreement {
        name,
        reason,
        side: Side::Theirs,
        is_it,
    }
}

/// Every known disagreement.
pub(super) const DISAGREEMENTS: &[Disagreement] = &[
    ours(
        "`uses` of a step",
        "documented are `owner/repository[/path]@ref`, `./path` and `docker://image`; the parser takes any text",
        |_, found| found.code == "LG0147" && found.message.ends_with("names no action"),
    ),
    ours(
        "an action outside of the repository",
        "a `./path` is documented as one in the repository of the workflow",
        |_, found| found.code == "LG0147" && found.message.ends_with("lies outside of the repository"),
    ),
    ours(
        "`uses` of a job",
        "documented are `./.github/workflows/FILE` and `owner/repository/.github/workflows/FILE@ref`; the parser takes any \
         text",
        |_, found| found.code == "LG0147" && found.message.ends_with("names no workflow"),
    ),
    ours(
        "a job without steps",
        "a job is documented as a set of steps, and GitHub starts none that has neither `steps` nor `uses`",
        |_, found| found.code == "LG0145",
    ),
    ours(
        "inputs of an action",
        "the action documents them as required and fails without; the parser does not know actions",
        |_, found| found.code == "LG0175",
    ),
    ours(
        "`runs-on` that names nothing",
        "documented are a label, labels, or a group: no runner has none of them",
        |_, found| {
            let words = [
                "`runs-on` names no label",
                "`runs-on` must be a label",
                "a label of `runs-on` must be",
            ];
            found.code == "LG0113" && words.iter().any(|words| found.message.starts_with(words))
        },
    ),
    ours(
        "text around an expression",
        "the result is a text, which is documented at no place that takes a mapping, a list, a boolean or a number: the \
         parser does not look at the type of an expression",
        |_, found| found.code == "LG0113" && found.message.contains("${{"),
    ),
    ours(
        "the length of a script",
        "documented are 21,000 characters at most",
        |_, found| found.code == "LG0114" && found.message.contains("GitHub takes 21000 at most"),
    ),
    ours(
        "no event",
        "GitHub starts no workflow whose `on` names no event, and says so",
        |_, found| found.code == "LG0112" && found.message.starts_with("`on` needs"),
    ),
    ours(
        "a container without an image",
        "`image` is documented as the image to use as the container; the parser does not look at a container that has an \
         expression",
        |_, found| found.code == "LG0112" && found.message.ends_with("needs the key `image`"),
    ),
    ours(
        "`if` of a snapshot",
        "documented as a condition; the parser does not read it",
        |pair, found| found.code == "LG0121" && pair.case.name.contains(".snapshot.if"),
    ),
    ours(
        "an expression as a key",
        "documented are expressions in values; a key has to be known before the run",
        |_, found| found.code == "LG0111" && found.message.contains("`${{"),
    ),
    ours(
        "how many jobs a matrix makes",
        "documented are 256 at most, and GitHub fails a job with an empty matrix",
        |_, found| found.code == "LG0148",
    ),
    ours(
        "`steps` in `env` of a container",
        "the documented contexts of `container.env` and `services.env` are without `steps`: no step has run before",
        |_, found| found.code == "LG0122" && found.message == "`steps` is not available in `env` of a container",
    ),
    ours(
        "the default of an input",
        "it is documented to be of the input's `type`, and of a choice one of its `options`; the parser compares texts \
         and booleans alone",
        |_, found| found.code == "LG0136" && found.message.starts_with("`default` cannot be"),
    ),
    ours(
        "numbers that are not above 0",
        "documented are positive minutes of a job, and a positive maximum of jobs at once; the parser takes any number",
        |_, found| found.code == "LG0113" && found.message.contains("number above 0"),
    ),
    ours(
        "`workflow_run` of no workflow",
        "the event is documented with `workflows`: without it no run ever starts this one",
        |_, found| found.code == "LG0112" && found.message.starts_with("`workflow_run` needs"),
    ),
    ours(
        "tags in YAML",
        "none is documented beside those of YAML itself; the parser passes over others, and with them over a mistake",
        |_, found| found.code == "LG0104",
    ),
    ours(
        "ids in a composite action",
        "documented as of a step, and the runner refuses others; the parser does not look at them in actions",
        |pair, found| pair.case.kind == Kind::Action && found.code == "LG0143",
    ),
    ours(
        "ids of steps that differ in case",
        "names in contexts are documented without regard to case, so that `steps.ID` would be two; the parser compares \
         exactly",
        |_, found| found.code == "LG0144",
    ),
    ours(
        "names of inputs",
        "documented are letters, digits, `-` and `_`, with a letter or `_` first; the parser takes any text",
        |_, found| found.code == "LG0143" && found.message.starts_with("the name of an input"),
    ),
    ours("the number of inputs", "documented are 25 at most", |_, found| {
        found.code == "LG0136" && found.message.contains("GitHub takes 25 at most")
    }),
    ours(
        "outputs of a composite action",
        "`value` is documented as required there",
        |_, found| found.code == "LG0112" && found.message.ends_with("of a composite action has no `value`"),
    ),
    ours(
        "time zones",
        "`timezone` is documented as an IANA time zone; the parser takes any text",
        |_, found| found.code == "LG0134" && found.message.ends_with("is no time zone"),
    ),
    theirs(
        "one expression for a mapping",
        "the documented contexts are those of the key itself, as for `env`, `with` and `services`, and GitHub evaluates it; \
         the parser asks for a mapping after it has allowed the expression",
        |pair, found| {
            let is_it = |found: &Mistake| {
                found.message.contains("'BasicExpressionToken' encountered")
                    && (found.message.contains("'MappingToken'") || found.message.contains("'service key'"))
            };
            // A job that is given up for it is missed by those that need it.
            let follows = found.message.contains("with no dependencies") || found.message.contains("on unknown job");
            is_it(found) || (follows && pair.theirs.iter().any(is_it))
        },
    ),
    theirs(
        "files of a merge group",
        "GitHub reads `paths` and `paths-ignore` of `merge_group` and does not look at them, which projects rely on; it is \
         a warning here",
        |pair, found| {
            let is_it = matches!(
                found.message.as_str(),
                "Unexpected value 'paths'" | "Unexpected value 'paths-ignore'"
            );
            is_it && pair.case.text.contains("merge_group")
        },
    ),
    theirs(
        "`cache-mode`",
        "documented of workflows and jobs with `read`, `write`, `write-only` and `none`; the parser does not know it yet",
        |_, found| found.message == "Unexpected value 'cache-mode'",
    ),
    theirs(
        "the type of a default",
        "GitHub makes of a default what `type` says, such as a text of `1.5`; the parser asks for the very type",
        |_, found| found.message.contains("encountered while reading 'input default'"),
    ),
    theirs(
        "what describes an action",
        "the runner reads an action without `name` and `description`, and passes over keys that it does not know; it is a \
         warning here",
        |pair, found| {
            let is_missing = ["name", "description"]
                .iter()
                .any(|key| found.message == format!("Required property is missing: {key}"));
            let is_value = ["Unexpected value '", "A sequence was not", "A mapping was not"]
                .iter()
                .any(|start| found.message.starts_with(start));
            pair.case.kind == Kind::Action && (is_missing || is_value)
        },
    ),
    theirs(
        "jobs that follow others but for case",
        "ids are compared without regard to case; the parser compares `needs` exactly",
        |pair, found| {
            let is_it = |found: &Mistake| found.message.contains("depends on unknown job");
            let follows = found.message.contains("creates a cycle");
            is_it(found) || (follows && pair.theirs.iter().any(is_it))
        },
    ),
];
