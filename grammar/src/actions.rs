//! The grammar's longer actions, one function each.

use crate::ast::*;
use crate::click::parse as click;
use crate::context::{Context, MAX_SEGMENTS, unexpected};
use crate::flaws;
use crate::intent;
use rdcl_base::{Code, Diagnostic, Span};

/// The tree of a `use`, before it is flattened.
#[derive(Debug)]
pub(crate) enum UseTree {
    /// `a::b as c`
    Leaf {
        /// `a::b`
        path: Vec<Name>,
        /// `c`
        alias: Option<Name>,
        /// Of the path.
        span: (u32, u32),
    },
    /// `a::{…}`
    Group {
        /// `a`; may be empty.
        path: Vec<Name>,
        /// What is in the braces.
        trees: Vec<UseTree>,
    },
}

/// One arm of an `insert`.
#[derive(Debug)]
pub(crate) struct InsertArm {
    /// Else it is the `clash` arm.
    pub(crate) full: bool,
    /// What is done.
    pub(crate) arm: Block,
    /// Of its word.
    pub(crate) word: (u32, u32),
}

/// The arms of a `match`.
#[derive(Debug)]
pub(crate) struct RowArms {
    /// The name of the matching row.
    pub(crate) row: Name,
    /// What is done with it.
    pub(crate) hit: Block,
    /// What is done when there is none.
    pub(crate) miss: Block,
}

/// What stands in the braces of an implementation or an execution environment.
#[derive(Debug)]
pub(crate) enum Entry {
    /// `cpu = 1core;`
    Attr(Attr),
    /// `require pinning;`
    Features(Features),
}

/// What stands in the braces of a life cycle.
#[derive(Debug)]
pub(crate) enum LifeEntry {
    /// `state Ready, Running;`
    States(States),
    /// `on heal within 2s;`
    Transition(Box<Transition>),
}

/// A life cycle, with states and transitions apart.
pub(crate) fn lifecycle(ctx: &mut Context<'_>, entries: Vec<LifeEntry>, l: u32, r: u32) -> Box<Member> {
    let (mut states, mut transitions) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            LifeEntry::States(some) => states.push(some),
            LifeEntry::Transition(transition) => transitions.push(*transition),
        }
    }
    Box::new(Member::Lifecycle(Lifecycle { states, transitions, node: ctx.node(l, r) }))
}

/// Attributes and features apart.
pub(crate) fn sorted(entries: Vec<Entry>) -> (Vec<Attr>, Vec<Features>) {
    let (mut attrs, mut features) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Attr(attr) => attrs.push(attr),
            Entry::Features(some) => features.push(some),
        }
    }
    (attrs, features)
}

/// A complete list, unpacked.
pub(crate) fn unbox<T>(list: Vec<Box<T>>) -> Vec<T> {
    list.into_iter().map(|node| *node).collect()
}

/// All paths a `use` stands for.
pub(crate) fn flatten(ctx: &mut Context<'_>, tree: UseTree) -> Box<Item> {
    let mut flat = Flatten { imports: Vec::new(), prefix: Vec::new(), segments: 0 };
    flat.visit(ctx, tree);
    Box::new(Item::Use(flat.imports))
}

struct Flatten {
    imports: Vec<Import>,
    prefix: Vec<Name>,
    segments: usize,
}

impl Flatten {
    // Trees are nested as deep as brackets, which the token stream limits.
    fn visit(&mut self, ctx: &mut Context<'_>, tree: UseTree) {
        match tree {
            UseTree::Leaf { path, alias, span } => self.leaf(ctx, path, alias, span),
            UseTree::Group { path, trees } => {
                let outer = self.prefix.len();
                self.prefix.extend(path);
                trees.into_iter().for_each(|tree| self.visit(ctx, tree));
                self.prefix.truncate(outer);
            }
        }
    }

    fn leaf(&mut self, ctx: &mut Context<'_>, path: Vec<Name>, alias: Option<Name>, span: (u32, u32)) {
        self.segments += self.prefix.len() + path.len();
        if self.segments > MAX_SEGMENTS {
            return ctx.too_deep(Span::new(span.0, span.1));
        }
        let segments = self.prefix.iter().cloned().chain(path).collect();
        let path = Path { segments, node: ctx.node(span.0, span.1) };
        self.imports.push(Import { path, alias });
    }
}

