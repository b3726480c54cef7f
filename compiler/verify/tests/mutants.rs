//! The library's promises are strong enough to notice: each statement of a behaviour, deleted or negated, and a few
//! nearby slips, costs at least one proof (or is refused by the checker). Survivors are listed here, with the reason.

use rdcl_base::{FileId, NodeId, Severity};
use rdcl_hir::{Database, Package, SourceFile, TableFile, add_std, diagnostics, full_name, subjects};
use rdcl_syntax::ast::{
    BehaviourBody, Block, Call, CallArg, Expr, ExprKind, Item, Member, SeflMember, StateClause, Stmt,
};
use rdcl_verify::{Options, verdicts};
use salsa::Setter;
use std::collections::BTreeMap;

/// Uses every block of the library that is changed once, small enough to fill.
const MAIN: &str = "use std::net::Ip4;
use std::nf::{Firewall, Hub, LoadBalancer, Nat44, Router, StatefulFirewall, StaticSwitch, TrafficMirror, VlanTagger};
use std::nf::{GreTunnel, GtpuTunnel, VxlanTunnel};
rfb Main {
  part fw: Firewall(inside = 10.0.0.0/8);
  part hub: Hub(link = Ip4, ports = 3);
  part nat: Nat44(public = 203.0.113.7, ports = 1024..1026);
  part state: StatefulFirewall(inside = 10.1.0.0/16);
  part mirror: TrafficMirror;
  part tagger: VlanTagger(vid = 42, priority = 5);
  part balancer: LoadBalancer(virtual = 203.0.113.9, members = 10.1.0.4/30);
}
rfb Switched : StaticSwitch(fdb = \"fdb.txt\", ports = 3) {
  ensures known:   reach p[0] -> p[1] when eth.dst == 02:00:00:00:00:01;
  ensures alone:   isolated p[0] -> p[2] when eth.dst == 02:00:00:00:00:01;
  ensures unknown: reach p[0] -> p[2] when eth.dst == 02:00:00:00:00:09;
}
rfb Carried : GreTunnel(local = 10.0.0.1, remote = 10.0.0.2) {}
rfb Overlay : VxlanTunnel(vni = 7, local = 10.0.0.1, remote = 10.0.0.2) {}
rfb Bearer : GtpuTunnel(local_teid = 7, remote_teid = 9, local = 10.0.0.1, remote = 10.0.0.2) {}
rfb Routed : Router(fib = \"fib.txt\") {
  ensures routed: reach p[3] -> p[1] when ip.ttl > 1 and ip.dst in 10.0.0.0/8 and not ip.dst in 10.1.0.0/16;
}
";

/// A row for a group, which is flooded all the same.
const FDB: &str = "02:00:00:00:00:01 1\n01:00:5e:00:00:01 1\n";

const FIB: &str = "0.0.0.0/0 0\n10.0.0.0/8 1\n10.1.0.0/16 2\n";

/// Blocks that are not changed: what a switch learns, and how much a marker has seen, shows over several packets, so that
/// tests with packets are their check, and their proofs take too long to be made again for each change.
const UNTRIED: [&str; 2] = ["RateMarker", "Switch"];

/// Mutants that change no verdict, and why that is right.
const SURVIVORS: &[(&str, &str)] = &[
    ("Nat44 delete `l4.dport = f.port;`", TWO_PACKETS),
    ("Nat44 complement `f.port`", TWO_PACKETS),
    ("Router delete `Fail(\"no route\")`", "what falls off the end of a block is dropped, too"),
    ("StatefulFirewall complement `ip.dst`", ANSWERS),
    ("StatefulFirewall complement `l4.dport`", ANSWERS),
    ("StatefulFirewall complement `ip.src`", ANSWERS),
    ("StatefulFirewall complement `l4.sport`", ANSWERS),
    ("LoadBalancer complement `f.member`", ANSWERS),
    ("LoadBalancer complement `ip.dst`", ANSWERS),
    ("LoadBalancer complement `l4.dport`", ANSWERS),
    ("LoadBalancer complement `l4.sport`", ANSWERS),
];

