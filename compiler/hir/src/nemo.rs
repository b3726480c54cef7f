//! NEMO: texts of their own, and intents of blocks.
//!
//! A text is checked as a whole ([`text_problems`]) and turned into blocks ([`blocks`]). An intent says what is to be done
//! with flows; what denies or allows is compiled to ordered filter rules, which apply to what enters at a boundary port.
//! A lower priority number wins; what leaves passes.

mod check;
mod class;
mod clock;
mod cond;
mod descriptor;
mod elaborate;
mod kind;
mod library;
mod query;
mod scope;
mod way;
mod window;

use crate::bodies::unknown_language;
use crate::cx::Cx;
use crate::instance::{Instance, members};
use crate::lineage::instance_lineage;
use crate::port::ports;
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::{Loc, Problem};
use crate::wire::enters_leaves;
pub(crate) use check::Block;
use check::{About, Frame, block_problems, decisions, precedence, retain_new, unread};
use class::Class;
use library::Library;
use rdcl_base::{Code, Diagnostic, NodeId};
use rdcl_core::{Cond, Stack};
use rdcl_syntax::ast::Member;
use scope::Scope;

pub(crate) use check::text_problems;
pub use descriptor::descriptor_paths;
pub(crate) use elaborate::blocks;
pub use query::{Answer, answers};
pub(crate) use way::Way;

/// A filter rule; the first that matches decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The operation's name.
    pub name: String,
    /// Which packets.
    pub class: Cond,
    /// Whether they are dropped.
    pub deny: bool,
}

/// What an RFB intends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// In order of priority, then of the source.
    operations: Vec<Operation>,
    /// Where packets are to pass.
    ways: Vec<Way>,
    /// What is intended and not compiled.
    pub unenforced: Vec<Unenforced>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Operation {
    name: String,
    deny: bool,
    about: Subject,
    node: NodeId,
}

/// Which packets an operation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    /// Those of a flow, wherever they enter.
    Flow(String, Class),
    /// All that enter at a port.
    Port(String),
}

/// Something intended of which nothing is made: what is proved does not rest on it, and it is not proved itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unenforced {
    /// The operation's name.
    pub name: String,
    /// What is not done, and why.
    pub reason: String,
    /// Whether it may let pass or drop what the filters do not: then whatever is proved assumes that it does not.
    pub filters: bool,
    /// Where it is written.
    pub node: NodeId,
}

/// The intents that an RFB declares itself.
#[salsa::tracked(returns(ref))]
pub fn intent<'db>(db: &'db dyn Db, item: Item<'db>) -> Intent {
    let mut cx = Cx::new(db, item);
    let mut statements = Vec::new();
    for member in members(db, item) {
        let Member::Intent(intent) = member else { continue };
        if intent.language.text == "nemo" {
            statements.extend(&intent.nemo);
        } else {
            cx.report(unknown_language(&cx, &intent.language, "intent", &["nemo"]));
        }
    }
    if statements.is_empty() {
        return Intent { problems: cx.problems, ..Intent::default() };
    }
    let (library, scope) = (Library::around(db, item), Scope::of_body(&statements));
    let block = Block::of(db, item);
    let unread = unread(db, item, &statements);
    let frame = Frame { library: &library, scope: &scope, model: None, block: Some(&block), unread: &unread };
    block_problems(&mut cx, &frame);
    retain_new(db, item, &mut cx.problems);
    let mut decisions = decisions(&cx, &frame);
    precedence(&mut decisions);
    let mut intent = Intent::default();
    for decision in decisions {
        intent.unenforced.extend(decision.unenforced());
        let about = match decision.about {
            About::Flow(name, class) if class.unknown_keys().next().is_none() => Subject::Flow(name, class),
            About::Node(name) if block.ports.contains(&name) => Subject::Port(name),
            About::Flow(..) | About::Node(_) | About::Connection(_) | About::Other(_) => continue,
        };
        let (name, node) = (decision.name.text.clone(), decision.name.node);
        if !decision.through.is_empty() {
            let ends = way::ends(&frame, &about, &decision.through);
            let (name, about) = (name.clone(), about.clone());
            intent.ways.push(Way { name, about, through: decision.through, ends, node });
        }
        if let (Some(deny), false) = (decision.deny, decision.conditional) {
            intent.operations.push(Operation { name, deny, about, node });
        }
    }
    intent.problems = cx.problems;
    intent
}

