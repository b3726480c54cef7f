//! Core programs: what one block does to a packet, typed and free of spans.
//!
//! A [`Program`] is an acyclic graph of [`Block`]s: operations in order, then one [`End`]. Every reference to a header
//! field is to a field of a header that is there on every path ([`Program::check`] verifies it), so a program has no
//! run-time memory fault left. The concrete interpreter (`interp`) is its meaning; the symbolic executor, code
//! generators and exporters read the same value.
//!
//! Origins (which source node an instruction came from) stand beside the program, in an [`Origins`](crate::Origins) value, so that
//! programs that differ only in white space or position are equal.

// Longer than 500 lines because it is a table: all that a program is made of, in one place.

use crate::field::Field;
use crate::header::HeaderKind;
use crate::shape::Stack;
use rdcl_base::IntervalSet;
use std::num::NonZeroU32;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a `usize`.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        })*
    };
}

index! {
    /// A port of a program.
    PortId
    /// A block of a program.
    BlockId
    /// A local variable of a visit.
    SlotId
    /// A name for a map entry found or inserted during a visit.
    CellId
    /// A name for a table row matched during a visit.
    RowId
    /// A table of a program.
    TableId
    /// A state map of a program.
    MapId
    /// A `choose` of a program.
    ChoiceId
}

/// A bit-vector constant: `value < 2^width`, `width` in 1..=128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bv {
    /// Width in bits.
    pub width: u16,
    /// The value, unsigned.
    pub value: u128,
}

impl Bv {
    /// The constant, with the value reduced modulo `2^width`.
    pub fn new(width: u16, value: u128) -> Bv {
        Bv { width, value: value & mask(width) }
    }
}

/// The all-ones value of a width in 1..=128.
pub fn mask(width: u16) -> u128 {
    if width >= 128 { u128::MAX } else { (1u128 << width) - 1 }
}

/// What one block does to a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Program {
    /// Its ports; a [`PortId`] indexes them.
    pub ports: Vec<PortDecl>,
    /// Local variables; zero at the start of a visit.
    pub slots: Vec<SlotDecl>,
    /// Names for entries of maps.
    pub cells: Vec<CellDecl>,
    /// Names for rows of tables.
    pub rows: Vec<RowDecl>,
    /// Tables; their data stand apart.
    pub tables: Vec<TableDecl>,
    /// State maps.
    pub maps: Vec<MapDecl>,
    /// Choices, in source order.
    pub choices: Vec<ChoiceDecl>,
    /// Blocks; every edge goes to a higher id.
    pub blocks: Vec<Block>,
    /// The block that takes packets entering at each port; none if nothing may enter there.
    pub entry: Vec<Option<BlockId>>,
}

/// A port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortDecl {
    /// `lan`, `p[3]`.
    pub name: String,
    /// What travels over it.
    pub stack: Stack,
}

/// A local variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotDecl {
    /// Its name, for people.
    pub name: String,
    /// Width in bits.
    pub width: u16,
}

/// A name for an entry of a map.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellDecl {
    /// Its name, for people.
    pub name: String,
    /// The map.
    pub map: MapId,
}

/// A name for a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowDecl {
    /// Its name, for people.
    pub name: String,
    /// The table.
    pub table: TableId,
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChoiceDecl {
    /// The name the source gives it.
    pub name: String,
    /// Width in bits.
    pub width: u16,
}

/// How a table's key column is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchKind {
    /// Equal.
    Exact,
    /// The longest matching prefix wins. At most one such column.
    Lpm,
    /// `lo..=hi`.
    Range,
}

/// A table's columns. Among the matching rows the longest prefix wins, then the earliest row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableDecl {
    /// Its name.
    pub name: String,
    /// Key columns: name, width, how they match.
    pub keys: Vec<(String, u16, MatchKind)>,
    /// Data columns: name and width.
    pub data: Vec<(String, u16)>,
}

/// A state map: a finite set of entries, each a key and values.
///
/// Columns are numbered over the key first, then the values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MapDecl {
    /// Its name.
    pub name: String,
    /// Key columns: name and width. The key is index 0 and unique.
    pub key: Vec<(String, u16)>,
    /// Value columns: name and width.
    pub value: Vec<(String, u16)>,
    /// Further unique indexes (index 1, 2, …), each a list of columns.
    pub unique: Vec<Vec<u16>>,
    /// The most entries it holds.
    pub capacity: u64,
    /// An entry not used for this long (ns) may expire, never before.
    pub idle: u64,
    /// True of every entry; speaks of [`Expr::Column`]s only.
    pub invariant: Cond,
}

