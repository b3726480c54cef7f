//! Random programs: the symbolic paths that a random input takes, against an interpreter of the same memory model that
//! knows numbers only and shares no code with the machine.
//!
//! An input takes exactly the paths that the interpreter runs through, in the same order, with the same ends, values,
//! memory and tags.

mod interpreter;

use crate::machine::{Options, run};
use crate::outcome::{End, Outcome};
use crate::state::State;
use interpreter::{Bits, Interpreter, Todo, World, input};
use proptest::prelude::*;
use rdcl_verify::{Sym, VarKind};
use std::fmt::Write as _;

// --------------------------------------------------------------------------------------------------- programs

#[derive(Clone, Debug)]
enum Stmt {
    AllocName(usize, Option<u16>),
    AllocAt(Addr, u32),
    FreeName(usize),
    FreeAt(Addr, u32),
    SetName(usize, Expr),
    SetAt(Addr, Expr),
    Constrain(Cond),
    Assert(Cond),
    If(Cond, Vec<Stmt>, Vec<Stmt>),
    Fork(Vec<Vec<Stmt>>),
    Each(&'static str, Vec<Stmt>),
    Tag(usize, Addr),
    Untag(usize),
    Save,
    Load,
    Destroy,
    Fail,
    Forward(u8),
}

/// A tag, or none, and bits.
#[derive(Clone, Copy, Debug)]
struct Addr(Option<usize>, i64);

#[derive(Clone, Debug)]
enum Expr {
    Int(u128),
    Fresh(u16),
    Name(usize),
    At(Addr),
    Bin(&'static str, Box<Expr>, Box<Expr>),
    Shift(bool, Box<Expr>, u16),
}

#[derive(Clone, Debug)]
enum Cond {
    Cmp(&'static str, Expr, Expr),
    In(Expr, u128, u128),
    Not(Box<Cond>),
    And(Box<Cond>, Box<Cond>),
    Or(Box<Cond>, Box<Cond>),
    Here(usize),
    HereAt(Addr),
    Free(Addr, u32),
}

const NAMES: [&str; 4] = ["ab", "b", "ac", "each"];
const TAGS: [&str; 2] = ["T", "U"];

fn addr() -> impl Strategy<Value = Addr> {
    (prop_oneof![3 => Just(None), 1 => (0..2usize).prop_map(Some)], prop_oneof![Just(0), Just(4), Just(8), Just(-8)])
        .prop_map(|(tag, bits)| Addr(tag, bits))
}

/// In a condition no symbolic value is made: which part of it is looked at would say how many there are.
fn expr(fresh: bool) -> impl Strategy<Value = Expr> {
    let old = prop_oneof![
        2 => (0..20u128).prop_map(Expr::Int),
        4 => (0..3usize).prop_map(Expr::Name),
        2 => addr().prop_map(Expr::At),
    ];
    let made = prop_oneof![4 => Just(8), 1 => Just(4u16)].prop_map(Expr::Fresh);
    let leaf = if fresh { prop_oneof![4 => old, 1 => made].boxed() } else { old.boxed() };
    leaf.prop_recursive(2, 6, 2, |inner| {
        let op = prop_oneof![Just("+"), Just("-"), Just("&"), Just("|"), Just("^")];
        prop_oneof![
            3 => (op, inner.clone(), inner.clone()).prop_map(|(op, a, b)| Expr::Bin(op, Box::new(a), Box::new(b))),
            1 => (any::<bool>(), inner, 0..9u16).prop_map(|(left, of, by)| Expr::Shift(left, Box::new(of), by)),
        ]
    })
}

fn cond() -> impl Strategy<Value = Cond> {
    let op = prop_oneof![Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">=")];
    let leaf = prop_oneof![
        5 => (op, expr(false), expr(false)).prop_map(|(op, a, b)| Cond::Cmp(op, a, b)),
        2 => (expr(false), 0..10u128, 0..6u128).prop_map(|(of, lo, size)| Cond::In(of, lo, lo + size)),
        1 => (0..3usize).prop_map(Cond::Here),
        1 => addr().prop_map(Cond::HereAt),
        1 => (addr(), 0..12u32).prop_map(|(at, size)| Cond::Free(at, size)),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|c| Cond::Not(Box::new(c))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Cond::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner).prop_map(|(a, b)| Cond::Or(Box::new(a), Box::new(b))),
        ]
    })
}

