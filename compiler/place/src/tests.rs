//! Tests that see a deployment whole, from its text.

mod limits;
mod random;
mod source;

use crate::{leaf_name, levels, place};
use rdcl_base::FileId;
use rdcl_hir::{Database, Package, SourceFile, add_std, deployments, diagnostics};

/// A program in memory.
struct World {
    db: Database,
    package: Package,
}

impl World {
    fn new(text: &str) -> World {
        let mut db = Database::default();
        let std = add_std(&mut db, FileId(1));
        let main = SourceFile::new(&db, "main".into(), "main.rdcl".into(), text.into(), FileId(0));
        let package = Package::new(&db, vec![main], std, Vec::new());
        let errors: Vec<_> =
            diagnostics(&db, package).into_iter().filter(|d| d.code.as_str().starts_with('E')).collect();
        assert!(errors.is_empty(), "{errors:?}");
        World { db, package }
    }

    /// For each deployment `name value: part@ree/implementation …`, its routes and levels, or its complaints.
    fn placed(&self) -> Vec<String> {
        deployments(&self.db, self.package).into_iter().map(|deployment| self.text(deployment)).collect()
    }

    fn text<'db>(&'db self, deployment: &'db rdcl_hir::Deployment<'db>) -> String {
        let substrate = rdcl_hir::substrate(&self.db, deployment.substrate);
        let placement = match place(&self.db, deployment) {
            Ok(placement) => placement,
            Err(problems) => {
                let said: Vec<String> = problems.iter().map(|p| format!("{} {}", p.code, p.message)).collect();
                return format!("{}: {}", deployment.name, said.join("; "));
            }
        };
        let parts = placement.parts.iter().enumerate().map(|(i, part)| {
            let name = leaf_name(&self.db, deployment, i);
            let implementation = part.implementation.map_or(String::new(), |i| format!("/{i}"));
            format!(" {name}@{}{implementation}", substrate.rees[part.ree].name)
        });
        let routes = placement.routes.iter().map(|route| format!(" {:?}", route.links));
        let levels = levels(&self.db, deployment, &placement)
            .into_iter()
            .map(|l| format!(" {} = {}", l.measure, l.reached.map_or("any".into(), |r| crate::amount(r, l.dimension))));
        let rest: String = parts.chain(routes).chain(levels).collect();
        format!("{} {}..{}:{rest}", deployment.name, placement.bound, placement.value)
    }
}
