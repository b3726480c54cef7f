//! Random programs, well-formed by construction: a block is made for what holds where it is first reached, and other
//! places may lead to it if no less holds there.

use crate::support::declared::every;
use crate::support::frames::stacks;
use crate::support::rng::Rng;
use crate::support::scope::{Scope, Words};
use rdcl_core::*;

const WIDTHS: [u16; 14] = [1, 4, 8, 8, 16, 16, 32, 33, 48, 63, 64, 65, 127, 128];

/// What programs are like.
#[derive(Clone, Debug)]
pub struct Style {
    pub stacks: Vec<Stack>,
    pub blocks: usize,
    pub maps: usize,
    /// How often a block may fork, in percent.
    pub forks: u64,
    /// How often an operation adds or removes a header.
    pub moves: u64,
    /// Whether headers other than tags come and go.
    pub moves_all: bool,
    /// How much more often than otherwise blocks look up and insert.
    pub state: u64,
    /// The greatest number of entries, most of the time.
    pub capacity: u64,
    /// The widths of columns of maps.
    pub columns: Vec<u16>,
}

impl Style {
    pub fn any(rng: &mut Rng) -> Style {
        let all = stacks();
        Style {
            stacks: vec![rng.pick(&all), rng.pick(&all)],
            blocks: 16,
            maps: rng.weighted(&[30, 45, 25]),
            forks: rng.pick(&[0, 5, 15]),
            moves: rng.pick(&[0, 10, 40]),
            moves_all: rng.chance(60),
            state: rng.pick(&[1, 1, 6]),
            capacity: rng.pick(&[1, 2, 3, 8, 300]),
            columns: WIDTHS.to_vec(),
        }
    }

    /// Programs that do little else than look up, choose and insert.
    pub fn stateful(rng: &mut Rng) -> Style {
        let stack = Stack::new(&[HeaderKind::Icmp]).unwrap();
        let columns = rng.pick(&[vec![4, 8, 8, 16], vec![1, 4], vec![8, 65, 128], vec![16, 33]]);
        let maps = 1 + rng.below(2);
        let capacity = rng.pick(&[2, 5, 20, 300, 70_000]);
        Style {
            stacks: vec![stack],
            blocks: 22,
            maps,
            forks: 2,
            moves: 0,
            moves_all: false,
            state: 8,
            capacity,
            columns,
        }
    }
}

/// A program and the data of its tables.
pub fn program(rng: &mut Rng, style: &Style) -> (Program, Vec<TableData>) {
    let tables: Vec<(TableDecl, TableData)> = (0..rng.below(3)).map(|_| table(rng)).collect();
    let mut program = Program {
        slots: (0..5).map(|_| rng.pick(&WIDTHS)).map(|width| SlotDecl { name: "s".into(), width }).collect(),
        rows: (0..tables.len() as u32).map(|t| RowDecl { name: "r".into(), table: TableId(t) }).collect(),
        tables: tables.iter().map(|t| t.0.clone()).collect(),
        maps: (0..style.maps).map(|_| map(rng, style)).collect(),
        ..Program::default()
    };
    for map in (0..style.maps as u32).map(MapId) {
        program.cells.extend(["c", "d"].map(|name| CellDecl { name: name.into(), map }));
    }
    for i in 0..2 + rng.below(2) {
        let stack = rng.pick(&style.stacks);
        program.ports.push(PortDecl { name: format!("p{i}"), stack });
    }
    let mut draft = Draft { rng, program, scopes: Vec::new(), style };
    for port in 0..draft.program.ports.len() {
        let scope = Scope::of(draft.program.ports[port].stack);
        let entry = (port == 0 || draft.rng.chance(75)).then(|| draft.grow(scope, 0, 7));
        draft.program.entry.push(entry);
    }
    (draft.program, tables.into_iter().map(|t| t.1).collect())
}

