//! The patterns of `branches`, `tags` and `paths`.
//!
//! GitHub's own: `*` within one part of a path, `**` across parts, `?` and `+` for the character before, `[a-z]`, `\` for
//! the next character itself. Matched by keeping the set of reached positions, so that no pattern takes long.

/// A pattern without its `!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    parts: Vec<Part>,
}

/// A pattern that means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WrongGlob {
    #[error("the pattern is empty")]
    Empty,
    #[error("`?` and `+` repeat the character before them, and none is there")]
    NothingToRepeat,
    #[error("`[` is not closed by a `]`")]
    OpenClass,
    #[error("there is nothing between `[` and `]`")]
    EmptyClass,
    #[error("a range in `[ ]` goes backwards")]
    BackwardRange,
    #[error("a `\\` at the end stands before nothing")]
    OpenEscape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    One(Element, Times),
    /// `*`: anything without a slash.
    Name,
    /// `**`
    Anything,
    /// `**/` at the start of a name: any number of directories.
    Directories,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Character(char),
    Class(Vec<(char, char)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    AtMostOnce,
    AtLeastOnce,
}

impl Glob {
    /// Returns the pattern that `text` is.
    pub(super) fn parse(text: &str) -> Result<Self, WrongGlob> {
        let characters: Vec<char> = text.chars().collect();
        if characters.is_empty() {
            return Err(WrongGlob::Empty);
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut at = 0;
        while let Some(character) = characters.get(at) {
            at += 1;
            match character {
                '*' if characters.get(at) == Some(&'*') => {
                    let starts_part = at == 1 || characters[at - 2] == '/';
                    at += 1;
                    if starts_part && characters.get(at) == Some(&'/') {
                        at += 1;
                        parts.push(Part::Directories);
                    } else {
                        parts.push(Part::Anything);
                    }
                }
                '*' => parts.push(Part::Name),
                '?' => repeat(&mut parts, Times::AtMostOnce)?,
                '+' => repeat(&mut parts, Times::AtLeastOnce)?,
                '[' => {
                    let length = characters[at..]
                        .iter()
                        .position(|c| *c == ']')
                        .ok_or(WrongGlob::OpenClass)?;
                    parts.push(Part::One(class(&characters[at..at + length])?, Times::Once));
                    at += length + 1;
                }
                '\\' => {
                    let escaped = characters.get(at).ok_or(WrongGlob::OpenEscape)?;
                    at += 1;
                    parts.push(Part::One(Element::Character(*escaped), Times::Once));
                }
                other => parts.push(Part::One(Element::Character(*other), Times::Once)),
            }
        }
        Ok(Self { parts })
    }

    /// Returns whether all of `text` matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        // Whether the parts so far match the first n characters.
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        for part in &self.parts {
            reached = part.advance(&reached, &text);
        }
        reached[text.len()]
    }
}

impl Part {
    fn advance(&self, from: &[bool], text: &[char]) -> Vec<bool> {
        let mut to = vec![false; from.len()];
        for at in 0..from.len() {
            let stays = match self {
                Self::Name | Self::Anything | Self::One(_, Times::AtMostOnce) => from[at],
                // Directories end behind a slash, or there is none of them.
                Self::Directories => from[at] || (at > 0 && text[at - 1] == '/' && from[..at].contains(&true)),
                Self::One(..) => false,
            };
            let moves = at > 0
                && match self {
                    Self::One(element, Times::AtLeastOnce) => {
                        (from[at - 1] || to[at - 1]) && element.matches(text[at - 1])
                    }
                    Self::One(element, _) => from[at - 1] && element.matches(text[at - 1]),
                    Self::Name => to[at - 1] && text[at - 1] != '/',
                    Self::Anything => to[at - 1],
                    Self::Directories => false,
                };
            to[at] = stays || moves;
        }
        to
    }
}

impl Element {
    fn matches(&self, character: char) -> bool {
        match self {
            Self::Character(own) => *own == character,
            Self::Class(ranges) => ranges.iter().any(|(first, last)| (*first..=*last).contains(&character)),
        }
    }
}

fn repeat(parts: &mut [Part], times: Times) -> Result<(), WrongGlob> {
    match parts.last_mut() {
        Some(Part::One(_, own @ Times::Once)) => {
            *own = times;
            Ok(())
        }
        _ => Err(WrongGlob::NothingToRepeat),
    }
}

