//! Instructions in call form.

use super::flow::{Binding, TagAt};
use super::{Here, Lower, problem};
use rdcl_base::{NodeId, matches_glob};
use rdcl_core::{CheckKind, Cond, End, Reason};
use rdcl_syntax::ast::{Call, CallArg, Expr, ExprKind, Name};

/// An instruction: its name and how it is written.
struct Form {
    name: &'static str,
    written: &'static str,
}

const FORMS: &[Form] = &[
    Form { name: "Allocate", written: "Allocate(name, width)` or `Allocate(vlan)" },
    Form { name: "Assert", written: "Assert(condition)" },
    Form { name: "Assign", written: "Assign(place, value)" },
    Form { name: "Assume", written: "Assume(condition)" },
    Form { name: "Constrain", written: "Constrain(condition)" },
    Form { name: "CreateTag", written: "CreateTag(\"name\", address)" },
    Form { name: "Deallocate", written: "Deallocate(name)" },
    Form { name: "Decapsulate", written: "Decapsulate()" },
    Form { name: "DestroyTag", written: "DestroyTag(\"name\")" },
    Form { name: "Encapsulate", written: "Encapsulate(header, …)" },
    Form { name: "Fail", written: "Fail(\"why\")" },
    Form { name: "Flood", written: "Flood(ports)" },
    Form { name: "For", written: "For(name in \"pattern\", { … })" },
    Form { name: "Fork", written: "Fork(instruction, …)" },
    Form { name: "Forward", written: "Forward(port)` or `Forward(ports[index])" },
    Form { name: "If", written: "If(condition, instruction, instruction)" },
    Form { name: "InstructionBlock", written: "InstructionBlock(instruction, …)" },
    Form { name: "NoOp", written: "NoOp()" },
];

