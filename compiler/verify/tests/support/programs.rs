//! Random programs, well-formed by construction.
//!
//! A block is made for a [`Scope`]; another place may lead to it as well if its scope is within that one, so paths
//! join. Blocks get their numbers before those they lead to, so every edge goes forward.

use crate::declared::{auth, every, front, probe, shim, trail};
use crate::rng::Rng;
use crate::scope::{Scope, Words};
use crate::state::{map, table};
use rdcl_core::*;

/// What programs are to be like.
#[derive(Clone)]
pub struct Style {
    /// The stacks of their ports.
    pub stacks: Vec<Stack>,
    /// The most blocks, about.
    pub blocks: usize,
    /// How many maps; none makes them stateless.
    pub maps: usize,
    /// Whether they choose.
    pub choices: bool,
    /// How often a block may fork, in percent.
    pub forks: u64,
    /// Whether headers other than tags come and go.
    pub other_headers: bool,
    /// Whether they may assume.
    pub assumes: bool,
    /// Whether they look up and insert most of the time.
    pub mostly_state: bool,
}

/// The stacks ports have.
pub fn stacks() -> Vec<Stack> {
    use HeaderKind::{Eth, Ip4, Tcp, Udp, Vlan};
    let headers: [&[HeaderKind]; 6] = [&[Ip4], &[Eth], &[Eth, Vlan], &[Eth, Ip4], &[Ip4, Udp], &[Eth, Ip4, Tcp]];
    let narrow: Vec<Stack> = headers.into_iter().filter_map(Stack::new).collect();
    let wide = wide_stacks();
    [&narrow[..], &narrow, &narrow, &narrow, &wide].concat()
}

/// Stacks whose parsers know more headers than all parsers do.
fn wide_stacks() -> Vec<Stack> {
    use HeaderKind::*;
    let headers: [(&[HeaderKind], &[HeaderKind]); 11] = [
        (&[Ip4], &[probe(), trail()]),
        (&[Ip4, Udp, probe()], &[]),
        (&[Eth], &[shim()]),
        (&[Ip4, auth()], &[]),
        (&[front()], &[auth()]),
        (&[Ip6], &[Icmp6]),
        (&[Eth, Arp], &[]),
        (&[Eth, Svlan, Mpls], &[]),
        (&[Ip4, Gre], &[]),
        (&[Ip4, Udp], &[Gtpu]),
        (&[Ip4, Udp, Vxlan], &[]),
    ];
    headers.into_iter().filter_map(|(stack, known)| Some(Stack::new(stack)?.knowing(Shape::of(known)))).collect()
}

impl Style {
    /// Programs with one of everything, between ports of any two stacks.
    pub fn any(rng: &mut Rng) -> Style {
        let stacks = [rng.pick(&stacks()), rng.pick(&stacks())];
        let maps = rng.weighted(&[30, 50, 20]);
        let (forks, other_headers) = (rng.pick(&[0, 6, 12]), rng.chance(10));
        Style {
            stacks: stacks.to_vec(),
            blocks: 14,
            maps,
            choices: rng.chance(60),
            forks,
            other_headers,
            assumes: true,
            mostly_state: rng.chance(40),
        }
    }
}

/// A program and the data of its tables.
pub fn program(rng: &mut Rng, style: &Style) -> (Program, Vec<TableData>) {
    let tables: Vec<(TableDecl, TableData)> = (0..rng.below(3)).map(|_| table(rng)).collect();
    let mut program = Program {
        slots: [8, 16, 32].map(|width| SlotDecl { name: format!("s{width}"), width }).to_vec(),
        rows: (0..tables.len() as u32).map(|t| RowDecl { name: format!("r{t}"), table: TableId(t) }).collect(),
        tables: tables.iter().map(|t| t.0.clone()).collect(),
        maps: (0..style.maps).map(|i| map(rng, i)).collect(),
        ..Program::default()
    };
    for map in (0..style.maps as u32).map(MapId) {
        program.cells.extend(["c", "d"].map(|name| CellDecl { name: name.into(), map }));
    }
    for i in 0..2 + rng.below(2) {
        let stack = if rng.chance(70) { style.stacks[0] } else { rng.pick(&style.stacks) };
        program.ports.push(PortDecl { name: format!("p{i}"), stack });
    }
    let mut draft = Draft { rng, program, scopes: Vec::new(), style };
    for port in 0..draft.program.ports.len() {
        let scope = Scope::of(draft.program.ports[port].stack);
        let entry = if port == 0 || draft.rng.chance(70) { Some(draft.grow(scope, 0, 6)) } else { None };
        draft.program.entry.push(entry);
    }
    (draft.program, tables.into_iter().map(|t| t.1).collect())
}

