//! Instructions in call form.

use super::cond::is_presence;
use super::{Lower, problem, text};
use crate::program::{Address, BlockId, Instr, Op, Place};
use rdcl_base::NodeId;
use rdcl_syntax::ast::{Call, CallArg, Expr, ExprKind};

/// Instructions, each with how it is written.
const FORMS: &[(&str, &str)] = &[
    ("Allocate", "Allocate(name)`, `Allocate(name, width)` or `Allocate(address, size)"),
    ("Assert", "Assert(condition)"),
    ("Assign", "Assign(place, value)"),
    ("Assume", "Assume(condition)"),
    ("Call", "Call(name)"),
    ("Constrain", "Constrain(condition)` or `Constrain(place, constraint)"),
    ("CreateTag", "CreateTag(\"name\", address)"),
    ("Deallocate", "Deallocate(name)` or `Deallocate(address, size)"),
    ("DestroyPacket", "DestroyPacket()"),
    ("DestroyTag", "DestroyTag(\"name\")"),
    ("EchoHost", "EchoHost()"),
    ("Fail", "Fail(\"why\")"),
    ("For", "For(name in \"pattern\", { … })"),
    ("Fork", "Fork(instruction, …)"),
    ("Forward", "Forward(port)"),
    ("ISNRToInside", "ISNRToInside()"),
    ("ISNRToOutside", "ISNRToOutside()` or `ISNRToOutside(delta)"),
    ("If", "If(condition, instruction, instruction)"),
    ("InstructionBlock", "InstructionBlock(instruction, …)"),
    ("Let", "Let(name, { … })"),
    ("Load", "Load(name)"),
    ("NATFromInternet", "NATFromInternet()"),
    ("NATToInternet", "NATToInternet(address)"),
    ("NoOp", "NoOp()"),
    ("Save", "Save(name)"),
    ("Swap", "Swap(place, place)"),
];

/// Whether an instruction has this name.
pub(super) fn is_instruction(name: &str) -> bool {
    FORMS.iter().any(|form| form.0 == name)
}

impl Lower {
    /// An instruction; none if it does nothing, or is faulty.
    pub(super) fn instruction(&mut self, call: &Call) -> Option<Instr> {
        let node = call.node;
        let op = match (call.name.text.as_str(), call.args.as_slice()) {
            ("NoOp", []) => return None,
            ("Assign", [CallArg::Expr(place), CallArg::Expr(value)]) => return self.assign(place, value, node),
            ("Assign", [CallArg::Named(name, value)]) => {
                let place = Expr { kind: ExprKind::Name(name.clone()), node: name.node };
                return self.assign(&place, value, node);
            }
            ("Constrain", _) => Op::Constrain(self.constraint_of(call)?),
            ("Assert", _) => Op::Assert(self.constraint_of(call)?),
            ("Assume", [arg]) => Op::Assume(self.test(arg)?),
            ("Assume", _) => Op::Assume(self.constraint_of(call)?),
            ("Allocate", [CallArg::Expr(place), rest @ ..]) if rest.len() < 2 => {
                self.allocate(place, rest.first(), call)?
            }
            ("Deallocate", [CallArg::Expr(place), rest @ ..]) if rest.len() < 2 => {
                self.deallocate(place, rest.first(), call)?
            }
            ("CreateTag", [CallArg::Expr(name), CallArg::Expr(at)]) => {
                let (name, at) = (self.tag_name(name), self.address(at));
                Op::CreateTag(name?, at?)
            }
            ("DestroyTag", [CallArg::Expr(name)]) => Op::DestroyTag(self.tag_name(name)?),
            ("If", [test, yes]) => self.branch(test, yes, None)?,
            ("If", [test, yes, no]) => self.branch(test, yes, Some(no))?,
            ("Fork", arms) => Op::Fork(arms.iter().map(|arm| self.arm(arm)).collect()),
            ("InstructionBlock", arms) => {
                let runs = arms.iter().map(|arm| (super::arg_node(arm), self.arm(arm))).collect::<Vec<_>>();
                let runs = runs.into_iter().map(|(node, block)| Instr { op: Op::Run(block), node }).collect();
                Op::Run(self.filled(runs))
            }
            ("For", [CallArg::Expr(Expr { kind: ExprKind::In(name, pattern), .. }), body]) => {
                self.for_names(name, pattern, body, node)?
            }
            ("Fail", []) => Op::Fail("Fail op executed".to_owned()),
            ("Fail", [CallArg::Expr(why)]) => Op::Fail(self.words(why, "a text")?),
            ("Forward", [CallArg::Expr(to)]) => Op::Forward(self.port(to)?),
            ("Save", [CallArg::Expr(name)]) => Op::Save(self.words(name, "a name")?),
            ("Load", [CallArg::Expr(name)]) => Op::Load(self.words(name, "a name")?),
            ("DestroyPacket", []) => Op::DestroyPacket,
            ("Let", [CallArg::Expr(name), body]) => {
                let (name, body) = (self.words(name, "a name"), self.arm(body));
                Op::Let(name?, body)
            }
            ("Call", [CallArg::Expr(name)]) => Op::Call(self.code_name(name)?),
            (name, _) if is_presence(name) => Op::Constrain(self.test(&CallArg::Expr(call_expr(call)))?),
            ("Swap", [CallArg::Expr(a), CallArg::Expr(b)]) => {
                let (a, b) = (self.place(a), self.place(b));
                self.swap(a?, b?, node)
            }
            ("EchoHost", []) => self.echo_host(node),
            ("NATToInternet", [CallArg::Expr(address)]) => {
                let address = self.value(address)?;
                self.nat_to_internet(address, node)
            }
            ("NATFromInternet", []) => self.nat_from_internet(node),
            ("ISNRToOutside", []) => self.isn_to_outside(None, node),
            ("ISNRToOutside", [CallArg::Expr(delta)]) => {
                let delta = self.value(delta)?;
                self.isn_to_outside(Some(delta), node)
            }
            ("ISNRToInside", []) => self.isn_to_inside(node),
            _ => return self.malformed(call),
        };
        Some(Instr { op, node })
    }

