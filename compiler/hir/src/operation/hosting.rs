//! Implementations that no execution environment of a package can host.

use crate::operation::features::lacking;
use crate::operation::impls::{Implementation, implementations};
use crate::operation::substrates::{Ree, substrate};
use crate::source::db::{Db, Package};
use crate::source::item::items;
use crate::source::loc::Problem;
use crate::subject::checked;
use rdcl_base::{Code, Diagnostic};
use rdcl_syntax::Keyword;

/// Implementations of the package's own blocks that could run nowhere on its substrates: none of their kind offers what
/// they require, or no execution environment is of a kind that a program declares. One for a kind that is there from the
/// start, of which the package has no execution environment, is there for others.
pub(crate) fn unhosted(db: &dyn Db, package: Package) -> Vec<Problem> {
    let all = package.files(db).iter().flat_map(|file| items(db, *file));
    let substrates = all.filter(|item| item.keyword(db) == Keyword::Substrate);
    let rees: Vec<&Ree> = substrates.flat_map(|item| &substrate(db, *item).rees).collect();
    if rees.is_empty() {
        return Vec::new();
    }
    let list = checked(db, package).iter().flat_map(|instance| &implementations(db, *instance).list);
    let own = list.filter(|i| i.place.file().is_some_and(|file| package.files(db).contains(&file)));
    own.filter_map(|implementation| unhosted_by(implementation, &rees)).collect()
}

fn unhosted_by(implementation: &Implementation, rees: &[&Ree]) -> Option<Problem> {
    let fitting: Vec<&&Ree> = rees.iter().filter(|ree| ree.named.is(&implementation.kind)).collect();
    let kind = &implementation.kind.name;
    if fitting.is_empty() {
        let message =
            format!("no execution environment is of kind `{kind}`, so `{}` runs nowhere", implementation.name);
        let problem = Diagnostic::new(Code::W0310, implementation.place, message)
            .with_help(format!("add one to a substrate, as in `ree here: {kind};`"));
        return implementation.kind.is_declared().then_some(problem);
    }
    let lacks = fitting.iter().map(|ree| (ree, lacking(&implementation.requires, &ree.offers)));
    let (nearest, lacks) = lacks.min_by_key(|(_, lacks)| lacks.len()).filter(|(_, lacks)| !lacks.is_empty())?;
    let lacks = lacks.iter().map(|feature| format!("`{feature}`")).collect::<Vec<_>>().join(", ");
    let message =
        format!("no execution environment of kind `{kind}` offers all that `{}` requires", implementation.name);
    let problem = Diagnostic::new(Code::W0310, implementation.place, message)
        .with_label(nearest.place, format!("`{}` lacks {lacks}", nearest.name))
        .with_help("let one offer it, or require less");
    Some(problem)
}
