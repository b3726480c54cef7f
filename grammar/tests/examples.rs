//! The examples of the language page parse without a complaint.

use rdcl_syntax::parse_file;

const BRANCH: &str = include_str!("data/branch.rdcl");
const LIBRARY: &str = include_str!("data/library.rdcl");

#[test]
fn the_examples_parse() {
    for text in [BRANCH, LIBRARY] {
        for (start, item) in parse_file(text).items {
            assert_eq!(item.errors, [], "in the item at {start}: {item:#?}");
        }
    }
}
