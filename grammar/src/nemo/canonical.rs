//! Makes NEMO canonical, by the edits of what is found legacy in it.

use crate::context::{Context, Shared};
use crate::nemo::parse::statements;
use rdcl_base::{Fix, Span};

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
        text = edited(&text, edits);
    }
    Some(text)
}

/// The edits that can be made at once, in order.
fn edits(text: &str) -> Option<Vec<Fix<Span>>> {
    let shared = Shared::default();
    let mut ctx = Context::new(text, &shared);
    let (_, findings) = statements(&mut ctx, Span::new(0, text.len() as u32));
    if !ctx.errors.is_empty() {
        return None;
    }
    let mut taken: Vec<Fix<Span>> = Vec::new();
    for finding in findings {
        let free = |edit: &Fix<Span>| taken.iter().rev().take(64).all(|other| apart(edit.at, other.at));
        if finding.edits.iter().all(free) {
            taken.extend(finding.edits);
        }
    }
    taken.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let sound = taken.windows(2).all(|pair| pair[0].at.end <= pair[1].at.start);
    debug_assert!(sound, "edits that overlap");
    Some(taken)
}

fn apart(a: Span, b: Span) -> bool {
    a.end < b.start || b.end < a.start || a.end == b.start && a != b || b.end == a.start && a != b
}

fn edited(text: &str, edits: Vec<Fix<Span>>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    for edit in edits {
        let (from, to) = (edit.at.start as usize, edit.at.end as usize);
        if from < end {
            continue;
        }
        result.push_str(&text[end..from]);
        result.push_str(&edit.replacement);
        end = to;
    }
    result.push_str(&text[end..]);
    result
}
