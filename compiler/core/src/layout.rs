//! The formats of headers: which fields there are, in wire order, how wide each is and what keeps it right.
//!
//! Sources: IEEE 802.3 and 802.1Q (Ethernet, tags), RFC 3032 (MPLS), RFC 826 (ARP), RFC 791 (IPv4), RFC 8200 (IPv6 and
//! its fragment header), RFC 9293 (TCP), RFC 768 (UDP), RFC 792 (ICMP), RFC 4443 (ICMPv6), RFC 2784 (GRE), RFC 4303
//! (ESP), RFC 7348 (VXLAN), 3GPP TS 29.281 (GTP-U).

use crate::field::{Derivation, FieldDecl, Role};
use crate::user::UserHeader;

/// A format. Headers inside and outside a tunnel share theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Layout {
    Eth,
    Vlan,
    Mpls,
    Arp,
    Ip4,
    Ip6,
    Frag,
    Tcp,
    Udp,
    Icmp,
    Icmp6,
    Gre,
    Esp,
    Vxlan,
    Gtpu,
    User(UserHeader),
}

impl Layout {
    /// Its fields, in wire order.
    pub fn fields(self) -> &'static [FieldDecl] {
        match self {
            Layout::Eth => ETH,
            Layout::Vlan => VLAN,
            Layout::Mpls => MPLS,
            Layout::Arp => ARP,
            Layout::Ip4 => IP4,
            Layout::Ip6 => IP6,
            Layout::Frag => FRAG,
            Layout::Tcp => TCP,
            Layout::Udp => UDP,
            Layout::Icmp | Layout::Icmp6 => ICMP,
            Layout::Gre => GRE,
            Layout::Esp => ESP,
            Layout::Vxlan => VXLAN,
            Layout::Gtpu => GTPU,
            Layout::User(header) => header.fields(),
        }
    }

    /// Length on the wire, in bytes (without options).
    pub fn length(self) -> usize {
        match self {
            Layout::Eth => 14,
            Layout::Vlan | Layout::Mpls | Layout::Gre => 4,
            Layout::Arp => 28,
            Layout::Ip4 | Layout::Tcp => 20,
            Layout::Ip6 => 40,
            Layout::Frag | Layout::Udp | Layout::Icmp | Layout::Icmp6 => 8,
            Layout::Esp | Layout::Vxlan | Layout::Gtpu => 8,
            Layout::User(header) => header.length(),
        }
    }

    /// Whether it is IPv4 or IPv6.
    pub fn is_ip(self) -> bool {
        matches!(self, Layout::Ip4 | Layout::Ip6)
    }

    /// Whether it has a checksum over what follows it.
    pub fn is_transport(self) -> bool {
        matches!(self, Layout::Tcp | Layout::Udp | Layout::Icmp | Layout::Icmp6)
    }

    /// The protocol number in the pseudo header of its checksum; none without pseudo header.
    pub fn pseudo_protocol(self) -> Option<u8> {
        match self {
            Layout::Tcp => Some(6),
            Layout::Udp => Some(17),
            Layout::Icmp6 => Some(58),
            Layout::Eth | Layout::Vlan | Layout::Mpls | Layout::Arp | Layout::Ip4 | Layout::Ip6 | Layout::Frag => None,
            Layout::Icmp | Layout::Gre | Layout::Esp | Layout::Vxlan | Layout::Gtpu | Layout::User(_) => None,
        }
    }
}

const fn plain(name: &'static str, width: u16) -> FieldDecl {
    FieldDecl { name, width, role: Role::Plain, preferred: None }
}

const fn derived(name: &'static str, width: u16, from: Derivation) -> FieldDecl {
    FieldDecl { name, width, role: Role::Derived(from), preferred: None }
}

const fn fixed(name: &'static str, width: u16, value: u128) -> FieldDecl {
    derived(name, width, Derivation::Fixed(value))
}