impl MapDecl {
    /// Name and width of a column.
    pub fn column(&self, column: u16) -> &(String, u16) {
        let at = usize::from(column);
        if at < self.key.len() { &self.key[at] } else { &self.value[at - self.key.len()] }
    }

    /// The number of columns.
    pub fn columns(&self) -> u16 {
        (self.key.len() + self.value.len()) as u16
    }

    /// The columns of an index; 0 is the key.
    pub fn index_columns(&self, index: u16) -> Vec<u16> {
        match index {
            0 => (0..self.key.len() as u16).collect(),
            n => self.unique[usize::from(n) - 1].clone(),
        }
    }

    /// Whether a column may be written after its entry was added: it is in no index.
    pub fn is_mutable(&self, column: u16) -> bool {
        (self.key.len()..usize::from(self.columns())).contains(&usize::from(column))
            && !self.unique.iter().flatten().any(|c| *c == column)
    }

    /// The number of indexes, the key included.
    pub fn indexes(&self) -> u16 {
        self.unique.len() as u16 + 1
    }
}

/// Operations in order, then one end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// Operations.
    pub ops: Vec<Op>,
    /// What happens then.
    pub end: End,
}

/// Where a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A header field.
    Field(Field),
    /// A local variable.
    Slot(SlotId),
}

/// A binary operator on bit-vectors of equal width; modular.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinOp {
    And,
    Or,
    Xor,
    Add,
    Sub,
}

/// A bit-vector expression. Total: every expression has a value in every state in which it may be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A constant.
    Const(Bv),
    /// A field of a header that is there.
    Field(Field),
    /// A local variable.
    Slot(SlotId),
    /// A column of a bound entry.
    Cell(CellId, u16),
    /// A data column of a bound row.
    Row(RowId, u16),
    /// The time of the visit in nanoseconds, [`TIME_WIDTH`] bits wide. It never decreases from one visit to the next.
    Now,
    /// A column of the entry an invariant speaks of; only in [`MapDecl::invariant`].
    Column(u16, u16 /* width */),
    /// Bitwise complement.
    Not(Box<Expr>),
    /// A binary operator.
    Bin(BinOp, Box<Expr>, Box<Expr>),
    /// Shift left by a constant; a shift of the width or more gives 0.
    Shl(Box<Expr>, u16),
    /// Logical shift right by a constant.
    Lshr(Box<Expr>, u16),
    /// Bits `hi..=lo`, counted from 0 at the least significant.
    Extract {
        /// Highest bit.
        hi: u16,
        /// Lowest bit.
        lo: u16,
        /// Of what.
        of: Box<Expr>,
    },
    /// The first operand's bits above the second's.
    Concat(Box<Expr>, Box<Expr>),
    /// Zero extension to a width.
    Zext(u16, Box<Expr>),
    /// `if c then a else b`; `a` is evaluated only where `c` holds.
    Ite(Box<Cond>, Box<Expr>, Box<Expr>),
    /// A number below the second operand, [`HASH_WIDTH`] bits wide, that depends on the values and nothing else:
    /// [`hash`](crate::hash) of them. What is proved holds for whatever function takes its place.
    Hash(Vec<Expr>, NonZeroU32),
}

/// The width of a time, or of a span of time, in bits: nanoseconds.
pub const TIME_WIDTH: u16 = 64;

/// The width of a hash in bits.
pub const HASH_WIDTH: u16 = 32;

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CmpOp {
    /// Equal.
    Eq,
    /// Unsigned less than.
    Ult,
    /// Unsigned less than or equal.
    Ule,
}

/// A condition. `All` and `Any` are evaluated left to right and stop early, so `has tcp and tcp.dport == 22` is total.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cond {
    /// Holds.
    True,
    /// Does not.
    False,
    /// A comparison of bit-vectors of equal width.
    Cmp(CmpOp, Expr, Expr),
    /// Membership.
    In(Expr, IntervalSet),
    /// The packet has this header.
    Has(HeaderKind),
    /// All hold.
    All(Vec<Cond>),
    /// One holds.
    Any(Vec<Cond>),
    /// It does not hold.
    Not(Box<Cond>),
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Writes a place; widths are equal; derived fields are never written.
    Set(Place, Expr),
    /// Adds a header that is not there, in its place; its plain fields are zero until set.
    Push(HeaderKind),
    /// Removes a header that is there.
    Pop(HeaderKind),
    /// Makes the packet the one in a tunnel, whose headers are pushed next. All its headers have a place there.
    Nest,
    /// Takes the packet out of a tunnel, whose headers have been popped: there are inner headers only.
    Unnest,
    /// Marks a bound entry as used now.
    Touch(CellId),
    /// Deletes a bound entry.
    Remove(CellId),
    /// Writes a value column of a bound entry, one that is in no index. All names that the entry has see it; one that
    /// is gone stays so.
    Update(CellId, u16, Expr),
}

