//! What a fixture says: packets to send one after the other, and what is to become of each.

use rdcl_base::FileSpan;
use rdcl_core::{BoundaryId, Field, HeaderKind, Packet};
use rdcl_hir::Instance;

/// A test.
pub struct Test<'db> {
    /// Its name.
    pub name: String,
    /// Where it begins.
    pub at: FileSpan,
    /// The block it is about.
    pub block: Instance<'db>,
    /// What is sent, in order, from empty stores.
    pub steps: Vec<Step>,
}

/// Packets to send, and what is to become of each.
pub struct Step {
    /// Where it stands.
    pub at: FileSpan,
    /// How long after the step before, in nanoseconds.
    pub after: u64,
    /// By which port they enter.
    pub port: BoundaryId,
    /// The packets, each with its time after the beginning of the step.
    pub packets: Vec<(u64, Vec<u8>)>,
    /// What is expected; nothing is looked at where that is not said.
    pub expected: Option<Expected>,
}

/// What is to become of a packet.
#[derive(Default)]
pub struct Expected {
    /// The copies that arrive, all of them; none looks at none.
    pub arrivals: Vec<Arrival>,
    /// That some copy is dropped, and every one that is for this reason, if one is given.
    pub drop: Option<(FileSpan, Option<String>)>,
}

/// A copy that is to arrive.
pub struct Arrival {
    /// Where that is said.
    pub at: FileSpan,
    /// By which port it leaves.
    pub port: BoundaryId,
    /// Headers that it has.
    pub headers: Vec<HeaderKind>,
    /// Values of fields.
    pub fields: Vec<(Field, u128)>,
    /// All of its bytes.
    pub bytes: Option<Vec<u8>>,
    /// What follows its headers.
    pub payload: Option<Vec<u8>>,
}

impl Arrival {
    /// What is other than expected of a packet that left, a line each; nothing if it is as expected.
    pub fn differences(&self, packet: &Packet, bytes: &[u8]) -> Vec<String> {
        use crate::packet::{hex, value};
        let missing = self.headers.iter().filter(|header| !packet.has(**header));
        let mut found: Vec<String> = missing.map(|header| format!("there is no {} header", header.name())).collect();
        for (field, wanted) in self.fields.iter().filter(|(field, _)| packet.has(field.header)) {
            let is = packet.get(*field);
            if is != *wanted {
                found.push(format!("{field} is {}, expected {}", value(*field, is), value(*field, *wanted)));
            }
        }
        let unequal = |wanted: &Option<Vec<u8>>, is: &[u8]| wanted.as_ref().is_some_and(|wanted| wanted != is);
        if unequal(&self.payload, &packet.payload) {
            found.push(format!("the payload is {}", hex(&packet.payload)));
        }
        if unequal(&self.bytes, bytes) {
            found.push(format!("the bytes are {}", hex(bytes)));
        }
        found
    }

    /// `wan: ip.ttl 63, tcp.dport 22`
    pub fn text(&self, port: &str) -> String {
        let headers = self.headers.iter().filter(|h| !self.fields.iter().any(|(field, _)| field.header == **h));
        let headers = headers.map(|h| h.name().to_owned());
        let fields =
            self.fields.iter().map(|(field, value)| format!("{field} {}", crate::packet::value(*field, *value)));
        let said: Vec<String> = headers.chain(fields).collect();
        if said.is_empty() { format!("at {port}") } else { format!("at {port} with {}", said.join(", ")) }
    }
}
