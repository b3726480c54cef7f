//! Headers that programs declare: `header Telemetry after udp at 5555 { hops: u8; … }`.
//!
//! What is declared of a header is checked here, once, whoever uses it; what comes of it is a header of Core. In
//! behaviours and promises it goes by its name in small letters, `telemetry`.

use crate::cx::Cx;
use crate::source::db::{Db, SourceFile};
use crate::source::item::{Item, parsed};
use crate::source::loc::Problem;
use crate::source::names::{Kind, lookup, resolve, scope};
use problem::SizeFault;
use rdcl_core::{Cue, Format, HeaderKind, MOST_BYTES, MOST_FIELDS, Next, Shape, UserHeader, WIDEST_FIELD, follower};
use rdcl_syntax::ast::{Announced, Header, HeaderField, Item as Tree, Path, TypeExpr};
use rdcl_syntax::{Keyword, ast};
use std::collections::{BTreeMap, BTreeSet};

mod problem;

/// Headers by their names in behaviours and promises.
pub type HeaderNames = BTreeMap<String, HeaderKind>;

/// Where no header is declared.
#[cfg(test)]
pub static NO_HEADERS: HeaderNames = BTreeMap::new();

/// A declared header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredHeader {
    /// It, unless its declaration is wrong.
    pub header: Option<HeaderKind>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// The header that a `header` item declares.
#[salsa::tracked(returns(ref))]
pub fn declared_header<'db>(db: &'db dyn Db, item: Item<'db>) -> DeclaredHeader {
    let mut cx = Cx::new(db, item);
    let header = header_tree(db, item).and_then(|tree| header_of(&mut cx, tree));
    DeclaredHeader { header, problems: cx.problems }
}

fn header_tree<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db Header> {
    if let Tree::Header(header) = parsed(db, item).tree(db) { Some(header) } else { None }
}

/// The headers that a file can name.
#[salsa::tracked(returns(ref))]
pub fn headers_in_sight(db: &dyn Db, file: SourceFile) -> HeaderNames {
    let named = scope(db, file).names.iter().filter(|(_, item)| item.keyword(db) == Keyword::Header);
    named.filter_map(|(name, item)| Some((name_in_sefl(name), declared_header(db, *item).header?))).collect()
}

/// The header with this name in behaviours and promises, a built-in or a declared one, inside a tunnel or not.
pub fn named_header(names: &HeaderNames, name: &str) -> Option<HeaderKind> {
    let inner = || names.get(name.strip_prefix("inner.")?)?.inner();
    HeaderKind::from_name(name).or_else(|| names.get(name).copied()).or_else(inner)
}

/// `in_band_telemetry` for `InBandTelemetry`.
pub(crate) fn name_in_sefl(name: &str) -> String {
    let mut out = String::new();
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_small {
            out.push('_');
        }
        after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The header that a path names, in sight of an item: a declared one, if it is the name of one.
pub(crate) fn header_at<'db>(db: &'db dyn Db, item: Item<'db>, path: &Path) -> Option<&'db DeclaredHeader> {
    let found = lookup(db, item, path).filter(|found| found.keyword(db) == Keyword::Header)?;
    Some(declared_header(db, found))
}

fn header_of(cx: &mut Cx<'_>, tree: &Header) -> Option<HeaderKind> {
    let name = name_in_sefl(&tree.name.text);
    let mut good = true;
    if HeaderKind::from_name(&name).is_some() || matches!(name.as_str(), "inner" | "l4" | "meta" | "tunnel") {
        cx.report(problem::taken_name(cx, &tree.name, &name));
        good = false;
    }
    if follows_itself(cx.db, cx.item) {
        cx.report(problem::circle(cx, tree));
        return None;
    }
    let fields = fields(cx, tree);
    let after = announced_by(cx, tree);
    let selector = selector(cx, tree);
    let (fields, after) = (fields?, after?);
    let next = followers(cx, selector?, &after, &fields)?;
    let format = Format { name, after, fields, next };
    UserHeader::new(format).map(HeaderKind::User).filter(|_| good)
}

/// Whether a header is announced by one that it announces itself, directly or not.
fn follows_itself<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    let below = |item: Item<'db>| {
        let after = header_tree(db, item).map_or(&[][..], |tree| &tree.after);
        let built_in = |path: &Path| matches!(path.segments.as_slice(), [one] if is_built_in(&one.text));
        let found = after.iter().filter(move |a| !built_in(&a.header)).filter_map(move |a| lookup(db, item, &a.header));
        found.filter(|found| found.keyword(db) == Keyword::Header).collect::<Vec<_>>()
    };
    let (mut open, mut seen) = (below(item), BTreeSet::new());
    while let Some(next) = open.pop() {
        if next == item {
            return true;
        }
        if seen.insert((next.file(db).name(db).clone(), next.id(db))) {
            open.extend(below(next));
        }
    }
    false
}

