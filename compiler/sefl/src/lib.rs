//! Programs of SEFL by themselves: `.sefl` files, run symbolically or on a concrete packet.
//!
//! Such a program is no block of a service. It begins from empty memory or from a packet, and its header memory is the
//! published one: objects at bit addresses relative to tags, stacks of values, exact starts and sizes. Values,
//! conditions and the solver are those of the verifier.
//!
//! ```
//! use rdcl_sefl::{Options, Outcome, Packet, check, run};
//!
//! let checked = check("x = SymbolicValue(8); If(x < 10, Forward(a), Fail(\"large\"));", &Packet::empty());
//! assert!(checked.problems.is_empty());
//! let paths = run(&checked.program, &Packet::empty(), &Options::default());
//! let outcomes: Vec<Outcome> = paths.iter().map(|path| path.outcome).collect();
//! assert_eq!(outcomes, [Outcome::Delivered, Outcome::Dropped]);
//! ```

#[cfg(test)]
mod differential;
mod eval;
mod layout;
mod lower;
mod machine;
mod outcome;
mod packet;
mod program;
mod report;
mod state;

pub use machine::Options;
pub use outcome::Outcome;
pub use packet::{Packet, PacketError};
pub use program::Program;
pub use report::{HeaderField, Metadata, Path};

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
