//! Balancers that nobody wrote: what a distribution becomes between a port and the elements of an array.

use super::draft::Draft;
use rdcl_base::NodeId;
use rdcl_core::{Bv, CmpOp, Cond, End, Expr, HeaderKind, PortDecl, PortId, Program, Shape, Stack};
use std::num::NonZeroU32;

/// What a distribution looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Balance {
    /// Both addresses, the protocol and both ports, whichever comes first: both directions of a flow are alike.
    Flow,
    /// The address of the source.
    Source,
    /// The address of the destination.
    Destination,
}

impl Balance {
    /// Every distribution.
    pub const ALL: [Balance; 3] = [Balance::Flow, Balance::Source, Balance::Destination];

    /// The name after `balance by`.
    pub fn name(self) -> &'static str {
        match self {
            Balance::Flow => "flow",
            Balance::Source => "source",
            Balance::Destination => "destination",
        }
    }
}

const FRONT: PortId = PortId(0);

/// The ports: `front`, then one for each element.
pub fn balancer_ports(stack: Stack, size: NonZeroU32) -> Vec<PortDecl> {
    let names = std::iter::once("front".to_owned()).chain((0..size.get()).map(|i| format!("back[{i}]")));
    names.map(|name| PortDecl { name, stack }).collect()
}

/// The balancer: what enters at port 0 (`front`) leaves towards the element that a hash of what is looked at tells; what
/// enters at any other port leaves at port 0.
pub fn lower_balancer(stack: Stack, by: Balance, size: NonZeroU32) -> Program {
    let (mut draft, node) = (Draft::default(), NodeId::default());
    let on = Expr::Hash(keys(stack, by), size);
    let mut towards: Vec<_> = (1..=size.get()).map(|i| draft.ended(End::Forward(PortId(i)), node)).collect();
    let last = towards.pop();
    let arms = (0u128..).zip(towards).collect();
    let front = last.map(|default| draft.ended(End::Switch { on, arms, default }, node));
    let back = draft.ended(End::Forward(FRONT), node);
    let mut entry = vec![front];
    entry.extend((0..size.get()).map(|_| Some(back)));
    let (blocks, _) = draft.finish(&mut entry);
    Program { ports: balancer_ports(stack, size), blocks, entry, ..Program::default() }
}

fn keys(stack: Stack, by: Balance) -> Vec<Expr> {
    use HeaderKind::{Eth, Ip4, Ip6, Tcp, Udp};
    let of = |fields: &[(HeaderKind, &str)], width| value(stack, fields, width);
    let source = || of(&[(Ip4, "src"), (Ip6, "src"), (Eth, "src")], 128);
    let destination = || of(&[(Ip4, "dst"), (Ip6, "dst"), (Eth, "dst")], 128);
    match by {
        Balance::Source => vec![source()],
        Balance::Destination => vec![destination()],
        Balance::Flow => {
            let protocol = of(&[(Ip4, "proto"), (Ip6, "next")], 8);
            let ports = ordered(of(&[(Tcp, "sport"), (Udp, "sport")], 16), of(&[(Tcp, "dport"), (Udp, "dport")], 16));
            [ordered(source(), destination()).as_slice(), &[protocol], &ports].concat()
        }
    }
}

/// The lesser value, then the greater.
fn ordered(a: Expr, b: Expr) -> [Expr; 2] {
    let less = Cond::Cmp(CmpOp::Ult, a.clone(), b.clone());
    let pick = |x: &Expr, y: &Expr| Expr::Ite(Box::new(less.clone()), Box::new(x.clone()), Box::new(y.clone()));
    [pick(&a, &b), pick(&b, &a)]
}

/// The value of the first of these fields whose header is there, or 0.
fn value(stack: Stack, fields: &[(HeaderKind, &str)], width: u16) -> Expr {
    let shapes = Shape::of_stack(stack);
    let mut value = Expr::Const(Bv::new(width, 0));
    for (header, name) in fields.iter().rev() {
        let Some(field) = header.field(name).filter(|_| shapes.iter().any(|shape| shape.has(*header))) else {
            continue;
        };
        let read = match Expr::Field(field) {
            same if field.width() == width => same,
            narrow => Expr::Zext(width, Box::new(narrow)),
        };
        value = match stack.required.has(*header) {
            true => read,
            false => Expr::Ite(Box::new(Cond::Has(*header)), Box::new(read), Box::new(value)),
        };
    }
    value
}
