//! Entries of state maps: `lookup`, `choose`, `insert`, `remove`.

use super::amount::Kind;
use super::body::any_stmt;
use super::flow::{Asked, Binding, CellState, Flow};
use super::{Here, Lower, problem};
use rdcl_base::NodeId;
use rdcl_core::{
    CellDecl, CellId, ChoiceDecl, ChoiceId, End, Expr as Core, Free, MapDecl, MapId, Op, Place, Reason, Resolver, mask,
};
use rdcl_syntax::ast::{Block, Expr, Name, Stmt};

impl Lower<'_> {
    /// `lookup f in flows by (…) { else … }`. A hit counts as a use of the entry.
    #[allow(clippy::too_many_arguments)] // one for each part of the statement
    pub(super) fn lookup(
        &mut self,
        mut here: Here,
        bind: &Name,
        map: &Name,
        unique: bool,
        keys: &[Expr],
        miss: &Block,
        node: NodeId,
    ) -> Option<Here> {
        self.state_writable(&here.flow, "a hit refreshes the entry", node);
        let index = self.map(map).and_then(|(id, decl)| Some((id, self.index(&decl, unique, map)?, decl)));
        let Some((id, index, decl)) = index else {
            here.flow.bind(&bind.text, Binding::Unknown);
            return Some(here);
        };
        let columns = decl.index_columns(index);
        let types: Vec<(u16, Kind)> = columns.iter().map(|c| (decl.column(*c).1, self.column_kind(id, *c))).collect();
        let mut keys = self.keys(&here.flow, keys, &types, &format!("an index of `{}`", decl.name), node);
        if asks_again(miss, &decl.name) {
            keys = self.remember(&here, keys, &columns, &decl, node);
        }
        let cell = self.new_cell(&here.flow, bind, id);
        let flow = here.flow;
        let mut hit = self.follow(flow.clone());
        let mut missed = self.follow(flow);
        let asked = columns.into_iter().zip(keys.iter().cloned()).collect();
        missed.flow.asked.push(Asked { map: id, columns: asked });
        if let Some(cell) = cell {
            hit.flow.bind(&bind.text, Binding::Cell { cell, map: id, state: CellState::Bound });
            missed.flow.bind(&bind.text, Binding::Cell { cell, map: id, state: CellState::Missed });
        }
        let cell = cell.unwrap_or_default();
        self.op(&hit, Op::Touch(cell), node);
        let end = End::Lookup { map: id, index, keys, cell, hit: hit.block, miss: missed.block };
        self.draft.close(here.block, end, node);
        let missed = self.block(missed, miss).map(|mut end| {
            end.flow.asked.pop();
            end
        });
        self.join(vec![Some(hit), missed], node)
    }

    /// Keeps keys that may change, for what is asked in the else-arm.
    fn remember(&mut self, here: &Here, keys: Vec<Core>, columns: &[u16], decl: &MapDecl, node: NodeId) -> Vec<Core> {
        let mut kept = Vec::with_capacity(keys.len());
        for (key, column) in keys.into_iter().zip(columns) {
            if matches!(key, Core::Const(_)) {
                kept.push(key);
                continue;
            }
            let (name, width) = decl.column(*column);
            let slot = self.new_slot(&format!("{}.{name}", decl.name), *width);
            self.op(here, Op::Set(Place::Slot(slot), key), node);
            kept.push(Core::Slot(slot));
        }
        kept
    }

    /// The index meant by `by` or `by unique`.
    fn index(&mut self, decl: &MapDecl, unique: bool, map: &Name) -> Option<u16> {
        match (unique, decl.unique.len()) {
            (false, _) => Some(0),
            (true, 1) => Some(1),
            (true, 0) => {
                let message = format!("`{}` has no unique index but its key", decl.name);
                self.fault(problem::no_index(
                    message,
                    "declare one, `unique column, …;`, or look it up by its key",
                    map.node,
                ))
            }
            (true, n) => {
                let message = format!("`{}` has {n} unique indexes, and it cannot be told which is meant", decl.name);
                self.fault(problem::no_index(message, "look it up by its key", map.node))
            }
        }
    }

    /// A state map.
    fn map(&mut self, name: &Name) -> Option<(MapId, MapDecl)> {
        match self.program.maps.iter().position(|m| m.name == name.text) {
            Some(at) => Some((MapId(at as u32), self.program.maps[at].clone())),
            None => {
                let known: Vec<String> = self.program.maps.iter().map(|m| m.name.clone()).collect();
                let known = known.iter().map(String::as_str);
                self.fault(problem::unknown_thing("state map", &name.text, name.node, known))
            }
        }
    }

    /// Complains if state is written where copies exist.
    pub(super) fn state_writable(&mut self, flow: &Flow, what: &str, node: NodeId) {
        if flow.forked {
            self.report(problem::written_after_fork(what, node));
        }
    }

    /// Complains if a name cannot be given to something new.
    pub(super) fn may_bind(&mut self, flow: &Flow, name: &Name) -> Option<()> {
        if flow.binding(&name.text).is_some() {
            return self.fault(problem::name_in_use(&name.text, "the name of something else", name.node));
        }
        self.name_is_free(&name.text, name.node)
    }

    fn new_cell(&mut self, flow: &Flow, name: &Name, map: MapId) -> Option<CellId> {
        let free = self.may_bind(flow, name);
        self.program.cells.push(CellDecl { name: name.text.clone(), map });
        free.map(|()| CellId(self.program.cells.len() as u32 - 1))
    }

    /// `insert f in flows (…) { full … clash … }`
    #[allow(clippy::too_many_arguments)] // one for each part of the statement
    pub(super) fn insert(
        &mut self,
        mut here: Here,
        bind: &Name,
        map: &Name,
        values: &[Expr],
        full: Option<&Block>,
        clash: Option<&Block>,
        node: NodeId,
    ) -> Option<Here> {
        self.state_writable(&here.flow, "an entry is inserted", node);
        let Some((id, decl)) = self.map(map) else {
            here.flow.bind(&bind.text, Binding::Unknown);
            return Some(here);
        };
        let types: Vec<(u16, Kind)> =
            (0..decl.columns()).map(|c| (decl.column(c).1, self.column_kind(id, c))).collect();
        let values = self.keys(&here.flow, values, &types, &format!("an entry of `{}`", decl.name), node);
        let cell = match here.flow.binding(&bind.text) {
            Some(Binding::Cell { cell, map, state: CellState::Missed }) if *map == id => Some(*cell),
            _ => self.new_cell(&here.flow, bind, id),
        };
        let full = self.full_arm(&here.flow, full, &decl, node);
        let clash_handled = clash.is_some();
        let clash = self.clash_arm(&here.flow, clash, id, node);
        let mut ok = self.follow(here.flow);
        if let Some(cell) = cell {
            ok.flow.unbind(&bind.text);
            ok.flow.bind(&bind.text, Binding::Cell { cell, map: id, state: CellState::Bound });
        }
        let cell = cell.unwrap_or_default();
        let end = End::Insert { map: id, values, cell, ok: ok.block, full, clash, clash_handled };
        self.draft.close(here.block, end, node);
        Some(ok)
    }

    fn full_arm(&mut self, flow: &Flow, arm: Option<&Block>, decl: &MapDecl, node: NodeId) -> rdcl_core::BlockId {
        let here = self.follow(flow.clone());
        let start = here.block;
        match arm {
            Some(block) => self.ending_arm(here, block, "the `full` arm"),
            None => {
                let message = format!("`{}` may be full, and nothing says what happens then", decl.name);
                self.report(problem::arm_missing(&message, "write `full Fail(\"table full\");` in the braces", node));
            }
        }
        start
    }

    fn clash_arm(&mut self, flow: &Flow, arm: Option<&Block>, map: MapId, node: NodeId) -> rdcl_core::BlockId {
        let here = self.follow(flow.clone());
        let start = here.block;
        match arm {
            Some(block) => self.ending_arm(here, block, "the `clash` arm"),
            None => self.draft.close(start, End::Drop(Reason::Clash(map)), node),
        }
        start
    }

    /// `remove f;`
    pub(super) fn remove(&mut self, mut here: Here, entry: &Name, node: NodeId) -> Option<Here> {
        self.state_writable(&here.flow, "an entry is removed", node);
        match here.flow.binding_mut(&entry.text) {
            Some(Binding::Cell { cell, state, .. }) => {
                let (cell, was) = (*cell, std::mem::replace(state, CellState::Removed));
                if self.entry_usable(was, entry).is_some() {
                    self.op(&here, Op::Remove(cell), node);
                }
            }
            Some(Binding::Unknown) => {}
            _ => self.report(problem::unknown_thing("entry", &entry.text, entry.node, [])),
        }
        Some(here)
    }

    /// `choose x in RANGE [free in flows.ext] [by resolver] { none-arm }`
    #[allow(clippy::too_many_arguments)] // one for each part of the statement
    pub(super) fn choose(
        &mut self,
        mut here: Here,
        bind: &Name,
        range: &Expr,
        free: Option<&(Name, Name)>,
        resolver: Option<&Name>,
        none: Option<&Block>,
        node: NodeId,
    ) -> Option<Here> {
        let free = free.map(|(map, column)| self.free(&here.flow, map, column));
        let legal = self.legal(&here.flow, range, free.as_ref().and_then(|f| f.as_ref()).map(|f| f.1));
        let map = free.as_ref().and_then(|f| f.as_ref()).map(|f| f.0.map);
        let resolver = self.resolver(&here.flow, resolver, map, node);
        let none = self.none_arm(&here.flow, none, free.is_some(), node);
        let (Some((lo, hi, width)), Some(())) = (legal, self.may_bind(&here.flow, bind)) else {
            if here.flow.binding(&bind.text).is_none() {
                here.flow.bind(&bind.text, Binding::Unknown);
            }
            return Some(here);
        };
        let slot = self.new_slot(&bind.text, width);
        self.program.choices.push(ChoiceDecl { name: bind.text.clone(), width });
        let choice = ChoiceId(self.program.choices.len() as u32 - 1);
        let mut ok = self.follow(here.flow);
        ok.flow.bind(&bind.text, Binding::Choice { slot, width });
        let free = free.flatten().map(|f| f.0);
        let end = End::Choose { choice, slot, lo, hi, free, resolver, ok: ok.block, none };
        self.draft.close(here.block, end, node);
        Some(ok)
    }

    /// Least and greatest value and their width: the column's, the set's own, or the least that holds them.
    fn legal(&mut self, flow: &Flow, range: &Expr, column: Option<u16>) -> Option<(u128, u128, u16)> {
        let (set, own) = self.set(flow, range)?;
        let (lo, hi) = set.least().zip(set.greatest())?;
        let width = match (column, own) {
            (Some(column), Some(own)) if column != own => {
                return self.fault(problem::widths_differ(column, own, range.node));
            }
            (Some(width), _) | (None, Some(width)) => width,
            (None, None) => [8, 16, 32, 64, 128].into_iter().find(|w| hi <= mask(*w)).unwrap_or(128),
        };
        self.fit(hi, width, range.node)?;
        Some((lo, hi, width))
    }

    /// The restriction of `free in map.column`, and the column's width.
    fn free(&mut self, flow: &Flow, map: &Name, column: &Name) -> Option<(Free, u16)> {
        let (id, decl) = self.map(map)?;
        let chosen = self.column_index(&decl, column)?;
        let Some(at) = decl.unique.iter().position(|cols| cols.contains(&chosen)) else {
            let message = format!("no unique index of `{}` has the column `{}`", decl.name, column.text);
            return self.fault(problem::no_index(message, "declare one, `unique …;`", column.node));
        };
        let Some(asked) = flow.asked.iter().rev().find(|a| a.map == id) else {
            let message = format!("this stands in no `else` arm of a `lookup` in `{}`", decl.name);
            let help = "the other columns of the index take the values that the look-up asked for";
            return self.fault(problem::no_index(message, help, map.node));
        };
        let mut keys = Vec::new();
        for index in &decl.unique[at] {
            let value = asked.columns.iter().find(|(c, _)| c == index).map(|(_, value)| value.clone());
            if value.is_none() && *index != chosen {
                let message = format!("the look-up does not say what `{}` is", decl.column(*index).0);
                return self.fault(problem::no_index(message, "look it up by an index with that column", column.node));
            }
            keys.push(if *index == chosen { None } else { value });
        }
        Some((Free { map: id, index: at as u16 + 1, keys }, decl.column(chosen).1))
    }

    fn resolver(&mut self, flow: &Flow, by: Option<&Name>, map: Option<MapId>, node: NodeId) -> Option<Resolver> {
        let Some(by) = by else {
            let help = "say what a guest takes: `by first`, `by hash` or `by lru`";
            self.report(problem::cannot_be_booted("a choice that nobody resolves", help, node));
            return None;
        };
        match by.text.as_str() {
            "first" => Some(Resolver::First),
            "lru" if map.is_some() => Some(Resolver::LeastRecentlyFreed),
            "lru" => {
                let help = "write `free in map.column`, or take another resolver";
                self.fault(problem::bad_resolver("`lru` needs values that are taken and freed", help, by.node))
            }
            "hash" => match flow.asked.iter().rev().find(|a| map.is_none_or(|m| m == a.map)) {
                Some(asked) => Some(Resolver::Hash(asked.columns.iter().map(|c| c.1.clone()).collect())),
                None => {
                    let help = "put it into the `else` arm of a `lookup`, or take `by first`";
                    self.fault(problem::bad_resolver("there is no look-up whose keys could be hashed", help, by.node))
                }
            },
            other => {
                let help = "there are `first`, `hash` and `lru`";
                self.fault(problem::bad_resolver(format!("no resolver is called `{other}`"), help, by.node))
            }
        }
    }

    fn none_arm(&mut self, flow: &Flow, arm: Option<&Block>, needed: bool, node: NodeId) -> rdcl_core::BlockId {
        let here = self.follow(flow.clone());
        let start = here.block;
        match arm {
            Some(block) => self.ending_arm(here, block, "the arm for no legal value"),
            None => {
                if needed {
                    let message = "no value may be free, and nothing says what happens then";
                    self.report(problem::arm_missing(message, "write `{ Fail(\"none free\"); }`", node));
                }
                self.draft.close(start, End::Drop(Reason::Fail("no legal value".into())), node);
            }
        }
        start
    }
}

/// Whether the values a look-up asked for are wanted in its else-arm.
fn asks_again(miss: &Block, map: &str) -> bool {
    any_stmt(miss, &|stmt| match stmt {
        Stmt::Choose { free, resolver, .. } => {
            free.as_ref().is_some_and(|f| f.0.text == map) || resolver.as_ref().is_some_and(|r| r.text == "hash")
        }
        _ => false,
    })
}