/// A table of any form, and its rows.
pub fn table(rng: &mut Rng) -> (TableDecl, TableData) {
    use MatchKind::{Exact, Lpm, Range};
    let columns = rng.pick(&[0, 1, 1, 1, 2, 2, 3]);
    let prefix = rng.below(columns.max(1));
    let kinds = rng.pick(&[vec![Exact], vec![Exact, Range], vec![Exact, Range, Lpm], vec![Lpm]]);
    let kind = |rng: &mut Rng, column: usize| match rng.pick(&kinds) {
        Lpm if column != prefix => Exact,
        kind => kind,
    };
    let keys: Vec<(String, u16, MatchKind)> =
        (0..columns).map(|c| (format!("k{c}"), rng.pick(&WIDTHS), kind(rng, c))).collect();
    let data: Vec<(String, u16)> = (0..rng.below(3)).map(|c| (format!("v{c}"), rng.pick(&WIDTHS))).collect();
    let count = rng.pick(&[0, 1, 2, 5, 12, 40, 120]);
    let row = |rng: &mut Rng| Row {
        keys: keys.iter().map(|(_, width, kind)| row_key(rng, *width, *kind)).collect(),
        data: data.iter().map(|(_, width)| rng.value(*width)).collect(),
    };
    let rows = (0..count).map(|_| row(rng)).collect();
    (TableDecl { name: "t".into(), keys, data }, TableData { rows })
}

fn row_key(rng: &mut Rng, width: u16, kind: MatchKind) -> RowKey {
    match kind {
        MatchKind::Exact => RowKey::Exact(rng.value(width)),
        MatchKind::Range => {
            let (lo, hi) = rng.interval(width);
            RowKey::Range(lo, hi)
        }
        MatchKind::Lpm => {
            let length = rng.below(usize::from(width) + 1) as u16;
            let host = width - length;
            let kept = if host == 0 { u128::MAX } else { !mask(host) };
            RowKey::Prefix { value: rng.value(width) & kept, length }
        }
    }
}

fn map(rng: &mut Rng, style: &Style) -> MapDecl {
    let columns = |rng: &mut Rng, least: usize| -> Vec<(String, u16)> {
        (0..least + rng.below(2)).map(|i| (format!("c{i}"), rng.pick(&style.columns))).collect()
    };
    let (key, value) = (columns(rng, 1), columns(rng, 1));
    let count = key.len() + value.len();
    let index = |rng: &mut Rng| (0..1 + rng.below(2)).map(|_| rng.below(count) as u16).collect();
    MapDecl {
        name: "m".into(),
        unique: (0..rng.below(3)).map(|_| index(rng)).collect(),
        key,
        value,
        capacity: rng.pick(&[0, 1, 2, style.capacity, style.capacity, style.capacity]),
        idle: rng.pick(&[0, 5, 40, 100, 1000, u64::MAX - 1, u64::MAX]),
        invariant: Cond::True,
    }
}

struct Draft<'r> {
    rng: &'r mut Rng,
    program: Program,
    scopes: Vec<Scope>,
    style: &'r Style,
}

type Next<'n, 'r> = &'n mut dyn FnMut(&mut Draft<'r>, &Scope) -> BlockId;

impl<'r> Draft<'r> {
    fn words<T>(&mut self, scope: &Scope, say: impl FnOnce(&mut Words) -> T) -> T {
        say(&mut Words { rng: self.rng, program: &self.program, scope })
    }

    fn expr(&mut self, scope: &Scope, width: u16) -> Expr {
        let depth = self.rng.below(3) as u32;
        self.words(scope, |w| w.expr(width, depth))
    }

    /// A block with an id of `least` or more: a new one, or one that is there.
    fn grow(&mut self, scope: Scope, least: usize, depth: u32) -> BlockId {
        let fitting: Vec<usize> = (least..self.scopes.len()).filter(|b| scope.within(&self.scopes[*b])).collect();
        if !fitting.is_empty() && self.rng.chance(35) {
            return BlockId(self.rng.pick(&fitting) as u32);
        }
        let id = self.scopes.len();
        self.scopes.push(scope.clone());
        self.program.blocks.push(Block { ops: Vec::new(), end: End::Drop(Reason::Constrain) });
        let mut scope = scope;
        let ops = (0..self.rng.weighted(&[35, 35, 20, 10])).filter_map(|_| self.op(&mut scope)).collect();
        let done = depth == 0 || self.program.blocks.len() >= self.style.blocks || scope.shapes.is_empty();
        let (mut ops, end): (Vec<Op>, End) =
            if done { (ops, self.last(&mut scope)) } else { (ops, self.end(&scope, id + 1, depth - 1)) };
        if done {
            ops.append(&mut scope.mended);
        }
        self.program.blocks[id] = Block { ops, end };
        BlockId(id as u32)
    }

