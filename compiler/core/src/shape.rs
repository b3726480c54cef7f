//! Shapes: which headers a packet has; and stacks: which it must have at a port, and which the parser there looks for.

use crate::header::{Cue, Field, HeaderKind};

/// Which headers a packet has, from the outermost in; each kind at most once. Also any set of headers.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(u32);

impl Shape {
    /// No header at all.
    pub const EMPTY: Shape = Shape(0);

    /// The headers that every parser looks for.
    pub const BASE: Shape = Shape(
        1 << HeaderKind::Eth as u32
            | 1 << HeaderKind::Vlan as u32
            | 1 << HeaderKind::Ip4 as u32
            | 1 << HeaderKind::Tcp as u32
            | 1 << HeaderKind::Udp as u32
            | 1 << HeaderKind::Icmp as u32,
    );

    /// The headers of packets without tunnels.
    pub const PLAIN: Shape = Shape(
        (1 << HeaderKind::InnerEth as u32)
            - 1
            - (1 << HeaderKind::Gre as u32)
            - (1 << HeaderKind::Vxlan as u32)
            - (1 << HeaderKind::Gtpu as u32),
    );

    /// All headers.
    pub const ALL: Shape = Shape((1 << HeaderKind::ALL.len()) - 1);

    /// The shape with exactly these headers.
    pub fn of(headers: &[HeaderKind]) -> Shape {
        headers.iter().fold(Shape::EMPTY, |s, h| s.with(*h))
    }

    /// Whether the header is there.
    pub fn has(self, header: HeaderKind) -> bool {
        self.0 & (1 << header as u32) != 0
    }

    /// With the header.
    pub fn with(self, header: HeaderKind) -> Shape {
        Shape(self.0 | (1 << header as u32))
    }

    /// Without the header.
    pub fn without(self, header: HeaderKind) -> Shape {
        Shape(self.0 & !(1 << header as u32))
    }

    /// The headers of either.
    pub fn union(self, other: Shape) -> Shape {
        Shape(self.0 | other.0)
    }

    /// Whether all its headers are among others.
    pub fn is_within(self, other: Shape) -> bool {
        self.0 & !other.0 == 0
    }

    /// The headers, outermost first.
    pub fn headers(self) -> impl Iterator<Item = HeaderKind> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = HeaderKind::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(*next)
        })
    }

    /// All fields of all headers, in wire order.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        self.headers().flat_map(|header| (0..header.fields().len()).map(move |i| Field { header, index: i as u8 }))
    }

    /// The innermost header.
    pub fn last(self) -> Option<HeaderKind> {
        HeaderKind::ALL.get(31usize.checked_sub(self.0.leading_zeros() as usize)?).copied()
    }

    /// The header directly after one.
    pub fn follower(self, header: HeaderKind) -> Option<HeaderKind> {
        Shape(self.0 & !((2 << header as u32) - 1)).headers().next()
    }

    /// The headers before one.
    pub fn below(self, header: HeaderKind) -> Shape {
        Shape(self.0 & ((1 << header as u32) - 1))
    }

    /// One header and those after it.
    pub fn starting(self, header: HeaderKind) -> Shape {
        Shape(self.0 & !((1 << header as u32) - 1))
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
        !self.is_within(Shape::PLAIN)
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
        header.links().iter().copied().filter(move |(next, _)| self.known.has(*next))
    }

    /// Whether a packet of this shape may travel over the port: it starts right and lacks nothing.
    pub fn admits(self, shape: Shape) -> bool {
        shape.headers().next() == Some(self.outermost) && self.required.is_within(shape)
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
