//! Random programs: the symbolic paths that a random input takes, against an interpreter of the same memory model that
//! knows numbers only and shares no code with the machine.
//!
//! An input takes exactly the paths that the interpreter runs through, in the same order, with the same ends, values,
//! memory and tags.

use crate::machine::{Options, run};
use crate::outcome::{End, Outcome};
use crate::state::State;
use proptest::prelude::*;
use rdcl_verify::{Sym, VarKind};
use std::collections::BTreeMap;
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
    let begin = vec![
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

// ------------------------------------------------------------------------------------------------ interpreter

/// A number with its width.
type Bits = (u16, u128);

/// A packet: stacks of values by start, each with a size; where tags point.
type Wire = (BTreeMap<i64, (u32, Vec<Option<u128>>)>, BTreeMap<usize, i64>);

#[derive(Clone, Default)]
struct World {
    wire: Wire,
    saved: Option<Wire>,
    names: BTreeMap<String, Vec<(Option<u16>, Option<Bits>)>>,
    each: Option<String>,
    made: u64,
    ports: Vec<String>,
}

/// A value of an expression: a number without a width is one.
enum Number {
    Plain(i128),
    Bits(Bits),
}

type Eval<T> = Result<T, Outcome>;

struct Interpreter {
    seed: u64,
    ends: Vec<(Outcome, World)>,
}

/// The value of the symbolic value with this number on its path.
fn input(seed: u64, number: u64, width: u16) -> u128 {
    let mixed = (seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let small = (mixed >> 40) % 4 != 0;
    u128::from(if small { (mixed >> 33) % 21 } else { mixed >> 33 }) % (1 << width)
}

fn top(width: u16) -> u128 {
    (1u128 << width) - 1
}

fn sized(n: i128, width: u16) -> Eval<Bits> {
    let fits = n >= 0 && n as u128 <= top(width);
    if fits { Ok((width, n as u128)) } else { Err(Outcome::ModelError) }
}

impl World {
    fn called(&self, name: usize) -> String {
        let each = self.each.as_deref().filter(|_| NAMES[name] == "each");
        each.unwrap_or(NAMES[name]).to_owned()
    }

    fn at(&self, Addr(tag, bits): Addr) -> Eval<i64> {
        match tag {
            Some(tag) => Ok(self.wire.1.get(&tag).ok_or(Outcome::MemoryError)? + bits),
            None => Ok(bits),
        }
    }

    fn clashes(&self, at: i64, size: u32) -> bool {
        let touches = |start: i64, length: u32| {
            start == at || (at < start + i64::from(length) && start < at + i64::from(size))
        };
        self.wire.0.iter().any(|(start, (length, _))| touches(*start, *length))
    }

    fn number(&mut self, e: &Expr, seed: u64, expected: Option<u16>) -> Eval<Number> {
        Ok(match e {
            Expr::Int(n) => Number::Plain(*n as i128),
            Expr::Fresh(width) => {
                self.made += 1;
                Number::Bits((*width, input(seed, self.made - 1, *width)))
            }
            Expr::Name(n) => {
                let stack = self.names.get(&self.called(*n));
                let value = stack.and_then(|stack| stack.last()).and_then(|slot| slot.1);
                Number::Bits(value.ok_or(Outcome::ModelError)?)
            }
            Expr::At(at) => {
                let at = self.at(*at)?;
                let (size, stack) = self.wire.0.get(&at).ok_or(Outcome::MemoryError)?;
                let value = stack.last().copied().flatten().ok_or(Outcome::ModelError)?;
                Number::Bits((*size as u16, value))
            }
            Expr::Bin(op, a, b) => match self.two(a, b, seed, expected)? {
                (Number::Plain(x), Number::Plain(y)) => Number::Plain(match *op {
                    "+" => x + y,
                    "-" => x - y,
                    "&" => x & y,
                    "|" => x | y,
                    _ => x ^ y,
                }),
                (x, y) => {
                    let ((width, x), (_, y)) = meet(x, y)?;
                    let result = match *op {
                        "+" => x + y,
                        "-" => x + top(width) + 1 - y,
                        "&" => x & y,
                        "|" => x | y,
                        _ => x ^ y,
                    };
                    Number::Bits((width, result & top(width)))
                }
            },
            Expr::Shift(left, of, by) => match self.number(of, seed, expected)? {
                Number::Plain(n) if *left => Number::Plain(n << by),
                Number::Plain(n) => Number::Plain(n >> by),
                Number::Bits((width, n)) => {
                    let shifted = if *left { n << by } else { n >> by };
                    Number::Bits((width, if *by >= width { 0 } else { shifted & top(width) }))
                }
            },
        })
    }

    fn two(&mut self, a: &Expr, b: &Expr, seed: u64, expected: Option<u16>) -> Eval<(Number, Number)> {
        let a = self.number(a, seed, expected)?;
        Ok((a, self.number(b, seed, expected)?))
    }

    fn holds(&mut self, c: &Cond, seed: u64) -> Eval<bool> {
        Ok(match c {
            Cond::Cmp(op, a, b) => {
                let order = match self.two(a, b, seed, None)? {
                    (Number::Plain(x), Number::Plain(y)) => x.cmp(&y),
                    (x, y) => meet(x, y).map(|((_, x), (_, y))| x.cmp(&y))?,
                };
                match *op {
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                }
            }
            Cond::In(of, lo, hi) => {
                let of = self.number(of, seed, None)?;
                let (width, value) = match of {
                    Number::Plain(n) => sized(n, 64)?,
                    Number::Bits(bits) => bits,
                };
                sized(*hi as i128, width)?;
                (*lo..=*hi).contains(&value)
            }
            Cond::Not(c) => !self.holds(c, seed)?,
            Cond::And(a, b) => self.holds(a, seed)? && self.holds(b, seed)?,
            Cond::Or(a, b) => self.holds(a, seed)? || self.holds(b, seed)?,
            Cond::Here(n) => self.names.contains_key(&self.called(*n)),
            Cond::HereAt(at) => self.at(*at).is_ok_and(|at| self.wire.0.contains_key(&at)),
            Cond::Free(at, size) => {
                let at = self.at(*at)?;
                !self.clashes(at, *size)
            }
        })
    }
}

fn meet(a: Number, b: Number) -> Eval<(Bits, Bits)> {
    match (a, b) {
        (Number::Bits(a), Number::Bits(b)) if a.0 == b.0 => Ok((a, b)),
        (Number::Bits(a), Number::Plain(n)) => Ok((a, sized(n, a.0)?)),
        (Number::Plain(n), Number::Bits(b)) => Ok((sized(n, b.0)?, b)),
        _ => Err(Outcome::ModelError),
    }
}

/// What is left to do: blocks, innermost first, as statements still to come; the ends of `For`s between them.
#[derive(Clone)]
enum Todo<'a> {
    Stmts(&'a [Stmt]),
    Each(Vec<String>, &'a [Stmt]),
    EachWas(Option<String>),
}

impl Interpreter {
    fn run<'a>(&mut self, mut world: World, mut todo: Vec<Todo<'a>>) {
        loop {
            match todo.pop() {
                None => return self.ends.push((Outcome::Delivered, world)),
                Some(Todo::EachWas(was)) => world.each = was,
                Some(Todo::Each(mut left, body)) => {
                    if !left.is_empty() {
                        world.each = Some(left.remove(0));
                        todo.push(Todo::Each(left, body));
                        todo.push(Todo::Stmts(body));
                    }
                }
                Some(Todo::Stmts([])) => {}
                Some(Todo::Stmts([first, rest @ ..])) => {
                    todo.push(Todo::Stmts(rest));
                    if let Stmt::Fork(arms) = first {
                        for arm in arms {
                            let mut todo = todo.clone();
                            todo.push(Todo::Stmts(arm));
                            self.run(world.clone(), todo);
                        }
                        return;
                    }
                    let before = world.clone();
                    if let Err(outcome) = self.step(&mut world, first, &mut todo) {
                        let kept = matches!(outcome, Outcome::Delivered);
                        return self.ends.push((outcome, if kept { world } else { before }));
                    }
                }
            }
        }
    }

    fn step<'a>(&self, world: &mut World, stmt: &'a Stmt, todo: &mut Vec<Todo<'a>>) -> Eval<()> {
        match stmt {
            Stmt::AllocName(n, width) => world.names.entry(world.called(*n)).or_default().push((*width, None)),
            Stmt::AllocAt(at, size) => {
                let at = world.at(*at)?;
                let clash = world.clashes(at, *size);
                match world.wire.0.get_mut(&at) {
                    Some((length, stack)) if length == size => stack.push(None),
                    _ if clash => return Err(Outcome::MemoryError),
                    _ => _ = world.wire.0.insert(at, (*size, vec![None])),
                }
            }
            Stmt::FreeName(n) => {
                let name = world.called(*n);
                let stack = world.names.get_mut(&name).ok_or(Outcome::MemoryError)?;
                stack.pop();
                if stack.is_empty() {
                    world.names.remove(&name);
                }
            }
            Stmt::FreeAt(at, size) => {
                let at = world.at(*at)?;
                let (length, stack) = world.wire.0.get_mut(&at).ok_or(Outcome::MemoryError)?;
                if length != size {
                    return Err(Outcome::MemoryError);
                }
                stack.pop();
                if stack.is_empty() {
                    world.wire.0.remove(&at);
                }
            }
            Stmt::SetName(n, e) => {
                let name = world.called(*n);
                let (declared, old) = world.names.get(&name).and_then(|s| s.last()).copied().unwrap_or_default();
                let wanted = declared.or(old.map(|old| old.0));
                let value = match (world.number(e, self.seed, wanted)?, declared, old) {
                    (Number::Bits(bits), Some(width), _) if bits.0 != width => return Err(Outcome::ModelError),
                    (Number::Bits(bits), _, _) => bits,
                    (Number::Plain(n), Some(width), _) => sized(n, width)?,
                    (Number::Plain(n), None, Some(old)) => sized(n, old.0).or_else(|_| sized(n, 64))?,
                    (Number::Plain(n), None, None) => sized(n, 64)?,
                };
                let stack = world.names.entry(name).or_default();
                stack.pop();
                stack.push((declared, Some(value)));
            }
            Stmt::SetAt(at, e) => {
                let at = world.at(*at)?;
                let size = world.wire.0.get(&at).ok_or(Outcome::MemoryError)?.0 as u16;
                if size == 0 {
                    return Err(Outcome::ModelError);
                }
                let value = match world.number(e, self.seed, Some(size))? {
                    Number::Plain(n) => sized(n, size)?,
                    Number::Bits(bits) if bits.0 == size => bits,
                    Number::Bits(_) => return Err(Outcome::ModelError),
                };
                if let Some((_, stack)) = world.wire.0.get_mut(&at) {
                    stack.pop();
                    stack.push(Some(value.1));
                }
            }
            Stmt::Constrain(c) if !world.holds(c, self.seed)? => return Err(Outcome::Dropped),
            Stmt::Assert(c) if !world.holds(c, self.seed)? => return Err(Outcome::ModelError),
            Stmt::Constrain(_) | Stmt::Assert(_) => {}
            Stmt::If(c, yes, no) => {
                let taken = if world.holds(c, self.seed)? { yes } else { no };
                todo.push(Todo::Stmts(taken));
            }
            Stmt::Fork(_) => unreachable!("forks are done by the caller"),
            Stmt::Each(glob, body) => {
                let matches = |name: &&String| match *glob {
                    "a*" => name.starts_with('a'),
                    "?" => name.chars().count() == 1,
                    _ => true,
                };
                let names: Vec<String> = world.names.keys().filter(matches).cloned().collect();
                todo.push(Todo::EachWas(world.each.clone()));
                todo.push(Todo::Each(names, body));
            }
            Stmt::Tag(tag, at) => {
                let at = world.at(*at)?;
                world.wire.1.insert(*tag, at);
            }
            Stmt::Untag(tag) => _ = world.wire.1.remove(tag),
            Stmt::Save => world.saved = Some(world.wire.clone()),
            Stmt::Load => world.wire = world.saved.clone().ok_or(Outcome::ModelError)?,
            Stmt::Destroy => world.wire = Wire::default(),
            Stmt::Fail => return Err(Outcome::Dropped),
            Stmt::Forward(port) => {
                world.ports.push(port.to_string());
                return Err(Outcome::Delivered);
            }
        }
        Ok(())
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
