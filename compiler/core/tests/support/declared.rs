//! Headers that a program declares, of every sort, and all headers with these.
#![allow(dead_code)]

use rdcl_core::*;

fn declare(name: &str, after: &[(HeaderKind, u128)], fields: &[(&str, u16)], next: Next) -> HeaderKind {
    let fields = fields.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
    let format = Format { name: name.to_owned(), after: after.to_vec(), fields, next };
    HeaderKind::User(UserHeader::new(format).unwrap_or_else(|| panic!("{name} is no header")))
}

/// Behind a UDP port, and around a packet in a tunnel.
pub fn probe() -> HeaderKind {
    let fields = [("version", 4), ("hops", 4), ("kind", 16), ("stamp", 64)];
    let told = vec![(HeaderKind::Eth, 0x6558), (HeaderKind::Ip4, 0x0800), (HeaderKind::Ip6, 0x86dd)];
    declare("probe", &[(HeaderKind::Udp, 5555)], &fields, Next::Told(Some(2), told))
}

/// Between Ethernet and IP, its fields across bytes; of an odd length.
pub fn shim() -> HeaderKind {
    let fields = [("a", 3), ("wide", 64), ("b", 5), ("type", 16), ("c", 13), ("d", 3)];
    let told = vec![(HeaderKind::Ip4, 0x0800), (HeaderKind::Ip6, 0x86dd)];
    declare("shim", &[(HeaderKind::Eth, 0x88b5), (HeaderKind::Vlan, 0x88b5)], &fields, Next::Told(Some(3), told))
}

/// Between IP and what that carries.
pub fn auth() -> HeaderKind {
    let fields = [("next", 8), ("length", 7), ("flag", 1), ("spi", 32)];
    let told = vec![(HeaderKind::Tcp, 6), (HeaderKind::Udp, 17)];
    declare("auth", &[(HeaderKind::Ip4, 51), (HeaderKind::Ip6, 51)], &fields, Next::Told(Some(0), told))
}

/// After another declared header, and nothing behind it.
pub fn trail() -> HeaderKind {
    declare("trail", &[(probe(), 7), (HeaderKind::Udp, 6666)], &[("x", 12), ("y", 4)], Next::Told(None, Vec::new()))
}

/// At the front of a packet.
pub fn front() -> HeaderKind {
    declare("front", &[], &[("colour", 3), ("", 5)], Next::Always(HeaderKind::Ip4))
}

/// All of these, those of the packet in a tunnel, too.
pub fn declared() -> Vec<HeaderKind> {
    let outer = [probe(), shim(), auth(), trail()];
    outer.into_iter().chain(outer.into_iter().filter_map(HeaderKind::inner)).chain([front()]).collect()
}

/// All headers.
pub fn every() -> Vec<HeaderKind> {
    let mut all = HeaderKind::ALL.to_vec();
    all.extend(declared());
    all.sort();
    all
}
