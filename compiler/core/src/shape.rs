//! Shapes: which headers a packet has; and stacks: which it must have at a port, and which the parser there looks for.

use crate::field::Field;
use crate::header::{Cue, HeaderKind};
use crate::user::{UserHeader, set_of};
use std::collections::BTreeSet;

/// Which headers a packet has, from the outermost in; each kind at most once. Also any set of headers.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape {
    /// The built-in ones.
    bits: u32,
    /// The declared ones, in wire order.
    users: &'static [UserHeader],
}

impl Shape {
    /// No header at all.
    pub const EMPTY: Shape = Shape::built_in(0);

    /// The headers that every parser looks for.
    pub const BASE: Shape = Shape::built_in(
        HeaderKind::Eth.bit()
            | HeaderKind::Vlan.bit()
            | HeaderKind::Ip4.bit()
            | HeaderKind::Tcp.bit()
            | HeaderKind::Udp.bit()
            | HeaderKind::Icmp.bit(),
    );

    /// The built-in headers of packets without tunnels.
    pub const PLAIN: Shape = Shape::built_in(
        HeaderKind::InnerEth.bit() - 1 - HeaderKind::Gre.bit() - HeaderKind::Vxlan.bit() - HeaderKind::Gtpu.bit(),
    );

    /// All built-in headers.
    pub const ALL: Shape = Shape::built_in((1 << HeaderKind::ALL.len()) - 1);

    const fn built_in(bits: u32) -> Shape {
        Shape { bits, users: &[] }
    }

    /// The shape with exactly these headers.
    pub fn of(headers: &[HeaderKind]) -> Shape {
        headers.iter().fold(Shape::EMPTY, |s, h| s.with(*h))
    }

    /// Whether the header is there.
    pub fn has(self, header: HeaderKind) -> bool {
        match header {
            HeaderKind::User(header) => self.users.contains(&header),
            _ => self.bits & header.bit() != 0,
        }
    }

    /// With the header.
    pub fn with(self, header: HeaderKind) -> Shape {
        match header {
            HeaderKind::User(_) if self.has(header) => self,
            HeaderKind::User(header) => self.declared(|users| users.extend([header])),
            _ => Shape { bits: self.bits | header.bit(), ..self },
        }
    }

    /// Without the header.
    pub fn without(self, header: HeaderKind) -> Shape {
        match header {
            HeaderKind::User(header) => self.keeping(|other| other != header),
            _ => Shape { bits: self.bits & !header.bit(), ..self },
        }
    }

    /// The headers of either.
    pub fn union(self, other: Shape) -> Shape {
        let bits = self.bits | other.bits;
        if other.users.iter().all(|header| self.users.contains(header)) {
            return Shape { bits, ..self };
        }
        Shape { bits, ..self.declared(|users| users.extend(other.users)) }
    }

    /// Whether all its headers are among others.
    pub fn is_within(self, other: Shape) -> bool {
        self.bits & !other.bits == 0 && self.users.iter().all(|header| other.users.contains(header))
    }

    /// With other declared headers.
    fn declared(self, change: impl FnOnce(&mut BTreeSet<UserHeader>)) -> Shape {
        let mut users = self.users.iter().copied().collect();
        change(&mut users);
        Shape { users: set_of(users), ..self }
    }

    /// With those declared headers that are to stay.
    fn keeping(self, stays: impl Fn(UserHeader) -> bool) -> Shape {
        if self.users.iter().all(|header| stays(*header)) {
            self
        } else {
            self.declared(|users| users.retain(|h| stays(*h)))
        }
    }

