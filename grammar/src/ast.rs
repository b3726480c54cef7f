//! The syntax tree of one item: what was written, without spans.
//!
//! Every node carries a [`NodeId`], an index into the item's table of spans. Ids are given in the order in which the
//! parser reduces, so two texts that differ in white space and comments alone have equal trees.
//
// Longer than 500 lines because it is a table: every kind of node, in one place.

use rdcl_base::NodeId;

/// A word that names something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub node: NodeId,
}

/// `std::net::Ip4`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// At least one segment.
    pub segments: Vec<Name>,
    /// The whole path.
    pub node: NodeId,
}

/// A top-level item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// `use std::net::{Ip4, Eth as Ethernet};`, flattened.
    Use(Vec<Import>),
    /// `stack Ip4 = ip;`
    Stack(Stack),
    /// `rfb Name(…) : Parent { … }`
    Rfb(Rfb),
    /// `substrate lab { … }`
    Substrate(Substrate),
    /// `deploy Branch on lab { … } minimize cpu;`
    Deploy(Deploy),
    /// A whole `.nemo` file.
    Nemo(crate::nemo::Program),
    /// `environment ClickOs: unikernel in Xen { … }`
    Environment(Environment),
    /// `header Telemetry after udp at 5555 { … }`
    Header(Header),
    /// Nothing could be made of it; the errors say why.
    Bad(NodeId),
}

/// One leaf of a `use`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Import {
    /// The full path.
    pub path: Path,
    /// The name it gets here, when written with `as`.
    pub alias: Option<Name>,
}

/// A declared header stack: `stack Tagged = eth/vlan;`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stack {
    /// Its name, usable as a port type.
    pub name: Name,
    /// Built-in headers, outermost first.
    pub headers: Vec<Name>,
    /// The whole item.
    pub node: NodeId,
}

/// A declared header: `header Telemetry after udp at 5555 { hops: u8; kind: u8 { 4: ip; } }`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Its name.
    pub name: Name,
    /// The headers that announce it, each with its number.
    pub after: Vec<Announced>,
    /// Its fields, in wire order.
    pub fields: Vec<HeaderField>,
    /// The whole item.
    pub node: NodeId,
}

/// A header and the number by which it, or the other one, is announced: `udp at 5555`, `0x0800: ip;`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Announced {
    /// A built-in header by its name in SEFL, or a declared one.
    pub header: Path,
    /// The number.
    pub number: u128,
    /// Both.
    pub node: NodeId,
}

/// A field of a declared header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderField {
    /// Its name.
    pub name: Name,
    /// Its width: `u12`, or a value type.
    pub ty: TypeExpr,
    /// The headers that it announces, if it says what follows.
    pub told: Option<Vec<Announced>>,
    /// The whole field.
    pub node: NodeId,
}

/// A reusable functional block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rfb {
    /// Whether it only says what its sub-classes have in common (`abstract rfb`).
    pub is_abstract: bool,
    /// Its name.
    pub name: Name,
    /// Parameters that stand for header stacks (`<I = Ip4>`), in order.
    pub type_params: Vec<TypeParam>,
    /// Parameters, in order.
    pub params: Vec<Param>,
    /// What it is (`: Firewall`), with arguments for the parent's parameters.
    pub parents: Vec<Parent>,
    /// What its arguments must satisfy (`where n >= 1`).
    pub constraints: Vec<Expr>,
    /// Its members, in order.
    pub members: Vec<Member>,
    /// The whole item.
    pub node: NodeId,
}

/// A parameter for a header stack: `I: Ip4 = Ip4/Tcp`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeParam {
    /// Its name, usable as a port type.
    pub name: Name,
    /// What the stack begins with.
    pub bound: Option<TypeExpr>,
    /// Its default; without one the argument is mandatory.
    pub default: Option<TypeExpr>,
    /// The whole parameter.
    pub node: NodeId,
}

/// An argument for a [`TypeParam`], by name or by position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeArg {
    /// The parameter, when given by name.
    pub name: Option<Name>,
    /// The header stack.
    pub ty: TypeExpr,
    /// The whole argument.
    pub node: NodeId,
}

/// A parameter `name: Type = default`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its default; without one the argument is mandatory.
    pub default: Option<Expr>,
    /// The whole parameter.
    pub node: NodeId,
}

/// A parent with arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parent {
    /// The parent's name.
    pub path: Path,
    /// Header stacks for its type parameters.
    pub type_args: Vec<TypeArg>,
    /// Arguments for its parameters; a parameter of the same name passes through by itself.
    pub args: Vec<Arg>,
    /// The whole clause.
    pub node: NodeId,
}

