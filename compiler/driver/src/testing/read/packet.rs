//! Packets in fixtures: by their fields, by their bytes, or out of a capture.

use super::{Read, Reader, Value};
use crate::pcap::{self, LinkType};
use rdcl_base::{Code, nearest};
use rdcl_core::{Derivation, Field, HeaderKind, Packet, Role, Shape, Stack, deparse, mask};
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Keys beside the names of headers.
const KEYS: [&str; 4] = ["port", "hex", "pcap", "payload"];

/// Where the bytes of a packet come from.
pub enum Bytes {
    Packet(Vec<u8>),
    /// Its packets, what they begin with, and where it is named.
    Capture(Vec<(u64, Vec<u8>)>, LinkType, Range<usize>),
}

/// What is said about a packet by header and field.
#[derive(Default)]
pub struct Said {
    pub headers: Vec<(HeaderKind, Range<usize>)>,
    pub fields: Vec<(Field, u128, Range<usize>)>,
    pub payload: Option<Vec<u8>>,
}

impl Reader<'_> {
    /// The bytes that are given as such; none where fields are.
    pub fn bytes(&mut self, table: &DeTable<'_>) -> Read<Option<Bytes>> {
        let (hex, pcap) = (table.get("hex"), table.get("pcap"));
        let Some(given) = hex.or(pcap) else { return Some(None) };
        if let Some((key, _)) = table.iter().find(|(key, _)| !["port", "hex", "pcap"].contains(&&**key.get_ref())) {
            let message = format!("`{}` says what the bytes of the packet say already", key.get_ref());
            return self.refuse(Code::E1306, key.span(), message, None);
        }
        if let (Some(_), Some(second)) = (hex, pcap) {
            return self.refuse(Code::E1306, second.span(), "there is a `hex`, too".to_owned(), None);
        }
        if hex.is_some() {
            return Some(Some(Bytes::Packet(self.hex("hex", given)?)));
        }
        let name = self.string("pcap", given)?;
        let path = self.folder.join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("`{}` cannot be read: {}", path.display(), error.kind());
                return self.refuse(Code::E1306, given.span(), message, None);
            }
        };
        match pcap::read(&bytes) {
            Ok(capture) => Some(Some(Bytes::Capture(capture.packets, capture.link, given.span()))),
            Err(error) => {
                let message = format!("`{}` is no capture that can be used: {error}", path.display());
                self.refuse(Code::E1306, given.span(), message, None)
            }
        }
    }

    /// The packets of a capture with times that begin at 0 and do not go back.
    pub fn capture(
        &mut self,
        packets: Vec<(u64, Vec<u8>)>,
        link: LinkType,
        at: Range<usize>,
        stack: Stack,
    ) -> Read<Vec<(u64, Vec<u8>)>> {
        let wanted = if stack.outermost == HeaderKind::Eth { LinkType::Ethernet } else { LinkType::Raw };
        if link != wanted {
            let message = "the packets of the capture begin with other headers than those of the port".to_owned();
            return self.refuse(Code::E1306, at, message, None);
        }
        let mut latest = packets.first().map_or(0, |(time, _)| *time);
        let first = latest;
        let placed = packets.into_iter().map(|(time, bytes)| {
            latest = latest.max(time);
            (latest - first, bytes)
        });
        Some(placed.collect())
    }

    fn hex(&mut self, key: &str, value: &Value<'_>) -> Read<Vec<u8>> {
        let text: String = self.string(key, value)?.split_whitespace().collect();
        let digits = text.as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let well = digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit);
        match digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>().filter(|_| well) {
            Some(bytes) => Some(bytes),
            None => {
                let message = format!("`{key}` is an even number of hexadecimal digits");
                self.refuse(Code::E1306, value.span(), message, None)
            }
        }
    }

    /// The bytes of a packet with these fields. Others have their usual values, headers follow from what the port carries.
    pub fn packet(&mut self, table: &DeTable<'_>, whole: Range<usize>, stack: Stack) -> Read<Vec<u8>> {
        let said = self.fields(table, stack)?;
        let fits = |shape: &Shape| said.headers.iter().all(|(header, _)| shape.has(*header));
        let Some(shape) = Shape::of_stack(stack).into_iter().find(fits) else {
            let names: Vec<&str> = said.headers.iter().map(|(header, _)| header.name()).collect();
            let at = said.headers.last().map_or(whole, |(_, at)| at.clone());
            let message = format!("no packet that enters there has the headers {}", names.join(", "));
            return self.refuse(Code::E1304, at, message, None);
        };
        let mut packet = Packet::new(shape);
        for field in shape.fields() {
            if let Some(value) = field.decl().preferred.filter(|_| field.is_writable()) {
                packet.set(field, value);
            }
        }
        packet.payload = said.payload.unwrap_or_default();
        for (field, value, at) in said.fields {
            packet.set(field, value);
            if packet.get(field) != value {
                let is = crate::packet::value(field, packet.get(field));
                let message = format!("`{field}` follows from the packet, where it is {is}");
                return self.refuse(Code::E1305, at, message, None);
            }
        }
        Some(deparse(&packet))
    }

    /// Everything that is said by header and field of a packet at a port of this stack.
    pub fn fields(&mut self, table: &DeTable<'_>, stack: Stack) -> Read<Said> {
        let known = stack.known;
        let declared = |name: &str| stack.required.named(name).or_else(|| known.named(name));
        let (mut said, mut well) = (Said::default(), Some(()));
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "port" | "hex" | "pcap" => {}
                "payload" => {
                    said.payload = self.hex("payload", value);
                    well = well.filter(|()| said.payload.is_some());
                }
                name => {
                    let Some(header) = HeaderKind::from_name(name).or_else(|| declared(name)) else {
                        let declared = known.declared_headers().iter().map(|header| header.name());
                        let names = HeaderKind::ALL.into_iter().map(HeaderKind::name).chain(declared).chain(KEYS);
                        let help = nearest(name, names).map(|near| format!("did you mean `{near}`?"));
                        well = self.refuse(Code::E1304, key.span(), format!("there is no header `{name}`"), help);
                        continue;
                    };
                    said.headers.push((header, key.span()));
                    well = self.header(&mut said, header, value).and(well);
                }
            }
        }
        well?;
        said.headers.sort_by_key(|(header, _)| *header);
        said.fields.sort_by_key(|(field, _, _)| *field);
        Some(said)
    }

    fn header(&mut self, said: &mut Said, header: HeaderKind, value: &Value<'_>) -> Read<()> {
        let mut well = Some(());
        for (key, value) in self.table(header.name(), value)? {
            let name = key.get_ref();
            let Some(field) = header.field(name) else {
                let near = nearest(name, header.fields().iter().map(|field| field.name));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                let message = format!("`{}` has no field `{name}`", header.name());
                well = self.refuse(Code::E1304, key.span(), message, help);
                continue;
            };
            if matches!(field.decl().role, Role::Derived(Derivation::Checksum)) {
                let message = format!("`{field}` is a checksum, which is always right");
                well = self.refuse(Code::E1305, key.span(), message, Some("give the bytes with `hex`".to_owned()));
                continue;
            }
            match self.value(field, value) {
                Some(number) => said.fields.push((field, number, value.span())),
                None => well = None,
            }
        }
        well
    }

    fn value(&mut self, field: Field, value: &Value<'_>) -> Read<u128> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => {
                u128::from_str_radix(number.as_str().trim_start_matches('+'), number.radix()).ok()
            }
            DeValue::String(text) => address(text, field.width()),
            DeValue::Boolean(flag) => Some(u128::from(*flag)),
            _ => None,
        };
        let fitting = number.filter(|number| *number <= mask(field.width()));
        fitting.or_else(|| {
            let message = format!("this is no value of `{field}`, which has {} bits", field.width());
            let help = match field.width() {
                32 => "a number, or an address such as `\"10.1.0.1\"`",
                48 => "a number, or an address such as `\"02:00:00:00:00:01\"`",
                _ => "a number that is not negative",
            };
            self.refuse(Code::E1305, value.span(), message, Some(help.to_owned()))
        })
    }
}

/// An address of this width.
fn address(text: &str, width: u16) -> Option<u128> {
    match width {
        32 => text.parse::<Ipv4Addr>().ok().map(|address| u128::from(u32::from(address))),
        48 => {
            let bytes: Vec<u8> =
                text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect::<Option<_>>()?;
            (bytes.len() == 6).then(|| bytes.iter().fold(0, |all, byte| all << 8 | u128::from(*byte)))
        }
        128 => text.parse::<Ipv6Addr>().ok().map(u128::from),
        _ => None,
    }
}
