//! The combinations of a matrix.
//!
//! The rules are GitHub's: the axes are multiplied, the first varying slowest; `exclude` removes every combination that
//! has all its values; then each `include` extends every original combination whose axis values it does not contradict,
//! and becomes a combination of its own when there is none.

use super::outline::LeftOut;
use crate::expression::{Object, Value};

/// As many jobs as one matrix may make, on GitHub too.
const MOST_LEGS: usize = 256;

/// As often as a combination is compared with an entry of `include` or `exclude`.
const MOST_COMPARED: usize = 1 << 19;

/// Why a matrix makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// The whole is no object.
    #[error("the expression gives {0}, but a matrix is an object of lists")]
    NotAnObject(&'static str),
    /// An axis is no list.
    #[error("`{axis}` is {kind}, but an axis is a list of values")]
    NotAList {
        /// The axis.
        axis: String,
        /// What it is.
        kind: &'static str,
    },
    /// An axis has no values.
    #[error("`{0}` is an empty list, so that there is nothing to run; skip the job with `if` when that may happen")]
    EmptyAxis(String),
    /// There is neither an axis nor an `include`.
    #[error("it has neither an axis nor an `include`")]
    Nothing,
    /// `include` or `exclude` is no list of objects.
    #[error("`{0}` must be a list of objects, each with values by the names of the axes")]
    NotCombinations(&'static str),
    /// More jobs than a matrix may make.
    #[error("it makes {0} jobs, but {MOST_LEGS} is the most")]
    TooMany(usize),
    /// More entries of `include` and `exclude` than are compared with the combinations.
    #[error(
        "its {combinations} combinations times {entries} entries of `include` and `exclude` are too much to compare"
    )]
    TooMuch {
        /// The combinations of its axes.
        combinations: usize,
        /// The entries of both.
        entries: usize,
    },
    /// `max-parallel` is no positive number.
    #[error("`max-parallel` is `{0}`, but it must be a whole number from 1")]
    MaxParallel(String),
}

/// Returns the combinations of a matrix with known values, in order.
pub(super) fn combinations(matrix: &Value) -> Result<Vec<Value>, MatrixError> {
    let Value::Object(matrix) = matrix else {
        return Err(MatrixError::NotAnObject(matrix.kind()));
    };
    let include = listed(matrix, "include")?;
    let exclude = listed(matrix, "exclude")?;
    let axes: Vec<_> = axes(matrix).collect();
    if axes.is_empty() && include.is_empty() {
        return Err(MatrixError::Nothing);
    }
    let mut found = if axes.is_empty() { Vec::new() } else { product(&axes)? };
    let entries = include.len() + exclude.len();
    if found.len().saturating_mul(entries) > MOST_COMPARED {
        return Err(MatrixError::TooMuch {
            combinations: found.len(),
            entries,
        });
    }
    found.retain(|combination| !exclude.iter().any(|excluded| contains(combination, excluded)));
    extend(&mut found, &include, |name| {
        axes.iter().any(|(axis, _)| axis.eq_ignore_ascii_case(name))
    });
    if found.len() > MOST_LEGS {
        return Err(MatrixError::TooMany(found.len()));
    }
    Ok(found.into_iter().map(Value::Object).collect())
}

/// Returns the combinations that `exclude` leaves out, each with the entry that does it; none of a matrix without sense.
pub(super) fn excluded(matrix: &Value) -> Vec<LeftOut> {
    let Value::Object(matrix) = matrix else {
        return Vec::new();
    };
    let axes: Vec<_> = axes(matrix).collect();
    let (Ok(exclude), Ok(all)) = (listed(matrix, "exclude"), product(&axes)) else {
        return Vec::new();
    };
    if all.len().saturating_mul(exclude.len()) > MOST_COMPARED {
        return Vec::new();
    }
    all.into_iter()
        .filter(|_| !axes.is_empty())
        .filter_map(|combination| {
            let entry = excluding(&exclude, &combination)?;
            Some(LeftOut {
                values: Value::Object(combination),
                entry: entry + 1,
                exclude: Value::Object(exclude[entry].clone()),
            })
        })
        .collect()
}

fn axes(matrix: &Object) -> impl Iterator<Item = (&str, &Value)> {
    matrix
        .iter()
        .filter(|(name, _)| !matches!(*name, "include" | "exclude"))
}

/// Returns the first entry of `exclude` that leaves the combination out.
fn excluding(exclude: &[Object], combination: &Object) -> Option<usize> {
    exclude.iter().position(|entry| contains(combination, entry))
}

fn listed(matrix: &Object, name: &'static str) -> Result<Vec<Object>, MatrixError> {
    let items = match matrix.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(array)) => array.items(),
        Some(_) => return Err(MatrixError::NotCombinations(name)),
    };
    let objects = items.iter().map(|item| match item {
        Value::Object(object) => Ok(object.clone()),
        _ => Err(MatrixError::NotCombinations(name)),
    });
    objects.collect()
}

