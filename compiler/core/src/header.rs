//! Headers: which there are, how each announces the next, and what a field is.
//!
//! A packet has each header at most once, in the order of [`HeaderKind`]. A tunnel gives it a second *level*: the
//! packet that is carried has headers of its own, the inner ones. What is nested deeper is payload. The formats
//! themselves are in `layout`, headers that programs declare in `user`.

use crate::field::{Field, FieldDecl};
use crate::layout::Layout;
use crate::user::UserHeader;
use std::cmp::Ordering;

/// A header this version understands. The order is the order on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeaderKind {
    /// Ethernet II.
    Eth,
    /// The service tag of IEEE 802.1Q (once 802.1ad, "QinQ"), the outer one of two.
    Svlan,
    /// One IEEE 802.1Q tag.
    Vlan,
    /// The top entry of an MPLS label stack (RFC 3032); what follows is payload.
    Mpls,
    /// ARP for IPv4 over Ethernet (RFC 826).
    Arp,
    /// IPv4 without options, not a fragment.
    Ip4,
    /// IPv6 (RFC 8200).
    Ip6,
    /// The fragment header of IPv6 (RFC 8200, section 4.5); what follows is payload.
    Frag,
    /// TCP; options travel with the payload.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP; the rest of the header is read as identifier and sequence number.
    Icmp,
    /// ICMPv6 (RFC 4443), read like ICMP.
    Icmp6,
    /// GRE (RFC 2784) without checksum, key and sequence number.
    Gre,
    /// ESP (RFC 4303); what follows the sequence number is opaque.
    Esp,
    /// VXLAN (RFC 7348), to UDP port 4789.
    Vxlan,
    /// GTP-U (3GPP TS 29.281) without optional fields, to UDP port 2152.
    Gtpu,
    /// Ethernet of the packet in a tunnel.
    InnerEth,
    /// Its service tag.
    InnerSvlan,
    /// Its 802.1Q tag.
    InnerVlan,
    /// The MPLS label of the packet in a tunnel.
    InnerMpls,
    /// ARP in a tunnel.
    InnerArp,
    /// IPv4 of the packet in a tunnel.
    InnerIp4,
    /// IPv6 of the packet in a tunnel.
    InnerIp6,
    /// The fragment header of the packet in a tunnel.
    InnerFrag,
    /// TCP of the packet in a tunnel.
    InnerTcp,
    /// UDP of the packet in a tunnel.
    InnerUdp,
    /// ICMP of the packet in a tunnel.
    InnerIcmp,
    /// ICMPv6 of the packet in a tunnel.
    InnerIcmp6,
    /// ESP in a tunnel.
    InnerEsp,
    /// One that a program declares.
    User(UserHeader),
}

/// How a header says that another one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// Its selector has this value.
    Number(u128),
    /// Its selector has this value, and the four bits after the header are these.
    Nibble(u128, u8),
    /// The other header always follows.
    Always,
}

use HeaderKind::*;

impl HeaderKind {
    /// All built-in headers, in wire order.
    pub const ALL: [HeaderKind; 29] = [
        Eth, Svlan, Vlan, Mpls, Arp, Ip4, Ip6, Frag, Tcp, Udp, Icmp, Icmp6, Gre, Esp, Vxlan, Gtpu, InnerEth,
        InnerSvlan, InnerVlan, InnerMpls, InnerArp, InnerIp4, InnerIp6, InnerFrag, InnerTcp, InnerUdp, InnerIcmp,
        InnerIcmp6, InnerEsp,
    ];