const TWO_PACKETS: &str = "to which port of a host a mapping belongs is a statement about two packets, the one that made \
    it and the reply; a contract speaks of one. The test of many flows through the interpreter covers it";

const ANSWERS: &str = "which packet answers which, and that a flow keeps its member, are statements about two packets; a \
    contract speaks of one";

/// The library and what uses it, in one database: what a mutant does not touch is not proved again.
struct World {
    db: Database,
    nf: SourceFile,
    package: Package,
}

impl World {
    fn new() -> World {
        let mut db = Database::default();
        let std = add_std(&mut db, FileId(0));
        let nf = std.iter().copied().find(|f| f.path(&db) == "std::nf").expect("the library has network functions");
        let main = SourceFile::new(&db, "main".into(), "main.rdcl".into(), MAIN.into(), FileId(50));
        let fib = TableFile::new(&db, "fib.txt".into(), FIB.into(), FileId(60));
        let fdb = TableFile::new(&db, "fdb.txt".into(), FDB.into(), FileId(61));
        let package = Package::new(&db, vec![main], std, vec![fib, fdb]);
        World { db, nf, package }
    }
}

/// The verdicts on the library as it is in `nf`, by instance and property; none if the checker refuses it.
fn verdict_words(world: &mut World, nf: &str) -> Option<BTreeMap<String, &'static str>> {
    world.nf.set_text(&mut world.db).to(nf.to_owned());
    let (db, package) = (&world.db, world.package);
    if diagnostics(db, package).iter().any(|d| d.severity == Severity::Error) {
        return None;
    }
    let mut words = BTreeMap::new();
    for instance in subjects(db, package) {
        let name = full_name(db, *instance);
        for verdict in verdicts(db, *instance, Options::default()) {
            words.insert(format!("{name}.{}", verdict.property), verdict.result.word());
        }
    }
    Some(words)
}

/// A change of the library's text.
struct Mutant {
    name: String,
    text: String,
}

/// Collects the changes of one item.
struct Mutator<'t> {
    source: &'t str,
    start: usize,
    spans: Vec<rdcl_base::Span>,
    rfb: String,
    ports: Vec<String>,
    found: Vec<Mutant>,
}

impl Mutator<'_> {
    fn range(&self, node: NodeId) -> std::ops::Range<usize> {
        let span = self.spans[node.0 as usize];
        self.start + span.start as usize..self.start + span.end as usize
    }

    fn replace(&mut self, what: &str, node: NodeId, by: impl Fn(&str) -> String) {
        let range = self.range(node);
        let old = &self.source[range.clone()];
        let new = by(old);
        let text = format!("{}{new}{}", &self.source[..range.start], &self.source[range.end..]);
        let name = format!("{} {what} `{}`", self.rfb, old.split_whitespace().collect::<Vec<_>>().join(" "));
        self.found.push(Mutant { name, text });
    }

    fn member(&mut self, member: &SeflMember) {
        match member {
            SeflMember::On(on) => self.block(&on.body),
            SeflMember::State(state) => {
                for clause in &state.clauses {
                    if let StateClause::Invariant(cond, _) = clause {
                        self.condition(cond);
                    }
                }
            }
            SeflMember::Bad(_) => {}
        }
    }

    fn block(&mut self, block: &Block) {
        block.stmts.iter().for_each(|s| self.stmt(s));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let nothing = |_: &str| "NoOp();".to_owned();
        match stmt {
            Stmt::Call(call) => {
                self.replace("delete", call.node, |_| "NoOp()".to_owned());
                self.call(call);
            }
            Stmt::Assign { value, node, .. } => {
                self.replace("delete", *node, nothing);
                self.replace("complement", value.node, |v| format!("{v} ^ 1"));
            }
            Stmt::Lookup { miss, node, keys, .. } => {
                self.replace("delete", *node, nothing);
                self.keys(keys);
                self.block(miss);
            }
            Stmt::Choose { none, node, .. } => {
                self.replace("delete", *node, nothing);
                none.iter().for_each(|b| self.block(b));
            }
            Stmt::Insert { full, clash, node, values, .. } => {
                self.replace("delete", *node, nothing);
                self.keys(values);
                full.iter().chain(clash).for_each(|b| self.block(b));
            }
            Stmt::Match { hit, miss, node, .. } => {
                self.replace("delete", *node, nothing);
                self.block(hit);
                self.block(miss);
            }
            Stmt::Remove { node, .. } => self.replace("delete", *node, nothing),
            Stmt::Bad(_) => {}
        }
    }

    fn keys(&mut self, keys: &[Expr]) {
        keys.iter().for_each(|k| self.replace("complement", k.node, |v| format!("{v} ^ 1")));
    }

    fn call(&mut self, call: &Call) {
        for arg in &call.args {
            match (call.name.text.as_str(), arg) {
                ("Constrain" | "If", CallArg::Expr(Expr { kind: ExprKind::Call(inner), .. })) => self.call(inner),
                ("Constrain" | "If", CallArg::Expr(cond)) => self.condition(cond),
                ("Forward", CallArg::Expr(Expr { kind: ExprKind::Name(port), .. })) => {
                    for other in self.ports.clone().into_iter().filter(|p| *p != port.text) {
                        self.replace("redirect", port.node, |_| other.clone());
                    }
                }
                (_, CallArg::Block(block)) => self.block(block),
                (_, CallArg::Expr(_) | CallArg::Named(..) | CallArg::Flow(_)) => {}
            }
        }
    }

    fn condition(&mut self, cond: &Expr) {
        self.replace("negate", cond.node, |c| format!("not ({c})"));
        if let ExprKind::All(parts) | ExprKind::Any(parts) = &cond.kind {
            for part in parts {
                self.replace("drop", part.node, |_| {
                    if matches!(cond.kind, ExprKind::All(_)) { "true" } else { "false" }.to_owned()
                });
                self.condition(part);
            }
        }
    }
}

