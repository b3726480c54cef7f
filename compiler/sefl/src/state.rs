//! What a path carries: header objects at bit addresses, tags, metadata, and the condition under which it is taken.

use crate::layout;
use crate::outcome::{Fault, Outcome};
use crate::program::{Address, BlockId, NameRef, Place};
use rdcl_base::{Code, NodeId, nearest};
use rdcl_verify::{Guard, Sym};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A header object: a stack of values of one size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// Bits.
    pub size: u32,
    /// Oldest first; a value that was pushed and not assigned is none. Never empty.
    pub values: Vec<Option<Sym>>,
    /// What it is called, where the packet began with it.
    pub name: Option<String>,
}

/// What a packet is: header objects and the tags into them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// Bit addresses, by tag.
    pub tags: BTreeMap<String, i64>,
    /// By the address they start at.
    pub objects: BTreeMap<i64, Object>,
}

/// A value of a metadata name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The width it was allocated with.
    pub declared: Option<u16>,
    /// Its value, once assigned.
    pub value: Option<Sym>,
}

impl Slot {
    /// The width it has, declared or by its value.
    pub fn width(&self) -> Option<u16> {
        self.declared.or(self.value.as_ref().map(Sym::width))
    }
}

/// A symbolic value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unknown {
    /// How it is called: the place it was made for.
    pub label: String,
    /// Bits.
    pub width: u16,
}

/// What is left to do, innermost first.
pub type Work = Option<Arc<Frame>>;

/// A part of what is left to do.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// What.
    pub task: Task,
    /// And then.
    pub next: Work,
    /// How many frames this is.
    pub depth: u32,
}

/// A part of what is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// The rest of a block.
    Block(BlockId, usize),
    /// A `For`: the name it gives, the names that are left (last first), its body.
    Names(String, Vec<String>, BlockId),
    /// The end of a `For`: the name means again what it meant before.
    Unbind(String, Option<String>),
}

/// A step that was taken, and what came of it in words.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// The instruction.
    pub node: NodeId,
    /// What it did.
    pub text: String,
    /// What came before.
    pub before: Option<Arc<Event>>,
}

/// A path at a point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The packet.
    pub memory: Memory,
    /// Stacks of values, by name, none of them empty.
    pub names: BTreeMap<String, Vec<Slot>>,
    /// Packets put aside.
    pub saved: BTreeMap<String, Memory>,
    /// Blocks, by the names that `Let` gave them.
    pub code: BTreeMap<String, BlockId>,
    /// What the names of `For`s stand for.
    pub bound: BTreeMap<String, String>,
    /// The path condition: one of these holds.
    pub guards: Vec<Guard>,
    /// Symbolic values met so far; the first is variable 0.
    pub unknowns: Vec<Unknown>,
    /// Ports it was forwarded to, oldest first.
    pub ports: Vec<String>,
    /// What was done, if that is wanted.
    pub trace: Option<Arc<Event>>,
    /// What is left to do.
    pub work: Work,
}

impl State {
    /// Adds to what is left to do.
    pub fn push(&mut self, task: Task) {
        let depth = self.work.as_ref().map_or(0, |frame| frame.depth) + 1;
        self.work = Some(Arc::new(Frame { task, next: self.work.take(), depth }));
    }

    /// The metadata that a name stands for.
    pub fn name(&self, name: &NameRef) -> String {
        let bound = if name.bound { self.bound.get(&name.text) } else { None };
        bound.unwrap_or(&name.text).clone()
    }

    /// The bit address that an address expression comes to.
    pub fn address(&self, address: &Address) -> Result<i64, Fault> {
        let mut sum = address.bits;
        for (plus, tag) in &address.tags {
            let at = *self.memory.tags.get(tag).ok_or_else(|| self.undefined_tag(tag, address.node))?;
            sum += if *plus { i128::from(at) } else { -i128::from(at) };
        }
        i64::try_from(sum).map_err(|_| {
            Fault::new(Outcome::MemoryError, Code::E0561, "the address is out of range".to_owned(), address.node)
        })
    }

    fn undefined_tag(&self, tag: &str, node: NodeId) -> Fault {
        let known = self.memory.tags.keys().map(String::as_str);
        let help = nearest(tag, known).map(|near| format!("did you mean `{near}`?"));
        Fault::new(Outcome::MemoryError, Code::E0562, format!("the tag `{tag}` points nowhere"), node).with_help(help)
    }

