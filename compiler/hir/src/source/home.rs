//! The package that a source belongs to, and which other packages its paths may begin with.
//!
//! A module is known by its package and its path there; those of the standard library stand beside those of the package
//! that is compiled, below `std`. `acl::walls::Wall` in a package that depends on `acl` is `Wall` of its module `walls`.

use std::collections::BTreeSet;

/// The first word of paths into the standard library, which no package can have for its name.
pub const STD: &str = "std";

/// A package as its own sources see it. By default the one that is compiled, without dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Home {
    /// Its name as the first word of a path; empty for the package that is compiled, and for the standard library.
    pub package: String,
    /// The names of the packages that it depends on itself.
    pub dependencies: BTreeSet<String>,
}

impl Home {
    /// The package and the module that a source here means by this path.
    pub(crate) fn module(&self, path: &str) -> (String, String) {
        match path.split_once("::") {
            Some((STD, _)) => (String::new(), path.to_owned()),
            Some((first, rest)) if self.dependencies.contains(first) => (first.to_owned(), rest.to_owned()),
            Some(_) | None => (self.package.clone(), path.to_owned()),
        }
    }

    /// How a source here writes a module; none if it is of a package that this one does not depend on.
    pub(crate) fn path(&self, package: &str, module: &str) -> Option<String> {
        let is_std = package.is_empty() && module.split("::").next() == Some(STD);
        if is_std || package == self.package {
            return Some(module.to_owned());
        }
        self.dependencies.contains(package).then(|| format!("{package}::{module}"))
    }

    /// The one name of a table file that a source here writes so: `rules.txt`, or `<acl>/rules.txt` in a dependency.
    pub fn table_path(&self, path: &str) -> String {
        if self.package.is_empty() || path.is_empty() { path.to_owned() } else { format!("<{}>/{path}", self.package) }
    }
}

/// The package of a table file and its path there, both from its one name; the package is empty for the compiled one.
pub fn table_place(path: &str) -> (&str, &str) {
    path.strip_prefix('<').and_then(|rest| rest.split_once(">/")).unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_modules_of_packages() {
        let acl = Home { package: "acl".into(), dependencies: BTreeSet::from(["util".into()]) };
        let means = |path| {
            let (package, module) = acl.module(path);
            let back = acl.path(&package, &module);
            assert_eq!(back.as_deref(), Some(path));
            format!("{package}/{module}")
        };
        assert_eq!(["walls", "util::bits", "std::net"].map(means), ["acl/walls", "util/bits", "/std::net"]);
        assert_eq!(acl.path("far", "away"), None);
        assert_eq!(acl.path("", "main"), None);
        assert_eq!(Home::default().path("", "main").as_deref(), Some("main"));
    }

    #[test]
    fn tables_of_dependencies_have_a_name_of_their_own() {
        let acl = Home { package: "acl".into(), ..Home::default() };
        assert_eq!(table_place(&acl.table_path("a/b.txt")), ("acl", "a/b.txt"));
        assert_eq!(table_place(&Home::default().table_path("b.txt")), ("", "b.txt"));
    }
}
