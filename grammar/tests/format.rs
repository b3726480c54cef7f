//! Formatting changes white space and nothing else, does it once and for all, and answers to every text.

use proptest::prelude::*;
use rdcl_syntax::ast::{Item, Member};
use rdcl_syntax::{File, format, parse_file, split};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The fixtures, the examples, the library, and the blocks of the documentation.
static TEXTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut texts = Vec::new();
    for folder in ["tests", "examples", "stdlib", "grammar/tests", "docs"] {
        collect(&root().join(folder), &mut texts);
    }
    texts.sort();
    assert!(texts.len() > 300, "only {} texts were found", texts.len());
    texts
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn collect(folder: &Path, texts: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let is = |extension: &str| path.extension().is_some_and(|e| e == extension);
        let read = || fs::read_to_string(&path).expect("it is a text");
        if path.is_dir() {
            collect(&path, texts);
        } else if is("rdcl") {
            texts.push((path.display().to_string(), read()));
        } else if is("md") {
            texts.extend(blocks(&read()).into_iter().map(|block| (path.display().to_string(), block)));
        }
    }
}

/// The `rdcl` blocks of a Markdown text.
fn blocks(text: &str) -> Vec<String> {
    let after_fences = text.split("```rdcl").skip(1).filter_map(|rest| rest.split_once('\n'));
    after_fences.map(|(_, rest)| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

fn comments(file: &File) -> Vec<&str> {
    file.items.iter().flat_map(|(_, item)| &item.comments).map(|c| c.text.as_str()).collect()
}

fn is_white(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Whatever the text: the same characters but for white space, the same trees, the same comments, and once is enough.
fn holds(text: &str) -> Result<(), String> {
    let once = format(text);
    let (before, after) = (parse_file(text), parse_file(&once));
    let twice = format(&once);
    let misplaced = split(text).iter().any(|chunk| chunk.braces > 1);
    let broken = misplaced || before.items.iter().any(|(_, item)| !item.errors.is_empty());
    let complaint = if !text.chars().filter(|c| !is_white(*c)).eq(once.chars().filter(|c| !is_white(*c))) {
        "characters differ"
    } else if !trees(&before).eq(trees(&after)) {
        "trees differ"
    } else if comments(&before) != comments(&after) {
        "comments differ"
    } else if twice != once {
        "formatting twice differs"
    } else if !broken && !once.contains("{{") && !tidy(&once) {
        "white space is left over"
    } else {
        return Ok(());
    };
    Err(format!("{complaint}\n--- text\n{text}\n--- once\n{once}\n--- twice\n{twice}"))
}

/// The trees of a file; of texts in other languages, which are set by their own rules, without white space.
fn trees(file: &File) -> impl Iterator<Item = Item> {
    file.items.iter().map(|(_, parsed)| {
        let mut item = parsed.item.clone();
        let members = if let Item::Rfb(rfb) = &mut item { rfb.members.as_mut_slice() } else { &mut [] };
        let mut open: Vec<&mut Member> = members.iter_mut().collect();
        while let Some(member) = open.pop() {
            match member {
                Member::Intent(intent) => intent.body.text.retain(|c| !is_white(c)),
                Member::If(c) => open.extend(c.then.iter_mut().chain(&mut c.otherwise)),
                _ => {}
            }
        }
        item
    })
}

/// No white space at the ends of lines, no two empty lines, none at the ends of the text.
fn tidy(text: &str) -> bool {
    let ends = text.is_empty() || (text.ends_with('\n') && !text.ends_with("\n\n") && !text.starts_with('\n'));
    ends && !text.contains("\n\n\n") && text.lines().all(|line| line == line.trim_end())
}

#[test]
fn every_text_keeps_its_meaning() {
    for (path, text) in TEXTS.iter() {
        holds(text).unwrap_or_else(|complaint| panic!("{path}: {complaint}"));
    }
}

#[test]
fn every_prefix_is_formatted() {
    for (path, text) in TEXTS.iter() {
        let often = if text.len() < 200 { 1 } else { 23 };
        let ends = (0..text.len()).step_by(often).filter(|at| text.is_char_boundary(*at));
        for end in ends {
            holds(&text[..end]).unwrap_or_else(|complaint| panic!("{path} up to {end}: {complaint}"));
        }
    }
}

/// With every break and space that could be there, and with as few as possible, formatting comes to texts that hold.
#[test]
fn other_white_space_holds() {
    for (path, text) in TEXTS.iter() {
        let spread: String = text.lines().map(|line| format!("{}\n", spread(line))).collect();
        for other in [spread, text.replace('\n', "\r\n"), text.replace("  ", "\t"), text.replace('\n', "\n\n\n")] {
            holds(&other).unwrap_or_else(|complaint| panic!("{path}: {complaint}"));
        }
    }
}

/// Breaks a line at each of its spaces, unless there is a comment or string in it.
fn spread(line: &str) -> String {
    if line.contains("//") || line.contains('"') { line.to_owned() } else { line.replace(' ', " \n ") }
}

/// The library and the examples are formatted.
#[test]
fn the_house_keeps_its_own_rules() {
    for folder in ["examples", "stdlib"] {
        let mut texts = Vec::new();
        collect(&root().join(folder), &mut texts);
        for (path, text) in texts {
            assert_eq!(format(&text), text, "{path} is not formatted");
        }
    }
}

#[test]
fn a_broken_item_is_left_alone() {
    let text = "stack  A=eth;\n  rfb  B {  port inout ;\n\t}\n\n\n\nstack  C=ip;";
    assert_eq!(format(text), "stack A = eth;\n  rfb  B {  port inout ;\n\t}\n\nstack C = ip;\n");
}

#[test]
fn a_broken_item_keeps_its_indentation() {
    for text in ["  broken;", "\n\n  broken;\n", "\u{feff}  broken;"] {
        assert_eq!(format(text), "  broken;\n");
    }
    assert_eq!(format("stack A = eth;  broken;"), "stack A = eth;\nbroken;\n");
}

#[test]
fn a_mistake_in_a_nested_block_leaves_the_whole_alone() {
    let text =
        "stack  A=eth;\nrfb  B {\n    rfb C {  port inout ; }\n  stack  D=ip;\n}\nrfb  E { if x { stack  T=ip; } }";
    let wanted =
        "stack A = eth;\nrfb  B {\n    rfb C {  port inout ; }\n  stack  D=ip;\n}\nrfb  E { if x { stack  T=ip; } }\n";
    assert_eq!(format(text), wanted);
}

#[test]
fn an_entry_of_a_broken_block_has_its_own_line() {
    let text = "rfb A {\n ensures a -> b when has tcp { has tcp; } ensures b -> a { has udp } ensures no loop; }";
    let wanted =
        "rfb A {\n  ensures a -> b when has tcp { has tcp; }\n  ensures b -> a { has udp }\n  ensures no loop;\n}\n";
    assert_eq!(format(text), wanted);
}

#[test]
fn comments_without_items_are_formatted() {
    assert_eq!(format("\n\n  // a  \n\n\n // b"), "// a\n\n// b\n");
    assert_eq!(format(" \n\t\n"), "");
}

/// Pieces that may stand between two tokens.
const GAPS: &[&str] = &["", " ", "  ", "\n", "\n\n", "\n\n\n", "\t", " // c\n", "\n// own\n", "\n\n  /// d\n\n"];

/// What may take the place of a word.
const WORDS: &[&str] =
    &["a", "ip.src", ";", "{", "}", "(", ")", ",", "and", "when", "else", "22", "{{ x }}", "\"s\"", "§"];

/// Signs of more than one character.
const SIGNS: &[&str] = &["<->", "->", "=>", "==", "!=", "<=", ">=", "<<", ">>", "::", ".."];

/// Cuts a text into tokens; white space and comments aside.
fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let end = token_end(rest);
        if !rest.starts_with("//") {
            tokens.push(&rest[..end]);
        }
        rest = rest[end..].trim_start();
    }
    tokens
}

fn token_end(text: &str) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = |also: &str| text.find(|c| !word(c) && !also.contains(c)).unwrap_or(text.len());
    match text.chars().next() {
        Some('"') => text[1..].find(['"', '\n']).map_or(text.len(), |at| at + 2),
        Some('/') if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        Some('{') if text.starts_with("{{") => text.find("}}").map_or(text.len(), |at| at + 2),
        Some('0'..='9') => length(".:/%"),
        Some(c) if word(c) => length(""),
        Some(c) => SIGNS.iter().find(|sign| text.starts_with(**sign)).map_or(c.len_utf8(), |sign| sign.len()),
        None => 0,
    }
}