    fn op(&mut self, scope: &mut Scope) -> Option<Op> {
        match self.rng.weighted(&[50, 25, self.style.moves, self.style.moves, 6, 8, 10]) {
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
            2 if self.style.moves_all && self.rng.chance(25) => scope.change_level(self.rng.chance(60)),
            2 => {
                let header = self.movable();
                scope.push(header)
            }
            3 => {
                let header = self.movable();
                scope.pop(header)
            }
            kind => {
                let cells: Vec<CellId> = scope.cells.iter().copied().collect();
                let cell = (!cells.is_empty() && !scope.forked).then(|| self.rng.pick(&cells))?;
                match kind {
                    4 => Some(Op::Remove(cell)),
                    5 => Some(Op::Touch(cell)),
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
        let base: Vec<HeaderKind> = Shape::BASE.headers().collect();
        match self.rng.weighted(&[30, 35, 35]) {
            1 if self.style.moves_all => self.rng.pick(&every()),
            2 if self.style.moves_all => self.rng.pick(&base),
            _ => HeaderKind::Vlan,
        }
    }

    /// An end that leads nowhere; where packets fit no port, headers come and go until they fit one, if that is easy.
    fn last(&mut self, scope: &mut Scope) -> End {
        let stacks: Vec<Stack> = self.program.ports.iter().map(|p| p.stack).collect();
        let open = |scope: &Scope| -> Vec<u32> {
            (0u32..).zip(&stacks).filter(|(_, stack)| scope.may_leave(**stack)).map(|p| p.0).collect()
        };
        let mut ports = open(scope);
        if ports.is_empty() && self.rng.chance(90) {
            scope.mend(self.rng.pick(&stacks));
            ports = open(scope);
        }
        if !ports.is_empty() && self.rng.chance(90) {
            return End::Forward(PortId(self.rng.pick(&ports)));
        }
        let fail = Reason::Fail(format!("fault {}", self.program.blocks.len()));
        End::Drop(self.rng.pick(&[Reason::Constrain, fail, Reason::NoPort]))
    }

    fn end(&mut self, scope: &Scope, least: usize, depth: u32) -> End {
        let stateful = self.style.state * u64::from(self.style.maps > 0);
        let tables = u64::from(!self.program.tables.is_empty());
        let inserts = stateful * u64::from(!scope.forked);
        let weights = [3, 24, 8, 16 * tables, 20 * stateful, 24 * inserts, 12 * stateful.max(1), self.style.forks, 5];
        let mut next = |draft: &mut Draft<'r>, scope: &Scope| draft.grow(scope.clone(), least, depth);
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
                End::Fork((0..1 + self.rng.below(4)).map(|_| next(self, &scope)).collect())
            }
            _ => {
                let cond = self.words(scope, |w| w.cond(1));
                let ok = next(self, &scope.assuming(&cond, true));
                End::Check { cond, kind: CheckKind::Assert, ok }
            }
        }
    }

    fn switch(&mut self, scope: &Scope, next: Next<'_, 'r>) -> End {
        let width = self.rng.pick(&WIDTHS);
        let on = self.key(scope, width);
        let mut values: Vec<u128> = (0..self.rng.below(6)).map(|_| self.rng.value(width)).collect();
        values.sort_unstable();
        values.dedup();
        let arms = values.into_iter().map(|v| (v, next(self, scope))).collect();
        End::Switch { on, arms, default: next(self, scope) }
    }

    /// An expression that often has one of few values, or that of a column.
    fn key(&mut self, scope: &Scope, width: u16) -> Expr {
        let of = self.expr(scope, width);
        let columns = self.words(scope, |words| words.columns(width));
        if !columns.is_empty() && self.rng.chance(30) {
            return self.rng.pick(&columns);
        }
        match self.rng.below(5) {
            0 => of,
            1 | 2 => Expr::Const(Bv::new(width, self.rng.below(3) as u128)),
            _ => {
                let few = Expr::Const(Bv::new(width, self.rng.pick(&[0, 1, 1, 3, 7])));
                Expr::Bin(BinOp::And, Box::new(of), Box::new(few))
            }
        }
    }

    fn match_row(&mut self, scope: &Scope, next: Next<'_, 'r>) -> End {
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

    /// A map, one of its cells, and the scopes with and without that cell.
    fn cell(&mut self, scope: &Scope) -> (MapId, CellId, Scope, Scope) {
        let map = self.rng.below(self.program.maps.len()) as u32;
        let cell = CellId(2 * map + self.rng.below(2) as u32);
        let (mut with, mut without) = (scope.clone(), scope.clone());
        with.cells.insert(cell);
        without.cells.remove(&cell);
        (MapId(map), cell, with, without)
    }

    fn lookup(&mut self, scope: &Scope, next: Next<'_, 'r>) -> End {
        let (map, cell, with, without) = self.cell(scope);
        let decl = self.program.maps[map.index()].clone();
        let index = self.rng.below(decl.indexes().into()) as u16;
        let keys = decl.index_columns(index).into_iter().map(|c| self.key(scope, decl.column(c).1)).collect();
        let hit = next(self, &with);
        End::Lookup { map, index, keys, cell, hit, miss: next(self, &without) }
    }

    fn insert(&mut self, scope: &Scope, next: Next<'_, 'r>) -> End {
        let (map, cell, with, without) = self.cell(scope);
        let decl = self.program.maps[map.index()].clone();
        let values = (0..decl.columns()).map(|c| self.inserted(scope, decl.column(c).1)).collect();
        let ok = next(self, &with);
        let full = next(self, &without);
        End::Insert { map, values, cell, ok, full, clash: next(self, &without), clash_handled: true }
    }

    /// A value to insert: often one that was chosen.
    fn inserted(&mut self, scope: &Scope, width: u16) -> Expr {
        let slots = (0u32..).zip(&self.program.slots).filter(|(_, s)| s.width == width && s.name == "x");
        let slots: Vec<SlotId> = slots.map(|(id, _)| SlotId(id)).collect();
        if slots.is_empty() || self.rng.chance(40) {
            return self.key(scope, width);
        }
        Expr::Slot(self.rng.pick(&slots))
    }

    fn choose(&mut self, scope: &Scope, next: Next<'_, 'r>) -> End {
        let free = if self.style.maps > 0 && self.rng.chance(70) { Some(self.free(scope)) } else { None };
        let width = free.as_ref().map_or_else(|| self.rng.pick(&WIDTHS), |f| f.1);
        let choice = ChoiceId(self.program.choices.len() as u32);
        let slot = SlotId(self.program.slots.len() as u32);
        self.program.choices.push(ChoiceDecl { name: "x".into(), width });
        self.program.slots.push(SlotDecl { name: "x".into(), width });
        let small = |value: usize| (value as u128).min(mask(width));
        let (lo, hi) = match self.rng.weighted(&[40, 30, 27, 3]) {
            0 => (0, small(self.rng.below(9))),
            1 => (small(1), small(1 + self.rng.below(200))),
            2 => self.rng.interval(width),
            _ => (1, 0),
        };
        let hashed: Vec<u16> = (0..self.rng.below(3)).map(|_| self.rng.pick(&WIDTHS)).collect();
        let hash = Resolver::Hash(hashed.into_iter().map(|width| self.expr(scope, width)).collect());
        let resolver = Some(self.rng.pick(&[hash, Resolver::First, Resolver::LeastRecentlyFreed]));
        let ok = next(self, scope);
        End::Choose { choice, slot, lo, hi, free: free.map(|f| f.0), resolver, ok, none: next(self, scope) }
    }

    /// A restriction to the free values of an index, and their width.
    fn free(&mut self, scope: &Scope) -> (Free, u16) {
        let map = MapId(self.rng.below(self.program.maps.len()) as u32);
        let decl = self.program.maps[map.index()].clone();
        let index = self.rng.below(decl.indexes().into()) as u16;
        let columns = decl.index_columns(index);
        let open = self.rng.below(columns.len());
        let key = |(i, c): (usize, &u16)| (i != open).then(|| self.key(scope, decl.column(*c).1));
        let keys = columns.iter().enumerate().map(key).collect();
        (Free { map, index, keys }, decl.column(columns[open]).1)
    }
}
