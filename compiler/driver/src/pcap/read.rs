//! Reading captures, of either byte order and either precision. Any bytes at all are read or refused with the byte that
//! is wrong.

use super::{HEADER, LinkType, MAGIC_MICROSECONDS, MAGIC_NANOSECONDS, VERSION};

/// What stands before each packet: seconds, fraction, bytes kept, bytes on the wire.
const RECORD: usize = 16;

/// The first word of a file in the format that came after.
const MAGIC_NEXT_GENERATION: u32 = 0x0a0d_0d0a;

/// A capture, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// What its packets begin with.
    pub link: LinkType,
    /// Packets in the order of the file, each with its time in nanoseconds.
    pub packets: Vec<(u64, Vec<u8>)>,
}

/// Why bytes are not a capture that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PcapError {
    /// It begins with something else.
    #[error("byte 0: this is not how a pcap file begins")]
    Magic,
    /// It is of the format that came after.
    #[error("byte 0: this is a pcapng file; `editcap -F pcap` makes a pcap file of it")]
    NextGeneration,
    /// It is of another version.
    #[error("byte 4: the version is {0}.{1}, only 2.4 is understood")]
    Version(u16, u16),
    /// Its packets begin with something else.
    #[error("byte 20: the link type is {0}; understood are 1 (Ethernet) and 12, 14, 101 and 228 (IP)")]
    Link(u32),
    /// It ends within its header, the head of a record, or a packet.
    #[error("byte {at}: {wanted} bytes should follow, the file has {left}")]
    Ends {
        /// Where what is not whole begins.
        at: usize,
        /// How long it should be.
        wanted: usize,
        /// How long it is.
        left: usize,
    },
    /// A packet was cut when it was captured.
    #[error("byte {at}: of {length} bytes of this packet only {kept} were captured")]
    Cut {
        /// Where its record begins.
        at: usize,
        /// How long it was.
        length: u32,
        /// How much was kept.
        kept: u32,
    },
}

/// Reads a capture.
///
/// # Errors
/// [`PcapError`]
pub fn read(bytes: &[u8]) -> Result<Capture, PcapError> {
    let packets = Packets::begin(bytes)?;
    let link = packets.link;
    let owned = packets.map(|packet| packet.map(|(time, bytes)| (time, bytes.to_vec())));
    Ok(Capture { link, packets: owned.collect::<Result<_, _>>()? })
}

/// The packets of a capture, one by one; nothing after the first that is wrong.
struct Packets<'a> {
    bytes: &'a [u8],
    at: usize,
    big_endian: bool,
    /// Nanoseconds in a unit of the fraction.
    unit: u64,
    link: LinkType,
}

impl<'a> Packets<'a> {
    fn begin(bytes: &'a [u8]) -> Result<Packets<'a>, PcapError> {
        let magic = bytes.first_chunk().map(|first| u32::from_le_bytes(*first)).ok_or(PcapError::Magic)?;
        let (big_endian, unit) = order_and_unit(magic)?;
        let mut packets = Packets { bytes, at: 0, big_endian, unit, link: LinkType::Raw };
        let [_, version, _, _, _, link] = packets.words(HEADER)?;
        packets.version(version)?;
        packets.link = LinkType::of(link).ok_or(PcapError::Link(link))?;
        Ok(packets)
    }

    /// Takes so many bytes, if they are there.
    fn take(&mut self, wanted: usize) -> Result<&'a [u8], PcapError> {
        let left = self.bytes.get(self.at..).unwrap_or_default();
        let taken = left.get(..wanted).ok_or(PcapError::Ends { at: self.at, wanted, left: left.len() })?;
        self.at += wanted;
        Ok(taken)
    }

    /// Takes so many bytes as words.
    fn words<const N: usize>(&mut self, wanted: usize) -> Result<[u32; N], PcapError> {
        let (words, _) = self.take(wanted)?.as_chunks::<4>();
        let word = |i: usize| words.get(i).copied().unwrap_or_default();
        Ok(std::array::from_fn(
            |i| {
                if self.big_endian { u32::from_be_bytes(word(i)) } else { u32::from_le_bytes(word(i)) }
            },
        ))
    }

    /// Two halves of a word; which comes first depends on the order of bytes.
    fn version(&self, word: u32) -> Result<(), PcapError> {
        let (high, low) = ((word >> 16) as u16, word as u16);
        let version = if self.big_endian { (high, low) } else { (low, high) };
        if version == VERSION { Ok(()) } else { Err(PcapError::Version(version.0, version.1)) }
    }