fn product(axes: &[(&str, &Value)]) -> Result<Vec<Object>, MatrixError> {
    let mut found = vec![Object::default()];
    for (axis, values) in axes {
        let Value::Array(values) = values else {
            return Err(MatrixError::NotAList {
                axis: (*axis).to_owned(),
                kind: values.kind(),
            });
        };
        if values.items().is_empty() {
            return Err(MatrixError::EmptyAxis((*axis).to_owned()));
        }
        // Bounded before it is built: ten axes of ten values would be ten thousand million.
        let size = found.len().saturating_mul(values.items().len());
        if size > MOST_LEGS * MOST_LEGS {
            return Err(MatrixError::TooMany(size));
        }
        found = found
            .iter()
            .flat_map(|combination| {
                values.items().iter().map(|value| {
                    let mut extended = combination.clone();
                    extended.insert(*axis, value.clone());
                    extended
                })
            })
            .collect();
    }
    Ok(found)
}

fn extend(found: &mut Vec<Object>, include: &[Object], is_axis: impl Fn(&str) -> bool) {
    let originals = found.len();
    for entry in include {
        let mut fits_somewhere = false;
        for combination in &mut found[..originals] {
            let fits = entry
                .iter()
                .filter(|(name, _)| is_axis(name))
                .all(|(name, value)| combination.get(name).is_some_and(|own| is_same(own, value)));
            if fits {
                fits_somewhere = true;
                for (name, value) in entry.iter() {
                    combination.insert(name, value.clone());
                }
            }
        }
        if !fits_somewhere {
            found.push(entry.clone());
        }
    }
}

fn contains(combination: &Object, part: &Object) -> bool {
    part.iter()
        .all(|(name, value)| combination.get(name).is_some_and(|own| is_same(own, value)))
}

/// Whether two values are one to a matrix, where `1` and `"1"` are; an object contains what it is compared with.
fn is_same(own: &Value, other: &Value) -> bool {
    match (own, other) {
        (Value::Object(own), Value::Object(other)) => contains(own, other),
        (own, other) if own.is_primitive() && other.is_primitive() => own == other || own.to_text() == other.to_text(),
        (own, other) => own == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(json: &str) -> Result<Vec<String>, MatrixError> {
        let found = combinations(&serde_json::from_str(json).unwrap())?;
        Ok(found
            .iter()
            .map(|value| serde_json::to_string(value).unwrap())
            .collect())
    }

    #[track_caller]
    fn check(json: &str, expected: &[&str]) {
        assert_eq!(expand(json).unwrap(), expected);
    }

    #[test]
    fn the_first_axis_varies_slowest() {
        check(
            r#"{"a": [1, 2], "b": ["x", "y"]}"#,
            &[
                r#"{"a":1,"b":"x"}"#,
                r#"{"a":1,"b":"y"}"#,
                r#"{"a":2,"b":"x"}"#,
                r#"{"a":2,"b":"y"}"#,
            ],
        );
    }

    #[test]
    fn exclude_removes_what_has_all_its_values() {
        check(
            r#"{"a": [1, 2], "b": ["x", "y"], "exclude": [{"a": "1"}, {"a": 2, "b": "y"}]}"#,
            &[r#"{"a":2,"b":"x"}"#],
        );
    }

    /// The example of GitHub's documentation, with its result there.
    #[test]
    fn include_extends_or_adds() {
        check(
            r#"{"fruit": ["apple", "pear"], "animal": ["cat", "dog"], "include": [
                {"color": "green"}, {"color": "pink", "animal": "cat"}, {"fruit": "apple", "shape": "circle"},
                {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"}]}"#,
            &[
                r#"{"fruit":"apple","animal":"cat","color":"pink","shape":"circle"}"#,
                r#"{"fruit":"apple","animal":"dog","color":"green","shape":"circle"}"#,
                r#"{"fruit":"pear","animal":"cat","color":"pink"}"#,
                r#"{"fruit":"pear","animal":"dog","color":"green"}"#,
                r#"{"fruit":"banana"}"#,
                r#"{"fruit":"banana","animal":"cat"}"#,
            ],
        );
        check(r#"{"include": [{"a": 1}, {"a": 2}]}"#, &[r#"{"a":1}"#, r#"{"a":2}"#]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(expand("[]"), Err(MatrixError::NotAnObject("array")));
        assert_eq!(expand("{}"), Err(MatrixError::Nothing));
        assert_eq!(expand(r#"{"a": []}"#), Err(MatrixError::EmptyAxis("a".into())));
        assert_eq!(
            expand(r#"{"include": [1]}"#),
            Err(MatrixError::NotCombinations("include"))
        );
        let hundred = format!("[{}]", (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(
            expand(&format!(r#"{{"a": {hundred}, "b": [1, 2, 3]}}"#)),
            Err(MatrixError::TooMany(300))
        );
        let entries = |count: usize| vec!["{}"; count].join(",");
        assert_eq!(
            expand(&format!(r#"{{"a": {hundred}, "include": [{}]}}"#, entries(6_000))),
            Err(MatrixError::TooMuch {
                combinations: 100,
                entries: 6_000
            })
        );
        let axes: Vec<_> = (0..20).map(|n| format!("\"a{n}\": {hundred}")).collect();
        assert!(matches!(
            expand(&format!("{{{}}}", axes.join(","))),
            Err(MatrixError::TooMany(_))
        ));
    }
}
