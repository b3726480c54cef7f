//! Policies: which parts of a block have to be together or apart, in which zones, and how much has to stay free.
//!
//! They are the affinity and anti-affinity rules of ETSI GS NFV-IFA 014, between parts instead of profiles. What is one
//! place is an execution environment, the outermost host of it, or a zone.

use crate::bodies::body;
use crate::cx::{Cx, did_you_mean};
use crate::eval::{constant, mismatch};
use crate::instance::{Instance, members, params};
use crate::lineage::{instance_lineage, name_place};
use crate::part::parts;
use crate::source::db::Db;
use crate::source::loc::{Loc, Problem};
use crate::value::Value;
use crate::wire::ends::{offsets, report_unknown_part};
use rdcl_base::{Code, Diagnostic, Dimension, Fix, NodeId, Quantity, nearest};
use rdcl_syntax::ast::{self, End, Expr, ExprKind, Member, Name};

/// What counts as one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// An execution environment.
    Ree,
    /// The outermost of what an execution environment runs in.
    Host,
    /// All execution environments of one `zone`.
    Zone,
}

impl Scope {
    const ALL: [(&'static str, Scope); 3] = [("ree", Scope::Ree), ("host", Scope::Host), ("zone", Scope::Zone)];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Ree => "ree",
            Scope::Host => "host",
            Scope::Zone => "zone",
        }
    }
}

/// What a rule asks of parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// No two of them are in one place; what is in one of them may be anywhere by itself.
    Apart(Scope),
    /// All that is in them is in one place.
    Together(Scope),
    /// All that is in them is in one of these zones.
    Keep(Vec<String>),
}

/// A rule about parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The policy's name; an inherited one is `Parent.name`.
    pub policy: String,
    /// What it asks.
    pub kind: RuleKind,
    /// Paths of parts, seen from the block.
    pub parts: Vec<String>,
    /// Whether it is only wished for.
    pub is_wish: bool,
    /// Where it is written.
    pub place: Loc,
}

impl std::fmt::Display for Rule {
    /// `apart fw, nat by zone`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (wish, parts) = (if self.is_wish { "prefer " } else { "" }, self.parts.join(", "));
        let by = |scope: Scope| if scope == Scope::Ree { String::new() } else { format!(" by {}", scope.name()) };
        match &self.kind {
            RuleKind::Apart(scope) => write!(f, "{wish}apart {parts}{}", by(*scope)),
            RuleKind::Together(scope) => write!(f, "{wish}together {parts}{}", by(*scope)),
            RuleKind::Keep(zones) => {
                let zones = zones.iter().map(|zone| format!("{zone:?}")).collect::<Vec<_>>().join(", ");
                write!(f, "{wish}keep {parts} in zone {zones}")
            }
        }
    }
}

/// What has to stay free of a resource of each execution environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spare {
    /// The policy's name.
    pub policy: String,
    /// One of [`SPARED`].
    pub resource: String,
    /// The share, in hundredths of a per cent.
    pub share: u64,
    /// Where it is written.
    pub place: Loc,
}

/// The resources that may be spared.
pub const SPARED: [&str; 3] = ["cpu", "memory", "disk"];

/// The policies of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Its own rules, then inherited ones.
    pub rules: Vec<Rule>,
    /// Its own, then inherited ones.
    pub spares: Vec<Spare>,
    /// What is wrong with its own, and inherited rules that do not fit.
    pub problems: Vec<Problem>,
}

/// The policies of an instance.
#[salsa::tracked(returns(ref))]
pub fn policies<'db>(db: &'db dyn Db, instance: Instance<'db>) -> Policies {
    let mut found = Policies::default();
    for ancestor in instance_lineage(db, instance) {
        let own = *ancestor == instance;
        let prefix = if own { String::new() } else { format!("{}.", ancestor.rfb(db).name(db)) };
        let mut reader = Reader { cx: Cx::new(db, ancestor.rfb(db)), instance: *ancestor, found: Policies::default() };
        reader.read(&prefix);
        if own {
            found.problems.append(&mut reader.cx.problems);
        }
        let Policies { rules, spares, .. } = reader.found;
        for rule in rules {
            match rule.parts.iter().find(|path| !own && !is_part(db, instance, path)) {
                Some(path) => found.problems.push(lost(db, instance, &rule, path)),
                None => found.rules.push(rule),
            }
        }
        found.spares.extend(spares);
    }
    found
}