/// `ip.src`; after `has` the dot belongs to the name of the header, as in `has inner.tcp`.
pub(crate) fn member(of: Expr, name: Name) -> ExprKind {
    match of.kind {
        ExprKind::Has(level) => ExprKind::Has(Name { text: format!("{}.{}", level.text, name.text), node: name.node }),
        _ => ExprKind::Member(Box::new(of), name),
    }
}

/// `lpm prefix: Ipv4` or `port: u16`.
pub(crate) fn column(ctx: &mut Context<'_>, a: Name, b: Option<Name>, ty: TypeExpr, l: u32, r: u32) -> Box<Column> {
    let (kind, name) = match b {
        Some(name) => (Some(a), name),
        None => (None, a),
    };
    Box::new(Column { kind, name, ty, node: ctx.node(l, r) })
}

/// A part, or an array of parts.
pub(crate) fn part(
    ctx: &mut Context<'_>,
    (name, array): (Name, Option<Box<(Expr, Expr)>>),
    rfb: Path,
    type_args: Option<Vec<TypeArg>>,
    args: Option<Vec<Arg>>,
    l: u32,
    r: u32,
) -> Box<Member> {
    let (array, node) = (array.map(|a| *a), ctx.node(l, r));
    let (type_args, args) = (type_args.unwrap_or_default(), args.unwrap_or_default());
    Box::new(Member::Part(Part { name, array, rfb, type_args, args, node }))
}

/// A wire with its ends and arrows apart.
pub(crate) fn wire(
    ctx: &mut Context<'_>,
    first: End,
    rest: Vec<(Arrow, End)>,
    balance: Option<Name>,
    attrs: Vec<Attr>,
    l: u32,
    r: u32,
) -> Box<Member> {
    let (arrows, others): (Vec<_>, Vec<_>) = rest.into_iter().unzip();
    let ends = std::iter::once(first).chain(others).collect();
    Box::new(Member::Wire(Wire { ends, arrows, balance, attrs, node: ctx.node(l, r) }))
}

/// `wire a -> b`
pub(crate) fn wrong_arrow(ctx: &mut Context<'_>, l: u32, r: u32) -> Arrow {
    ctx.error(
        unexpected(Span::new(l, r), "`->` does not make a wire")
            .with_help("write `<->` (both ways) or `=>` (a distribution)")
            .with_fix("<->"),
    );
    Arrow::Both
}

/// An end, as deep as its indices.
pub(crate) fn end(ctx: &mut Context<'_>, segments: Vec<EndSegment>, l: u32, r: u32) -> End {
    let depth = |segment: &EndSegment| match &segment.index {
        Some(Index::At(e)) => ctx.depth(e.node),
        Some(Index::All) | None => 0,
    };
    let below = segments.iter().map(depth).max().unwrap_or(0);
    End { segments, node: ctx.node_over(l, r, below) }
}

/// `a -> b`
pub(crate) fn flow(ctx: &mut Context<'_>, from: End, to: End, l: u32, r: u32) -> Flow {
    let below = ctx.depth(from.node).max(ctx.depth(to.node));
    Flow { from, to, node: ctx.node_over(l, r, below) }
}

/// `a -> b` as an argument, where the ends were read as expressions.
pub(crate) fn flow_of(ctx: &mut Context<'_>, from: Expr, to: Expr, l: u32, r: u32) -> Flow {
    let (from, to) = (end_of(ctx, from), end_of(ctx, to));
    flow(ctx, from, to, l, r)
}

fn end_of(ctx: &mut Context<'_>, expr: Expr) -> End {
    let (node, mut segments, mut index) = (expr.node, Vec::new(), None);
    let mut rest = expr;
    loop {
        match rest.kind {
            ExprKind::Name(name) => {
                segments.push(EndSegment { name, index });
                break;
            }
            ExprKind::Member(inner, name) => {
                segments.push(EndSegment { name, index: index.take() });
                rest = *inner;
            }
            ExprKind::Index(inner, at) if index.is_none() => {
                index = Some(Index::At(*at));
                rest = *inner;
            }
            ExprKind::Bad => break,
            _ => {
                let span = ctx.spans[rest.node.0 as usize];
                ctx.error(unexpected(span, "expected a port, such as `lan` or `fw.lan`"));
                break;
            }
        }
    }
    if segments.is_empty() {
        segments.push(EndSegment { name: Name { text: String::new(), node }, index: None });
    }
    segments.reverse();
    End { segments, node }
}

