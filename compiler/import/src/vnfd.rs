//! Descriptors of virtual network functions: which interfaces they have, of which type, and which images they boot.
//!
//! Read are OpenMANO (`vnf:`), OSM (`vnfd:vnfd-catalog`), ETSI GS NFV-SOL 006 (`vnfd:`), ETSI GS NFV-SOL 001 (TOSCA
//! templates) and the information model of ETSI GS NFV-IFA 011 as JSON or YAML. Only interfaces and images are taken; the
//! rest of a descriptor is left to those who deploy it.
//!
//! ```
//! let text = "vnf:\n  external-connections:\n  - {name: in, type: data, VNFC: vm, local_iface_name: xe0}\n  VNFC:\n  - {name: vm}\n";
//! let (descriptor, problems) = rdcl_import::read_vnfd(text);
//! assert!(problems.is_empty());
//! assert_eq!(descriptor.unwrap().interfaces[0].name, "xe0");
//! ```

mod ifa;
mod openmano;
mod osm;
mod tosca;

use crate::yaml::{Document, Malformed, Value};
use rdcl_base::{Code, Diagnostic, Span};

/// What a descriptor says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Descriptor {
    /// What it is written in: `OpenMANO`, `OSM`, `SOL006`, `SOL001`, `IFA011`.
    pub format: &'static str,
    /// Its virtual machines or containers (VNFCs, VDUs), in order.
    pub units: Vec<Unit>,
    /// Its interfaces, in order; one that has several names stands there under each.
    pub interfaces: Vec<Interface>,
}

/// A virtual machine or container of a descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// What it boots.
    pub image: Option<String>,
    /// Where it is described.
    pub span: Span,
}

/// An interface of a descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Interface {
    /// What it can be called.
    pub name: String,
    /// The unit it belongs to.
    pub unit: Option<String>,
    /// Its type, as the descriptor says it: `mgmt`, `data`, `VPORT`, `ethernet`.
    pub kind: Option<String>,
    /// Whether it can be reached from outside.
    pub external: bool,
    /// Where it is described.
    pub span: Span,
}

/// A complaint about a descriptor.
pub type Fault = Diagnostic<Span>;

/// What looking for an interface comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'d> {
    /// This one.
    One(&'d Interface),
    /// One of that name is there, but only for the inside.
    Internal(&'d Interface),
    /// Several units have one of that name.
    Several(Vec<&'d Interface>),
    /// None is called so.
    None,
}

impl Descriptor {
    /// The interface with this name, `xe0` or, with its unit, `xe0.vm1`.
    pub fn find(&self, name: &str) -> Found<'_> {
        let named: Vec<&Interface> = self.interfaces.iter().filter(|i| i.is_called(name)).collect();
        let mut outside: Vec<&Interface> = named.iter().copied().filter(|i| i.external).collect();
        outside.dedup_by(|a, b| a.unit == b.unit);
        match (outside.as_slice(), named.first()) {
            ([one], _) => Found::One(one),
            ([], Some(inside)) => Found::Internal(inside),
            ([], None) => Found::None,
            (_, _) if outside.iter().all(|i| i.unit == outside[0].unit) => Found::One(outside[0]),
            (_, _) => Found::Several(outside),
        }
    }

    /// The names of the interfaces that can be reached from outside, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for interface in self.interfaces.iter().filter(|i| i.external) {
            if !names.contains(&interface.name.as_str()) {
                names.push(&interface.name);
            }
        }
        names
    }
}

impl Interface {
    /// Whether `xe0`, or `xe0.vm1`, is this interface.
    fn is_called(&self, name: &str) -> bool {
        let with_unit = || {
            let rest = name.strip_prefix(self.name.as_str())?.strip_prefix(['.', ':'])?;
            Some(self.unit.as_ref()?.eq_ignore_ascii_case(rest))
        };
        self.name == name || with_unit() == Some(true)
    }
}

