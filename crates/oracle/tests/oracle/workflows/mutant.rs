//! Files made of correct ones by one change each: every value replaced, every key dropped, renamed and doubled.

use lockgate_pipeline::expression::{CONTEXTS, Function};

use super::Case;
use super::tree::{Step, Tree};

/// What takes the place of a value.
const VALUES: [&str; 22] = [
    "null",
    "\"\"",
    "\"text\"",
    "true",
    "\"true\"",
    "0",
    "1",
    "-1",
    "1.5",
    "\"1\"",
    "[]",
    "[\"\"]",
    "[text]",
    "[null]",
    "[[text]]",
    "[{ a: b }]",
    "{}",
    "{ a: b }",
    "{ a: null }",
    "{ a: [b] }",
    "\"x ${{ github.ref }}\"",
    "\"${{ github.\"",
];

/// Returns every mutant of `case`.
pub(super) fn of(case: &Case) -> Vec<Case> {
    let Some(tree) = Tree::parse(&case.text) else {
        return Vec::new();
    };
    let mut mutants = Vec::new();
    for path in tree.paths() {
        for (change, mutant) in changes(&tree, &path) {
            mutants.push(Case {
                name: format!("{}: {change} {}", case.name, tree.name_of(&path)),
                kind: case.kind,
                text: mutant.write(),
            });
        }
    }
    mutants
}

/// Returns whether the mutant of this name is one of those that every run compares: a part, always the same.
pub(super) fn is_chosen(name: &str) -> bool {
    let fold = |digest: u32, byte: u8| (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    name.bytes().fold(0x811c_9dc5, fold) % CHOSEN == 0
}

/// One of how many mutants every run compares.
const CHOSEN: u32 = 9;

fn changes(tree: &Tree, path: &[Step]) -> Vec<(String, Tree)> {
    let mut found = Vec::new();
    let mut replaced = |what: String, value: Tree| {
        let mut mutant = tree.clone();
        *mutant.at(path) = value;
        found.push((what, mutant));
    };
    for value in VALUES {
        replaced(format!("{value} for"), Tree::Scalar(value.to_owned()));
    }
    for expression in expressions() {
        let text = format!("${{{{ {expression} }}}}");
        replaced(format!("{text} for"), Tree::text(&text));
    }
    if let Some((Step::Entry(at), above)) = path.split_last() {
        for (what, change) in KEYS {
            let mut mutant = tree.clone();
            let Tree::Map(fields) = mutant.at(above) else {
                unreachable!("an entry stands in a mapping");
            };
            change(fields, *at);
            found.push((what.to_owned(), mutant));
        }
    }
    found
}

type Change = fn(&mut Vec<(String, Tree)>, usize);

const KEYS: [(&str, Change); 6] = [
    ("without", |fields, at| {
        fields.remove(at);
    }),
    ("misspelt", |fields, at| fields[at].0.push('x')),
    ("in capitals", |fields, at| fields[at].0.make_ascii_uppercase()),
    ("an expression for the name of", |fields, at| {
        "${{ github.ref }}".clone_into(&mut fields[at].0);
    }),
    ("twice", |fields, at| {
        let field = fields[at].clone();
        fields.push(field);
    }),
    ("twice but for case", |fields, at| {
        let (name, value) = fields[at].clone();
        fields.push((name.to_ascii_uppercase(), value));
    }),
];

/// Returns an expression with each context and with each function that is not available everywhere.
fn expressions() -> Vec<String> {
    let contexts = CONTEXTS.iter().map(|context| format!("{context}.a"));
    let functions = Function::ALL.into_iter().filter_map(|function| match function {
        Function::HashFiles => Some("hashFiles('a')".to_owned()),
        function if function.is_status() => Some(format!("{}()", function.name())),
        _ => None,
    });
    let named = ["success('a')", "failure('a', 'b')", "always('a')"].map(str::to_owned);
    contexts.chain(functions).chain(named).collect()
}
