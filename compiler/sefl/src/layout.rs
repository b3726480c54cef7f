//! Where header fields are: published names and native ones, each a tag, an offset in bits and a width.
//!
//! Sources: IEEE 802.3 and 802.1Q, RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 768 (UDP), RFC 792 (ICMP),
//! RFC 826 (ARP over Ethernet and IPv4), RFC 4303 (ESP), RFC 3032 (MPLS), RFC 2784 (GRE), RFC 7348 (VXLAN), 3GPP
//! TS 29.281 (GTP-U). An IP-in-IP packet has protocol number 4 (RFC 2003).

use rdcl_core::{HeaderKind, Layout};

/// The tags that need no `CreateTag` to be known as tags. They point nowhere until something creates them.
pub const TAGS: [&str; 6] = ["START", "END", "L2", "L3", "L4", "MPLS"];

/// A field: where it is and how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The tag it is counted from.
    pub tag: &'static str,
    /// Bits after the tag.
    pub offset: i64,
    /// Width in bits; none where the packet says it.
    pub width: Option<u16>,
}

/// A row: the published name, or none; `header.field`; tag, offset, width (0: said by the packet).
type Row = (&'static str, &'static str, &'static str, i64, u16);

#[rustfmt::skip]
const FIELDS: &[Row] = &[
    ("EtherDst", "eth.dst", "L2", 0, 48), ("EtherSrc", "eth.src", "L2", 48, 48), ("EtherType", "eth.type", "L2", 96, 16),
    ("PCP", "vlan.pcp", "L2", 112, 3), ("DEI", "vlan.dei", "L2", 115, 1), ("VLANTag", "vlan.id", "L2", 116, 12),
    ("VLANEtherType", "vlan.type", "L2", 128, 16),
    ("IPVersion", "ip.version", "L3", 0, 4), ("IHL", "ip.ihl", "L3", 4, 4), ("DSCP", "ip.dscp", "L3", 8, 6),
    ("ECN", "ip.ecn", "L3", 14, 2), ("IPLength", "ip.len", "L3", 16, 16), ("IPID", "ip.id", "L3", 32, 16),
    ("IPFlags", "", "L3", 48, 3), ("", "ip.reserved", "L3", 48, 1), ("", "ip.df", "L3", 49, 1), ("", "ip.mf", "L3", 50, 1),
    ("FragOff", "ip.frag", "L3", 51, 13), ("TTL", "ip.ttl", "L3", 64, 8), ("Proto", "ip.proto", "L3", 72, 8),
    ("IPChecksum", "ip.csum", "L3", 80, 16), ("IPSrc", "ip.src", "L3", 96, 32), ("IPDst", "ip.dst", "L3", 128, 32),
    ("IPOptions", "ip.options", "L3", 160, 0),
    ("IP6Version", "ip6.version", "L3", 0, 4), ("IP6TrafficClass", "ip6.class", "L3", 4, 8),
    ("IP6FlowLabel", "ip6.flow", "L3", 12, 20), ("IP6Length", "ip6.len", "L3", 32, 16),
    ("IP6NextHeader", "ip6.next", "L3", 48, 8), ("IP6HopLimit", "ip6.hop", "L3", 56, 8),
    ("IP6Src", "ip6.src", "L3", 64, 128), ("IP6Dst", "ip6.dst", "L3", 192, 128),
    ("ARPHardwareType", "arp.htype", "L3", 0, 16), ("ARPProtocolType", "arp.ptype", "L3", 16, 16),
    ("ARPHardwareLength", "arp.hlen", "L3", 32, 8), ("ARPProtocolLength", "arp.plen", "L3", 40, 8),
    ("ARPOperation", "arp.op", "L3", 48, 16), ("ARPSenderMac", "arp.sha", "L3", 64, 48),
    ("ARPSenderIP", "arp.spa", "L3", 112, 32), ("ARPTargetMac", "arp.tha", "L3", 144, 48),
    ("ARPTargetIP", "arp.tpa", "L3", 192, 32),
    ("TcpSrc", "tcp.sport", "L4", 0, 16), ("TcpDst", "tcp.dport", "L4", 16, 16), ("TcpSeq", "tcp.seq", "L4", 32, 32),
    ("TcpAck", "tcp.ackno", "L4", 64, 32), ("TcpDataOffset", "tcp.offset", "L4", 96, 4),
    ("TcpReserved", "tcp.reserved", "L4", 100, 3), ("TcpFlagNS", "tcp.ns", "L4", 103, 1),
    ("TcpFlagCWR", "tcp.cwr", "L4", 104, 1), ("TcpFlagECE", "tcp.ece", "L4", 105, 1),
    ("TcpFlagURG", "tcp.urg", "L4", 106, 1), ("TcpFlagACK", "tcp.ack", "L4", 107, 1),
    ("TcpFlagPSH", "tcp.psh", "L4", 108, 1), ("TcpFlagRST", "tcp.rst", "L4", 109, 1),
    ("TcpFlagSYN", "tcp.syn", "L4", 110, 1), ("TcpFlagFIN", "tcp.fin", "L4", 111, 1),
    ("TcpWindow", "tcp.window", "L4", 112, 16), ("TcpChecksum", "tcp.csum", "L4", 128, 16),
    ("TcpUrgent", "tcp.urgptr", "L4", 144, 16), ("TcpOptions", "tcp.options", "L4", 160, 0),
    ("UDPSrc", "udp.sport", "L4", 0, 16), ("UDPDst", "udp.dport", "L4", 16, 16), ("UDPLength", "udp.len", "L4", 32, 16),
    ("UDPChecksum", "udp.csum", "L4", 48, 16),
    ("ICMPType", "icmp.type", "L4", 0, 8), ("ICMPCode", "icmp.code", "L4", 8, 8), ("ICMPChecksum", "icmp.csum", "L4", 16, 16),
    ("ICMPId", "icmp.id", "L4", 32, 16), ("ICMPSeq", "icmp.seq", "L4", 48, 16), ("ICMPData", "icmp.data", "L4", 64, 0),
    ("ESPSpi", "esp.spi", "L4", 0, 32), ("ESPSeq", "esp.seq", "L4", 32, 32),
    ("ESPPadLength", "esp.padlen", "END", -16, 8), ("ESPNextProto", "esp.next", "END", -8, 8),
    ("MPLSLabel", "mpls.label", "MPLS", 0, 20), ("MPLSTC", "mpls.tc", "MPLS", 20, 3), ("MPLSBottom", "mpls.bottom", "MPLS", 23, 1),
    ("MPLSTTL", "mpls.ttl", "MPLS", 24, 8),
    ("GREFlags", "gre.flags", "L4", 0, 13), ("GREVersion", "gre.version", "L4", 13, 3), ("GREProto", "gre.proto", "L4", 16, 16),
    ("VXLANFlags", "vxlan.flags", "L4", 64, 8), ("VXLANVni", "vxlan.vni", "L4", 96, 24),
    ("GTPUFlags", "gtpu.flags", "L4", 64, 8), ("GTPUType", "gtpu.type", "L4", 72, 8), ("GTPULength", "gtpu.len", "L4", 80, 16),
    ("GTPUTeid", "gtpu.teid", "L4", 96, 32),
];

fn field(row: &Row) -> Field {
    Field { tag: row.2, offset: row.3, width: (row.4 > 0).then_some(row.4) }
}

/// The field with this published name, `IPSrc`.
pub fn alias(name: &str) -> Option<Field> {
    FIELDS.iter().find(|row| row.0 == name && !name.is_empty()).map(field)
}

/// The field of a header, `ip.src`.
pub fn native(header: &str, name: &str) -> Option<Field> {
    FIELDS.iter().find(|row| row.1.split_once('.') == Some((header, name))).map(field)
}

/// Whether some field belongs to this header.
pub fn is_header(name: &str) -> bool {
    FIELDS.iter().any(|row| row.1.split_once('.').is_some_and(|(header, _)| header == name))
}

/// Every published name.
pub fn aliases() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|row| row.0).filter(|name| !name.is_empty())
}

