//! The members of a block: ports, parts and wires of a text or of the body of a model.

use super::tree::{self, LINK, LINKS};
use super::{Maker, Wanted};
use crate::nemo::kind::{amount, shown};
use crate::nemo::library::Model;
use crate::nemo::scope::{Scope, Space, Thing};
use crate::source::db::Db;
use crate::source::item::Item;
use rdcl_base::{Dimension, NodeId, Quantity};
use rdcl_syntax::ast::{Attr, End, Expr, ExprKind, Foreign, Intent, Member, Path};
use rdcl_syntax::nemo::{Clause, ClauseKind, Entity, EntityKind, Entry, Ref, Statement, StatementKind, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The values of a model's parameters.
pub(super) type Values = BTreeMap<String, String>;

/// A body that is being turned into members.
pub(super) struct Body<'b, 'm, 'db> {
    maker: &'b mut Maker<'m, 'db>,
    scope: &'b Scope<'db>,
    values: &'b Values,
    model: Option<&'b Model<'db>>,
    /// For each node without connection points, how many links it has so far.
    links: BTreeMap<String, usize>,
    /// The connection points of nodes that are connected already.
    bound: BTreeSet<String>,
    /// Names of ports and parts.
    taken: BTreeSet<String>,
}

/// The path by which a text names a model.
pub(super) fn path_of<'db>(db: &'db dyn Db, item: Item<'db>, model: &Model<'db>) -> Path {
    let (name, node) = (&model.thing.name.text, model.thing.name.node);
    if model.item == item {
        return tree::path(&[name], node);
    }
    let (from, file) = (item.file(db), model.item.file(db));
    let module = from.home(db).path(&file.home(db).package, file.path(db)).unwrap_or_default();
    let segments: Vec<&str> = module.split("::").chain([name.as_str()]).collect();
    tree::path(&segments, NodeId(0))
}

