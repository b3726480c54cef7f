//! The group `language`: checking large packages, checking them again after an edit, formatting.

use crate::bench::cold::cold_check;
use crate::bench::figure::Figure;
use crate::bench::{Error, Place, program};
use rdcl_base::FileId;
use rdcl_hir::{Database, Package, SourceFile, add_std, diagnostics};
use salsa::{Durability, Setter};
use std::fs;
use std::time::Instant;

/// Measures the group.
///
/// # Errors
/// [`Error`]
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let example = place.root.join("examples/branch/main.rdcl");
    let example = fs::read_to_string(&example).map_err(|e| Error::Io(example.display().to_string(), e))?;
    let files = program::files(&example, 100_000);
    Ok(vec![check(place, &files)?, recheck(place, &files)?, format(place, &files[..10])?])
}

fn check(place: &Place, files: &[String]) -> Result<Figure, Error> {
    let times = cold_check(place, "check-100k", files)?.iter().map(|ms| ms / 1e3).collect();
    Ok(Figure::of("language/check-100k", "s", times, vec![("lines".into(), program::lines(files))]))
}

/// The edit makes a value of the last file wrong, and right again: what is said of it shows that it was seen.
fn recheck(place: &Place, files: &[String]) -> Result<Figure, Error> {
    let mut db = Database::with_log();
    let std = add_std(&mut db, FileId(0));
    let source = |(number, text): (u32, &String)| {
        let path = format!("part{number}");
        SourceFile::builder(path.clone(), format!("{path}.rdcl"), text.clone(), FileId(100 + number))
            .durability(Durability::MEDIUM)
            .new(&db)
    };
    let sources: Vec<SourceFile> = (0u32..).zip(files).map(source).collect();
    let edited = *sources.last().ok_or_else(|| Error::Wrong("language/recheck-100k: no files".into()))?;
    let right = edited.text(&db).to_owned();
    let wrong = right.replacen("unchanged lan -> wan", "unchanged lan -> wam", 1);
    let package = Package::builder(sources, std, Vec::new()).durability(Durability::MEDIUM).new(&db);
    expect(&db, package, 0)?;
    let mut times = Vec::new();
    for run in 0..2 * place.runs {
        let (text, complaints) = if run % 2 == 0 { (&wrong, 1) } else { (&right, 0) };
        db.take_log();
        let start = Instant::now();
        edited.set_text(&mut db).with_durability(Durability::LOW).to(text.clone());
        expect(&db, package, complaints)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let queries = db.take_log().len() as u64;
    let counters = vec![("lines".into(), program::lines(files)), ("queries".into(), queries)];
    Ok(Figure::of("language/recheck-100k", "ms", times, counters))
}

fn expect(db: &Database, package: Package, complaints: usize) -> Result<(), Error> {
    let found = diagnostics(db, package);
    if found.len() == complaints {
        return Ok(());
    }
    Err(Error::Wrong(format!("language/recheck-100k: not {complaints} complaints: {found:?}")))
}

/// The lines lose their indentation first, so that there is something to set.
fn format(place: &Place, files: &[String]) -> Result<Figure, Error> {
    let flat: Vec<String> = files.iter().map(|text| flat(text)).collect();
    let mut times = Vec::new();
    for _ in 0..place.runs {
        let start = Instant::now();
        let set: Vec<String> = flat.iter().map(|text| rdcl_syntax::format(text)).collect();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if set.iter().zip(&flat).any(|(set, flat)| set == flat || self::flat(set) != *flat) {
            return Err(Error::Wrong("language/format-10k: more than indentation was changed, or nothing".into()));
        }
    }
    Ok(Figure::of("language/format-10k", "ms", times, vec![("lines".into(), program::lines(files))]))
}

fn flat(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_start())).collect()
}
