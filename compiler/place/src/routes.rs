//! Routes through the substrate: simple paths, shortest first by delay, then by links, then by the links' positions.
//!
//! Found by best-first search with the exact distance to the end as what is still to come, so that the first few routes
//! of a large substrate cost little.

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
            around[link.a].push(i);
            around[link.b].push(i);
        }
        Atlas { model, around, known: BTreeMap::new() }
    }

    /// The routes between two different execution environments.
    pub fn routes(&mut self, from: usize, to: usize) -> &Routes {
        if !self.known.contains_key(&(from, to)) {
            let routes = self.search(from, to);
            self.known.insert((from, to), routes);
        }
        &self.known[&(from, to)]
    }

    fn search(&self, from: usize, to: usize) -> Routes {
        let ahead = self.distances(to, |link| link.delay);
        let Some(fewest) = self.distances(to, |_| 0)[from].map(|d| d.1) else { return self.apart() };
        let mut heap = BinaryHeap::from([Reverse((ahead[from], Vec::new(), from))]);
        let mut paths = Vec::new();
        while let Some(Reverse((_, links, at))) = heap.pop() {
            if at == to {
                if paths.len() == MOST_ROUTES {
                    return Routes { paths, complete: false, fewest };
                }
                paths.push(Path { delay: self.delay(&links), links });
                continue;
            }
            for link in &self.around[at] {
                let Some(next) = self.model.links[*link].across(at) else { continue };
                let longer = [&links[..], &[*link]].concat();
                if let Some(rest) = ahead[next].filter(|_| !self.meets(from, &links, next)) {
                    let total = (self.delay(&longer).saturating_add(rest.0), longer.len() as u64 + rest.1);
                    heap.push(Reverse((Some(total), longer, next)));
                }
            }
        }
        Routes { paths, complete: true, fewest }
    }

    /// What stands for the routes between execution environments that no links join.
    fn apart(&self) -> Routes {
        let paths = if self.model.joined { vec![Path::default()] } else { Vec::new() };
        Routes { paths, complete: true, fewest: 0 }
    }

    fn delay(&self, links: &[usize]) -> u64 {
        links.iter().fold(0, |sum: u64, link| sum.saturating_add(self.model.links[*link].delay))
    }

    /// Whether a path comes through an execution environment.
    fn meets(&self, from: usize, links: &[usize], ree: usize) -> bool {
        from == ree || links.iter().any(|l| self.model.links[*l].a == ree || self.model.links[*l].b == ree)
    }

    /// From every execution environment the distance to one.
    fn distances(&self, to: usize, delay: impl Fn(&Link) -> u64) -> Vec<Option<Distance>> {
        let mut known: Vec<Option<Distance>> = vec![None; self.around.len()];
        let mut heap = BinaryHeap::from([Reverse(((0, 0), to))]);
        while let Some(Reverse((distance, at))) = heap.pop() {
            if known[at].is_some() {
                continue;
            }
            known[at] = Some(distance);
            for link in self.around[at].iter().map(|i| &self.model.links[*i]) {
                let next = (distance.0.saturating_add(delay(link)), distance.1 + 1);
                heap.extend(link.across(at).map(|ree| Reverse((next, ree))));
            }
        }
        known
    }
}