fn stmt() -> impl Strategy<Value = Stmt> {
    let size = || prop_oneof![5 => Just(8u32), 1 => Just(4), 1 => Just(0)];
    let leaf = prop_oneof![
        2 => (0..3usize, prop_oneof![Just(None), Just(Some(8)), Just(Some(4))]).prop_map(|(n, w)| Stmt::AllocName(n, w)),
        3 => (addr(), size()).prop_map(|(at, size)| Stmt::AllocAt(at, size)),
        1 => (0..3usize).prop_map(Stmt::FreeName),
        1 => (addr(), size()).prop_map(|(at, size)| Stmt::FreeAt(at, size)),
        8 => (0..4usize, expr(true)).prop_map(|(n, e)| Stmt::SetName(n, e)),
        3 => (addr(), expr(true)).prop_map(|(at, e)| Stmt::SetAt(at, e)),
        3 => cond().prop_map(Stmt::Constrain),
        1 => cond().prop_map(Stmt::Assert),
        2 => (0..2usize, addr()).prop_map(|(tag, at)| Stmt::Tag(tag, at)),
        1 => (0..2usize).prop_map(Stmt::Untag),
        1 => prop_oneof![Just(Stmt::Save), Just(Stmt::Load), Just(Stmt::Destroy), Just(Stmt::Fail)],
        1 => any::<u8>().prop_map(Stmt::Forward),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let block = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            4 => (cond(), block(), block()).prop_map(|(c, a, b)| Stmt::If(c, a, b)),
            1 => prop::collection::vec(block(), 0..3).prop_map(Stmt::Fork),
            1 => (prop_oneof![Just("a*"), Just("?"), Just("*")], block()).prop_map(|(glob, body)| Stmt::Each(glob, body)),
        ]
    })
}

/// The beginning gives most names and objects a value, so that programs get somewhere.
fn program() -> impl Strategy<Value = Vec<Stmt>> {
    let begin = [
        Stmt::SetName(0, Expr::Fresh(8)),
        Stmt::SetName(1, Expr::Fresh(8)),
        Stmt::SetName(2, Expr::Fresh(8)),
        Stmt::SetName(3, Expr::Int(0)),
        Stmt::AllocAt(Addr(None, 0), 8),
        Stmt::SetAt(Addr(None, 0), Expr::Fresh(8)),
        Stmt::Tag(0, Addr(None, 0)),
    ];
    prop::collection::vec(stmt(), 1..10).prop_map(move |rest| begin.iter().cloned().chain(rest).collect())
}

// ------------------------------------------------------------------------------------------------------- text

fn text(stmts: &[Stmt]) -> String {
    let mut out = String::new();
    for stmt in stmts {
        let _ = match stmt {
            Stmt::AllocName(n, None) => write!(out, "Allocate({}); ", NAMES[*n]),
            Stmt::AllocName(n, Some(w)) => write!(out, "Allocate({}, {w}); ", NAMES[*n]),
            Stmt::AllocAt(at, size) => write!(out, "Allocate({}, {size}); ", addr_text(*at)),
            Stmt::FreeName(n) => write!(out, "Deallocate({}); ", NAMES[*n]),
            Stmt::FreeAt(at, size) => write!(out, "Deallocate({}, {size}); ", addr_text(*at)),
            Stmt::SetName(n, e) => write!(out, "{} = {}; ", NAMES[*n], expr_text(e)),
            Stmt::SetAt(at, e) => write!(out, "Assign({}, {}); ", addr_text(*at), expr_text(e)),
            Stmt::Constrain(c) => write!(out, "Constrain({}); ", cond_text(c)),
            Stmt::Assert(c) => write!(out, "Assert({}); ", cond_text(c)),
            Stmt::If(c, a, b) => write!(out, "If({}, {{ {} }}, {{ {} }}); ", cond_text(c), text(a), text(b)),
            Stmt::Fork(arms) => {
                let arms: Vec<String> = arms.iter().map(|arm| format!("{{ {} }}", text(arm))).collect();
                write!(out, "Fork({}); ", arms.join(", "))
            }
            Stmt::Each(glob, body) => write!(out, "For(each in \"{glob}\", {{ {} }}); ", text(body)),
            Stmt::Tag(tag, at) => write!(out, "CreateTag(\"{}\", {}); ", TAGS[*tag], addr_text(*at)),
            Stmt::Untag(tag) => write!(out, "DestroyTag(\"{}\"); ", TAGS[*tag]),
            Stmt::Save => write!(out, "Save(\"s\"); "),
            Stmt::Load => write!(out, "Load(\"s\"); "),
            Stmt::Destroy => write!(out, "DestroyPacket(); "),
            Stmt::Fail => write!(out, "Fail(\"f\"); "),
            Stmt::Forward(port) => write!(out, "Forward({port}); "),
        };
    }
    out
}

