//! Instructions that stand for several: what the published library has besides the core.
//!
//! Metadata that they need has names with a hyphen, which no program can write without quotes.

use super::Lower;
use super::instruction::field;
use crate::program::{Cond, Expr, ExprKind, Int, NameRef, Op, Place};
use rdcl_base::NodeId;
use rdcl_core::{BinOp, CmpOp};

fn metadata(name: &str, node: NodeId) -> Place {
    Place::Name(NameRef { text: name.to_owned(), bound: false }, node)
}

fn read(place: Place, node: NodeId) -> Expr {
    Expr { kind: ExprKind::Read(place), node }
}

fn known(name: &str, node: NodeId) -> Place {
    field(name, node).expect("the instructions here name published fields")
}

fn equal(a: Place, b: Place, node: NodeId) -> Cond {
    Cond::Cmp(CmpOp::Eq, read(a, node), read(b, node))
}

/// Exchanges what two places hold.
fn swap_ops(a: Place, b: Place, node: NodeId) -> Vec<Op> {
    let name = || NameRef { text: "Swap-Value".to_owned(), bound: false };
    let kept = || Place::Name(name(), node);
    vec![
        Op::AllocateName(name(), None),
        Op::Assign(kept(), read(a.clone(), node)),
        Op::Assign(a, read(b.clone(), node)),
        Op::Assign(b, read(kept(), node)),
        Op::DeallocateName(name(), None),
    ]
}

impl Lower {
    /// `Swap(a, b)`
    pub(super) fn swap(&mut self, a: Place, b: Place, node: NodeId) -> Op {
        self.expanded(swap_ops(a, b, node), node)
    }

    /// `EchoHost()`: sends the packet back, addresses and TCP ports exchanged.
    pub(super) fn echo_host(&mut self, node: NodeId) -> Op {
        let mut ops = swap_ops(known("IPSrc", node), known("IPDst", node), node);
        ops.extend(swap_ops(known("TcpSrc", node), known("TcpDst", node), node));
        self.expanded(ops, node)
    }

    /// `NATToInternet(address)`: remembers source address and port, and puts the address and a fresh port there.
    pub(super) fn nat_to_internet(&mut self, address: Expr, node: NodeId) -> Op {
        let (src, port) = (known("IPSrc", node), known("TcpSrc", node));
        let fresh = Expr { kind: ExprKind::Unknown(Some(16)), node };
        let ops = vec![
            Op::Assign(metadata("IP-Src", node), read(src.clone(), node)),
            Op::Assign(metadata("Port-Src", node), read(port.clone(), node)),
            Op::Assign(src.clone(), address),
            Op::Assign(port.clone(), fresh),
            Op::Assign(metadata("New-IP-Src", node), read(src, node)),
            Op::Assign(metadata("New-Port-Src", node), read(port, node)),
        ];
        self.expanded(ops, node)
    }

    /// `NATFromInternet()`: restores what was remembered if address and port are those that were put there.
    pub(super) fn nat_from_internet(&mut self, node: NodeId) -> Op {
        let (dst, port) = (known("IPDst", node), known("TcpDst", node));
        let restore = vec![
            Op::Assign(dst.clone(), read(metadata("IP-Src", node), node)),
            Op::Assign(port.clone(), read(metadata("Port-Src", node), node)),
        ];
        let fail = || vec![Op::Fail("no mapping".to_owned())];
        let instrs = |ops: Vec<Op>| ops.into_iter().map(|op| crate::program::Instr { op, node }).collect();
        let (restore, wrong_port) = (self.filled(instrs(restore)), self.filled(instrs(fail())));
        let inner = Op::If(equal(port, metadata("New-Port-Src", node), node), restore, wrong_port);
        let (inner, wrong_address) = (self.filled(instrs(vec![inner])), self.filled(instrs(fail())));
        Op::If(equal(dst, metadata("New-IP-Src", node), node), inner, wrong_address)
    }

    /// `ISNRToOutside(delta)`: adds a number to the sequence number, without one a fresh number above 0, and remembers it.
    pub(super) fn isn_to_outside(&mut self, delta: Option<Expr>, node: NodeId) -> Op {
        let (seq, kept) = (known("TcpSeq", node), || metadata("ISN-Delta", node));
        let name = NameRef { text: "ISN-Delta".to_owned(), bound: false };
        let mut ops = vec![Op::AllocateName(name, Some(32))];
        let is_fresh = delta.is_none();
        let fresh = Expr { kind: ExprKind::Unknown(Some(32)), node };
        ops.push(Op::Assign(kept(), delta.unwrap_or(fresh)));
        if is_fresh {
            let zero = Expr { kind: ExprKind::Int(Int::new(0)), node };
            ops.push(Op::Constrain(Cond::Cmp(CmpOp::Ult, zero, read(kept(), node))));
        }
        ops.push(Op::Assign(seq.clone(), shifted(BinOp::Add, seq, kept(), node)));
        self.expanded(ops, node)
    }

    /// `ISNRToInside()`: takes the number away again.
    pub(super) fn isn_to_inside(&mut self, node: NodeId) -> Op {
        let (seq, kept) = (known("TcpSeq", node), metadata("ISN-Delta", node));
        let ops = vec![Op::Assign(seq.clone(), shifted(BinOp::Sub, seq, kept, node))];
        self.expanded(ops, node)
    }
}

fn shifted(op: BinOp, a: Place, b: Place, node: NodeId) -> Expr {
    Expr { kind: ExprKind::Bin(op, Box::new(read(a, node)), Box::new(read(b, node))), node }
}
