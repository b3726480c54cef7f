//! Header layouts: which fields a header has, in wire order, how wide each is and what keeps it right.
//!
//! Sources: IEEE 802.3 and 802.1Q (Ethernet, VLAN), RFC 791 (IPv4), RFC 9293 (TCP), RFC 768 (UDP), RFC 792 (ICMP).

/// A header this version understands. The order is the order on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeaderKind {
    /// Ethernet II.
    Eth,
    /// One IEEE 802.1Q tag.
    Vlan,
    /// IPv4 without options, not a fragment.
    Ip4,
    /// TCP; options travel with the payload.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP; the rest of the header is read as identifier and sequence number.
    Icmp,
}

impl HeaderKind {
    /// All headers, in wire order.
    pub const ALL: [HeaderKind; 6] =
        [HeaderKind::Eth, HeaderKind::Vlan, HeaderKind::Ip4, HeaderKind::Tcp, HeaderKind::Udp, HeaderKind::Icmp];

    /// The name used in SEFL: `ip`, `tcp`…
    pub fn name(self) -> &'static str {
        match self {
            HeaderKind::Eth => "eth",
            HeaderKind::Vlan => "vlan",
            HeaderKind::Ip4 => "ip",
            HeaderKind::Tcp => "tcp",
            HeaderKind::Udp => "udp",
            HeaderKind::Icmp => "icmp",
        }
    }

    /// The header with this SEFL name.
    pub fn from_name(name: &str) -> Option<HeaderKind> {
        HeaderKind::ALL.into_iter().find(|h| h.name() == name)
    }

    /// Its fields, in wire order; their widths add up to a whole number of bytes.
    pub fn fields(self) -> &'static [FieldDecl] {
        match self {
            HeaderKind::Eth => ETH,
            HeaderKind::Vlan => VLAN,
            HeaderKind::Ip4 => IP4,
            HeaderKind::Tcp => TCP,
            HeaderKind::Udp => UDP,
            HeaderKind::Icmp => ICMP,
        }
    }

    /// The field with this name.
    pub fn field(self, name: &str) -> Option<Field> {
        let index = self.fields().iter().position(|f| f.name == name)?;
        Some(Field { header: self, index: index as u8 })
    }

    /// Length on the wire, in bytes (without options).
    pub fn length(self) -> usize {
        self.fields().iter().map(|f| usize::from(f.width)).sum::<usize>() / 8
    }

    /// What the header directly below says to announce this one: an EtherType or an IP protocol number.
    pub fn protocol_number(self) -> Option<u128> {
        match self {
            HeaderKind::Eth => None,
            HeaderKind::Vlan => Some(0x8100),
            HeaderKind::Ip4 => Some(0x0800),
            HeaderKind::Icmp => Some(1),
            HeaderKind::Tcp => Some(6),
            HeaderKind::Udp => Some(17),
        }
    }

    /// The field in which this header announces the next one.
    pub fn next_protocol(self) -> Option<Field> {
        match self {
            HeaderKind::Eth => HeaderKind::Eth.field("type"),
            HeaderKind::Vlan => HeaderKind::Vlan.field("type"),
            HeaderKind::Ip4 => HeaderKind::Ip4.field("proto"),
            HeaderKind::Tcp | HeaderKind::Udp | HeaderKind::Icmp => None,
        }
    }

    /// Headers the shared parser looks for directly after this one.
    pub fn followers(self) -> &'static [HeaderKind] {
        match self {
            HeaderKind::Eth => &[HeaderKind::Vlan, HeaderKind::Ip4],
            HeaderKind::Vlan => &[HeaderKind::Ip4],
            HeaderKind::Ip4 => &[HeaderKind::Tcp, HeaderKind::Udp, HeaderKind::Icmp],
            HeaderKind::Tcp | HeaderKind::Udp | HeaderKind::Icmp => &[],
        }
    }
}

/// How a field's value comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Carried as it is; programs may write it.
    Plain,
    /// Like [`Role::Plain`], but not part of the forwarding header that tells loops.
    HopLimit,
    /// Follows from the rest of the packet; programs may not write it.
    Derived(Derivation),
}

/// What a derived field follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Derivation {
    /// A length. Only `ip.len` can be read.
    Length,
    /// A checksum; cannot be read.
    Checksum,
    /// The header that follows; a free value when the parser knows none for it.
    NextProtocol,
    /// The one value the parser lets through.
    Fixed(u128),
}

/// A field's declaration.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldDecl {
    /// Its name in SEFL.
    pub name: &'static str,
    /// Width in bits.
    pub width: u16,
    /// How its value comes about.
    pub role: Role,
    /// The value a witness prefers; without one, the least.
    pub preferred: Option<u128>,
}

/// A field of a header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Field {
    /// The header.
    pub header: HeaderKind,
    /// The position in [`HeaderKind::fields`].
    pub index: u8,
}

impl Field {
    /// Its declaration.
    pub fn decl(self) -> &'static FieldDecl {
        &self.header.fields()[usize::from(self.index)]
    }

    /// Width in bits.
    pub fn width(self) -> u16 {
        self.decl().width
    }

    /// Bit offset from the start of its header.
    pub fn offset(self) -> u16 {
        self.header.fields()[..usize::from(self.index)].iter().map(|f| f.width).sum()
    }

    /// Whether programs may read it.
    pub fn is_readable(self) -> bool {
        match self.decl().role {
            Role::Plain | Role::HopLimit => true,
            Role::Derived(Derivation::NextProtocol | Derivation::Fixed(_)) => true,
            Role::Derived(Derivation::Length) => self.header == HeaderKind::Ip4,
            Role::Derived(Derivation::Checksum) => false,
        }
    }

    /// Whether programs may write it.
    pub fn is_writable(self) -> bool {
        matches!(self.decl().role, Role::Plain | Role::HopLimit)
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.header.name(), self.decl().name)
    }
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Which headers a packet has, from the outermost in; each kind at most once.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(u8);

