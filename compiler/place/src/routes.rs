//! Routes through the substrate: simple paths, shortest first by delay, then by links, then by the links' positions.
//!
//! Found by best-first search with the distance to the end as what is still to come: first the distance from where a path
//! has come to, then, when its turn comes, that without what the path came through. So no path is followed that leads
//! nowhere, and the first few routes of a large substrate cost little.

use crate::model::{Link, Model};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// The most routes between two execution environments that are looked at.
pub const MOST_ROUTES: usize = 32;

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Its links, in order.
    pub links: Vec<usize>,
    /// Their delays, added up.
    pub delay: u64,
}

/// The routes from one execution environment to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// The shortest, in order.
    pub paths: Vec<Path>,
    /// Whether there are no others.
    pub complete: bool,
    /// The fewest links that any has.
    pub fewest: u64,
}

/// Delay, then links.
type Distance = (u64, u64);

/// How far a path has come. Of equally long ones that one is first whose links are.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reached {
    /// Of the whole path, at least.
    total: Option<Distance>,
    links: Vec<usize>,
    at: usize,
    /// Whether some whole path is just so long.
    exact: bool,
}

/// The routes of a model, found when they are asked for.
#[derive(Debug)]
pub struct Atlas<'m> {
    model: &'m Model,
    /// For each execution environment its links.
    around: Vec<Vec<usize>>,
    known: BTreeMap<(usize, usize), Routes>,
}

impl<'m> Atlas<'m> {
    /// With nothing asked for yet.
    pub fn new(model: &'m Model) -> Atlas<'m> {
        let mut around = vec![Vec::new(); model.rees.len()];
        for (i, link) in model.links.iter().enumerate() {
            let (a, b) = (model.site(link.a), model.site(link.b));
            // A link within one site leads nowhere.
            if a != b {
                around[a].push(i);
                around[b].push(i);
            }
        }
        Atlas { model, around, known: BTreeMap::new() }
    }

    /// The routes between two different sites.
    pub fn routes(&mut self, from: usize, to: usize) -> &Routes {
        if !self.known.contains_key(&(from, to)) {
            let routes = self.search(from, to);
            self.known.insert((from, to), routes);
        }
        &self.known[&(from, to)]
    }

    fn search(&self, from: usize, to: usize) -> Routes {
        let ahead = self.distances(to, &[], |link| link.delay);
        let Some(fewest) = self.distances(to, &[], |_| 0)[from].map(|d| d.1) else { return self.apart() };
        let start = Reached { total: ahead[from], links: Vec::new(), at: from, exact: true };
        let (mut heap, mut paths) = (BinaryHeap::from([Reverse(start)]), Vec::new());
        while let Some(Reverse(path)) = heap.pop() {
            if path.at == to {
                if paths.len() == MOST_ROUTES {
                    return Routes { paths, complete: false, fewest };
                }
                paths.push(Path { delay: self.delay(&path.links), links: path.links });
                continue;
            }
            let passed = self.passed(from, &path);
            if !path.exact {
                let rest = self.distances(to, &passed, |link| link.delay)[path.at];
                heap.extend(
                    rest.map(|rest| Reverse(Reached { total: self.total(&path.links, rest), exact: true, ..path })),
                );
                continue;
            }
            for link in &self.around[path.at] {
                let next = self.across(*link, path.at).filter(|next| !passed.contains(next));
                let Some((next, rest)) = next.and_then(|next| Some((next, ahead[next]?))) else { continue };
                let links = [&path.links[..], &[*link]].concat();
                heap.push(Reverse(Reached { total: self.total(&links, rest), links, at: next, exact: false }));
            }
        }
        Routes { paths, complete: true, fewest }
    }

    /// What stands for the routes between execution environments that no links join.
    fn apart(&self) -> Routes {
        let paths = if self.model.joined { vec![Path::default()] } else { Vec::new() };
        Routes { paths, complete: true, fewest: 0 }
    }

    /// The sites at the ends of a link.
    fn ends(&self, link: usize) -> [usize; 2] {
        let link = &self.model.links[link];
        [self.model.site(link.a), self.model.site(link.b)]
    }

    /// The site at the other end of a link.
    fn across(&self, link: usize, from: usize) -> Option<usize> {
        match self.ends(link) {
            [a, b] if a == from => Some(b),
            [a, b] if b == from => Some(a),
            _ => None,
        }
    }

    fn delay(&self, links: &[usize]) -> u64 {
        links.iter().fold(0, |sum: u64, link| sum.saturating_add(self.model.links[*link].delay))
    }

    /// The distance of a whole path, of which these links and this rest are known.
    fn total(&self, links: &[usize], rest: Distance) -> Option<Distance> {
        Some((self.delay(links).saturating_add(rest.0), links.len() as u64 + rest.1))
    }

    /// The execution environments that a path came through, without that which it has come to.
    fn passed(&self, from: usize, path: &Reached) -> Vec<usize> {
        let ends = path.links.iter().flat_map(|link| self.ends(*link));
        std::iter::once(from).chain(ends).filter(|ree| *ree != path.at).collect()
    }

    /// From every execution environment the distance to one, around some others.
    fn distances(&self, to: usize, around: &[usize], delay: impl Fn(&Link) -> u64) -> Vec<Option<Distance>> {
        let mut known: Vec<Option<Distance>> = vec![None; self.around.len()];
        let mut heap = BinaryHeap::from([Reverse(((0, 0), to))]);
        while let Some(Reverse((distance, at))) = heap.pop() {
            if known[at].is_some() || around.contains(&at) {
                continue;
            }
            known[at] = Some(distance);
            for link in &self.around[at] {
                let next = (distance.0.saturating_add(delay(&self.model.links[*link])), distance.1 + 1);
                heap.extend(self.across(*link, at).map(|ree| Reverse((next, ree))));
            }
        }
        known
    }
}
