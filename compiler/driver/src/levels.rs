//! What is done about each warning: what a comment in the source says counts most, then the manifest, then the lint's own level.

use crate::input::Input;
use rdcl_base::lints::{Level, Lint};
use rdcl_base::{Code, Diagnostic, FileId, FileSpan, Severity};
use std::collections::BTreeMap;

/// The levels of lints in a package.
#[derive(Debug, Default)]
pub struct Levels {
    manifest: BTreeMap<Code, Level>,
    comments: BTreeMap<FileId, rdcl_lint::Levels>,
}

impl Levels {
    /// Those of a package, and what could not be understood of what it says about them.
    pub fn of(input: &Input) -> (Levels, Vec<Diagnostic<FileSpan>>) {
        let manifest = input.lints.iter().map(|(lint, level)| (lint.code, *level)).collect();
        let (mut comments, mut problems) = (BTreeMap::new(), Vec::new());
        for (file, _) in &input.sources {
            let mut levels = rdcl_lint::levels(&input.files[file.0 as usize].1);
            let placed = |span| FileSpan { file: *file, span };
            problems.extend(std::mem::take(&mut levels.problems).into_iter().map(|problem| problem.map(placed)));
            comments.insert(*file, levels);
        }
        (Levels { manifest, comments }, problems)
    }

    /// Findings as they are to be reported: warnings that are allowed are left out, those that are denied are errors.
    pub fn apply(&self, findings: impl IntoIterator<Item = Diagnostic<FileSpan>>) -> Vec<Diagnostic<FileSpan>> {
        findings.into_iter().filter_map(|finding| self.judged(finding)).collect()
    }

    fn judged(&self, mut finding: Diagnostic<FileSpan>) -> Option<Diagnostic<FileSpan>> {
        let lint = Lint::of(finding.code).filter(|_| finding.severity == Severity::Warning);
        match lint.map(|lint| self.level(lint, finding.primary)) {
            Some(Level::Allow) => return None,
            Some(Level::Deny) => {
                finding.severity = Severity::Error;
                let name = lint.map_or("", |lint| lint.name);
                finding.notes.push(format!("`{name}` is denied here"));
            }
            Some(Level::Warn) | None => {}
        }
        Some(finding)
    }

    fn level(&self, lint: &Lint, at: FileSpan) -> Level {
        let comment = self.comments.get(&at.file).and_then(|levels| levels.level(lint.code, at.span.start));
        comment.or_else(|| self.manifest.get(&lint.code).copied()).unwrap_or(lint.level)
    }
}