fn addr_text(Addr(tag, bits): Addr) -> String {
    match tag {
        Some(tag) => format!("Tag(\"{}\") + {bits}", TAGS[tag]),
        None => bits.to_string(),
    }
}

fn expr_text(e: &Expr) -> String {
    match e {
        Expr::Int(n) => n.to_string(),
        Expr::Fresh(width) => format!("SymbolicValue({width})"),
        Expr::Name(n) => NAMES[*n].to_owned(),
        Expr::At(at) => format!(":@({})", addr_text(*at)),
        Expr::Bin(op, a, b) => format!("({} {op} {})", expr_text(a), expr_text(b)),
        Expr::Shift(left, of, by) => format!("({} {} {by})", expr_text(of), if *left { "<<" } else { ">>" }),
    }
}

fn cond_text(c: &Cond) -> String {
    match c {
        Cond::Cmp(op, a, b) => format!("({} {op} {})", expr_text(a), expr_text(b)),
        Cond::In(of, lo, hi) => format!("({} in {lo}..{hi})", expr_text(of)),
        Cond::Not(c) => format!("(not {})", cond_text(c)),
        Cond::And(a, b) => format!("({} and {})", cond_text(a), cond_text(b)),
        Cond::Or(a, b) => format!("({} or {})", cond_text(a), cond_text(b)),
        Cond::Here(n) => format!("Exists({})", NAMES[*n]),
        Cond::HereAt(at) => format!("Exists({})", addr_text(*at)),
        Cond::Free(at, size) => format!("Free({}, {size})", addr_text(*at)),
    }
}

// ------------------------------------------------------------------------------------------------- comparison

/// An end in numbers: outcome, ports, names with width and value, header objects, tags.
type Seen = (Outcome, Vec<String>, Vec<(String, Option<Bits>)>, Vec<(i64, u32, Option<u128>)>, Vec<(String, i64)>);

fn seen_symbolic(end: &End, seed: u64) -> Seen {
    let state: &State = &end.state;
    let value = |sym: &Sym| sym.eval(&|var| model(var, seed));
    let names = state.names.iter().map(|(name, stack)| {
        let top = stack.last().and_then(|slot| slot.value.as_ref());
        (name.clone(), top.map(|sym| (sym.width(), value(sym))))
    });
    let objects = state.memory.objects.iter();
    let objects = objects.map(|(at, o)| (*at, o.size, o.values.last().cloned().flatten().map(|sym| value(&sym))));
    let tags = state.memory.tags.iter().map(|(tag, at)| (tag.clone(), *at));
    (end.outcome, state.ports.clone(), names.collect(), objects.collect(), tags.collect())
}

fn seen_concrete((outcome, world): &(Outcome, World)) -> Seen {
    let names = world.names.iter().map(|(name, stack)| (name.clone(), stack.last().and_then(|slot| slot.1)));
    let objects = world.wire.0.iter().map(|(at, (size, stack))| (*at, *size, stack.last().copied().flatten()));
    let tags = world.wire.1.iter().map(|(tag, at)| (TAGS[*tag].to_owned(), *at));
    (*outcome, world.ports.clone(), names.collect(), objects.collect(), tags.collect())
}

fn model(var: rdcl_verify::Var, seed: u64) -> u128 {
    let VarKind::Unknown(number) = var.kind else { unreachable!("{var:?} is no symbolic value of a program") };
    input(seed, number.into(), var.width)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn an_input_takes_the_paths_that_the_interpreter_runs_through(stmts in program(), seeds in prop::array::uniform6(any::<u64>())) {
        let source = text(&stmts);
        let parsed = rdcl_syntax::parse_program(&source);
        prop_assert!(parsed.errors.is_empty(), "{source}\n{:?}", parsed.errors);
        let (program, problems) = crate::lower::lower(&parsed.body);
        // Bits of a number below zero: an error before anything runs.
        prop_assume!(problems.is_empty());
        let (ends, _) = run(&program, State::default(), &Options { drops: true, ..Options::default() });
        for seed in seeds {
            let mut interpreter = Interpreter { seed, ends: Vec::new() };
            interpreter.run(World::default(), vec![Todo::Stmts(&stmts)]);
            let expected: Vec<Seen> = interpreter.ends.iter().map(seen_concrete).collect();
            let taken = ends.iter().filter(|end| end.outcome != Outcome::Infeasible);
            let taken = taken.filter(|end| end.state.guards.iter().any(|guard| guard.admits(&|var| model(var, seed))));
            let found: Vec<Seen> = taken.map(|end| seen_symbolic(end, seed)).collect();
            prop_assert_eq!(&found, &expected, "{}\nseed {}", source, seed);
        }
    }
}