/// The text in `{{ … }}`, which begins two bytes behind `l`.
pub(crate) fn foreign(ctx: &mut Context<'_>, text: &str, l: u32) -> Foreign {
    let start = l + 2;
    Foreign { text: text.to_owned(), node: ctx.node(start, start + text.len() as u32) }
}

/// A behaviour in another language; one in Click is parsed at once.
pub(crate) fn foreign_behaviour(ctx: &mut Context<'_>, language: Name, body: Foreign, l: u32, r: u32) -> Box<Member> {
    let is_click = language.text == "click";
    let body = if is_click { BehaviourBody::Click(click::inside(ctx, &body)) } else { BehaviourBody::Foreign(body) };
    Box::new(Member::Behaviour(Behaviour { language, body, node: ctx.node(l, r) }))
}

/// An intent; one in NEMO is parsed at once.
pub(crate) fn intent(ctx: &mut Context<'_>, language: Name, body: Foreign, l: u32, r: u32) -> Box<Member> {
    let nemo = if language.text == "nemo" { intent::parse_nemo(ctx, &body) } else { Vec::new() };
    ctx.calm();
    Box::new(Member::Intent(Intent { language, body, nemo, node: ctx.node(l, r) }))
}

/// The claims of an `ensures`, where the last `;` may be missing.
pub(crate) fn claims(all: Vec<Option<Expr>>, last: Option<Expr>) -> Vec<Expr> {
    all.into_iter().flatten().chain(last).collect()
}

/// A block, as deep as its statements, which the parser hands over in boxes.
#[allow(clippy::vec_box)]
pub(crate) fn block(ctx: &mut Context<'_>, stmts: Vec<Box<Stmt>>, l: u32, r: u32) -> Block {
    let stmts = unbox(stmts);
    let below = ctx.deepest_stmt(&stmts);
    Block { stmts, node: ctx.node_over(l, r, below) }
}

/// A call, as deep as its arguments.
pub(crate) fn call(ctx: &mut Context<'_>, name: Name, args: Vec<CallArg>, l: u32, r: u32) -> Call {
    let below = ctx.deepest_arg(&args);
    if below >= crate::context::MAX_DEPTH {
        ctx.too_deep(Span::new(l, r));
        return Call { name, args: Vec::new(), node: ctx.node(l, r) };
    }
    Call { name, args, node: ctx.node_over(l, r, below) }
}

/// `NoOp;`, the one instruction that may be written without parentheses.
pub(crate) fn bare(ctx: &mut Context<'_>, name: Name, start: u32, end: u32) -> Box<Stmt> {
    if name.text != "NoOp" {
        let at = Span::new(end - 1, end);
        let help = format!("an instruction is written `{0}(…);`, an assignment `{0} = …;`", name.text);
        ctx.grumble(unexpected(at, "expected `(` or `=`, found `;`").with_help(help));
        return ctx.stmt(start, 0, end, Stmt::Bad);
    }
    ctx.calm();
    let node = ctx.node(start, end);
    Box::new(Stmt::Call(Call { name, args: Vec::new(), node }))
}

/// `-100`, as `0 - 100`.
pub(crate) fn negative(ctx: &mut Context<'_>, of: Expr, l: u32, r: u32) -> Expr {
    if !ctx.program {
        ctx.error(
            unexpected(Span::new(l, l + 1), "a value has no sign here").with_help(
                "write the number that is meant, as in `0xffff`, or subtract from a value, as in `ip.ttl - 1`",
            ),
        );
    }
    let zero = ctx.expr(l, ExprKind::Int(0), l + 1);
    ctx.expr(l, ExprKind::Binary(BinaryOp::Sub, Box::new(zero), Box::new(of)), r)
}

/// `ip.src = public;`
pub(crate) fn assign(ctx: &mut Context<'_>, place: Expr, value: Expr, l: u32, r: u32) -> Box<Stmt> {
    let below = ctx.depth(place.node).max(ctx.depth(value.node));
    ctx.stmt(l, below, r, |node| Stmt::Assign { place, value, node })
}

