//! Forms of texts: a predicate for the reader, and the same as a regular expression for editors.

use super::super::layer::address;

/// Texts of a kind.
pub(in crate::config) struct Form {
    /// Whether a text is one; the reader's truth.
    fits: fn(&str) -> bool,
    /// The same as a regular expression of ECMA-262; none when every text is one.
    pub(in crate::config) pattern: Option<&'static str>,
    /// What is wrong with a text that is none, in which `{}` stands for the text.
    mistake: &'static str,
    /// What to write instead.
    pub(in crate::config) help: &'static str,
    /// Texts that are of the form, and texts that are not, by which reader and pattern are compared.
    #[cfg(test)]
    pub(in crate::config) samples: (&'static [&'static str], &'static [&'static str]),
}

impl Form {
    /// Returns whether a text is one.
    pub(in crate::config) fn fits(&self, text: &str) -> bool {
        (self.fits)(text)
    }

    /// Returns what is wrong with a text that is none.
    pub(in crate::config) fn mistake(&self, text: &str) -> String {
        self.mistake.replace("{}", text)
    }
}

/// Every text.
pub(in crate::config) static ANY_TEXT: Form = Form {
    fits: |_| true,
    pattern: None,
    mistake: "",
    help: "",
    #[cfg(test)]
    samples: (&["a", "$PORT --x"], &[]),
};

/// Names of projects, which are also names of folders.
pub(in crate::config) static PROJECT: Form = Form {
    fits: |text| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        text.starts_with(is_plain) && text.chars().all(|c| is_plain(c) || matches!(c, '.' | '-'))
    },
    pattern: Some("^[A-Za-z0-9_][A-Za-z0-9_.-]*$"),
    mistake: "`{}` cannot name a project",
    help: "begin with a letter, a digit or `_`, and go on with those, `.` and `-`",
    #[cfg(test)]
    samples: (
        &["shop", "doc-server_1.x", "_a", "1"],
        &["../shop", "other shop", "-a", ".a", "ü", "a\n"],
    ),
};

/// Names of environments.
pub(in crate::config) static ENVIRONMENT: Form = Form {
    fits: |text| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    },
    pattern: Some("^[A-Za-z0-9_-]+$"),
    mistake: "`{}` cannot name an environment",
    help: "use letters, digits, `-` and `_`",
    #[cfg(test)]
    samples: (&["staging", "eu-west_1", "-"], &["", "a.b", "a b", "ü"]),
};

/// Names of artifacts, which are also names of folders.
pub(in crate::config) static ARTIFACT: Form = Form {
    fits: |text| {
        let is_foreign = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '"' | '<' | '>' | '|' | '*' | '?');
        !text.is_empty() && !text.starts_with('.') && !text.contains(is_foreign)
    },
    pattern: Some(r#"^[^./\\:"<>|*?\u0000-\u001f\u007f-\u009f][^/\\:"<>|*?\u0000-\u001f\u007f-\u009f]*$"#),
    mistake: "`{}` cannot name an artifact",
    help: "write the `name` under which the workflow uploads it, not a path",
    #[cfg(test)]
    samples: (
        &["shop", "a b", "ü.tar", "a."],
        &["../x", ".hidden", "a/b", "a\\b", "a:b", "a*", "a\u{7f}", "a\nb"],
    ),
};

/// Folders inside an artifact.
pub(in crate::config) static INSIDE: Form = Form {
    fits: |text| !text.starts_with('/') && !text.split('/').any(|part| part == ".."),
    pattern: Some(r"^(?!/)(?!([^/]*/)*\.\.(/|$))"),
    mistake: "`directory` must lie inside the artifact",
    help: "write it relative to the artifact's root, without `..`",
    #[cfg(test)]
    samples: (
        &["app", "app/..a", "./a", "a/b/"],
        &["/app", "..", "../a", "a/../b", "a/.."],
    ),
};

