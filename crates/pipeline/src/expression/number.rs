//! Numbers as text and back, by the rules of GitHub's runner.

/// So many digits are a number that is kept exactly, and so is each step to it.
const EXACT_DIGITS: usize = 15;

/// Returns the number that `text` names, or NaN.
///
/// White space around it is ignored and the empty text is 0. Decimal with sign, point and exponent,
/// `0x` hexadecimal and `0o` octal (both without sign, within 32 bits as the runner reads them, so
/// that `0xffffffff` is -1), and the infinities.
pub(super) fn parse(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    if text.len() <= EXACT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .bytes()
            .fold(0.0, |number, digit| number * 10.0 + f64::from(digit - b'0'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ if is_decimal(text) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// Returns the number with at most 15 significant digits, as .NET's `G15` writes it.
pub(super) fn to_text(number: f64) -> String {
    const DIGITS: i32 = 15;
    if number == 0.0 {
        return "0".to_owned();
    }
    // Nearly every number is a whole one, which needs no rounding.
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return (number as i64).to_string();
    }
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{:.*e}", DIGITS as usize - 1, number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let sign = if number < 0.0 { "-" } else { "" };
    if exponent <= -5 || exponent >= DIGITS {
        return scientific_text(sign, digits, exponent);
    }
    fixed_text(sign, digits, exponent)
}

fn scientific_text(sign: &str, digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}E{exponent_sign}{:02}", exponent.abs())
}

fn fixed_text(sign: &str, digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

fn radix(digits: &str, radix: u32) -> f64 {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return f64::NAN;
    }
    u32::from_str_radix(digits, radix).map_or(f64::NAN, |number| f64::from(number.cast_signed()))
}

/// Returns whether the text is `[+-] digits [. digits] [e [+-] digits]` with a digit in the mantissa.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_fifteen_digits() {
        for (number, text) in [
            (0.1 + 0.2, "0.3"),
            (-2.0, "-2"),
            (123_456.789, "123456.789"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (123_456_789_012_345_680.0, "1.23456789012346E+17"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5E-05"),
            (-0.0, "0"),
            (1e300, "1E+300"),
        ] {
            assert_eq!(to_text(number), text);
        }
    }

    #[test]
    fn what_is_no_number_is_nan() {
        for text in [
            "abc",
            "1_0",
            "0b1",
            "-0x1",
            "0x",
            "0o8",
            "1e",
            ".",
            "--1",
            "nan",
            "inf",
            "0x1p2",
            "0x123456789",
        ] {
            assert!(parse(text).is_nan(), "{text}");
        }
        for (text, number) in [
            (" +1.5e2 ", 150.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("0xffffffff", -1.0),
            ("0o17", 15.0),
        ] {
            assert_eq!(parse(text).to_bits(), f64::to_bits(number), "{text}");
        }
    }
}