    /// The name used in SEFL: `ip`, `tcp`, `inner.ip`…
    pub fn name(self) -> &'static str {
        match self {
            Eth => "eth",
            Svlan => "svlan",
            Vlan => "vlan",
            Mpls => "mpls",
            Arp => "arp",
            Ip4 => "ip",
            Ip6 => "ip6",
            Frag => "frag",
            Tcp => "tcp",
            Udp => "udp",
            Icmp => "icmp",
            Icmp6 => "icmp6",
            Gre => "gre",
            Esp => "esp",
            Vxlan => "vxlan",
            Gtpu => "gtpu",
            InnerEth => "inner.eth",
            InnerSvlan => "inner.svlan",
            InnerVlan => "inner.vlan",
            InnerMpls => "inner.mpls",
            InnerArp => "inner.arp",
            InnerIp4 => "inner.ip",
            InnerIp6 => "inner.ip6",
            InnerFrag => "inner.frag",
            InnerTcp => "inner.tcp",
            InnerUdp => "inner.udp",
            InnerIcmp => "inner.icmp",
            InnerIcmp6 => "inner.icmp6",
            InnerEsp => "inner.esp",
            User(header) => header.name(),
        }
    }

    /// The built-in header with this SEFL name.
    pub fn from_name(name: &str) -> Option<HeaderKind> {
        HeaderKind::ALL.into_iter().find(|h| h.name() == name)
    }

    /// Its format.
    pub fn layout(self) -> Layout {
        match self {
            Eth | InnerEth => Layout::Eth,
            Svlan | Vlan | InnerSvlan | InnerVlan => Layout::Vlan,
            Mpls | InnerMpls => Layout::Mpls,
            Arp | InnerArp => Layout::Arp,
            Ip4 | InnerIp4 => Layout::Ip4,
            Ip6 | InnerIp6 => Layout::Ip6,
            Frag | InnerFrag => Layout::Frag,
            Tcp | InnerTcp => Layout::Tcp,
            Udp | InnerUdp => Layout::Udp,
            Icmp | InnerIcmp => Layout::Icmp,
            Icmp6 | InnerIcmp6 => Layout::Icmp6,
            Gre => Layout::Gre,
            Esp | InnerEsp => Layout::Esp,
            Vxlan => Layout::Vxlan,
            Gtpu => Layout::Gtpu,
            User(header) => Layout::User(header),
        }
    }

    /// The bit of a built-in header in the sets of them.
    pub(crate) const fn bit(self) -> u32 {
        match self {
            Eth => 1,
            Svlan => 1 << 1,
            Vlan => 1 << 2,
            Mpls => 1 << 3,
            Arp => 1 << 4,
            Ip4 => 1 << 5,
            Ip6 => 1 << 6,
            Frag => 1 << 7,
            Tcp => 1 << 8,
            Udp => 1 << 9,
            Icmp => 1 << 10,
            Icmp6 => 1 << 11,
            Gre => 1 << 12,
            Esp => 1 << 13,
            Vxlan => 1 << 14,
            Gtpu => 1 << 15,
            InnerEth => 1 << 16,
            InnerSvlan => 1 << 17,
            InnerVlan => 1 << 18,
            InnerMpls => 1 << 19,
            InnerArp => 1 << 20,
            InnerIp4 => 1 << 21,
            InnerIp6 => 1 << 22,
            InnerFrag => 1 << 23,
            InnerTcp => 1 << 24,
            InnerUdp => 1 << 25,
            InnerIcmp => 1 << 26,
            InnerIcmp6 => 1 << 27,
            InnerEsp => 1 << 28,
            User(_) => 0,
        }
    }

    /// Its place in wire order: that of the built-in header it is or comes after, counted from one, and how many declared
    /// ones are on the way from there. What comes before all has the place zero.
    pub(crate) fn rank(self) -> (usize, usize) {
        match self {
            User(header) => header.rank(),
            _ => (self.bit().trailing_zeros() as usize + 1, 0),
        }
    }

    /// Whether it belongs to the packet in a tunnel.
    pub fn is_inner(self) -> bool {
        match self {
            User(header) => header.is_inner(),
            _ => self >= InnerEth,
        }
    }

    /// The same header of the packet in a tunnel, where there is one.
    pub fn inner(self) -> Option<HeaderKind> {
        match self {
            Eth => Some(InnerEth),
            Svlan => Some(InnerSvlan),
            Vlan => Some(InnerVlan),
            Mpls => Some(InnerMpls),
            Arp => Some(InnerArp),
            Ip4 => Some(InnerIp4),
            Ip6 => Some(InnerIp6),
            Frag => Some(InnerFrag),
            Tcp => Some(InnerTcp),
            Udp => Some(InnerUdp),
            Icmp => Some(InnerIcmp),
            Icmp6 => Some(InnerIcmp6),
            Esp => Some(InnerEsp),
            // What is nested deeper is payload.
            Gre | Vxlan | Gtpu => None,
            InnerEth | InnerSvlan | InnerVlan | InnerMpls | InnerArp | InnerIp4 | InnerIp6 => None,
            InnerFrag | InnerTcp | InnerUdp | InnerIcmp | InnerIcmp6 | InnerEsp => None,
            User(header) => header.inner().map(User),
        }
    }

    /// The same header outside a tunnel, of one inside.
    pub fn outer(self) -> Option<HeaderKind> {
        match self {
            User(header) => header.outer().map(User),
            _ => HeaderKind::ALL.into_iter().find(|h| h.inner() == Some(self)),
        }
    }

    /// Its fields, in wire order; their widths add up to a whole number of bytes.
    pub fn fields(self) -> &'static [FieldDecl] {
        self.layout().fields()
    }

    /// The field with this name.
    pub fn field(self, name: &str) -> Option<Field> {
        let index = self.fields().iter().position(|f| f.name == name)?;
        Some(Field { header: self, index: index as u8 })
    }

    /// Length on the wire, in bytes (without options).
    pub fn length(self) -> usize {
        self.layout().length()
    }

    /// The number by which IP announces this header, if it does.
    pub fn ip_protocol(self) -> Option<u128> {
        let number = |below: HeaderKind| below.number_of(self);
        number(Ip4).or_else(|| number(Ip6)).or_else(|| number(InnerIp4)).or_else(|| number(InnerIp6))
    }

    /// The number by which this header announces another that may follow it directly.
    pub fn number_of(self, next: HeaderKind) -> Option<u128> {
        match self.cue_of(next)? {
            Cue::Number(number) | Cue::Nibble(number, _) => Some(number),
            Cue::Always => None,
        }
    }

    /// How this header says that another follows it directly, if it can.
    pub fn cue_of(self, next: HeaderKind) -> Option<Cue> {
        let own = self.links().iter().find(|(to, _)| *to == next).map(|(_, cue)| *cue);
        own.or_else(|| match next {
            User(header) => header.number_after(self).map(Cue::Number),
            _ => None,
        })
    }

    /// The field in which this header announces the next one, and which follows from it.
    pub fn next_protocol(self) -> Option<Field> {
        match self.layout() {
            Layout::Eth | Layout::Vlan => self.field("type"),
            Layout::Ip4 | Layout::Gre => self.field("proto"),
            Layout::Ip6 => self.field("next"),
            Layout::Mpls | Layout::Arp | Layout::Frag | Layout::Tcp | Layout::Udp => None,
            Layout::Icmp | Layout::Icmp6 | Layout::Esp | Layout::Vxlan | Layout::Gtpu => None,
            Layout::User(header) => header.selector().map(|at| Field { header: self, index: at as u8 }),
        }
    }

    /// The field by which the next header is told: [`HeaderKind::next_protocol`], or one that programs write, too.
    pub fn selector(self) -> Option<Field> {
        match self {
            Udp => self.field("dport"),
            Gtpu => self.field("type"),
            _ => self.next_protocol(),
        }
    }

    /// Built-in headers that may come directly after this one, and how this one says so. What a program declares is in
    /// [`Shape::links`](crate::Shape::links), too.
    pub fn links(self) -> &'static [(HeaderKind, Cue)] {
        use Cue::{Always, Nibble, Number};
        match self {
            Eth => &[
                (Svlan, Number(0x88a8)),
                (Vlan, Number(0x8100)),
                (Mpls, Number(0x8847)),
                (Arp, Number(0x0806)),
                (Ip4, Number(0x0800)),
                (Ip6, Number(0x86dd)),
            ],
            Svlan => &[
                (Vlan, Number(0x8100)),
                (Mpls, Number(0x8847)),
                (Arp, Number(0x0806)),
                (Ip4, Number(0x0800)),
                (Ip6, Number(0x86dd)),
            ],
            Vlan => &[(Mpls, Number(0x8847)), (Arp, Number(0x0806)), (Ip4, Number(0x0800)), (Ip6, Number(0x86dd))],
            Ip4 => &[
                (Tcp, Number(6)),
                (Udp, Number(17)),
                (Icmp, Number(1)),
                (Gre, Number(47)),
                (Esp, Number(50)),
                (InnerIp4, Number(4)),
                (InnerIp6, Number(41)),
            ],
            Ip6 => &[
                (Frag, Number(44)),
                (Tcp, Number(6)),
                (Udp, Number(17)),
                (Icmp6, Number(58)),
                (Gre, Number(47)),
                (Esp, Number(50)),
                (InnerIp4, Number(4)),
                (InnerIp6, Number(41)),
            ],
            Udp => &[(Vxlan, Number(4789)), (Gtpu, Number(2152))],
            Gre => &[(InnerEth, Number(0x6558)), (InnerIp4, Number(0x0800)), (InnerIp6, Number(0x86dd))],
            Vxlan => &[(InnerEth, Always)],
            Gtpu => &[(InnerIp4, Nibble(255, 4)), (InnerIp6, Nibble(255, 6))],
            InnerEth => &[
                (InnerSvlan, Number(0x88a8)),
                (InnerVlan, Number(0x8100)),
                (InnerMpls, Number(0x8847)),
                (InnerArp, Number(0x0806)),
                (InnerIp4, Number(0x0800)),
                (InnerIp6, Number(0x86dd)),
            ],
            InnerSvlan => &[
                (InnerVlan, Number(0x8100)),
                (InnerMpls, Number(0x8847)),
                (InnerArp, Number(0x0806)),
                (InnerIp4, Number(0x0800)),
                (InnerIp6, Number(0x86dd)),
            ],
            InnerVlan => &[
                (InnerMpls, Number(0x8847)),
                (InnerArp, Number(0x0806)),
                (InnerIp4, Number(0x0800)),
                (InnerIp6, Number(0x86dd)),
            ],
            InnerIp4 => {
                &[(InnerTcp, Number(6)), (InnerUdp, Number(17)), (InnerIcmp, Number(1)), (InnerEsp, Number(50))]
            }
            InnerIp6 => &[
                (InnerFrag, Number(44)),
                (InnerTcp, Number(6)),
                (InnerUdp, Number(17)),
                (InnerIcmp6, Number(58)),
                (InnerEsp, Number(50)),
            ],
            Mpls | Arp | Frag | Tcp | Icmp | Icmp6 | Esp => &[],
            InnerMpls | InnerArp | InnerFrag | InnerTcp | InnerUdp | InnerIcmp | InnerIcmp6 | InnerEsp => &[],
            User(header) => header.links(),
        }
    }

    /// Built-in headers that may come directly after this one.
    pub fn followers(self) -> impl Iterator<Item = HeaderKind> {
        self.links().iter().map(|(next, _)| *next)
    }

    /// Whether another header may come directly after this one.
    pub fn links_to(self, next: HeaderKind) -> bool {
        self.cue_of(next).is_some()
    }

    /// Whether it has a checksum over what follows it.
    pub fn is_transport(self) -> bool {
        self.layout().is_transport()
    }
}

