//! The Internet checksum (RFC 1071) and the difference between two of them.
//!
//! One's complement has two zeros, 0000 and FFFF; a difference is kept as the one in 0..=0xFFFE.

use crate::header::HeaderKind;
use crate::layout::Layout;
use crate::packet::L4Error;

/// The one's complement sum of 16-bit big-endian words; an odd last byte is the high half of a word.
pub(crate) fn sum(parts: &[&[u8]]) -> u16 {
    let mut total = 0u64;
    let mut high = true;
    for byte in parts.iter().flat_map(|p| p.iter()) {
        total += if high { u64::from(*byte) << 8 } else { u64::from(*byte) };
        high = !high;
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// Received minus correct, 0..=0xFFFE.
fn difference(received: u16, correct: u16) -> u16 {
    ((u32::from(received) + u32::from(!correct)) % 0xffff) as u16
}

/// How a received checksum relates to the correct one.
pub(crate) fn error(header: HeaderKind, received: u16, correct: u16) -> L4Error {
    if header.layout() == Layout::Udp && received == 0 {
        return L4Error::Absent;
    }
    L4Error::Off(difference(received, correct))
}

/// The checksum to send: the correct one plus the error; for UDP never zero unless absent.
pub(crate) fn apply(header: HeaderKind, correct: u16, error: L4Error) -> u16 {
    let value = match error {
        L4Error::Absent => return 0,
        L4Error::Off(0) => correct,
        L4Error::Off(off) => ((u32::from(correct) + u32::from(off)) % 0xffff) as u16,
    };
    if header.layout() == Layout::Udp && value == 0 { 0xffff } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_rfc_1071() {
        assert_eq!(sum(&[&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]]), 0xddf2);
        assert_eq!(sum(&[&[0x00], &[0x01, 0xf2], &[0x03]]), sum(&[&[0x00, 0x01, 0xf2, 0x03]]));
    }

    proptest! {
        #[test]
        fn an_error_survives(received: u16, correct in 0u16..0xffff) {
            let sent = apply(HeaderKind::Tcp, correct, error(HeaderKind::Tcp, received, correct));
            prop_assert_eq!(u32::from(sent) % 0xffff, u32::from(received) % 0xffff);
            prop_assert_eq!(apply(HeaderKind::Udp, correct, error(HeaderKind::Udp, received, correct)), received);
        }
    }
}
