//! What a user is told: one [`Diagnostic`] per fault, with a stable code, a place and a way out.
//!
//! A diagnostic is generic over its place `L`: stages speak of tree nodes, which survive edits of
//! white space; the edge maps them to [`FileSpan`](crate::FileSpan)s with [`Diagnostic::map`].

use crate::codes::Code;

/// How bad it is. Only errors stop a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The input has no meaning, or one we must not build.
    Error,
    /// Meaningful, but probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The lower-case word used in every output format.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A further place that explains the fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label<L> {
    /// Where.
    pub at: L,
    /// What is to be seen there.
    pub message: String,
}

/// A replacement that mends the fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fix<L> {
    /// What to replace.
    pub at: L,
    /// The new text.
    pub replacement: String,
}

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic<L> {
    /// Stable code; its page is what `rdclc explain` prints.
    pub code: Code,
    /// Severity of this instance; normally the code's own.
    pub severity: Severity,
    /// Lower case, no full stop, names in back-quotes: what was found and what was expected.
    pub message: String,
    /// Where the fault is.
    pub primary: L,
    /// Other places that matter.
    pub secondary: Vec<Label<L>>,
    /// Further facts, one sentence each.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// A replacement that does it.
    pub fix: Option<Fix<L>>,
}

impl<L> Diagnostic<L> {
    /// A diagnostic of the code's own severity.
    pub fn new(code: Code, primary: L, message: impl Into<String>) -> Diagnostic<L> {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            primary,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Adds a further place.
    pub fn with_label(mut self, at: L, message: impl Into<String>) -> Self {
        self.secondary.push(Label { at, message: message.into() });
        self
    }

    /// Adds a fact.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to do, when there is something to say.
    pub fn with_optional_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Says what was probably meant by the name that stands at the place of the fault, when one of the candidates is near
    /// enough, and carries the replacement.
    pub fn misspelt<'a>(mut self, found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self
    where
        L: Clone,
    {
        if let Some(near) = nearest(found, candidates) {
            self.help = Some(format!("did you mean `{near}`?"));
            self.fix = Some(Fix { at: self.primary.clone(), replacement: near.to_owned() });
        }
        self
    }

    /// Carries the replacement of what stands at the place of the fault.
    pub fn with_fix(mut self, replacement: impl Into<String>) -> Self
    where
        L: Clone,
    {
        self.fix = Some(Fix { at: self.primary.clone(), replacement: replacement.into() });
        self
    }

    /// The same diagnostic with every place mapped.
    pub fn map<M>(self, mut place: impl FnMut(L) -> M) -> Diagnostic<M> {
        Diagnostic {
            code: self.code,
            severity: self.severity,
            message: self.message,
            primary: place(self.primary),
            secondary: self.secondary.into_iter().map(|l| Label { at: place(l.at), message: l.message }).collect(),
            notes: self.notes,
            help: self.help,
            fix: self.fix.map(|f| Fix { at: place(f.at), replacement: f.replacement }),
        }
    }
}

/// The candidate nearest to `wanted` by edit distance, if it is near enough to be a slip of the hand
/// (at most a third of the word, at most three edits, capitals aside, and some letter stays); ties go to the first in
/// order.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count().div_ceil(3)).min(3);
    candidates
        .into_iter()
        .filter(|c| *c != wanted)
        .map(|c| (if c.eq_ignore_ascii_case(wanted) { 1 } else { edit_distance(wanted, c) }, c))
        .filter(|(d, c)| *d <= limit && (*d < c.len().max(wanted.len()) || c.eq_ignore_ascii_case(wanted)))
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// Damerau–Levenshtein distance (adjacent transpositions count one), restricted form.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_prefers_the_closest_and_refuses_the_far() {
        assert_eq!(nearest("Firewal", ["Nat44", "Firewall", "Router"]), Some("Firewall"));
        assert_eq!(nearest("lna", ["wan", "lan"]), Some("lan"));
        assert_eq!(nearest("P2P", ["mesh", "p2p"]), Some("p2p"));
        assert_eq!(nearest("zebra", ["lan", "wan"]), None);
        assert_eq!(nearest("z", ["x", "y"]), None);
        assert_eq!(nearest("z", ["x", "Z"]), Some("Z"));
    }
}
