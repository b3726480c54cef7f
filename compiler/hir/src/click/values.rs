//! Values in configurations: addresses, prefixes and numbers, as Click writes them.

use std::net::Ipv4Addr;

/// A prefix without host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Prefix {
    /// How many bits count.
    pub length: u8,
    /// The bits that count.
    pub network: u32,
}

impl Prefix {
    fn new(address: Ipv4Addr, length: u8) -> Prefix {
        let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
        Prefix { length, network: u32::from(address) & mask }
    }

    /// As RDCL writes it.
    pub fn text(self) -> String {
        format!("{}/{}", Ipv4Addr::from(self.network), self.length)
    }
}

/// `10.0.0.1`
pub(super) fn address(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok()
}

/// `10.0.0.0/8`, `10/8`, `10.0.0.0/255.0.0.0`, or an address by itself; host bits are cut off, as Click does.
pub(super) fn prefix(text: &str) -> Option<Prefix> {
    let Some((network, mask)) = text.split_once('/') else { return Some(Prefix::new(address(text)?, 32)) };
    let dots = network.matches('.').count();
    let full = format!("{network}{}", ".0".repeat(3usize.checked_sub(dots)?));
    let length = match mask.parse::<u8>() {
        Ok(length) => Some(length).filter(|length| *length <= 32)?,
        Err(_) => mask_length(mask)?,
    };
    Some(Prefix::new(address(&full)?, length))
}

/// A prefix of an address and a mask.
pub(super) fn masked(network: &str, mask: &str) -> Option<Prefix> {
    Some(Prefix::new(address(network)?, mask_length(mask)?))
}

/// The length of a mask of ones, then zeros.
fn mask_length(mask: &str) -> Option<u8> {
    let mask = u32::from(address(mask)?);
    let length = mask.leading_ones();
    (mask.count_ones() == length).then_some(length as u8)
}

/// `255`, `0xff`
pub(super) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// `00:11:22:33:44:55`, also `0:1:…` and with dashes, as RDCL writes it.
pub(super) fn mac(text: &str) -> Option<String> {
    let octets: Vec<u8> =
        text.split([':', '-']).map(|octet| u8::from_str_radix(octet, 16)).collect::<Result<_, _>>().ok()?;
    let written: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    (octets.len() == 6).then(|| written.join(":"))
}

/// The number of a protocol by its name or number.
pub(super) fn protocol(text: &str) -> Option<u64> {
    let known = [("icmp", 1), ("igmp", 2), ("ipip", 4), ("tcp", 6), ("udp", 17), ("gre", 47), ("esp", 50), ("ah", 51)];
    let named = known.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    named.or_else(|| number(text)).filter(|number| *number <= 255)
}

/// The number of a TCP or UDP port by its name (of the IANA registry, and `www`) or number.
pub(super) fn port(text: &str) -> Option<u64> {
    let known = [
        ("ftp-data", 20),
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("dns", 53),
        ("domain", 53),
        ("bootps", 67),
        ("bootpc", 68),
        ("tftp", 69),
        ("finger", 79),
        ("www", 80),
        ("http", 80),
        ("pop3", 110),
        ("auth", 113),
        ("nntp", 119),
        ("ntp", 123),
        ("netbios-ns", 137),
        ("netbios-dgm", 138),
        ("netbios-ssn", 139),
        ("imap", 143),
        ("imap2", 143),
        ("snmp", 161),
        ("snmp-trap", 162),
        ("irc", 194),
        ("imap3", 220),
        ("https", 443),
        ("route", 520),
        ("imaps", 993),
        ("pop3s", 995),
    ];
    let named = known.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    named.or_else(|| number(text)).filter(|number| *number <= 65535)
}

/// The number of a type of ICMP messages by its name or number (RFC 792).
pub(super) fn icmp_type(text: &str) -> Option<u64> {
    let known = [
        ("echo-reply", 0),
        ("unreachable", 3),
        ("sourcequench", 4),
        ("redirect", 5),
        ("echo", 8),
        ("routeradvert", 9),
        ("routersolicit", 10),
        ("timeexceeded", 11),
        ("parameterproblem", 12),
        ("timestamp", 13),
        ("timestamp-reply", 14),
        ("inforeq", 15),
        ("inforeq-reply", 16),
        ("maskreq", 17),
        ("maskreq-reply", 18),
    ];
    let named = known.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    named.or_else(|| number(text)).filter(|number| *number <= 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_have_several_forms() {
        let text = |written| prefix(written).map(Prefix::text);
        assert_eq!(text("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(text("18.26/16").as_deref(), Some("18.26.0.0/16"));
        assert_eq!(text("0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(text("10.0.0.0/255.255.0.0").as_deref(), Some("10.0.0.0/16"));
        assert_eq!(text("10.0.0.1").as_deref(), Some("10.0.0.1/32"));
        assert_eq!(["10.0.0.0/33", "10.0.0.0/255.0.255.0", "1.2.3.4.5/8", "x"].map(prefix), [None; 4]);
        assert_eq!(mac("0:A0:c9:9c:fd:9e").as_deref(), Some("00:a0:c9:9c:fd:9e"));
    }
}
