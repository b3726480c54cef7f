//! The unified difference of a text and what the formatter made of it.
//!
//! Mostly both have the same characters in the same order but for white space, so that lines that begin with the same
//! number of them before belong together: nothing is searched for. Where words were changed, too, equal lines are
//! looked for nearby.

use std::ops::Range;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// What `diff -u` would say; empty for equal texts.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    let (old, new) = (Lines::of(old), Lines::of(new));
    let edits = edits(&old, &new);
    let mut text = String::new();
    if !edits.is_empty() {
        // A tab ends a name that has spaces in it, for whoever reads the name.
        let end = if name.contains(char::is_whitespace) { "\t" } else { "" };
        text += &format!("--- {name}{end}\n+++ {name}{end}\n");
    }
    for hunk in edits.chunk_by(|a, b| b.old.start - a.old.end <= 2 * CONTEXT) {
        write_hunk(&mut text, &old, &new, hunk);
    }
    text
}

struct Lines<'s> {
    /// With their line breaks.
    lines: Vec<&'s str>,
    /// How many characters that are no white space stand before each, and in all.
    before: Vec<usize>,
}

impl<'s> Lines<'s> {
    fn of(text: &'s str) -> Lines<'s> {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut before = vec![0];
        for line in &lines {
            let solid = line.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').count();
            before.push(before[before.len() - 1] + solid);
        }
        Lines { lines, before }
    }

    fn is_end(&self, at: usize) -> bool {
        at == self.lines.len()
    }
}

/// Lines that give way to others.
#[derive(Clone, Debug)]
struct Edit {
    old: Range<usize>,
    new: Range<usize>,
}

fn edits(old: &Lines<'_>, new: &Lines<'_>) -> Vec<Edit> {
    let solid = |lines: &Lines<'_>| -> String {
        let characters = lines.lines.iter().flat_map(|line| line.chars());
        characters.filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect()
    };
    if solid(old) == solid(new) { counted(old, new) } else { searched(old, new) }
}

/// How far equal lines are looked for.
const REACH: usize = 64;

/// The edits between texts of different words.
fn searched(old: &Lines<'_>, new: &Lines<'_>) -> Vec<Edit> {
    let same = |i: usize, j: usize| i < old.lines.len() && j < new.lines.len() && old.lines[i] == new.lines[j];
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    while !(old.is_end(i) && new.is_end(j)) {
        let near = (0..=REACH).flat_map(|sum| (0..=sum).map(move |a| (a, sum - a)));
        let (a, b) = near
            .filter(|(a, b)| i + a <= old.lines.len() && j + b <= new.lines.len())
            .find(|(a, b)| same(i + a, j + b))
            .unwrap_or((old.lines.len() - i, new.lines.len() - j));
        edits.extend(trimmed(old, new, Edit { old: i..i + a, new: j..j + b }));
        (i, j) = ((i + a + 1).min(old.lines.len()), (j + b + 1).min(new.lines.len()));
    }
    edits
}

/// The edits between texts that differ in white space.
fn counted(old: &Lines<'_>, new: &Lines<'_>) -> Vec<Edit> {
    let same = |i: usize, j: usize| old.before[i] == new.before[j] && old.lines.get(i) == new.lines.get(j);
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    while !(old.is_end(i) && new.is_end(j)) {
        let start = (i, j);
        while !same(i, j) {
            if new.is_end(j) || (!old.is_end(i) && old.before[i] <= new.before[j]) {
                i += 1;
            } else {
                j += 1;
            }
        }
        edits.extend(trimmed(old, new, Edit { old: start.0..i, new: start.1..j }));
        (i, j) = ((i + 1).min(old.lines.len()), (j + 1).min(new.lines.len()));
    }
    edits
}

/// An edit without the lines at its ends that stay; none if nothing is left.
fn trimmed(old: &Lines<'_>, new: &Lines<'_>, edit: Edit) -> Option<Edit> {
    let (a, b) = (&old.lines[edit.old.clone()], &new.lines[edit.new.clone()]);
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let cut = |range: Range<usize>| range.start + head..range.end - tail;
    let edit = Edit { old: cut(edit.old), new: cut(edit.new) };
    (!edit.old.is_empty() || !edit.new.is_empty()).then_some(edit)
}

fn write_hunk(text: &mut String, old: &Lines<'_>, new: &Lines<'_>, edits: &[Edit]) {
    let (Some(first), Some(last)) = (edits.first(), edits.last()) else { return };
    let lead = first.old.start.min(CONTEXT);
    let trail = (old.lines.len() - last.old.end).min(CONTEXT);
    let (from, to) = (first.old.start - lead..last.old.end + trail, first.new.start - lead..last.new.end + trail);
    *text += &format!("@@ -{} +{} @@\n", place(&from), place(&to));
    let mut at = from.start;
    for edit in edits {
        write_lines(text, ' ', &old.lines[at..edit.old.start]);
        write_lines(text, '-', &old.lines[edit.old.clone()]);
        write_lines(text, '+', &new.lines[edit.new.clone()]);
        at = edit.old.end;
    }
    write_lines(text, ' ', &old.lines[at..from.end]);
}

/// The first line and how many; of none, the line before.
fn place(range: &Range<usize>) -> String {
    let first = if range.is_empty() { range.start } else { range.start + 1 };
    match range.len() {
        1 => first.to_string(),
        length => format!("{first},{length}"),
    }
}

fn write_lines(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(unified("f", "a\nb\n", "a\nb\n"), "");
        assert_eq!(unified("f", "", ""), "");
    }

    #[test]
    fn lines_that_stay_are_context() {
        let old = "1\n2\n3\n4\nx  =y;\n5\n6\n7\n8\n";
        let wanted = "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-x  =y;\n+x = y;\n 5\n 6\n 7\n";
        assert_eq!(unified("f", old, &old.replace("x  =y", "x = y")), wanted);
    }

    #[test]
    fn an_empty_line_comes_or_goes_alone() {
        assert_eq!(unified("f", "a\nb\n", "a\n\nb\n"), "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n+\n b\n");
        assert_eq!(unified("f", "a\n\n\nb\n", "a\n\nb\n"), "--- f\n+++ f\n@@ -1,4 +1,3 @@\n a\n \n-\n b\n");
    }

    #[test]
    fn a_missing_line_break_is_said() {
        let wanted = "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n";
        assert_eq!(unified("f", "a", "a\n"), wanted);
    }

    #[test]
    fn distant_changes_have_hunks_of_their_own() {
        let old = format!("a b\n{}c d\n", "=\n".repeat(9));
        let new = format!("a\nb\n{}c\nd\n", "=\n".repeat(9));
        let text = unified("f", &old, &new);
        assert_eq!(text.matches("@@ -").count(), 2, "{text}");
        assert!(text.contains("@@ -1,4 +1,5 @@") && text.contains("@@ -8,4 +9,5 @@"), "{text}");
    }
}
