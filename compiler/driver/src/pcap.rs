//! Captures: packets in the classic pcap format, for any packet tool to read.
//!
//! Format: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>, written little-endian with
//! microsecond time stamps; link types from the registry of that draft's companion.

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
}

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const SNAP_LENGTH: u32 = 262_144;

/// A capture of these packets, each with its time in nanoseconds.
pub fn capture<'a>(link: LinkType, packets: impl IntoIterator<Item = (u64, &'a [u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(MAGIC_MICROSECONDS.to_le_bytes());
    out.extend(2u16.to_le_bytes());
    out.extend(4u16.to_le_bytes());
    out.extend([0; 8]);
    out.extend(SNAP_LENGTH.to_le_bytes());
    out.extend(link.number().to_le_bytes());
    for (now, bytes) in packets {
        record(&mut out, now, bytes);
    }
    out
}

fn record(out: &mut Vec<u8>, now: u64, bytes: &[u8]) {
    let seconds = (now / 1_000_000_000) as u32;
    let micros = (now % 1_000_000_000 / 1_000) as u32;
    let kept = bytes.len().min(SNAP_LENGTH as usize);
    for word in [seconds, micros, kept as u32, bytes.len() as u32] {
        out.extend(word.to_le_bytes());
    }
    out.extend(&bytes[..kept]);
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
