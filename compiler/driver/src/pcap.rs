//! Captures: packets in the classic pcap format, for any packet tool to read and from any to be read.
//!
//! Format: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>, written little-endian with
//! microsecond time stamps; link types from the registry of that draft's companion.

mod read;

pub use read::{Capture, PcapError, read};

/// What a capture's packets begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// An Ethernet header.
    Ethernet,
    /// An IPv4 (or IPv6) header.
    Raw,
}

impl LinkType {
    fn number(self) -> u32 {
        match self {
            LinkType::Ethernet => 1,
            LinkType::Raw => 101,
        }
    }

    /// The one of a number; 12 and 14 are what systems without a registry call raw IP, 228 is raw IPv4.
    fn of(number: u32) -> Option<LinkType> {
        match number {
            1 => Some(LinkType::Ethernet),
            12 | 14 | 101 | 228 => Some(LinkType::Raw),
            _ => None,
        }
    }
}

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const SNAP_LENGTH: u32 = 262_144;
const VERSION: (u16, u16) = (2, 4);
const HEADER: usize = 24;

/// A capture of these packets, each with its time in nanoseconds.
pub fn capture<'a>(link: LinkType, packets: impl IntoIterator<Item = (u64, &'a [u8])>) -> Vec<u8> {
    let mut out = begin(link).to_vec();
    for (time, bytes) in packets {
        append(&mut out, time, bytes);
    }
    out
}

/// What a capture begins with. Packets that are [appended](append) may follow one by one, as they come.
pub fn begin(link: LinkType) -> [u8; HEADER] {
    let mut out = [0; HEADER];
    out[..4].copy_from_slice(&MAGIC_MICROSECONDS.to_le_bytes());
    out[4..6].copy_from_slice(&VERSION.0.to_le_bytes());
    out[6..8].copy_from_slice(&VERSION.1.to_le_bytes());
    out[16..20].copy_from_slice(&SNAP_LENGTH.to_le_bytes());
    out[20..].copy_from_slice(&link.number().to_le_bytes());
    out
}

/// Appends a packet with its time in nanoseconds, of which a capture keeps microseconds.
pub fn append(out: &mut impl Extend<u8>, time: u64, bytes: &[u8]) {
    let seconds = (time / 1_000_000_000) as u32;
    let micros = (time % 1_000_000_000 / 1_000) as u32;
    let kept = &bytes[..bytes.len().min(SNAP_LENGTH as usize)];
    for word in [seconds, micros, kept.len() as u32, bytes.len() as u32] {
        out.extend(word.to_le_bytes());
    }
    out.extend(kept.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_has_a_header_and_a_record_per_packet() {
        let bytes = capture(LinkType::Raw, [(1_500_000_000, &[0x45u8, 0][..]), (2_000_000_000, &[0x45][..])]);
        assert_eq!(bytes.len(), 24 + 16 + 2 + 16 + 1);
        assert_eq!(bytes[..4], [0xd4, 0xc3, 0xb2, 0xa1]);
        assert_eq!(bytes[20..24], [101, 0, 0, 0]);
        assert_eq!(bytes[24..40], [1, 0, 0, 0, 0x20, 0xa1, 7, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
    }
}
