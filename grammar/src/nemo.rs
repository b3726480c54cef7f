//! The syntax tree of NEMO: whole `.nemo` files, and the blocks of `intent nemo {{ … }}`.
//!
//! One tree for all published dialects (draft-xia-sdnrg-nemo-language-00 to -04, draft-aranda-nfvrg-recursive-vnf-00 to
//! -06, OpenDaylight, RDCL 3D). It is a flat list of statements as they are written: [`models`] attaches the members of
//! a `NodeModel`, [`pairs`] reads the comma lists of the first draft. Where a word has synonyms, the tree knows which
//! one was written. Node ids index the table of spans of the item.

mod brackets;
pub(crate) mod canonical;
pub(crate) mod clauses;
mod cut;
mod legacy;
mod lex;
mod mend;
mod messages;
pub(crate) mod parse;
mod rules;
pub(crate) mod set;
mod settle;
pub(crate) mod tokens;
mod value;
mod view;
pub(crate) mod words;

pub use value::{Compare, Cond, Date, Entry, Pair, Ref, Segment, Separator, Time, Value};
pub use view::{Model, Part, models, pairs};

use rdcl_base::NodeId;

/// A `.nemo` file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Program {
    /// In the order of the text.
    pub statements: Vec<Statement>,
    /// The whole text.
    pub node: NodeId,
}

/// A statement without its `;`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// Whether a `;` follows.
    pub terminated: bool,
    /// Something in it could not be read and is left out: nothing is known to be missing.
    pub broken: bool,
    /// The whole statement.
    pub node: NodeId,
}

/// The kinds of statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// `CREATE Node a Type host`, or without a verb, as in the body of a `NodeModel`
    Entity(Entity),
    /// `IMPORT VNFD FROM https://…`
    ImportVnfd {
        /// `FROM`, `From` or `from`
        from: Word,
        /// The descriptor.
        uri: Uri,
    },
    /// `DELETE Node a`, `No Node a`, `UnNode a`
    Delete(Delete),
    /// `CREATE User name "password"`, `CREATE "name" "password" "role"`
    User {
        /// Its name.
        name: Name,
        /// What follows, in quotes.
        rest: Vec<Name>,
    },
    /// `Query location From a, b`
    Query(Query),
    /// `Transaction`, `Transaction Begin`, `Commit` …
    Transaction(Step),
    /// `Connect c Address 192.0.2.1 Port 80`
    Connect {
        /// The connection.
        name: Name,
        /// Where the engine is.
        address: Value,
        /// Its port.
        port: (i64, NodeId),
    },
    /// `Disconnect c`
    Disconnect(Name),
    /// `Description host`: asks for the definition of a model
    Description(Name),
    /// `Engines: 192.0.2.1, 192.0.2.2`
    Engines(Vec<Value>),
    /// `P1:`, alone on a line
    Label(Name),
    /// `...`, where something is left out
    Ellipsis,
    /// `{`, around statements
    Open,
    /// `}`
    Close,
    /// Nothing could be made of it.
    Bad,
}

/// A keyword as written, where there are several spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    /// One of the closed list, such as `Link` for a connection.
    pub text: &'static str,
    /// Where it stands.
    pub node: NodeId,
}

/// A name, in quotes or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// Without the quotes.
    pub text: String,
    /// Whether it has quotes.
    pub quoted: bool,
    /// Where it stands, with the quotes.
    pub node: NodeId,
}

/// An absolute URI, perhaps wrapped over two lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    /// The text, put together.
    pub text: String,
    /// Whether it has quotes.
    pub quoted: bool,
    /// All of it.
    pub node: NodeId,
}

/// What a statement is to do with an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// `CREATE`
    Create,
    /// `UPDATE`
    Update,
    /// `IMPORT`
    Import,
    /// `DEFINE`
    Define,
}

/// The kinds of entity. Models define them, all others are instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityKind {
    /// `Node`, `CFN`
    Node,
    /// `Connection`, `Link`, `CONNECTION`
    Connection,
    /// `Flow`, `ServiceFlow`
    Flow,
    /// `Operation`, `Policy`
    Operation,
    /// `Notification`
    Notification,
    /// `NodeModel`, `Nodemodel`, `CFNModel`
    NodeModel,
    /// `ConnectionModel`, `LinkModel`
    ConnectionModel,
    /// `FlowModel`, `ServiceFlowModel`
    FlowModel,
    /// `ActionModel`
    ActionModel,
    /// `ConditionModel`
    ConditionModel,
    /// `ConnectionPoint`
    ConnectionPoint,
    /// `User`, deleted only
    User,
    /// `TemplateDefinition`, deleted only
    TemplateDefinition,
    /// `TemplateInstance`, deleted only
    TemplateInstance,
}

