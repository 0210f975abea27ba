//! Expressions by the thousand, from one seed.
//!
//! Directed by kinds: to meet every operator with every pair of kinds, both sides are made of a kind that was drawn
//! first. Most expressions are sound; some call what is not there, some are too deep or too long, some were broken
//! afterwards.

mod literal;
mod mutation;
mod trouble;

use lockgate_testkit::Chance;

use super::term::{OPERATORS, Term};

/// What a term is meant to become. Other kinds come out of it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

const KINDS: [Kind; 6] = [
    Kind::Null,
    Kind::Boolean,
    Kind::Number,
    Kind::String,
    Kind::Array,
    Kind::Object,
];

const FUNCTIONS: [&str; 13] = [
    "always",
    "cancelled",
    "case",
    "contains",
    "endsWith",
    "failure",
    "format",
    "fromJSON",
    "hashFiles",
    "join",
    "startsWith",
    "success",
    "toJSON",
];

/// A generated expression.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The text.
    pub text: String,
    /// The parts, unless the text was broken afterwards.
    pub term: Option<Term>,
}

/// Returns the expression that belongs to `seed`.
pub fn generate(seed: u64) -> Generated {
    let mut chance = Chance::new(seed);
    let mut generator = Generator { chance: &mut chance };
    match generator.chance.below(1000) {
        0..=1 => Generated {
            text: mutation::long(generator.chance),
            term: None,
        },
        2..=19 => Generated {
            text: mutation::deep(generator.chance),
            term: None,
        },
        20..=34 => Generated {
            text: trouble::trouble(generator.chance),
            term: None,
        },
        35..=139 => {
            let text = generator.any(3).to_string();
            Generated {
                text: mutation::broken(generator.chance, &text),
                term: None,
            }
        }
        _ => {
            let depth = generator.chance.between(1, 4) as u32;
            let term = generator.any(depth);
            let text = mutation::spaced(generator.chance, &term.to_string());
            Generated { text, term: Some(term) }
        }
    }
}

struct Generator<'c> {
    chance: &'c mut Chance,
}

