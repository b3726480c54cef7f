//! Texts that nobody wrote: lexers, parsers, formatter and checker answer to each, soon, and formatting twice is
//! formatting once.
//!
//! An input is a seed with a few slips of a hand that knows the notation: a statement doubled, moved or replaced by
//! another of its kind, a number by one at a border, a name by another, now and then a character by any. Most therefore
//! still parse, and reach what is behind the parser. Seeds are the fixtures of every stage, the examples, the library,
//! and `tests/fuzz/`, where inputs stay that once found a fault.
//!
//! `FUZZ_MINUTES=10` goes on for that much time of one processor; each input is known by its number, which a failure
//! names. `FUZZ_FROM` is the first number.

use crate::examples;
use libtest_mimic::{Failed, Trial};
use rdcl_base::{Code, Severity};
use rdcl_sefl::Packet;
use rdclc::Input;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many are tried where no time is given.
const USUAL: u64 = 300;

/// No input takes longer, in time of the processor.
const LONGEST: Duration = Duration::from_secs(20);

const NOTATIONS: [&str; 3] = ["rdcl", "nemo", "sefl"];

/// One trial for the inputs that once found a fault, one for new ones.
pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("fuzz/found", || deep(found).map_err(Failed::from)),
        Trial::test("fuzz/new", || deep(new).map_err(Failed::from)),
    ]
}