/// A type: a value type, a header stack `Eth/Vlan`, or a table with columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeExpr {
    /// The parts between slashes.
    pub parts: Vec<Path>,
    /// `Table(lpm prefix: Ipv4, port: u16)`: the columns in parentheses.
    pub columns: Option<Vec<Column>>,
    /// The whole type.
    pub node: NodeId,
}

/// A table column `lpm prefix: Ipv4` (a key) or `port: u16` (data).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// `exact`, `lpm` or `range` for a key; none for data.
    pub kind: Option<Name>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// The whole column.
    pub node: NodeId,
}

/// A member of an RFB.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// `port inout lan: Ip4;`
    Port(Port),
    /// `part fw: BranchFirewall(inside = 10.1.0.0/16);`
    Part(Part),
    /// `wire lan <-> fw.lan { bandwidth = 200Mbps; }`
    Wire(Wire),
    /// `if n > 0 { part next: Chain(n - 1); … } else { … }`
    If(Conditional),
    /// `behaviour sefl { … }`
    Behaviour(Behaviour),
    /// `ensures name: …;`
    Ensures(Ensures),
    /// `impl guest on kvm { … }`
    Impl(Impl),
    /// `sla p1: delay(lan -> wan) <= 5ms;`
    Sla(Sla),
    /// `lifecycle { on heal fw within 2s; }`
    Lifecycle(Lifecycle),
    /// `intent nemo {{ … }}`
    Intent(Intent),
    /// `policy spread { apart fw, nat; }`
    Policy(Policy),
    /// Recovered from an error.
    Bad(NodeId),
}

/// Which way packets pass a port, seen from inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Packets only enter.
    In,
    /// Packets only leave.
    Out,
    /// Both.
    InOut,
}

/// A port, or an array of ports `p[0..15]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    /// Which way.
    pub direction: Direction,
    /// Its name.
    pub name: Name,
    /// Inclusive bounds of an array.
    pub array: Option<(Expr, Expr)>,
    /// Its header stack.
    pub ty: TypeExpr,
    /// What goes with a packet besides its bytes (`with { colour: u8 }`).
    pub metadata: Vec<StateColumn>,
    /// The whole member.
    pub node: NodeId,
}

/// Members that are there when a condition holds of the parameters, and others when it does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Conditional {
    /// Over parameters and constants.
    pub condition: Expr,
    /// What is there when it holds.
    pub then: Vec<Member>,
    /// What is there otherwise.
    pub otherwise: Vec<Member>,
    /// The whole member.
    pub node: NodeId,
}

/// A part, or an array of parts `cache[0..3]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Its name.
    pub name: Name,
    /// Inclusive bounds of an array.
    pub array: Option<(Expr, Expr)>,
    /// The RFB it is an instance of.
    pub rfb: Path,
    /// Header stacks for its type parameters.
    pub type_args: Vec<TypeArg>,
    /// Arguments.
    pub args: Vec<Arg>,
    /// The whole member.
    pub node: NodeId,
}

/// An argument, by name or by position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arg {
    /// The parameter, when given by name.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
    /// The whole argument.
    pub node: NodeId,
}

/// A wire `a <-> b`, a chain `a <-> b <-> c`, or a distribution `lan => cache[*] balance by flow`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wire {
    /// At least two ends.
    pub ends: Vec<End>,
    /// One arrow fewer than ends.
    pub arrows: Vec<Arrow>,
    /// The distribution's name.
    pub balance: Option<Name>,
    /// Attributes such as `bandwidth`.
    pub attrs: Vec<Attr>,
    /// The whole member.
    pub node: NodeId,
}

/// What joins two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrow {
    /// `<->`
    Both,
    /// `=>`
    Distribute,
}

/// A port seen from a composite: `lan`, `fw.lan`, `r.p[3]`, `cache[*].in0`, `p[*]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// One or more segments.
    pub segments: Vec<EndSegment>,
    /// The whole end.
    pub node: NodeId,
}

/// A segment of an [`End`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndSegment {
    /// The name.
    pub name: Name,
    /// An index, if written.
    pub index: Option<Index>,
}

/// What stands in an end's brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// `[*]`
    All,
    /// `[3]`
    At(Expr),
}

/// `name = value;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attr {
    /// The attribute.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole attribute.
    pub node: NodeId,
}

/// What a block does to a packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Behaviour {
    /// `sefl`, `click`…
    pub language: Name,
    /// Its body.
    pub body: BehaviourBody,
    /// The whole member.
    pub node: NodeId,
}

