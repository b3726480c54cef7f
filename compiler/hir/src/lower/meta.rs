//! Metadata in behaviours: local names `meta.colour`, filled as a packet enters and put in front of it as it leaves.

use super::field::Access;
use super::flow::{Binding, Flow};
use super::local::Target;
use super::{Here, Lower, PortGroup, problem};
use crate::headers::metadata::{META, metadata, metadata_fields};
use rdcl_base::NodeId;
use rdcl_core::{Expr, Field, Op, Place, SlotId, Stack};
use rdcl_syntax::ast::Name;
use std::collections::BTreeMap;

/// The local name of some metadata.
fn local(name: &str) -> String {
    format!("{META}.{name}")
}

impl Lower<'_> {
    /// The metadata that ports of the block declare, with their widths.
    fn all_metadata(&self) -> BTreeMap<&'static str, u16> {
        let fields = self.env.ports.iter().filter_map(|group| metadata(group.stack)).flat_map(metadata_fields);
        fields.map(|field| (field.decl().name, field.width())).collect()
    }

    /// Puts the metadata of a packet that enters by a port of this stack into local names.
    pub(super) fn take_metadata(&mut self, mut here: Here, stack: Stack, node: NodeId) -> Here {
        let mut slots = BTreeMap::new();
        for (name, width) in self.all_metadata() {
            let slot = self.new_slot(&local(name), width);
            here.flow.bind(&local(name), Binding::Local { slot, width, set: false });
            slots.insert(name, slot);
        }
        let Some(meta) = metadata(stack) else { return here };
        for field in metadata_fields(meta) {
            let Some(slot) = slots.get(field.decl().name).filter(|slot| self.is_slot_of(**slot, field)) else {
                // The declarations contradict each other, which is said where they are.
                self.broken = true;
                continue;
            };
            self.op(&here, Op::Set(Place::Slot(*slot), Expr::Field(field)), node);
            if let Some(Binding::Local { set, .. }) = here.flow.binding_mut(&local(field.decl().name)) {
                *set = true;
            }
        }
        self.op(&here, Op::Pop(meta), node);
        here.flow.reshape(|s| s.without(meta));
        here
    }

    /// Puts metadata in front of a packet that leaves by a port that declares it; complains of what has no value.
    pub(super) fn give_metadata(&mut self, here: &Here, group: &PortGroup, node: NodeId) -> Option<()> {
        let Some(meta) = metadata(group.stack) else { return Some(()) };
        self.op(here, Op::Push(meta), node);
        for field in metadata_fields(meta) {
            match here.flow.binding(&local(field.decl().name)) {
                Some(Binding::Local { slot, set: true, .. }) if !self.is_slot_of(*slot, field) => self.broken = true,
                Some(Binding::Local { slot, set: true, .. }) => {
                    self.op(here, Op::Set(Place::Field(field), Expr::Slot(*slot)), node);
                }
                _ if here.flow.vague => {}
                _ => return self.fault(problem::metadata_unset(field, &group.name, node)),
            }
        }
        Some(())
    }

    fn is_slot_of(&self, slot: SlotId, field: Field) -> bool {
        self.program.slots[slot.index()].width == field.width()
    }

    /// What `meta.name` stands for in a behaviour.
    pub(super) fn metadata_binding<'f>(&mut self, flow: &'f Flow, name: &Name) -> Option<&'f Binding> {
        flow.binding(&local(&name.text))
    }

    /// `meta.name` to write.
    pub(super) fn metadata_target(&mut self, flow: &Flow, name: &Name) -> Option<Target> {
        match flow.binding(&local(&name.text)) {
            Some(Binding::Local { slot, width, .. }) => Some(Target::Slot(local(&name.text), *slot, *width)),
            _ => self.unknown_metadata(name),
        }
    }

    /// The field `meta.name` of the packets that a promise speaks of.
    pub(super) fn metadata_field(&mut self, flow: &Flow, name: &Name) -> Option<Access> {
        let first = flow.shapes.iter().next().and_then(|shape| shape.headers().next());
        let meta = first.filter(|header| header.name() == META);
        let field = meta.into_iter().flat_map(metadata_fields).find(|field| field.decl().name == name.text);
        match field {
            Some(field) => Some(Access::One(field)),
            None => self.unknown_metadata(name),
        }
    }

    fn unknown_metadata<T>(&mut self, name: &Name) -> Option<T> {
        let known: Vec<&str> = self.all_metadata().into_keys().collect();
        self.fault(problem::unknown_metadata(&name.text, name.node, known))
    }
}
