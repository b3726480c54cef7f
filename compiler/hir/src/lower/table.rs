//! `match fib on ip.dst { row r: … else … }`: tables are parameters, their data stand apart.

use super::amount::Kind;
use super::flow::Binding;
use super::{Here, Lower, fold, problem};
use crate::value::{TableType, Type};
use rdcl_base::NodeId;
use rdcl_core::{End, RowDecl, RowId, TableDecl, TableId};
use rdcl_syntax::ast::{Block, Expr, Name};

/// The width of a column of this type.
fn width_of(ty: &Type) -> Option<u16> {
    match ty {
        Type::Uint(width) => Some(*width),
        Type::Bool => Some(1),
        Type::Ipv4 => Some(32),
        Type::Mac => Some(48),
        Type::Ipv6 => Some(128),
        Type::String | Type::Prefix | Type::Prefix6 | Type::Range | Type::Quantity(_) => None,
        Type::Table(_) | Type::Stack => None,
    }
}

fn declaration(name: &str, ty: &TableType) -> TableDecl {
    let keys = ty.keys.iter().filter_map(|(name, ty, kind)| Some((name.clone(), width_of(ty)?, *kind))).collect();
    let data = ty.data.iter().filter_map(|(name, ty)| Some((name.clone(), width_of(ty)?))).collect();
    TableDecl { name: name.to_owned(), keys, data }
}

impl Lower<'_> {
    #[allow(clippy::too_many_arguments)] // one for each part of the statement
    pub(super) fn match_table(
        &mut self,
        here: Here,
        table: &Name,
        keys: &[Expr],
        row: &Name,
        hit: &Block,
        miss: &Block,
        node: NodeId,
    ) -> Option<Here> {
        let Some(id) = self.table(table) else { return self.match_nothing(here, row, hit, miss, node) };
        let types: Vec<(u16, Kind)> = self.program.tables[id.index()].keys.iter().map(|k| (k.1, Kind::Bits)).collect();
        let keys = self.keys(&here.flow, keys, &types, &format!("`{}`", table.text), node);
        let row_id = RowId(self.program.rows.len() as u32);
        self.program.rows.push(RowDecl { name: row.text.clone(), table: id });
        let mut found = self.follow(here.flow.clone());
        let missed = self.follow(here.flow);
        _ = self.may_bind(&found.flow, row);
        found.flow.bind(&row.text, Binding::Row { row: row_id, table: id });
        let end = End::Match { table: id, keys, row: row_id, hit: found.block, miss: missed.block };
        self.draft.close(here.block, end, node);
        let found = self.row_arm(found, row, hit);
        let missed = self.block(missed, miss);
        self.join(vec![found, missed], node)
    }

    /// The row's name means something in its arm alone.
    fn row_arm(&mut self, found: Here, row: &Name, hit: &Block) -> Option<Here> {
        self.block(found, hit).map(|mut end| {
            end.flow.unbind(&row.text);
            end
        })
    }

    /// The arms alone, after a fault.
    fn match_nothing(&mut self, here: Here, row: &Name, hit: &Block, miss: &Block, node: NodeId) -> Option<Here> {
        let mut found = self.follow(here.flow.clone());
        let missed = self.follow(here.flow);
        self.draft.close(here.block, End::Goto(found.block), node);
        found.flow.bind(&row.text, Binding::Unknown);
        let found = self.row_arm(found, row, hit);
        let missed = self.block(missed, miss);
        self.join(vec![found, missed], node)
    }

    /// The table of a parameter; declared when it is first used.
    fn table(&mut self, name: &Name) -> Option<TableId> {
        if let Some(at) = self.program.tables.iter().position(|t| t.name == name.text) {
            return Some(TableId(at as u32));
        }
        match self.env.params.get(&name.text) {
            Some((Type::Table(ty), _)) => {
                self.program.tables.push(declaration(&name.text, ty));
                Some(TableId(self.program.tables.len() as u32 - 1))
            }
            _ if self.env.lost.may_be(&name.text) => self.broken(),
            _ => {
                let tables = self.env.params.iter().filter(|(_, (ty, _))| matches!(ty, Type::Table(_)));
                let known: Vec<&str> = tables.map(|(name, _)| name.as_str()).collect();
                self.fault(problem::unknown_thing("table", &name.text, name.node, known))
            }
        }
    }

    /// One value for each column; zero in place of a wrong one.
    pub(super) fn keys(
        &mut self,
        flow: &super::flow::Flow,
        keys: &[Expr],
        types: &[(u16, Kind)],
        what: &str,
        node: NodeId,
    ) -> Vec<rdcl_core::Expr> {
        if keys.len() != types.len() {
            self.report(problem::wrong_count(types.len(), keys.len(), what, node));
            return types.iter().map(|(w, _)| fold::constant(0, *w)).collect();
        }
        let values = keys.iter().zip(types);
        values.map(|(key, (w, k))| self.typed(flow, key, *k, *w).unwrap_or_else(|| fold::constant(0, *w))).collect()
    }
}
