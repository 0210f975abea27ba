//! The combinations of a matrix.
//!
//! The rules are GitHub's: the axes are multiplied, the first varying slowest; `exclude` removes every combination that
//! has all its values; then each `include` extends every original combination whose axis values it does not contradict,
//! and becomes a combination of its own when there is none.
//!
//! An entry is compared value by value as `==` of expressions does, so that neither the case of a text nor the
//! difference between `1` and `"1"` matters. Of an object or a list only what the entry names is compared.

use super::outline::LeftOut;
use crate::expression::{Object, Value, are_equal};

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
    /// An entry of `include` or `exclude` has no values.
    #[error("entry {entry} of `{list}` is empty; give it a value, or remove it")]
    EmptyEntry {
        /// Which of both.
        list: &'static str,
        /// Which entry, from 1.
        entry: usize,
    },
    /// An entry of `exclude` names what is no axis.
    #[error(
        "`exclude` names `{name}`, which is no axis, so that it can leave nothing out; {}",
        axes_in_words(axes)
    )]
    UnknownAxis {
        /// The name.
        name: String,
        /// The axes that there are.
        axes: Vec<String>,
    },
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
    check_names(&exclude, &axes)?;
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
    let objects = items.iter().enumerate().map(|(index, item)| match item {
        Value::Object(object) if object.is_empty() => Err(MatrixError::EmptyEntry {
            list: name,
            entry: index + 1,
        }),
        Value::Object(object) => Ok(object.clone()),
        _ => Err(MatrixError::NotCombinations(name)),
    });
    objects.collect()
}

/// Checks that `exclude` names axes only.
fn check_names(exclude: &[Object], axes: &[(&str, &Value)]) -> Result<(), MatrixError> {
    let is_axis = |name: &str| axes.iter().any(|(axis, _)| axis.eq_ignore_ascii_case(name));
    let mut names = exclude.iter().flat_map(Object::iter).map(|(name, _)| name);
    match names.find(|name| !is_axis(name)) {
        None => Ok(()),
        Some(name) => Err(MatrixError::UnknownAxis {
            name: name.to_owned(),
            axes: axes.iter().map(|(axis, _)| (*axis).to_owned()).collect(),
        }),
    }
}

fn axes_in_words(axes: &[String]) -> String {
    if axes.is_empty() {
        return "there is none".to_owned();
    }
    format!("the axes are `{}`", axes.join("`, `"))
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
            let of_axes = || entry.iter().filter(|(name, _)| is_axis(name));
            if of_axes().all(|(name, value)| is_same(combination.get(name), value)) {
                fits_somewhere = true;
                // The values of the axes stay as they are written there.
                for (name, value) in entry.iter().filter(|(name, _)| !is_axis(name)) {
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
    part.iter().all(|(name, value)| is_same(combination.get(name), value))
}

/// Whether a value of a combination has all that an entry names; what is not there is null.
fn is_same(own: Option<&Value>, named: &Value) -> bool {
    match named {
        Value::Object(fields) => {
            let mut fields = fields.iter();
            fields.all(|(name, field)| is_same(own.and_then(|own| own.get(name)), field))
        }
        Value::Array(items) => {
            let own = match own {
                Some(Value::Array(own)) => own.items(),
                _ => &[],
            };
            let mut items = items.items().iter().enumerate();
            items.all(|(index, item)| is_same(own.get(index), item))
        }
        single => are_equal(own.unwrap_or(&Value::Null), single).unwrap_or(false),
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

    #[test]
    fn an_entry_is_compared_as_expressions_are() {
        check(
            r#"{"os": ["ubuntu", "x"], "exclude": [{"OS": "Ubuntu"}]}"#,
            &[r#"{"os":"x"}"#],
        );
        check(
            r#"{"a": [true, "true", null], "exclude": [{"a": true}]}"#,
            &[r#"{"a":"true"}"#, r#"{"a":null}"#],
        );
        check(
            r#"{"a": [{"k": 1, "l": "x"}, {"k": 2, "l": "x"}], "exclude": [{"a": {"k": 1}}]}"#,
            &[r#"{"a":{"k":2,"l":"x"}}"#],
        );
        check(
            r#"{"a": [[1, 2, 3], [2, 1]], "exclude": [{"a": [1]}]}"#,
            &[r#"{"a":[2,1]}"#],
        );
        check(
            r#"{"os": ["ubuntu"], "include": [{"os": "Ubuntu", "x": 1}]}"#,
            &[r#"{"os":"ubuntu","x":1}"#],
        );
    }

    #[test]
    fn an_entry_that_can_do_nothing_is_refused() {
        let unknown = expand(r#"{"a": [1], "exclude": [{"a": 1}, {"nope": 1}]}"#).unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "`exclude` names `nope`, which is no axis, so that it can leave nothing out; the axes are `a`"
        );
        let none = expand(r#"{"include": [{"a": 1}], "exclude": [{"a": 1}]}"#).unwrap_err();
        assert!(none.to_string().ends_with("; there is none"), "{none}");
        for list in ["include", "exclude"] {
            let entry = expand(&format!(r#"{{"a": [1], "{list}": [{{"a": 1}}, {{}}]}}"#));
            assert_eq!(entry, Err(MatrixError::EmptyEntry { list, entry: 2 }));
        }
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
        let entries = |count: usize| vec![r#"{"a": 1}"#; count].join(",");
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
