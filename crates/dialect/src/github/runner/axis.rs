//! What a value can be that is taken from the matrix of its job.
//!
//! Read from the file and not from the expanded matrix, so that every value keeps its place, and a matrix that only a
//! run knows still has the values that are written.

use crate::yaml::Node;

/// The values that the file gives to a place in the matrix.
pub(in super::super) struct Values<'n> {
    pub(in super::super) written: Vec<&'n Node>,
    /// Whether there are no others, such as those of an expression.
    pub(in super::super) are_all: bool,
}

/// Returns the values of a text that is `${{ matrix.… }}` and nothing else; `None` of any other text.
pub(in super::super) fn values<'n>(job: &'n Node, text: &str) -> Option<Values<'n>> {
    let path = path_of(text)?;
    let matrix = job.get("strategy").and_then(|strategy| get(strategy, "matrix"));
    let mut found = Values {
        written: Vec::new(),
        are_all: true,
    };
    let Some(matrix) = matrix.filter(|matrix| matrix.as_mapping().is_some()) else {
        found.are_all = false;
        return Some(found);
    };
    if let Some(axis) = get(matrix, path[0]) {
        found.add_all(axis, &path[1..]);
    }
    if let Some(include) = get(matrix, "include") {
        found.add_all(include, &path);
    }
    Some(found)
}

/// Returns what `runs-on` asks for by one value: the value, the items of a list, or what stands behind `labels`.
pub(in super::super) fn labels_of(value: &Node) -> &[Node] {
    let value = value.get("labels").unwrap_or(value);
    value.as_sequence().unwrap_or(std::slice::from_ref(value))
}

impl<'n> Values<'n> {
    /// Adds what stands behind the path in each item of a list.
    fn add_all(&mut self, list: &'n Node, path: &[&str]) {
        self.are_all &= list.as_sequence().is_some();
        for item in list.as_sequence().unwrap_or_default() {
            let mut at = Some(item);
            for name in path {
                // What stands in an expression only the run knows; an entry of `include` need not have every key.
                self.are_all &= at.is_none_or(|node| node.as_scalar().is_none());
                at = at.and_then(|node| get(node, name));
            }
            self.written.extend(at);
        }
    }
}

/// Returns the names behind `matrix` in an expression that is nothing else.
fn path_of(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
    let mut names = inner.split('.');
    let is_matrix = names.next()?.eq_ignore_ascii_case("matrix");
    let names: Vec<&str> = names.collect();
    let is_name = |name: &&str| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !name.is_empty() && name.bytes().all(is_sign)
    };
    (is_matrix && !names.is_empty() && names.iter().all(is_name)).then_some(names)
}

/// Returns the value of a key whose case does not matter, as in expressions.
fn get<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let entries = node.as_mapping()?;
    let entry = entries.iter().find(|entry| entry.key.name.eq_ignore_ascii_case(name));
    entry.map(|entry| &entry.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(matrix: &str, text: &str, expected: Option<(&[&str], bool)>) {
        let file = lockgate_core::SourceFile::new("a.yml", format!("strategy:\n  matrix: {matrix}\n"));
        let job = crate::yaml::parse(&file).0.unwrap();
        let found = values(&job, text);
        let found = found.as_ref().map(|values| {
            let written = values
                .written
                .iter()
                .map(|node| &file.text[node.span.start..node.span.end]);
            (written.collect::<Vec<_>>(), values.are_all)
        });
        let expected = expected.map(|(written, are_all)| (written.to_vec(), are_all));
        assert_eq!(found, expected, "{matrix} {text}");
    }

    #[test]
    fn the_values_are_those_that_the_file_gives() {
        let os = "${{ matrix.os }}";
        check("{ os: [a, [b, c]] }", os, Some((&["a", "[b, c]"], true)));
        check(
            "{ OS: [a], include: [{ os: b }, { x: y }] }",
            os,
            Some((&["a", "b"], true)),
        );
        check(
            "{ os: [{ n: a }, { n: b }] }",
            "${{matrix.os.n}}",
            Some((&["a", "b"], true)),
        );
        check("{ os: '${{ x }}', include: [{ os: a }] }", os, Some((&["a"], false)));
        check("{ os: [a], include: '${{ x }}' }", os, Some((&["a"], false)));
        check(
            "{ os: ['${{ x }}', { n: a }] }",
            "${{ matrix.os.n }}",
            Some((&["a"], false)),
        );
        check("'${{ x }}'", os, Some((&[], false)));
        for other in [
            "a",
            "${{ matrix.os || 'b' }}",
            "${{ matrix.os }}-x",
            "${{ matrix }}",
            "${{ matrix.* }}",
        ] {
            check("{ os: [a] }", other, None);
        }
    }
}
