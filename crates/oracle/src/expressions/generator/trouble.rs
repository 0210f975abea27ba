//! Expressions about what implementations are known to see differently.

use lockgate_testkit::Chance;

use super::literal::{STRANGE_NUMBERS, number};

/// Texts that some rules of case make the same and others do not.
const PAIRS: &[(&str, &str)] = &[
    ("ß", "SS"),
    ("straße", "STRASSE"),
    ("ß", "ẞ"),
    ("İ", "i"),
    ("ı", "I"),
    ("\u{212a}elvin", "kelvin"),
    ("ﬀ", "FF"),
    ("ΑΣ", "ας"),
    ("Σ", "ς"),
    ("ᾳ", "ᾼ"),
    ("ᾳ", "ΑΙ"),
    ("ŉ", "ʼN"),
    ("ſ", "S"),
    ("\u{b5}", "μ"),
    ("ǰ", "J\u{30c}"),
    ("é", "É"),
    ("é", "e\u{301}"),
    ("𐐨", "𐐀"),
    ("ǆ", "ǅ"),
    ("Ω", "\u{2126}"),
    ("Å", "\u{212b}"),
    ("zß", "zs"),
    ("_", "a"),
    ("Z", "_"),
    ("日", "😀"),
    ("\u{ff5e}", "😀"),
];

/// Returns an expression about something on which implementations are known to differ.
pub(super) fn trouble(chance: &mut Chance) -> String {
    let (left, right) = *chance.pick(PAIRS);
    let (left, right) = if chance.per_mille(500) {
        (left, right)
    } else {
        (right, left)
    };
    let value = number(chance);
    let strange = chance.pick(STRANGE_NUMBERS).trim_start_matches(['-', '+']);
    match chance.below(12) {
        0..=1 => format!(
            "'{left}' {} '{right}'",
            chance.pick(&["==", "!=", "<", "<=", ">", ">="])
        ),
        2 => {
            let function = *chance.pick(&["contains", "startsWith", "endsWith"]);
            format!("{function}('{left}', '{right}') && {function}('x{left}', '{right}')")
        }
        3 => format!("contains(fromJSON('[\"{left}\", \"{right}\"]'), '{right}') == ('{left}' == '{right}')"),
        4 => format!("fromJSON('{{\"{left}\": 1, \"{right}\": 2}}')['{right}']"),
        5 => format!("toJSON(fromJSON('{{\"{left}\": {value}, \"2\": 1, \"1\": {value}, \"b\": [1e21]}}'))"),
        6 => {
            let depth = chance.between(60, 68) as usize;
            format!("fromJSON('{}1{}') && 'read'", "[".repeat(depth), "]".repeat(depth))
        }
        7 => format!("format('{{0}} {{1}}', {strange}, '{strange}' == {value})"),
        8 => {
            let halves = chance.pick(&[
                "\\ud83d",
                "\\ude00",
                "\\ude00\\ud83d",
                "\\ud83d\\ude00",
                "\\u2028",
                "\\u0085",
            ]);
            format!("toJSON(fromJSON('[\"a{halves}b\"]'))")
        }
        9 => format!("format('it''s {left}''s ''{{0}}', '{right}', )"),
        _ => format!("'it''s {left}''s' && 'IT''S {right}''S'"),
    }
}