fn mutants(source: &str) -> Vec<Mutant> {
    let mut found = Vec::new();
    for chunk in rdcl_syntax::split(source) {
        let text = &source[chunk.start as usize..chunk.end as usize];
        let parsed = rdcl_syntax::parse_item(text);
        let Item::Rfb(rfb) = &parsed.item else { continue };
        if UNTRIED.contains(&rfb.name.text.as_str()) {
            continue;
        }
        let port = |m: &Member| if let Member::Port(p) = m { Some(p.name.text.clone()) } else { None };
        let mut mutator = Mutator {
            source,
            start: chunk.start as usize,
            spans: parsed.spans.clone(),
            rfb: rfb.name.text.clone(),
            ports: rfb.members.iter().filter_map(port).collect(),
            found: Vec::new(),
        };
        for member in &rfb.members {
            let Member::Behaviour(behaviour) = member else { continue };
            let BehaviourBody::Sefl(members) = &behaviour.body else { continue };
            members.iter().for_each(|m| mutator.member(m));
        }
        found.extend(mutator.found);
    }
    found
}

#[test]
fn every_mutant_of_the_library_is_noticed() {
    let source = rdcl_stdlib::SOURCES.iter().find(|s| s.module == "std::nf").expect("the library is there").text;
    let mut world = World::new();
    let baseline = verdict_words(&mut world, source).expect("the library is clean");
    assert!(baseline.values().all(|w| *w == "proved"), "{baseline:#?}");
    let (mut flipped, mut refused, mut survivors) = (0, 0, Vec::new());
    let all = mutants(source);
    for mutant in &all {
        match verdict_words(&mut world, &mutant.text) {
            None => refused += 1,
            Some(words) if words.values().any(|w| *w != "proved") || words.len() != baseline.len() => flipped += 1,
            Some(_) => survivors.push(mutant.name.as_str()),
        }
    }
    assert_eq!(verdict_words(&mut world, source).as_ref(), Some(&baseline), "the library as it was");
    SURVIVORS.iter().for_each(|(name, why)| println!("survives: {name}: {why}"));
    println!("{} mutants: {flipped} cost a proof, {refused} are refused by the checker", all.len());
    let expected: Vec<&str> = SURVIVORS.iter().map(|(name, _)| *name).collect();
    assert_eq!(survivors, expected, "survivors");
    assert!(flipped >= 40, "{flipped} flipped");
}