fn is_built_in(name: &str) -> bool {
    HeaderKind::from_name(name).is_some()
}

/// Its fields and their widths; none if something is wrong with them.
fn fields(cx: &mut Cx<'_>, tree: &Header) -> Option<Vec<(String, u16)>> {
    let (before, mut fields) = (cx.problems.len(), Vec::new());
    for (at, field) in tree.fields.iter().enumerate() {
        if let Some(first) = tree.fields[..at].iter().find(|f| f.name.text == field.name.text) {
            cx.report(problem::field_twice(cx, field, first));
        }
        let width = width_of(cx, &field.ty)?;
        fields.push((field.name.text.clone(), width));
    }
    let bits: usize = fields.iter().map(|(_, width)| usize::from(*width)).sum();
    let fault = match (bits, fields.len()) {
        (0, _) => Some(SizeFault::Empty),
        (_, count) if count > MOST_FIELDS => Some(SizeFault::Fields(count)),
        (bits, _) if bits % 8 != 0 => Some(SizeFault::Bits(bits)),
        (bits, _) if bits / 8 > MOST_BYTES => Some(SizeFault::Bytes(bits / 8)),
        _ => None,
    };
    if let Some(fault) = fault {
        cx.report(problem::size(cx, tree, fault));
    }
    (cx.problems.len() == before).then_some(fields)
}

/// The width of `u12`, or of a value type.
fn width_of(cx: &mut Cx<'_>, ty: &TypeExpr) -> Option<u16> {
    let name = match (ty.parts.as_slice(), &ty.columns) {
        ([path], None) => path.segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("::"),
        _ => String::new(),
    };
    let digits = name.strip_prefix('u').filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let width = match name.as_str() {
        "bool" => Some(1),
        "Ipv4" => Some(32),
        "Mac" => Some(48),
        _ => digits.map(|n| n.parse().unwrap_or(u16::MAX)),
    };
    match width {
        Some(width) if (1..=WIDEST_FIELD).contains(&width) => Some(width),
        Some(_) => {
            cx.report(problem::width(cx, ty, &name));
            None
        }
        None => {
            cx.report(problem::no_field_type(cx, ty, &name));
            None
        }
    }
}

/// The header that a path names; complains if it names none.
fn header<'db>(cx: &mut Cx<'db>, path: &Path) -> Option<HeaderKind> {
    if let [name] = path.segments.as_slice()
        && let Some(header) = HeaderKind::from_name(&name.text)
    {
        return Some(header);
    }
    let item = resolve(cx, path, Kind::Header)?;
    declared_header(cx.db, item).header
}

/// The headers that announce it, and how; none if something is wrong with them.
fn announced_by(cx: &mut Cx<'_>, tree: &Header) -> Option<Vec<(HeaderKind, u128)>> {
    let (mut after, mut good) = (Vec::new(), true);
    for announced in &tree.after {
        let Some(below) = header(cx, &announced.header) else {
            good = false;
            continue;
        };
        good &= can_announce(cx, below, announced);
        if after.iter().any(|(known, _)| *known == below) {
            cx.report(problem::announced_twice(cx, below, announced));
            good = false;
        }
        after.push((below, announced.number));
    }
    good.then_some(after)
}