/// Whether an instance has a part of this path.
fn is_part<'db>(db: &'db dyn Db, instance: Instance<'db>, path: &str) -> bool {
    let mut at = instance;
    path.split('.').all(|name| {
        let groups = body(db, at).owner().into_iter().flat_map(|owner| &parts(db, owner).groups);
        let mut groups = groups.filter(|group| group.names().any(|n| n == name));
        let Some(group) = groups.next() else { return false };
        at = group.instance;
        true
    })
}

struct Reader<'db> {
    cx: Cx<'db>,
    instance: Instance<'db>,
    found: Policies,
}

impl Reader<'_> {
    fn read(&mut self, prefix: &str) {
        let mut names: Vec<&Name> = Vec::new();
        for member in members(self.cx.db, self.instance.rfb(self.cx.db)) {
            let Member::Policy(policy) = member else { continue };
            if let Some(first) = names.iter().find(|n| n.text == policy.name.text) {
                self.cx.report(policy_twice(&self.cx, &policy.name, first.node));
            }
            names.push(&policy.name);
            let name = format!("{prefix}{}", policy.name.text);
            for rule in &policy.rules {
                match rule {
                    ast::PolicyRule::Parts { .. } => self.rule(&name, rule),
                    ast::PolicyRule::Share { word, what, value, node } => self.spare(&name, word, what, value, *node),
                }
            }
        }
    }

    fn rule(&mut self, policy: &str, rule: &ast::PolicyRule) {
        let ast::PolicyRule::Parts { prefer, word, parts, by, within, node } = rule else { return };
        if let Some(other) = prefer.as_ref().filter(|word| word.text != "prefer") {
            return self.cx.report(unknown_word(&self.cx, other, &["prefer"]));
        }
        let scope = match by {
            None => Some(Scope::Ree),
            Some(by) => self.scope(by),
        };
        let zones = within.as_ref().map(|(zone, names)| (zone, names.iter().filter_map(text).collect::<Vec<_>>()));
        if let Some((zone, _)) = zones.as_ref().filter(|(zone, _)| zone.text != "zone") {
            self.cx.report(unknown_word(&self.cx, zone, &["zone"]));
        }
        let kind = match (word.text.as_str(), &zones, by) {
            ("apart", None, _) => scope.map(RuleKind::Apart),
            ("together", None, _) => scope.map(RuleKind::Together),
            ("keep", Some((_, zones)), None) => Some(RuleKind::Keep(zones.clone())),
            ("keep", None, _) => {
                return self.cx.report(incomplete(&self.cx, *node, "say where, as in `in zone \"east\"`"));
            }
            ("keep", Some(_), Some(by)) => {
                return self.cx.report(incomplete(
                    &self.cx,
                    by.node,
                    "zones are zones, whatever is one place: leave out `by`",
                ));
            }
            ("apart" | "together", Some((zone, _)), _) => {
                let help = "to say in which zone, write a rule `keep` besides";
                return self.cx.report(incomplete(&self.cx, zone.node, help));
            }
            _ => {
                return self.cx.report(unknown_word(&self.cx, word, &["apart", "together", "keep", "spare", "prefer"]));
            }
        };
        let paths: Vec<Option<Vec<String>>> = parts.iter().map(|end| self.paths(end)).collect();
        let (Some(paths), Some(kind)) = (paths.into_iter().collect::<Option<Vec<_>>>(), kind) else { return };
        let parts: Vec<String> = paths.concat();
        if let Some(problem) = overlap(&self.cx, *node, &parts) {
            return self.cx.report(problem);
        }
        if parts.len() < 2 && !matches!(kind, RuleKind::Keep(_)) {
            return self.cx.report(incomplete(&self.cx, *node, "name two parts or more"));
        }
        let place = self.cx.at(*node);
        self.found.rules.push(Rule { policy: policy.to_owned(), kind, parts, is_wish: prefer.is_some(), place });
    }

    fn scope(&mut self, by: &Name) -> Option<Scope> {
        let found = Scope::ALL.iter().find(|(name, _)| *name == by.text).map(|(_, scope)| *scope);
        if found.is_none() {
            self.cx.report(unknown_word(&self.cx, by, &Scope::ALL.map(|(name, _)| name)));
        }
        found
    }

    /// The paths of the parts that an end names; an array is all of its elements.
    fn paths(&mut self, end: &End) -> Option<Vec<String>> {
        let (db, env) = (self.cx.db, params(self.cx.db, self.instance));
        let (mut at, mut paths) = (self.instance, vec![String::new()]);
        for segment in &end.segments {
            let Some(owner) = body(db, at).owner() else {
                report_unknown_part(&mut self.cx, &segment.name, None);
                return None;
            };
            let parts = parts(db, owner);
            let Some(group) = parts.groups.iter().find(|g| g.name == segment.name.text) else {
                report_unknown_part(&mut self.cx, &segment.name, Some(parts));
                return None;
            };
            let names: Vec<String> = group.names().collect();
            let which: Vec<u32> = match &segment.index {
                None => (0..names.len() as u32).collect(),
                Some(_) => offsets(&mut self.cx, segment, group.array, env)?,
            };
            let extended = |path: &String| {
                let dot = if path.is_empty() { "" } else { "." };
                which.iter().filter_map(|i| Some(format!("{path}{dot}{}", names.get(*i as usize)?))).collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(extended).collect();
            at = group.instance;
        }
        Some(paths)
    }

    fn spare(&mut self, policy: &str, word: &Name, what: &Name, value: &Expr, node: NodeId) {
        if word.text != "spare" {
            return self.cx.report(unknown_word(&self.cx, word, &["spare"]));
        }
        if !SPARED.contains(&what.text.as_str()) {
            return self.cx.report(unknown_word(&self.cx, what, &SPARED));
        }
        let env = params(self.cx.db, self.instance);
        match constant(&mut self.cx, value, env) {
            Some(Value::Quantity(Quantity { amount: share @ 0..=10_000, dimension: Dimension::Ratio })) => {
                let (policy, resource) = (policy.to_owned(), what.text.clone());
                self.found.spares.push(Spare { policy, resource, share, place: self.cx.at(node) });
            }
            Some(Value::Quantity(Quantity { dimension: Dimension::Ratio, .. })) => {
                let problem =
                    Diagnostic::new(Code::E0302, self.cx.at(value.node), "more than all there is cannot stay free");
                self.cx.report(problem.with_help("the greatest share is 100%"));
            }
            Some(other) => self.cx.report(mismatch(&self.cx, value.node, "an amount of ratio", &other)),
            None => {}
        }
    }
}

