//! Routing tables: overlapping prefixes with a default route, from a seed.

use crate::random::Random;
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;

/// What the table looks like.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Seed of the generator
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Number of rows, the default route included
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..100_000))]
    pub prefixes: u32,
    /// Routes lead to ports 0 up to this, exclusively
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u64).range(1..))]
    pub ports: u64,
}

/// An address without host bits, and a length.
type Prefix = (u32, u32);

/// The table as text: a prefix and a port on each line, by address and then by length.
pub fn table(arguments: &Arguments) -> String {
    let Arguments { seed, prefixes, ports } = *arguments;
    let mut text = format!(
        "# prefix  port\n\
         # Generated: cargo run -p xtask -- fib --seed {seed} --prefixes {prefixes} --ports {ports}\n"
    );
    for ((address, length), port) in routes(arguments) {
        let prefix = format!("{}/{length}", Ipv4Addr::from(address));
        let _ = writeln!(text, "{prefix:<18}  {port}");
    }
    text
}

/// The default route leads to port 0; every other prefix lies inside one that is there already half of the time.
/// Address block 0.0.0.0/8 ("this network", RFC 791) is left to the default route.
fn routes(arguments: &Arguments) -> BTreeMap<Prefix, u64> {
    let mut random = Random::new(arguments.seed);
    let mut routes = BTreeMap::from([((0, 0), 0)]);
    let mut known: Vec<Prefix> = Vec::new();
    while routes.len() < arguments.prefixes as usize {
        let inside = (!known.is_empty() && random.below(2) == 0).then(|| random.below(known.len() as u64) as usize);
        let prefix = match inside {
            Some(i) => narrower(known[i], &mut random),
            None => fresh(&mut random),
        };
        let port = random.below(arguments.ports);
        if routes.insert(prefix, port).is_none() {
            known.push(prefix);
        }
    }
    routes
}

/// A prefix of 8 to 24 bits in 1.0.0.0–223.255.255.255.
fn fresh(random: &mut Random) -> Prefix {
    let length = 8 + random.below(17) as u32;
    let first = 1 + random.below(223) as u32;
    (cut(first << 24 | random.below(1 << 24) as u32, length), length)
}

/// A prefix inside another, longer by 1 to 8 bits.
fn narrower((address, length): Prefix, random: &mut Random) -> Prefix {
    let longer = (length + 1 + random.below(8) as u32).min(32);
    let host = random.below(1 << (32 - length)) as u32;
    (cut(address | host, longer), longer)
}

fn cut(address: u32, length: u32) -> u32 {
    address & u32::MAX.checked_shl(32 - length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGUMENTS: Arguments = Arguments { seed: 7, prefixes: 200, ports: 14 };

    #[test]
    fn prefixes_overlap_and_leave_the_last_ports_alone() {
        let routes = routes(&ARGUMENTS);
        assert_eq!(routes.len(), 200);
        assert!(routes.values().all(|port| *port < 14));
        let used: std::collections::BTreeSet<u64> = routes.values().copied().collect();
        assert_eq!(used.len(), 14);
        let inside = |a: &Prefix, b: &Prefix| a.1 > b.1 && cut(a.0, b.1) == b.0 && b.1 > 0;
        let nested = routes.keys().filter(|a| routes.keys().any(|b| inside(a, b))).count();
        assert!(nested > 50, "{nested}");
    }

    #[test]
    fn the_example_is_what_the_generator_prints() {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/router/fib.txt");
        assert_eq!(std::fs::read_to_string(example).unwrap(), table(&ARGUMENTS));
    }
}