fn deep(work: fn() -> Result<(), String>) -> Result<(), String> {
    rdclc::with_deep_stack(work).map_err(|e| e.to_string())?.unwrap_or_else(|| Err("the test panics".to_owned()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz")
}

fn found() -> Result<(), String> {
    let seeds = read(in_folder(&folder(), 1))?;
    let complaint = seeds.iter().find_map(|seed| answer(seed.notation, &seed.text).err());
    complaint.map_or(Ok(()), Err)
}

fn new() -> Result<(), String> {
    let seeds = seeds()?;
    let wanted = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let first = wanted("FUZZ_FROM").unwrap_or(0);
    let limit = wanted("FUZZ_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let start = processor_time();
    let mut share: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for number in first.. {
        let goes_on = match limit {
            Some(limit) => processor_time().saturating_sub(start) < limit,
            None => number < first + USUAL,
        };
        if !goes_on {
            break;
        }
        let mut random = Random::new(number);
        let notation = NOTATIONS[random.below(NOTATIONS.len())];
        let own: Vec<&Seed> = seeds.iter().filter(|seed| seed.notation == notation).collect();
        let seed = own[random.below(own.len())];
        let text = mutate(&seeds, seed, &mut random);
        let parses = answer(seed.notation, &text).map_err(|what| {
            let kept = folder().join(format!("input-{number}.{}", seed.notation));
            let kept = fs::write(&kept, &text).map_or_else(|e| e.to_string(), |()| kept.display().to_string());
            format!("input {number}, kept as {kept}: {what}")
        })?;
        let (all, parsed) = share.entry(seed.notation).or_default();
        (*all, *parsed) = (*all + 1, *parsed + u64::from(parses));
    }
    for (notation, (all, parsed)) in &share {
        eprintln!("fuzz: {all} texts in {notation}, of which {parsed} parse");
        if 2 * parsed < *all {
            return Err(format!("less than half of the texts in {notation} parse: {parsed} of {all}"));
        }
    }
    Ok(())
}

/// Looks at a text from all sides; whether it parses, or what is wrong with our answer.
fn answer(notation: &'static str, text: &str) -> Result<bool, String> {
    let start = processor_time();
    let tried = panic::catch_unwind(AssertUnwindSafe(|| match notation {
        "nemo" => both(service(notation, text), steady(text, &[rdcl_syntax::format_nemo, rdcl_syntax::canonical_nemo])),
        "sefl" => both(program(text), steady(text, &[rdcl_syntax::format_program])),
        _ => both(service(notation, text), steady(text, &[rdcl_syntax::format, rdcl_syntax::canonical])),
    }));
    let parses = tried.map_err(|_| "a panic".to_owned())??;
    let took = processor_time().saturating_sub(start);
    if took > LONGEST { Err(format!("took {took:?}")) } else { Ok(parses) }
}

fn both(parses: bool, steady: bool) -> Result<bool, String> {
    if steady { Ok(parses) } else { Err("formatting twice is not formatting once".to_owned()) }
}

fn steady(text: &str, formatters: &[fn(&str) -> String]) -> bool {
    formatters.iter().all(|format| {
        let once = format(text);
        format(&once) == once
    })
}

/// Checks a text as a package of its own; whether it parses.
fn service(notation: &str, text: &str) -> bool {
    let checked = rdclc::check(Input::from_text(&format!("input.{notation}"), text));
    let syntax = |code: Code| code >= Code::E0101 && code < Code::E0201 && code.severity() == Severity::Error;
    !checked.findings.iter().any(|finding| syntax(finding.code))
}

/// Checks a program of SEFL and runs it a little; whether it parses.
fn program(text: &str) -> bool {
    let packet = Packet::empty();
    let checked = rdcl_sefl::check(text, &packet);
    let options = rdcl_sefl::Options { steps: 2_000, ..rdcl_sefl::Options::default() };
    _ = rdcl_sefl::run(&checked.program, &packet, &options);
    rdcl_syntax::parse_program(text).errors.is_empty()
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// A text to begin with.
struct Seed {
    notation: &'static str,
    text: String,
    statements: Vec<Range<usize>>,
}

fn seeds() -> Result<Vec<Seed>, String> {
    let mains = examples::folders().into_iter().map(|folder| folder.join("main.rdcl"));
    let fixtures = in_folder(&folder().join(".."), 2);
    let mut seeds = read(mains.chain(fixtures))?;
    seeds.extend(rdcl_stdlib::SOURCES.iter().filter_map(|s| seed(Path::new(s.name), s.text.to_owned())));
    Ok(seeds)
}

/// All files of a folder, down to a depth, in order.
fn in_folder(folder: &Path, depth: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    let below = |path: PathBuf| if path.is_dir() && depth > 1 { in_folder(&path, depth - 1) } else { vec![path] };
    paths.into_iter().flat_map(below).collect()
}

fn read(paths: impl IntoIterator<Item = PathBuf>) -> Result<Vec<Seed>, String> {
    let files = paths.into_iter().filter(|path| path.is_file());
    let texts = files.map(|path| fs::read_to_string(&path).map(|text| seed(&path, text)).map_err(|e| e.to_string()));
    texts.filter_map(Result::transpose).collect()
}

fn seed(path: &Path, text: String) -> Option<Seed> {
    let notation = NOTATIONS.into_iter().find(|n| path.extension().is_some_and(|e| e == *n))?;
    let statements = statements(&text);
    Some(Seed { notation, text, statements })
}

/// Where statements stand: up to a `;`, or with all that is in their braces.
fn statements(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut open, mut start) = (Vec::new(), Vec::new(), None);
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' | '\n' => quoted = c == '"' && !quoted,
            _ if quoted => {}
            '{' => open.push(start.take()),
            '}' => {
                start = None;
                found.extend(open.pop().flatten().map(|from| from..at + 1));
            }
            ';' => found.extend(start.take().map(|from| from..at + 1)),
            _ => {}
        }
        if start.is_none() && !c.is_whitespace() && !"{};".contains(c) {
            start = Some(at);
        }
    }
    found
}

const NUMBERS: [&str; 10] =
    ["0", "1", "2", "255", "256", "65535", "65536", "4294967296", "18446744073709551615", "340282366920938463463"];

const CHARACTERS: [&str; 16] =
    ["{", "}", "(", ")", ";", "\"", "\\", "{{", "}}", "//", "é", "\u{0}", "\n", "..", "0x", "["];

fn mutate(seeds: &[Seed], seed: &Seed, random: &mut Random) -> String {
    let mut text = seed.text.clone();
    for _ in 0..=random.below(3) {
        match random.below(20) {
            0..9 => statement(seeds, seed.notation, &mut text, random),
            9..13 => number(&mut text, random),
            13..18 => word(&mut text, random),
            18 => {
                let at = boundary(&text, random);
                text.insert_str(at, CHARACTERS[random.below(CHARACTERS.len())]);
            }
            _ => {
                let (a, b) = (boundary(&text, random), boundary(&text, random));
                let length = a.abs_diff(b).min(20);
                let end = (a.min(b) + length..).find(|i| text.is_char_boundary(*i)).unwrap_or(text.len());
                text.replace_range(a.min(b)..end.min(text.len()), "");
            }
        }
    }
    text
}

/// Doubles, drops or replaces a statement by another that begins with the same word, perhaps from another text.
fn statement(seeds: &[Seed], notation: &str, text: &mut String, random: &mut Random) {
    let here = statements(text);
    if here.is_empty() {
        return;
    }
    let chosen = here[random.below(here.len())].clone();
    match random.below(4) {
        0 => {
            let copy = text[chosen.clone()].to_owned();
            text.insert_str(chosen.end, &copy);
        }
        1 => text.replace_range(chosen, ""),
        _ => {
            let other = &seeds[random.below(seeds.len())];
            let first = |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
            let kind = first(&text[chosen.clone()]);
            let same = other.statements.iter().filter(|s| first(&other.text[(*s).clone()]) == kind);
            let same: Vec<_> = if other.notation == notation { same.collect() } else { Vec::new() };
            if !same.is_empty() {
                text.replace_range(chosen, &other.text[same[random.below(same.len())].clone()]);
            }
        }
    }
}

fn number(text: &mut String, random: &mut Random) {
    let numbers = runs(text, |c| c.is_ascii_digit());
    if !numbers.is_empty() {
        let at = numbers[random.below(numbers.len())].clone();
        text.replace_range(at, NUMBERS[random.below(NUMBERS.len())]);
    }
}

/// One word by another; more often than not one that no statement begins with, and so a name.
fn word(text: &mut String, random: &mut Random) {
    let leads: Vec<usize> = statements(text).iter().map(|s| s.start).collect();
    let words = runs(text, |c| c.is_alphanumeric() || c == '_');
    let named = |at: &Range<usize>| {
        let follows = text[..at.start].ends_with(['.', '(', ',']) || text[..at.start].ends_with(": ");
        follows && !leads.contains(&at.start)
    };
    let names: Vec<_> = words.iter().filter(|at| named(at)).collect();
    let any = names.is_empty() || random.below(8) == 0;
    let pool: Vec<_> = if any { words.iter().collect() } else { names };
    if pool.is_empty() {
        return;
    }
    let (at, by) = (pool[random.below(pool.len())].clone(), pool[random.below(pool.len())].clone());
    let other = text[by].to_owned();
    text.replace_range(at, &other);
}

/// The longest stretches of such characters.
fn runs(text: &str, belongs: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let (mut found, mut start) = (Vec::new(), None);
    for (at, c) in text.char_indices().chain([(text.len(), '\0')]) {
        match (belongs(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn boundary(text: &str, random: &mut Random) -> usize {
    let at = random.below(text.len() + 1);
    (at..).find(|i| text.is_char_boundary(*i)).unwrap_or(text.len())
}

/// SplitMix64 (Steele, Lea, Flood 2014), seeded by the number of the input.
struct Random(u64);

impl Random {
    fn new(number: u64) -> Random {
        Random(number.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as usize % end.max(1)
    }
}
