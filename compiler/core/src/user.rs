//! Headers that a program declares: interned formats that behave like the built-in ones.
//!
//! Two of equal content are the same header, whoever declared them and in whatever order; what is interned is never
//! freed, so only distinct formats cost memory.

use crate::field::{Derivation, FieldDecl, Role};
use crate::header::{Cue, HeaderKind};
use crate::shape::Shape;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// The most bytes of a declared header.
pub const MOST_BYTES: usize = 128;

/// The most fields of a declared header.
pub const MOST_FIELDS: usize = 64;

/// The widest field of a declared header, in bits.
pub const WIDEST_FIELD: u16 = 64;

/// What is declared of a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Format {
    /// Its name in SEFL.
    pub name: String,
    /// The headers it may follow directly, each with the number by which its selector announces this one. None at the
    /// front of a packet.
    pub after: Vec<(HeaderKind, u128)>,
    /// Its fields with their widths in bits, in wire order. The last may be without a name:
    /// padding, less than a byte of zeros.
    pub fields: Vec<(String, u16)>,
    /// What may follow it.
    pub next: Next,
}

/// What may follow a declared header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Next {
    /// Payload, or a declared header that says so: the field with this position tells which.
    Told(Option<usize>, Vec<(HeaderKind, u128)>),
    /// This header, always.
    Always(HeaderKind),
}

/// A declared header, or the same of the packet in a tunnel.
#[derive(Clone, Copy)]
pub struct UserHeader {
    decl: &'static Declared,
    is_inner: bool,
}

/// An interned format, and what follows from it.
struct Declared {
    format: Format,
    /// Its place among all headers: the position of the built-in one it comes after, and how many declared ones are
    /// between.
    rank: (usize, usize),
    fields: &'static [FieldDecl],
    names: [&'static str; 2],
    links: [&'static [(HeaderKind, Cue)]; 2],
    /// Whether there is one in tunnels.
    nests: bool,
}

static INTERNED: Mutex<BTreeSet<UserHeader>> = Mutex::new(BTreeSet::new());

impl UserHeader {
    /// The header of this format; none if the format is no good: an empty one, one of no whole number of bytes, one that
    /// is too long, or that a header announces which cannot, or in which follows what cannot.
    ///
    /// ```
    /// use rdcl_core::{Format, HeaderKind, Next, Stack, UserHeader};
    /// let fields = vec![("kind".to_owned(), 12), ("rest".to_owned(), 4)];
    /// let after = vec![(HeaderKind::Udp, 5555)];
    /// let format = Format { name: "probe".into(), after, fields, next: Next::Told(None, Vec::new()) };
    /// let probe = HeaderKind::User(UserHeader::new(format).unwrap());
    /// assert_eq!(probe.length(), 2);
    /// assert!(Stack::new(&[HeaderKind::Ip4, HeaderKind::Udp, probe]).is_some());
    /// ```
    pub fn new(format: Format) -> Option<UserHeader> {
        if !is_sound(&format) {
            return None;
        }
        let mut interned = INTERNED.lock().unwrap_or_else(PoisonError::into_inner);
        let declared = declared(format);
        if let Some(known) = interned.iter().find(|known| known.decl.format == declared.format) {
            return Some(*known);
        }
        let header = UserHeader { decl: Box::leak(Box::new(leaked(declared))), is_inner: false };
        interned.insert(header);
        Some(header)
    }

    /// What is declared of it.
    pub fn format(self) -> &'static Format {
        &self.decl.format
    }

    /// Its name in SEFL.
    pub fn name(self) -> &'static str {
        self.decl.names[usize::from(self.is_inner)]
    }