struct Draft<'r> {
    rng: &'r mut Rng,
    program: Program,
    /// What each block was made for.
    scopes: Vec<Scope>,
    style: &'r Style,
}

impl Draft<'_> {
    fn words<T>(&mut self, scope: &Scope, say: impl FnOnce(&mut Words) -> T) -> T {
        say(&mut Words { rng: self.rng, program: &self.program, scope })
    }

    fn expr(&mut self, scope: &Scope, width: u16) -> Expr {
        let depth = self.rng.below(3) as u32;
        self.words(scope, |w| w.expr(width, depth))
    }

    /// A block with an id of `least` or more for packets of this scope: a new one, or one that is there.
    fn grow(&mut self, scope: Scope, least: usize, depth: u32) -> BlockId {
        let fitting: Vec<usize> = (least..self.scopes.len()).filter(|b| scope.within(&self.scopes[*b])).collect();
        if !fitting.is_empty() && self.rng.chance(35) {
            return BlockId(self.rng.pick(&fitting) as u32);
        }
        let id = self.scopes.len();
        self.scopes.push(scope.clone());
        self.program.blocks.push(Block { ops: Vec::new(), end: End::Drop(Reason::Constrain) });
        let mut scope = scope;
        let ops = (0..self.rng.weighted(&[40, 35, 25])).filter_map(|_| self.op(&mut scope)).collect();
        let done = depth == 0 || self.program.blocks.len() >= self.style.blocks || scope.shapes.is_empty();
        let end = if done { self.last(&scope) } else { self.end(&scope, id + 1, depth - 1) };
        self.program.blocks[id] = Block { ops, end };
        BlockId(id as u32)
    }

    fn op(&mut self, scope: &mut Scope) -> Option<Op> {
        match self.rng.weighted(&[45, 25, 8, 8, 5, 9, 9]) {
            0 => {
                let fields: Vec<Field> = scope.fields().into_iter().filter(|f| f.is_writable()).collect();
                let field = (!fields.is_empty()).then(|| self.rng.pick(&fields))?;
                Some(Op::Set(Place::Field(field), self.expr(scope, field.width())))
            }
            1 => {
                let slot = SlotId(self.rng.below(self.program.slots.len()) as u32);
                let width = self.program.slots[slot.index()].width;
                Some(Op::Set(Place::Slot(slot), self.expr(scope, width)))
            }
            2 if self.rng.chance(25) => {
                let into = self.rng.chance(60);
                let change = |s: &Shape| if into { s.nested() } else { s.unnested() };
                scope.shapes = scope.shapes.iter().map(change).collect::<Option<_>>()?;
                Some(if into { Op::Nest } else { Op::Unnest })
            }
            2 => {
                let header = self.movable();
                let absent =
                    !header.is_inner() && !scope.shapes.iter().any(|s| s.has(header)) && has_room_for(header, scope);
                absent.then(|| {
                    scope.shapes = scope.shapes.iter().map(|s| s.with(header)).collect();
                    Op::Push(header)
                })
            }
            3 => {
                let header = self.movable();
                let stays = |s: &Shape| !header.is_inner() && s.has(header) && s.headers().count() > 1;
                scope.shapes.iter().all(stays).then(|| {
                    scope.shapes = scope.shapes.iter().map(|s| s.without(header)).collect();
                    Op::Pop(header)
                })
            }
            kind => {
                let cells: Vec<CellId> = scope.cells.iter().copied().collect();
                let cell = (!cells.is_empty() && !scope.forked).then(|| self.rng.pick(&cells))?;
                match kind {
                    4 => Some(Op::Touch(cell)),
                    5 => Some(Op::Remove(cell)),
                    _ => self.update(scope, cell),
                }
            }
        }
    }

    fn update(&mut self, scope: &Scope, cell: CellId) -> Option<Op> {
        let map = self.program.maps[self.program.cells[cell.index()].map.index()].clone();
        let columns: Vec<u16> = (0..map.columns()).filter(|c| map.is_mutable(*c)).collect();
        let column = (!columns.is_empty()).then(|| self.rng.pick(&columns))?;
        Some(Op::Update(cell, column, self.expr(scope, map.column(column).1)))
    }

    fn movable(&mut self) -> HeaderKind {
        match self.rng.weighted(&[80, 20]) {
            1 if self.style.other_headers => self.rng.pick(&every()),
            _ => HeaderKind::Vlan,
        }
    }

    /// An end that leads nowhere.
    fn last(&mut self, scope: &Scope) -> End {
        let ports = (0u32..).zip(&self.program.ports);
        let open: Vec<u32> =
            ports.filter(|(_, p)| scope.shapes.iter().all(|s| leaves(*s, p.stack))).map(|p| p.0).collect();
        if !open.is_empty() && self.rng.chance(88) {
            return End::Forward(PortId(self.rng.pick(&open)));
        }
        let fail = Reason::Fail(format!("fault {}", self.program.blocks.len()));
        End::Drop(self.rng.pick(&[Reason::Constrain, fail, Reason::NoPort]))
    }

    fn end(&mut self, scope: &Scope, least: usize, depth: u32) -> End {
        let stateful = if self.style.maps == 0 {
            0
        } else if self.style.mostly_state {
            8
        } else {
            1
        };
        let tables = u64::from(!self.program.tables.is_empty());
        let choices = u64::from(self.style.choices);
        let inserts = stateful * u64::from(!scope.forked);
        let weights = [3, 24, 8, 14 * tables, 24 * stateful, 20 * inserts, 10 * choices, self.style.forks, 4, 8];
        let mut next = |draft: &mut Self, scope: &Scope| draft.grow(scope.clone(), least, depth);
        match self.rng.weighted(&weights) {
            0 => End::Goto(next(self, scope)),
            1 => {
                let cond = self.words(scope, |w| w.cond(2));
                let yes = next(self, &scope.assuming(&cond, true));
                End::If(cond.clone(), yes, next(self, &scope.assuming(&cond, false)))
            }
            2 => self.switch(scope, &mut next),
            3 => self.match_row(scope, &mut next),
            4 => self.lookup(scope, &mut next),
            5 => self.insert(scope, &mut next),
            6 => self.choose(scope, &mut next),
            7 => {
                let scope = Scope { forked: true, ..scope.clone() };
                End::Fork((0..1 + self.rng.below(3)).map(|_| next(self, &scope)).collect())
            }
            8 => {
                let cond = self.words(scope, |w| w.cond(1));
                let kinds = [CheckKind::Assert, CheckKind::Assert, CheckKind::Assume];
                let kind = if self.style.assumes { self.rng.pick(&kinds) } else { CheckKind::Assert };
                let ok = next(self, &scope.assuming(&cond, true));
                End::Check { cond, kind, ok }
            }
            _ => self.last(scope),
        }
    }

    fn switch(&mut self, scope: &Scope, next: &mut dyn FnMut(&mut Self, &Scope) -> BlockId) -> End {
        let width = self.rng.pick(&[1, 8, 16]);
        let on = self.expr(scope, width);
        let mut values: Vec<u128> = (0..self.rng.below(4)).map(|_| self.rng.value(width)).collect();
        values.sort_unstable();
        values.dedup();
        let arms = values.into_iter().map(|v| (v, next(self, scope))).collect();
        End::Switch { on, arms, default: next(self, scope) }
    }

    fn match_row(&mut self, scope: &Scope, next: &mut dyn FnMut(&mut Self, &Scope) -> BlockId) -> End {
        let table = self.rng.below(self.program.tables.len());
        let widths: Vec<u16> = self.program.tables[table].keys.iter().map(|k| k.1).collect();
        let keys = widths.into_iter().map(|w| self.key(scope, w)).collect();
        let row = RowId(table as u32);
        let (mut hit, mut miss) = (scope.clone(), scope.clone());
        hit.rows.insert(row);
        miss.rows.remove(&row);
        let hit = next(self, &hit);
        End::Match { table: TableId(table as u32), keys, row, hit, miss: next(self, &miss) }
    }

    /// A key to look up in a table; often one of few values, so that rows match.
    fn key(&mut self, scope: &Scope, width: u16) -> Expr {
        let key = self.expr(scope, width);
        if self.rng.chance(50) {
            return key;
        }
        Expr::Bin(BinOp::And, Box::new(key), Box::new(Expr::Const(Bv::new(width, 1))))
    }

    /// A map, one of its cells, and the scopes with and without that cell.
    fn cell(&mut self, scope: &Scope) -> (MapId, CellId, Scope, Scope) {
        let map = self.rng.below(self.program.maps.len()) as u32;
        let cell = CellId(2 * map + self.rng.below(2) as u32);
        let (mut with, mut without) = (scope.clone(), scope.clone());
        with.cells.insert(cell);
        without.cells.remove(&cell);
        (MapId(map), cell, with, without)
    }

    fn lookup(&mut self, scope: &Scope, next: &mut dyn FnMut(&mut Self, &Scope) -> BlockId) -> End {
        let (map, cell, with, without) = self.cell(scope);
        let decl = self.program.maps[map.index()].clone();
        let index = self.rng.below(decl.indexes().into()) as u16;
        let keys = decl.index_columns(index).into_iter().map(|c| self.column(scope, map, c)).collect();
        let hit = next(self, &with);
        End::Lookup { map, index, keys, cell, hit, miss: next(self, &without) }
    }

    fn insert(&mut self, scope: &Scope, next: &mut dyn FnMut(&mut Self, &Scope) -> BlockId) -> End {
        let (map, cell, with, without) = self.cell(scope);
        let columns = self.program.maps[map.index()].columns();
        let values = (0..columns).map(|c| self.column(scope, map, c)).collect();
        let clash_handled = self.rng.chance(60);
        let ok = next(self, &with);
        let full = next(self, &without);
        let clash = if clash_handled { next(self, &without) } else { self.unhandled(map) };
        End::Insert { map, values, cell, ok, full, clash, clash_handled }
    }

    fn unhandled(&mut self, map: MapId) -> BlockId {
        self.scopes.push(Scope::default());
        self.program.blocks.push(Block { ops: Vec::new(), end: End::Drop(Reason::Clash(map)) });
        BlockId(self.scopes.len() as u32 - 1)
    }

    /// A value for a column: a column of a bound entry, so that entries meet, or anything.
    fn column(&mut self, scope: &Scope, map: MapId, column: u16) -> Expr {
        let of_map = |c: &&CellId| self.program.cells[c.index()].map == map;
        let bound: Vec<CellId> = scope.cells.iter().filter(of_map).copied().collect();
        if !bound.is_empty() && self.rng.chance(40) {
            return Expr::Cell(self.rng.pick(&bound), column);
        }
        let width = self.program.maps[map.index()].column(column).1;
        let few = u128::from(self.rng.chance(50)) * 2 + 1;
        match self.rng.below(3) {
            0 => self.expr(scope, width),
            1 => Expr::Const(Bv::new(width, self.rng.below(4) as u128)),
            _ => Expr::Bin(BinOp::And, Box::new(self.expr(scope, width)), Box::new(Expr::Const(Bv::new(width, few)))),
        }
    }

    fn choose(&mut self, scope: &Scope, next: &mut dyn FnMut(&mut Self, &Scope) -> BlockId) -> End {
        let free = if self.style.maps > 0 && self.rng.chance(60) { self.free(scope) } else { None };
        let width = free.as_ref().map_or(16, |f| f.1);
        let choice = ChoiceId(self.program.choices.len() as u32);
        let slot = SlotId(self.program.slots.len() as u32);
        self.program.choices.push(ChoiceDecl { name: format!("x{}", choice.0), width });
        self.program.slots.push(SlotDecl { name: format!("x{}", choice.0), width });
        let (lo, hi) = match self.rng.weighted(&[40, 30, 27, 3]) {
            0 => (0, self.rng.below(3) as u128),
            1 => (1, 1 + self.rng.below(4) as u128),
            2 => self.rng.interval(width),
            _ => (5, 4),
        };
        let ok = next(self, scope);
        let resolver = self.rng.pick(&[None, Some(Resolver::First), Some(Resolver::LeastRecentlyFreed)]);
        let none = next(self, scope);
        End::Choose { choice, slot, lo, hi, free: free.map(|f| f.0), resolver, ok, none }
    }

    /// A restriction to the free values of a unique index, and their width.
    fn free(&mut self, scope: &Scope) -> Option<(Free, u16)> {
        let map = MapId(self.rng.below(self.program.maps.len()) as u32);
        let decl = self.program.maps[map.index()].clone();
        let index = self.rng.below(decl.indexes().into()) as u16;
        let columns = decl.index_columns(index);
        let open = self.rng.below(columns.len());
        let key = |(i, c): (usize, &u16)| (i != open).then(|| self.column(scope, map, *c));
        let keys = columns.iter().enumerate().map(key).collect();
        Some((Free { map, index, keys }, decl.column(columns[open]).1))
    }
}

/// Whether a packet of this shape may leave by a port of this stack.
fn leaves(shape: Shape, stack: Stack) -> bool {
    shape.is_linked() && stack.admits(shape) && shape.is_within(stack.known)
}

/// Whether adding the header may leave a packet that some port lets out.
fn has_room_for(header: HeaderKind, scope: &Scope) -> bool {
    header != HeaderKind::Vlan || scope.shapes.iter().all(|s| s.has(HeaderKind::Eth))
}