/// Names of the variables of an instance.
pub(in crate::config) static VARIABLE: Form = Form {
    fits: |text| {
        let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
        text.starts_with(begins) && text.chars().all(|c| begins(c) || c.is_ascii_digit())
    },
    pattern: Some("^[A-Za-z_][A-Za-z0-9_]*$"),
    mistake: "`{}` cannot name a variable",
    help: "begin with a letter or `_`, and go on with those and digits",
    #[cfg(test)]
    samples: (&["LOG", "_a1"], &["", "1A", "B=C", "a-b"]),
};

/// Names of the variables that Lockgate leaves to the file.
pub(in crate::config) static FREE_VARIABLE: Form = Form {
    fits: |text| VARIABLE.fits(text) && text != "PORT" && !text.starts_with("LOCKGATE_"),
    pattern: Some("^(?!PORT$|LOCKGATE_)[A-Za-z_][A-Za-z0-9_]*$"),
    mistake: "`{}` is set by Lockgate itself",
    help: "leave it out; the instance gets the port to listen at in `PORT`",
    #[cfg(test)]
    samples: (
        &["LOG", "PORTS", "port", "LOCKGATE"],
        &["PORT", "LOCKGATE_VERSION", "B=C", ""],
    ),
};

/// Paths of requests.
pub(in crate::config) static PATH: Form = Form {
    fits: |text| text.starts_with('/'),
    pattern: Some("^/"),
    mistake: "`{}` is no path",
    help: "a path begins with `/`; the instance is filled in",
    #[cfg(test)]
    samples: (&["/", "/a?b=c"], &["a", "http://a/", ""]),
};

/// What a probe asks.
pub(in crate::config) static PROBE_TEXT: Form = Form {
    fits: |text| text == "tcp" || text.starts_with('/'),
    pattern: Some("^(tcp$|/)"),
    mistake: "`{}` is no health check",
    help: "write a path such as `/health`, or `tcp`",
    #[cfg(test)]
    samples: (&["tcp", "/health"], &["health", "tcp2", "TCP", ""]),
};

/// The strategies of this version.
pub(in crate::config) static STRATEGY_NAME: Form = Form {
    fits: |text| text == "blue-green",
    pattern: Some("^blue-green$"),
    mistake: "the strategy `{}` is not supported by this version of lockgate",
    help: "write `strategy: blue-green`, or leave it out",
    #[cfg(test)]
    samples: (&["blue-green"], &["canary", "blue-greens", ""]),
};

/// Places in a JSON document.
pub(in crate::config) static JSON_PLACE: Form = Form {
    fits: |text| lockgate_delivery::smoke::JsonPath::parse(text).is_ok(),
    pattern: Some(r#"^\$(\.[\p{L}\p{N}_-]+|\[\+?[0-9]+\]|\["[^"]*"\]|\['[^']*'\])*$"#),
    mistake: "`{}` is no place in a JSON document",
    help: "write `$` and then steps such as `.key`, `[0]` or `[\"key\"]`",
    #[cfg(test)]
    samples: (
        &["$", "$.a.b", "$.items[0].id", "$[\"a b\"]", "$['x'].ü-1"],
        &["", "a", "$a", "$.", "$[a]", "$[-1]", "$.a b", "$[\"a]"],
    ),
};

/// Addresses to listen at, as texts.
pub(in crate::config) static ADDRESS: Form = Form {
    fits: |text| address(text).is_some_and(|address| address.port() != 0),
    pattern: Some(r"^(([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+(%[0-9]+)?\]):)?0*[1-9][0-9]{0,4}$"),
    mistake: "`{}` is not an address to listen at",
    help: "write it as `127.0.0.1:8080`, or as a port of the loopback",
    #[cfg(test)]
    samples: (
        &["8080", "127.0.0.1:8080", "[::1]:80", "0.0.0.0:1"],
        &["nowhere", "localhost:80", "0", "127.0.0.1", "127.0.0.1:0", ":80"],
    ),
};