impl Generator<'_> {
    fn any(&mut self, depth: u32) -> Term {
        if depth == 0 {
            let kind = *self.chance.pick(&KINDS);
            return self.leaf(kind);
        }
        match self.chance.below(100) {
            0..=29 => self.binary(depth),
            30..=36 => {
                let inner = self.any(depth - 1);
                Term::negated(inner)
            }
            37..=66 => self.call(depth),
            67..=84 => self.reached(depth),
            85..=88 => Term::Group(Box::new(self.any(depth - 1))),
            _ => {
                let kind = *self.chance.pick(&KINDS);
                self.of(kind, depth)
            }
        }
    }

    fn binary(&mut self, depth: u32) -> Term {
        let operator = *self.chance.pick(&OPERATORS);
        let (left, right) = (*self.chance.pick(&KINDS), *self.chance.pick(&KINDS));
        // Two texts are the pair whose comparison has the most to say.
        let both = if self.chance.per_mille(150) {
            Some(Kind::String)
        } else {
            None
        };
        let left = self.of(both.unwrap_or(left), depth - 1);
        let right = self.of(both.unwrap_or(right), depth - 1);
        Term::binary(operator, left, right)
    }

    /// Returns a term that probably becomes this kind.
    fn of(&mut self, kind: Kind, depth: u32) -> Term {
        if depth == 0 || self.chance.per_mille(400) {
            return self.leaf(kind);
        }
        let inner = depth - 1;
        match kind {
            Kind::Null => self.reached(depth),
            Kind::Boolean => match self.chance.below(3) {
                0 => Term::negated(self.any(inner)),
                1 => self.binary(depth),
                _ => {
                    let name = *self
                        .chance
                        .pick(&["contains", "startsWith", "endsWith", "always", "failure"]);
                    self.call_of(name, depth)
                }
            },
            Kind::Number => {
                let text = literal::number(self.chance);
                Term::Call(self.cased("fromJSON"), vec![Term::atom(format!("'{text}'"))])
            }
            Kind::String => {
                let name = *self.chance.pick(&["format", "join", "toJSON", "hashFiles"]);
                self.call_of(name, depth)
            }
            Kind::Array => Term::Filter(Box::new(self.of(Kind::Object, inner).as_base())),
            Kind::Object => self.leaf(Kind::Object),
        }
    }

    fn leaf(&mut self, kind: Kind) -> Term {
        let from_context = self.chance.per_mille(350);
        let paths: &[&str] = match kind {
            Kind::Null => &["github.event.body", "inputs.none", "github.missing", "matrix.os.x"],
            Kind::Boolean => &["matrix.on", "matrix.off", "inputs.flag", "github.event['forced']"],
            Kind::Number => &[
                "matrix.n",
                "matrix.big",
                "matrix.negative",
                "MATRIX.zero",
                "inputs.count",
            ],
            Kind::String => &[
                "github.ref",
                "github.EVENT_NAME",
                "env.One",
                "env.empty",
                "vars.hex",
                "github.actor",
            ],
            Kind::Array => &[
                "matrix.list",
                "matrix.empty",
                "matrix.texts",
                "matrix.numbers",
                "github.event.labels",
            ],
            Kind::Object => &[
                "github.event",
                "matrix.objects",
                "needs",
                "steps.one",
                "jobs",
                "strategy",
                "secrets",
            ],
        };
        if from_context {
            return Term::atom(*self.chance.pick(paths));
        }
        match kind {
            Kind::Null => Term::atom("null"),
            Kind::Boolean => Term::atom(*self.chance.pick(&["true", "false"])),
            Kind::Number => Term::atom(literal::number(self.chance)),
            Kind::String => Term::atom(literal::string(self.chance)),
            Kind::Array | Kind::Object => {
                let json = literal::json(self.chance, kind == Kind::Object);
                Term::Call(self.cased("fromJSON"), vec![Term::atom(literal::quoted(&json))])
            }
        }
    }

    /// Returns a field or an item of something, or of all within it.
    fn reached(&mut self, depth: u32) -> Term {
        let kind = if self.chance.per_mille(800) {
            *self.chance.pick(&[Kind::Array, Kind::Object])
        } else {
            *self.chance.pick(&KINDS)
        };
        let mut term = self.of(kind, depth - 1).as_base();
        for _ in 0..self.chance.between(1, 3) {
            term = match self.chance.below(6) {
                0..=1 => Term::Filter(Box::new(term)),
                2..=3 => {
                    let name = *self.chance.pick(&[
                        "a",
                        "A",
                        "b",
                        "v",
                        "w",
                        "name",
                        "id",
                        "labels",
                        "nested",
                        "outputs",
                        "result",
                        "x",
                        "os",
                        "missing",
                        "true",
                        "null",
                        "NaN",
                        "_",
                        "fail-fast",
                    ]);
                    Term::Property(Box::new(term), name.to_owned())
                }
                4 => {
                    let index = *self
                        .chance
                        .pick(&["0", "1", "2", "-1", "1.9", "'a'", "'1'", "'V'", "''", "null", "true"]);
                    Term::Index(Box::new(term), Box::new(Term::atom(index)))
                }
                _ => {
                    let index = self.any(depth - 1);
                    Term::Index(Box::new(term), Box::new(index))
                }
            };
        }
        term
    }

    fn call(&mut self, depth: u32) -> Term {
        if self.chance.per_mille(20) {
            let name = *self.chance.pick(&[
                "contain",
                "formats",
                "toJson2",
                "github",
                "count",
                "x",
                "constructor",
                "__proto__",
            ]);
            let arguments = vec![self.any(depth - 1)];
            return Term::Call(name.to_owned(), arguments);
        }
        if self.chance.per_mille(10) {
            return Term::atom(*self.chance.pick(&[
                "success",
                "foo",
                "Github2",
                "contains",
                "toString",
                "constructor",
            ]));
        }
        let name = *self.chance.pick(&FUNCTIONS);
        self.call_of(name, depth)
    }

    fn call_of(&mut self, name: &str, depth: u32) -> Term {
        let mut arguments = self.arguments(name, depth.saturating_sub(1));
        if self.chance.per_mille(30) {
            if self.chance.per_mille(500) {
                arguments.push(Term::atom("1"));
            } else {
                arguments.pop();
            }
        }
        Term::Call(self.cased(name), arguments)
    }

    fn arguments(&mut self, name: &str, depth: u32) -> Vec<Term> {
        let is_short = self.chance.per_mille(500);
        let kinds: &[Kind] = match name {
            "case" => return self.case_arguments(depth),
            "format" => return self.format_arguments(depth),
            "fromJSON" => return vec![self.json_argument(depth)],
            "toJSON" => return vec![self.any(depth)],
            "contains" if is_short => {
                let item = *self.chance.pick(&KINDS);
                return vec![self.mostly(Kind::Array, depth), self.of(item, depth)];
            }
            "join" if is_short => &[Kind::Array],
            "join" => &[Kind::Array, Kind::String],
            "hashFiles" if is_short => &[Kind::String],
            "contains" | "startsWith" | "endsWith" | "hashFiles" => &[Kind::String, Kind::String],
            _ => &[],
        };
        kinds.iter().map(|kind| self.mostly(*kind, depth)).collect()
    }

    fn mostly(&mut self, kind: Kind, depth: u32) -> Term {
        let drawn = *self.chance.pick(&KINDS);
        let kind = if self.chance.per_mille(700) { kind } else { drawn };
        self.of(kind, depth)
    }

    fn case_arguments(&mut self, depth: u32) -> Vec<Term> {
        let mut arguments = Vec::new();
        for _ in 0..self.chance.between(1, 3) {
            let condition = if self.chance.per_mille(950) {
                self.of(Kind::Boolean, depth)
            } else {
                self.any(depth)
            };
            arguments.push(condition);
            arguments.push(self.any(depth));
        }
        arguments.push(self.any(depth));
        arguments
    }

    fn format_arguments(&mut self, depth: u32) -> Vec<Term> {
        let count = self.chance.between(0, 3);
        let mut pattern = String::new();
        for _ in 0..self.chance.between(0, 4) {
            pattern.push_str(literal::any_of(
                self.chance,
                &["a", " ", "é", "{{", "}}", "-", "😀", "{{{{"],
            ));
            if count > 0 {
                pattern.extend(["{", &self.chance.below(count).to_string(), "}"]);
            }
        }
        if self.chance.per_mille(60) {
            pattern.push_str(literal::any_of(
                self.chance,
                &["{", "}", "{}", "{a}", "{9}", "{0:x}", "{256}", "{00}", "{0 }", "{-1}"],
            ));
        }
        let mut arguments = vec![Term::atom(literal::quoted(&pattern))];
        for _ in 0..count {
            arguments.push(self.any(depth));
        }
        arguments
    }

    fn json_argument(&mut self, depth: u32) -> Term {
        match self.chance.below(10) {
            0 => self.any(depth),
            1 => Term::Call(self.cased("toJSON"), vec![self.any(depth)]),
            2 => Term::atom(literal::string(self.chance)),
            _ => {
                let is_object = self.chance.per_mille(500);
                let json = literal::json(self.chance, is_object);
                Term::atom(literal::quoted(&json))
            }
        }
    }

    /// Returns the name, now and then in another case.
    fn cased(&mut self, name: &str) -> String {
        match self.chance.below(12) {
            0 => name.to_ascii_uppercase(),
            1 => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        }
    }
}
