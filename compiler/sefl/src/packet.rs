//! The packets that a program can begin from: none, the six fields of the published examples, or a stack of headers,
//! symbolic or as bytes say.

use crate::layout;
use crate::machine::{Options, start};
use crate::state::State;
use rdcl_core::{Derivation, HeaderKind, Role, Shape};

/// A packet to begin from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    tags: Vec<(&'static str, i64)>,
    fields: Vec<Start>,
}

/// A header object to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Start {
    at: i64,
    width: u16,
    /// `IPSrc`, or `ip.df` where there is no published name.
    label: String,
    /// `ip.src`; empty for none.
    native: String,
    /// Symbolic without.
    value: Option<u128>,
}

/// Why there is no such packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketError(pub String);

impl std::fmt::Display for PacketError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PacketError {}

impl Packet {
    /// No header object and no tag.
    pub fn empty() -> Packet {
        Packet::default()
    }

    /// The packet of the published examples: `L3` at 0 and `L4` at 160, addresses, protocol and TCP ports symbolic, a
    /// hop limit of 255.
    pub fn pkt() -> Packet {
        let field = |label: &str, value| {
            let field = layout::alias(label).expect("these are published fields");
            let base = if field.tag == "L4" { 160 } else { 0 };
            let width = field.width.unwrap_or(0);
            Start { at: base + field.offset, width, label: label.to_owned(), native: String::new(), value }
        };
        let symbolic = ["IPSrc", "IPDst", "Proto", "TcpSrc", "TcpDst"].map(|label| field(label, None));
        let fields = symbolic.into_iter().chain([field("TTL", Some(255))]).collect();
        Packet { tags: vec![("L3", 0), ("L4", 160)], fields }
    }

    /// Headers one after another, outermost first and from bit 0: `L2`, `L3`, `L4` at their beginnings, `START` and
    /// `END` around. Fields are symbolic but for those that say what follows, and those that have one legal value.
    ///
    /// # Errors
    /// A header that cannot follow.
    pub fn stack(headers: &[HeaderKind]) -> Result<Packet, PacketError> {
        let (mut tags, mut fields, mut at) = (vec![("START", 0)], Vec::new(), 0);
        for (index, header) in headers.iter().enumerate() {
            let next = headers.get(index + 1);
            if let Some(next) = next.filter(|next| !header.links_to(**next)) {
                return Err(PacketError(format!("`{}` cannot follow `{}`", next.name(), header.name())));
            }
            tags.extend(layout::tag_of(*header).map(|tag| (tag, at)));
            let base = tags.last().map_or(0, |tag| tag.1);
            for decl in header.fields() {
                let native = format!("{}.{}", header.name(), decl.name);
                let value = match decl.role {
                    Role::Derived(Derivation::Fixed(value)) => Some(value),
                    Role::Derived(Derivation::NextProtocol) => next.and_then(|next| header.number_of(*next)),
                    Role::Derived(Derivation::Length | Derivation::Checksum) | Role::Plain | Role::HopLimit => None,
                };
                let label = layout::published(header.name(), at - base, decl.width).unwrap_or(&native).to_owned();
                fields.push(Start { at, width: decl.width, label, native, value });
                at += i64::from(decl.width);
            }
        }
        tags.push(("END", at));
        Ok(Packet { tags, fields })
    }

    /// The headers that bytes begin with, with the values they have; the rest of the bytes is no header object, and
    /// `END` is behind it. What follows IPv4 options, or stands in a later fragment, is rest.
    ///
    /// # Errors
    /// Bytes that end within a header.
    pub fn bytes(bytes: &[u8], outermost: HeaderKind) -> Result<Packet, PacketError> {
        let mut headers = vec![outermost];
        let mut packet = Packet::stack(&headers)?;
        loop {
            packet.fill(bytes)?;
            let last = *headers.last().unwrap_or(&outermost);
            let says = last.next_protocol().and_then(|field| {
                let native = format!("{}.{}", last.name(), field.decl().name);
                packet.fields.iter().rev().find(|f| f.native == native).and_then(|f| f.value)
            });
            let mut known = last.followers().filter(|h| Shape::BASE.has(*h));
            let next = known.find(|h| says.is_some() && last.number_of(*h) == says);
            let Some(next) = next.filter(|_| !packet.hides_what_follows()) else { break };
            headers.push(next);
            packet = Packet::stack(&headers)?;
        }
        packet.tags.retain(|tag| tag.0 != "END");
        packet.tags.push(("END", bytes.len() as i64 * 8));
        Ok(packet)
    }

    /// Whether options, or an earlier fragment, stand between the IPv4 header and what it announces.
    fn hides_what_follows(&self) -> bool {
        let is = |native: &str, value| self.fields.iter().any(|f| f.native == native && f.value == Some(value));
        self.fields.last().is_some_and(|f| f.native.starts_with("ip.")) && !(is("ip.ihl", 5) && is("ip.frag", 0))
    }

    fn fill(&mut self, bytes: &[u8]) -> Result<(), PacketError> {
        for field in &mut self.fields {
            let bits = (field.at..field.at + i64::from(field.width)).map(|bit| {
                let byte = bytes.get((bit / 8) as usize)?;
                Some(u128::from(byte >> (7 - bit % 8) & 1))
            });
            let value = bits.into_iter().try_fold(0, |value, bit| Some(value << 1 | bit?));
            field.value = Some(value.ok_or_else(|| {
                PacketError(format!("the packet ends after {} bytes, within `{}`", bytes.len(), field.label))
            })?);
        }
        Ok(())
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.label.as_str())
    }

    /// Gives a field, by its published or native name, a value.
    ///
    /// # Errors
    /// A value that does not fit. `Ok(false)`: there is no such field.
    pub fn set(&mut self, name: &str, value: u128) -> Result<bool, PacketError> {
        let native = || name.split_once('.').and_then(|(header, field)| layout::native(header, field));
        let named = layout::alias(name).or_else(native).and_then(|field| self.at(field));
        let found = self.fields.iter_mut().find(|f| f.label == name || f.native == name || Some(f.at) == named);
        let Some(field) = found else { return Ok(false) };
        if value > rdcl_core::mask(field.width) {
            return Err(PacketError(format!("{value} does not fit in the {} bits of `{name}`", field.width)));
        }
        field.value = Some(value);
        Ok(true)
    }

    fn at(&self, field: layout::Field) -> Option<i64> {
        self.tags.iter().find(|tag| tag.0 == field.tag).map(|tag| tag.1 + field.offset)
    }

    /// The state a program begins in.
    pub fn state(&self, options: &Options) -> State {
        let fields = self.fields.iter().map(|f| (f.at, u32::from(f.width), f.label.clone(), f.value)).collect();
        start(fields, &self.tags, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_called_after_their_headers() {
        let names = |headers: &[HeaderKind]| {
            let packet = Packet::stack(headers).expect("these follow one another");
            packet.names().map(str::to_owned).collect::<Vec<_>>()
        };
        let udp = names(&[HeaderKind::Ip4, HeaderKind::Udp, HeaderKind::Vxlan]);
        assert!(udp.iter().any(|n| n == "UDPSrc") && udp.iter().any(|n| n == "VXLANVni"), "{udp:?}");
        assert!(!udp.iter().any(|n| n.starts_with("Tcp") || n.starts_with("ESP")), "{udp:?}");
        let arp = names(&[HeaderKind::Eth, HeaderKind::Arp]);
        assert!(arp.iter().any(|n| n == "ARPProtocolType") && !arp.iter().any(|n| n.starts_with("VLAN")), "{arp:?}");
    }
}
