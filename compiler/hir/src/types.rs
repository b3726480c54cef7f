//! Types: the value types of the prelude, tables with columns, and header stacks.

use crate::cx::{Cx, Params};
use crate::headers::layouts::{header_at, headers_in_sight, named_header};
use crate::source::db::Db;
use crate::source::item::{Item, parsed};
use crate::source::loc::Problem;
use crate::source::names::{Kind, resolve};
use crate::value::{TableType, Type, Value};
use rdcl_base::{Code, Diagnostic, Dimension, NodeId};
use rdcl_core::{HeaderKind, MatchKind, Stack};
use rdcl_syntax::ast;

/// The value types of the prelude.
pub const VALUE_TYPES: [&str; 19] = [
    "Prefix",
    "Ipv4",
    "Mac",
    "u8",
    "u16",
    "u32",
    "u64",
    "bool",
    "Duration",
    "Bandwidth",
    "Memory",
    "PacketRate",
    "Cpu",
    "Ratio",
    "Range",
    "Table",
    "String",
    "Ipv6",
    "Prefix6",
];

/// The types of amounts, each with what it measures.
const AMOUNTS: [(&str, Dimension); 6] = [
    ("Duration", Dimension::Time),
    ("Bandwidth", Dimension::Bandwidth),
    ("Memory", Dimension::Memory),
    ("PacketRate", Dimension::PacketRate),
    ("Cpu", Dimension::Cpu),
    ("Ratio", Dimension::Ratio),
];

/// The kinds of execution environment of the prelude.
pub const REE_KINDS: [&str; 6] = ["kvm", "openstack", "click", "unikernel", "container", "process"];

fn simple_type(name: &str) -> Option<Type> {
    Some(match name {
        "u8" => Type::Uint(8),
        "u16" => Type::Uint(16),
        "u32" => Type::Uint(32),
        "u64" => Type::Uint(64),
        "bool" => Type::Bool,
        "String" => Type::String,
        "Ipv4" => Type::Ipv4,
        "Ipv6" => Type::Ipv6,
        "Mac" => Type::Mac,
        "Prefix" => Type::Prefix,
        "Prefix6" => Type::Prefix6,
        "Range" => Type::Range,
        "Table" => Type::Table(bare_table()),
        "Stack" => Type::Stack,
        _ => Type::Quantity(AMOUNTS.iter().find(|(amount, _)| *amount == name)?.1),
    })
}

/// What a bare `Table` is: a forwarding table.
fn bare_table() -> TableType {
    let prefix = ("prefix".to_owned(), Type::Ipv4, MatchKind::Lpm);
    TableType { keys: vec![prefix], data: vec![("port".to_owned(), Type::Uint(16))] }
}

/// The type of a parameter.
pub(crate) fn value_type(cx: &mut Cx<'_>, ty: &ast::TypeExpr) -> Option<Type> {
    let found = match ty.parts.as_slice() {
        [path] => match path.segments.as_slice() {
            [name] => simple_type(&name.text),
            _ => None,
        },
        _ => None,
    };
    match (found, &ty.columns) {
        (Some(Type::Table(_)), Some(columns)) => Some(Type::Table(table_type(cx, ty.node, columns))),
        (Some(found), None) => Some(found),
        (Some(_), Some(_)) | (None, _) => {
            cx.report(unknown_value_type(cx, ty));
            None
        }
    }
}

/// The most columns of a table.
const MOST_COLUMNS: usize = 1024;

/// The columns that a table can have; complains of the others.
fn table_type(cx: &mut Cx<'_>, at: NodeId, columns: &[ast::Column]) -> TableType {
    let mut table = TableType { keys: Vec::new(), data: Vec::new() };
    if columns.len() > MOST_COLUMNS {
        cx.report(too_many_columns(cx, at));
    }
    for (i, column) in columns.iter().enumerate().take(MOST_COLUMNS) {
        match columns[..i].iter().find(|c| c.name.text == column.name.text) {
            Some(first) => cx.report(column_twice(cx, column, first)),
            None => add_column(cx, &mut table, column),
        }
    }
    if columns.iter().all(|c| c.kind.is_none()) {
        cx.report(no_key(cx, at));
    }
    table
}

fn add_column(cx: &mut Cx<'_>, table: &mut TableType, column: &ast::Column) {
    let Some(ty) = column_type(cx, column) else { return };
    let name = column.name.text.clone();
    let Some(kind) = &column.kind else { return table.data.push((name, ty)) };
    match match_kind(&kind.text) {
        Some(MatchKind::Lpm) if table.keys.iter().any(|k| k.2 == MatchKind::Lpm) => {
            cx.report(second_prefix(cx, column));
        }
        Some(kind) => table.keys.push((name, ty, kind)),
        None => cx.report(unknown_match_kind(cx, kind)),
    }
}