fn text(expr: &Expr) -> Option<String> {
    if let ExprKind::Str(text) = &expr.kind { Some(text.clone()) } else { None }
}

/// A part that is named twice, or is in another one that is named.
fn overlap(cx: &Cx<'_>, at: NodeId, parts: &[String]) -> Option<Problem> {
    let mut pairs = parts.iter().enumerate().flat_map(|(i, a)| parts[i + 1..].iter().map(move |b| (a, b)));
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let (a, b) = pairs.find(|(a, b)| within(a, b) || within(b, a))?;
    let message =
        if a == b { format!("`{a}` is named twice") } else { format!("of `{a}` and `{b}`, one is in the other") };
    Some(Diagnostic::new(Code::E0361, cx.at(at), message).with_help("name each part once"))
}

fn unknown_word(cx: &Cx<'_>, word: &Name, known: &[&str]) -> Problem {
    let near = nearest(&word.text, known.iter().copied());
    let message = format!("`{}` is no word of a policy here", word.text);
    let mut problem = Diagnostic::new(Code::E0360, cx.at(word.node), message);
    problem.fix = near.map(|near| Fix { at: cx.at(word.node), replacement: near.to_owned() });
    let help = did_you_mean(&word.text, known.iter().copied());
    problem.with_help(help.unwrap_or_else(|| format!("known here are {}", known.join(", "))))
}

fn incomplete(cx: &Cx<'_>, at: NodeId, help: &str) -> Problem {
    Diagnostic::new(Code::E0361, cx.at(at), "this rule does not say what it asks").with_help(help)
}

fn policy_twice(cx: &Cx<'_>, name: &Name, first: NodeId) -> Problem {
    Diagnostic::new(Code::E0203, cx.at(name.node), format!("the policy `{}` is declared twice", name.text))
        .with_label(cx.at(first), "first declared here")
}

/// An inherited rule about a part that the child does not have.
fn lost<'db>(db: &'db dyn Db, instance: Instance<'db>, rule: &Rule, path: &str) -> Problem {
    let rfb = instance.rfb(db);
    let message = format!("the policy `{}` speaks of `{path}`, which is no part of `{}`", rule.policy, rfb.name(db));
    Diagnostic::new(Code::E0362, name_place(db, rfb), message)
        .with_label(rule.place, format!("`{rule}`"))
        .with_help("a child keeps the policies of its parent: give it a part of that name")
}
