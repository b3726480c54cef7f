//! A program as it is run: instructions in blocks, names and addresses told apart, plain numbers folded.

use rdcl_base::NodeId;
use rdcl_core::{BinOp, Bv, CmpOp};

/// A program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Every block; the first one is the program.
    pub blocks: Vec<Vec<Instr>>,
}

/// A block of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instr {
    /// What is done.
    pub op: Op,
    /// Where it is written.
    pub node: NodeId,
}

/// What an instruction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Pushes an empty value of a metadata name.
    AllocateName(NameRef, Option<u16>),
    /// Makes a header object, or pushes an empty value of one.
    AllocateAt(Address, u32),
    /// Pops a value of a metadata name; of this width, if one is given.
    DeallocateName(NameRef, Option<u16>),
    /// Pops a value of a header object of this size.
    DeallocateAt(Address, u32),
    /// Gives a place a value.
    Assign(Place, Expr),
    /// Ends the path where the condition does not hold.
    Constrain(Cond),
    /// Finds fault where the condition does not hold.
    Assert(Cond),
    /// Goes on where the condition holds, and looks at nothing else.
    Assume(Cond),
    /// Points a tag to an address.
    CreateTag(String, Address),
    /// Points a tag nowhere.
    DestroyTag(String),
    /// Two ways on.
    If(Cond, BlockId, BlockId),
    /// A copy for each block.
    Fork(Vec<BlockId>),
    /// A block in its place.
    Run(BlockId),
    /// The block once for each metadata name that matches now, in the order of the names.
    For(String, String, BlockId),
    /// Drops the packet.
    Fail(String),
    /// Delivers the packet at a port.
    Forward(String),
    /// Remembers header objects and tags under a name.
    Save(String),
    /// Brings them back.
    Load(String),
    /// Removes all header objects and tags.
    DestroyPacket,
    /// Names a block.
    Let(String, BlockId),
    /// Runs the block of that name.
    Call(String),
}

/// A metadata name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRef {
    /// As written.
    pub text: String,
    /// It is the name that a `For` gives to each match.
    pub bound: bool,
}

/// A bit address: tags added and subtracted, and a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Tags, each added or (`false`) subtracted.
    pub tags: Vec<(bool, String)>,
    /// What is added to them.
    pub bits: i128,
    /// Where it is written.
    pub node: NodeId,
}

/// What is read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A metadata.
    Name(NameRef, NodeId),
    /// The header object that starts there, and the width it must have if one is said.
    At(Address, Option<u16>),
}

impl Place {
    /// Where it is written.
    pub fn node(&self) -> NodeId {
        match self {
            Place::Name(_, node) => *node,
            Place::At(address, _) => address.node,
        }
    }
}

/// A number without a width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int {
    /// Below zero.
    pub negative: bool,
    /// Its distance from zero.
    pub magnitude: u128,
}

impl Int {
    /// A number that is not negative.
    pub fn new(magnitude: u128) -> Int {
        Int { negative: false, magnitude }
    }

    /// The sum, if it is in range.
    pub fn plus(self, other: Int) -> Option<Int> {
        if self.negative == other.negative {
            let magnitude = self.magnitude.checked_add(other.magnitude)?;
            return Some(Int { magnitude, ..self });
        }
        let (large, small) = if self.magnitude >= other.magnitude { (self, other) } else { (other, self) };
        let magnitude = large.magnitude - small.magnitude;
        Some(Int { negative: large.negative && magnitude > 0, magnitude })
    }

    /// The number with the other sign.
    pub fn negated(self) -> Int {
        Int { negative: !self.negative && self.magnitude > 0, ..self }
    }
}

impl std::fmt::Display for Int {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.negative { "-" } else { "" }, self.magnitude)
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is written.
    pub node: NodeId,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// A number that takes the width of what it meets.
    Int(Int),
    /// A constant with a width.
    Bits(Bv),
    /// A fresh symbolic value, of this width or of that of what it meets.
    Unknown(Option<u16>),
    /// What a place holds.
    Read(Place),
    /// Two values of one width.
    Bin(BinOp, Box<Expr>, Box<Expr>),
    /// Shifted left or (`false`) right by a constant.
    Shift(bool, Box<Expr>, u16),
    /// Every bit turned.
    Complement(Box<Expr>),
    /// The first one's bits above the other's.
    Concat(Box<Expr>, Box<Expr>),
    /// Bits from high to low, both included.
    Extract(Box<Expr>, u16, u16),
    /// Widened with zeros.
    Extend(Box<Expr>, u16),
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cond {
    /// Always or never.
    Constant(bool),
    /// A comparison.
    Cmp(CmpOp, Expr, Expr),
    /// Membership in a range whose ends are included; the width the ends have, if they have one.
    In(Expr, u128, u128, Option<u16>, NodeId),
    /// It does not hold.
    Not(Box<Cond>),
    /// All hold, looked at in order up to the first that does not.
    All(Vec<Cond>),
    /// One holds, looked at in order up to the first that does.
    Any(Vec<Cond>),
    /// A metadata is allocated, or a header object starts there.
    Exists(Place),
    /// No header object overlaps so many bits from there.
    Free(Address, u32),
    /// What stands where a test belongs is none.
    NoTest(NodeId),
}
