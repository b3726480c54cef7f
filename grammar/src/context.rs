//! What the grammars' actions share: the table of spans, the depth of every node, and the errors found so far.
//!
//! A tree deeper than [`MAX_DEPTH`] is cut where it would grow further, so that every later pass may recurse.

use crate::ast::*;
use crate::recover::{self, Failure, Recovery};
use rdcl_base::{Code, Diagnostic, NodeId, Span};
use std::cell::{Cell, RefCell};

/// The deepest tree we build.
pub(crate) const MAX_DEPTH: u16 = 500;
/// The most errors reported for one item.
pub(crate) const MAX_ERRORS: usize = 50;
/// The most recoveries tried in one item, reported or not.
const MAX_RECOVERIES: u32 = 200;
/// The most path segments the `use` trees of one item may stand for.
pub(crate) const MAX_SEGMENTS: usize = 100_000;

/// What the token stream tells the actions, and the other way round.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Where a token directly follows text that was already complained of, ascending.
    pub(crate) flawed: RefCell<Vec<u32>>,
    /// A foreign block was never closed: its text is not to be trusted.
    pub(crate) open_foreign: Cell<bool>,
    /// The parser has recovered from something.
    pub(crate) troubled: Cell<bool>,
    /// A bracket was still open at the end, and reported.
    pub(crate) unclosed: Cell<bool>,
    /// Excessive depth was reported.
    pub(crate) deep: Cell<bool>,
    /// Enough errors: the stream ends here.
    pub(crate) stop: Cell<bool>,
}

/// How many nodes and errors there were at some time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    nodes: usize,
    errors: usize,
}

/// The state of one parse.
#[derive(Debug)]
pub(crate) struct Context<'s> {
    /// The item's text.
    pub(crate) text: &'s str,
    /// By node.
    pub(crate) spans: Vec<Span>,
    /// By node: the height of its tree.
    depths: Vec<u16>,
    /// In the order of their discovery.
    pub(crate) errors: Vec<Diagnostic<Span>>,
    /// What should be written otherwise.
    pub(crate) warnings: Vec<Diagnostic<Span>>,
    /// The text is a `.sefl` program.
    pub(crate) program: bool,
    /// A recovery ended where nothing was certain: further errors probably have the same cause.
    muted: bool,
    /// The last error is known to cost no more than a `;`: a member begins behind it.
    pub(crate) sure: bool,
    /// No good statement has followed the last error.
    lost: bool,
    recoveries: u32,
    /// Reserved words already reported as names.
    reserved: Vec<&'s str>,
    /// The most errors reported.
    most_errors: usize,
    pub(crate) shared: &'s Shared,
}

