//! Packets and bytes: the parser every port shares, and its inverse.
//!
//! The parser follows next-protocol numbers it knows and takes the rest as payload. It strips link padding, verifies
//! the IPv4 header checksum, and neither verifies nor forgets the checksum above it. On what it accepts,
//! `deparse(parse(b))` is `b` without padding (a TCP, ICMP or IPv4 checksum of FFFF may come back as its alias 0000),
//! and `parse(deparse(p))` is `p`.

use crate::checksum;
use crate::header::{Derivation, Field, HeaderKind, Role, Shape, Stack};
use crate::packet::Packet;
use crate::program::ParseError;

/// Parses bytes that enter by a port of this stack.
///
/// Headers are judged from the outermost in, and of IPv4 in this order: size, version, options, fragment, total
/// length, checksum; the first fault found is the error.
///
/// ```
/// use rdcl_core::{HeaderKind, ParseError, Stack, parse};
/// let stack = Stack::new(&[HeaderKind::Eth, HeaderKind::Ip4]).unwrap();
/// let lldp = [1, 0x80, 0xc2, 0, 0, 0xe, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 0, 0];
/// assert_eq!(parse(&lldp, stack), Err(ParseError::Missing(HeaderKind::Ip4)));
/// ```
pub fn parse(bytes: &[u8], stack: Stack) -> Result<Packet, ParseError> {
    let mut packet = Packet::new(Shape::EMPTY);
    let mut rest = bytes;
    let mut next = Some(stack.outermost);
    while let Some(header) = next {
        rest = parse_header(&mut packet, header, rest)?;
        next = announced(&packet, header);
    }
    packet.payload = rest.to_vec();
    note_l4_error(&mut packet, bytes);
    match stack.required.headers().find(|h| !packet.has(*h)) {
        Some(missing) => Err(ParseError::Missing(missing)),
        None => Ok(packet),
    }
}

/// The known header that this one, the last so far, says comes next.
fn announced(packet: &Packet, header: HeaderKind) -> Option<HeaderKind> {
    let number = packet.get(header.next_protocol()?);
    header.followers().iter().copied().find(|h| h.protocol_number() == Some(number))
}

/// Reads one header; gives the bytes after it, without padding.
fn parse_header<'b>(packet: &mut Packet, header: HeaderKind, bytes: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let (own, rest) = bytes.split_at_checked(header.length()).ok_or(ParseError::Truncated)?;
    packet.push(header);
    for field in Shape::of(&[header]).fields() {
        match field.decl().role {
            Role::Plain | Role::HopLimit | Role::Derived(Derivation::NextProtocol) => {
                packet.set(field, bits(own, field))
            }
            Role::Derived(Derivation::Length | Derivation::Checksum | Derivation::Fixed(_)) => {}
        }
    }
    match header {
        HeaderKind::Ip4 => strip_padding(own, rest),
        HeaderKind::Tcp => take_options(packet, own, rest),
        HeaderKind::Udp if named_bits(own, header, "len") != bytes.len() as u128 => Err(ParseError::Length),
        HeaderKind::Eth | HeaderKind::Vlan | HeaderKind::Udp | HeaderKind::Icmp => Ok(rest),
    }
}

fn strip_padding<'b>(own: &[u8], rest: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let value = |name| named_bits(own, HeaderKind::Ip4, name);
    if value("version") != 4 {
        return Err(ParseError::Version);
    }
    if value("ihl") != 5 {
        return Err(ParseError::Options);
    }
    if value("reserved") != 0 || value("mf") != 0 || value("frag") != 0 {
        return Err(ParseError::Fragment);
    }
    let carried = (value("len") as usize).checked_sub(own.len()).ok_or(ParseError::Length)?;
    let rest = rest.get(..carried).ok_or(ParseError::Truncated)?;
    if checksum::sum(&[own]) != 0xffff { Err(ParseError::Checksum) } else { Ok(rest) }
}

fn take_options<'b>(packet: &mut Packet, own: &[u8], rest: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let words = named_bits(own, HeaderKind::Tcp, "offset") as usize;
    let size = words.checked_sub(5).ok_or(ParseError::Length)? * 4;
    let (options, rest) = rest.split_at_checked(size).ok_or(ParseError::Length)?;
    packet.options = options.to_vec();
    Ok(rest)
}