/// `lookup f in flows by (…) { else … }`
pub(crate) fn lookup(
    ctx: &mut Context<'_>,
    (bind, map): (Name, Name),
    unique: bool,
    keys: Vec<Expr>,
    miss: Block,
    (l, r): (u32, u32),
) -> Box<Stmt> {
    let below = ctx.deepest(&keys).max(ctx.depth(miss.node));
    ctx.stmt(l, below, r, |node| Stmt::Lookup { bind, map, unique, keys, miss, node })
}

/// `choose x in range … { … }`
pub(crate) fn choose(
    ctx: &mut Context<'_>,
    bind: Name,
    range: Expr,
    free: Option<(Name, Name)>,
    resolver: Option<Name>,
    none: Option<Block>,
    (l, r): (u32, u32),
) -> Box<Stmt> {
    let below = ctx.depth(range.node).max(arm_depth(ctx, &none));
    ctx.stmt(l, below, r, |node| Stmt::Choose { bind, range, free, resolver, none, node })
}

/// `insert f in flows (…) { full … clash … }`
pub(crate) fn insert(
    ctx: &mut Context<'_>,
    (bind, map): (Name, Name),
    values: Vec<Expr>,
    arms: Vec<InsertArm>,
    (l, r): (u32, u32),
) -> Box<Stmt> {
    let (mut full, mut clash) = (None, None);
    for InsertArm { full: is_full, arm, word } in arms {
        let slot = if is_full { &mut full } else { &mut clash };
        if slot.replace(arm).is_some() {
            let word = Span::new(word.0, word.1);
            ctx.error(unexpected(word, "an `insert` has one `full` arm and one `clash` arm at most"));
        }
    }
    let below = ctx.deepest(&values).max(arm_depth(ctx, &full)).max(arm_depth(ctx, &clash));
    ctx.stmt(l, below, r, |node| Stmt::Insert { bind, map, values, full, clash, node })
}

/// `match fib on ip.dst { row r: … else … }`
pub(crate) fn match_row(
    ctx: &mut Context<'_>,
    table: Name,
    keys: Vec<Expr>,
    arms: RowArms,
    (l, r): (u32, u32),
) -> Box<Stmt> {
    let RowArms { row, hit, miss } = arms;
    let below = ctx.deepest(&keys).max(ctx.depth(hit.node)).max(ctx.depth(miss.node));
    ctx.stmt(l, below, r, |node| Stmt::Match { table, keys, row, hit, miss, node })
}

/// A `match` without an `else` arm.
pub(crate) fn no_else(ctx: &mut Context<'_>, row: Name, hit: Block, l: u32, r: u32) -> Box<RowArms> {
    ctx.error(
        unexpected(Span::new(l, r), "this `match` has no `else` arm")
            .with_help("say what is done when no row matches, such as `else Fail(\"no row\");`"),
    );
    Box::new(RowArms { row, hit, miss: block(ctx, Vec::new(), l, l) })
}

/// A `match` whose arms could not be read.
pub(crate) fn no_arms(ctx: &mut Context<'_>, l: u32, r: u32) -> Box<RowArms> {
    let row = Name { text: String::new(), node: ctx.node(l, r) };
    Box::new(RowArms { row, hit: block(ctx, Vec::new(), l, r), miss: block(ctx, Vec::new(), l, r) })
}

fn arm_depth(ctx: &Context<'_>, arm: &Option<Block>) -> u16 {
    arm.as_ref().map_or(0, |block| ctx.depth(block.node))
}

/// The text a string literal stands for; `l` is where its first quote is.
pub(crate) fn unescape(ctx: &mut Context<'_>, raw: &str, l: u32) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.push(escaped(ctx, chars.next(), l + 1 + at as u32)),
            _ => text.push(c),
        }
    }
    text
}

fn escaped(ctx: &mut Context<'_>, next: Option<(usize, char)>, at: u32) -> char {
    match next.map(|(_, c)| c) {
        Some('n') => '\n',
        Some(c @ ('"' | '\\')) => c,
        Some(c) => {
            let span = Span::new(at, at + 1 + c.len_utf8() as u32);
            let text = format!("\\{c}");
            ctx.error(
                Diagnostic::new(Code::E0102, span, format!("`{}` is not an escape", flaws::brief(&text)))
                    .with_note("the escapes are `\\\"`, `\\\\` and `\\n`"),
            );
            c
        }
        None => '\\',
    }
}