impl<'b, 'm, 'db> Body<'b, 'm, 'db> {
    pub fn new(
        maker: &'b mut Maker<'m, 'db>,
        scope: &'b Scope<'db>,
        values: &'b Values,
        model: Option<&'b Model<'db>>,
    ) -> Body<'b, 'm, 'db> {
        let names = scope.things().filter(|thing| Space::of(thing.kind) == Space::Node);
        let taken = names.map(|thing| thing.name.text.clone()).collect();
        Body { maker, scope, values, model, links: BTreeMap::new(), bound: BTreeSet::new(), taken }
    }

    /// The connection points; one without any that stands for a model is connected by links.
    pub fn ports(&self) -> Vec<Member> {
        let points = self.scope.of_kind(EntityKind::ConnectionPoint);
        let mut ports: Vec<Member> = points.map(|point| tree::port(&point.name.text, point.name.node)).collect();
        if let (true, Some(model)) = (ports.is_empty(), self.model) {
            ports.push(tree::links(model.thing.name.node));
        }
        ports
    }

    /// Parts, then wires, then what is intended.
    pub fn members(&mut self) -> Vec<Member> {
        self.reserve();
        let (mut hubs, mut wires) = (Vec::new(), Vec::new());
        for connection in self.scope.of_kind(EntityKind::Connection) {
            self.connection(connection, &mut hubs, &mut wires);
        }
        for node in self.scope.of_kind(EntityKind::Node) {
            self.containment(node, &mut wires);
        }
        let intent = self.intent();
        // A service has no ports at which packets could be stopped: its nodes stop them.
        let filters = intent.as_ref().filter(|_| self.model.is_none()).and_then(filters);
        let mut members: Vec<Member> = Vec::new();
        for node in self.scope.of_kind(EntityKind::Node) {
            members.extend(self.node(node, filters.as_ref()));
        }
        members.extend(hubs);
        members.extend(wires);
        members.extend(intent.map(Member::Intent));
        members
    }

    /// Notes the connection points that connections name, before some are taken for those that name a node only.
    fn reserve(&mut self) {
        for connection in self.scope.of_kind(EntityKind::Connection) {
            self.bound.extend(connection.ends().iter().filter(|end| !end.rest.is_empty()).map(|end| dotted(end)));
        }
    }

    /// What a word stands for where it may be a parameter.
    fn value(&self, word: &str) -> String {
        self.values.get(word).cloned().unwrap_or_else(|| word.to_owned())
    }

    fn node(&mut self, node: &Thing<'db>, intent: Option<&Intent>) -> Option<Member> {
        let model = self.maker.model_of(node, self.values)?;
        let at = node.name.node;
        let given: Values = node
            .properties()
            .into_iter()
            .filter_map(|(name, value)| Some((name.text.clone(), self.value(&shown(&value?)))))
            .filter(|(name, _)| model.find(name).is_some())
            .collect();
        let mut args = Vec::new();
        if model.points().next().is_none() {
            let links = self.links.get(&node.name.text).copied().unwrap_or(0).max(1);
            args.push(tree::argument(LINKS, tree::number(links, at), at));
        }
        let name = self.value(&node.name.text);
        if model.is_composite() && !given.is_empty() {
            let listed: Vec<String> = given.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            let block = format!("{}({})", model.thing.name.text, listed.join(", "));
            self.want(block.clone(), model, given, None);
            return Some(tree::part(&name, tree::path(&[&block], at), args, at));
        }
        if let Some(intent) = intent {
            let block = format!("{}:{}", node.name.text, model.thing.name.text);
            self.want(block.clone(), model, given, Some(Box::new(intent.clone())));
            return Some(tree::part(&name, tree::path(&[&block], at), args, at));
        }
        args.extend(given.iter().map(|(key, value)| tree::argument(key, tree::text(value, at), at)));
        let path = Path { node: at, ..path_of(self.maker.db, self.maker.item, model) };
        Some(tree::part(&name, path, args, at))
    }

    fn want(&mut self, name: String, model: &Model<'db>, values: Values, intent: Option<Box<Intent>>) {
        self.maker.wanted.push(Wanted { name, model: model.thing.name.text.clone(), values, intent });
    }

    fn connection(&mut self, connection: &Thing<'db>, hubs: &mut Vec<Member>, wires: &mut Vec<Member>) {
        let at = connection.name.node;
        let ends: Vec<End> = connection.ends().into_iter().filter_map(|end| self.end(end)).collect();
        let attributes = self.attributes(connection);
        match ends.as_slice() {
            [a, b] => wires.push(tree::wire(a.clone(), b.clone(), attributes, at)),
            [_, _, _, ..] => {
                let name = self.fresh(&connection.name.text);
                let ports = tree::argument("ports", tree::number(ends.len(), at), at);
                hubs.push(tree::part(&name, tree::path(&["std", "nf", "Hub"], at), vec![ports], at));
                for (i, end) in ends.into_iter().enumerate() {
                    let node = end.node;
                    let port = tree::end(&[(&name, None), ("p", Some(i))], node);
                    wires.push(tree::wire(end, port, attributes.clone(), at));
                }
            }
            _ => {}
        }
    }

    /// A node is connected to what it contains.
    fn containment(&mut self, node: &Thing<'db>, wires: &mut Vec<Member>) {
        for member in node.contained() {
            let (Some(a), Some(b)) = (self.end_of_node(node, member.node), self.end(member)) else { continue };
            wires.push(tree::wire(a, b, Vec::new(), member.node));
        }
    }

    /// What an end of a connection is.
    fn end(&mut self, end: &Ref) -> Option<End> {
        let thing = self.scope.get(Space::Node, &end.first.text)?;
        if thing.kind == EntityKind::ConnectionPoint {
            return end.rest.is_empty().then(|| tree::end(&[(&thing.name.text, None)], end.node));
        }
        match end.rest.as_slice() {
            [] => self.end_of_node(thing, end.node),
            [point] => {
                let model = self.maker.model_of(thing, self.values)?;
                model.point(&point.name.text)?;
                let name = self.value(&thing.name.text);
                Some(tree::end(&[(&name, None), (&point.name.text, None)], end.node))
            }
            _ => None,
        }
    }

    /// A connection point of a node that is free, or one more link.
    fn end_of_node(&mut self, node: &Thing<'db>, at: NodeId) -> Option<End> {
        let model = self.maker.model_of(node, self.values)?;
        let name = self.value(&node.name.text);
        if model.points().next().is_none() {
            let link = self.links.entry(node.name.text.clone()).or_insert(0);
            *link += 1;
            return Some(tree::end(&[(&name, None), (LINK, Some(*link - 1))], at));
        }
        let free = model.points().find(|point| self.bound.insert(format!("{}.{}", node.name.text, point.name.text)))?;
        Some(tree::end(&[(&name, None), (&free.name.text, None)], at))
    }

    /// A name for a hub: that of its connection, unless a node or a connection point is called so.
    fn fresh(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(name.clone()) {
            name.push_str("_lan");
        }
        name
    }

    /// Bandwidth and delay of a connection: its own, or what an operation gives it.
    fn attributes(&self, connection: &Thing<'db>) -> Vec<Attr> {
        let mut found: BTreeMap<&str, (u64, NodeId)> = BTreeMap::new();
        for (name, value) in connection.properties() {
            let Some(value) = value else { continue };
            match name.text.as_str() {
                "bandwidth" => _ = bits(&value).map(|bits| found.insert("bandwidth", (bits, name.node))),
                "delay" => _ = nanoseconds(&value).map(|ns| found.insert("delay", (ns, name.node))),
                _ => {}
            }
        }
        let about = |operation: &&Thing<'db>| operation.target().is_some_and(|t| t.text() == connection.name.text);
        let mut operations: Vec<&Thing<'db>> = self.scope.of_kind(EntityKind::Operation).filter(about).collect();
        operations.sort_by_key(|operation| std::cmp::Reverse(operation.priority().map_or(0, |(priority, _)| priority)));
        for operation in operations.into_iter().filter(|operation| operation.condition().is_none()) {
            for (name, value) in rdcl_syntax::nemo::pairs(operation.actions()) {
                let value = value.filter(|_| name.text == "qos-bandwidth").and_then(|value| bits(&value));
                _ = value.map(|bits| found.insert("bandwidth", (bits, name.node)));
            }
        }
        let attribute = |(name, (amount, node)): (&str, (u64, NodeId))| {
            let dimension = if name == "delay" { Dimension::Time } else { Dimension::Bandwidth };
            let value = Expr { kind: ExprKind::Quantity(Quantity { amount, dimension }), node };
            Attr { name: tree::name(name, node), value, node }
        };
        found.into_iter().map(attribute).collect()
    }

    /// The flows and operations of the body, if there is something to enforce among them.
    fn intent(&self) -> Option<Intent> {
        // Of a text of nodes it matters which of them send and receive packets.
        let counts = |kind| match kind {
            EntityKind::Flow | EntityKind::Operation => true,
            EntityKind::Node => self.model.is_none(),
            _ => false,
        };
        let statements: Vec<Statement> = self
            .scope
            .written
            .iter()
            .filter(|(_, _, entity)| counts(entity.kind) && !self.is_attribute(entity))
            .map(|(_, statement, _)| self.substituted(statement))
            .collect();
        let node = self.scope.of_kind(EntityKind::Operation).next()?.name.node;
        let body = Foreign { text: String::new(), node };
        Some(Intent { language: tree::name("nemo", node), body, nemo: statements, node })
    }

    /// Whether an operation does nothing but give a connection its bandwidth, always.
    fn is_attribute(&self, entity: &Entity) -> bool {
        let name = entity.name.as_ref().filter(|_| entity.kind == EntityKind::Operation);
        let Some(operation) = name.and_then(|name| self.scope.get(Space::Operation, &name.text)) else { return false };
        let is_connected = |target: &Ref| self.scope.get(Space::Connection, &target.text()).is_some();
        let is_flow = |target: &Ref| self.scope.get(Space::Flow, &target.text()).is_some();
        operation.target().is_some_and(|target| is_connected(target) && !is_flow(target))
            && operation.condition().is_none()
            && rdcl_syntax::nemo::pairs(operation.actions()).iter().all(|(name, _)| name.text == "qos-bandwidth")
    }

    /// A statement with the values of parameters in it, and the nodes of chains in place of their names.
    fn substituted(&self, statement: &Statement) -> Statement {
        let mut statement = statement.clone();
        if let StatementKind::Entity(entity) = &mut statement.kind {
            if !self.values.is_empty() {
                entity.clauses.iter_mut().for_each(|clause| super::values::substitute(&mut clause.kind, self.values));
            }
            if entity.kind == EntityKind::Operation {
                entity.clauses.iter_mut().for_each(|clause| super::values::unchain(&mut clause.kind, self.scope));
            }
        }
        statement
    }
}

