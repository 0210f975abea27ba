//! `lockgate explain`: the page of an error code.
//!
//! The pages are those of `docs/errors`, put into the binary, so that they are of the same version and need no network.
//! A test holds that every code has its page and every page its code.

use lockgate_core::diagnostic::nearest;
use lockgate_dialect::codes;

use crate::arguments::ExplainArguments;
use crate::exit::{Exit, Failure};
use crate::render::out;

macro_rules! pages {
    ($($code:literal)+) => {
        /// Every page behind its code, in order.
        const PAGES: &[(&str, &str)] = &[
            $(($code, include_str!(concat!("../../../docs/errors/", $code, ".md")))),+
        ];
    };
}

pages! {
    "LG0101" "LG0102" "LG0103" "LG0104" "LG0105" "LG0106"
    "LG0111" "LG0112" "LG0113" "LG0114" "LG0115"
    "LG0121" "LG0122" "LG0123" "LG0124" "LG0125" "LG0126" "LG0127"
    "LG0131" "LG0132" "LG0133" "LG0134" "LG0135" "LG0136"
    "LG0141" "LG0142" "LG0143" "LG0144" "LG0145" "LG0146" "LG0147" "LG0148"
    "LG0161" "LG0162"
    "LG0171" "LG0172" "LG0173" "LG0174" "LG0175"
    "LG0181" "LG0182" "LG0183" "LG0184" "LG0185" "LG0186" "LG0187" "LG0188" "LG0189" "LG0190"
    "LG0201" "LG0202" "LG0203" "LG0204" "LG0205"
    "LG0206" "LG0207" "LG0208" "LG0209" "LG0210" "LG0211" "LG0212" "LG0213"
    "LG0216" "LG0217" "LG0218" "LG0219"
    "LG0221" "LG0222" "LG0223" "LG0224" "LG0225" "LG0226" "LG0227"
    "LG0231" "LG0232" "LG0233" "LG0234" "LG0235" "LG0236"
    "LG0241" "LG0242" "LG0243" "LG0244" "LG0245"
}

/// Prints the page of a code, or all codes with their titles.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    match &arguments.code {
        Some(code) => out::result(page(code)?.trim_end()),
        None => {
            for known in codes::ALL {
                out::result(format_args!("{}  {}", known.code, known.title));
            }
        }
    }
    Ok(Exit::Ok)
}

/// Returns the page of a code, however its letters are written.
pub(crate) fn page(code: &str) -> Result<&'static str, Failure> {
    let code = code.trim();
    let is_it = |known: &str| known.eq_ignore_ascii_case(code) || known.strip_prefix("LG") == Some(code);
    let found = PAGES.iter().find(|(known, _)| is_it(known));
    found.map(|(_, page)| *page).ok_or_else(|| {
        let help = match nearest(code, PAGES.iter().map(|(known, _)| *known)) {
            Some(near) => format!("did you mean `{near}`? `lockgate explain` lists them all"),
            None => "`lockgate explain` lists them all".to_owned(),
        };
        Failure::usage(format!("there is no code `{code}`")).help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page_and_every_page_its_code() {
        let titles: Vec<String> = codes::ALL
            .iter()
            .map(|known| format!("# {}: {}", known.code, known.title))
            .collect();
        let first_lines: Vec<&str> = PAGES.iter().filter_map(|(_, page)| page.lines().next()).collect();
        assert_eq!(first_lines, titles);
        let named: Vec<&str> = PAGES.iter().map(|(code, _)| *code).collect();
        let known: Vec<&str> = codes::ALL.iter().map(|known| known.code).collect();
        assert_eq!(named, known);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), PAGES.len());
    }

    #[test]
    fn a_code_is_found_in_any_case_and_a_slip_is_met_with_the_nearest() {
        for code in [" lg0111", "0111"] {
            assert!(page(code).unwrap().starts_with("# LG0111: "));
        }
        for (code, help) in [
            ("LG0119", "did you mean `LG0111`?"),
            ("GL0142", "did you mean `LG0142`?"),
            ("rain", "`lockgate explain` lists them all"),
        ] {
            let failure = page(code).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.to_string().contains(help), "{failure}");
        }
    }
}
