//! Lines, and what is lined up in them.
//!
//! Things stand in a column where the writer wants them to: if one entry of a run has more than one space before its
//! column, all entries of the run are lined up there; if none has, none is. A run is a stretch of entries of one kind
//! without an empty line. So it is with comments behind the lines of a stretch. A column that would make a line too
//! long is given up.

use super::doc::WIDTH;
use std::collections::BTreeMap;

/// A place in an entry that may be lined up with those of its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Column {
    /// Which place.
    pub(super) slot: Slot,
    /// The run that the entry belongs to.
    pub(super) run: u32,
    /// Whether there is more than one space.
    pub(super) padded: bool,
}

/// The places that can be lined up, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// Behind the word that begins a clause: `key       proto: u8;`
    Word,
    /// Before a word or sign inside: `impl vm    on openstack`, `a     = 1;`
    Inside,
    /// Behind a colon: `part fw:  BranchFirewall;`
    Colon,
    /// Before braces: `ree edge1: kvm       { … }`
    Brace,
}

/// A line.
#[derive(Debug)]
pub(super) struct Line<'s> {
    indent: usize,
    /// Without indentation; only a foreign block has line breaks in it.
    pub(super) text: String,
    /// Its columns, each with the number of bytes before its space.
    columns: Vec<(usize, Column)>,
    /// The comment behind it, and whether that was lined up.
    pub(super) remark: Option<(&'s str, bool)>,
    blank: bool,
}

impl<'s> Line<'s> {
    /// An empty line, indented, perhaps with a really empty one before it.
    pub(super) fn new(indent: usize, blank: bool) -> Line<'s> {
        Line { indent, text: String::new(), columns: Vec::new(), remark: None, blank }
    }

    /// A text of one or more lines as it is, its indentation included.
    pub(super) fn verbatim(indent: &str, text: &str, blank: bool) -> Line<'s> {
        Line { text: [indent, text].concat(), ..Line::new(0, blank) }
    }

    /// Adds the space of a column.
    pub(super) fn column(&mut self, column: Column) {
        self.columns.push((self.text.len(), column));
        self.text.push(' ');
    }

    /// How wide it is, comment aside; what counts of several lines is the last.
    pub(super) fn width(&self) -> usize {
        match self.text.rsplit_once('\n') {
            None => self.indent + self.text.chars().count(),
            Some((_, last)) => last.chars().count(),
        }
    }

    /// Whether it holds nothing but a comment that began above.
    fn is_bare(&self) -> bool {
        self.text.is_empty()
    }

    fn widened(&mut self, index: usize, by: usize) {
        let (at, _) = self.columns[index];
        self.text.insert_str(at, &" ".repeat(by));
        self.columns[index..].iter_mut().for_each(|column| column.0 += by);
    }
}

/// Lines things up, and puts the lines together.
pub(super) fn assemble(mut lines: Vec<Line<'_>>) -> String {
    line_up_columns(&mut lines);
    let starts = remark_columns(&lines);
    let mut text = String::new();
    for (line, start) in lines.iter().zip(starts) {
        let blank = if line.blank { "\n" } else { "" };
        text.extend([blank, &" ".repeat(line.indent), &line.text]);
        if let Some((remark, _)) = line.remark {
            text.extend([&" ".repeat(start - line.width()), remark]);
        }
        text.push('\n');
    }
    text
}

/// Where a column occurs: the line and the place among its columns.
type Place = (usize, usize);

fn line_up_columns(lines: &mut [Line<'_>]) {
    let mut columns: BTreeMap<(u32, Slot), Vec<Place>> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        for (index, (_, column)) in line.columns.iter().enumerate() {
            columns.entry((column.run, column.slot)).or_default().push((number, index));
        }
    }
    columns.values().for_each(|places| line_up(lines, places));
}

fn line_up(lines: &mut [Line<'_>], places: &[Place]) {
    let head =
        |(line, index): Place| lines[line].indent + lines[line].text[..lines[line].columns[index].0].chars().count();
    let heads: Vec<usize> = places.iter().map(|place| head(*place)).collect();
    let widest = heads.iter().copied().max().unwrap_or(0);
    let by = |number: usize| widest - heads[number];
    let wanted = places.iter().any(|(line, index)| lines[*line].columns[*index].1.padded);
    let fits = places.iter().enumerate().all(|(n, (line, _))| by(n) == 0 || lines[*line].width() + by(n) <= WIDTH);
    let apart = places.windows(2).all(|pair| pair[0].0 != pair[1].0);
    if wanted && fits && apart {
        places.iter().enumerate().for_each(|(n, (line, index))| lines[*line].widened(*index, by(n)));
    }
}

/// Where the comment behind each line begins. A line that has nothing else goes on with the comment above.
fn remark_columns(lines: &[Line<'_>]) -> Vec<usize> {
    let mut starts = Vec::with_capacity(lines.len());
    for stretch in
        lines.chunk_by(|a, b| a.remark.is_some() && b.remark.is_some() && !b.blank && (!a.is_bare() || b.is_bare()))
    {
        let widest = stretch.iter().filter(|line| !line.is_bare()).map(Line::width).max().unwrap_or(0);
        let padded = stretch.iter().any(|line| line.remark.is_some_and(|(_, padded)| padded));
        let mut start = 0;
        for line in stretch {
            start = match (padded, line.is_bare()) {
                (true, _) => widest + 1,
                (false, true) => start,
                (false, false) => line.width() + 1,
            };
            starts.push(start);
        }
    }
    starts
}