/// The operations that filters can enforce, with the flows; nothing if there are none.
fn filters(intent: &Intent) -> Option<Intent> {
    let decides = |name: &str| matches!(name, "deny" | "allow" | "drop");
    let is_filter = |clause: &Clause| match &clause.kind {
        ClauseKind::Action(entries) => {
            entries.iter().any(|entry| matches!(entry, Entry::Word(name) if decides(&name.text)))
        }
        _ => false,
    };
    let is_flow = |name: &str| {
        let named = |s: &Statement| matches!(&s.kind, StatementKind::Entity(e) if e.kind == EntityKind::Flow && e.name.as_ref().is_some_and(|n| n.text == name));
        intent.nemo.iter().any(named)
    };
    let is_about_flow = |clause: &Clause| matches!(&clause.kind, ClauseKind::Target(target) if is_flow(&target.text()));
    let depends = |clause: &Clause| matches!(clause.kind, ClauseKind::Condition(_) | ClauseKind::Constraint(_));
    let is_kept = |statement: &Statement| match &statement.kind {
        StatementKind::Entity(entity) if entity.kind == EntityKind::Operation => {
            entity.clauses.iter().any(is_filter)
                && !entity.clauses.iter().any(depends)
                && entity.clauses.iter().any(is_about_flow)
        }
        StatementKind::Entity(entity) => entity.kind == EntityKind::Flow,
        _ => true,
    };
    let mut nemo: Vec<Statement> = intent.nemo.iter().filter(|statement| is_kept(statement)).cloned().collect();
    // What else they do is a matter of the service.
    for statement in &mut nemo {
        let StatementKind::Entity(entity) = &mut statement.kind else { continue };
        for clause in &mut entity.clauses {
            if let ClauseKind::Action(entries) = &mut clause.kind {
                entries.retain(|entry| matches!(entry, Entry::Word(name) if decides(&name.text)));
            }
        }
    }
    let is_operation = |s: &Statement| matches!(&s.kind, StatementKind::Entity(e) if e.kind == EntityKind::Operation);
    nemo.iter().any(is_operation).then(|| Intent { nemo, ..intent.clone() })
}

fn dotted(reference: &Ref) -> String {
    reference.text().replace(':', ".")
}

/// A bandwidth in bits per second; a bare number is one of megabits.
fn bits(value: &Value) -> Option<u64> {
    let factor = if matches!(value, Value::Int(..)) { 1_000_000 } else { 1 };
    u64::try_from(amount(value)?.checked_mul(factor)? / 1000).ok()
}

/// A delay in nanoseconds; a bare number is one of milliseconds.
fn nanoseconds(value: &Value) -> Option<u64> {
    let per_thousandth = if matches!(value, Value::Int(..)) { 1000 } else { 1_000_000 };
    u64::try_from(amount(value)?.checked_mul(per_thousandth)?).ok()
}
