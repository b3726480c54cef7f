//! Ends of paths in words and numbers: plain data for those who print.

use crate::machine::Options;
use crate::outcome::{End, Outcome};
use crate::state::State;
use rdcl_base::{Code, IntervalSet, NodeId};
use rdcl_verify::{Context, Guard, Sym, SymCond, SymNode, Var, VarKind, least};

/// The end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words.
    pub message: Option<String>,
    /// The code that explains an error.
    pub code: Option<Code>,
    /// What to do about it.
    pub help: Option<String>,
    /// The instruction that decided; none at the end of the program.
    pub node: Option<NodeId>,
    /// The ports it was forwarded to, in order.
    pub ports: Vec<String>,
    /// Tags and where they point.
    pub tags: Vec<(String, i64)>,
    /// Metadata, by name: the value on top.
    pub metadata: Vec<Metadata>,
    /// Header objects, by address: the value on top.
    pub fields: Vec<HeaderField>,
    /// What holds of the symbolic values: each holds if one of its alternatives does.
    pub condition: Vec<String>,
    /// The least values that take this path, for every symbolic value that the condition speaks of.
    pub model: Vec<(String, u128)>,
    /// The names of the symbolic values that were met, those with a given value included.
    pub unknowns: Vec<String>,
    /// What was done, oldest first, if that was wanted.
    pub trace: Vec<(NodeId, String)>,
}

/// A metadata at the end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Bits; none if it has no value and no declared width.
    pub width: Option<u16>,
    /// Its value, if it has one.
    pub value: Option<String>,
    /// The number it is, if it is one.
    pub number: Option<u128>,
}

/// A header object at the end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField {
    /// The bit address it starts at.
    pub at: i64,
    /// How people call it: `IPSrc`, `L3+20`.
    pub name: String,
    /// Bits.
    pub width: u32,
    /// Its value, if it has one.
    pub value: Option<String>,
    /// The number it is, if it is one.
    pub number: Option<u128>,
}

/// The end of a path as plain data.
pub fn path(end: &End, context: &mut Context, options: &Options) -> Path {
    let state = &end.state;
    let shown = |value: &Option<Sym>| {
        (value.as_ref().map(|sym| self::value(state, sym)), value.as_ref().and_then(Sym::as_const))
    };
    let metadata = state.names.iter().filter_map(|(name, stack)| {
        let slot = stack.last()?;
        let (value, number) = shown(&slot.value);
        Some(Metadata { name: name.clone(), width: slot.width(), value, number })
    });
    let fields = state.memory.objects.iter().map(|(at, object)| {
        let (value, number) = shown(&object.values.last().cloned().flatten());
        HeaderField { at: *at, name: state.memory.place(*at), width: object.size, value, number }
    });
    Path {
        outcome: end.outcome,
        message: end.message.clone(),
        code: end.code,
        help: end.help.clone(),
        node: end.node,
        ports: state.ports.clone(),
        tags: state.memory.tags.iter().map(|(tag, at)| (tag.clone(), *at)).collect(),
        metadata: metadata.collect(),
        fields: fields.collect(),
        condition: condition(state),
        model: if options.concrete || end.outcome == Outcome::Infeasible { Vec::new() } else { model(state, context) },
        unknowns: state.unknowns.iter().map(|unknown| unknown.label.clone()).collect(),
        trace: trace(state),
    }
}

fn trace(state: &State) -> Vec<(NodeId, String)> {
    let mut events = Vec::new();
    let mut at = state.trace.as_ref();
    while let Some(event) = at {
        events.push((event.node, event.text.clone()));
        at = event.before.as_ref();
    }
    events.reverse();
    events
}

/// A value: numbers in decimal, symbolic values by their labels.
pub fn value(state: &State, sym: &Sym) -> String {
    match sym {
        Sym::Const(c) => c.value.to_string(),
        Sym::Var(var) => label(state, *var),
        Sym::Node(node) => computed(state, node),
    }
}

fn label(state: &State, var: Var) -> String {
    match var.kind {
        VarKind::Unknown(number) => state.unknowns.get(number as usize).map_or("?", |u| &u.label).to_owned(),
        VarKind::Field(_) | VarKind::Body | VarKind::Choice(_) | VarKind::Cell { .. } => "?".to_owned(),
        VarKind::Full { .. } | VarKind::NoFree(_) | VarKind::Now => "?".to_owned(),
    }
}

