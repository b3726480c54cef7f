//! Witnesses with their source lines: instructions become places in the text they came from.

use crate::check::Checked;
use crate::outcome::{Copy, Entry, Hop, Trace};
use crate::pcap::LinkType;
use rdcl_base::FileSpan;
use rdcl_core::{Field, HeaderKind};
use rdcl_hir::{Claim, Instance, Property, known_headers, leaf_origins, place, structure};
use rdcl_verify::{CopyTrail, Step, Witness};

/// Resolves witnesses about an instance.
pub struct Tracer<'a> {
    /// The package.
    pub checked: &'a Checked,
    /// The instance.
    pub instance: Instance<'a>,
}

impl Tracer<'_> {
    /// A witness against a property, resolved.
    pub fn trace(&self, witness: &Witness, property: Option<&Property>) -> Trace {
        let shortest = |i: &usize| witness.packet.copies[*i].hops.len();
        let mut telling = witness.telling.clone();
        telling.sort_by_key(shortest);
        if !property.is_some_and(is_about_all_copies) {
            telling.truncate(1);
        }
        let mut outcomes: Vec<&str> = telling.iter().map(|i| witness.packet.copies[*i].outcome.as_str()).collect();
        outcomes.dedup();
        Trace {
            history: witness.history.iter().map(|step| self.entry(step)).collect(),
            packet: self.entry(&witness.packet),
            outcome: if outcomes.is_empty() { witness.outcome.clone() } else { outcomes.join("; ") },
            telling,
            minimal: witness.minimal,
        }
    }

    fn entry(&self, step: &Step) -> Entry {
        let fields = step.fields.iter().filter_map(|(name, value)| Some((self.field(&step.port, name)?, *value)));
        Entry {
            port: step.port.clone(),
            link: self.link(&step.port),
            bytes: step.bytes.clone(),
            fields: fields.collect(),
            now: step.now,
            choices: step.choices.clone(),
            copies: step.copies.iter().map(|copy| self.copy(copy)).collect(),
        }
    }

    /// The field of a name such as `ip.src` in a packet that enters by a port.
    fn field(&self, port: &str, name: &str) -> Option<Field> {
        let (header, field) = name.rsplit_once('.')?;
        let boundary = &structure(&self.checked.db, self.instance).boundary;
        let demanded = || boundary.iter().find(|p| p.name == port)?.stack.required.named(header);
        let declared = || known_headers(&self.checked.db, self.instance).named(header);
        HeaderKind::from_name(header).or_else(demanded).or_else(declared)?.field(field)
    }

    fn link(&self, port: &str) -> LinkType {
        let boundary = &structure(&self.checked.db, self.instance).boundary;
        let outermost = boundary.iter().find(|p| p.name == port).map(|p| p.stack.outermost);
        if outermost == Some(HeaderKind::Eth) { LinkType::Ethernet } else { LinkType::Raw }
    }

    fn copy(&self, copy: &CopyTrail) -> Copy {
        Copy { outcome: copy.outcome.clone(), hops: copy.hops.iter().map(|hop| self.hop(hop)).collect() }
    }

    fn hop(&self, hop: &rdcl_verify::Hop) -> Hop {
        let Some(at) = self.decided(hop) else {
            return Hop { port: hop.port.clone(), at: String::new(), text: String::new() };
        };
        let sources = &self.checked.sources;
        let text = sources.line(at.file, at.span.start).trim().to_owned();
        Hop { port: hop.port.clone(), at: sources.place(at), text }
    }

    /// The place of the last instruction of a visit that has one.
    fn decided(&self, hop: &rdcl_verify::Hop) -> Option<FileSpan> {
        let db = &self.checked.db;
        let (_, leaf) = structure(db, self.instance).parts.get(hop.part.0 as usize)?;
        let origins = leaf_origins(db, *leaf);
        let loc = hop.steps.iter().rev().find_map(|step| origins.get(*step))?;
        Some(place(db, loc))
    }
}

/// Whether a property fails only if it does for every copy; otherwise one copy tells.
fn is_about_all_copies(property: &Property) -> bool {
    match property.claim {
        Claim::Reach { .. } | Claim::CanReach => true,
        Claim::Holds(_) | Claim::Isolated | Claim::Unchanged { .. } | Claim::Via { .. } => false,
        Claim::NoLoop | Claim::Intended(_) => false,
    }
}
