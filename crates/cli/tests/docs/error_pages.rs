//! Each error page's first example has its mistake, and the second is without any.

use crate::checked::check_blocks;
use crate::page::{Block, Page};

#[test]
fn the_examples_have_the_mistake_and_are_mended() {
    let pages = Page::all("errors");
    let blocks: Vec<Vec<Block>> = pages.iter().map(|page| page.blocks("yaml")).collect();
    let found = check_blocks(&blocks.concat());
    let mut found = found.iter();
    for (page, blocks) in pages.iter().zip(&blocks) {
        let code = page.path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(blocks.len(), 2, "{code} has a broken and a mended example");
        let (broken, mended) = (found.next().unwrap(), found.next().unwrap());
        let expected = broken.iter().find(|found| found.code == code);
        assert!(expected.is_some(), "{code} is not found in its example: {broken:?}");
        let severity = &expected.unwrap().severity;
        if code != "LG0161" {
            let sentence = format!("This is {} {severity}:", if severity == "error" { "an" } else { "a" });
            assert!(page.text.contains(&sentence), "{code} is a {severity}");
        }
        assert!(mended.is_empty(), "{code} is not mended: {mended:?}");
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