/// A behaviour's body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BehaviourBody {
    /// `{ state …; on lan { … } }`
    Sefl(Vec<SeflMember>),
    /// `click {{ … }}`
    Click(crate::click::Configuration),
    /// `{{ … }}` in a language that is not understood.
    Foreign(Foreign),
}

/// The text between `{{` and `}}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Foreign {
    /// The text.
    pub text: String,
    /// The text, without the braces.
    pub node: NodeId,
}

/// A member of a SEFL behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SeflMember {
    /// `state flows { … }`
    State(State),
    /// `on lan { … }`
    On(On),
    /// Recovered from an error.
    Bad(NodeId),
}

/// A named finite map.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Its name.
    pub name: Name,
    /// Its clauses, in order.
    pub clauses: Vec<StateClause>,
    /// The whole member.
    pub node: NodeId,
}

/// A clause of a `state`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StateClause {
    /// `key proto: u8, ip: u32;`
    Key(Vec<StateColumn>, NodeId),
    /// `value ext: u16;`
    Value(Vec<StateColumn>, NodeId),
    /// `unique proto, ext;`
    Unique(Vec<Name>, NodeId),
    /// `capacity 65536;`
    Capacity(Expr, NodeId),
    /// `idle 300s;`
    Idle(Expr, NodeId),
    /// `invariant ext in ports;`
    Invariant(Expr, NodeId),
    /// Recovered from an error.
    Bad(NodeId),
}

/// A column of a state map.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StateColumn {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
}

/// `on lan { … }`: what is done to a packet that enters at this port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct On {
    /// The port, or array of ports.
    pub port: Name,
    /// What is done.
    pub body: Block,
    /// The whole member.
    pub node: NodeId,
}

/// Statements in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// The statements.
    pub stmts: Vec<Stmt>,
    /// The whole block.
    pub node: NodeId,
}

/// A SEFL statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stmt {
    /// `Constrain(ip.src in inside);`: an instruction in call form.
    Call(Call),
    /// `ip.src = public;`
    Assign {
        /// What is written.
        place: Expr,
        /// The new value.
        value: Expr,
        /// The whole statement.
        node: NodeId,
    },
    /// `lookup f in flows by [unique] (…) { else … }`
    Lookup {
        /// The name the entry gets.
        bind: Name,
        /// The map.
        map: Name,
        /// Whether the unique index is used instead of the key.
        unique: bool,
        /// One expression for each column of the index.
        keys: Vec<Expr>,
        /// What is done when there is no such entry.
        miss: Block,
        /// The whole statement.
        node: NodeId,
    },
    /// `choose x in range [free in map.column] [by resolver] { none-arm }`
    Choose {
        /// The name the value gets.
        bind: Name,
        /// The legal values.
        range: Expr,
        /// Only values for which the unique index with this column has no entry.
        free: Option<(Name, Name)>,
        /// Which legal value a guest takes: `first`, `hash` or `lru`.
        resolver: Option<Name>,
        /// What is done when no value is legal.
        none: Option<Block>,
        /// The whole statement.
        node: NodeId,
    },
    /// `insert f in flows (…) { full … clash … }`
    Insert {
        /// The name the entry gets.
        bind: Name,
        /// The map.
        map: Name,
        /// One expression for each key and value column.
        values: Vec<Expr>,
        /// What is done when the map has no room.
        full: Option<Block>,
        /// What is done when the key or a unique index is taken.
        clash: Option<Block>,
        /// The whole statement.
        node: NodeId,
    },
    /// `remove f;`
    Remove {
        /// The entry.
        entry: Name,
        /// The whole statement.
        node: NodeId,
    },
    /// `match fib on ip.dst { row r: … else … }`
    Match {
        /// The table.
        table: Name,
        /// One expression for each key column.
        keys: Vec<Expr>,
        /// The name the matching row gets.
        row: Name,
        /// What is done when a row matches.
        hit: Block,
        /// What is done when none does.
        miss: Block,
        /// The whole statement.
        node: NodeId,
    },
    /// Recovered from an error.
    Bad(NodeId),
}