fn column_type(cx: &mut Cx<'_>, column: &ast::Column) -> Option<Type> {
    let ty = value_type(cx, &column.ty)?;
    match ty {
        Type::Uint(_) | Type::Ipv4 | Type::Ipv6 | Type::Mac => Some(ty),
        Type::Bool
        | Type::String
        | Type::Prefix
        | Type::Prefix6
        | Type::Range
        | Type::Quantity(_)
        | Type::Table(_)
        | Type::Stack => {
            cx.report(no_column_type(cx, &column.ty, &ty));
            None
        }
    }
}

fn match_kind(name: &str) -> Option<MatchKind> {
    match name {
        "exact" => Some(MatchKind::Exact),
        "lpm" => Some(MatchKind::Lpm),
        "range" => Some(MatchKind::Range),
        _ => None,
    }
}

fn kind_name(kind: MatchKind) -> &'static str {
    match kind {
        MatchKind::Exact => "exact",
        MatchKind::Lpm => "lpm",
        MatchKind::Range => "range",
    }
}

/// The header stack of a port; a part of it may be a parameter of type `Stack`.
pub(crate) fn port_stack(cx: &mut Cx<'_>, ty: &ast::TypeExpr, params: &Params) -> Option<Stack> {
    let mut headers = Vec::new();
    for path in &ty.parts {
        headers.extend(stack_part(cx, path, params)?);
    }
    checked_stack(cx, &headers, ty.node)
}

fn stack_part(cx: &mut Cx<'_>, path: &ast::Path, params: &Params) -> Option<Vec<HeaderKind>> {
    if let [name] = path.segments.as_slice()
        && let Some((_, Value::Stack(stack))) = params.get(&name.text)
    {
        return Some(stack.required.headers().collect());
    }
    if let Some(declared) = header_at(cx.db, cx.item, path) {
        return declared.header.map(|header| vec![header]);
    }
    let item = resolve(cx, path, Kind::Stack)?;
    Some(declared_stack(cx.db, item).headers.clone())
}

/// The stack of these headers, or a complaint.
pub(crate) fn checked_stack(cx: &mut Cx<'_>, headers: &[HeaderKind], at: NodeId) -> Option<Stack> {
    let stack = Stack::new(headers);
    if stack.is_none() && !headers.is_empty() {
        cx.report(impossible_stack(cx, headers, at));
    }
    stack
}

/// A declared stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredStack {
    /// Its headers, outermost first; empty when the declaration is wrong.
    pub headers: Vec<HeaderKind>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// The headers that a `stack` item declares.
#[salsa::tracked(returns(ref))]
pub fn declared_stack<'db>(db: &'db dyn Db, item: Item<'db>) -> DeclaredStack {
    let mut cx = Cx::new(db, item);
    let headers = match parsed(db, item).tree(db) {
        ast::Item::Stack(stack) => stack_headers(&mut cx, stack),
        ast::Item::Use(_)
        | ast::Item::Header(_)
        | ast::Item::Rfb(_)
        | ast::Item::Substrate(_)
        | ast::Item::Deploy(_)
        | ast::Item::Nemo(_)
        | ast::Item::Environment(_)
        | ast::Item::Bad(_) => Vec::new(),
    };
    DeclaredStack { headers, problems: cx.problems }
}

fn stack_headers(cx: &mut Cx<'_>, stack: &ast::Stack) -> Vec<HeaderKind> {
    let mut headers = Vec::new();
    for name in &stack.headers {
        match named_header(headers_in_sight(cx.db, cx.file()), &name.text) {
            Some(header) => headers.push(header),
            None => cx.report(unknown_header(cx, name)),
        }
    }
    if headers.len() < stack.headers.len() || checked_stack(cx, &headers, stack.node).is_none() {
        Vec::new()
    } else {
        headers
    }
}

/// A type as it is written.
pub fn type_name(ty: &Type) -> String {
    match ty {
        Type::Uint(width) => format!("u{width}"),
        Type::Bool => "bool".into(),
        Type::String => "String".into(),
        Type::Ipv4 => "Ipv4".into(),
        Type::Ipv6 => "Ipv6".into(),
        Type::Mac => "Mac".into(),
        Type::Prefix => "Prefix".into(),
        Type::Prefix6 => "Prefix6".into(),
        Type::Range => "Range".into(),
        Type::Quantity(of) => AMOUNTS.iter().find(|(_, d)| d == of).map_or(of.name(), |(name, _)| name).into(),
        Type::Table(table) => table_name(table),
        Type::Stack => "Stack".into(),
    }
}

