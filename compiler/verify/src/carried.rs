//! Whose checksum errors a packet carries. A router leaves the error of a checksum above IP as it is, in a tunnel and
//! outside; a tunnel that ends takes its own with it, and one that begins has none. No error is a variable: programs
//! cannot read it. But a packet is unchanged only if it still carries its own.

use rdcl_core::{HeaderKind, L4Error, Shape};

/// Whose error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whose {
    /// The one the packet had outside the tunnel when it entered.
    Outer,
    /// The one it had inside.
    Inner,
    /// None: the checksum is right.
    Right,
}

/// The errors of both levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Carried {
    outer: Whose,
    inner: Whose,
}

impl Carried {
    /// Those of a packet as it enters.
    pub fn entry(shape: Shape) -> Carried {
        let has = |is_inner| shape.headers().any(|h| h.is_transport() && h.is_inner() == is_inner);
        let own = |is_inner, whose| if has(is_inner) { whose } else { Whose::Right };
        Carried { outer: own(false, Whose::Outer), inner: own(true, Whose::Inner) }
    }

    /// Those after a header is gone.
    pub fn without(self, header: HeaderKind) -> Carried {
        match (header.is_transport(), header.is_inner()) {
            (false, _) => self,
            (true, false) => Carried { outer: Whose::Right, ..self },
            (true, true) => Carried { inner: Whose::Right, ..self },
        }
    }

    /// Those of the packet in a tunnel.
    pub fn nested(self) -> Carried {
        Carried { outer: Whose::Right, inner: self.outer }
    }

    /// Those of the packet out of a tunnel.
    pub fn unnested(self) -> Carried {
        Carried { outer: self.inner, inner: Whose::Right }
    }

    /// The errors, given those at entry outside and inside the tunnel.
    pub fn errors(self, outer: L4Error, inner: L4Error) -> [L4Error; 2] {
        [self.outer, self.inner].map(|whose| match whose {
            Whose::Outer => outer,
            Whose::Inner => inner,
            Whose::Right => L4Error::default(),
        })
    }

    /// Those of a packet that carried these, after a block that leaves it with `then` in terms of its own entry.
    pub fn after(self, then: Carried) -> Carried {
        let of = |whose| match whose {
            Whose::Outer => self.outer,
            Whose::Inner => self.inner,
            Whose::Right => Whose::Right,
        };
        Carried { outer: of(then.outer), inner: of(then.inner) }
    }
}