    fn packet(&mut self) -> Result<(u64, &'a [u8]), PcapError> {
        let at = self.at;
        let [seconds, fraction, kept, length] = self.words(RECORD)?;
        let bytes = self.take(kept as usize)?;
        if kept < length {
            return Err(PcapError::Cut { at, length, kept });
        }
        // At most 2^32 seconds and as many microseconds, which 64 bits of nanoseconds hold.
        Ok((u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.unit, bytes))
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<(u64, &'a [u8]), PcapError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let packet = self.packet();
        if packet.is_err() {
            self.at = self.bytes.len();
        }
        Some(packet)
    }
}

/// Whether the first word, read as little-endian, is of a big-endian file, and how many nanoseconds its unit of time has.
fn order_and_unit(magic: u32) -> Result<(bool, u64), PcapError> {
    for (big_endian, word) in [(false, magic), (true, magic.swap_bytes())] {
        match word {
            MAGIC_MICROSECONDS => return Ok((big_endian, 1_000)),
            MAGIC_NANOSECONDS => return Ok((big_endian, 1)),
            _ => {}
        }
    }
    Err(if magic == MAGIC_NEXT_GENERATION { PcapError::NextGeneration } else { PcapError::Magic })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pcap::capture;

    const PACKETS: [(u64, &[u8]); 3] =
        [(1_500_000_000, &[0x45, 0, 0, 20]), (2_000_001_000, &[]), (u32::MAX as u64 * 1_000_000_000, &[0x45; 70])];

    fn sample(link: LinkType) -> Vec<u8> {
        capture(link, PACKETS)
    }

    /// The same capture in the other byte order.
    fn swapped(bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        let mut at = HEADER;
        for range in [0..4, 4..6, 6..8, 16..20, 20..24] {
            out[range].reverse();
        }
        for (_, packet) in PACKETS {
            out[at..at + RECORD].chunks_mut(4).for_each(<[u8]>::reverse);
            at += RECORD + packet.len();
        }
        out
    }

    fn with(at: usize, new: &[u8]) -> Vec<u8> {
        let mut bytes = sample(LinkType::Raw);
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let packets: Vec<(u64, Vec<u8>)> = PACKETS.map(|(time, bytes)| (time, bytes.to_vec())).to_vec();
        for link in [LinkType::Ethernet, LinkType::Raw] {
            let wanted = Capture { link, packets: packets.clone() };
            assert_eq!(read(&sample(link)), Ok(wanted.clone()));
            assert_eq!(read(&swapped(&sample(link))), Ok(wanted));
        }
        let empty = read(&capture(LinkType::Raw, []));
        assert_eq!(empty, Ok(Capture { link: LinkType::Raw, packets: Vec::new() }));
    }

    #[test]
    fn nanoseconds_are_kept() {
        let read = read(&with(0, &MAGIC_NANOSECONDS.to_le_bytes())).unwrap();
        assert_eq!(read.packets[0].0, 1_000_500_000);
    }

    #[test]
    fn link_types_of_raw_packets_have_many_numbers() {
        for number in [12u32, 14, 101, 228] {
            assert_eq!(read(&with(20, &number.to_le_bytes())).unwrap().link, LinkType::Raw);
        }
        assert_eq!(read(&with(20, &113u32.to_le_bytes())), Err(PcapError::Link(113)));
    }

    #[test]
    fn what_is_no_capture_is_refused_at_its_byte() {
        assert_eq!(read(b""), Err(PcapError::Magic));
        assert_eq!(read(b"\n\r\r\nmore"), Err(PcapError::NextGeneration));
        assert_eq!(read(&with(0, b"GIF8")), Err(PcapError::Magic));
        assert_eq!(read(&with(6, &[3])), Err(PcapError::Version(2, 3)));
        assert_eq!(read(&swapped(&with(6, &[3]))), Err(PcapError::Version(2, 3)));
        let cut = PcapError::Cut { at: 24, length: 1500, kept: 4 };
        assert_eq!(read(&with(36, &1500u32.to_le_bytes())), Err(cut.clone()));
        assert_eq!(cut.to_string(), "byte 24: of 1500 bytes of this packet only 4 were captured");
        let endless = PcapError::Ends { at: 40, wanted: 0xffff_ffff, left: 4 + 16 + 16 + 70 };
        assert_eq!(read(&with(32, &[0xff; 4])), Err(endless));
    }

    #[test]
    fn a_file_that_ends_early_is_refused() {
        let whole = sample(LinkType::Ethernet);
        let ends = [HEADER, HEADER + RECORD + 4, HEADER + 2 * RECORD + 4, whole.len()];
        for length in 4..=whole.len() {
            match read(&whole[..length]) {
                Ok(capture) => assert_eq!(ends[capture.packets.len()], length),
                Err(PcapError::Ends { at, wanted, left }) => {
                    assert!(at + left == length && left < wanted && !ends.contains(&length), "{length}");
                }
                Err(other) => panic!("{length}: {other}"),
            }
        }
    }

    /// Pseudo-random numbers, the same in every run (xorshift, Marsaglia 2003).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }
    }

    /// Whatever befalls a capture, no packet is made up and every complaint names a byte of it.
    #[test]
    fn any_bytes_are_read_or_refused() {
        let (mut dice, mut read_ones) = (Dice(7), 0);
        for round in 0..20_000 {
            let mut bytes = sample(LinkType::Raw);
            if round % 2 == 0 {
                bytes = swapped(&bytes);
            }
            for _ in 0..=dice.below(4) {
                let at = dice.below(bytes.len());
                match dice.below(4) {
                    0 => bytes.truncate(at + 1),
                    1 => bytes.insert(at, dice.below(256) as u8),
                    2 => drop(bytes.remove(at)),
                    _ => bytes[at] = [0, 1, 0x7f, 0xff][dice.below(4)],
                }
                if bytes.is_empty() {
                    break;
                }
            }
            match read(&bytes) {
                Ok(capture) => {
                    read_ones += 1;
                    let used: usize = capture.packets.iter().map(|p| RECORD + p.1.len()).sum();
                    assert_eq!(HEADER + used, bytes.len());
                }
                Err(PcapError::Ends { at, wanted, left }) => assert!(at + left == bytes.len() && left < wanted),
                Err(PcapError::Cut { at, length, kept }) => assert!(at + kept as usize <= bytes.len() && kept < length),
                Err(PcapError::Magic | PcapError::NextGeneration | PcapError::Version(..) | PcapError::Link(_)) => {}
            }
        }
        assert!((1_000..19_000).contains(&read_ones), "{read_ones} of the mutations were read");
    }
}