/// The rules for what enters an instance at a port: its own, then those of its ancestors, whatever body it has.
pub fn filter_rules<'db>(db: &'db dyn Db, instance: Instance<'db>, port: &str, stack: Stack) -> Vec<Rule> {
    let all = instance_lineage(db, instance).iter();
    let operations = all.flat_map(|ancestor| &intent(db, ancestor.rfb(db)).operations);
    let rule = |o: &Operation| {
        let class = match &o.about {
            Subject::Flow(_, class) => class.condition(stack),
            Subject::Port(name) if name == port => Cond::True,
            Subject::Port(_) => return None,
        };
        Some(Rule { name: o.name.clone(), class, deny: o.deny })
    };
    operations.filter_map(rule).collect()
}

/// Whether an intent of an RFB speaks of IPv6, so that parsers look for it.
pub(crate) fn mentions_ip6<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    let intent = intent(db, item);
    let subjects = intent.operations.iter().map(|o| &o.about).chain(intent.ways.iter().map(|way| &way.about));
    subjects.into_iter().any(|about| matches!(about, Subject::Flow(_, class) if class.is_about_ip6()))
}

/// What is intended of an instance and not compiled, and where it is written.
pub(crate) fn unenforced<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<(&'db Unenforced, Loc)> {
    let all = instance_lineage(db, instance).iter().map(|ancestor| ancestor.rfb(db));
    let found = all.flat_map(|item| intent(db, item).unenforced.iter().map(move |u| (u, Loc::of(db, item, u.node))));
    found.collect()
}

/// Where packets of an instance are to pass, and the blocks in whose text it is written.
pub(crate) fn ways<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<(&'db Way, Item<'db>)> {
    let all = instance_lineage(db, instance).iter().map(|ancestor| ancestor.rfb(db));
    all.flat_map(|item| intent(db, item).ways.iter().map(move |way| (way, item))).collect()
}

/// The name of the filter before a port.
pub(crate) fn filter_name(port: &str) -> String {
    format!("nemo_{port}")
}

/// Where the operations are written that [`filter_rules`] come from.
pub(crate) fn operation_places<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Loc> {
    let all = instance_lineage(db, instance).iter().map(|ancestor| ancestor.rfb(db));
    all.flat_map(|item| intent(db, item).operations.iter().map(move |o| Loc::of(db, item, o.node))).collect()
}

/// Complains of operations on packets that cannot enter an instance by any port.
pub(crate) fn idle_operations<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Vec<Problem> {
    let cx = Cx::new(db, instance.rfb(db));
    let stacks: Vec<Stack> =
        ports(db, instance).flat().iter().filter(|p| enters_leaves(p).0).map(|p| p.stack).collect();
    let idle = |(about, node): (&Subject, NodeId)| match about {
        Subject::Flow(name, class) if stacks.iter().all(|stack| class.condition(*stack) == Cond::False) => {
            Some(idle_operation(&cx, node, name))
        }
        Subject::Flow(..) | Subject::Port(_) => None,
    };
    let intent = intent(db, instance.rfb(db));
    let mut all: Vec<(&Subject, NodeId)> = intent.operations.iter().map(|o| (&o.about, o.node)).collect();
    all.extend(intent.ways.iter().map(|way| (&way.about, way.node)));
    all.sort_by_key(|(_, node)| *node);
    all.dedup_by_key(|(_, node)| *node);
    all.into_iter().filter(|_| !stacks.is_empty()).filter_map(idle).collect()
}

fn idle_operation(cx: &Cx<'_>, at: NodeId, flow: &str) -> Problem {
    let message = format!("no packet of the flow `{flow}` can enter `{}`", cx.item.name(cx.db));
    Diagnostic::new(Code::E0416, cx.at(at), message)
        .with_note("no port of the block carries the headers that the flow speaks of")
}
