//! The pages of the diagnostic codes: what they call wrong is wrong in just that way, and what they call right is clean.

use super::world::World;
use rdcl_base::{CODES, CodeInfo};

/// The codes that are found here. Of those of substrates and deployments most are about placements, which are made elsewhere.
fn ours(code: &CodeInfo) -> bool {
    let code = code.code.as_str();
    // Those of programs by themselves are found when such a program is run.
    if ("E0560".."E0590").contains(&code) {
        return false;
    }
    ["02", "03", "04", "05", "08"].contains(&&code[1..3]) || ("E0701".."E0705").contains(&code)
}

/// The fenced blocks under a heading: the word behind the fence, and the text.
fn fences(page: &str, heading: &str) -> Vec<(String, String)> {
    let section = page.split("\n## ").find(|s| s.starts_with(heading)).unwrap_or("");
    let mut blocks = section.split("\n```").skip(1);
    let mut found = Vec::new();
    while let (Some(block), _) = (blocks.next(), blocks.next()) {
        let (info, text) = block.split_once('\n').unwrap_or((block, ""));
        found.push((info.to_owned(), format!("{text}\n")));
    }
    found
}

fn complaints(page: &str, heading: &str) -> Vec<String> {
    let files = fences(page, heading).into_iter().map(|(info, text)| {
        let main = if info == "nemo" { "main.nemo" } else { "main" };
        let path = info.strip_prefix("text,file=").unwrap_or(main);
        format!("//- {path}\n{text}")
    });
    let world: String = files.collect();
    assert!(!world.is_empty(), "no example under {heading} in {page}");
    World::new(&world).complaints()
}

#[test]
fn every_example_is_what_its_page_says() {
    let mut wrong = Vec::new();
    for code in CODES.iter().filter(|c| ours(c)) {
        let found = complaints(code.page, "Wrong");
        let expected = found.len() == 1 && found[0].starts_with(code.code.as_str());
        if !expected {
            wrong.push(format!("{}: wrong example gives {found:#?}", code.code));
        }
        let found = complaints(code.page, "Right");
        if !found.is_empty() {
            wrong.push(format!("{}: right example gives {found:#?}", code.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
