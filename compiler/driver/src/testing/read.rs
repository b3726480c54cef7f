//! Reading fixtures: TOML, every complaint at its line and column.

mod packet;

use super::fixture::{Arrival, Expected, Step, Test};
use crate::check::Checked;
use crate::input::read_text;
use packet::Bytes;
use rdcl_base::{Code, Diagnostic, Dimension, FileId, FileSpan, Quantity, Span, nearest};
use rdcl_core::{BoundaryId, Network};
use rdcl_hir::{BodyKind, Instance, Item, body, default_instance, has_all_defaults, items, network};
use rdcl_syntax::Keyword;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Value<'t> = Spanned<DeValue<'t>>;

const FILE_KEYS: &[&str] = &["block", "test"];
const TEST_KEYS: &[&str] = &["name", "block", "step", "after", "send", "expect", "drop"];
const STEP_KEYS: &[&str] = &["after", "send", "expect", "drop"];

/// The tests of a file, and what is wrong with it. A test with a mistake is left out.
pub fn read<'db>(checked: &'db Checked, file: FileId, path: &Path) -> (Vec<Test<'db>>, Vec<Diagnostic<FileSpan>>) {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader = Reader { checked, file, folder, findings: Vec::new() };
    let tests = match read_text(path) {
        Ok(text) => reader.file(&text),
        Err(fault) => {
            reader.findings.push(fault.finding(file));
            Vec::new()
        }
    };
    (tests, reader.findings)
}

/// A reading under way.
struct Reader<'db> {
    checked: &'db Checked,
    file: FileId,
    folder: PathBuf,
    findings: Vec<Diagnostic<FileSpan>>,
}

/// Packets, each with its time after the beginning of the step, in nanoseconds.
type Timed = Vec<(u64, Vec<u8>)>;

/// Of what cannot be read all is said that there is to say; then there is nothing.
type Read<T> = Option<T>;

