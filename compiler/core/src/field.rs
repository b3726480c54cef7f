//! Fields of headers: how wide, and how their values come about.

use crate::header::HeaderKind;

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
    /// A length. Only those of the outer IP header can be read.
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

    /// Whether it is a length that programs may read: `ip.len` or `ip6.len`.
    pub fn is_ip_length(self) -> bool {
        matches!(self.header, HeaderKind::Ip4 | HeaderKind::Ip6)
            && self.decl().role == Role::Derived(Derivation::Length)
    }

    /// Whether programs may read it.
    pub fn is_readable(self) -> bool {
        match self.decl().role {
            Role::Plain | Role::HopLimit => true,
            Role::Derived(Derivation::NextProtocol | Derivation::Fixed(_)) => true,
            Role::Derived(Derivation::Length) => self.is_ip_length(),
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