impl PartialOrd for HeaderKind {
    fn partial_cmp(&self, other: &HeaderKind) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeaderKind {
    fn cmp(&self, other: &HeaderKind) -> Ordering {
        match (self, other) {
            (User(one), User(two)) => one.cmp(two),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_standards() {
        let lengths: Vec<usize> = HeaderKind::ALL.iter().map(|h| h.length()).collect();
        let outer = [14, 4, 4, 4, 28, 20, 40, 8, 20, 8, 8, 8, 4, 8, 8, 8];
        assert_eq!(lengths, [&outer[..], &[14, 4, 4, 4, 28, 20, 40, 8, 20, 8, 8, 8, 8]].concat());
        assert_eq!(HeaderKind::Ip4.field("src").map(Field::offset), Some(96));
        assert_eq!(HeaderKind::Ip6.field("dst").map(Field::offset), Some(192));
        assert_eq!(HeaderKind::Tcp.field("syn").map(Field::offset), Some(110));
        assert_eq!(HeaderKind::Gtpu.field("teid").map(Field::offset), Some(32));
    }

    #[test]
    fn headers_in_a_tunnel_follow_like_those_outside() {
        for (below, above) in HeaderKind::ALL.iter().flat_map(|a| HeaderKind::ALL.map(|b| (*a, b))) {
            if let Some((inner_below, inner_above)) = below.inner().zip(above.inner()) {
                assert_eq!(below.cue_of(above), inner_below.cue_of(inner_above), "{below:?} {above:?}");
                assert_eq!(below < above, inner_below < inner_above);
            }
        }
    }

    #[test]
    fn headers_follow_in_the_order_of_the_wire() {
        for header in HeaderKind::ALL {
            assert!(header.followers().all(|next| next > header), "{header:?}");
            assert_eq!(HeaderKind::ALL[header.rank().0 - 1], header);
        }
    }
}
