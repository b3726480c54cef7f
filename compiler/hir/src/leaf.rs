//! Leaves: what stands at the end of every path through parts, and its program and tables.
//!
//! A program does not change when spans move, and tables are read apart from it.

#![allow(missing_docs, reason = "what salsa's macros generate has no documentation")]

use crate::bodies::{body, sefl};
use crate::cx::{Cx, Params};
use crate::headers::groups_knowing;
use crate::headers::layouts::headers_in_sight;
use crate::instance::{Instance, members, params, signature};
use crate::lower::{Balance, Env, FilterRule, Lowered};
use crate::lower::{balancer_ports, lower_balancer, lower_behaviour, lower_filter};
use crate::nemo::Rule;
use crate::port::ports;
use crate::source::db::{Db, Package, TableFile};
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use crate::value::{TableType, Type, Value};
use rdcl_base::{NodeId, Span};
use rdcl_core::{Origins, PortDecl, Program, Shape, Stack, TableData};
use rdcl_import::{ColumnType, Schema, read_table};
use rdcl_syntax::ast;
use std::num::NonZeroU32;
use std::sync::Arc;

/// What a leaf is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub enum LeafKind<'db> {
    /// The behaviour of an instance.
    Behaviour(Instance<'db>),
    /// A generated filter. Port 0 faces outwards, port 1 inwards; rules apply to what enters at port 0.
    Filter(Stack, Vec<Rule>),
    /// A generated balancer over so many elements. Port 0 faces what is distributed, the others the elements in order.
    Balancer(Stack, Balance, NonZeroU32),
    /// An instance of which only the contract is known.
    Opaque(Instance<'db>),
}

/// A leaf. Equal leaves are one leaf, wherever they stand.
#[salsa::interned(debug)]
pub struct Leaf<'db> {
    /// What it is.
    #[returns(ref)]
    pub kind: LeafKind<'db>,
    /// The headers that parsers know where it stands, besides those that all know.
    #[returns(copy)]
    pub known: Shape,
}

impl<'db> Leaf<'db> {
    /// The instance it belongs to, unless it is generated.
    pub fn instance(self, db: &'db dyn Db) -> Option<Instance<'db>> {
        match self.kind(db) {
            LeafKind::Behaviour(instance) | LeafKind::Opaque(instance) => Some(*instance),
            LeafKind::Filter(..) | LeafKind::Balancer(..) => None,
        }
    }
}

/// A leaf's ports.
pub fn leaf_ports(db: &dyn Db, leaf: Leaf<'_>) -> Vec<PortDecl> {
    let decl = |name: String, stack: Stack| PortDecl { name, stack: stack.knowing(leaf.known(db)) };
    match leaf.kind(db) {
        LeafKind::Behaviour(instance) | LeafKind::Opaque(instance) => {
            ports(db, *instance).flat().into_iter().map(|p| decl(p.name, p.stack)).collect()
        }
        LeafKind::Balancer(stack, _, size) => balancer_ports(stack.knowing(leaf.known(db)), *size),
        LeafKind::Filter(stack, _) => ["outer", "inner"].map(|name| decl(name.into(), *stack)).to_vec(),
    }
}

/// A leaf, lowered: program, origins and complaints.
#[salsa::tracked(returns(ref))]
pub(crate) fn lowered<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Lowered {
    match leaf.kind(db) {
        LeafKind::Behaviour(instance) => {
            lower_instance(db, *instance, leaf.known(db)).unwrap_or_else(|| portal(db, leaf))
        }
        LeafKind::Opaque(_) => portal(db, leaf),
        LeafKind::Filter(stack, rules) => {
            let rule = |r: &Rule| FilterRule { name: r.name.clone(), class: r.class.clone(), deny: r.deny };
            let program = lower_filter(stack.knowing(leaf.known(db)), &rules.iter().map(rule).collect::<Vec<_>>());
            generated(program)
        }
        LeafKind::Balancer(stack, by, size) => generated(lower_balancer(stack.knowing(leaf.known(db)), *by, *size)),
    }
}

/// A program with ports and nothing behind them.
fn portal(db: &dyn Db, leaf: Leaf<'_>) -> Lowered {
    let ports = leaf_ports(db, leaf);
    let entry = vec![None; ports.len()];
    generated(Program { ports, entry, ..Program::default() })
}

/// A program that comes from no text.
fn generated(program: Program) -> Lowered {
    Lowered { program, origins: Origins::default(), problems: Vec::new() }
}

fn lower_instance<'db>(db: &'db dyn Db, instance: Instance<'db>, known: Shape) -> Option<Lowered> {
    let owner = body(db, instance).owner()?;
    let behaviour = behaviour_of(db, owner.rfb(db))?;
    let ports = ports(db, instance);
    let groups = groups_knowing(&ports.groups, known);
    let headers = headers_in_sight(db, owner.rfb(db).file(db));
    // What a parameter of an unknown type may be used for is not known either.
    let mut lost = ports.lost.clone();
    let broken = signature(db, owner.rfb(db)).params.iter().filter(|param| param.broken);
    lost.names.extend(broken.map(|param| param.name.clone()));
    let env = Env { ports: &groups, lost: &lost, params: params(db, owner), headers };
    Some(lower_behaviour(&env, sefl(behaviour)?, behaviour.language.node))
}

/// The first behaviour that an RFB declares.
fn behaviour_of<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db ast::Behaviour> {
    let behaviour = |m: &'db ast::Member| if let ast::Member::Behaviour(b) = m { Some(b) } else { None };
    members(db, item).iter().filter_map(behaviour).find(|b| sefl(b).is_some())
}

/// The item that a leaf's program comes from.
pub fn leaf_item<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Option<Item<'db>> {
    let owner = body(db, leaf.instance(db)?).owner()?;
    Some(owner.rfb(db))
}