fn class(characters: &[char]) -> Result<Element, WrongGlob> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let first = characters[at];
        if characters.get(at + 1) == Some(&'-') && at + 2 < characters.len() {
            let last = characters[at + 2];
            if last < first {
                return Err(WrongGlob::BackwardRange);
            }
            ranges.push((first, last));
            at += 3;
        } else {
            ranges.push((first, first));
            at += 1;
        }
    }
    if ranges.is_empty() {
        return Err(WrongGlob::EmptyClass);
    }
    Ok(Element::Class(ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of GitHub's "filter pattern cheat sheet", and edges.
    #[test]
    fn patterns_match_as_documented() {
        for (pattern, matching, other) in [
            (
                "feature/*",
                &["feature/my-branch", "feature/x"][..],
                &["feature/beta-a/my-branch", "feature"][..],
            ),
            ("feature/**", &["feature/beta-a/my-branch", "feature/x"], &["feature"]),
            ("main", &["main"], &["mains", "Main", ""]),
            ("*", &["main", "releases"], &["all/the/branches"]),
            ("**", &["all/the/branches", "every/tag", ""], &[]),
            (
                "*feature",
                &["mona-feature", "feature", "ver-10-feature"],
                &["a/feature"],
            ),
            ("v2*", &["v2", "v2.0", "v2.9"], &["v1"]),
            (
                "v[12].[0-9]+.[0-9]+",
                &["v1.10.1", "v2.0.0"],
                &["v3.0.0", "v1.a.0", "v1.0."],
            ),
            ("*.jsx?", &["page.js", "page.jsx"], &["page.jsxx", "a/page.js"]),
            ("**.js", &["index.js", "js/index.js", "src/js/app.js"], &["a.jsx"]),
            ("docs/*", &["docs/README.md", "docs/file.txt"], &["docs/a/b.md"]),
            (
                "docs/**",
                &["docs/README.md", "docs/mona/octocat.txt"],
                &["doc/x", "docs"],
            ),
            (
                "docs/**/*.md",
                &["docs/README.md", "docs/mona/hello.md", "docs/a/b/c.md"],
                &["docs/x.txt"],
            ),
            (
                "**/docs/**",
                &["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"],
                &["mydocs/a"],
            ),
            (
                "**/README.md",
                &["README.md", "js/README.md"],
                &["XREADME.md", "js/XREADME.md"],
            ),
            ("**/*src/**", &["a/src/app.js", "my-src/code/js/app.js"], &["src-x/a"]),
            ("**/*-post.md", &["my-post.md", "path/their-post.md"], &["post.md"]),
            (
                "**/migrate-*.sql",
                &["migrate-10909.sql", "db/sept/migrate-v1.sql"],
                &["xmigrate-1.sql"],
            ),
            ("*", &["README.md", ".env", "*"], &["docs/README.md"]),
            ("*.js", &["app.js", ".js"], &["src/app.js", "app.JS"]),
            (
                ".github/**",
                &[".github/workflows/ci.yml"],
                &["github/x", "a/.github/x"],
            ),
            ("**.yml", &[".github/workflows/ci.yml", ".a.yml"], &["a.yaml"]),
            ("a/**/z", &["a/z", "a/b/z", "a/.b/c/z"], &["az", "a/bz", "ba/z"]),
            ("a**z", &["az", "a/z", "abz", "a/b/cz"], &["a/b/c"]),
            ("a/**z", &["a/z", "a/bz", "a/b/cz"], &["az"]),
            ("**/**/a", &["a", "b/a", "c/b/a"], &["ba"]),
            (
                "releases/**-alpha",
                &["releases/10-alpha", "releases/beta/3-alpha"],
                &["releases/10"],
            ),
            ("Octo*", &["Octocat", "Octo"], &["octocat", "Octo/cat"]),
            ("[CB]at", &["Cat", "Bat"], &["cat", "at", "CBat"]),
            ("[1-2]00", &["100", "200"], &["300", "00", "-00"]),
            ("[0-9a-z]+", &["a1", "9"], &["", "A"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("ab+c", &["abc", "abbbc"], &["ac", "ab+c"]),
            ("a\\*b", &["a*b"], &["axb"]),
            ("c\\+\\+", &["c++"], &["cc", "c+"]),
            ("\\[wip\\]", &["[wip]"], &["w"]),
            ("\\!main", &["!main"], &["main"]),
            ("what\\?", &["what?"], &["wha", "what"]),
            ("a.b", &["a.b"], &["axb"]),
            ("a|b", &["a|b"], &["a", "b"]),
            ("(a)", &["(a)"], &["a"]),
            ("^a$", &["^a$"], &["a"]),
            ("a b", &["a b"], &["a  b"]),
            ("é?x", &["x", "éx"], &["ééx"]),
        ] {
            let glob = Glob::parse(pattern).unwrap();
            for text in matching {
                assert!(glob.matches(text), "{pattern} {text}");
            }
            for text in other {
                assert!(!glob.matches(text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (pattern, wrong) in [
            ("", WrongGlob::Empty),
            ("?a", WrongGlob::NothingToRepeat),
            ("*+", WrongGlob::NothingToRepeat),
            ("[ab", WrongGlob::OpenClass),
            ("[]", WrongGlob::EmptyClass),
            ("[z-a]", WrongGlob::BackwardRange),
            ("a\\", WrongGlob::OpenEscape),
        ] {
            assert_eq!(Glob::parse(pattern), Err(wrong), "{pattern}");
        }
    }
}