    /// The header object that starts there, of the size it must have.
    pub fn object(&self, address: &Address, size: Option<u32>) -> Result<i64, Fault> {
        let at = self.address(address)?;
        match self.memory.objects.get(&at) {
            Some(object) if size.is_none_or(|size| size == object.size) => Ok(at),
            Some(object) => {
                let message = format!(
                    "the header object at {} has {} bits, not {}",
                    self.memory.place(at),
                    object.size,
                    size.unwrap_or_default()
                );
                Err(Fault::new(Outcome::MemoryError, Code::E0561, message, address.node))
            }
            None => Err(self.no_object(at, address.node)),
        }
    }

    fn no_object(&self, at: i64, node: NodeId) -> Fault {
        let message = format!("no header object starts at {}", self.memory.place(at));
        let inside = self.memory.objects.range(..at).next_back();
        let help =
            inside.filter(|(start, object)| end(**start, object.size) > i128::from(at)).map(|(start, object)| {
                format!("{} is inside the object of {} bits at {}", at, object.size, self.memory.place(*start))
            });
        Fault::new(Outcome::MemoryError, Code::E0561, message, node).with_help(help)
    }

    /// Whether a metadata is allocated, or an object starts there.
    pub fn exists(&self, place: &Place) -> bool {
        match place {
            Place::Name(name, _) => self.names.contains_key(&self.name(name)),
            Place::At(address, width) => self.object(address, width.map(u32::from)).is_ok(),
        }
    }

    /// What a place holds.
    pub fn read(&self, place: &Place) -> Result<Sym, Fault> {
        match place {
            Place::Name(name, node) => {
                let name = self.name(name);
                let slot = self.names.get(&name).and_then(|stack| stack.last());
                slot.and_then(|slot| slot.value.clone()).ok_or_else(|| self.no_value(&name, slot.is_some(), *node))
            }
            Place::At(address, width) => {
                let at = self.object(address, width.map(u32::from))?;
                let object = &self.memory.objects[&at];
                if object.size == 0 || object.size > 128 {
                    return Err(unwieldy(object.size, address.node));
                }
                object.values.last().cloned().flatten().ok_or_else(|| {
                    let message = format!("the header object at {} has no value", self.memory.place(at));
                    Fault::new(Outcome::ModelError, Code::E0563, message, address.node)
                })
            }
        }
    }

    fn no_value(&self, name: &str, allocated: bool, node: NodeId) -> Fault {
        let names = self.names.keys().cloned().chain(layout::aliases().map(str::to_owned));
        let known: Vec<String> = names.collect();
        let near = nearest(name, known.iter().map(String::as_str)).filter(|_| !allocated);
        Fault::new(Outcome::ModelError, Code::E0563, format!("`{name}` has no value"), node)
            .with_help(near.map(|near| format!("did you mean `{near}`?")))
    }
}

/// One past the last bit.
pub fn end(start: i64, size: u32) -> i128 {
    i128::from(start) + i128::from(size)
}

/// A value that cannot be worked with.
pub fn unwieldy(size: u32, node: NodeId) -> Fault {
    let message = format!("a header object of {size} bits has no value: values are 1 to 128 bits wide");
    Fault::new(Outcome::ModelError, Code::E0569, message, node).known_before()
}

impl Memory {
    /// An object that the bits overlap, or that starts with them.
    pub fn overlapping(&self, at: i64, size: u32) -> Option<(i64, u32)> {
        let hit = |(start, object): (&i64, &Object)| {
            let apart = i128::from(at) >= end(*start, object.size) || end(at, size) <= i128::from(*start);
            (!apart || *start == at).then_some((*start, object.size))
        };
        self.objects.range(..=at).next_back().and_then(hit).or_else(|| self.objects.range(at..).find_map(hit))
    }

    /// An address for people: the name of a field, else by the nearest tag before it, else a number.
    pub fn place(&self, at: i64) -> String {
        if let Some(name) = self.objects.get(&at).and_then(|object| object.name.as_ref()) {
            return name.clone();
        }
        let size = self.objects.get(&at).map(|object| object.size);
        for (tag, start) in &self.tags {
            let name = at.checked_sub(*start).zip(size).and_then(|(off, size)| layout::name_at(tag, off, size));
            if let Some(name) = name {
                return name.to_owned();
            }
        }
        let near = self.tags.iter().filter(|(_, start)| **start <= at && at.abs_diff(**start) < 4096);
        let is_layer = |tag: &str| tag != "START" && tag != "END";
        match near.max_by_key(|(tag, start)| (**start, is_layer(tag))) {
            Some((tag, start)) if *start == at => tag.clone(),
            Some((tag, start)) => format!("{tag}+{}", at - start),
            None => at.to_string(),
        }
    }
}
