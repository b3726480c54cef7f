//! Bytes and packets are two views of one thing.

#[path = "support/build.rs"]
mod build;
#[path = "support/declared.rs"]
mod declared;
#[path = "support/packets.rs"]
mod packets;

use build::*;
use proptest::prelude::*;
use rdcl_core::*;

fn stack_and_packet() -> impl Strategy<Value = (Stack, Packet)> {
    with_stack(packets::stacks())
}

/// Stacks with an outer IP header of which lengths and padding are known.
fn ip_stack_and_packet() -> impl Strategy<Value = (Stack, Packet)> {
    with_stack(packets::stacks().into_iter().filter(|s| s.required.ip().is_some()).collect())
}

fn with_stack(stacks: Vec<Stack>) -> impl Strategy<Value = (Stack, Packet)> {
    (0..stacks.len()).prop_flat_map(move |i| {
        let stack = stacks[i];
        packets::packet(stack).prop_map(move |packet| (stack, packet))
    })
}

/// Checksums of FFFF, which may come back as 0000, are made 0000.
fn without_aliases(packet: &Packet, mut bytes: Vec<u8>) -> Vec<u8> {
    let mut start = 0;
    for header in packet.shape().headers() {
        let at = start + header.field("csum").map_or(0, |f| usize::from(f.offset() / 8));
        if header.layout() != Layout::Udp && header.field("csum").is_some() && bytes[at..at + 2] == [0xff, 0xff] {
            bytes[at..at + 2].fill(0);
        }
        start += header.length();
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_undoes_deparsing((stack, packet) in stack_and_packet()) {
        prop_assert_eq!(parse(&deparse(&packet), stack), Ok(packet));
    }

    #[test]
    fn padding_is_stripped((stack, packet) in ip_stack_and_packet(), padding in prop::collection::vec(any::<u8>(), 1..46)) {
        let padded = [deparse(&packet), padding].concat();
        prop_assert_eq!(parse(&padded, stack), Ok(packet));
    }

    #[test]
    fn deparsing_undoes_parsing((stack, packet) in stack_and_packet(), flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 0..4)) {
        let mut bytes = deparse(&packet);
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        // Padding inside a tunnel counts for the lengths around it, which are made anew without it.
        let is_whole = |p: &Packet| !p.shape().has_inner() || deparse(p).len() == bytes.len();
        if let Some(parsed) = parse(&bytes, stack).ok().filter(is_whole) {
            let kept = bytes.len().min(deparse(&parsed).len());
            prop_assert_eq!(without_aliases(&parsed, deparse(&parsed)), without_aliases(&parsed, bytes[..kept].to_vec()));
        }
    }

    #[test]
    fn the_parser_survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for stack in packets::stacks() {
            if let Ok(packet) = parse(&bytes, stack) {
                prop_assert!(stack.admits(packet.shape()));
                prop_assert!(!packet.hides_a_header(stack.known));
            }
        }
    }

    #[test]
    fn a_rewrite_leaves_the_checksum_error((stack, packet) in ip_stack_and_packet(), src: u32, ttl: u8) {
        let mut packet = packet;
        for name in ["ip.src", "ip6.src", "inner.ip.src", "inner.ip6.dst", "vxlan.vni", "gtpu.teid"] {
            packet.set(field(name), src.into());
        }
        packet.set(field("ip.ttl"), ttl.into());
        let parsed = parse(&deparse(&packet), stack).unwrap();
        prop_assert_eq!(parsed.l4_error, packet.l4_error);
        prop_assert_eq!(parsed.inner_error, packet.inner_error);
    }

    #[test]
    fn a_tag_pushed_and_popped_leaves_nothing((_, packet) in with_stack(vec![stack(&[ETH]), stack(&[ETH, IP])])) {
        let mut packet = packet;
        packet.pop(VLAN);
        prop_assume!(!packet.hides_a_header(Shape::BASE));
        let mut tagged = packet.clone();
        tagged.push(VLAN);
        prop_assert_eq!(parse(&deparse(&tagged), stack(&[ETH, VLAN])), Ok(tagged.clone()));
        tagged.pop(VLAN);
        prop_assert_eq!(tagged, packet);
    }

    #[test]
    fn lengths_lie_in_their_range((_, packet) in stack_and_packet()) {
        let range = length_range(packet.shape());
        prop_assert_eq!(range.is_some(), packet.shape().ip().is_some());
        if let Some((lo, hi)) = range {
            let length = packet.get(field(if packet.has(IP) { "ip.len" } else { "ip6.len" }));
            prop_assert!(lo <= length && length <= hi);
        }
    }
}

