//! Each error page's first example has its mistake, and the second is without any.

use crate::checked::{Found, check_blocks, check_blocks_strictly};
use crate::page::{Block, Page};

/// Codes that no file alone has: the whole project shows the one, the repositories of its actions the other.
const OF_MORE_THAN_A_FILE: [&str; 2] = ["LG0212", "LG0213"];

/// A page with its code, its two examples, and what is found in each.
struct Checked {
    page: Page,
    code: String,
    found: Vec<Vec<Found>>,
}

/// Returns whether only a strict check looks for a code.
fn is_strict(code: &str) -> bool {
    ("LG0201".."LG0250").contains(&code) && code != "LG0210"
}

/// Checks the examples of pages, those of all in one process.
fn checked(pages: Vec<(Page, String)>, check: fn(&[Block]) -> Vec<Vec<Found>>) -> Vec<Checked> {
    let blocks: Vec<Vec<Block>> = pages.iter().map(|(page, _)| page.blocks("yaml")).collect();
    for ((_, code), blocks) in pages.iter().zip(&blocks) {
        assert_eq!(blocks.len(), 2, "{code} has a broken and a mended example");
    }
    let mut found = check(&blocks.concat()).into_iter();
    let pair = |(page, code)| Checked {
        page,
        code,
        found: found.by_ref().take(2).collect(),
    };
    pages.into_iter().map(pair).collect()
}

#[test]
fn the_examples_have_the_mistake_and_are_mended() {
    let named = Page::all("errors").into_iter().map(|page| {
        let code = page.path.file_stem().unwrap().to_str().unwrap().to_owned();
        (page, code)
    });
    let alone = named.filter(|(_, code)| !OF_MORE_THAN_A_FILE.contains(&code.as_str()));
    let (strict, others): (Vec<_>, Vec<_>) = alone.partition(|(_, code)| is_strict(code));
    let all = checked(others, check_blocks)
        .into_iter()
        .chain(checked(strict, check_blocks_strictly));
    for Checked { page, code, found } in all {
        let [broken, mended] = found.as_slice() else {
            panic!("{code} has two examples");
        };
        let expected = broken.iter().find(|found| found.code == code);
        assert!(expected.is_some(), "{code} is not found in its example: {broken:?}");
        let severity = &expected.unwrap().severity;
        let article = if severity == "error" { "an" } else { "a" };
        if is_strict(&code) {
            let sentence = format!("This is {article} {severity} of `lockgate check --strict`");
            assert!(
                page.text.contains(&sentence),
                "{code} is a {severity} of a strict check"
            );
        } else if code != "LG0161" {
            let sentence = format!("This is {article} {severity}:");
            assert!(page.text.contains(&sentence), "{code} is a {severity}");
        }
        // What is safe may still be more than this version runs.
        let is_left = |found: &&Found| !is_strict(&code) || found.code != "LG0161";
        let left: Vec<&Found> = mended.iter().filter(is_left).collect();
        assert!(left.is_empty(), "{code} is not mended: {left:?}");
    }
}

#[test]
fn the_examples_of_all_other_pages_are_without_mistakes() {
    for page in ["guides", "reference", "concepts"].into_iter().flat_map(Page::all) {
        let mut blocks = page.blocks("yaml");
        blocks.retain(|block| !block.file().ends_with("refused.yml"));
        for (found, block) in check_blocks(&blocks).iter().zip(&blocks) {
            assert!(
                found.is_empty(),
                "{}: {found:?} in\n{}",
                page.path.display(),
                block.text
            );
        }
    }
}