/// `Table(exact port: u16, verdict: u8)`, or `Table` for the columns of a bare one.
fn table_name(table: &TableType) -> String {
    if *table == bare_table() {
        return "Table".into();
    }
    let keys = table.keys.iter().map(|(name, ty, kind)| format!("{} {name}: {}", kind_name(*kind), type_name(ty)));
    let data = table.data.iter().map(|(name, ty)| format!("{name}: {}", type_name(ty)));
    format!("Table({})", keys.chain(data).collect::<Vec<_>>().join(", "))
}

/// A value of a type as somebody might write it; none of what only they can know.
pub(crate) fn usual_value(ty: &Type) -> Option<String> {
    let text = match ty {
        Type::Uint(_) => "1",
        Type::Bool => "false",
        Type::Ipv4 => "192.0.2.1",
        Type::Ipv6 => "2001:db8::1",
        Type::Mac => "02:00:00:00:00:01",
        Type::Prefix => "192.0.2.0/24",
        Type::Prefix6 => "2001:db8::/32",
        Type::Range => "1..65535",
        Type::Quantity(of) => return Some(format!("1{}", usual_unit(*of))),
        Type::String | Type::Table(_) | Type::Stack => return None,
    };
    Some(text.to_owned())
}

/// The unit people write amounts in.
pub(crate) fn usual_unit(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Time => "s",
        Dimension::Memory => "MiB",
        Dimension::Bandwidth => "Mbps",
        Dimension::PacketRate => "pps",
        Dimension::Cpu => "core",
        Dimension::Ratio => "%",
    }
}

fn written(ty: &ast::TypeExpr) -> String {
    let path = |p: &ast::Path| p.segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("::");
    ty.parts.iter().map(path).collect::<Vec<_>>().join("/")
}

fn unknown_value_type(cx: &Cx<'_>, ty: &ast::TypeExpr) -> Problem {
    let name = written(ty);
    Diagnostic::new(Code::E0202, cx.at(ty.node), format!("`{name}` is not a type of values"))
        .with_help(format!("value types are {} and Stack", VALUE_TYPES.join(", ")))
        .misspelt(&name, VALUE_TYPES.into_iter().chain(["Stack"]))
}

fn unknown_match_kind(cx: &Cx<'_>, kind: &ast::Name) -> Problem {
    Diagnostic::new(Code::E0202, cx.at(kind.node), format!("`{}` is not a way to match a key", kind.text))
        .with_help("a key is `exact`, `lpm` or `range`")
        .misspelt(&kind.text, ["exact", "lpm", "range"])
}

fn too_many_columns(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0317, cx.at(at), format!("a table has at most {MOST_COLUMNS} columns"))
}

fn column_twice(cx: &Cx<'_>, column: &ast::Column, first: &ast::Column) -> Problem {
    let message = format!("the column `{}` is declared twice", column.name.text);
    Diagnostic::new(Code::E0203, cx.at(column.name.node), message)
        .with_label(cx.at(first.name.node), "first declared here")
}

fn no_key(cx: &Cx<'_>, at: NodeId) -> Problem {
    Diagnostic::new(Code::E0317, cx.at(at), "this table has no key, so no row of it could be found")
        .with_help("write `exact`, `lpm` or `range` before the columns that are matched")
}

fn second_prefix(cx: &Cx<'_>, column: &ast::Column) -> Problem {
    let at = cx.at(column.name.node);
    Diagnostic::new(Code::E0317, at, format!("`{}` is a second longest-prefix column", column.name.text))
        .with_note("of two prefixes it cannot be told which row is the longest")
        .with_help("match it with `exact` or `range`")
}

fn no_column_type(cx: &Cx<'_>, at: &ast::TypeExpr, ty: &Type) -> Problem {
    Diagnostic::new(Code::E0202, cx.at(at.node), format!("a table column cannot be of type `{}`", type_name(ty)))
        .with_help("columns are `u8`, `u16`, `u32`, `u64`, `Ipv4`, `Ipv6` or `Mac`")
}

fn unknown_header(cx: &Cx<'_>, name: &ast::Name) -> Problem {
    let declared = headers_in_sight(cx.db, cx.file()).keys().map(String::as_str);
    let mut known: Vec<&str> = HeaderKind::ALL.into_iter().map(HeaderKind::name).collect();
    known.extend(declared);
    Diagnostic::new(Code::E0202, cx.at(name.node), format!("`{}` is not a header", name.text))
        .with_help(format!("headers are {}", known.join(", ")))
        .misspelt(&name.text, known)
}

fn impossible_stack(cx: &Cx<'_>, headers: &[HeaderKind], at: NodeId) -> Problem {
    let broken = headers.windows(2).find(|w| !w[0].links_to(w[1]));
    let message = match broken {
        Some(pair) => format!("`{}` cannot follow `{}` in a header stack", pair[1].name(), pair[0].name()),
        None => "this header stack is impossible".into(),
    };
    Diagnostic::new(Code::E0308, cx.at(at), message)
}
