//! Names of things, and sets of reasons.

use rdcl_core::{Endpoint, PartId};
use rdcl_hir::{Db, Instance, Leaf, Loc, Structure, leaf_ports, lone_leaf_name};

/// Places, each once, in the order of their first mention.
pub fn because(places: impl IntoIterator<Item = Loc>) -> Vec<Loc> {
    let mut found = Vec::new();
    for place in places {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

/// The places that are in all of these lists; none if there is no list.
pub fn shared<'a>(mut lists: impl Iterator<Item = &'a [Loc]>) -> Vec<Loc> {
    let mut found = lists.next().map_or_else(Vec::new, <[Loc]>::to_vec);
    lists.for_each(|list| found.retain(|place| list.contains(place)));
    found
}

/// The names of parts and ends of a service.
pub struct Names<'db> {
    /// The database.
    pub db: &'db dyn Db,
    /// The service.
    pub instance: Instance<'db>,
    /// The service, flattened.
    pub structure: &'db Structure<'db>,
}

impl<'db> Names<'db> {
    /// A part's path; the name of the RFB when the service is one leaf.
    pub fn part(&self, part: PartId) -> String {
        match self.structure.parts.get(part.0 as usize) {
            Some((path, _)) if !path.is_empty() => path.clone(),
            Some(_) | None => lone_leaf_name(self.db, self.instance).to_owned(),
        }
    }

    /// A part's leaf.
    pub fn leaf(&self, part: PartId) -> Leaf<'db> {
        self.structure.parts[part.0 as usize].1
    }

    /// `fw.lan`, or the name of a boundary port.
    pub fn end(&self, end: Endpoint) -> String {
        match end {
            Endpoint::Boundary(port) => self.structure.boundary[port.0 as usize].name.clone(),
            Endpoint::Part(part, port) => {
                let ports = leaf_ports(self.db, self.leaf(part));
                format!("{}.{}", self.part(part), ports[port.index()].name)
            }
        }
    }

    /// `fw.wan--nat.inside`, in alphabetical order.
    pub fn link(&self, [a, b]: [Endpoint; 2]) -> (String, [Endpoint; 2]) {
        let (mut first, mut second) = ((self.end(a), a), (self.end(b), b));
        if second.0 < first.0 {
            std::mem::swap(&mut first, &mut second);
        }
        (format!("{}--{}", first.0, second.0), [first.1, second.1])
    }
}