/// Compares the checksum above IP with the correct one.
fn note_l4_error(packet: &mut Packet, bytes: &[u8]) {
    let Some(l4) = transport(packet.shape()) else { return };
    let start: usize = packet.shape().headers().take_while(|h| *h != l4).map(HeaderKind::length).sum();
    let received = named_bits(&bytes[start..], l4, "csum") as u16;
    packet.l4_error = checksum::error(l4, received, correct_checksum(packet, l4));
}

fn transport(shape: Shape) -> Option<HeaderKind> {
    shape.headers().find(|h| matches!(h, HeaderKind::Tcp | HeaderKind::Udp | HeaderKind::Icmp))
}

/// The correct checksum above IP, in the form RFC 1071 computes it.
fn correct_checksum(packet: &Packet, l4: HeaderKind) -> u16 {
    let header = header_bytes(packet, l4);
    let carried: [&[u8]; 3] = [&header, &packet.options, &packet.payload];
    let length = header.len() + packet.options.len() + packet.payload.len();
    let mut pseudo = Vec::with_capacity(12);
    if l4 != HeaderKind::Icmp {
        for name in ["src", "dst"] {
            pseudo.extend((field_value(packet, HeaderKind::Ip4, name) as u32).to_be_bytes());
        }
        pseudo.extend([0, l4.protocol_number().unwrap_or(0) as u8]);
        pseudo.extend((length as u16).to_be_bytes());
    }
    !checksum::sum(&[&pseudo, carried[0], carried[1], carried[2]])
}

fn field_value(packet: &Packet, header: HeaderKind, name: &str) -> u128 {
    header.field(name).map_or(0, |f| packet.get(f))
}

/// The bytes of a packet: lengths, next-protocol numbers and checksums are made to agree with it.
pub fn deparse(packet: &Packet) -> Vec<u8> {
    let mut bytes = Vec::new();
    for header in packet.shape().headers() {
        let mut own = header_bytes(packet, header);
        match header {
            HeaderKind::Eth | HeaderKind::Vlan => {}
            HeaderKind::Ip4 => {
                let csum = !checksum::sum(&[&own]);
                put_checksum(&mut own, header, csum);
            }
            HeaderKind::Tcp | HeaderKind::Udp | HeaderKind::Icmp => {
                let csum = checksum::apply(header, correct_checksum(packet, header), packet.l4_error);
                put_checksum(&mut own, header, csum);
            }
        }
        bytes.extend(own);
    }
    bytes.extend(&packet.options);
    bytes.extend(&packet.payload);
    bytes
}

/// A header on the wire, its checksum zero.
fn header_bytes(packet: &Packet, header: HeaderKind) -> Vec<u8> {
    let mut bytes = vec![0; header.length()];
    for field in Shape::of(&[header]).fields() {
        put_bits(&mut bytes, field, packet.get(field));
    }
    bytes
}

fn put_checksum(bytes: &mut [u8], header: HeaderKind, value: u16) {
    if let Some(field) = header.field("csum") {
        put_bits(bytes, field, u128::from(value));
    }
}

fn named_bits(bytes: &[u8], header: HeaderKind, name: &str) -> u128 {
    header.field(name).map_or(0, |f| bits(bytes, f))
}

/// The bytes a field touches: the first, one past the last, and how many bits of the last are not its own.
fn span(field: Field) -> (usize, usize, u32) {
    let (start, end) = (usize::from(field.offset()), usize::from(field.offset() + field.width()));
    (start / 8, end.div_ceil(8), (end.div_ceil(8) * 8 - end) as u32)
}

fn bits(bytes: &[u8], field: Field) -> u128 {
    let (first, end, spare) = span(field);
    let word = bytes[first..end].iter().fold(0u128, |w, b| w << 8 | u128::from(*b));
    word >> spare & crate::program::mask(field.width())
}

/// Puts a field into bytes where it is zero.
fn put_bits(bytes: &mut [u8], field: Field, value: u128) {
    let (first, end, spare) = span(field);
    let mut word = value << spare;
    for byte in bytes[first..end].iter_mut().rev() {
        *byte |= word as u8;
        word >>= 8;
    }
}

/// The values `ip.len` takes in parsed packets of a shape; none without IPv4.
///
/// ```
/// use rdcl_core::{HeaderKind, Shape, length_range};
/// assert_eq!(length_range(Shape::of(&[HeaderKind::Ip4, HeaderKind::Tcp])), Some((40, 65535)));
/// ```
pub fn length_range(shape: Shape) -> Option<(u128, u128)> {
    let headers = shape.headers().skip_while(|h| *h != HeaderKind::Ip4);
    let least: usize = headers.map(HeaderKind::length).sum();
    (least > 0).then_some((least as u128, 0xffff))
}