impl Shape {
    /// No header at all.
    pub const EMPTY: Shape = Shape(0);

    /// The shape with exactly these headers.
    pub fn of(headers: &[HeaderKind]) -> Shape {
        headers.iter().fold(Shape::EMPTY, |s, h| s.with(*h))
    }

    /// Whether the header is there.
    pub fn has(self, header: HeaderKind) -> bool {
        self.0 & (1 << header as u8) != 0
    }

    /// With the header.
    pub fn with(self, header: HeaderKind) -> Shape {
        Shape(self.0 | (1 << header as u8))
    }

    /// Without the header.
    pub fn without(self, header: HeaderKind) -> Shape {
        Shape(self.0 & !(1 << header as u8))
    }

    /// The headers, outermost first.
    pub fn headers(self) -> impl Iterator<Item = HeaderKind> {
        HeaderKind::ALL.into_iter().filter(move |h| self.has(*h))
    }

    /// All fields of all headers, in wire order.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        self.headers().flat_map(|header| (0..header.fields().len()).map(move |i| Field { header, index: i as u8 }))
    }

    /// Every shape the shared parser can produce at a port of this stack, in a fixed order (fewest headers first).
    pub fn of_stack(stack: Stack) -> Vec<Shape> {
        let required = stack.required;
        let mut found: Vec<Shape> = Vec::new();
        let mut open = vec![(Shape::EMPTY.with(stack.outermost), stack.outermost)];
        while let Some((shape, last)) = open.pop() {
            if required.headers().all(|h| shape.has(h)) {
                found.push(shape);
            }
            open.extend(last.followers().iter().map(|next| (shape.with(*next), *next)));
        }
        found.sort_by_key(|s| (s.headers().count(), *s));
        found
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers().map(HeaderKind::name).collect();
        f.write_str(&names.join("/"))
    }
}

/// A port's header stack: the packet starts with `outermost` and has at least the `required` headers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stack {
    /// The first header on the wire.
    pub outermost: HeaderKind,
    /// Headers every packet has; holds `outermost`.
    pub required: Shape,
}

impl Stack {
    /// The stack of these headers, if each may follow the one before it.
    pub fn new(headers: &[HeaderKind]) -> Option<Stack> {
        let outermost = *headers.first()?;
        let linked = headers.windows(2).all(|w| w[0].followers().contains(&w[1]));
        linked.then(|| Stack { outermost, required: Shape::of(headers) })
    }

    /// Whether a packet of this shape may travel over the port: it starts right and lacks nothing.
    pub fn admits(self, shape: Shape) -> bool {
        shape.headers().next() == Some(self.outermost) && self.required.headers().all(|h| shape.has(h))
    }
}

impl std::fmt::Display for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.required)
    }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

const fn plain(name: &'static str, width: u16) -> FieldDecl {
    FieldDecl { name, width, role: Role::Plain, preferred: None }
}

const fn derived(name: &'static str, width: u16, from: Derivation) -> FieldDecl {
    FieldDecl { name, width, role: Role::Derived(from), preferred: None }
}

static ETH: &[FieldDecl] = &[plain("dst", 48), plain("src", 48), derived("type", 16, Derivation::NextProtocol)];

static VLAN: &[FieldDecl] =
    &[plain("pcp", 3), plain("dei", 1), plain("id", 12), derived("type", 16, Derivation::NextProtocol)];

static IP4: &[FieldDecl] = &[
    derived("version", 4, Derivation::Fixed(4)),
    derived("ihl", 4, Derivation::Fixed(5)),
    plain("dscp", 6),
    plain("ecn", 2),
    derived("len", 16, Derivation::Length),
    plain("id", 16),
    // Bit 0 is reserved, bit 1 is "don't fragment", bit 2 is "more fragments": the parser wants 0 and 0 around it.
    derived("reserved", 1, Derivation::Fixed(0)),
    plain("df", 1),
    derived("mf", 1, Derivation::Fixed(0)),
    derived("frag", 13, Derivation::Fixed(0)),
    FieldDecl { name: "ttl", width: 8, role: Role::HopLimit, preferred: Some(64) },
    derived("proto", 8, Derivation::NextProtocol),
    derived("csum", 16, Derivation::Checksum),
    plain("src", 32),
    plain("dst", 32),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_standards() {
        let lengths: Vec<usize> = HeaderKind::ALL.iter().map(|h| h.length()).collect();
        assert_eq!(lengths, [14, 4, 20, 20, 8, 8]);
        assert_eq!(HeaderKind::Ip4.field("src").map(Field::offset), Some(96));
        assert_eq!(HeaderKind::Tcp.field("syn").map(Field::offset), Some(110));
    }

    #[test]
    fn shapes_of_a_stack_partition_what_the_parser_accepts() {
        let ip = Stack::new(&[HeaderKind::Ip4]).unwrap();
        assert_eq!(format!("{:?}", Shape::of_stack(ip)), "[ip, ip/tcp, ip/udp, ip/icmp]");
        assert_eq!(Shape::of_stack(Stack::new(&[HeaderKind::Eth]).unwrap()).len(), 10);
        assert_eq!(Shape::of_stack(Stack::new(&[HeaderKind::Eth, HeaderKind::Vlan]).unwrap()).len(), 5);
        assert!(Stack::new(&[HeaderKind::Tcp, HeaderKind::Ip4]).is_none());
    }
}