    /// The declared headers, outermost first.
    pub fn declared_headers(self) -> &'static [UserHeader] {
        self.users
    }

    /// The headers, outermost first.
    pub fn headers(self) -> impl Iterator<Item = HeaderKind> {
        let (mut left, mut users) = (self.bits, self.users);
        std::iter::from_fn(move || {
            let next = HeaderKind::ALL.get(left.trailing_zeros() as usize).copied();
            if let Some((first, others)) = users.split_first()
                && next.is_none_or(|next| HeaderKind::User(*first) < next)
            {
                users = others;
                return Some(HeaderKind::User(*first));
            }
            left &= left.wrapping_sub(1);
            next
        })
    }

    /// The headers of the set that may come directly after one, and how it says so.
    pub fn links(self, header: HeaderKind) -> impl Iterator<Item = (HeaderKind, Cue)> {
        let declared =
            move |next: &UserHeader| Some((HeaderKind::User(*next), Cue::Number(next.number_after(header)?)));
        let built_in = header.links().iter().copied().filter(move |(next, _)| self.has(*next));
        built_in.chain(self.users.iter().filter_map(declared))
    }

    /// The header with this SEFL name.
    pub fn named(self, name: &str) -> Option<HeaderKind> {
        self.headers().find(|header| header.name() == name)
    }

    /// All fields of all headers, in wire order.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        self.headers().flat_map(|header| (0..header.fields().len()).map(move |i| Field { header, index: i as u8 }))
    }

    /// The innermost header.
    pub fn last(self) -> Option<HeaderKind> {
        let built_in = 31usize.checked_sub(self.bits.leading_zeros() as usize).map(|at| HeaderKind::ALL[at]);
        built_in.max(self.users.last().copied().map(HeaderKind::User))
    }

    /// The header directly after one.
    pub fn follower(self, header: HeaderKind) -> Option<HeaderKind> {
        let (position, _) = header.rank();
        let above =
            Shape { bits: self.bits & !low_bits(position), ..self }.keeping(|other| HeaderKind::User(other) > header);
        above.headers().next()
    }

    /// The headers before one.
    pub fn below(self, header: HeaderKind) -> Shape {
        let first = header.bit().checked_sub(1).unwrap_or_else(|| low_bits(header.rank().0));
        Shape { bits: self.bits & first, ..self }.keeping(|other| HeaderKind::User(other) < header)
    }

    /// One header and those after it.
    pub fn starting(self, header: HeaderKind) -> Shape {
        let first = header.bit().checked_sub(1).unwrap_or_else(|| low_bits(header.rank().0));
        Shape { bits: self.bits & !first, ..self }.keeping(|other| HeaderKind::User(other) >= header)
    }

    /// The bytes of its headers, options apart.
    pub fn length(self) -> usize {
        self.headers().map(HeaderKind::length).sum()
    }

    /// Whether each header may follow the one before it, and none is wanted after the last.
    pub fn is_linked(self) -> bool {
        let is_last = |header: HeaderKind| header.links().iter().all(|(_, cue)| *cue != Cue::Always);
        self.last().is_none_or(is_last)
            && self.headers().zip(self.headers().skip(1)).all(|(below, above)| below.links_to(above))
    }

    /// Whether it has a header of a packet in a tunnel.
    pub fn has_inner(self) -> bool {
        self.headers().any(HeaderKind::is_inner)
    }

    /// Whether it has a packet in a tunnel, or a header that announces one.
    pub fn has_tunnel(self) -> bool {
        !Shape::built_in(self.bits).is_within(Shape::PLAIN)
            || self.users.iter().any(|header| header.is_inner() || header.is_tunnel())
    }

    /// The outer IP header, if there is one.
    pub fn ip(self) -> Option<HeaderKind> {
        [HeaderKind::Ip4, HeaderKind::Ip6].into_iter().find(|h| self.has(*h))
    }

    /// The headers of a parser that knows these: with those that every parser knows, and in a tunnel all that it knows
    /// outside, so that a packet means the same when it comes out.
    ///
    /// ```
    /// use rdcl_core::{HeaderKind, Shape};
    /// let known = Shape::of(&[HeaderKind::Vxlan]).closed();
    /// assert!(known.has(HeaderKind::InnerTcp) && !known.has(HeaderKind::InnerIp6));
    /// ```
    pub fn closed(self) -> Shape {
        let mut known = self.union(Shape::BASE);
        known = known.headers().filter_map(HeaderKind::outer).fold(known, Shape::with);
        known = known.users.iter().fold(known, |known, header| known.union(header.needs()));
        if known.has(HeaderKind::Icmp6) || known.has(HeaderKind::Frag) {
            known = known.with(HeaderKind::Ip6);
        }
        if known.has_tunnel() {
            known = known.headers().filter_map(HeaderKind::inner).fold(known, Shape::with);
        }
        known
    }

    /// The shape in a tunnel; none if a header has no place there.
    pub fn nested(self) -> Option<Shape> {
        self.headers().try_fold(Shape::EMPTY, |shape, header| Some(shape.with(header.inner()?)))
    }

    /// The shape out of its tunnel; none if there is a header around it.
    pub fn unnested(self) -> Option<Shape> {
        self.headers().try_fold(Shape::EMPTY, |shape, header| Some(shape.with(header.outer()?)))
    }

    /// Every shape the shared parser can produce at a port of this stack, in a fixed order (fewest headers first).
    pub fn of_stack(stack: Stack) -> Vec<Shape> {
        let required = stack.required;
        let mut found: Vec<Shape> = Vec::new();
        let mut open = vec![(Shape::EMPTY.with(stack.outermost), stack.outermost)];
        while let Some((shape, last)) = open.pop() {
            let goes_on = stack.links(last).any(|(_, cue)| cue == Cue::Always);
            if !goes_on && required.is_within(shape) {
                found.push(shape);
            }
            open.extend(stack.links(last).map(|(next, _)| (shape.with(next), next)));
        }
        found.sort_by_key(|s| (s.headers().count(), *s));
        found
    }
}

