//! Tokens, grammars and syntax trees of RDCL, SEFL, NEMO and Click.
//!
//! Parsing cannot fail: [`split`] cuts a file into items, [`parse_item`] turns each into a tree, a table of spans, the
//! errors and the comments. Trees hold [`NodeId`](rdcl_base::NodeId)s instead of spans, so that two texts that differ
//! in white space and comments alone have equal trees. There is no name resolution and no checking here.
//!
//! ```
//! let parsed = rdcl_syntax::parse_item("stack Tagged = eth/vlan;");
//! assert!(parsed.errors.is_empty());
//! ```

mod actions;
mod adapter;
mod context;
mod flaws;
mod foreign;
mod format;
mod intent;
mod operators;
mod parse;
mod recover;
mod split;
mod tokens;

pub mod ast;
pub mod click;
pub mod nemo;

lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, dead_code, unused_imports, unused_parens, missing_docs)]
    rdcl
);
lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, dead_code, unused_imports, unused_parens, missing_docs)]
    nemo_grammar,
    "/nemo.rs"
);

pub use format::{canonical, canonical_nemo, format, format_nemo, format_program};
pub use parse::{
    Comment, CommentKind, File, ParsedItem, ParsedProgram, parse_file, parse_item, parse_nemo, parse_program,
};
pub use split::{Chunk, Keyword, split, whole};