/// The names of a header's fields.
pub fn fields_of(header: &str) -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter_map(move |row| row.1.split_once('.').filter(|f| f.0 == header).map(|f| f.1))
}

/// The name of what is so many bits after a tag and so wide, if it has one: the first that fits, published or native.
pub fn name_at(tag: &str, offset: i64, width: u32) -> Option<&'static str> {
    let fits = |row: &&Row| row.2 == tag && row.3 == offset && u32::from(row.4) == width;
    FIELDS.iter().find(fits).map(|row| if row.0.is_empty() { row.1 } else { row.0 })
}

/// The published name of the field of a header so many bits after the last tag, `IPSrc` for `ip.src`, if it has one.
pub fn published(header: &str, offset: i64, width: u16) -> Option<&'static str> {
    let is_of = |row: &&Row| row.1.split_once('.').is_some_and(|(own, _)| own == header);
    let found = FIELDS.iter().filter(is_of).find(|row| row.3 == offset && row.4 == width);
    found.map(|row| row.0).filter(|name| !name.is_empty())
}

/// The tag at the beginning of a header in packets made from a stack of headers.
pub fn tag_of(header: HeaderKind) -> Option<&'static str> {
    if header.is_inner() {
        return None;
    }
    match header.layout() {
        Layout::Eth => Some("L2"),
        Layout::Vlan | Layout::Frag | Layout::Vxlan | Layout::Gtpu | Layout::User(_) => None,
        Layout::Mpls => Some("MPLS"),
        Layout::Arp | Layout::Ip4 | Layout::Ip6 => Some("L3"),
        Layout::Tcp | Layout::Udp | Layout::Icmp | Layout::Icmp6 | Layout::Gre | Layout::Esp => Some("L4"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_fields_are_where_the_shared_layouts_have_them() {
        for header in rdcl_core::Shape::BASE.headers() {
            let base = if header == HeaderKind::Vlan { 112 } else { 0 };
            for (index, decl) in header.fields().iter().enumerate() {
                let at = native(header.name(), decl.name).unwrap_or_else(|| panic!("{header:?} {}", decl.name));
                let wire = header.field(decl.name).map(|f| i64::from(f.offset()) + base);
                assert_eq!((Some(at.offset), at.width), (wire, Some(decl.width)), "{header:?} {index}");
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = aliases().collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(all, names.len());
        assert_eq!(name_at("L3", 96, 32), Some("IPSrc"));
    }
}
