//! What is known at a program point: which headers a packet may have, which names are live, where tags point.
//!
//! The analysis is a forward one over *sets of shapes*. A condition refines the set, a join unites it; a header is
//! there for sure when every shape in the set has it. An empty set means that the point is never reached.

use super::amount::Kind;
use rdcl_core::{CellId, CmpOp, Cond, Expr, Field, HeaderKind, MapId, RowId, Shape, SlotId, TableId};
use std::collections::{BTreeMap, BTreeSet};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// A local allocated by the program; `set` once it has been written on every path.
    Local { slot: SlotId, width: u16, set: bool },
    /// A value picked by `choose`.
    Choice { slot: SlotId, width: u16 },
    /// An entry of a map.
    Cell { cell: CellId, map: MapId, state: CellState },
    /// A row of a table.
    Row { row: RowId, table: TableId },
    /// A column of the entry an invariant speaks of.
    Column { index: u16, width: u16, kind: Kind },
    /// Another name, inside `For`.
    Alias(String),
    /// Something faulty, about which enough has been said.
    Unknown,
}

/// Whether an entry's name may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CellState {
    /// On every path.
    Bound,
    /// Not on every path: the look-up missed.
    Missed,
    /// The entry was removed.
    Removed,
}

/// Where a tag points: bits from the start of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagAt {
    /// A known place.
    Bit(i64),
    /// Nowhere.
    Undefined,
    /// Different places, depending on the path.
    Differs,
}

/// The look-up whose else-arm encloses this point: a map, and columns with the values they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub map: MapId,
    pub columns: Vec<(u16, Expr)>,
}

/// What is known at a program point.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// Shapes the packet may have.
    pub shapes: BTreeSet<Shape>,
    /// Shapes it may have had at entry; only in predicates, for `old`.
    pub entry: Option<BTreeSet<Shape>>,
    /// Names and what they stand for, the innermost last.
    pub names: BTreeMap<String, Vec<Binding>>,
    /// Tags made or destroyed here, per shape; others have their usual place.
    pub tags: BTreeMap<String, BTreeMap<Shape, TagAt>>,
    /// Fields of added headers that have no value yet.
    pub unset: BTreeSet<Field>,
    /// Whether a copy was made on the way.
    pub forked: bool,
    /// Whether a condition on the way was faulty: any header may then have been proved.
    pub vague: bool,
    /// Enclosing look-ups, the innermost last.
    pub asked: Vec<Asked>,
}

impl Flow {
    /// A packet of one of these shapes, and no names.
    pub fn of_shapes(shapes: impl IntoIterator<Item = Shape>) -> Flow {
        Flow { shapes: shapes.into_iter().collect(), ..Flow::default() }
    }

    /// Whether the point is never reached.
    pub fn is_dead(&self) -> bool {
        self.shapes.is_empty()
    }

    /// Whether the header is there for sure (`Some(true)`), is absent for sure, or neither.
    pub fn presence(&self, header: HeaderKind) -> Option<bool> {
        let mut seen = self.shapes.iter().map(|s| s.has(header));
        let first = seen.next()?;
        seen.all(|has| has == first).then_some(first)
    }

    /// A name with aliases followed.
    pub fn canonical(&self, name: &str) -> String {
        match self.names.get(name).and_then(|b| b.last()) {
            Some(Binding::Alias(target)) => target.clone(),
            _ => name.to_owned(),
        }
    }

    /// What a name stands for, aliases followed.
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.names.get(&self.canonical(name))?.last()
    }

    /// The innermost binding of a name, to change it.
    pub fn binding_mut(&mut self, name: &str) -> Option<&mut Binding> {
        let name = self.canonical(name);
        self.names.get_mut(&name)?.last_mut()
    }

    /// Binds a name, hiding what it stood for.
    pub fn bind(&mut self, name: &str, binding: Binding) {
        self.names.entry(name.to_owned()).or_default().push(binding);
    }

    /// Undoes the last [`Flow::bind`] of a name.
    pub fn unbind(&mut self, name: &str) {
        if let Some(stack) = self.names.get_mut(name) {
            stack.pop();
            if stack.is_empty() {
                self.names.remove(name);
            }
        }
    }

    /// This point, once the condition turned out so. `olds` are the expressions behind a predicate's slots.
    pub fn assuming(&self, cond: &Cond, holds: bool, olds: &[Expr]) -> Flow {
        let mut flow = self.clone();
        flow.refine(cond, holds, olds);
        flow
    }

    /// Keeps the shapes in which the condition may turn out so.
    pub fn refine(&mut self, cond: &Cond, holds: bool, olds: &[Expr]) {
        self.shapes.retain(|s| may(cond, holds, &|c| on_shape(c, *s)));
        if let Some(entry) = &mut self.entry {
            entry.retain(|s| may(cond, holds, &|c| on_entry(c, *s, olds)));
        }
    }

    /// The condition, or the constant that the possible shapes make of it.
    pub fn decide(&self, cond: Cond) -> Cond {
        let possible = |holds| self.shapes.iter().any(|s| may(&cond, holds, &|c| on_shape(c, *s)));
        match (possible(true), possible(false)) {
            (true, false) => Cond::True,
            (false, true) => Cond::False,
            (true, true) | (false, false) => cond,
        }
    }

    /// Where a tag points in packets of this shape.
    pub fn tag(&self, name: &str, shape: Shape) -> TagAt {
        self.tags.get(name).and_then(|t| t.get(&shape)).copied().unwrap_or_else(|| usual_tag(name, shape))
    }

    /// Changes every shape (a header is added or removed), tags keeping their places.
    pub fn reshape(&mut self, change: impl Fn(Shape) -> Shape) {
        self.shapes = self.shapes.iter().map(|s| change(*s)).collect();
        for tag in self.tags.values_mut() {
            *tag = tag.iter().map(|(s, at)| (change(*s), *at)).collect();
        }
    }

    /// What is known where two paths meet.
    ///
    /// # Errors
    /// The name of a local that is allocated on one path and not on the other.
    pub fn join(self, other: Flow) -> Result<Flow, String> {
        match (self.is_dead(), other.is_dead()) {
            (_, true) => return Ok(self),
            (true, false) => return Ok(other),
            (false, false) => {}
        }
        let tags = join_tags(&self, &other);
        let names = join_names(self.names, &other.names)?;
        Ok(Flow {
            shapes: self.shapes.union(&other.shapes).copied().collect(),
            entry: self.entry,
            names,
            tags,
            unset: self.unset.union(&other.unset).copied().collect(),
            forked: self.forked || other.forked,
            vague: self.vague || other.vague,
            asked: self.asked,
        })
    }
}

