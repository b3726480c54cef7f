//! No text, however broken, loses more than the clause it breaks, and none makes the parser fail.

use proptest::prelude::*;
use rdcl_syntax::ast::Item;
use rdcl_syntax::{ParsedItem, parse_file, parse_item, split};

const BRANCH: &str = include_str!("data/branch.rdcl");
const LIBRARY: &str = include_str!("data/library.rdcl");

fn errors(item: &ParsedItem) -> Vec<String> {
    item.errors.iter().map(|e| format!("{} {}", e.code, e.message)).collect()
}

#[test]
fn every_prefix_keeps_its_tree() {
    for text in [BRANCH, LIBRARY] {
        for end in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let prefix = &text[..end];
            let file = parse_file(prefix);
            let total: usize = file.items.iter().map(|(_, item)| item.errors.len()).sum();
            assert!(total <= 2, "{total} errors at {end}: {:?}\n{}", file.items.last().map(|i| errors(&i.1)), &prefix[prefix.floor_char_boundary(end.saturating_sub(200))..]);
            for (start, item) in &file.items {
                let text = &prefix[*start as usize..];
                let named_rfb = text.lines().any(|l| l.strip_prefix("rfb ").is_some_and(|rest| !rest.trim().is_empty()));
                if text.starts_with("rfb") && named_rfb {
                    assert!(matches!(item.item, Item::Rfb(_)), "no tree at {end}");
                }
            }
        }
    }
}

#[test]
fn every_missing_token_costs_little() {
    for text in [BRANCH, LIBRARY] {
        for (at, _) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let broken: String = text.char_indices().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
            let file = parse_file(&broken);
            let all: Vec<_> = file.items.iter().flat_map(|(_, item)| errors(item)).collect();
            if all.len() > 2 { eprintln!("MANY {} {:?}\n   {}", all.len(), all, text[text[..at].rfind('\n').unwrap_or(0)..].lines().nth(1).unwrap_or("")); eprintln!("   del {:?}", &text[at..at+1]); }
            assert!(all.len() <= 8, "{all:?}");
        }
    }
}