/// `name(args)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The instruction or function.
    pub name: Name,
    /// Arguments.
    pub args: Vec<CallArg>,
    /// The whole call.
    pub node: NodeId,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallArg {
    /// An expression.
    Expr(Expr),
    /// `name = value`
    Named(Name, Expr),
    /// `{ … }`: several instructions as one argument.
    Block(Block),
    /// `lan -> wan`
    Flow(Flow),
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    /// What kind.
    pub kind: ExprKind,
    /// The whole expression.
    pub node: NodeId,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprKind {
    /// `22`, `0xff`
    Int(u128),
    /// `200Mbps`: the number and the unit as written (already known to be a [`rdcl_base::Quantity`]).
    Quantity(rdcl_base::Quantity),
    /// `"text"`
    Str(String),
    /// `10.1.0.1`
    Ipv4(u32),
    /// `10.1.0.0/16`, as written (host bits may be set).
    Prefix(u32, u8),
    /// `2001:db8::1`, `ip6"fe80::1"`
    Ipv6(u128),
    /// `2001:db8::/32`, `ip6"fe80::/10"`, as written.
    Prefix6(u128, u8),
    /// `02:00:00:00:00:01`
    Mac(u64),
    /// `inside`
    Name(Name),
    /// `ip.src`
    Member(Box<Expr>, Name),
    /// `p[r.port]`
    Index(Box<Expr>, Box<Expr>),
    /// `room(nat.flows)`, `Forward(wan)`
    Call(Box<Call>),
    /// `not e`
    Not(Box<Expr>),
    /// `a and b and c`
    All(Vec<Expr>),
    /// `a or b or c`
    Any(Vec<Expr>),
    /// `a + b`, `a == b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `e in set`
    In(Box<Expr>, Box<Expr>),
    /// `lo..hi`, inclusive
    Range(Box<Expr>, Box<Expr>),
    /// `has tcp`, `has inner.tcp`
    Has(Name),
    /// `[L3+96 : 32]`: the field that starts that many bits after a tag and has that width
    Address(Box<Expr>, Box<Expr>),
    /// Recovered from an error.
    Bad,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// `lan -> wan`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Where packets enter.
    pub from: End,
    /// Where they leave.
    pub to: End,
    /// The whole flow.
    pub node: NodeId,
}

/// A clause of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ensures {
    /// Its name, if given.
    pub name: Option<Name>,
    /// What is promised.
    pub clause: Clause,
    /// The whole member.
    pub node: NodeId,
}

/// What a contract promises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// `wan -> lan [when C] { P; Q; }`
    Holds {
        /// From where to where.
        flow: Flow,
        /// Of which packets, as they enter.
        when: Option<Expr>,
        /// What is true of each as it leaves.
        body: Vec<Expr>,
    },
    /// `reach lan -> wan when C given room(flows);` and the like.
    Mode {
        /// Which promise.
        mode: Mode,
        /// From where to where.
        flow: Flow,
        /// Of which packets, as they enter.
        when: Option<Expr>,
        /// Premises about the state.
        given: Option<Expr>,
        /// `unchanged … except ip.ttl, ip.dscp`
        except: Vec<Expr>,
    },
    /// `lan -> wan via fw, nat when C;`
    Via {
        /// From where to where.
        flow: Flow,
        /// The parts that each packet passes, in order.
        through: Vec<End>,
        /// Of which packets, as they enter.
        when: Option<Expr>,
    },
    /// `no loop;`
    No(Name),
}

/// The promises about a flow that have no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Some copy arrives, always.
    Reach,
    /// For some history and choices a copy arrives.
    CanReach,
    /// Nothing arrives.
    Isolated,
    /// What arrives is what entered.
    Unchanged,
}

/// `impl guest on kvm { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Impl {
    /// Its name.
    pub name: Name,
    /// The kind of execution environment.
    pub ree: Path,
    /// Its needs.
    pub attrs: Vec<Attr>,
    /// What its execution environment has to offer.
    pub features: Vec<Features>,
    /// The whole member.
    pub node: NodeId,
}

/// `require pinning, hugepages(1GiB);` of an implementation, `offer …;` of an execution environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Features {
    /// `require` or `offer`.
    pub word: Name,
    /// At least one feature.
    pub list: Vec<Feature>,
    /// The whole clause.
    pub node: NodeId,
}

/// `pinning`, `hugepages(1GiB)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feature {
    /// Its name.
    pub name: Name,
    /// What stands in its parentheses.
    pub argument: Option<Expr>,
    /// The whole feature.
    pub node: NodeId,
}

/// `sla p1: delay(lan -> wan) <= 5ms;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sla {
    /// Its name.
    pub name: Name,
    /// What must hold.
    pub condition: Expr,
    /// The whole member.
    pub node: NodeId,
}

/// `lifecycle { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lifecycle {
    /// Its states.
    pub states: Vec<States>,
    /// Its transitions.
    pub transitions: Vec<Transition>,
    /// The whole member.
    pub node: NodeId,
}