/// Who decides a choice in a guest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resolver {
    /// The least legal value.
    First,
    /// The first legal value at or after a hash of these expressions, cyclically.
    Hash(Vec<Expr>),
    /// The legal value that has been free for longest.
    LeastRecentlyFreed,
}

/// How a block ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Goes on.
    Goto(BlockId),
    /// Goes on in one of two ways.
    If(Cond, BlockId, BlockId),
    /// Goes on by the value of an expression.
    Switch {
        /// The expression.
        on: Expr,
        /// Values, ascending, and where they lead.
        arms: Vec<(u128, BlockId)>,
        /// Any other value.
        default: BlockId,
    },
    /// Looks the keys up in a table.
    Match {
        /// The table.
        table: TableId,
        /// One expression for each key column.
        keys: Vec<Expr>,
        /// The name the row gets.
        row: RowId,
        /// A row matches.
        hit: BlockId,
        /// None does.
        miss: BlockId,
    },
    /// Looks an entry up by an index of a map.
    Lookup {
        /// The map.
        map: MapId,
        /// The index; 0 is the key.
        index: u16,
        /// One expression for each of its columns.
        keys: Vec<Expr>,
        /// The name the entry gets.
        cell: CellId,
        /// There is one.
        hit: BlockId,
        /// There is none.
        miss: BlockId,
    },
    /// Adds an entry, last used now.
    Insert {
        /// The map.
        map: MapId,
        /// One expression for each column.
        values: Vec<Expr>,
        /// The name the entry gets.
        cell: CellId,
        /// Added.
        ok: BlockId,
        /// The map holds `capacity` entries and no clash.
        full: BlockId,
        /// An entry with the same key, or equal in a unique index, is there already.
        clash: BlockId,
        /// Whether the source handles the clash; if not, that it never happens is to be proved.
        clash_handled: bool,
    },
    /// Picks a legal value.
    Choose {
        /// Which choice this is.
        choice: ChoiceId,
        /// The variable that takes it.
        slot: SlotId,
        /// Least value.
        lo: u128,
        /// Greatest value.
        hi: u128,
        /// Only values free in a unique index.
        free: Option<Free>,
        /// What a guest takes; none makes the program a specification.
        resolver: Option<Resolver>,
        /// A value was picked.
        ok: BlockId,
        /// No value is legal.
        none: BlockId,
    },
    /// Sends copies; the first arm first, each to the end of its visit. No state is written after a fork.
    Fork(Vec<BlockId>),
    /// Leaves through a port.
    Forward(PortId),
    /// Is dropped.
    Drop(Reason),
    /// A condition stated by the program.
    Check {
        /// The condition.
        cond: Cond,
        /// What it means when it fails.
        kind: CheckKind,
        /// It holds.
        ok: BlockId,
    },
}

/// A restriction of a choice to values that are free in a unique index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Free {
    /// The map.
    pub map: MapId,
    /// The index (1 or more).
    pub index: u16,
    /// For each of its columns an expression, or none for the column that takes the chosen value.
    pub keys: Vec<Option<Expr>>,
}

/// What a failed [`End::Check`] means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// Dropped with "assertion"; to be proved never to happen.
    Assert,
    /// A premise of a specification; a run in which it fails is a model error.
    Assume,
}

/// Why a packet was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A constraint failed.
    Constrain,
    /// `Fail` with its message.
    Fail(String),
    /// An assertion failed.
    Assertion,
    /// An insert found its key or unique index taken, and the source does not handle it.
    Clash(MapId),
    /// A computed port is outside its array.
    NoPort,
    /// The port it was forwarded to is not wired.
    Unwired,
    /// The parser refused it.
    Parse(ParseError),
}

/// Why the shared parser refused a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParseError {
    /// Fewer bytes than its headers or lengths say.
    Truncated,
    /// A required header is missing.
    Missing(HeaderKind),
    /// A version other than the one that is read: of IPv4, IPv6, GRE, GTP-U.
    Version,
    /// IPv4 options, or optional fields of GRE, VXLAN, GTP-U; ARP for other addresses than those of IPv4 and Ethernet.
    Options,
    /// A fragment, or the reserved flag is set.
    Fragment,
    /// A length field contradicts the rest.
    Length,
    /// The IPv4 header checksum is wrong.
    Checksum,
}
