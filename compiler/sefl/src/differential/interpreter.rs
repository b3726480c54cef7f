//! An interpreter of programs that knows numbers only.

use super::{Addr, Cond, Expr, NAMES, Stmt};
use crate::outcome::Outcome;
use std::collections::BTreeMap;

/// A number with its width.
pub(super) type Bits = (u16, u128);

/// The declared width of a metadata's value, and its value.
type Slot = (Option<u16>, Option<Bits>);

/// A packet: stacks of values by start, each with a size; where tags point.
pub(super) type Wire = (BTreeMap<i64, (u32, Vec<Option<u128>>)>, BTreeMap<usize, i64>);

#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) wire: Wire,
    saved: Option<Wire>,
    pub(super) names: BTreeMap<String, Vec<Slot>>,
    each: Option<String>,
    made: u64,
    pub(super) ports: Vec<String>,
}

/// A value of an expression: a number without a width is one.
enum Number {
    Plain(i128),
    Bits(Bits),
}

type Eval<T> = Result<T, Outcome>;

pub(super) struct Interpreter {
    pub(super) seed: u64,
    pub(super) ends: Vec<(Outcome, World)>,
}

/// The value of the symbolic value with this number on its path.
pub(super) fn input(seed: u64, number: u64, width: u16) -> u128 {
    let mixed = (seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let small = !(mixed >> 40).is_multiple_of(4);
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
        let touches =
            |start: i64, length: u32| start == at || (at < start + i64::from(length) && start < at + i64::from(size));
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
pub(super) enum Todo<'a> {
    Stmts(&'a [Stmt]),
    Each(Vec<String>, &'a [Stmt]),
    EachWas(Option<String>),
}

impl Interpreter {
    pub(super) fn run<'a>(&mut self, mut world: World, mut todo: Vec<Todo<'a>>) {
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