impl<'db> Reader<'db> {
    fn file(&mut self, text: &str) -> Vec<Test<'db>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in &errors {
                self.report(Code::E1301, error.span().unwrap_or(0..0), error.message().to_owned(), None);
            }
            return Vec::new();
        }
        let table = table.get_ref();
        if self.expect_keys(table, FILE_KEYS, "a file of tests").is_none() {
            return Vec::new();
        }
        let block = table.get("block");
        let Some(tests) = table.get("test") else {
            self.report(
                Code::E1301,
                0..0,
                "there is no test".to_owned(),
                Some("one begins with `[[test]]`".to_owned()),
            );
            return Vec::new();
        };
        let Some(tests) = self.array("test", tests) else { return Vec::new() };
        let mut found: Vec<Test<'db>> = Vec::new();
        for value in tests {
            let Some(test) = self.test(value, block) else { continue };
            match found.iter().find(|other| other.name == test.name) {
                Some(first) => {
                    let message = format!("two tests are called `{}`", test.name);
                    let finding = Diagnostic::new(Code::E1308, test.at, message).with_label(first.at, "the first one");
                    self.findings.push(finding);
                }
                None => found.push(test),
            }
        }
        found
    }

    fn test(&mut self, value: &Value<'_>, block: Option<&Value<'_>>) -> Read<Test<'db>> {
        let table = self.table("test", value)?;
        self.expect_keys(table, TEST_KEYS, "a test")?;
        let Some(named) = table.get("name") else {
            return self.refuse(Code::E1301, value.span(), "a test has a `name`".to_owned(), None);
        };
        let name = self.string("name", named)?.to_owned();
        let Some(block) = table.get("block").or(block) else {
            let help = "say `block = \"…\"` at the beginning of the file, or in the test".to_owned();
            return self.refuse(
                Code::E1301,
                named.span(),
                format!("which block `{name}` is about is not said"),
                Some(help),
            );
        };
        let block = self.block(block)?;
        let network = network(&self.checked.db, block);
        let steps = match table.get("step") {
            None => vec![self.step(table, named.span(), network)?],
            Some(steps) => {
                if let Some(key) = STEP_KEYS.iter().find(|key| table.contains_key(**key)) {
                    let message = format!("`{key}` stands in each `[[test.step]]`, or the test has no steps");
                    return self.refuse(Code::E1301, steps.span(), message, None);
                }
                let mut read = Vec::new();
                for step in self.array("step", steps)? {
                    let table = self.table("step", step)?;
                    let well = self.expect_keys(table, STEP_KEYS, "a step");
                    read.push(self.step(table, step.span(), network).filter(|_| well.is_some()));
                }
                read.into_iter().collect::<Read<Vec<Step>>>()?
            }
        };
        if steps.last().is_none_or(|step| step.expected.is_none()) {
            let help = "say `expect = { port = \"…\" }`, `expect = []` or `drop = true`".to_owned();
            return self.refuse(Code::E1307, named.span(), format!("`{name}` expects nothing in the end"), Some(help));
        }
        Some(Test { name, at: self.at(named.span()), block, steps })
    }

    /// The block of a name, with all its defaults: `Wall`, `sub::walls::Wall`, or `Outer::Inner`.
    fn block(&mut self, value: &Value<'_>) -> Read<Instance<'db>> {
        let name = self.string("block", value)?;
        let checked = self.checked;
        let db = &checked.db;
        let files = checked.package.files(db).iter().flat_map(|file| items(db, *file));
        let blocks: Vec<Item<'db>> = files.copied().filter(|item| item.keyword(db) == Keyword::Rfb).collect();
        let last = name.rsplit("::").next().unwrap_or(name);
        let is_it = |item: &Item<'db>| {
            let module = name.strip_suffix(item.name(db));
            module.is_some_and(|m| m.is_empty() || m.strip_suffix("::") == Some(item.file(db).path(db)))
        };
        let found: Vec<Item<'db>> = blocks.iter().copied().filter(is_it).collect();
        let block = match found[..] {
            [block] => block,
            [] => {
                let near = nearest(last, blocks.iter().map(|block| block.name(db)));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                return self.refuse(Code::E1302, value.span(), format!("the package has no block `{name}`"), help);
            }
            [first, ..] => {
                let help = format!("write the module too: `{}::{}`", first.file(db).path(db), first.name(db));
                return self.refuse(
                    Code::E1302,
                    value.span(),
                    format!("several blocks are called `{name}`"),
                    Some(help),
                );
            }
        };
        if !has_all_defaults(db, block) {
            let help = format!("test a sub-class that gives them: `rfb Tested : {last}(…) {{}}`");
            return self.refuse(Code::E1302, value.span(), format!("`{name}` needs arguments"), Some(help));
        }
        let instance = default_instance(db, block);
        if body(db, instance).kind == BodyKind::Opaque {
            let message = format!("`{name}` has neither a behaviour nor parts, so nothing can be sent through it");
            return self.refuse(Code::E1302, value.span(), message, None);
        }
        Some(instance)
    }

    fn step(&mut self, table: &DeTable<'_>, at: Range<usize>, network: &Network) -> Read<Step> {
        let Some(send) = table.get("send") else {
            let help = "say `send = { port = \"…\" }`, with the fields of the packet".to_owned();
            return self.refuse(Code::E1301, at, "nothing is sent".to_owned(), Some(help));
        };
        // All of them are looked at, so that all of their mistakes are said.
        let sent = self.sent(send, network);
        let after = table.get("after").map_or(Some(0), |after| self.time(after));
        let arrivals = table.get("expect").map_or(Some(None), |value| self.arrivals(value, network).map(Some));
        let drop = table.get("drop").map_or(Some(None), |value| self.dropped(value).map(Some));
        let ((port, packets), after, arrivals, drop) = (sent?, after?, arrivals?, drop?);
        let expected =
            (arrivals.is_some() || drop.is_some()).then(|| Expected { arrivals: arrivals.unwrap_or_default(), drop });
        Some(Step { at: self.at(send.span()), after, port, packets, expected })
    }

    /// How long after the step before.
    fn time(&mut self, value: &Value<'_>) -> Read<u64> {
        let text = self.string("after", value)?;
        let unit = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
        match Quantity::parse(&text[..unit], &text[unit..]) {
            Ok(Quantity { amount, dimension: Dimension::Time }) => Some(amount),
            Ok(_) | Err(_) => {
                let message = format!("`{text}` is no time, expected something like `\"300s\"`");
                self.refuse(Code::E1301, value.span(), message, None)
            }
        }
    }

    fn sent(&mut self, value: &Value<'_>, network: &Network) -> Read<(BoundaryId, Timed)> {
        let table = self.table("send", value)?;
        let port = self.port(table, value, network, |port| port.enters)?;
        let stack = network.boundary_port(port).stack;
        let packets = match self.bytes(table)? {
            Some(Bytes::Packet(bytes)) => vec![(0, bytes)],
            Some(Bytes::Capture(packets, link, at)) => self.capture(packets, link, at, stack)?,
            None => vec![(0, self.packet(table, value.span(), stack)?)],
        };
        Some((port, packets))
    }

    /// The port that a table names.
    fn port(
        &mut self,
        table: &DeTable<'_>,
        whole: &Value<'_>,
        network: &Network,
        fits: fn(&rdcl_core::BoundaryPort) -> bool,
    ) -> Read<BoundaryId> {
        let Some(value) = table.get("port") else {
            let near = table.keys().find(|key| nearest(key.get_ref(), ["port"]).is_some());
            let help = near.map(|key| format!("did you mean `port` by `{}`?", key.get_ref()));
            let at = near.map_or(whole.span(), Spanned::span);
            return self.refuse(Code::E1301, at, "by which `port` is not said".to_owned(), help);
        };
        let name = self.string("port", value)?;
        let found = network.find_boundary(name).filter(|port| fits(network.boundary_port(*port)));
        if found.is_none() {
            let names = || network.boundary.iter().filter(|port| fits(port)).map(|port| port.name.as_str());
            let all: Vec<String> = names().map(|name| format!("`{name}`")).collect();
            let help = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", all.join(", ")),
            };
            return self.refuse(Code::E1303, value.span(), format!("there is no such port `{name}`"), Some(help));
        }
        found
    }

    /// What is to arrive: one table, or an array of them.
    fn arrivals(&mut self, value: &Value<'_>, network: &Network) -> Read<Vec<Arrival>> {
        match value.get_ref() {
            DeValue::Array(all) => {
                let read: Vec<Read<Arrival>> = all.iter().map(|one| self.arrival(one, network)).collect();
                read.into_iter().collect()
            }
            DeValue::Table(_) => Some(vec![self.arrival(value, network)?]),
            other => {
                let message = format!("`expect` is a table or an array of tables, found {}", other.type_str());
                self.refuse(Code::E1301, value.span(), message, None)
            }
        }
    }

    fn arrival(&mut self, value: &Value<'_>, network: &Network) -> Read<Arrival> {
        let table = self.table("expect", value)?;
        let port = self.port(table, value, network, |port| port.leaves)?;
        let bytes = match self.bytes(table)? {
            None => None,
            Some(Bytes::Packet(bytes)) => Some(bytes),
            Some(Bytes::Capture(_, _, at)) => {
                let message = "what arrives is said by its fields or its bytes, not by a capture".to_owned();
                return self.refuse(Code::E1306, at, message, None);
            }
        };
        let said = self.fields(table, network.boundary_port(port).stack)?;
        let headers = said.headers.iter().map(|(header, _)| *header).collect();
        let fields = said.fields.iter().map(|(field, value, _)| (*field, *value)).collect();
        Some(Arrival { at: self.at(value.span()), port, headers, fields, bytes, payload: said.payload })
    }

    fn dropped(&mut self, value: &Value<'_>) -> Read<(FileSpan, Option<String>)> {
        let at = self.at(value.span());
        match value.get_ref() {
            DeValue::Boolean(true) => Some((at, None)),
            DeValue::String(reason) => Some((at, Some(reason.clone().into_owned()))),
            other => {
                let message = format!("`drop` is `true` or the reason, found {}", other.type_str());
                self.refuse(Code::E1301, value.span(), message, None)
            }
        }
    }

    fn string<'v>(&mut self, key: &str, value: &'v Value<'_>) -> Read<&'v str> {
        let text = value.get_ref().as_str();
        text.or_else(|| self.wrong_type(key, "a string", value))
    }

    fn table<'v, 't>(&mut self, key: &str, value: &'v Value<'t>) -> Read<&'v DeTable<'t>> {
        value.get_ref().as_table().or_else(|| self.wrong_type(key, "a table", value))
    }

    fn array<'v, 't>(&mut self, key: &str, value: &'v Value<'t>) -> Read<Vec<&'v Value<'t>>> {
        let array = value.get_ref().as_array().map(|array| array.iter().collect());
        array.or_else(|| self.wrong_type(key, "an array", value))
    }

    fn wrong_type<T>(&mut self, key: &str, wanted: &str, value: &Value<'_>) -> Read<T> {
        let message = format!("`{key}` is {wanted}, found {}", value.get_ref().type_str());
        self.refuse(Code::E1301, value.span(), message, None)
    }

    /// Complains of every key that is none of these.
    fn expect_keys(&mut self, table: &DeTable<'_>, known: &[&str], what: &str) -> Read<()> {
        let mut well = Some(());
        for key in table.keys().filter(|key| !known.contains(&&**key.get_ref())) {
            let name = key.get_ref();
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{what} has {}", known.join(", ")),
            };
            well = self.refuse(Code::E1301, key.span(), format!("unknown key `{name}` of {what}"), Some(help));
        }
        well
    }

    fn refuse<T>(&mut self, code: Code, at: Range<usize>, message: String, help: Option<String>) -> Read<T> {
        self.report(code, at, message, help);
        None
    }

    fn report(&mut self, code: Code, at: Range<usize>, message: String, help: Option<String>) {
        self.findings.push(Diagnostic::new(code, self.at(at), message).with_optional_help(help));
    }

    fn at(&self, range: Range<usize>) -> FileSpan {
        FileSpan { file: self.file, span: Span::new(range.start as u32, range.end as u32) }
    }
}