/// `CREATE Node a Type host Property location: lab`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entity {
    /// None is legal in the body of a `NodeModel`, for models, and in drafts -00 to -02.
    pub verb: Option<(Verb, NodeId)>,
    /// What it is.
    pub kind: EntityKind,
    /// The word for that.
    pub word: Word,
    /// The word `NAME` before the name.
    pub name_word: Option<Word>,
    /// Its name; one without is complained of.
    pub name: Option<Name>,
    /// `(Query … From …)` behind the name of a notification
    pub query: Option<Query>,
    /// In the order of the text; each kind is there at most once, and is one that the entity may have.
    pub clauses: Vec<Clause>,
}

/// A clause with the word it begins with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Clause {
    /// What it says.
    pub kind: ClauseKind,
    /// The word.
    pub word: Word,
    /// The whole clause.
    pub node: NodeId,
}

/// The kinds of clause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClauseKind {
    /// `Type host`, `TYPE host`
    Type(Name),
    /// `Contain a, b`
    Contain(Vec<Ref>),
    /// `NW n` or `Owner n`: the node that this one is in
    Parent(Ref),
    /// `Property location: lab`, `Properties "location","lab"`
    Property(Vec<Entry>),
    /// `EndNodes a, b:cp`; ends without the word that follow `Type p2p` have the word ``
    EndNodes(Vec<End>),
    /// `FROM a`
    From(Ref),
    /// `TO b:cp`
    To(Ref),
    /// `SLA "delay",10ms`
    Sla(Vec<Entry>),
    /// `Match src-ip: 10.1.9.0/24`
    Match(Vec<Entry>),
    /// `UnMatch "srcip","10.0.0.1"`
    UnMatch(Vec<Entry>),
    /// `Target guests`, `ApplyTo guests`
    Target(Ref),
    /// `Priority 1`
    Priority(i64, NodeId),
    /// `Condition time > 18:00:00`
    Condition(Cond),
    /// `Constraint load < 80%`
    Constraint(Cond),
    /// `Action deny`, `Action go-through: chain1`
    Action(Vec<Entry>),
    /// `Listener cb`, `RegisterListener cb`
    Listener(Ref),
    /// `On load`
    On(Name),
    /// `Every 10s`
    Every(Value),
    /// `VNFD https://…`
    Vnfd(Uri),
    /// `at VNFD:ge0`, also with `as` and `FROM`: an interface of the descriptor
    At(Ref),
}

/// One of the sides of a connection: a node, a connection point, or a set of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// `a`, `b:cp`, `b.cp`
    One(Ref),
    /// `{a, b}`, also in `( )` and `[ ]`
    Set(Vec<Ref>, NodeId),
}

/// `DELETE Node a`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delete {
    /// `DELETE`, `No`, or `UnNode` and the like
    pub word: Word,
    /// What is deleted.
    pub kind: EntityKind,
    /// The word for that; none in `UnNode`.
    pub kind_word: Option<Word>,
    /// Which one.
    pub target: Ref,
}

/// `Query location From a`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// Properties, or the words of clauses such as `Type`.
    pub items: Vec<Name>,
    /// `Value {lab}`
    pub value: Option<Value>,
    /// The word before `from`.
    pub from_word: Option<Word>,
    /// Who is asked.
    pub from: Vec<Ref>,
    /// The whole query.
    pub node: NodeId,
}

/// A step of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `Transaction`, the begin in the drafts
    Transaction,
    /// `Transaction Begin`
    Begin,
    /// `Transaction End`
    End,
    /// `Commit`
    Commit,
    /// `Withdraw`
    Withdraw,
}

impl Entity {
    /// The name's text; empty for one without a name.
    pub fn name_text(&self) -> &str {
        self.name.as_ref().map_or("", |name| name.text.as_str())
    }

    /// The type, if one is given.
    pub fn type_name(&self) -> Option<&Name> {
        self.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::Type(name) => Some(name),
            _ => None,
        })
    }
}

impl EntityKind {
    /// The canonical word.
    pub fn word(self) -> &'static str {
        match self {
            EntityKind::Node => "Node",
            EntityKind::Connection => "Connection",
            EntityKind::Flow => "Flow",
            EntityKind::Operation => "Operation",
            EntityKind::Notification => "Notification",
            EntityKind::NodeModel => "NodeModel",
            EntityKind::ConnectionModel => "ConnectionModel",
            EntityKind::FlowModel => "FlowModel",
            EntityKind::ActionModel => "ActionModel",
            EntityKind::ConditionModel => "ConditionModel",
            EntityKind::ConnectionPoint => "ConnectionPoint",
            EntityKind::User => "User",
            EntityKind::TemplateDefinition => "TemplateDefinition",
            EntityKind::TemplateInstance => "TemplateInstance",
        }
    }

    /// Whether it defines a type.
    pub fn is_model(self) -> bool {
        matches!(
            self,
            EntityKind::NodeModel
                | EntityKind::ConnectionModel
                | EntityKind::FlowModel
                | EntityKind::ActionModel
                | EntityKind::ConditionModel
        )
    }
}

impl Verb {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Create => "CREATE",
            Verb::Update => "UPDATE",
            Verb::Import => "IMPORT",
            Verb::Define => "DEFINE",
        }
    }
}
