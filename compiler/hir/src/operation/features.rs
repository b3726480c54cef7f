//! Features of execution environments beyond amounts of resources: a closed table, what implementations require of it,
//! and what environments offer.
//!
//! A feature is there or not; it is not used up. What each stands for on the platforms there are is in the table:
//! flavour extra specs and port bindings of OpenStack Nova and Neutron, node and pod settings of Kubernetes.

use crate::cx::{Cx, Params, did_you_mean};
use crate::eval::{constant, mismatch, value_text};
use crate::source::loc::{Loc, Problem};
use crate::value::Value;
use rdcl_base::{Code, Diagnostic, Dimension, Fix, Quantity};
use rdcl_syntax::ast;

/// What may stand in the parentheses of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A whole number: so many are required, and as many or more have to be offered.
    Count,
    /// An amount of memory, which has to be the same.
    Size,
}

/// A row of the table of features.
#[derive(Debug)]
pub struct FeatureRow {
    /// Its name.
    pub name: &'static str,
    /// What may stand in its parentheses.
    pub argument: Argument,
    /// What it is.
    pub what: &'static str,
    /// How a flavour or a port of OpenStack says it.
    pub openstack: &'static str,
    /// How Kubernetes says it.
    pub kubernetes: &'static str,
}

/// All features, in alphabetical order.
pub static FEATURES: [FeatureRow; 11] = [
    row(
        "aes",
        Argument::None,
        "instructions for AES",
        "`trait:HW_CPU_X86_AESNI=required`",
        "a node label of Node Feature Discovery, `cpu-cpuid.AESNI`",
    ),
    row(
        "avx512",
        Argument::None,
        "vectors of 512 bits",
        "`trait:HW_CPU_X86_AVX512F=required`",
        "a node label of Node Feature Discovery, `cpu-cpuid.AVX512F`",
    ),
    row("gpu", Argument::None, "a graphics processor", "`pci_passthrough:alias`", "the resource of its device plugin"),
    row(
        "hugepages",
        Argument::Size,
        "memory in large pages, of this size",
        "`hw:mem_page_size`",
        "the resource `hugepages-1Gi`",
    ),
    row(
        "isolation",
        Argument::None,
        "no other thread on the cores that are used",
        "`hw:cpu_thread_policy=isolate`",
        "the CPU manager's option `full-pcpus-only`",
    ),
    row(
        "numa",
        Argument::Count,
        "processors and memory near each other, on so many nodes",
        "`hw:numa_nodes`",
        "the topology manager's policy `single-numa-node`",
    ),
    row(
        "pinning",
        Argument::None,
        "cores that nobody else uses",
        "`hw:cpu_policy=dedicated`",
        "the CPU manager's policy `static`",
    ),
    row("realtime", Argument::None, "bounded scheduling delays", "`hw:cpu_realtime=yes`", "a label of such nodes"),
    row("secureboot", Argument::None, "only signed code boots", "`os:secure_boot=required`", "a label of such nodes"),
    row(
        "sriov",
        Argument::None,
        "network interfaces that are virtual functions of a card",
        "`binding:vnic_type=direct` of the port",
        "the SR-IOV network device plugin",
    ),
    row(
        "virtualization",
        Argument::None,
        "virtual machines within",
        "`trait:HW_CPU_X86_VMX=required`",
        "the KVM device plugin",
    ),
];

const fn row(
    name: &'static str,
    argument: Argument,
    what: &'static str,
    openstack: &'static str,
    kubernetes: &'static str,
) -> FeatureRow {
    FeatureRow { name, argument, what, openstack, kubernetes }
}

/// A feature that is required or offered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feature {
    /// The name of one of [`FEATURES`].
    pub name: String,
    /// What stands in its parentheses.
    pub argument: Option<Value>,
    /// Where it is written.
    pub place: Loc,
}

impl std::fmt::Display for Feature {
    /// `hugepages(1GiB)`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.argument {
            Some(argument) => write!(f, "{}({})", self.name, value_text(argument)),
            None => f.write_str(&self.name),
        }
    }
}

impl Feature {
    /// Whether what is offered gives what is required. A size or number that is not said is any.
    fn gives(&self, required: &Feature) -> bool {
        self.name == required.name
            && match (&self.argument, &required.argument) {
                (Some(Value::Int(offered)), Some(Value::Int(required))) => offered >= required,
                (Some(offered), Some(required)) => offered == required,
                (None, _) | (_, None) => true,
            }
    }
}

