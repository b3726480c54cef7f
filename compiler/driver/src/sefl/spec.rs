//! What `--packet` says: a packet to begin from, and values for its fields and for symbolic values.
//!
//! `BASE[,NAME=VALUE]…` where BASE is `empty`, `pkt`, headers `eth/ip/tcp`, bytes `ip:4500…`, or a capture `FILE.pcap#2`.

use crate::exit::Exit;
use crate::pcap::{self, LinkType};
use rdcl_core::HeaderKind;
use rdcl_sefl::Packet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// Why there is no packet.
#[derive(Debug)]
pub struct SpecFault {
    /// In words.
    pub message: String,
    /// How that ends a run.
    pub exit: Exit,
}

fn usage(message: impl Into<String>) -> SpecFault {
    SpecFault { message: message.into(), exit: Exit::Usage }
}

/// The packet, and values by the labels of symbolic values.
///
/// # Errors
/// What is said cannot be understood, or a capture cannot be read.
pub fn read(text: &str) -> Result<(Packet, BTreeMap<String, u128>), SpecFault> {
    let mut parts = text.split(',');
    let mut packet = base(parts.next().unwrap_or_default().trim())?;
    let (mut given, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for part in parts {
        let (name, value) = part.split_once('=').ok_or_else(|| usage(format!("`{part}` is not `NAME=VALUE`")))?;
        let (name, value) = (name.trim(), number(value.trim())?);
        if name.starts_with('[') {
            return Err(usage(format!("`{name}` is no name; a field is given by its name, as in `IPSrc=10.0.0.1`")));
        }
        if !seen.insert(name) {
            return Err(usage(format!("`{name}` is given twice")));
        }
        if !packet.set(name, value).map_err(|e| usage(e.to_string()))? {
            given.insert(name.to_owned(), value);
        }
    }
    Ok((packet, given))
}

fn base(text: &str) -> Result<Packet, SpecFault> {
    match text {
        "empty" | "" => return Ok(Packet::empty()),
        "pkt" => return Ok(Packet::pkt()),
        _ => {}
    }
    if let Some((header, digits)) = text.split_once(':') {
        let bytes =
            hex(digits).ok_or_else(|| usage(format!("`{digits}` is not an even number of hexadecimal digits")))?;
        return Packet::bytes(&bytes, self::header(header)?).map_err(|e| usage(e.to_string()));
    }
    let file = text.split_once('#').map_or(text, |(file, _)| file);
    if file.ends_with(".pcap") {
        let number = text.split_once('#').map_or(Ok(1), |(_, number)| number.parse());
        let number: usize = number.map_err(|_| usage(format!("`{text}` does not end with the number of a packet")))?;
        return captured(file, number);
    }
    let headers = text.split('/').map(header).collect::<Result<Vec<HeaderKind>, SpecFault>>()?;
    Packet::stack(&headers).map_err(|e| usage(e.to_string()))
}

/// The packet of this number, from 1, of a capture.
fn captured(file: &str, number: usize) -> Result<Packet, SpecFault> {
    let environment = |message: String| SpecFault { message: format!("{file}: {message}"), exit: Exit::Environment };
    let bytes = std::fs::read(file).map_err(|e| environment(e.to_string()))?;
    let capture = pcap::read(&bytes).map_err(|e| environment(e.to_string()))?;
    let outermost = match capture.link {
        LinkType::Ethernet => HeaderKind::Eth,
        LinkType::Raw => HeaderKind::Ip4,
    };
    let packet = number.checked_sub(1).and_then(|index| capture.packets.get(index));
    let (_, bytes) =
        packet.ok_or_else(|| usage(format!("{file} has {} packets, no packet {number}", capture.packets.len())))?;
    Packet::bytes(bytes, outermost).map_err(|e| usage(format!("{file}: {e}")))
}

fn header(name: &str) -> Result<HeaderKind, SpecFault> {
    HeaderKind::from_name(name).ok_or_else(|| {
        usage(format!(
            "`{name}` is none of `empty`, `pkt`, headers such as `eth/ip/tcp`, bytes such as `ip:4500…`, or a capture `FILE.pcap`"
        ))
    })
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

/// A number in decimal or hexadecimal, an IPv4 address, or a MAC address.
fn number(text: &str) -> Result<u128, SpecFault> {
    let digits = text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u128::from_str_radix(hex, 16).ok());
    let address = || text.parse::<Ipv4Addr>().ok().map(|a| u128::from(u32::from(a)));
    let mac = || {
        let bytes: Option<Vec<u8>> = text.split(':').map(|part| u8::from_str_radix(part, 16).ok()).collect();
        bytes.filter(|b| b.len() == 6).map(|b| b.iter().fold(0, |n, byte| n << 8 | u128::from(*byte)))
    };
    digits.or_else(address).or_else(mac).ok_or_else(|| usage(format!("`{text}` is no number and no address")))
}
