//! The keywords of NEMO: a closed list of spellings, case-sensitive, each with the canonical word it stands for.

use crate::nemo::EntityKind;

/// What a keyword is to the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[rustfmt::skip]
pub(crate) enum Keyword {
    Create, Update, Import, Define, Delete, No, Un,
    Node, Connection, Flow, Operation, Notification,
    NodeModel, ConnectionModel, FlowModel, ActionModel, ConditionModel, ConnectionPoint,
    User, TemplateDefinition, TemplateInstance,
    Query, Transaction, Commit, Withdraw, Connect, Disconnect, Description, Engines,
    Type, Contain, Parent, Property, EndNodes, From, To, Sla, Match, UnMatch, Target, Priority, Condition, Constraint,
    Action, Listener, On, Every, Vnfd, At, As,
    Name, Value, Begin, End, Address, Port, List, Range, Mask, Or, And, Not, True, False,
}

use Keyword::*;

/// Every spelling; the first of a keyword is the canonical one.
#[rustfmt::skip]
const WORDS: &[(&str, Keyword)] = &[
    ("CREATE", Create), ("UPDATE", Update), ("IMPORT", Import), ("DEFINE", Define), ("DELETE", Delete), ("No", No),
    ("UnNode", Un), ("UnLink", Un), ("UnConnection", Un), ("UnFlow", Un), ("UnPolicy", Un), ("UnNotification", Un),
    ("Node", Node), ("CFN", Node),
    ("Connection", Connection), ("CONNECTION", Connection), ("Link", Connection),
    ("Flow", Flow), ("ServiceFlow", Flow),
    ("Operation", Operation), ("Policy", Operation),
    ("Notification", Notification),
    ("NodeModel", NodeModel), ("Nodemodel", NodeModel), ("CFNModel", NodeModel),
    ("ConnectionModel", ConnectionModel), ("LinkModel", ConnectionModel),
    ("FlowModel", FlowModel), ("ServiceFlowModel", FlowModel),
    ("ActionModel", ActionModel), ("ConditionModel", ConditionModel), ("ConnectionPoint", ConnectionPoint),
    ("User", User), ("TemplateDefinition", TemplateDefinition), ("TemplateInstance", TemplateInstance),
    ("Query", Query), ("Transaction", Transaction), ("Commit", Commit), ("Withdraw", Withdraw),
    ("Connect", Connect), ("Disconnect", Disconnect), ("Description", Description), ("Engines", Engines),
    ("Type", Type), ("TYPE", Type), ("Contain", Contain), ("NW", Parent), ("Owner", Parent),
    ("Property", Property), ("Properties", Property),
    ("EndNodes", EndNodes), ("Endnodes", EndNodes),
    ("From", From), ("FROM", From), ("from", From), ("TO", To), ("To", To), ("SLA", Sla),
    ("Match", Match), ("UnMatch", UnMatch),
    ("Target", Target), ("ApplyTo", Target), ("Appliesto", Target),
    ("Priority", Priority), ("Condition", Condition), ("Constraint", Constraint), ("Action", Action),
    ("Listener", Listener), ("RegisterListener", Listener), ("On", On), ("Every", Every),
    ("VNFD", Vnfd), ("at", At), ("as", As),
    ("NAME", Name), ("Value", Value), ("Begin", Begin), ("End", End), ("Address", Address), ("Port", Port),
    ("List", List), ("Range", Range), ("Mask", Mask),
    ("or", Or), ("and", And), ("not", Not), ("true", True), ("false", False),
];

/// The keyword that is spelled so, with its spelling.
pub(crate) fn keyword(text: &str) -> Option<(&'static str, Keyword)> {
    WORDS.iter().find(|(word, _)| *word == text).copied()
}

/// Every spelling with its keyword.
pub(crate) fn spellings() -> impl Iterator<Item = (&'static str, Keyword)> {
    WORDS.iter().copied()
}

impl Keyword {
    /// The word of the canonical form.
    pub(crate) fn canonical(self) -> &'static str {
        WORDS.iter().find(|(_, keyword)| *keyword == self).map_or("", |(word, _)| word)
    }

    /// `CREATE` and the like.
    pub(crate) fn is_verb(self) -> bool {
        matches!(self, Create | Update | Import | Define | Delete | No | Un)
    }

    /// What kind of entity it says.
    pub(crate) fn entity(self) -> Option<EntityKind> {
        Some(match self {
            Node => EntityKind::Node,
            Connection => EntityKind::Connection,
            Flow => EntityKind::Flow,
            Operation => EntityKind::Operation,
            Notification => EntityKind::Notification,
            NodeModel => EntityKind::NodeModel,
            ConnectionModel => EntityKind::ConnectionModel,
            FlowModel => EntityKind::FlowModel,
            ActionModel => EntityKind::ActionModel,
            ConditionModel => EntityKind::ConditionModel,
            ConnectionPoint => EntityKind::ConnectionPoint,
            _ => return None,
        })
    }

    /// Whether it begins a statement, unless a verb stands before it.
    pub(crate) fn begins_statement(self) -> bool {
        self.is_verb()
            || self.entity().is_some()
            || matches!(self, Query | Transaction | Commit | Withdraw | Connect | Disconnect | Description | Engines)
    }

    /// Whether it begins a clause of an entity.
    pub(crate) fn begins_clause(self) -> bool {
        matches!(
            self,
            Type | Contain
                | Parent
                | Property
                | EndNodes
                | From
                | To
                | Sla
                | Match
                | UnMatch
                | Target
                | Priority
                | Condition
                | Constraint
                | Action
                | Listener
                | On
                | Every
                | Vnfd
                | At
                | As
        )
    }
}
