//! From the tree of a `.sefl` file to a [`Program`]: names, addresses and published call forms are told apart here,
//! and what is not written as it should be is reported.
//!
//! A faulty instruction leaves a gap; the rest is still looked at.

mod cond;
mod derived;
mod instruction;
mod place;
mod problem;
mod value;

use crate::layout;
use crate::program::{BlockId, Instr, Op, Program};
use rdcl_base::{Diagnostic, NodeId};
use rdcl_syntax::ast::{Block, Call, CallArg, Expr, ExprKind, Stmt};
use std::collections::BTreeSet;

/// The program that statements stand for, and what is wrong with them, in the order of the text.
pub fn lower(body: &Block) -> (Program, Vec<Diagnostic<NodeId>>) {
    let mut names = Names::default();
    names.block(body);
    let mut lower = Lower { program: Program::default(), problems: Vec::new(), names, bound: Vec::new() };
    lower.block(body);
    (lower.program, lower.problems)
}

/// What is being lowered.
struct Lower {
    program: Program,
    problems: Vec<Diagnostic<NodeId>>,
    names: Names,
    /// Names given by the `For`s around, innermost last.
    bound: Vec<String>,
}

/// Names that the whole program has to say something about.
#[derive(Default)]
struct Names {
    /// Of tags.
    tags: BTreeSet<String>,
    /// Of blocks.
    code: BTreeSet<String>,
}

impl Names {
    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            if let Stmt::Call(call) = stmt {
                self.call(call);
            }
        }
    }

    fn call(&mut self, call: &Call) {
        if let Some(CallArg::Expr(first)) = call.args.first()
            && let Some(name) = text(first)
        {
            match call.name.text.as_str() {
                "CreateTag" | "DestroyTag" => _ = self.tags.insert(name.to_owned()),
                "Let" => _ = self.code.insert(name.to_owned()),
                _ => {}
            }
        }
        for arg in &call.args {
            match arg {
                CallArg::Block(block) => self.block(block),
                CallArg::Expr(Expr { kind: ExprKind::Call(inner), .. }) => self.call(inner),
                CallArg::Expr(_) | CallArg::Named(..) | CallArg::Flow(_) => {}
            }
        }
    }

    fn is_tag(&self, name: &str) -> bool {
        layout::TAGS.contains(&name) || self.tags.contains(name)
    }
}

/// A name or a text.
fn text(e: &Expr) -> Option<&str> {
    match &e.kind {
        ExprKind::Name(name) => Some(&name.text),
        ExprKind::Str(text) => Some(text),
        _ => None,
    }
}

/// The node of an argument.
fn arg_node(arg: &CallArg) -> NodeId {
    match arg {
        CallArg::Expr(e) => e.node,
        CallArg::Named(name, _) => name.node,
        CallArg::Block(block) => block.node,
        CallArg::Flow(flow) => flow.node,
    }
}

impl Lower {
    fn report(&mut self, problem: Diagnostic<NodeId>) {
        self.problems.push(problem);
    }

    fn fault<T>(&mut self, problem: Diagnostic<NodeId>) -> Option<T> {
        self.report(problem);
        None
    }

    /// A block that is filled later; a block has a smaller number than those in it.
    fn open(&mut self) -> BlockId {
        self.program.blocks.push(Vec::new());
        BlockId(self.program.blocks.len() as u32 - 1)
    }

    fn filled(&mut self, instrs: Vec<Instr>) -> BlockId {
        let id = self.open();
        self.program.blocks[id.0 as usize] = instrs;
        id
    }

    fn block(&mut self, block: &Block) -> BlockId {
        let id = self.open();
        let instrs = block.stmts.iter().filter_map(|stmt| self.stmt(stmt)).collect();
        self.program.blocks[id.0 as usize] = instrs;
        id
    }

    fn stmt(&mut self, stmt: &Stmt) -> Option<Instr> {
        match stmt {
            Stmt::Call(call) => self.instruction(call),
            Stmt::Assign { place, value, node } => self.assign(place, value, *node),
            Stmt::Lookup { node, .. } => self.fault(problem::needs_block("`lookup`", *node)),
            Stmt::Choose { node, .. } => self.fault(problem::needs_block("`choose`", *node)),
            Stmt::Insert { node, .. } => self.fault(problem::needs_block("`insert`", *node)),
            Stmt::Remove { node, .. } => self.fault(problem::needs_block("`remove`", *node)),
            Stmt::Match { node, .. } => self.fault(problem::needs_block("`match`", *node)),
            Stmt::Bad(_) => None,
        }
    }

    /// An argument that is an instruction or a block.
    fn arm(&mut self, arg: &CallArg) -> BlockId {
        match arg {
            CallArg::Block(block) => self.block(block),
            _ => {
                let id = self.open();
                let instr = self.arm_instruction(arg);
                self.program.blocks[id.0 as usize] = instr.into_iter().collect();
                id
            }
        }
    }

    fn arm_instruction(&mut self, arg: &CallArg) -> Option<Instr> {
        match arg {
            CallArg::Named(name, value) => {
                let place = Expr { kind: ExprKind::Name(name.clone()), node: name.node };
                self.assign(&place, value, name.node)
            }
            CallArg::Expr(Expr { kind: ExprKind::Call(call), .. }) => self.instruction(call),
            CallArg::Expr(Expr { kind: ExprKind::Name(name), .. }) if name.text == "NoOp" => None,
            CallArg::Expr(Expr { kind: ExprKind::Bad, .. }) => None,
            CallArg::Expr(_) | CallArg::Flow(_) | CallArg::Block(_) => {
                self.fault(problem::wrong_kind("an instruction or a block", "something else", arg_node(arg)))
            }
        }
    }

    fn assign(&mut self, place: &Expr, value: &Expr, node: NodeId) -> Option<Instr> {
        let (place, value) = (self.place(place), self.value(value));
        Some(Instr { op: Op::Assign(place?, value?), node })
    }
}