    /// Its fields, in wire order.
    pub fn fields(self) -> &'static [FieldDecl] {
        self.decl.fields
    }

    /// Length on the wire, in bytes.
    pub fn length(self) -> usize {
        bytes(&self.decl.format)
    }

    /// Whether it belongs to the packet in a tunnel.
    pub fn is_inner(self) -> bool {
        self.is_inner
    }

    /// Whether it carries a packet that is in a tunnel then.
    pub fn is_tunnel(self) -> bool {
        !self.is_inner && self.links().iter().any(|(next, _)| next.is_inner())
    }

    /// Whether it stands at the front of a packet and nowhere else.
    pub fn is_front(self) -> bool {
        self.decl.format.after.is_empty()
    }

    /// The same header of the packet in a tunnel, where there is one.
    pub fn inner(self) -> Option<UserHeader> {
        (self.decl.nests && !self.is_inner).then_some(UserHeader { is_inner: true, ..self })
    }

    /// The same header outside a tunnel, of one inside.
    pub fn outer(self) -> Option<UserHeader> {
        self.is_inner.then_some(UserHeader { is_inner: false, ..self })
    }

    /// The number by which another header announces this one, if it may follow that directly.
    pub fn number_after(self, below: HeaderKind) -> Option<u128> {
        let below = if self.is_inner { below.outer()? } else { below };
        self.decl.format.after.iter().find(|(header, _)| *header == below).map(|(_, number)| *number)
    }

    /// The headers that it may follow directly.
    pub fn after(self) -> impl Iterator<Item = HeaderKind> {
        let level = move |header: HeaderKind| if self.is_inner { header.inner() } else { Some(header) };
        self.decl.format.after.iter().filter_map(move |(header, _)| level(*header))
    }

    /// The headers outside tunnels that a parser must look for to find this one, or what comes after it.
    pub(crate) fn needs(self) -> Shape {
        let after = self.decl.format.after.iter().map(|(below, _)| *below);
        let needed = after.fold(Shape::EMPTY, |needed, below| match below {
            HeaderKind::User(below) => needed.with(HeaderKind::User(below)).union(below.needs()),
            _ => needed.with(below),
        });
        match self.decl.format.next {
            Next::Always(next) => needed.with(next),
            Next::Told(..) => needed,
        }
    }

    /// The position of the field that tells the header which follows.
    pub fn selector(self) -> Option<usize> {
        match self.decl.format.next {
            Next::Told(field, _) => field,
            Next::Always(_) => None,
        }
    }

    /// Built-in headers that may come directly after it.
    pub fn links(self) -> &'static [(HeaderKind, Cue)] {
        self.decl.links[usize::from(self.is_inner)]
    }

    /// Its place in wire order, as [`HeaderKind::rank`] has it.
    pub(crate) fn rank(self) -> (usize, usize) {
        let (position, depth) = self.decl.rank;
        if !self.is_inner {
            return (position, depth);
        }
        (self.after().map(|below| below.rank().0).max().unwrap_or(position), depth)
    }
}

impl PartialEq for UserHeader {
    fn eq(&self, other: &UserHeader) -> bool {
        // Equal content is interned once.
        std::ptr::eq(self.decl, other.decl) && self.is_inner == other.is_inner
    }
}

impl Eq for UserHeader {}

impl Hash for UserHeader {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.decl.format, self.is_inner).hash(state);
    }
}

impl PartialOrd for UserHeader {
    fn partial_cmp(&self, other: &UserHeader) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserHeader {
    fn cmp(&self, other: &UserHeader) -> Ordering {
        if self == other {
            return Ordering::Equal;
        }
        let content = |header: &UserHeader| (header.rank(), header.is_inner);
        content(self).cmp(&content(other)).then_with(|| self.decl.format.cmp(&other.decl.format))
    }
}

impl std::fmt::Debug for UserHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Sets of declared headers, sorted, each interned once.
static SETS: Mutex<BTreeSet<&'static [UserHeader]>> = Mutex::new(BTreeSet::new());

/// The set of these headers.
pub(crate) fn set_of(headers: BTreeSet<UserHeader>) -> &'static [UserHeader] {
    if headers.is_empty() {
        return &[];
    }
    let headers = Vec::from_iter(headers);
    let mut sets = SETS.lock().unwrap_or_else(PoisonError::into_inner);
    match sets.get(headers.as_slice()) {
        Some(known) => known,
        None => {
            let set: &'static [UserHeader] = Vec::leak(headers);
            sets.insert(set);
            set
        }
    }
}

fn bytes(format: &Format) -> usize {
    format.fields.iter().map(|(_, width)| usize::from(*width)).sum::<usize>() / 8
}

/// Whether a header of this format can be on a wire.
fn is_sound(format: &Format) -> bool {
    let bits: usize = format.fields.iter().map(|(_, width)| usize::from(*width)).sum();
    let announced = format.after.iter().all(|(below, number)| announces(*below, *number));
    bits > 0
        && bits.is_multiple_of(8)
        && bits <= 8 * MOST_BYTES
        && format.fields.len() <= MOST_FIELDS
        && format.fields.iter().all(|(_, width)| (1..=WIDEST_FIELD).contains(width))
        && format.fields.iter().rev().skip(1).all(|(name, _)| !name.is_empty())
        && format.fields.last().is_some_and(|(name, width)| !name.is_empty() || *width < 8)
        && announced
        && leads_on(format)
}

