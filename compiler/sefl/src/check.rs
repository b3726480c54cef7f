//! A program from text to paths: what is wrong with it before it runs, and what becomes of it.

use crate::machine::{self, Options};
use crate::outcome::Outcome;
use crate::packet::Packet;
use crate::program::Program;
use crate::report::Path;
use crate::{lower, report};
use rdcl_base::{Diagnostic, NodeId, Span};

/// A program that has been looked at.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What can be run; with problems, what is left of it.
    pub program: Program,
    /// By [`NodeId`]: where the node stands in the text.
    pub spans: Vec<Span>,
    /// What is wrong with it, in the order of the text.
    pub problems: Vec<Diagnostic<Span>>,
}

impl Checked {
    /// Where a node stands in the text.
    pub fn span(&self, node: NodeId) -> Span {
        self.spans.get(node.0 as usize).copied().unwrap_or_default()
    }
}

/// Parses a program and checks what does not depend on a packet's values: how instructions are written, and widths.
pub fn check(text: &str, packet: &Packet) -> Checked {
    let parsed = rdcl_syntax::parse_program(text);
    let (program, found) = lower::lower(&parsed.body);
    let span = |node: NodeId| parsed.spans.get(node.0 as usize).copied().unwrap_or_default();
    let mut problems: Vec<Diagnostic<Span>> = parsed.errors;
    let sound = problems.is_empty() && found.is_empty();
    problems.extend(found.into_iter().map(|problem| problem.map(span)));
    if sound {
        let faults = machine::shape(&program, packet.state(&Options::default()));
        problems.extend(
            faults.into_iter().map(|fault| {
                Diagnostic::new(fault.code, span(fault.node), fault.message).with_optional_help(fault.help)
            }),
        );
    }
    problems.sort_by_key(|problem| problem.primary);
    Checked { program, spans: parsed.spans, problems }
}

/// Runs a program: its paths, in order.
pub fn run(program: &Program, packet: &Packet, options: &Options) -> Vec<Path> {
    let (ends, mut context) = machine::run(program, packet.state(options), options);
    ends.iter().map(|end| report::path(end, &mut context, options)).collect()
}

/// How many paths ended in each way, in the order of [`Outcome::ALL`].
pub fn summary(paths: &[Path]) -> [(Outcome, usize); 6] {
    Outcome::ALL.map(|outcome| (outcome, paths.iter().filter(|path| path.outcome == outcome).count()))
}
