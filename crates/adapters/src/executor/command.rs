//! Workflow commands: what a step tells the runner through its output.
//!
//! Lines of the form `::name key=value::data`, and the older `##[name key=value]data`,
//! are read as GitHub's runner reads them (`ActionCommand.cs`). A line whose name is no
//! command is ordinary text.

use std::collections::BTreeMap;

/// Every command that GitHub's runner knows, in lower case.
pub const NAMES: [&str; 15] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

/// One command as written in a line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The name, in lower case.
    pub name: String,
    /// The properties, their names in lower case.
    pub properties: BTreeMap<String, String>,
    /// What stands behind the command.
    pub data: String,
}

impl Command {
    /// Returns the command in `line`, when there is one.
    ///
    /// `resume` is the token that ends a `stop-commands`: a command without a fixed name.
    pub fn parse(line: &str, resume: Option<&str>) -> Option<Self> {
        double_colon(line, resume).or_else(|| bracket(line, resume))
    }

    /// Returns a property that is there and not empty.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

fn double_colon(line: &str, resume: Option<&str>) -> Option<Command> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some(Command {
        name: known(name, resume)?,
        properties: read_properties(properties.trim(), ',', unescape_property),
        data: unescape_data(data),
    })
}

fn bracket(line: &str, resume: Option<&str>) -> Option<Command> {
    let (_, rest) = line.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some(Command {
        name: known(name, resume)?,
        properties: read_properties(properties, ';', unescape_bracket),
        data: unescape_bracket(data),
    })
}

fn known(name: &str, resume: Option<&str>) -> Option<String> {
    let name = name.to_lowercase();
    let is_known = NAMES.contains(&name.as_str()) || resume.is_some_and(|token| token.to_lowercase() == name);
    is_known.then_some(name)
}

fn read_properties(text: &str, separator: char, unescape: fn(&str) -> String) -> BTreeMap<String, String> {
    text.split(separator)
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .map(|(name, value)| (name.to_lowercase(), unescape(value)))
        .collect()
}

fn unescape_data(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

fn unescape_property(text: &str) -> String {
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%3A", ":")
        .replace("%2C", ",")
        .replace("%25", "%")
}

fn unescape_bracket(text: &str) -> String {
    text.replace("%3B", ";")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%5D", "]")
        .replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Expected<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

    #[track_caller]
    fn check(line: &str, expected: Option<Expected<'_>>) {
        let expected = expected.map(|(name, properties, data)| Command {
            name: name.into(),
            properties: properties
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            data: data.into(),
        });
        assert_eq!(Command::parse(line, Some("EndToken")), expected, "{line}");
    }

    #[test]
    fn commands_are_read_as_the_runner_reads_them() {
        check("::notice::hello", Some(("notice", &[], "hello")));
        check("  ::WARNING::hello", Some(("warning", &[], "hello")));
        check(
            "::error file=a.rs,line=3,title=A%2C B%3A::bad%0Aworse%2525",
            Some((
                "error",
                &[("file", "a.rs"), ("line", "3"), ("title", "A, B:")],
                "bad\nworse%25",
            )),
        );
        check(
            "::set-output name=x::a=b::c",
            Some(("set-output", &[("name", "x")], "a=b::c")),
        );
        check("##[group]Build", Some(("group", &[], "Build")));
        check(
            "text ##[set-output name=x;]v%3B%5D",
            Some(("set-output", &[("name", "x")], "v;]")),
        );
        check("::EndToken::", Some(("endtoken", &[], "")));
        check("::error file=,line=1::x", Some(("error", &[("line", "1")], "x")));
    }

    #[test]
    fn other_lines_are_text() {
        for line in [
            "",
            "hello",
            "::",
            "::nothing::x",
            "x ::notice::y",
            "::notice",
            "##[unknown]x",
        ] {
            check(line, None);
        }
    }
}