    fn malformed<T>(&mut self, call: &Call) -> Option<T> {
        let broken = |arg: &CallArg| matches!(arg, CallArg::Expr(Expr { kind: ExprKind::Bad, .. }));
        if call.args.iter().any(broken) {
            return None;
        }
        let name = call.name.text.as_str();
        match FORMS.iter().find(|form| form.0 == name) {
            Some((name, written)) => self.fault(problem::wrong_arguments(name, written, call.node)),
            None => {
                let known = FORMS.iter().map(|form| form.0);
                self.fault(problem::unknown_call("instruction", name, call.name.node, known))
            }
        }
    }

    fn allocate(&mut self, place: &Expr, size: Option<&CallArg>, call: &Call) -> Option<Op> {
        match (self.place(place)?, size) {
            (Place::Name(name, _), None) => Some(Op::AllocateName(name, None)),
            (Place::Name(name, _), Some(CallArg::Expr(width))) => {
                Some(Op::AllocateName(name, Some(self.width(width)?)))
            }
            (Place::At(at, Some(width)), None) => Some(Op::AllocateAt(at, width.into())),
            (Place::At(at, _), Some(CallArg::Expr(size))) => Some(Op::AllocateAt(at, self.size(size)?)),
            (Place::At(..) | Place::Name(..), _) => self.malformed(call),
        }
    }

    fn deallocate(&mut self, place: &Expr, size: Option<&CallArg>, call: &Call) -> Option<Op> {
        match (self.place(place)?, size) {
            (Place::Name(name, _), None) => Some(Op::DeallocateName(name, None)),
            (Place::Name(name, _), Some(CallArg::Expr(width))) => {
                Some(Op::DeallocateName(name, Some(self.width(width)?)))
            }
            (Place::At(at, Some(width)), None) => Some(Op::DeallocateAt(at, width.into())),
            (Place::At(at, _), Some(CallArg::Expr(size))) => Some(Op::DeallocateAt(at, self.size(size)?)),
            (Place::At(..) | Place::Name(..), _) => self.malformed(call),
        }
    }

    fn branch(&mut self, test: &CallArg, yes: &CallArg, no: Option<&CallArg>) -> Option<Op> {
        let cond = self.test(test);
        let yes = self.arm(yes);
        let no = match no {
            Some(no) => self.arm(no),
            None => self.filled(Vec::new()),
        };
        Some(Op::If(cond?, yes, no))
    }

    fn for_names(&mut self, name: &Expr, pattern: &Expr, body: &CallArg, node: NodeId) -> Option<Op> {
        let (Some(name), ExprKind::Str(glob)) = (text(name), &pattern.kind) else {
            return self.fault(problem::wrong_arguments("For", "For(name in \"pattern\", { … })", node));
        };
        self.bound.push(name.to_owned());
        let body: BlockId = self.arm(body);
        self.bound.pop();
        Some(Op::For(name.to_owned(), glob.clone(), body))
    }

    fn tag_name(&mut self, e: &Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Call(call) if call.name.text == "Tag" => match call.args.as_slice() {
                [CallArg::Expr(name)] => self.words(name, "the name of a tag"),
                _ => self.fault(problem::wrong_arguments("Tag", "Tag(\"name\")", call.node)),
            },
            _ => self.words(e, "the name of a tag"),
        }
    }

    fn code_name(&mut self, e: &Expr) -> Option<String> {
        let name = self.words(e, "a name")?;
        if self.names.code.contains(&name) {
            return Some(name);
        }
        let problem = problem::unknown_code(&name, e.node, self.names.code.iter().map(String::as_str));
        self.fault(problem)
    }

    /// A port: a name, a text, a number, or an indexed name.
    fn port(&mut self, e: &Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Int(n) => Some(n.to_string()),
            ExprKind::Index(of, at) => {
                let (of, at) = (self.port(of), self.constant(at, "the index of a port"));
                Some(format!("{}[{}]", of?, at?))
            }
            ExprKind::Member(of, name) => Some(format!("{}.{}", self.port(of)?, name.text)),
            _ => self.words(e, "a port"),
        }
    }

    fn words(&mut self, e: &Expr, wanted: &str) -> Option<String> {
        match (text(e), &e.kind) {
            (Some(text), _) => Some(text.to_owned()),
            (None, ExprKind::Bad) => None,
            (None, _) => self.fault(problem::wrong_kind(wanted, "something else", e.node)),
        }
    }

    /// A block of instructions that stand for one.
    pub(super) fn expanded(&mut self, ops: Vec<Op>, node: NodeId) -> Op {
        Op::Run(self.filled(ops.into_iter().map(|op| Instr { op, node }).collect()))
    }
}

/// A call as an expression.
fn call_expr(call: &Call) -> Expr {
    Expr { kind: ExprKind::Call(Box::new(call.clone())), node: call.node }
}

/// An address of a field that an expanded instruction uses.
pub(super) fn field(name: &str, node: NodeId) -> Option<Place> {
    let field = crate::layout::alias(name)?;
    let address = Address { tags: vec![(true, field.tag.to_owned())], bits: field.offset.into(), node };
    Some(Place::At(address, field.width))
}
