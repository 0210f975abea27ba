//! Numbers, texts and JSON, common and strange.

use lockgate_testkit::Chance;

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "+1",
    "-0",
    "42",
    "0.5",
    ".5",
    "5.",
    "-.5",
    "1.50",
    "1e3",
    "1E3",
    "1e-2",
    "2.5",
    "100",
    "0xff",
    "0x10",
    "0xFF",
    "0o17",
    "0o7",
    "Infinity",
    "-Infinity",
    "NaN",
    "1e308",
    "123456789012",
    "0.1",
    "1.25",
];

pub(super) const STRANGE_NUMBERS: &[&str] = &[
    "0xffffffff",
    "0x80000000",
    "0x1ffffffff",
    "0X10",
    "0b11",
    "0o37777777777",
    "1e999",
    "-1e999",
    "1e21",
    "1e15",
    "1e-7",
    "0.00001",
    "1e-16",
    "123456789012345678",
    "9007199254740993",
    "0.1234567890123456",
    "1.7976931348623157e308",
    "5e-324",
    "1_0",
    "1e",
    "--1",
    "0x",
    "01",
    "+.e1",
    "1.2.3",
    "-Inf",
    "+Infinity",
    "-NaN",
];

const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "b",
    "abc",
    "ABC",
    "aBc",
    "ab",
    "push",
    "PUSH",
    "main",
    "Linux",
    "1",
    "3",
    "0",
    " 1 ",
    "-1",
    "0x10",
    "1.5",
    "1e3",
    "true",
    "false",
    "null",
    "NaN",
    "Infinity",
    "-Infinity",
    "refs/heads/",
    "v1",
    "é",
    "É",
    "ä",
    "Ä",
    "Σ",
    "σ",
    "Ω",
    "ω",
    "😀",
    "a😀b",
    "e\u{301}",
    "日本",
    "_",
    "-",
    "it's",
    "'",
    "\"",
    "\\",
    "\n",
    "\t",
    " ",
    "[1, 2]",
    "{\"a\": 1}",
    "{0}",
    "{{",
    "Array",
    "Object",
    "x,y",
    "Zoë",
    "ЖЖ",
    "жЖ",
    "𐐀",
    "𐐨",
    "Ǆ",
    "ǆ",
];

const STRANGE_TEXTS: &[&str] = &[
    "ß",
    "SS",
    "ss",
    "ẞ",
    "İ",
    "i",
    "I",
    "ı",
    "ﬀ",
    "ff",
    "FF",
    "ς",
    "ΑΣ",
    "ας",
    "ᾳ",
    "ᾼ",
    "ΑΙ",
    "ŉ",
    "\u{212a}",
    "k",
    "ſ",
    "s",
    "\u{b5}",
    "μ",
    "ǰ",
    "a'b'c",
    "''",
    "\u{85}",
    "\u{2028}",
    "\u{a0}1",
    "\u{feff}1",
    "\u{7f}",
    "\u{1}",
    "0xffffffff",
    "0X1F",
    "0b1",
    "1e21",
    "constructor",
    "__proto__",
    "infinity",
    "1_0",
    "+0x1",
];

/// Returns a number as an expression may write it; now and then one that is none.
pub(super) fn number(chance: &mut Chance) -> String {
    match chance.below(20) {
        0 => (*chance.pick(STRANGE_NUMBERS)).to_owned(),
        1..=4 => chance.between(0, 20).to_string(),
        5..=6 => {
            let (whole, part) = (chance.below(1000), chance.below(1000));
            format!("{whole}.{part}")
        }
        7 => {
            let (digits, exponent) = (chance.below(100_000), chance.below(12));
            format!("{digits}e{exponent}")
        }
        _ => (*chance.pick(NUMBERS)).to_owned(),
    }
}

/// Returns one of `texts`.
pub(super) fn any_of(chance: &mut Chance, texts: &[&'static str]) -> &'static str {
    texts[chance.below(texts.len() as u64) as usize]
}

/// Returns a text in quotes.
pub(super) fn string(chance: &mut Chance) -> String {
    quoted(&text(chance))
}

/// Returns `text` as an expression writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn text(chance: &mut Chance) -> String {
    match chance.below(30) {
        0 => (*chance.pick(STRANGE_TEXTS)).to_owned(),
        1..=3 => [*chance.pick(TEXTS), *chance.pick(TEXTS)].concat(),
        4 => number(chance),
        _ => (*chance.pick(TEXTS)).to_owned(),
    }
}

/// Returns an object or a list as JSON; now and then a broken one.
pub(super) fn json(chance: &mut Chance, is_object: bool) -> String {
    let mut json = String::new();
    collection(chance, is_object, 2, &mut json);
    if chance.per_mille(20) {
        let broken = any_of(chance, &[",", "]", "}", "x", "\"", "[", " 1", "'"]);
        json.push_str(broken);
    }
    json
}

fn collection(chance: &mut Chance, is_object: bool, depth: u32, json: &mut String) {
    json.push(if is_object { '{' } else { '[' });
    for at in 0..chance.below(4) {
        if at > 0 {
            json.push_str(any_of(chance, &[",", ", ", " ,"]));
        }
        if is_object {
            json.extend(["\"", &name(chance, at), "\": "]);
        }
        item(chance, depth, json);
    }
    json.push(if is_object { '}' } else { ']' });
}

fn name(chance: &mut Chance, at: u64) -> String {
    match chance.below(60) {
        0 => (*chance.pick(&["1", "0", "constructor", "__proto__", "a", "A", "ß", "\\u0041"])).to_owned(),
        1..=4 => format!("Key {at}"),
        _ => {
            let of_place: [&[&str]; 3] = [&["a", "A", "name"], &["b", "v", "id"], &["w", "é", "x"]];
            (*chance.pick(of_place[at as usize])).to_owned()
        }
    }
}

fn item(chance: &mut Chance, depth: u32, json: &mut String) {
    match chance.below(12) {
        0..=1 if depth > 0 => collection(chance, true, depth - 1, json),
        2..=3 if depth > 0 => collection(chance, false, depth - 1, json),
        4 => json.push_str("null"),
        5 => json.push_str(any_of(chance, &["true", "false"])),
        6..=8 => {
            let numbers = [
                "0",
                "1",
                "2",
                "-1",
                "0.5",
                "1e3",
                "-0",
                "12",
                "3",
                "122.416294033786585",
                "1E+2",
            ];
            let strange = ["1e999", "1e21", "123456789012345678", "01", "NaN", "0x1"];
            let of: &[&str] = if chance.per_mille(30) { &strange } else { &numbers };
            json.push_str(any_of(chance, of));
        }
        _ => {
            let texts = [
                "a",
                "A",
                "b",
                "two",
                "",
                "1",
                "é",
                "\\n",
                "\\\"",
                "\\u00e9",
                "\\ud83d\\ude00",
                "😀",
                "\\/",
                "null",
            ];
            let strange = ["\\ud83d", "\\u2028", "\\u0000", "\\x", "ß", "\\u0085"];
            let of: &[&str] = if chance.per_mille(30) { &strange } else { &texts };
            json.extend(["\"", any_of(chance, of), "\""]);
        }
    }
}
