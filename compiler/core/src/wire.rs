//! Packets and bytes: the parser every port shares, and its inverse.
//!
//! The parser follows next-protocol numbers it knows and takes the rest as payload. It strips link padding, verifies
//! the IPv4 header checksum, and neither verifies nor forgets the checksum above it. On what it accepts,
//! `deparse(parse(b))` is `b` without padding (a TCP, ICMP or IPv4 checksum of FFFF may come back as its alias 0000),
//! and `parse(deparse(p))` is `p`.

use crate::checksum;
use crate::field::{Derivation, Field, Role};
use crate::header::{Cue, HeaderKind};
use crate::layout::Layout;
use crate::packet::Packet;
use crate::program::ParseError;
use crate::shape::{Shape, Stack};

/// The longest frame that enters a service that knows tunnels, in bytes: so what is put into a tunnel has a length that
/// fits its field.
pub const LONGEST_WITH_TUNNELS: usize = 9216;

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
        next = stack.links(header).find(|(_, cue)| is_told(&packet, header, *cue, rest)).map(|(next, _)| next);
    }
    packet.payload = rest.to_vec();
    match stack.required.headers().find(|h| !packet.has(*h)) {
        Some(missing) => Err(ParseError::Missing(missing)),
        None => Ok(packet),
    }
}

/// Whether a header, the last so far, says that another one comes next.
fn is_told(packet: &Packet, header: HeaderKind, cue: Cue, rest: &[u8]) -> bool {
    let selected = header.selector().map(|selector| packet.get(selector));
    match cue {
        Cue::Number(number) => selected == Some(number),
        Cue::Nibble(number, nibble) => selected == Some(number) && rest.first().is_some_and(|b| b >> 4 == nibble),
        Cue::Always => true,
    }
}

/// Reads one header; gives the bytes after it, without padding.
fn parse_header<'b>(packet: &mut Packet, header: HeaderKind, bytes: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let (own, rest) = bytes.split_at_checked(header.length()).ok_or(ParseError::Truncated)?;
    packet.append(header);
    for field in Shape::of(&[header]).fields() {
        match field.decl().role {
            Role::Plain | Role::HopLimit | Role::Derived(Derivation::NextProtocol) => {
                packet.set(field, bits(own, field))
            }
            Role::Derived(Derivation::Length | Derivation::Checksum | Derivation::Fixed(_)) => {}
        }
    }
    let rest = match header.layout() {
        Layout::Ip4 => strip_ip4(own, rest),
        Layout::Ip6 => strip_ip6(own, rest),
        Layout::Tcp => take_options(packet, own, rest),
        Layout::Udp if named_bits(own, "len", header) != bytes.len() as u128 => Err(ParseError::Length),
        Layout::Gtpu => strip_gtpu(own, rest),
        Layout::Arp => has_fixed_form(own, header, &[]),
        Layout::Gre | Layout::Vxlan | Layout::User(_) => has_fixed_form(own, header, rest),
        Layout::Eth | Layout::Vlan | Layout::Mpls | Layout::Frag => Ok(rest),
        Layout::Udp | Layout::Icmp | Layout::Icmp6 | Layout::Esp => Ok(rest),
    }?;
    if header.is_transport() {
        note_error(packet, header, own, &bytes[own.len()..]);
    }
    Ok(rest)
}

fn strip_ip4<'b>(own: &[u8], rest: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let value = |name| named_bits(own, name, HeaderKind::Ip4);
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

fn strip_ip6<'b>(own: &[u8], rest: &'b [u8]) -> Result<&'b [u8], ParseError> {
    if named_bits(own, "version", HeaderKind::Ip6) != 6 {
        return Err(ParseError::Version);
    }
    rest.get(..named_bits(own, "len", HeaderKind::Ip6) as usize).ok_or(ParseError::Truncated)
}

/// The length of GTP-U counts what follows its header, all of it.
fn strip_gtpu<'b>(own: &[u8], rest: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let rest = has_fixed_form(own, HeaderKind::Gtpu, rest)?;
    if named_bits(own, "len", HeaderKind::Gtpu) == rest.len() as u128 { Ok(rest) } else { Err(ParseError::Length) }
}

/// Fields that have one value have it: the version is judged first.
fn has_fixed_form<'b>(own: &[u8], header: HeaderKind, rest: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let differs = |field: &Field| match field.decl().role {
        Role::Derived(Derivation::Fixed(value)) => bits(own, *field) != value,
        Role::Plain | Role::HopLimit | Role::Derived(_) => false,
    };
    let mut wrong = Shape::of(&[header]).fields().filter(differs).peekable();
    if wrong.peek().is_none() {
        return Ok(rest);
    }
    Err(if wrong.any(|f| f.decl().name == "version") { ParseError::Version } else { ParseError::Options })
}

