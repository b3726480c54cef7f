//! Header fields: from `ip.src`, `l4.sport` or `IPSrc` to a field that is there for sure.

use super::flow::Flow;
use super::{Lower, fold, problem};
use crate::headers::metadata::META;
use rdcl_base::NodeId;
use rdcl_core::{Cond, Expr, Field, HeaderKind, Shape};
use rdcl_syntax::ast;
use std::collections::BTreeSet;

/// What a field expression names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// One field.
    One(Field),
    /// A field of TCP or its counterpart in UDP, whichever is there.
    L4(Field, Field),
}

/// Names of fields in published SEFL.
const ALIASES: &[(&str, HeaderKind, &str)] = &[
    ("EtherDst", HeaderKind::Eth, "dst"),
    ("EtherSrc", HeaderKind::Eth, "src"),
    ("EtherType", HeaderKind::Eth, "type"),
    ("PCP", HeaderKind::Vlan, "pcp"),
    ("DEI", HeaderKind::Vlan, "dei"),
    ("VLANTag", HeaderKind::Vlan, "id"),
    ("IPVersion", HeaderKind::Ip4, "version"),
    ("IPID", HeaderKind::Ip4, "id"),
    ("TTL", HeaderKind::Ip4, "ttl"),
    ("Proto", HeaderKind::Ip4, "proto"),
    ("IPSrc", HeaderKind::Ip4, "src"),
    ("IPDst", HeaderKind::Ip4, "dst"),
    ("TcpSrc", HeaderKind::Tcp, "sport"),
    ("TcpDst", HeaderKind::Tcp, "dport"),
    ("UDPSrc", HeaderKind::Udp, "sport"),
    ("UDPDst", HeaderKind::Udp, "dport"),
    ("ICMPType", HeaderKind::Icmp, "type"),
    ("ICMPCode", HeaderKind::Icmp, "code"),
];

/// The field with this name in published SEFL.
pub(super) fn alias(name: &str) -> Option<Access> {
    let (_, header, field) = ALIASES.iter().find(|a| a.0 == name)?;
    header.field(field).map(Access::One)
}

impl Access {
    /// Width in bits.
    pub fn width(self) -> u16 {
        match self {
            Access::One(field) | Access::L4(field, _) => field.width(),
        }
    }

    /// The fields it may be.
    pub fn fields(self) -> Vec<Field> {
        match self {
            Access::One(field) => vec![field],
            Access::L4(tcp, udp) => vec![tcp, udp],
        }
    }

    /// Whether a packet of this shape has it.
    pub fn is_in(self, shape: Shape) -> bool {
        self.fields().iter().any(|f| shape.has(f.header))
    }

    /// The same, without the alternative that is ruled out.
    pub fn settled(self, flow: &Flow) -> Access {
        match self {
            Access::L4(tcp, udp) => match flow.presence(HeaderKind::Tcp) {
                Some(true) => Access::One(tcp),
                Some(false) => Access::One(udp),
                None => self,
            },
            Access::One(_) => self,
        }
    }

    fn expr(self) -> Expr {
        match self {
            Access::One(field) => Expr::Field(field),
            Access::L4(tcp, udp) => fold::ite(Cond::Has(HeaderKind::Tcp), Expr::Field(tcp), Expr::Field(udp)),
        }
    }

    /// How it is written.
    pub fn name(self) -> String {
        match self {
            Access::One(field) => field.to_string(),
            Access::L4(tcp, _) => format!("l4.{}", tcp.decl().name),
        }
    }

    /// The tests that prove that it is there.
    pub fn proofs(self) -> String {
        let tests: Vec<String> = self.fields().iter().map(|f| format!("has {}", f.header.name())).collect();
        if let [one] = tests.as_slice() { one.clone() } else { format!("({})", tests.join(" or ")) }
    }
}

impl Lower<'_> {
    /// Whether a word stands for a header in `word.field`.
    pub(super) fn is_header(&self, word: &str) -> bool {
        word == "l4" || word == META || self.header_named(word).is_some()
    }

    /// The field `header.name`.
    pub(super) fn field(&mut self, header: &ast::Name, name: &ast::Name) -> Option<Access> {
        if header.text == "l4" {
            return self.l4_field(name);
        }
        let Some(kind) = self.header_named(&header.text) else {
            return self.fault(self.unknown_header(header));
        };
        match kind.field(&name.text) {
            Some(field) => Some(Access::One(field)),
            None => {
                let known = kind.fields().iter().map(|f| f.name);
                self.fault(problem::unknown_field(&header.text, &name.text, name.node, known))
            }
        }
    }

    fn l4_field(&mut self, name: &ast::Name) -> Option<Access> {
        match name.text.as_str() {
            "sport" | "dport" => {
                let field = |header: HeaderKind| header.field(&name.text);
                field(HeaderKind::Tcp).zip(field(HeaderKind::Udp)).map(|(tcp, udp)| Access::L4(tcp, udp))
            }
            _ => self.fault(problem::unknown_field("l4", &name.text, name.node, ["sport", "dport"])),
        }
    }

    /// The value of a field, if it is there for sure and may be read.
    pub(super) fn read_field(&mut self, flow: &Flow, access: Access, node: NodeId) -> Option<(Expr, u16)> {
        let access = self.present(flow, access, node)?;
        if let Some(field) = access.fields().into_iter().find(|f| !f.is_readable()) {
            return self.fault(problem::unreadable(field, node));
        }
        if let Some(field) = access.fields().into_iter().find(|f| flow.unset.contains(f)) {
            return self.fault(problem::field_unset(field, node));
        }
        Some((access.expr(), access.width()))
    }

    /// The field to write, if it is there for sure and may be written.
    pub(super) fn written_field(&mut self, flow: &Flow, access: Access, node: NodeId) -> Option<Access> {
        let access = self.present(flow, access, node)?;
        match access.fields().into_iter().find(|f| !f.is_writable()) {
            Some(field) => self.fault(problem::unwritable(field, node)),
            None => Some(access),
        }
    }

    fn present(&mut self, flow: &Flow, access: Access, node: NodeId) -> Option<Access> {
        let lacking: BTreeSet<Shape> = flow.shapes.iter().copied().filter(|s| !access.is_in(*s)).collect();
        if lacking.is_empty() || flow.vague {
            return Some(access.settled(flow));
        }
        self.fault(problem::header_may_be_absent(&access.name(), &access.proofs(), &lacking, self.setting, node))
    }
}
