//! Places and local names: what may be written, and the stack discipline of `Allocate` and `Deallocate`.

use super::amount::Kind;
use super::field::{self, Access};
use super::flow::{Binding, Flow};
use super::{Here, Lower, problem};
use crate::headers::inner_header;
use crate::headers::metadata::META;
use rdcl_base::NodeId;
use rdcl_core::{CellId, HeaderKind, Op, Shape, SlotId};
use rdcl_syntax::ast::{Expr, ExprKind, Name};

/// Where a value is written.
pub(super) enum Target {
    /// A local: its name, slot and width.
    Slot(String, SlotId, u16),
    /// A header field.
    Field(Access),
    /// A value column of an entry: what it is, and its width.
    Column(CellId, u16, Kind, u16),
}

impl Target {
    pub fn width(&self) -> u16 {
        match self {
            Target::Slot(_, _, width) => *width,
            Target::Field(access) => access.width(),
            Target::Column(_, _, _, width) => *width,
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Target::Slot(..) | Target::Field(_) => Kind::Bits,
            Target::Column(_, _, kind, _) => *kind,
        }
    }
}

impl Lower<'_> {
    /// What the left side of an assignment names.
    pub(super) fn target(&mut self, flow: &Flow, place: &Expr) -> Option<Target> {
        match &place.kind {
            ExprKind::Name(name) => self.named_target(flow, name),
            ExprKind::Member(of, name) if inner_header(of).is_some() => {
                let access = self.field(&inner_header(of)?, name)?;
                self.written_field(flow, access, place.node).map(Target::Field)
            }
            ExprKind::Member(of, name) => match &of.kind {
                ExprKind::Name(header) if header.text == META => self.metadata_target(flow, name),
                ExprKind::Name(header) if flow.binding(&header.text).is_none() => {
                    let access = self.field(header, name)?;
                    self.written_field(flow, access, place.node).map(Target::Field)
                }
                ExprKind::Name(bound) if flow.binding(&bound.text) == Some(&Binding::Unknown) => None,
                ExprKind::Name(bound) => self.column_target(flow, bound, name, place.node),
                _ => self.fault(problem::not_a_place(place.node)),
            },
            ExprKind::Address(at, width) => {
                let access = self.address(flow, at, width, place.node)?;
                self.written_field(flow, access, place.node).map(Target::Field)
            }
            ExprKind::Bad => self.broken(),
            _ => self.fault(problem::not_a_place(place.node)),
        }
    }

    /// `f.column`: a column of an entry that is in no index.
    fn column_target(&mut self, flow: &Flow, bound: &Name, name: &Name, node: NodeId) -> Option<Target> {
        let what = format!("{}.{}", bound.text, name.text);
        let Some(Binding::Cell { cell, map, state }) = flow.binding(&bound.text) else {
            return self.fault(problem::constant_name(&what, "a column of a row", node));
        };
        let (cell, map) = (*cell, *map);
        self.entry_usable(*state, bound)?;
        let decl = self.program.maps[map.index()].clone();
        let column = self.column_index(&decl, name)?;
        if !decl.is_mutable(column) {
            let why = "a column of an index; remove the entry and insert a new one";
            return self.fault(problem::constant_name(&what, why, node));
        }
        self.state_writable(flow, "an entry is written to", node);
        Some(Target::Column(cell, column, self.column_kind(map, column), decl.column(column).1))
    }

    fn named_target(&mut self, flow: &Flow, name: &Name) -> Option<Target> {
        match flow.binding(&name.text) {
            Some(Binding::Local { slot, width, .. } | Binding::Choice { slot, width }) => {
                Some(Target::Slot(name.text.clone(), *slot, *width))
            }
            Some(Binding::Cell { .. }) => self.fault(problem::constant_name(&name.text, "an entry", name.node)),
            Some(Binding::Row { .. }) => self.fault(problem::constant_name(&name.text, "a row", name.node)),
            Some(Binding::Unknown) => None,
            Some(Binding::Column { .. } | Binding::Alias(_)) => self.fault(problem::not_a_place(name.node)),
            None if self.env.params.contains_key(&name.text) => {
                self.fault(problem::constant_name(&name.text, "a parameter", name.node))
            }
            None => match field::alias(&name.text) {
                Some(access) => self.written_field(flow, access, name.node).map(Target::Field),
                None => self.fault(problem::not_allocated(&name.text, name.node)),
            },
        }
    }

    /// Remembers that a place has a value now.
    pub(super) fn written(&mut self, flow: &mut Flow, target: &Target) {
        match target {
            Target::Slot(name, ..) => {
                if let Some(Binding::Local { set, .. }) = flow.binding_mut(name) {
                    *set = true;
                }
            }
            Target::Column(..) => {}
            Target::Field(access) => access.fields().iter().for_each(|f| _ = flow.unset.remove(f)),
        }
    }

    /// `Allocate(x, width)`: a new local that hides the old one of that name.
    pub(super) fn allocate_local(&mut self, mut here: Here, name: &Name, width: &Expr) -> Here {
        let text = here.flow.canonical(&name.text);
        let usable = match here.flow.binding(&text) {
            None | Some(Binding::Local { .. }) => self.name_is_free(&text, name.node),
            Some(_) => self.fault(problem::name_in_use(&name.text, "the name of something else", name.node)),
        };
        let width = self.width(&here.flow, width);
        match (usable, width) {
            (Some(()), Some(width)) => {
                let slot = self.new_slot(&text, width);
                here.flow.bind(&text, Binding::Local { slot, width, set: false });
            }
            (Some(()) | None, _) => here.flow.bind(&text, Binding::Unknown),
        }
        here
    }

    pub(super) fn width(&mut self, flow: &Flow, e: &Expr) -> Option<u16> {
        match self.constant(flow, e, "a width")? {
            width @ 1..=128 => Some(width as u16),
            width => self.fault(problem::bad_width(width, e.node)),
        }
    }

    /// Complains if a name stands for a parameter, a port, a map or a header.
    pub(super) fn name_is_free(&mut self, name: &str, node: NodeId) -> Option<()> {
        let what = match name {
            _ if self.env.params.contains_key(name) => "a parameter",
            _ if self.group(name).is_some() => "a port",
            _ if self.program.maps.iter().any(|m| m.name == name) => "a state map",
            _ if self.is_header(name) || field::alias(name).is_some() => "a header or field",
            _ => return Some(()),
        };
        self.fault(problem::name_in_use(name, what, node))
    }

    /// `Deallocate(x)`: back to what the name stood for before.
    pub(super) fn deallocate_local(&mut self, mut here: Here, name: &Name) -> Here {
        let text = here.flow.canonical(&name.text);
        match here.flow.binding(&text) {
            Some(Binding::Local { .. } | Binding::Unknown) => here.flow.unbind(&text),
            _ => self.report(problem::not_allocated(&name.text, name.node)),
        }
        here
    }

    /// `Allocate(vlan)`: adds the tag, where it is absent for sure.
    pub(super) fn push_header(&mut self, mut here: Here, header: HeaderKind, node: NodeId) -> Here {
        if !is_movable(header) {
            self.report(problem::not_movable(header, node));
            return here;
        }
        let room = |s: &Shape| !s.has(header) && s.below(header) != Shape::EMPTY && s.with(header).is_linked();
        let fits = here.flow.shapes.iter().all(room);
        if !fits && !here.flow.vague {
            self.report(problem::cannot_add(header, node));
            return here;
        }
        self.op(&here, Op::Push(header), node);
        here.flow.reshape(|s| s.with(header));
        here.flow.unset.extend(Shape::of(&[header]).fields().filter(|f| f.is_writable()));
        here
    }

    /// `Deallocate(vlan)`: removes the tag, where it is there for sure.
    pub(super) fn pop_header(&mut self, mut here: Here, header: HeaderKind, node: NodeId) -> Here {
        if !is_movable(header) {
            self.report(problem::not_movable(header, node));
            return here;
        }
        let fits = here.flow.shapes.iter().all(|s| s.has(header) && s.below(header) != Shape::EMPTY);
        if !fits && !here.flow.vague {
            self.report(problem::cannot_remove(header, node));
            return here;
        }
        self.op(&here, Op::Pop(header), node);
        here.flow.reshape(|s| s.without(header));
        here.flow.unset.retain(|f| f.header != header);
        here
    }
}

/// Whether `Allocate` adds a header and `Deallocate` removes it: a tag, or a declared one outside tunnels.
fn is_movable(header: HeaderKind) -> bool {
    match header {
        HeaderKind::Vlan | HeaderKind::Svlan => true,
        HeaderKind::User(_) => !header.is_inner(),
        _ => false,
    }
}
