//! Addresses for the networks between leaves: a /28 each, of 100.64.0.0/10.
//!
//! The pool is the shared address space of RFC 6598, which neither the internet nor, as a rule, a private network uses;
//! what the service's own parameters name is avoided. A network's place in the pool follows from its name, so that
//! another network that comes or goes does not renumber it, unless both names meet in one place.

use crate::plan::Subnet;
use crate::prefixes::prefix;
use rdcl_base::Ipv4Net;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// 100.64.0.0/10
const POOL: (u32, u8) = (0x6440_0000, 10);
/// Two ends, and room for what the cloud itself attaches.
const LENGTH: u8 = 28;
const PLACES: u32 = 1 << (LENGTH - POOL.1);

/// Gives out subnets.
pub struct Addresses {
    /// What the service speaks of.
    avoided: Vec<Ipv4Net>,
    taken: BTreeSet<u32>,
}

impl Addresses {
    /// The pool without these. What holds every address names none.
    pub fn new(avoided: impl IntoIterator<Item = Ipv4Net>) -> Addresses {
        let avoided: BTreeSet<Ipv4Net> = avoided.into_iter().filter(|net| net.prefix_len() > 0).collect();
        Addresses { avoided: avoided.into_iter().collect(), taken: BTreeSet::new() }
    }

    /// The subnet of a name; none if the pool is used up.
    pub fn subnet(&mut self, name: &str) -> Option<Subnet> {
        let first = (hash(name) % u64::from(PLACES)) as u32;
        let mut places = (0..PLACES).map(|step| (first + step) % PLACES);
        let place = places.find(|place| self.is_free(*place))?;
        self.taken.insert(place);
        Some(subnet(place))
    }

    fn is_free(&self, place: u32) -> bool {
        let cidr = subnet(place).cidr;
        let clash = |net: &Ipv4Net| net.contains(&cidr) || cidr.contains(net);
        !self.taken.contains(&place) && !self.avoided.iter().any(clash)
    }
}

fn subnet(place: u32) -> Subnet {
    let base = POOL.0 + (place << (32 - LENGTH));
    let at = |host: u32| Ipv4Addr::from(base + host);
    Subnet { cidr: prefix(base, LENGTH), ends: (at(1), at(2)), pool: (at(8), at(14)) }
}

/// FNV-1a, 64 bits: equal on every machine, and for ever.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidrs(names: impl Iterator<Item = String>, avoided: &[Ipv4Net]) -> Vec<Option<Ipv4Net>> {
        let mut addresses = Addresses::new(avoided.iter().copied());
        names.map(|name| addresses.subnet(&name).map(|s| s.cidr)).collect()
    }

    #[test]
    fn subnets_do_not_overlap_and_stay_when_others_go() {
        let names = |except: u32| (0..400).filter(move |i| *i != except).map(|i| format!("a{i}.out--b{i}.in"));
        let all = cidrs(names(999), &[]);
        let distinct: BTreeSet<_> = all.iter().flatten().collect();
        assert_eq!(distinct.len(), 400);
        let mut fewer = all.clone();
        fewer.remove(17);
        assert_eq!(cidrs(names(17), &[]), fewer);
    }

    #[test]
    fn what_the_service_names_is_avoided() {
        let name = || std::iter::once("fw.wan--nat.inside".to_owned());
        let first = cidrs(name(), &[])[0].unwrap();
        let half = first.supernet().unwrap();
        let second = cidrs(name(), &[half])[0].unwrap();
        assert!(!half.contains(&second));
        assert_eq!(cidrs(name(), &[prefix(0, 0)]), [Some(first)]);
        assert_eq!(cidrs(name(), &[prefix(POOL.0, 9)]), [None]);
    }
}