/// What is required and not among what is offered.
pub fn lacking<'a>(required: &'a [Feature], offered: &[Feature]) -> Vec<&'a Feature> {
    required.iter().filter(|r| !offered.iter().any(|o| o.gives(r))).collect()
}

/// Reads clauses that begin with this word; complains of others, and of features that are unknown or given twice.
pub(crate) fn features(cx: &mut Cx<'_>, clauses: &[ast::Features], word: &str, env: &Params) -> Vec<Feature> {
    let mut found: Vec<Feature> = Vec::new();
    for clause in clauses {
        if clause.word.text != word {
            cx.report(other_word(cx, &clause.word, word));
        }
        for written in &clause.list {
            let Some(feature) = feature(cx, written, env) else { continue };
            match found.iter().find(|f| (&f.name, &f.argument) == (&feature.name, &feature.argument)) {
                Some(first) => cx.report(feature_twice(&feature, first.place)),
                None => found.push(feature),
            }
        }
    }
    found
}

fn feature(cx: &mut Cx<'_>, written: &ast::Feature, env: &Params) -> Option<Feature> {
    let Some(row) = FEATURES.iter().find(|row| row.name == written.name.text) else {
        cx.report(unknown_feature(cx, &written.name));
        return None;
    };
    let argument = match &written.argument {
        None => None,
        Some(argument) => {
            let value = constant(cx, argument, env)?;
            match (row.argument, &value) {
                (Argument::Count, Value::Int(_)) => {}
                (Argument::Size, Value::Quantity(Quantity { dimension: Dimension::Memory, .. })) => {}
                (Argument::None, _) => {
                    cx.report(no_argument(cx, written));
                    return None;
                }
                (Argument::Count, other) => {
                    cx.report(mismatch(cx, argument.node, "a whole number", other));
                    return None;
                }
                (Argument::Size, other) => {
                    cx.report(mismatch(cx, argument.node, "an amount of memory", other));
                    return None;
                }
            }
            Some(value)
        }
    };
    Some(Feature { name: row.name.to_owned(), argument, place: cx.at(written.node) })
}

fn other_word(cx: &Cx<'_>, word: &ast::Name, wanted: &str) -> Problem {
    let who = if wanted == "offer" { "an execution environment offers" } else { "an implementation requires" };
    let message = format!("{who} features, but `{}` is written here", word.text);
    let mut problem = Diagnostic::new(Code::E0342, cx.at(word.node), message).with_help(format!("write `{wanted}`"));
    problem.fix = Some(Fix { at: cx.at(word.node), replacement: wanted.to_owned() });
    problem
}

fn unknown_feature(cx: &Cx<'_>, name: &ast::Name) -> Problem {
    let names = || FEATURES.iter().map(|row| row.name);
    let near = did_you_mean(&name.text, names());
    let help = near.unwrap_or_else(|| format!("the features are {}", names().collect::<Vec<_>>().join(", ")));
    let mut problem = Diagnostic::new(Code::E0341, cx.at(name.node), format!("`{}` is not a feature", name.text));
    problem.fix =
        rdcl_base::nearest(&name.text, names()).map(|near| Fix { at: cx.at(name.node), replacement: near.to_owned() });
    problem.with_help(help)
}

fn no_argument(cx: &Cx<'_>, written: &ast::Feature) -> Problem {
    let name = &written.name.text;
    let mut problem = Diagnostic::new(Code::E0342, cx.at(written.node), format!("`{name}` is there or not"))
        .with_help(format!("write `{name}`"));
    problem.fix = Some(Fix { at: cx.at(written.node), replacement: name.clone() });
    problem
}

fn feature_twice(feature: &Feature, first: Loc) -> Problem {
    Diagnostic::new(Code::E0203, feature.place, format!("the feature `{feature}` is given twice"))
        .with_label(first, "first given here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_table() {
        let page = include_str!("../../../../docs/language.md");
        for row in &FEATURES {
            let argument = match row.argument {
                Argument::None => "",
                Argument::Count => "(2)",
                Argument::Size => "(1GiB)",
            };
            let line = format!("| `{}{argument}` | {} | {} | {} |", row.name, row.what, row.openstack, row.kubernetes);
            assert!(page.contains(&line), "{line}");
        }
        assert!(FEATURES.is_sorted_by_key(|row| row.name));
    }
}
