//! Which headers a packet may have where, so that the code asks only what is not known.

use rdcl_core::{BlockId, Cond, End, HeaderKind, Op, Program, Shape};
use std::collections::BTreeSet;

/// A set of shapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShapeSet(BTreeSet<Shape>);

impl ShapeSet {
    pub(crate) fn of(shapes: impl IntoIterator<Item = Shape>) -> ShapeSet {
        ShapeSet(shapes.into_iter().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all shapes have a header, or none has; `None` if some have.
    pub(crate) fn has(&self, header: HeaderKind) -> Option<bool> {
        match self.0.iter().filter(|shape| shape.has(header)).count() {
            with if with == self.0.len() => Some(true),
            0 => Some(false),
            _ => None,
        }
    }

    /// The headers that some shape has.
    pub(crate) fn headers(&self) -> Vec<HeaderKind> {
        self.0.iter().fold(Shape::EMPTY, |all, shape| all.union(*shape)).headers().collect()
    }

    /// Those shapes that have a header, or have it not.
    pub(crate) fn having(&self, header: HeaderKind, has: bool) -> ShapeSet {
        self.map(|shape| (shape.has(header) == has).then_some(shape))
    }

    pub(crate) fn with(&self, header: HeaderKind) -> ShapeSet {
        self.map(|shape| Some(shape.with(header)))
    }

    pub(crate) fn without(&self, header: HeaderKind) -> ShapeSet {
        self.map(|shape| Some(shape.without(header)))
    }

    pub(crate) fn union(&self, other: &ShapeSet) -> ShapeSet {
        ShapeSet(self.0.union(&other.0).copied().collect())
    }

    /// The shapes after an operation.
    pub(crate) fn after(&self, op: &Op) -> ShapeSet {
        match op {
            Op::Push(header) => self.with(*header),
            Op::Pop(header) => self.without(*header),
            Op::Nest => self.map(Shape::nested),
            Op::Unnest => self.map(Shape::unnested),
            Op::Set(..) | Op::Touch(_) | Op::Remove(_) | Op::Update(..) => self.clone(),
        }
    }

    /// The shapes under which a condition may hold, or may fail.
    pub(crate) fn assuming(&self, cond: &Cond, held: bool) -> ShapeSet {
        match cond {
            Cond::True if !held => ShapeSet::default(),
            Cond::False if held => ShapeSet::default(),
            Cond::True | Cond::False | Cond::Cmp(..) | Cond::In(..) => self.clone(),
            Cond::Has(header) => self.having(*header, held),
            Cond::Not(cond) => self.assuming(cond, !held),
            Cond::All(conds) => self.sequence(conds, true, held),
            Cond::Any(conds) => self.sequence(conds, false, held),
        }
    }

    /// Conditions in order as long as each is `on`: either to the end, or up to the first that is not.
    fn sequence(&self, conds: &[Cond], on: bool, held: bool) -> ShapeSet {
        let (mut here, mut left) = (self.clone(), ShapeSet::default());
        for cond in conds {
            left = left.union(&here.assuming(cond, !on));
            here = here.assuming(cond, on);
        }
        if held == on { here } else { left }
    }

    fn map(&self, with: impl Fn(Shape) -> Option<Shape>) -> ShapeSet {
        ShapeSet(self.0.iter().filter_map(|shape| with(*shape)).collect())
    }
}

/// The shapes of packets that reach each block.
pub(crate) fn reaching(program: &Program) -> Vec<ShapeSet> {
    let mut reaching = vec![ShapeSet::default(); program.blocks.len()];
    for (port, entry) in program.ports.iter().zip(&program.entry) {
        if let Some(entry) = entry {
            join(&mut reaching, *entry, &ShapeSet::of(Shape::of_stack(port.stack)));
        }
    }
    for (at, block) in program.blocks.iter().enumerate() {
        let shapes = block.ops.iter().fold(reaching[at].clone(), |shapes, op| shapes.after(op));
        match &block.end {
            End::If(cond, yes, no) => {
                join(&mut reaching, *yes, &shapes.assuming(cond, true));
                join(&mut reaching, *no, &shapes.assuming(cond, false));
            }
            End::Check { cond, ok, kind: _ } => join(&mut reaching, *ok, &shapes.assuming(cond, true)),
            End::Goto(_)
            | End::Switch { .. }
            | End::Match { .. }
            | End::Lookup { .. }
            | End::Insert { .. }
            | End::Choose { .. }
            | End::Fork(_)
            | End::Forward(_)
            | End::Drop(_) => block.end.targets().into_iter().for_each(|to| join(&mut reaching, to, &shapes)),
        }
    }
    reaching
}

fn join(reaching: &mut [ShapeSet], block: BlockId, shapes: &ShapeSet) {
    reaching[block.index()] = reaching[block.index()].union(shapes);
}