/// Whether a header has a number left for another; complains if not.
fn can_announce(cx: &mut Cx<'_>, below: HeaderKind, announced: &Announced) -> bool {
    let Some(selector) = below.selector() else {
        cx.report(problem::announces_nothing(cx, below, announced));
        return false;
    };
    let taken = |cue: &Cue| matches!(cue, Cue::Number(n) | Cue::Nibble(n, _) if *n == announced.number);
    if let Some((other, _)) = below.links().iter().find(|(_, cue)| taken(cue)) {
        cx.report(problem::number_taken(cx, selector, *other, announced));
        return false;
    }
    number_fits(cx, announced, &selector.to_string(), selector.width())
}

fn number_fits(cx: &mut Cx<'_>, announced: &Announced, field: &str, width: u16) -> bool {
    if announced.number == 0 {
        cx.report(problem::zero(cx, announced, field));
    } else if announced.number > rdcl_core::mask(width) {
        cx.report(problem::too_wide(cx, announced, field, width));
    } else {
        return true;
    }
    false
}

/// The field that says what follows, if one does; complains of a second one.
fn selector<'t>(cx: &mut Cx<'_>, tree: &'t Header) -> Option<Option<(usize, &'t HeaderField)>> {
    let mut telling = tree.fields.iter().enumerate().filter(|(_, field)| field.told.is_some());
    let first = telling.next();
    match (first, telling.next()) {
        (Some((_, first)), Some((_, second))) => {
            cx.report(problem::second_selector(cx, first, second));
            None
        }
        _ => Some(first),
    }
}

/// What follows it.
fn followers(
    cx: &mut Cx<'_>,
    selector: Option<(usize, &HeaderField)>,
    after: &[(HeaderKind, u128)],
    fields: &[(String, u16)],
) -> Option<Next> {
    let Some((at, field)) = selector else { return Some(Next::Told(None, Vec::new())) };
    let (mut told, mut good) = (Vec::new(), true);
    for announced in field.told.iter().flatten() {
        let Some(next) = header(cx, &announced.header) else {
            good = false;
            continue;
        };
        good &= number_fits(cx, announced, &field.name.text, fields[at].1);
        if follower(after, next).is_none() {
            cx.report(problem::cannot_follow(cx, next, after, announced));
            good = false;
        }
        if let Some(twice) = told.iter().find(|(header, number)| *header == next || *number == announced.number) {
            cx.report(problem::told_twice(cx, *twice, announced));
            good = false;
        }
        told.push((next, announced.number));
    }
    good.then_some(Next::Told(Some(at), told))
}

/// Two declared headers among these that a parser could not tell apart, or a reader.
pub(crate) fn confused(known: Shape) -> Option<(UserHeader, UserHeader)> {
    let declared = known.declared_headers().iter().copied().filter(|header| !header.is_inner() && !header.is_front());
    let declared: Vec<UserHeader> = declared.collect();
    let clash = |one: &UserHeader, two: &UserHeader| {
        let number = |below: &HeaderKind| two.number_after(*below).is_some_and(|n| one.number_after(*below) == Some(n));
        one.name() == two.name() || one.after().any(|below| number(&below))
    };
    let pairs =
        declared.iter().enumerate().flat_map(|(at, one)| declared[at + 1..].iter().map(move |two| (*one, *two)));
    pairs.into_iter().find(|(one, two)| clash(one, two))
}

pub(crate) use problem::confusion;

/// The names of the headers that an item declares or names in its own type.
pub(crate) fn paths_of(header: &ast::Header) -> impl Iterator<Item = &Path> {
    let told = header.fields.iter().flat_map(|field| field.told.iter().flatten());
    header.after.iter().chain(told).map(|announced| &announced.header)
}