/// Whether a header outside tunnels can announce a declared one by this number.
fn announces(below: HeaderKind, number: u128) -> bool {
    let fits = |width: u16| number <= crate::program::mask(width);
    let is_free =
        || below.links().iter().all(|(_, cue)| !matches!(cue, Cue::Number(n) | Cue::Nibble(n, _) if *n == number));
    number != 0 && !below.is_inner() && below.selector().is_some_and(|selector| fits(selector.width())) && is_free()
}

/// Whether what a format says of what follows can be.
fn leads_on(format: &Format) -> bool {
    match &format.next {
        Next::Always(next) => format.after.is_empty() && !next.is_inner(),
        Next::Told(None, told) => told.is_empty(),
        Next::Told(Some(field), told) => {
            let fits = |number: u128| format.fields.get(*field).is_some_and(|f| number <= crate::program::mask(f.1));
            !format.after.is_empty()
                && told
                    .iter()
                    .all(|(next, number)| *number != 0 && fits(*number) && follower(&format.after, *next).is_some())
        }
    }
}

/// The header that follows one which may come after these, where another is named: in the order of the wire, else in the
/// tunnel that begins here.
pub fn follower(after: &[(HeaderKind, u128)], named: HeaderKind) -> Option<HeaderKind> {
    let last = after.iter().map(|(below, _)| below.rank().0).max()?;
    let last = *HeaderKind::ALL.get(last.checked_sub(1)?)?;
    let (below, above) = (layer(last)?, layer(named)?);
    if above == below + 1 || above == 0 && below == 0 && named > last {
        return Some(named);
    }
    let begins = matches!(named, HeaderKind::Eth | HeaderKind::Ip4 | HeaderKind::Ip6);
    named.inner().filter(|_| begins && below > 0)
}

/// How far up a built-in header outside tunnels stands: link, network, transport, what UDP carries. None of those that
/// only their own place suits.
fn layer(header: HeaderKind) -> Option<u8> {
    use HeaderKind::*;
    match header {
        Eth | Svlan | Vlan | Mpls => Some(0),
        Arp | Ip4 | Ip6 => Some(1),
        Tcp | Udp | Icmp | Icmp6 | Gre | Esp => Some(2),
        Vxlan | Gtpu => Some(3),
        _ => None,
    }
}

fn declared(format: Format) -> Declared {
    let rank = format.after.iter().map(|(below, _)| below.rank()).max();
    let rank = rank.map_or((0, 0), |(position, depth)| (position, depth + 1));
    let nests = format.after.iter().all(|(below, _)| below.inner().is_some()) && !format.after.is_empty();
    Declared { rank, fields: &[], names: [""; 2], links: [&[]; 2], nests, format }
}