fn computed(state: &State, node: &SymNode) -> String {
    let show = |sym: &Sym| value(state, sym);
    let both = |a: &Sym, op: &str, b: &Sym| format!("({} {op} {})", show(a), show(b));
    match node {
        SymNode::Add(a, Sym::Const(c)) if c.value >> (c.width - 1) == 1 && c.width > 1 => {
            format!("({} - {})", show(a), c.value.wrapping_neg() & rdcl_core::mask(c.width))
        }
        SymNode::Add(a, b) => both(a, "+", b),
        SymNode::Sub(a, b) => both(a, "-", b),
        SymNode::And(a, b) => both(a, "&", b),
        SymNode::Or(a, b) => both(a, "|", b),
        SymNode::Xor(a, b) => both(a, "^", b),
        SymNode::Shl(a, by) => format!("({} << {by})", show(a)),
        SymNode::Lshr(a, by) => format!("({} >> {by})", show(a)),
        SymNode::Not(a) => format!(":!:({})", show(a)),
        SymNode::Extract(a, high, low) => format!("Extract({}, {high}, {low})", show(a)),
        SymNode::Concat(a, b) => format!("Concat({}, {})", show(a), show(b)),
        SymNode::Zext(width, a) => format!("ZeroExtend({}, {width})", show(a)),
        SymNode::Hash(of, size) => {
            let of: Vec<String> = of.iter().map(show).collect();
            format!("Hash({}) % {size}", of.join(", "))
        }
        SymNode::Ite(c, a, b) => format!("If({}, {}, {})", self::cond(state, c), show(a), show(b)),
    }
}

/// The most alternatives of a path condition that are written.
const MOST_ALTERNATIVES: usize = 8;

/// The path condition: a line for each conjunct, or one line that lists alternatives.
fn condition(state: &State) -> Vec<String> {
    match state.guards.as_slice() {
        [] => Vec::new(),
        [guard] => conjuncts(state, guard),
        all => {
            let mut parts: Vec<String> = all
                .iter()
                .take(MOST_ALTERNATIVES)
                .map(|guard| format!("({})", conjuncts(state, guard).join(" and ")))
                .collect();
            if all.len() > MOST_ALTERNATIVES {
                parts.push(format!("{} more", all.len() - MOST_ALTERNATIVES));
            }
            vec![parts.join(" or ")]
        }
    }
}

fn conjuncts(state: &State, guard: &Guard) -> Vec<String> {
    let product = guard.product.iter().map(|(var, set)| membership(&label(state, *var), set, var.width));
    product.chain(guard.residue.iter().map(|c| cond(state, c))).collect()
}

fn membership(subject: &str, set: &IntervalSet, width: u16) -> String {
    let outside = set.complement(width);
    if let Some(only) = outside.as_single().filter(|_| set.as_single().is_none()) {
        return format!("{subject} != {only}");
    }
    let part = |(lo, hi): &(u128, u128)| match lo == hi {
        true => format!("{subject} == {lo}"),
        false => format!("{subject} in {lo}..{hi}"),
    };
    let shown: Vec<String> = set.intervals().iter().take(MOST_ALTERNATIVES).map(part).collect();
    let more = if set.intervals().len() > MOST_ALTERNATIVES { " or …" } else { "" };
    match shown.as_slice() {
        [one] if more.is_empty() => one.clone(),
        _ => format!("({}{more})", shown.join(" or ")),
    }
}

fn cond(state: &State, c: &SymCond) -> String {
    let both = |a: &Sym, op: &str, b: &Sym| format!("{} {op} {}", value(state, a), value(state, b));
    let list = |all: &[SymCond], word: &str| {
        format!("({})", all.iter().map(|c| cond(state, c)).collect::<Vec<_>>().join(word))
    };
    match c {
        SymCond::True => "true".to_owned(),
        SymCond::False => "false".to_owned(),
        SymCond::Eq(a, b) => both(a, "==", b),
        SymCond::Ult(a, b) => both(a, "<", b),
        SymCond::Ule(a, b) => both(a, "<=", b),
        SymCond::In(a, set) => membership(&value(state, a), set, a.width()),
        SymCond::All(all) => list(all, " and "),
        SymCond::Any(any) => list(any, " or "),
        SymCond::Not(inner) => match &**inner {
            SymCond::Eq(a, b) => both(a, "!=", b),
            SymCond::Ult(a, b) => both(a, ">=", b),
            SymCond::Ule(a, b) => both(a, ">", b),
            other => format!("not {}", cond(state, other)),
        },
    }
}

/// The least assignment of the path condition, for the symbolic values that matter.
fn model(state: &State, context: &mut Context) -> Vec<(String, u128)> {
    let order: Vec<Var> =
        (0..).zip(&state.unknowns).map(|(number, unknown)| Var::unknown(number, unknown.width)).collect();
    let Some((_, model)) = least(context, &state.guards, &order) else { return Vec::new() };
    let is_bound = |var: Var| {
        let bound = |guard: &Guard| guard.product.contains_key(&var) || guard.residue.iter().any(|c| c.mentions(var));
        state.guards.iter().any(bound)
    };
    let values = order.iter().zip(&state.unknowns).filter(|(var, _)| is_bound(**var));
    values.map(|(var, unknown)| (unknown.label.clone(), model.value(*var))).collect()
}