/// `state Ready, Running;`, `state Null initial;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct States {
    /// Their names.
    pub names: Vec<Name>,
    /// `initial` or `final`.
    pub mark: Option<Name>,
    /// The whole clause.
    pub node: NodeId,
}

/// `on heal fw within 2s;`, `on start: Ready -> Running pre host.alive post alive within 5s undo stop;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transition {
    /// `heal`, `migrate`, `scale`…
    pub verb: Name,
    /// Which part.
    pub target: Option<End>,
    /// From which states to which.
    pub step: Option<(Vec<Name>, Name)>,
    /// What has to hold before.
    pub pre: Option<Expr>,
    /// What has to hold after.
    pub post: Option<Expr>,
    /// Time allowed.
    pub within: Option<Expr>,
    /// What leads back.
    pub undo: Option<Name>,
    /// The whole transition.
    pub node: NodeId,
}

/// `policy spread { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// Its rules.
    pub rules: Vec<PolicyRule>,
    /// The whole member.
    pub node: NodeId,
}

/// A rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PolicyRule {
    /// `apart fw, nat by zone;`, `prefer together fw, nat;`, `keep fw in zone "east";`
    Parts {
        /// `prefer`, where the rule is a wish.
        prefer: Option<Name>,
        /// `apart`, `together` or `keep`.
        word: Name,
        /// Parts.
        parts: Vec<End>,
        /// What is counted as one place: `ree`, `host` or `zone`.
        by: Option<Name>,
        /// `in zone "east", "west"`
        within: Option<(Name, Vec<Expr>)>,
        /// The whole rule.
        node: NodeId,
    },
    /// `spare cpu = 25%;`
    Share {
        /// `spare`
        word: Name,
        /// A resource.
        what: Name,
        /// How much of it.
        value: Expr,
        /// The whole rule.
        node: NodeId,
    },
}

/// `intent nemo {{ … }}`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Intent {
    /// `nemo`
    pub language: Name,
    /// The text.
    pub body: Foreign,
    /// The statements, when the language is NEMO.
    pub nemo: Vec<crate::nemo::Statement>,
    /// The whole member.
    pub node: NodeId,
}

/// `substrate lab { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Substrate {
    /// Its name.
    pub name: Name,
    /// Its members.
    pub members: Vec<SubstrateMember>,
    /// The whole item.
    pub node: NodeId,
}

/// A member of a substrate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SubstrateMember {
    /// `ree edge1: kvm { … }`
    Ree(Ree),
    /// `link edge1 <-> dc { … }`
    Link(Link),
    /// Recovered from an error.
    Bad(NodeId),
}

/// An execution environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ree {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: Path,
    /// The execution environment that it runs in.
    pub host: Option<Name>,
    /// What it has.
    pub attrs: Vec<Attr>,
    /// What it offers besides.
    pub features: Vec<Features>,
    /// The whole member.
    pub node: NodeId,
}

/// A declared kind of execution environment: `environment ClickOs: unikernel in Xen { memory = 8MiB; }`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Environment {
    /// Its name.
    pub name: Name,
    /// The kind that it is, too.
    pub parent: Option<Path>,
    /// The kinds that may host it; any, if none is written.
    pub hosts: Vec<Path>,
    /// What each of this kind has, unless it says otherwise.
    pub attrs: Vec<Attr>,
    /// What each of this kind offers besides.
    pub features: Vec<Features>,
    /// The whole item.
    pub node: NodeId,
}

/// A link between execution environments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// One end.
    pub a: Name,
    /// The other.
    pub b: Name,
    /// What it offers.
    pub attrs: Vec<Attr>,
    /// The whole member.
    pub node: NodeId,
}

/// `deploy Branch on lab as edge { lan at edge1; } minimize cpu;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deploy {
    /// What is deployed.
    pub rfb: Path,
    /// Header stacks for its type parameters.
    pub type_args: Vec<TypeArg>,
    /// Arguments.
    pub args: Vec<Arg>,
    /// Where.
    pub substrate: Name,
    /// The deployment's name.
    pub alias: Option<Name>,
    /// What is pinned.
    pub pins: Vec<Pin>,
    /// The objective.
    pub minimize: Expr,
    /// The whole item.
    pub node: NodeId,
}

/// `lan at edge1;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pin {
    /// A boundary port or a part.
    pub what: End,
    /// Where.
    pub ree: Name,
    /// The whole pin.
    pub node: NodeId,
}
