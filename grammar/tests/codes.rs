//! The page of every code of this stage: its wrong example gives that code and no other, its right one none.

use rdcl_base::CODES;
use rdcl_syntax::parse_file;

/// The text of the fence under this heading.
fn example<'p>(page: &'p str, heading: &str) -> Option<&'p str> {
    let (_, section) = page.split_once(heading)?;
    let (_, text) = section.split_once("```rdcl\n")?;
    Some(text.split_once("```")?.0)
}

fn codes_in(text: &str) -> Vec<&'static str> {
    let file = parse_file(text);
    file.items.iter().flat_map(|(_, item)| item.errors.iter().map(|e| e.code.as_str())).collect()
}

#[test]
fn pages_show_what_they_say() {
    for info in CODES.iter().filter(|info| info.code.as_str().starts_with("E01")) {
        let code = info.code.as_str();
        assert!(info.page.starts_with(&format!("# {code}: {}\n", info.title)), "the title of {code}");
        let wrong = example(info.page, "## Wrong").expect("a wrong example");
        let right = example(info.page, "## Right").expect("a right example");
        assert_eq!(codes_in(wrong), [code], "the wrong example of {code}");
        assert!(codes_in(right).is_empty(), "the right example of {code}");
    }
}
