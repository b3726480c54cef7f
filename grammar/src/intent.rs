//! NEMO inside RDCL: the statements of an `intent nemo` block.

use crate::ast::Foreign;
use crate::context::Context;
use crate::nemo::Statement;
use crate::nemo::parse::statements;

/// The statements in a block. What is wrong with one that is never closed is not said, since its text is not to be
/// trusted.
pub(crate) fn parse_nemo(ctx: &mut Context<'_>, body: &Foreign) -> Vec<Statement> {
    let span = ctx.spans[body.node.0 as usize];
    let errors = ctx.errors.len();
    let (statements, findings) = statements(ctx, span);
    if ctx.shared.open_foreign.get() {
        ctx.errors.truncate(errors);
    } else {
        ctx.warnings.extend(findings.into_iter().map(|finding| finding.warning));
    }
    ctx.calm();
    statements
}