/// Fills in what lives for ever.
fn leaked(declared: Declared) -> Declared {
    let format = &declared.format;
    let selector = match format.next {
        Next::Told(field, _) => field,
        Next::Always(_) => None,
    };
    let role = |at: usize, name: &str| match selector == Some(at) {
        true => Role::Derived(Derivation::NextProtocol),
        false if name.is_empty() => Role::Derived(Derivation::Fixed(0)),
        false => Role::Plain,
    };
    let field = |(at, (name, width)): (usize, &(String, u16))| FieldDecl {
        name: String::leak(name.clone()),
        width: *width,
        role: role(at, name),
        preferred: None,
    };
    let fields: Vec<FieldDecl> = format.fields.iter().enumerate().map(field).collect();
    let links: Vec<(HeaderKind, Cue)> = match &format.next {
        Next::Always(next) => vec![(*next, Cue::Always)],
        Next::Told(_, told) => told
            .iter()
            .filter_map(|(next, number)| Some((follower(&format.after, *next)?, Cue::Number(*number))))
            .collect(),
    };
    let inner: Option<Vec<(HeaderKind, Cue)>> = links.iter().map(|(next, cue)| Some((next.inner()?, *cue))).collect();
    let nests = declared.nests && inner.is_some();
    Declared {
        fields: Vec::leak(fields),
        names: [String::leak(format.name.clone()), String::leak(format!("inner.{}", format.name))],
        links: [Vec::leak(links), Vec::leak(inner.unwrap_or_default())],
        nests,
        ..declared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(name: &str, after: &[(HeaderKind, u128)], fields: &[u16], next: Next) -> Format {
        let fields = (0..).zip(fields).map(|(i, width): (u32, _)| (format!("f{i}"), *width)).collect();
        Format { name: name.into(), after: after.to_vec(), fields, next }
    }

    fn last() -> Next {
        Next::Told(None, Vec::new())
    }

    #[test]
    fn equal_content_is_one_header_and_other_content_another() {
        let one = UserHeader::new(format("one", &[(HeaderKind::Udp, 9)], &[8], last())).unwrap();
        let two = UserHeader::new(format("one", &[(HeaderKind::Udp, 9)], &[4, 4], last())).unwrap();
        let again = UserHeader::new(format("one", &[(HeaderKind::Udp, 9)], &[8], last())).unwrap();
        assert_eq!(one, again);
        assert_ne!(one, two);
        // The order is that of the content, whatever came first.
        assert_eq!(one.cmp(&two), one.format().cmp(two.format()));
        let set = |first, second| Shape::EMPTY.with(HeaderKind::User(first)).with(HeaderKind::User(second));
        assert_eq!(set(one, two), set(two, one));
    }

    #[test]
    fn declared_headers_stand_between_what_announces_them_and_what_follows() {
        let shim = format("shim", &[(HeaderKind::Eth, 9)], &[16], Next::Told(Some(0), vec![(HeaderKind::Ip4, 0x0800)]));
        let shim = HeaderKind::User(UserHeader::new(shim).unwrap());
        let shape = Shape::of(&[HeaderKind::Tcp, HeaderKind::Ip4, shim, HeaderKind::Eth]);
        assert_eq!(format!("{shape:?}"), "eth/shim/ip/tcp");
        assert!(shape.is_linked() && !shape.has_tunnel());
        assert_eq!((shape.follower(HeaderKind::Eth), shape.follower(shim)), (Some(shim), Some(HeaderKind::Ip4)));
        assert_eq!(format!("{:?} {:?}", shape.below(shim), shape.starting(shim)), "eth shim/ip/tcp");
        assert_eq!(shape.nested().and_then(Shape::unnested), Some(shape));
        assert_eq!(
            shape.nested().map(|inner| format!("{inner:?}")).as_deref(),
            Some("inner.eth/inner.shim/inner.ip/inner.tcp")
        );
    }

    #[test]
    fn what_a_header_carries_after_ip_is_in_a_tunnel() {
        let wrap = format("wrap", &[(HeaderKind::Udp, 9)], &[8], Next::Told(Some(0), vec![(HeaderKind::Ip4, 4)]));
        let wrap = HeaderKind::User(UserHeader::new(wrap).unwrap());
        assert!(wrap.links_to(HeaderKind::InnerIp4) && wrap.inner().is_none());
        assert!(Shape::of(&[HeaderKind::Ip4, HeaderKind::Udp, wrap]).has_tunnel());
    }

    #[test]
    fn impossible_formats_are_refused() {
        let udp = [(HeaderKind::Udp, 9)];
        let told = |next: HeaderKind, number| Next::Told(Some(0), vec![(next, number)]);
        let refused = [
            format("none", &udp, &[], last()),
            format("bits", &udp, &[7], last()),
            format("wide", &udp, &[65, 7], last()),
            format("long", &udp, &[64; 17], last()),
            format("taken", &[(HeaderKind::Udp, 4789)], &[8], last()),
            format("large", &[(HeaderKind::Udp, 1 << 16)], &[8], last()),
            format("zero", &[(HeaderKind::Eth, 0)], &[8], last()),
            format("mute", &[(HeaderKind::Tcp, 9)], &[8], last()),
            format("inner", &[(HeaderKind::InnerUdp, 9)], &[8], last()),
            format("below", &udp, &[8], told(HeaderKind::Tcp, 6)),
            format("narrow", &udp, &[8], told(HeaderKind::Ip4, 256)),
            format("second", &[(HeaderKind::Ip4, 99)], &[8], told(HeaderKind::Arp, 1)),
        ];
        for format in refused {
            assert!(UserHeader::new(format.clone()).is_none(), "{format:?}");
        }
    }
}