fn take_options<'b>(packet: &mut Packet, own: &[u8], rest: &'b [u8]) -> Result<&'b [u8], ParseError> {
    let words = named_bits(own, "offset", HeaderKind::Tcp) as usize;
    let size = words.checked_sub(5).ok_or(ParseError::Length)? * 4;
    let (options, rest) = rest.split_at_checked(size).ok_or(ParseError::Length)?;
    packet.options = options.to_vec();
    Ok(rest)
}

/// Compares the checksum of a message with the correct one.
fn note_error(packet: &mut Packet, header: HeaderKind, own: &[u8], rest: &[u8]) {
    let received = named_bits(own, "csum", header) as u16;
    let mut blank = own.to_vec();
    put_checksum(&mut blank, header, 0);
    let error = checksum::error(header, received, correct_checksum(packet, header, &blank, rest));
    *packet.error_of(header) = error;
}

/// The correct checksum of a message, in the form RFC 1071 computes it: of its header, the checksum zero, and of what
/// follows.
fn correct_checksum(packet: &Packet, header: HeaderKind, own: &[u8], rest: &[u8]) -> u16 {
    let pseudo = header.layout().pseudo_protocol().map(|protocol| {
        let mut pseudo = addresses(packet, header);
        pseudo.extend(((own.len() + rest.len()) as u32).to_be_bytes());
        pseudo.extend([0, 0, 0, protocol]);
        pseudo
    });
    !checksum::sum(&[&pseudo.unwrap_or_default(), own, rest])
}

/// The addresses of the IP header below a message, as they count for its checksum (RFC 768, RFC 8200, section 8.1).
fn addresses(packet: &Packet, header: HeaderKind) -> Vec<u8> {
    let below = packet.shape().below(header).headers().filter(|h| h.is_inner() == header.is_inner());
    let Some(ip) = below.filter(|h| h.layout().is_ip()).last() else { return Vec::new() };
    let address =
        |name| ip.field(name).map(|f| packet.get(f).to_be_bytes()[16 - usize::from(f.width()) / 8..].to_vec());
    ["src", "dst"].into_iter().filter_map(address).flatten().collect()
}

/// The bytes of a packet: lengths, next-protocol numbers and checksums are made to agree with it.
pub fn deparse(packet: &Packet) -> Vec<u8> {
    let mut at = packet.shape().length();
    let mut bytes = vec![0; at];
    bytes.extend(&packet.options);
    bytes.extend(&packet.payload);
    let headers: Vec<HeaderKind> = packet.shape().headers().collect();
    for header in headers.into_iter().rev() {
        let mut own = header_bytes(packet, header);
        match header.layout() {
            Layout::Ip4 => {
                let csum = !checksum::sum(&[&own]);
                put_checksum(&mut own, header, csum);
            }
            Layout::Tcp | Layout::Udp | Layout::Icmp | Layout::Icmp6 => {
                let error = if header.is_inner() { packet.inner_error } else { packet.l4_error };
                let correct = correct_checksum(packet, header, &own, &bytes[at..]);
                put_checksum(&mut own, header, checksum::apply(header, correct, error));
            }
            Layout::Eth | Layout::Vlan | Layout::Mpls | Layout::Arp | Layout::Ip6 | Layout::Frag => {}
            Layout::Gre | Layout::Esp | Layout::Vxlan | Layout::Gtpu | Layout::User(_) => {}
        }
        at -= own.len();
        bytes[at..at + own.len()].copy_from_slice(&own);
    }
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
        let at = usize::from(field.offset()) / 8;
        bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }
}

fn named_bits(bytes: &[u8], name: &str, header: HeaderKind) -> u128 {
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

/// The values that the length of the outer IP header takes in packets of a shape; none without IP.
///
/// ```
/// use rdcl_core::{HeaderKind, Shape, length_range};
/// assert_eq!(length_range(Shape::of(&[HeaderKind::Ip4, HeaderKind::Tcp])), Some((40, 65535)));
/// ```
pub fn length_range(shape: Shape) -> Option<(u128, u128)> {
    let ip = shape.ip()?;
    let own = if ip == HeaderKind::Ip6 { ip.length() } else { 0 };
    Some(((shape.starting(ip).length() - own) as u128, 0xffff))
}
