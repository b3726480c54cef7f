//! `state flows { … }`: the declaration of a map.

use super::amount::Kind;
use super::flow::{Binding, Flow};
use super::{Lower, problem};
use crate::value::Value;
use rdcl_base::{Dimension, NodeId};
use rdcl_core::{Cond, MapDecl, MapId, Shape, TIME_WIDTH};
use rdcl_syntax::ast::{Expr, ExprKind, Name, State, StateClause, StateColumn, TypeExpr};

type Columns = Vec<(String, u16)>;

/// The most columns of a key or a value, and the most unique indexes: Core counts them in 16 bits.
const MOST_COLUMNS: usize = 1024;

impl Lower<'_> {
    /// Declares a map, even a faulty one, so that its uses make sense.
    pub(super) fn state(&mut self, state: &State) {
        if self.name_is_free(&state.name.text, state.name.node).is_none() {
            return;
        }
        let broken = state.clauses.iter().any(|c| matches!(c, StateClause::Bad(_)));
        self.broken |= broken;
        let mut map = self.columns(state, broken);
        map.unique = self.unique(state, &map);
        map.capacity = self.capacity(state, broken).unwrap_or(1);
        map.idle = self.idle(state, broken).unwrap_or(1);
        map.invariant = self.invariant(state, &map);
        self.program.maps.push(map);
    }

    fn columns(&mut self, state: &State, broken: bool) -> MapDecl {
        let keys =
            state.clauses.iter().filter_map(|c| if let StateClause::Key(c, n) = c { Some((c, *n)) } else { None });
        let values =
            state.clauses.iter().filter_map(|c| if let StateClause::Value(c, n) = c { Some((c, *n)) } else { None });
        let key = self.only(keys.collect(), "key");
        let value = self.only(values.collect(), "value");
        if key.is_none() && !broken {
            let message = format!("`{}` has no key", state.name.text);
            self.report(problem::bad_state(message, state.name.node).with_help("write `key name: type;`"));
        }
        let mut seen = Vec::new();
        let key = self.column_types(key.map_or(&[], Vec::as_slice), &mut seen);
        let value = self.column_types(value.map_or(&[], Vec::as_slice), &mut seen);
        MapDecl {
            name: state.name.text.clone(),
            key,
            value,
            unique: Vec::new(),
            capacity: 1,
            idle: 1,
            invariant: Cond::True,
        }
    }

    /// The one clause of a kind; a second one is a fault.
    fn only<T>(&mut self, clauses: Vec<(T, NodeId)>, word: &str) -> Option<T> {
        let mut clauses = clauses.into_iter();
        let first = clauses.next();
        for (_, node) in clauses {
            self.report(problem::bad_state(format!("a second `{word}` clause"), node));
        }
        first.map(|c| c.0)
    }

    fn column_types(&mut self, columns: &[StateColumn], seen: &mut Vec<String>) -> Columns {
        let mut out = Columns::new();
        for column in self.few(columns, "columns of a kind", columns.last().map(|c| c.name.node)) {
            let name = &column.name;
            if seen.contains(&name.text) {
                self.report(problem::name_in_use(&name.text, "a column", name.node));
                continue;
            }
            if self.env.params.contains_key(&name.text) {
                self.report(problem::name_in_use(&name.text, "a parameter", name.node));
            }
            let (width, kind) = self.column_type(&column.ty).unwrap_or((32, Kind::Bits));
            if kind != Kind::Bits {
                self.kinds.insert((MapId(self.program.maps.len() as u32), seen.len() as u16), kind);
            }
            seen.push(name.text.clone());
            out.push((name.text.clone(), width));
        }
        out
    }

    /// The most of a list that there may be; complains of what is beyond.
    fn few<'t, T>(&mut self, list: &'t [T], what: &str, at: Option<NodeId>) -> &'t [T] {
        if list.len() <= MOST_COLUMNS {
            return list;
        }
        if let Some(at) = at {
            self.report(problem::bad_state(format!("a map has at most {MOST_COLUMNS} {what}"), at));
        }
        &list[..MOST_COLUMNS]
    }

    fn column_type(&mut self, ty: &TypeExpr) -> Option<(u16, Kind)> {
        let words: Vec<&str> = ty.parts.iter().flat_map(|p| &p.segments).map(|s| s.text.as_str()).collect();
        match words.as_slice() {
            ["u8"] => Some((8, Kind::Bits)),
            ["u16"] => Some((16, Kind::Bits)),
            ["u32"] | ["Ipv4"] => Some((32, Kind::Bits)),
            ["u64"] => Some((64, Kind::Bits)),
            ["Mac"] => Some((48, Kind::Bits)),
            ["Ipv6"] => Some((128, Kind::Bits)),
            ["Time"] => Some((TIME_WIDTH, Kind::Time)),
            ["Duration"] => Some((TIME_WIDTH, Kind::Span)),
            _ => {
                let problem = problem::bad_state(format!("a column cannot be a `{}`", words.join("/")), ty.node);
                self.fault(
                    problem.with_help(
                        "a column is `u8`, `u16`, `u32`, `u64`, `Ipv4`, `Ipv6`, `Mac`, `Time` or `Duration`",
                    ),
                )
            }
        }
    }

    fn unique(&mut self, state: &State, map: &MapDecl) -> Vec<Vec<u16>> {
        let clauses =
            state.clauses.iter().filter_map(|c| if let StateClause::Unique(n, _) = c { Some(n) } else { None });
        let clauses: Vec<&Vec<Name>> = clauses.collect();
        let clauses = self.few(&clauses, "unique indexes", Some(state.name.node));
        clauses.iter().map(|names| self.index_of(map, names)).collect()
    }

    /// The columns of an index, each once.
    fn index_of(&mut self, map: &MapDecl, names: &[Name]) -> Vec<u16> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            match self.column_index(map, name) {
                Some(column) if columns.contains(&column) => self.report(problem::column_twice(&name.text, name.node)),
                found => columns.extend(found),
            }
        }
        columns
    }

    /// The number of a column.
    pub(super) fn column_index(&mut self, map: &MapDecl, name: &Name) -> Option<u16> {
        match (0..map.columns()).find(|c| map.column(*c).0 == name.text) {
            Some(index) => Some(index),
            None => {
                let known = map.key.iter().chain(&map.value).map(|c| c.0.as_str());
                self.fault(problem::unknown_thing("column", &name.text, name.node, known))
            }
        }
    }

    fn capacity(&mut self, state: &State, broken: bool) -> Option<u64> {
        let clauses =
            state.clauses.iter().filter_map(|c| if let StateClause::Capacity(e, n) = c { Some((e, *n)) } else { None });
        let Some(e) = self.only(clauses.collect(), "capacity") else {
            return self.missing(state, broken, "capacity", "capacity 65536;");
        };
        match self.constant(&Flow::default(), e, "the capacity")? {
            0 => self.fault(problem::bad_state("a map must have room for an entry", e.node)),
            n => Some(u64::try_from(n).unwrap_or(u64::MAX)),
        }
    }

    fn missing<T>(&mut self, state: &State, broken: bool, word: &str, example: &str) -> Option<T> {
        if broken {
            return None;
        }
        let problem = problem::bad_state(format!("`{}` has no `{word}`", state.name.text), state.name.node);
        self.fault(problem.with_help(format!("write `{example}`")))
    }

    fn idle(&mut self, state: &State, broken: bool) -> Option<u64> {
        let clauses =
            state.clauses.iter().filter_map(|c| if let StateClause::Idle(e, n) = c { Some((e, *n)) } else { None });
        let Some(e) = self.only(clauses.collect(), "idle") else {
            return self.missing(state, broken, "idle", "idle 300s;");
        };
        let quantity = match &e.kind {
            ExprKind::Quantity(q) => Some(*q),
            ExprKind::Name(name) => match self.env.params.get(&name.text) {
                Some((_, Value::Quantity(q))) => Some(*q),
                _ => None,
            },
            ExprKind::Bad => return self.broken(),
            _ => None,
        };
        match quantity {
            Some(q) if q.dimension == Dimension::Time => Some(q.amount),
            Some(q) => self.fault(problem::wrong_kind("a duration", q.dimension.name(), e.node)),
            None => self.fault(problem::wrong_kind("a duration", "something else", e.node)),
        }
    }

    fn invariant(&mut self, state: &State, map: &MapDecl) -> Cond {
        let clauses = state
            .clauses
            .iter()
            .filter_map(|c| if let StateClause::Invariant(e, n) = c { Some((e, *n)) } else { None });
        let Some(e) = self.only(clauses.collect::<Vec<(&Expr, NodeId)>>(), "invariant") else { return Cond::True };
        let mut flow = Flow::of_shapes([Shape::EMPTY]);
        let id = MapId(self.program.maps.len() as u32);
        for index in 0..map.columns() {
            let (name, width) = map.column(index);
            flow.bind(name, Binding::Column { index, width: *width, kind: self.column_kind(id, index) });
        }
        self.cond(&flow, e).unwrap_or(Cond::True)
    }
}
