//! Packets in words: addresses as people write them, and nothing that goes without saying.

use rdcl_core::{Derivation, Field, HeaderKind, Role};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A field's value as text: IPv4 and MAC addresses in their usual forms, anything else in decimal.
pub fn value(field: Field, value: u128) -> String {
    match (field.header, field.decl().name) {
        (HeaderKind::Ip4, "src" | "dst") => Ipv4Addr::from(value as u32).to_string(),
        (HeaderKind::Ip6, "src" | "dst") => Ipv6Addr::from(value).to_string(),
        (HeaderKind::Eth, "src" | "dst") => mac(value),
        _ => value.to_string(),
    }
}

/// Whether a field's value is written as text in machine formats too.
pub fn is_address(field: Field) -> bool {
    matches!(field.header, HeaderKind::Ip4 | HeaderKind::Ip6 | HeaderKind::Eth)
        && matches!(field.decl().name, "src" | "dst")
}

fn mac(value: u128) -> String {
    let bytes = (0..6).rev().map(|i| format!("{:02x}", (value >> (8 * i)) & 0xff));
    bytes.collect::<Vec<_>>().join(":")
}

/// `ip 10.1.0.0 -> 203.0.113.7, tcp 0 -> 22`: end points, and other fields that are not at their usual value.
pub fn summary(fields: &[(Field, u128)]) -> String {
    let headers = fields.chunk_by(|a, b| a.0.header == b.0.header);
    let innermost = fields.last().map(|f| f.0.header);
    headers.map(|fields| header(fields, innermost)).collect::<Vec<_>>().join(", ")
}

fn header(fields: &[(Field, u128)], innermost: Option<HeaderKind>) -> String {
    let kind = fields[0].0.header;
    let get = |name: &str| fields.iter().find(|f| f.0.decl().name == name).map(|f| value(f.0, f.1));
    let mut text = kind.name().to_owned();
    let ends = get("src").zip(get("dst")).or_else(|| get("sport").zip(get("dport")));
    let ends_are_said = ends.is_some();
    if let Some((from, to)) = ends {
        text += &format!(" {from} -> {to}");
    }
    for &(field, number) in fields {
        let is_end = ends_are_said && matches!(field.decl().name, "src" | "dst" | "sport" | "dport");
        if !is_end && is_worth_saying(field, number, innermost == Some(kind)) {
            text += &format!(" {} {}", field.decl().name, value(field, number));
        }
    }
    text
}

fn is_worth_saying(field: Field, value: u128, innermost: bool) -> bool {
    let decl = field.decl();
    match decl.role {
        Role::Derived(Derivation::NextProtocol) => innermost,
        Role::Derived(_) => false,
        Role::Plain | Role::HopLimit => value != decl.preferred.unwrap_or(0),
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(values: &[(HeaderKind, &str, u128)]) -> Vec<(Field, u128)> {
        values.iter().map(|(h, n, v)| (h.field(n).unwrap(), *v)).collect()
    }

    #[test]
    fn a_summary_says_what_matters() {
        use HeaderKind::{Eth, Ip4, Tcp};
        let packet = fields(&[
            (Ip4, "version", 4),
            (Ip4, "ttl", 64),
            (Ip4, "proto", 6),
            (Ip4, "src", 0x0a01_0000),
            (Ip4, "dst", 0xcb00_7107),
            (Tcp, "sport", 0),
            (Tcp, "dport", 22),
            (Tcp, "syn", 1),
        ]);
        assert_eq!(summary(&packet), "ip 10.1.0.0 -> 203.0.113.7, tcp 0 -> 22 syn 1");
        let packet = fields(&[(Eth, "dst", 1), (Eth, "src", 2), (Eth, "type", 0)]);
        assert_eq!(summary(&packet), "eth 00:00:00:00:00:02 -> 00:00:00:00:00:01 type 0");
        assert_eq!(hex(&[0x45, 0]), "4500");
    }
}