impl<'s> Context<'s> {
    pub(crate) fn new(text: &'s str, shared: &'s Shared) -> Context<'s> {
        Context::for_errors(text, shared, MAX_ERRORS)
    }

    /// A context that takes so many errors.
    pub(crate) fn for_errors(text: &'s str, shared: &'s Shared, most_errors: usize) -> Context<'s> {
        Context {
            text,
            spans: Vec::with_capacity(text.len() / 8),
            depths: Vec::with_capacity(text.len() / 8),
            errors: Vec::new(),
            warnings: Vec::new(),
            program: false,
            muted: false,
            sure: false,
            lost: false,
            recoveries: 0,
            reserved: Vec::new(),
            most_errors,
            shared,
        }
    }

    /// A new node without children of note.
    pub(crate) fn node(&mut self, start: u32, end: u32) -> NodeId {
        self.node_over(start, end, 0)
    }

    /// A new node over children of which the deepest has this depth.
    pub(crate) fn node_over(&mut self, start: u32, end: u32, depth: u16) -> NodeId {
        let id = NodeId(self.spans.len() as u32);
        self.spans.push(Span::new(start, end.max(start)));
        self.depths.push(depth.saturating_add(1));
        id
    }

    pub(crate) fn depth(&self, node: NodeId) -> u16 {
        self.depths[node.0 as usize]
    }

    pub(crate) fn name(&mut self, text: &str, start: u32, end: u32) -> Name {
        Name { text: text.to_owned(), node: self.node(start, end) }
    }

    pub(crate) fn error(&mut self, diagnostic: Diagnostic<Span>) {
        if self.errors.len() < self.most_errors {
            self.errors.push(diagnostic);
        } else {
            self.shared.stop.set(true);
        }
    }

    /// A complaint about what may be left over from the last error; the next statement has causes of its own.
    pub(crate) fn grumble(&mut self, diagnostic: Diagnostic<Span>) {
        if !self.muted {
            self.error(diagnostic);
        }
        self.shared.troubled.set(true);
        self.muted = false;
        self.lost = true;
    }

    /// A statement came to its proper end: errors from here on have causes of their own.
    pub(crate) fn calm(&mut self) {
        self.muted = false;
        self.lost = false;
    }

    /// A list came to its proper end.
    pub(crate) fn unmute(&mut self) {
        self.muted = false;
    }

    /// How much there is so far.
    pub(crate) fn mark(&self) -> Mark {
        Mark { nodes: self.spans.len(), errors: self.errors.len() }
    }

    /// Forgets what came after.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.spans.truncate(mark.nodes);
        self.depths.truncate(mark.nodes);
        self.errors.truncate(mark.errors);
    }

    /// The parser dropped tokens up to a certain end such as `;`.
    pub(crate) fn recovered(&mut self, error: &Recovery<'s>) {
        self.report(error);
        self.muted = false;
    }

    /// The parser goes on where it might be wrong.
    pub(crate) fn recovered_unsurely(&mut self, error: &Recovery<'s>) {
        self.sure = false;
        self.report(error);
        self.muted = !self.sure;
    }

    /// The parser could make nothing of the text at all: a node for all of it.
    pub(crate) fn give_up(&mut self, error: Failure<'s>) -> NodeId {
        self.report(&Recovery { error, dropped_tokens: Vec::new() });
        self.node(0, self.text.len() as u32)
    }

    fn count_recovery(&mut self) {
        self.recoveries += 1;
        if self.recoveries > MAX_RECOVERIES {
            self.shared.stop.set(true);
        }
    }

    fn report(&mut self, error: &Recovery<'s>) {
        self.count_recovery();
        self.shared.troubled.set(true);
        if self.muted {
            return;
        }
        if let Some(diagnostic) = recover::diagnose(self, error) {
            self.error(diagnostic);
            self.lost = true;
        }
    }

    /// A reserved word stands where a name is declared: it is reported once, and serves as the name.
    pub(crate) fn reserved_name(&mut self, start: u32, end: u32) -> Name {
        let word = &self.text[start as usize..end as usize];
        if self.first_use_of_reserved(word) {
            self.error(recover::reserved_word(word, Span::new(start, end)));
        }
        self.name(word, start, end)
    }

    /// True when a word that begins no statement is likely to be left over from the last error.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    pub(crate) fn first_use_of_reserved(&mut self, word: &'s str) -> bool {
        let first = !self.reserved.contains(&word);
        if first {
            self.reserved.push(word);
        }
        first
    }

    /// An expression, unless it would be too deep.
    pub(crate) fn expr(&mut self, start: u32, kind: ExprKind, end: u32) -> Expr {
        let below = self.depth_below(&kind);
        if below >= MAX_DEPTH {
            self.too_deep(Span::new(start, end));
            return Expr { kind: ExprKind::Bad, node: self.node(start, end) };
        }
        Expr { kind, node: self.node_over(start, end, below) }
    }

    /// A statement over nodes of which the deepest has depth `below`, unless it would be too deep.
    pub(crate) fn stmt(&mut self, start: u32, below: u16, end: u32, make: impl FnOnce(NodeId) -> Stmt) -> Box<Stmt> {
        if below >= MAX_DEPTH {
            self.too_deep(Span::new(start, end));
            return Box::new(Stmt::Bad(self.node(start, end)));
        }
        let node = self.node_over(start, end, below);
        Box::new(make(node))
    }

    /// Reports excessive depth, once.
    pub(crate) fn too_deep(&mut self, at: Span) {
        if !self.shared.deep.replace(true) {
            self.error(recover::too_deep(at));
        }
    }

    fn depth_below(&self, kind: &ExprKind) -> u16 {
        match kind {
            ExprKind::Member(e, _) | ExprKind::Not(e) => self.depth(e.node),
            ExprKind::Index(a, b)
            | ExprKind::Binary(_, a, b)
            | ExprKind::In(a, b)
            | ExprKind::Range(a, b)
            | ExprKind::Address(a, b) => self.depth(a.node).max(self.depth(b.node)),
            ExprKind::Call(call) => self.depth(call.node),
            ExprKind::All(all) | ExprKind::Any(all) => self.deepest(all),
            ExprKind::Int(_)
            | ExprKind::Quantity(_)
            | ExprKind::Str(_)
            | ExprKind::Ipv4(_)
            | ExprKind::Prefix(..)
            | ExprKind::Ipv6(_)
            | ExprKind::Prefix6(..)
            | ExprKind::Mac(_)
            | ExprKind::Name(_)
            | ExprKind::Has(_)
            | ExprKind::Bad => 0,
        }
    }

    /// The depth of the deepest of these expressions.
    pub(crate) fn deepest(&self, all: &[Expr]) -> u16 {
        all.iter().map(|e| self.depth(e.node)).max().unwrap_or(0)
    }

    /// The depth of the deepest of these arguments.
    pub(crate) fn deepest_arg(&self, args: &[CallArg]) -> u16 {
        let node = |arg: &CallArg| match arg {
            CallArg::Expr(e) | CallArg::Named(_, e) => e.node,
            CallArg::Block(block) => block.node,
            CallArg::Flow(flow) => flow.node,
        };
        args.iter().map(|arg| self.depth(node(arg))).max().unwrap_or(0)
    }

    /// The depth of the deepest of these statements.
    pub(crate) fn deepest_stmt(&self, stmts: &[Stmt]) -> u16 {
        let node = |stmt: &Stmt| match stmt {
            Stmt::Call(call) => call.node,
            Stmt::Assign { node, .. }
            | Stmt::Lookup { node, .. }
            | Stmt::Choose { node, .. }
            | Stmt::Insert { node, .. }
            | Stmt::Remove { node, .. }
            | Stmt::Match { node, .. }
            | Stmt::Bad(node) => *node,
        };
        stmts.iter().map(|stmt| self.depth(node(stmt))).max().unwrap_or(0)
    }

    /// The errors, those of the token stream included, in the order of the text.
    pub(crate) fn finish(self, lexical: Vec<Diagnostic<Span>>) -> (Vec<Span>, Vec<Diagnostic<Span>>) {
        let mut errors = lexical;
        errors.extend(self.errors);
        errors.sort_by_key(|e| e.primary);
        errors.truncate(self.most_errors);
        (self.spans, errors)
    }
}

/// An unexpected-text error in other words than the parser's.
pub(crate) fn unexpected(span: Span, message: impl Into<String>) -> Diagnostic<Span> {
    Diagnostic::new(Code::E0101, span, message)
}