/// What a leaf does to packets.
#[salsa::tracked(returns(ref))]
pub fn leaf_program<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Arc<Program> {
    Arc::new(lowered(db, leaf).program.clone())
}

/// For each instruction of a leaf's program where it came from; empty for a generated leaf.
#[salsa::tracked(returns(ref))]
pub fn leaf_origins<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Origins<Loc> {
    let Some(item) = leaf_item(db, leaf) else { return Origins::default() };
    let place = |node: &NodeId| Loc::of(db, item, *node);
    let blocks = lowered(db, leaf).origins.blocks.iter();
    Origins { blocks: blocks.map(|block| block.iter().map(place).collect()).collect() }
}

/// What is wrong with a leaf's behaviour.
pub(crate) fn leaf_problems<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Vec<Problem> {
    let Some(item) = leaf_item(db, leaf) else { return Vec::new() };
    let mut cx = Cx::new(db, item);
    cx.report_all(lowered(db, leaf).problems.iter().cloned());
    cx.problems
}

/// The data of a leaf's tables, in the order of its program's.
#[salsa::tracked(returns(ref))]
pub fn leaf_tables<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Vec<Arc<TableData>> {
    let Some(owner) = leaf.instance(db).and_then(|i| body(db, i).owner()) else { return Vec::new() };
    let params = params(db, owner);
    let read = |name: &str| table_of(db, params, name).unwrap_or_default();
    leaf_program(db, leaf).tables.iter().map(|table| read(&table.name)).collect()
}

fn table_of(db: &dyn Db, params: &Params, name: &str) -> Option<Arc<TableData>> {
    let (Type::Table(ty), Value::Table(path)) = params.get(name)? else { return None };
    Some(Arc::clone(&table(db, table_file(db, path)?, ty.clone()).0))
}

/// The files of a leaf's tables, in the order of its program's; none where one is missing.
pub fn leaf_table_files<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Vec<Option<TableFile>> {
    let params = leaf.instance(db).and_then(|i| body(db, i).owner()).map(|owner| params(db, owner));
    let file = |name: &str| match params?.get(name)? {
        (Type::Table(_), Value::Table(path)) => table_file(db, path),
        _ => None,
    };
    leaf_program(db, leaf).tables.iter().map(|table| file(&table.name)).collect()
}

/// Where the rows of a table are in its text: the lines that say something.
#[salsa::tracked(returns(ref))]
pub fn table_rows(db: &dyn Db, file: TableFile) -> Vec<Span> {
    let (mut start, mut rows) = (0, Vec::new());
    for line in file.text(db).split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or_default();
        let is_blank = |c: char| c.is_whitespace() || c == ',';
        let (rest, whole) = (content.trim_start_matches(is_blank), content.trim_end_matches(is_blank));
        if !rest.is_empty() {
            rows.push(Span::new((start + content.len() - rest.len()) as u32, (start + whole.len()) as u32));
        }
        start += line.len();
    }
    rows
}

/// What is wrong in the tables that a leaf reads, each read with the columns that the leaf gives it.
pub(crate) fn table_problems<'db>(db: &'db dyn Db, leaf: Leaf<'db>) -> Vec<Problem> {
    let files = tables_read(db, leaf).filter_map(|(_, ty, path)| Some((table_file(db, path)?, ty)));
    files.flat_map(|(file, ty)| table(db, file, ty.clone()).1.iter().cloned()).collect()
}

/// The tables that a leaf reads: the parameter, the columns, the path of the file.
pub(crate) fn tables_read<'db>(
    db: &'db dyn Db,
    leaf: Leaf<'db>,
) -> impl Iterator<Item = (&'db str, &'db TableType, &'db str)> {
    let owner = leaf.instance(db).and_then(|i| body(db, i).owner());
    let read = |(params, name): (&'db Params, &'db str)| match params.get(name)? {
        (Type::Table(ty), Value::Table(path)) => Some((name, ty, path.as_str())),
        _ => None,
    };
    let names = leaf_program(db, leaf).tables.iter().map(|table| table.name.as_str());
    owner.into_iter().flat_map(move |owner| names.clone().map(move |name| (params(db, owner), name))).filter_map(read)
}

/// The table file with this path.
pub(crate) fn table_file(db: &dyn Db, path: &str) -> Option<TableFile> {
    Package::try_get(db)?.tables(db).iter().copied().find(|t| t.path(db) == path)
}

/// A table file, read with these columns, and what is wrong with it.
#[salsa::tracked(returns(ref))]
pub(crate) fn table(db: &dyn Db, file: TableFile, ty: TableType) -> (Arc<TableData>, Vec<Problem>) {
    let (data, problems) = read_table(file.text(db), &schema(&ty));
    (Arc::new(data), problems.into_iter().map(|p| p.map(|span| Loc::Table(file, span))).collect())
}

fn schema(ty: &TableType) -> Schema {
    let keys = ty.keys.iter().map(|(name, ty, kind)| (name.clone(), column_type(ty), *kind)).collect();
    Schema { keys, data: ty.data.iter().map(|(name, ty)| (name.clone(), column_type(ty))).collect() }
}

fn column_type(ty: &Type) -> ColumnType {
    match ty {
        Type::Uint(width) => ColumnType::Uint(*width),
        Type::Mac => ColumnType::Mac,
        Type::Ipv4 => ColumnType::Ipv4,
        Type::Ipv6 => ColumnType::Ipv6,
        // No column is of these types; the checker says so.
        Type::Bool | Type::String | Type::Prefix | Type::Prefix6 | Type::Range => ColumnType::Uint(64),
        Type::Quantity(_) | Type::Table(_) | Type::Stack => ColumnType::Uint(64),
    }
}