/// Whether the condition may turn out so, given an oracle for presence tests.
fn may(cond: &Cond, holds: bool, oracle: &dyn Fn(&Cond) -> Option<bool>) -> bool {
    match cond {
        Cond::True => holds,
        Cond::False => !holds,
        Cond::Not(inner) => may(inner, !holds, oracle),
        Cond::All(parts) if holds => parts.iter().all(|c| may(c, true, oracle)),
        Cond::All(parts) => parts.iter().any(|c| may(c, false, oracle)),
        Cond::Any(parts) if holds => parts.iter().any(|c| may(c, true, oracle)),
        Cond::Any(parts) => parts.iter().all(|c| may(c, false, oracle)),
        Cond::Has(_) | Cond::Cmp(..) | Cond::In(..) => oracle(cond).is_none_or(|known| known == holds),
    }
}

fn on_shape(cond: &Cond, shape: Shape) -> Option<bool> {
    if let Cond::Has(header) = cond { Some(shape.has(*header)) } else { None }
}

/// `old(c)` is written as `slot == 1`, with `if c then 1 else 0` behind the slot.
fn on_entry(cond: &Cond, shape: Shape, olds: &[Expr]) -> Option<bool> {
    let Cond::Cmp(CmpOp::Eq, Expr::Slot(slot), Expr::Const(one)) = cond else { return None };
    let Expr::Ite(inner, _, _) = olds.get(slot.index())? else { return None };
    if one.value != 1 || one.width != 1 {
        return None;
    }
    match [true, false].map(|holds| may(inner, holds, &|c| on_shape(c, shape))) {
        [true, false] => Some(true),
        [false, true] => Some(false),
        _ => None,
    }
}

fn usual_tag(name: &str, shape: Shape) -> TagAt {
    let place = match name {
        "START" => Some(0),
        "L2" => start_of(shape, &[HeaderKind::Eth]),
        "L3" => start_of(shape, &[HeaderKind::Ip4, HeaderKind::Ip6]),
        "L4" => start_of(shape, &[HeaderKind::Tcp, HeaderKind::Udp, HeaderKind::Icmp, HeaderKind::Icmp6]),
        _ => None,
    };
    place.map_or(TagAt::Undefined, TagAt::Bit)
}

/// The bit at which the first of these headers starts.
fn start_of(shape: Shape, headers: &[HeaderKind]) -> Option<i64> {
    let mut at = 0;
    for header in shape.headers() {
        if headers.contains(&header) {
            return Some(at);
        }
        at += header.length() as i64 * 8;
    }
    None
}

fn join_tags(a: &Flow, b: &Flow) -> BTreeMap<String, BTreeMap<Shape, TagAt>> {
    let names: BTreeSet<&String> = a.tags.keys().chain(b.tags.keys()).collect();
    let shapes: BTreeSet<Shape> = a.shapes.union(&b.shapes).copied().collect();
    let at = |name: &str, shape: Shape| match (a.shapes.contains(&shape), b.shapes.contains(&shape)) {
        (true, true) if a.tag(name, shape) != b.tag(name, shape) => TagAt::Differs,
        (true, _) => a.tag(name, shape),
        (false, _) => b.tag(name, shape),
    };
    names.into_iter().map(|n| (n.clone(), shapes.iter().map(|s| (*s, at(n, *s))).collect())).collect()
}

type Names = BTreeMap<String, Vec<Binding>>;

fn join_names(a: Names, b: &Names) -> Result<Names, String> {
    let allocated = |names: &Names, name: &str| {
        names.get(name).map_or(0, |s| s.iter().filter(|b| matches!(b, Binding::Local { .. })).count())
    };
    if let Some(name) = a.keys().chain(b.keys()).find(|n| allocated(&a, n) != allocated(b, n)) {
        return Err(name.clone());
    }
    let mut out = Names::new();
    for (name, mine) in a {
        let Some(theirs) = b.get(&name) else { continue };
        let joined: Option<Vec<Binding>> = mine.iter().zip(theirs).map(|(x, y)| join_binding(x, y)).collect();
        match joined {
            Some(stack) if mine.len() == theirs.len() => _ = out.insert(name, stack),
            _ if allocated(b, &name) > 0 => return Err(name),
            _ => {}
        }
    }
    Ok(out)
}

fn join_binding(a: &Binding, b: &Binding) -> Option<Binding> {
    match (a, b) {
        (Binding::Local { slot, width, set }, Binding::Local { slot: other, set: also, .. }) => {
            (slot == other).then_some(Binding::Local { slot: *slot, width: *width, set: *set && *also })
        }
        (Binding::Cell { cell, map, state }, Binding::Cell { cell: other, state: also, .. }) => {
            (cell == other).then_some(Binding::Cell { cell: *cell, map: *map, state: *state.max(also) })
        }
        (a, b) => (a == b).then(|| a.clone()),
    }
}
