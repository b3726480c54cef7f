//! Witnesses with their source lines: instructions become places in the text they came from.

use crate::check::Checked;
use crate::outcome::{Copy, Entry, Hop, Trace};
use crate::pcap::LinkType;
use rdcl_base::FileSpan;
use rdcl_core::{Field, HeaderKind};
use rdcl_hir::{Claim, Instance, Property, leaf_origins, place, structure};
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
        let telling = property.map_or_else(Vec::new, |p| self.telling(&witness.packet.copies, p));
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

    /// The copies that show that a property fails: one that arrives, one that loops, or all that do not arrive.
    fn telling(&self, copies: &[CopyTrail], property: &Property) -> Vec<usize> {
        let boundary = &structure(&self.checked.db, self.instance).boundary;
        let ends: Vec<&str> = property.flows.iter().map(|(_, to)| boundary[to.0 as usize].name.as_str()).collect();
        let arrives = |c: &CopyTrail| c.delivered.as_ref().is_some_and(|(at, _)| ends.contains(&at.as_str()));
        let shortest = |is_telling: &dyn Fn(&CopyTrail) -> bool| {
            let telling = copies.iter().enumerate().filter(|(_, copy)| is_telling(copy));
            telling.min_by_key(|(_, copy)| copy.hops.len()).map(|(i, _)| i).into_iter().collect()
        };
        match &property.claim {
            Claim::Holds(_) | Claim::Isolated | Claim::Unchanged { .. } => shortest(&arrives),
            Claim::NoLoop => shortest(&|copy: &CopyTrail| copy.outcome.starts_with("loops")),
            Claim::Reach { .. } | Claim::CanReach => {
                let mut lost: Vec<usize> = (0..copies.len()).filter(|i| !arrives(&copies[*i])).collect();
                lost.sort_by_key(|i| copies[*i].hops.len());
                lost
            }
        }
    }

    fn entry(&self, step: &Step) -> Entry {
        let fields = step.fields.iter().filter_map(|(name, value)| Some((field(name)?, *value)));
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

/// The field of a name such as `ip.src`.
fn field(name: &str) -> Option<Field> {
    let (header, field) = name.split_once('.')?;
    HeaderKind::from_name(header)?.field(field)
}