/// The bits of so many headers, the first ones.
fn low_bits(count: usize) -> u32 {
    (1 << count) - 1
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers().map(HeaderKind::name).collect();
        f.write_str(&names.join("/"))
    }
}

/// A port's header stack: the packet starts with `outermost` and has at least the `required` headers. The parser at
/// the port looks for those it `knows`; what else there is is payload.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stack {
    /// The first header on the wire.
    pub outermost: HeaderKind,
    /// Headers every packet has; holds `outermost`.
    pub required: Shape,
    /// Headers the parser looks for; holds what is required, and is [`Shape::closed`].
    pub known: Shape,
}

impl Stack {
    /// The stack of these headers, if each may follow the one before it.
    pub fn new(headers: &[HeaderKind]) -> Option<Stack> {
        let outermost = *headers.first()?;
        let linked = headers.windows(2).all(|w| w[0].links_to(w[1]));
        let required = Shape::of(headers);
        linked.then(|| Stack { outermost, required, known: required.closed() })
    }

    /// The same stack where the parser knows more headers.
    pub fn knowing(self, more: Shape) -> Stack {
        Stack { known: self.known.union(more).closed(), ..self }
    }

    /// The headers the parser looks for directly after one, and how they are told.
    pub fn links(self, header: HeaderKind) -> impl Iterator<Item = (HeaderKind, Cue)> {
        self.known.links(header)
    }

    /// Whether a packet of this shape may travel over the port: it starts right and lacks nothing.
    pub fn admits(self, shape: Shape) -> bool {
        shape.headers().next() == Some(self.outermost) && self.required.is_within(shape)
    }
}

impl std::fmt::Display for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let HeaderKind::User(front) = self.outermost else { return write!(f, "{:?}", self.required) };
        if !front.is_front() {
            return write!(f, "{:?}", self.required);
        }
        let named = front.fields().iter().filter(|field| !field.name.is_empty());
        let fields: Vec<String> = named.map(|field| format!("{}: u{}", field.name, field.width)).collect();
        write!(f, "{:?} with {{ {} }}", self.required.without(self.outermost), fields.join(", "))
    }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HeaderKind::*;

    #[test]
    fn shapes_of_a_stack_partition_what_the_parser_accepts() {
        let ip = Stack::new(&[Ip4]).unwrap();
        assert_eq!(format!("{:?}", Shape::of_stack(ip)), "[ip, ip/tcp, ip/udp, ip/icmp]");
        assert_eq!(Shape::of_stack(Stack::new(&[Eth]).unwrap()).len(), 10);
        assert_eq!(Shape::of_stack(Stack::new(&[Eth, Vlan]).unwrap()).len(), 5);
        assert!(Stack::new(&[Tcp, Ip4]).is_none());
    }

    #[test]
    fn a_parser_looks_for_what_it_knows() {
        let ip = Stack::new(&[Ip4]).unwrap();
        assert_eq!(Shape::of_stack(ip.knowing(Shape::of(&[Ip6]))), Shape::of_stack(ip));
        let tunnel = ip.knowing(Shape::of(&[Vxlan]));
        // A VXLAN header is never the last: a frame follows.
        assert!(Shape::of_stack(tunnel).iter().all(|s| s.has(Vxlan) == s.has(InnerEth)));
        assert!(Shape::of_stack(tunnel).contains(&Shape::of(&[Ip4, Udp, Vxlan, InnerEth, InnerIp4, InnerTcp])));
    }

    #[test]
    fn a_shape_goes_into_a_tunnel_and_comes_out() {
        let shape = Shape::PLAIN;
        assert_eq!(shape.nested().and_then(Shape::unnested), Some(shape));
        let shape = Shape::of(&[Eth, Ip6, Udp]);
        assert_eq!(Shape::of(&[Eth, Ip4, Gre]).nested(), None);
        assert_eq!((shape.last(), shape.follower(Eth), shape.follower(Udp)), (Some(Udp), Some(Ip6), None));
    }
}
