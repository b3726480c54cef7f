//! Programs with a slip of the hand: words of the examples and fixtures deleted, doubled, swapped or replaced by others.
//! Whatever comes out of it, the compiler answers; what still checks is verified, placed and built. Each is formatted,
//! and what is formatted stays as it is.
//!
//! `MUTANTS=20000` tries more than the usual few; each is known by its number, which a failure names.

use crate::examples;
use crate::fixtures;
use libtest_mimic::{Failed, Trial};
use rdclc::{Input, Options};
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;

const USUAL: u64 = 400;

/// One trial for all.
pub fn trials() -> Vec<Trial> {
    vec![Trial::test("bad-input/mutants", || run().map_err(Failed::from))]
}

fn run() -> Result<(), String> {
    let number = std::env::var("MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(USUAL);
    let seeds = seeds()?;
    let work = move || (0..number).find_map(|n| answer(&seeds, n).err());
    let complaint = rdclc::with_deep_stack(work).map_err(|e| e.to_string())?;
    complaint.ok_or("the tests panic")?.map_or(Ok(()), Err)
}

/// The texts to begin with, each as words and what stands between them.
fn seeds() -> Result<Vec<(PathBuf, Vec<String>)>, String> {
    let mains = examples::folders().into_iter().map(|folder| folder.join("main.rdcl"));
    let fixtures = ["verify", "expand", "lower", "place", "plan", "emit"].into_iter().flat_map(fixtures::in_folder);
    let files = mains.chain(fixtures.filter(|p| p.is_file()));
    files.map(|path| fs::read_to_string(&path).map(|text| (path, words(&text))).map_err(|e| e.to_string())).collect()
}

fn words(text: &str) -> Vec<String> {
    let code: String = text.lines().map(|l| format!("{}\n", l.split("//").next().unwrap_or_default())).collect();
    let mut words: Vec<String> = Vec::new();
    for c in code.chars() {
        let joins = |w: &&mut String| {
            let last = w.chars().last().unwrap_or(' ');
            (last.is_alphanumeric() && c.is_alphanumeric()) || (last.is_whitespace() && c.is_whitespace())
        };
        match words.last_mut().filter(joins) {
            Some(word) => word.push(c),
            None => words.push(c.to_string()),
        }
    }
    words
}

/// The mutant of this number is checked, and verified if it is fine.
fn answer(seeds: &[(PathBuf, Vec<String>)], number: u64) -> Result<(), String> {
    let mut random = Random(number);
    let (path, words) = &seeds[random.below(seeds.len())];
    let text = mutate(words, &mut random).concat();
    format(&text).map_err(|what| format!("mutant {number} of {} {what}:\n{text}", path.display()))?;
    let tried = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut input = Input::from_text("mutant.rdcl", &text);
        input.root = path.parent().map(PathBuf::from).unwrap_or_default();
        let checked = rdclc::check(input);
        if !checked.has_errors() {
            let mut options = Options::default();
            options.budget.states = 500;
            rdclc::verify(&checked, &options, None, &mut |_| ());
            let placements = rdclc::placed(&checked, None).unwrap_or_default();
            placements.placed.iter().for_each(|placed| drop(rdclc::built(&checked, placed, "")));
        }
    }));
    tried.map_err(|_| format!("mutant {number} of {} panics:\n{text}", path.display()))
}

/// Formats a text twice; says what is wrong with that.
fn format(text: &str) -> Result<(), &'static str> {
    let tried = panic::catch_unwind(|| {
        let once = rdcl_syntax::format(text);
        rdcl_syntax::format(&once) == once
    });
    match tried {
        Ok(true) => Ok(()),
        Ok(false) => Err("changes when it is formatted twice"),
        Err(_) => Err("panics when it is formatted"),
    }
}

fn mutate(words: &[String], random: &mut Random) -> Vec<String> {
    let mut mutant = words.to_vec();
    for _ in 0..=random.below(3) {
        let (at, other) = (random.below(mutant.len()), random.below(mutant.len()));
        match random.below(4) {
            0 => drop(mutant.remove(at)),
            1 => mutant.insert(at, mutant[at].clone()),
            2 => mutant.swap(at, other),
            _ => mutant[at] = mutant[other].clone(),
        }
    }
    mutant
}

/// A xorshift generator (Marsaglia 2003), seeded by the number of the mutant.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        let mut x = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15) | 1;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0 = x;
        (x >> 11) as usize % end.max(1)
    }
}
