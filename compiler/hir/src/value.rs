//! Values of parameters: what an argument evaluates to, and the types they have.

use rdcl_base::{Dimension, Quantity};
use rdcl_core::Stack;

/// A parameter's type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `u8`, `u16`, `u32`, `u64`: unsigned, of this width.
    Uint(u16),
    /// `bool`
    Bool,
    /// `String`
    String,
    /// `Ipv4`: 32 bits.
    Ipv4,
    /// `Ipv6`: 128 bits.
    Ipv6,
    /// `Mac`: 48 bits.
    Mac,
    /// `Prefix`: a set of IPv4 addresses.
    Prefix,
    /// `Prefix6`: a set of IPv6 addresses.
    Prefix6,
    /// `Range`: an inclusive range of unsigned integers.
    Range,
    /// `Duration`, `Bandwidth`, `Memory`, `PacketRate`, `Cpu`, `Ratio`: an amount of this.
    Quantity(Dimension),
    /// `Table(lpm prefix: Ipv4, port: u16)`; a bare `Table` has exactly these two columns.
    Table(TableType),
    /// `Stack`: a header stack, usable as a port type.
    Stack,
}

/// A table's columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableType {
    /// Key columns: name, type, how they match.
    pub keys: Vec<(String, Type, rdcl_core::MatchKind)>,
    /// Data columns: name and type.
    pub data: Vec<(String, Type)>,
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Of a [`Type::Uint`].
    Int(u128),
    /// Of [`Type::Bool`].
    Bool(bool),
    /// Of [`Type::String`].
    Str(String),
    /// Of [`Type::Ipv4`].
    Ipv4(u32),
    /// Of [`Type::Ipv6`].
    Ipv6(u128),
    /// Of [`Type::Mac`].
    Mac(u64),
    /// Of [`Type::Prefix`]: address (host bits zero) and length.
    Prefix(u32, u8),
    /// Of [`Type::Prefix6`], likewise.
    Prefix6(u128, u8),
    /// Of [`Type::Range`], inclusive.
    Range(u128, u128),
    /// Of the [`Type::Quantity`] of its dimension.
    Quantity(Quantity),
    /// Of [`Type::Table`]: the one name of the file, its path relative to the package; see `Home::table_path`.
    Table(String),
    /// Of [`Type::Stack`].
    Stack(Stack),
}
