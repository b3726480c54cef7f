//! Promises that a parent makes already.

use crate::look::Look;
use rdcl_base::{Code, Label, Span};
use rdcl_hir::{Loc, Property, default_instance, has_all_defaults, properties, property_places};

pub fn of_block(look: &mut Look<'_>) {
    if !has_all_defaults(look.db, look.item) {
        return;
    }
    let instance = default_instance(look.db, look.item);
    let properties = properties(look.db, instance);
    let places = property_places(look.db, instance);
    let is_own = |place: &Loc| matches!(place, Loc::Node(file, id, _) if (*file, *id) == (look.item.file(look.db), look.item.id(look.db)));
    let (own, inherited): (Vec<_>, Vec<_>) = properties.iter().zip(places).partition(|(_, place)| is_own(place));
    let says = |p: &Property| (p.claim.clone(), p.when.clone(), p.flows.clone());
    for (property, place) in own {
        let Some((first, at)) = inherited.iter().find(|(other, _)| says(other) == says(property)) else { continue };
        let Loc::Node(_, _, node) = place else { continue };
        let message = format!("`{}` promises what `{}` promises already", property.name, first.name);
        look.report(Code::W1209, *node, message, "leave it out: the inherited promise is proved of this block, too");
        if let Some(last) = look.found.last_mut() {
            last.secondary.push(Label { at: **at, message: "inherited from here".to_owned() });
        }
        let span = whole_lines(look.text, look.span(*node));
        look.offer(span, "");
    }
}

/// The range with its line break and indentation, if nothing else stands on its lines.
fn whole_lines(text: &str, span: Span) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    let before = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let after = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let is_blank = |range: &str| range.trim().is_empty();
    if is_blank(&text[before..start]) && is_blank(&text[end..after]) {
        Span::new(before as u32, after as u32)
    } else {
        span
    }
}