impl Lower<'_> {
    /// An instruction. None when every path has ended.
    pub(super) fn instruction(&mut self, here: Here, call: &Call) -> Option<Here> {
        match (call.name.text.as_str(), call.args.as_slice()) {
            ("NoOp", []) => Some(here),
            ("Constrain", [CallArg::Expr(c)]) => self.constrain(here, c, call.node),
            ("Assert", [CallArg::Expr(c)]) => self.check(here, c, CheckKind::Assert, call.node),
            ("Assume", [CallArg::Expr(c)]) => self.check(here, c, CheckKind::Assume, call.node),
            ("Fail", [CallArg::Expr(why)]) => self.fail(here, why, call.node),
            ("Assign", [CallArg::Expr(place), CallArg::Expr(value)]) => self.assign(here, place, value, call.node),
            ("Assign", [CallArg::Named(name, value)]) => self.assign(here, &named(name), value, call.node),
            ("Allocate", [CallArg::Expr(Expr { kind: ExprKind::Name(name), .. }), rest @ ..]) => {
                self.allocate(here, name, rest, call)
            }
            ("Deallocate", [CallArg::Expr(Expr { kind: ExprKind::Name(name), .. })]) => {
                Some(match self.header_named(&name.text) {
                    Some(header) => self.pop_header(here, header, call.node),
                    None => self.deallocate_local(here, name),
                })
            }
            ("Encapsulate", headers @ [_, ..]) => Some(self.encapsulate(here, headers, call.node)),
            ("Decapsulate", []) => self.decapsulate(here, call.node),
            ("CreateTag", [CallArg::Expr(name), CallArg::Expr(at)]) => Some(self.create_tag(here, name, at)),
            ("DestroyTag", [CallArg::Expr(name)]) => Some(self.destroy_tag(here, name)),
            ("If", [CallArg::Expr(c), yes]) => self.if_else(here, c, yes, None, call.node),
            ("If", [CallArg::Expr(c), yes, no]) => self.if_else(here, c, yes, Some(no), call.node),
            ("InstructionBlock", arms) => self.in_order(here, arms),
            ("For", [CallArg::Expr(Expr { kind: ExprKind::In(name, pattern), .. }), body]) => {
                self.for_names(here, name, pattern, body)
            }
            ("Fork", arms) => self.fork(here, arms, call.node),
            ("Forward", [CallArg::Expr(to)]) => self.forward(here, to, call.node),
            ("Flood", [CallArg::Expr(Expr { kind: ExprKind::Name(ports), .. })]) => self.flood(here, ports, call.node),
            _ => self.malformed(here, call),
        }
    }

    fn malformed(&mut self, here: Here, call: &Call) -> Option<Here> {
        let broken = |arg: &CallArg| matches!(arg, CallArg::Expr(Expr { kind: ExprKind::Bad, .. }));
        match FORMS.iter().find(|f| f.name == call.name.text) {
            Some(_) if call.args.iter().any(broken) => _ = self.broken::<()>(),
            Some(form) => self.report(problem::wrong_arguments(form.name, form.written, call.node)),
            None => {
                let known = FORMS.iter().map(|f| f.name);
                self.report(problem::unknown_instruction(&call.name.text, call.name.node, known));
            }
        }
        match call.name.text.as_str() {
            "Forward" | "Flood" | "Fail" | "Drop" => self.stop(here, call.node),
            _ => Some(here),
        }
    }

    /// Ends a path after a fault.
    pub(super) fn stop(&mut self, here: Here, node: NodeId) -> Option<Here> {
        self.draft.close(here.block, End::Drop(Reason::Constrain), node);
        None
    }

    fn constrain(&mut self, here: Here, cond: &Expr, node: NodeId) -> Option<Here> {
        let Some(found) = self.cond(&here.flow, cond) else { return Some(vague(here)) };
        let (yes, no) = self.branch(here, found, node);
        self.draft.close(no.block, End::Drop(Reason::Constrain), node);
        Some(yes)
    }

    fn check(&mut self, here: Here, cond: &Expr, kind: CheckKind, node: NodeId) -> Option<Here> {
        let Some(found) = self.cond(&here.flow, cond) else { return Some(vague(here)) };
        if kind == CheckKind::Assume {
            self.report(problem::cannot_be_booted(
                "`Assume`",
                "test it with `Constrain`, or prove it with `Assert`",
                node,
            ));
        }
        if found == Cond::True {
            return Some(here);
        }
        let ok = self.follow(here.flow.assuming(&found, true, &[]));
        self.draft.close(here.block, End::Check { cond: found, kind, ok: ok.block }, node);
        Some(ok)
    }

    fn fail(&mut self, here: Here, why: &Expr, node: NodeId) -> Option<Here> {
        match self.operand(&here.flow, why) {
            Some(super::expr::Operand::Text(text)) => {
                self.draft.close(here.block, End::Drop(Reason::Fail(text)), node);
                None
            }
            Some(other) => {
                self.report(problem::wrong_kind("a text", other.kind(), why.node));
                self.stop(here, node)
            }
            None => self.stop(here, node),
        }
    }

    fn allocate(&mut self, here: Here, name: &Name, rest: &[CallArg], call: &Call) -> Option<Here> {
        match (self.header_named(&name.text), rest) {
            (Some(header), []) => Some(self.push_header(here, header, call.node)),
            (None, [CallArg::Expr(width)]) => Some(self.allocate_local(here, name, width)),
            (Some(_) | None, _) => self.malformed(here, call),
        }
    }

    fn create_tag(&mut self, mut here: Here, name: &Expr, at: &Expr) -> Here {
        let name = self.tag_name(name);
        let offsets = self.offsets(&here.flow, at);
        if let (Some(name), Some(offsets)) = (name, offsets) {
            here.flow.tags.insert(name, offsets.into_iter().map(|(s, bit)| (s, TagAt::Bit(bit))).collect());
        }
        here
    }

    fn destroy_tag(&mut self, mut here: Here, name: &Expr) -> Here {
        let Some(tag) = self.tag_name(name) else { return here };
        let undefined = here.flow.shapes.iter().find(|s| here.flow.tag(&tag, **s) == TagAt::Undefined);
        if let Some(shape) = undefined {
            self.report(problem::tag_undefined(&tag, *shape, name.node));
        }
        let nowhere = here.flow.shapes.iter().map(|s| (*s, TagAt::Undefined)).collect();
        here.flow.tags.insert(tag, nowhere);
        here
    }

    fn tag_name(&mut self, e: &Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Str(text) => Some(text.clone()),
            ExprKind::Name(name) => Some(name.text.clone()),
            ExprKind::Bad => self.broken(),
            _ => self.fault(problem::wrong_kind("the name of a tag", "an expression", e.node)),
        }
    }

    fn if_else(&mut self, here: Here, c: &Expr, yes: &CallArg, no: Option<&CallArg>, node: NodeId) -> Option<Here> {
        let (a, b) = match self.cond(&here.flow, c) {
            Some(cond) => self.branch(here, cond, c.node),
            None => self.either(vague(here), c.node),
        };
        let a = self.arm(a, yes);
        let b = match no {
            Some(no) => self.arm(b, no),
            None => Some(b),
        };
        self.join(vec![a, b], node)
    }

    /// Two ways on after a fault: both are looked at.
    fn either(&mut self, here: Here, node: NodeId) -> (Here, Here) {
        let (a, b) = (self.follow(here.flow.clone()), self.follow(here.flow));
        self.draft.close(here.block, End::Fork(vec![a.block, b.block]), node);
        (a, b)
    }

    /// An argument that is an instruction or a block.
    pub(super) fn arm(&mut self, here: Here, arg: &CallArg) -> Option<Here> {
        self.step(here, arg_node(arg), |this, here| this.arm_at(here, arg))
    }

    fn arm_at(&mut self, here: Here, arg: &CallArg) -> Option<Here> {
        match arg {
            CallArg::Block(block) => self.block(here, block),
            CallArg::Named(name, value) => self.assign(here, &named(name), value, name.node),
            CallArg::Flow(flow) => {
                self.report(problem::wrong_kind("an instruction or a block", "a flow", flow.node));
                Some(here)
            }
            CallArg::Expr(e) => match &e.kind {
                ExprKind::Call(call) => self.instruction(here, call),
                ExprKind::Name(name) if name.text == "NoOp" => Some(here),
                ExprKind::Bad => {
                    _ = self.broken::<()>();
                    Some(here)
                }
                _ => {
                    self.report(problem::wrong_kind("an instruction or a block", "an expression", e.node));
                    Some(here)
                }
            },
        }
    }

    fn in_order(&mut self, here: Here, arms: &[CallArg]) -> Option<Here> {
        let mut at = Some(here);
        for arm in arms {
            let Some(here) = at else {
                self.report(problem::unreachable(arg_node(arm)));
                return None;
            };
            at = self.arm(here, arm);
        }
        at
    }

    /// `For(x in "OPT*", …)`: the body once for each allocated name that matches now, in order.
    fn for_names(&mut self, here: Here, name: &Expr, pattern: &Expr, body: &CallArg) -> Option<Here> {
        let (ExprKind::Name(name), ExprKind::Str(glob)) = (&name.kind, &pattern.kind) else {
            self.report(problem::wrong_arguments("For", "For(name in \"pattern\", { … })", pattern.node));
            return Some(here);
        };
        if here.flow.binding(&name.text).is_some() {
            self.report(problem::name_in_use(&name.text, "the name of something else", name.node));
            return Some(here);
        }
        let matching = allocated(&here, glob);
        if matching.is_empty() {
            self.report(problem::matches_nothing(glob, pattern.node));
        }
        let mut at = Some(here);
        for target in matching {
            let Some(mut here) = at else { break };
            here.flow.bind(&name.text, Binding::Alias(target));
            at = self.arm(here, body).map(|mut end| {
                end.flow.unbind(&name.text);
                end
            });
        }
        at
    }
}

/// The same point after a faulty condition.
pub(super) fn vague(mut here: Here) -> Here {
    here.flow.vague = true;
    here
}

fn named(name: &Name) -> Expr {
    Expr { kind: ExprKind::Name(name.clone()), node: name.node }
}

pub(super) fn arg_node(arg: &CallArg) -> NodeId {
    match arg {
        CallArg::Expr(e) => e.node,
        CallArg::Named(name, _) => name.node,
        CallArg::Block(block) => block.node,
        CallArg::Flow(flow) => flow.node,
    }
}

/// Allocated names that match a pattern in which `*` stands for any letters and `?` for one, in order.
fn allocated(here: &Here, glob: &str) -> Vec<String> {
    let local = |b: &Vec<Binding>| matches!(b.last(), Some(Binding::Local { .. }));
    let names = here.flow.names.iter().filter(|(_, bindings)| local(bindings)).map(|(name, _)| name.clone());
    names.filter(|name| matches_glob(glob, name)).collect()
}