/// Reads a descriptor in any of the formats.
pub fn read_vnfd(text: &str) -> (Option<Descriptor>, Vec<Fault>) {
    let document = match Document::read(text) {
        Ok(document) => document,
        Err(malformed) => return (None, vec![no_yaml(malformed)]),
    };
    let Some(root) = document.root().filter(|root| root.is_map()) else {
        return (None, vec![no_descriptor(Span::default())]);
    };
    let mut reader = Reader::default();
    let known = openmano::read(root, &mut reader)
        || osm::read(root, &mut reader)
        || tosca::read(root, &mut reader)
        || ifa::read(root, &mut reader);
    if !known {
        let first = root.entries().next().map_or(root.span(), |(_, key, _)| key.span());
        return (None, vec![no_descriptor(first)]);
    }
    (Some(reader.descriptor), reader.faults)
}

/// A descriptor that is being read.
#[derive(Default)]
struct Reader {
    descriptor: Descriptor,
    faults: Vec<Fault>,
}

impl Reader {
    fn unit(&mut self, name: Option<Value<'_>>, image: Option<&str>) {
        if let Some((name, text)) = name.and_then(|name| Some((name, name.text()?))) {
            let (name, span) = (text.to_owned(), name.span());
            self.descriptor.units.push(Unit { name, image: image.map(str::to_owned), span });
        }
    }

    fn interface(&mut self, name: Option<Value<'_>>, unit: Option<&str>, kind: Option<&str>, external: bool) {
        let Some((name, text)) = name.and_then(|name| Some((name, name.text()?))) else { return };
        let (unit, kind) = (unit.map(str::to_owned), kind.map(str::to_owned));
        self.descriptor.interfaces.push(Interface { name: text.to_owned(), unit, kind, external, span: name.span() });
    }

    /// Complains of a unit that is named and not described.
    fn expect_unit(&mut self, named: Option<Value<'_>>) {
        let Some((at, name)) = named.and_then(|value| Some((value, value.text()?))) else { return };
        if !self.descriptor.units.iter().any(|unit| unit.name == name) {
            let units = self.descriptor.units.iter().map(|unit| unit.name.as_str());
            let near = rdcl_base::nearest(name, units).map(|near| format!("did you mean `{near}`?"));
            let message = format!("the descriptor has no virtual machine or container `{name}`");
            self.faults.push(Diagnostic::new(Code::W0427, at.span(), message).with_optional_help(near));
        }
    }
}

/// A key without the name of its module: `vnfd` for `vnfd:vnfd` and for `etsi-nfv-vnfd:vnfd`.
fn bare(key: &str) -> &str {
    key.rsplit(':').next().unwrap_or(key)
}

/// The value under a key, whatever module the key is said to be of.
fn get<'d>(value: Value<'d>, key: &str) -> Option<Value<'d>> {
    value.get(key).or_else(|| value.entries().find(|(name, _, _)| bare(name) == key).map(|(_, _, value)| value))
}

/// The text under the first of these keys that is there.
fn text_of<'d>(value: Value<'d>, keys: &[&str]) -> Option<&'d str> {
    keys.iter().find_map(|key| get(value, key)?.text().filter(|text| !text.is_empty()))
}

/// The items under a key.
fn list<'d>(value: Value<'d>, key: &str) -> impl Iterator<Item = Value<'d>> {
    get(value, key).into_iter().flat_map(Value::items)
}

fn no_yaml(malformed: Malformed) -> Fault {
    let message = format!("this is neither YAML nor JSON: {}", malformed.reason);
    Diagnostic::new(Code::E0451, malformed.at, message)
}

fn no_descriptor(at: Span) -> Fault {
    Diagnostic::new(Code::E0451, at, "this is no descriptor of a network function in a known format")
        .with_help("OpenMANO begins with `vnf`, OSM and SOL006 with `vnfd`, SOL001 with `tosca_definitions_version`; one of IFA011 has a `vnfdId`")
}

#[cfg(test)]
mod tests;
