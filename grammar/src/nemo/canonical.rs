//! Makes NEMO canonical, by the edits of what is found legacy in it.

use crate::context::{Context, Shared};
use crate::nemo::parse::statements;
use rdcl_base::Span;
use std::collections::BTreeMap;

/// How often edits are made: some make room for others.
const MOST_ROUNDS: usize = 8;

/// A text without errors in canonical form as far as it has one, not set yet. None if there are errors.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..MOST_ROUNDS {
        let edits = edits(&text)?;
        if edits.is_empty() {
            break;
        }
        text = edited(&text, &edits);
    }
    Some(text)
}

/// The edits that can be made at once, in order.
fn edits(text: &str) -> Option<BTreeMap<(u32, u32), String>> {
    let shared = Shared::default();
    let mut ctx = Context::new(text, &shared);
    let (_, findings) = statements(&mut ctx, Span::new(0, text.len() as u32));
    if !ctx.errors.is_empty() {
        return None;
    }
    let mut taken: BTreeMap<(u32, u32), String> = BTreeMap::new();
    for finding in findings {
        if finding.edits.iter().all(|edit| is_free(&taken, edit.at)) {
            taken.extend(finding.edits.into_iter().map(|edit| ((edit.at.start, edit.at.end), edit.replacement)));
        }
    }
    Some(taken)
}

/// Whether an edit overlaps none that was taken, and stands not where another one inserts something.
fn is_free(taken: &BTreeMap<(u32, u32), String>, at: Span) -> bool {
    let before = taken.range(..=(at.start, at.end)).next_back();
    let after = taken.range((at.start, at.end)..).next();
    before.is_none_or(|((start, end), _)| *end <= at.start && (*start, *end) != (at.start, at.end))
        && after.is_none_or(|((start, end), _)| at.end <= *start && (*start, *end) != (at.start, at.end))
}

fn edited(text: &str, edits: &BTreeMap<(u32, u32), String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    for ((from, to), replacement) in edits {
        result.push_str(&text[end..*from as usize]);
        result.push_str(replacement);
        end = *to as usize;
    }
    result.push_str(&text[end..]);
    result
}