/// A TCP packet over Ethernet, with one change to its bytes.
fn spoilt(change: impl FnOnce(&mut Vec<u8>)) -> Result<Packet, ParseError> {
    let mut whole = packet(&[ETH, IP, TCP], &[("ip.src", 0x0a00_0001), ("ip.dst", 0x0a00_0002)]);
    whole.payload = vec![7; 8];
    let mut bytes = deparse(&whole);
    change(&mut bytes);
    parse(&bytes, stack(&[ETH, IP]))
}

/// Sets a byte of the IPv4 header and makes its checksum right again.
fn with_ip_byte(at: usize, value: u8) -> Result<Packet, ParseError> {
    spoilt(|bytes| {
        bytes[14 + at] = value;
        bytes[24..26].fill(0);
        let sum = bytes[14..34].chunks(2).fold(0u32, |s, w| s + u32::from(u16::from_be_bytes([w[0], w[1]])));
        let sum = (sum & 0xffff) + (sum >> 16);
        bytes[24..26].copy_from_slice(&(!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes());
    })
}

#[test]
fn each_fault_has_its_name() {
    assert!(with_ip_byte(0, 0x45).is_ok());
    assert_eq!(with_ip_byte(0, 0x65), Err(ParseError::Version));
    assert_eq!(with_ip_byte(0, 0x46), Err(ParseError::Options));
    assert_eq!(with_ip_byte(0, 0x44), Err(ParseError::Options));
    assert_eq!(with_ip_byte(6, 0x80), Err(ParseError::Fragment));
    assert_eq!(with_ip_byte(6, 0x20), Err(ParseError::Fragment));
    assert_eq!(with_ip_byte(7, 1), Err(ParseError::Fragment));
    assert!(with_ip_byte(6, 0x40).is_ok());
    assert_eq!(with_ip_byte(3, 19), Err(ParseError::Length));
    assert_eq!(with_ip_byte(3, 49), Err(ParseError::Truncated));
    assert_eq!(with_ip_byte(3, 39), Err(ParseError::Truncated));
    assert_eq!(with_ip_byte(9, 17), Err(ParseError::Length));
    assert_eq!(spoilt(|b| b[24] ^= 1), Err(ParseError::Checksum));
    assert_eq!(spoilt(|b| b[46] = 0x40), Err(ParseError::Length));
    assert_eq!(spoilt(|b| b[46] = 0x80), Err(ParseError::Length));
    assert!(spoilt(|b| b[46] = 0x70).is_ok_and(|p| p.options == [7; 8]));
    assert_eq!(spoilt(|b| b.truncate(13)), Err(ParseError::Truncated));
    assert_eq!(spoilt(|b| b[13] = 6), Err(ParseError::Missing(IP)));
}

#[test]
fn udp_without_a_checksum_stays_so() {
    let mut udp = packet(&[IP, UDP], &[("udp.sport", 53)]);
    udp.l4_error = L4Error::Absent;
    udp.set(field("ip.src"), 5);
    assert_eq!(deparse(&udp)[26..28], [0, 0]);
    assert_eq!(parse(&deparse(&udp), stack(&[IP])).map(|p| p.l4_error), Ok(L4Error::Absent));
}

#[test]
fn a_udp_checksum_that_computes_to_zero_is_sent_as_ones() {
    let mut udp = packet(&[IP, UDP], &[("ip.src", 0x0a00_0001), ("udp.sport", 53)]);
    udp.payload = vec![0, 0];
    let checksum = deparse(&udp)[26..28].to_vec();
    udp.payload = checksum;
    assert_eq!(deparse(&udp)[26..28], [0xff, 0xff]);
    assert_eq!(parse(&deparse(&udp), stack(&[IP])), Ok(udp));
}

#[test]
fn a_second_tag_is_payload_until_the_first_is_gone() {
    let mut inner = packet(&[ETH, VLAN, IP], &[("vlan.id", 7)]);
    inner.payload = vec![1, 2, 3];
    let mut bytes = deparse(&inner);
    bytes.splice(12..12, [0x81, 0x00, 0x20, 0x05]);
    let mut outer = parse(&bytes, stack(&[ETH])).unwrap();
    assert_eq!(format!("{:?}", outer.shape()), "eth/vlan");
    assert_eq!(outer.get(field("vlan.type")), 0x8100);
    assert_eq!(deparse(&outer), bytes);
    outer.pop(VLAN);
    assert!(outer.hides_a_header(Shape::BASE));
    assert_eq!(parse(&deparse(&outer), stack(&[ETH])), Ok(inner));
}
