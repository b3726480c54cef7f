//! The three doors: one item, a whole file of items, or a program of SEFL.

use crate::adapter::Tokens;
use crate::ast::{Block, Item};
use crate::context::{Context, Shared};
use crate::nemo;
use crate::rdcl::{ItemParser, ProgramParser};
use crate::split::split;
use rdcl_base::{Diagnostic, Span};

/// What became of an item's text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ParsedItem {
    /// The tree.
    pub item: Item,
    /// By [`NodeId`](rdcl_base::NodeId): where the node stands in the item's text.
    pub spans: Vec<Span>,
    /// What is wrong with it, in the order of the text.
    pub errors: Vec<Diagnostic<Span>>,
    /// What can be read, but should be written otherwise, in the order of the text.
    pub warnings: Vec<Diagnostic<Span>>,
    /// Its comments, in the order of the text.
    pub comments: Vec<Comment>,
}

/// A comment, up to the end of its line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Comment {
    /// Where it stands in the item's text.
    pub span: Span,
    /// Which kind.
    pub kind: CommentKind,
    /// The comment with its slashes.
    pub text: String,
}

/// What a comment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommentKind {
    /// `// …`, for those who read the source.
    Line,
    /// `/// …`, documentation of what follows.
    Doc,
}

/// A file's items, each with the offset of its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct File {
    /// In the order of the text; nested ones behind the one they are nested in.
    pub items: Vec<(u32, ParsedItem)>,
}

/// What became of the text of a `.sefl` file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ParsedProgram {
    /// Its statements.
    pub body: Block,
    /// By [`NodeId`](rdcl_base::NodeId): where the node stands in the text.
    pub spans: Vec<Span>,
    /// What is wrong with it, in the order of the text.
    pub errors: Vec<Diagnostic<Span>>,
    /// Its comments, in the order of the text.
    pub comments: Vec<Comment>,
}

/// Parses a `.sefl` file: statements, without a block around them.
pub fn parse_program(text: &str) -> ParsedProgram {
    let shared = Shared::default();
    let mut tokens = Tokens::new(text, &shared);
    let mut context = Context::new(text, &shared);
    context.program = true;
    let body = ProgramParser::new().parse(&mut context, &mut tokens);
    let body = body.unwrap_or_else(|error| Block { stmts: Vec::new(), node: context.give_up(error) });
    let (errors, comments) = (tokens.errors, tokens.comments);
    let (spans, errors) = context.finish(errors);
    ParsedProgram { body, spans, errors, comments }
}

/// Parses the text of one item, as cut out by [`split`].
pub fn parse_item(text: &str) -> ParsedItem {
    let shared = Shared::default();
    let mut tokens = Tokens::new(text, &shared);
    let mut context = Context::new(text, &shared);
    let item = ItemParser::new().parse(&mut context, &mut tokens);
    let item = item.unwrap_or_else(|error| Box::new(Item::Bad(context.give_up(error))));
    let (errors, comments) = (tokens.errors, tokens.comments);
    let warnings = std::mem::take(&mut context.warnings);
    let (spans, errors) = context.finish(errors);
    ParsedItem { item: *item, spans, errors, warnings, comments }
}

/// Parses the text of a `.nemo` file, which is one item.
pub fn parse_nemo(text: &str) -> ParsedItem {
    nemo::parse::program(text)
}

/// Parses a whole file.
pub fn parse_file(text: &str) -> File {
    let items = split(text).into_iter().map(|chunk| (chunk.start, parse_item(&chunk.text(text)))).collect();
    File { items }
}