const fn hops(name: &'static str) -> FieldDecl {
    FieldDecl { name, width: 8, role: Role::HopLimit, preferred: Some(64) }
}

static ETH: &[FieldDecl] = &[plain("dst", 48), plain("src", 48), derived("type", 16, Derivation::NextProtocol)];

static VLAN: &[FieldDecl] =
    &[plain("pcp", 3), plain("dei", 1), plain("id", 12), derived("type", 16, Derivation::NextProtocol)];

static MPLS: &[FieldDecl] = &[plain("label", 20), plain("tc", 3), plain("bottom", 1), hops("ttl")];

static ARP: &[FieldDecl] = &[
    fixed("hardware", 16, 1),
    fixed("protocol", 16, 0x0800),
    fixed("hlen", 8, 6),
    fixed("plen", 8, 4),
    plain("op", 16),
    plain("sha", 48),
    plain("spa", 32),
    plain("tha", 48),
    plain("tpa", 32),
];

static IP4: &[FieldDecl] = &[
    fixed("version", 4, 4),
    fixed("ihl", 4, 5),
    plain("dscp", 6),
    plain("ecn", 2),
    derived("len", 16, Derivation::Length),
    plain("id", 16),
    // Bit 0 is reserved, bit 1 is "don't fragment", bit 2 is "more fragments": the parser wants 0 and 0 around it.
    fixed("reserved", 1, 0),
    plain("df", 1),
    fixed("mf", 1, 0),
    fixed("frag", 13, 0),
    hops("ttl"),
    derived("proto", 8, Derivation::NextProtocol),
    derived("csum", 16, Derivation::Checksum),
    plain("src", 32),
    plain("dst", 32),
];

static IP6: &[FieldDecl] = &[
    fixed("version", 4, 6),
    plain("dscp", 6),
    plain("ecn", 2),
    plain("flow", 20),
    derived("len", 16, Derivation::Length),
    derived("next", 8, Derivation::NextProtocol),
    hops("hops"),
    plain("src", 128),
    plain("dst", 128),
];

static FRAG: &[FieldDecl] = &[
    plain("next", 8),
    plain("reserved", 8),
    plain("offset", 13),
    plain("reserved2", 2),
    plain("more", 1),
    plain("id", 32),
];

static TCP: &[FieldDecl] = &[
    plain("sport", 16),
    plain("dport", 16),
    plain("seq", 32),
    plain("ackno", 32),
    derived("offset", 4, Derivation::Length),
    plain("reserved", 3),
    plain("ns", 1),
    plain("cwr", 1),
    plain("ece", 1),
    plain("urg", 1),
    plain("ack", 1),
    plain("psh", 1),
    plain("rst", 1),
    plain("syn", 1),
    plain("fin", 1),
    plain("window", 16),
    derived("csum", 16, Derivation::Checksum),
    plain("urgptr", 16),
];

static UDP: &[FieldDecl] = &[
    plain("sport", 16),
    plain("dport", 16),
    derived("len", 16, Derivation::Length),
    derived("csum", 16, Derivation::Checksum),
];

static ICMP: &[FieldDecl] =
    &[plain("type", 8), plain("code", 8), derived("csum", 16, Derivation::Checksum), plain("id", 16), plain("seq", 16)];

static GRE: &[FieldDecl] =
    &[fixed("flags", 13, 0), fixed("version", 3, 0), derived("proto", 16, Derivation::NextProtocol)];

static ESP: &[FieldDecl] = &[plain("spi", 32), plain("seq", 32)];

static VXLAN: &[FieldDecl] = &[fixed("flags", 8, 8), plain("reserved", 24), plain("vni", 24), plain("reserved2", 8)];

static GTPU: &[FieldDecl] = &[
    fixed("version", 3, 1),
    fixed("pt", 1, 1),
    fixed("flags", 4, 0),
    FieldDecl { name: "type", width: 8, role: Role::Plain, preferred: Some(255) },
    derived("len", 16, Derivation::Length),
    plain("teid", 32),
];