/// Most texts stay sound when other white space stands between their tokens, else little is tested.
#[test]
fn tokens_put_together_are_sound() {
    let sound = |text: &str| parse_file(text).items.iter().all(|(_, item)| item.errors.is_empty());
    let texts: Vec<&str> = TEXTS.iter().map(|(_, text)| text.as_str()).filter(|text| sound(text)).collect();
    let again = texts.iter().filter(|text| sound(&tokens(text).join(" \n "))).count();
    assert!(again * 10 > texts.len() * 9, "only {again} of {}", texts.len());
}

fn text() -> impl Strategy<Value = &'static str> {
    any::<prop::sample::Index>().prop_map(|which| TEXTS[which.index(TEXTS.len())].1.as_str())
}

/// A text with other gaps between its tokens.
fn respaced() -> impl Strategy<Value = String> {
    (text(), prop::collection::vec(prop::sample::select(GAPS), 1..200)).prop_map(|(text, gaps)| {
        let tokens = tokens(text);
        tokens.iter().zip(gaps.iter().cycle()).map(|(token, gap)| format!("{gap} {token}")).collect()
    })
}

/// A text with a few words deleted, doubled, swapped or replaced.
fn mutant() -> impl Strategy<Value = String> {
    let change = (0..4u8, any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::sample::select(WORDS));
    (text(), prop::collection::vec(change, 1..4)).prop_map(|(text, changes)| {
        let mut words: Vec<&str> = text.split_inclusive(' ').collect();
        for (what, at, other, word) in changes {
            let (at, other) = (at.index(words.len()), other.index(words.len()));
            match what {
                0 if words.len() > 1 => drop(words.remove(at)),
                1 => words.insert(at, words[other]),
                2 => words.swap(at, other),
                _ => words[at] = word,
            }
        }
        words.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn any_gaps_hold(text in respaced()) {
        holds(&text).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_mutant_holds(text in mutant()) {
        holds(&text).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_text_holds(text in ".{0,200}") {
        holds(&text).map_err(TestCaseError::fail)?;
    }
}
