//! What a single element with its configuration becomes: a block of its own.

use super::classes::Maker;
use super::faults::{Fault, bad_argument, not_modelled, wrong_view};
use super::values::{Prefix, address, mac, number, prefix};
use super::{Params, bytes, pattern};
use rdcl_syntax::ast::Name;
use rdcl_syntax::click::{Argument, Element};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The most outputs of a block.
const MOST_OUTPUTS: u64 = 1024;

/// What a block is made of.
pub(super) enum Made {
    /// Statements for what comes in, and how many outputs there are.
    Statements { text: String, outputs: u32, params: BTreeSet<String> },
    /// A block of the library with arguments.
    Child { parent: &'static str, arguments: String, outputs: u32 },
    /// There is no model for this configuration.
    Assumed(Fault),
}

/// What is known where an element stands.
pub(super) struct Surroundings<'a> {
    pub element: &'a Element,
    /// Packets begin with an Ethernet header here.
    pub frames: bool,
    /// They have one, stripped or not.
    pub ethernet: bool,
    pub params: &'a Params,
    /// A lookup before has found a gateway, which the next one takes for the destination.
    pub gateway: bool,
}

type Making = Result<Made, Fault>;

impl Surroundings<'_> {
    pub fn make(&self, maker: Maker) -> Making {
        match maker {
            Maker::Classifier => self.classifier(),
            Maker::IpClassifier => self.ip_classifier(),
            Maker::IpFilter => self.ip_filter(),
            Maker::Lookup => self.lookup(),
            Maker::Switch => self.switch(),
            Maker::CheckIpHeader => self.check_header(),
            Maker::MarkIpHeader => self.mark_header(),
            Maker::CheckLength => self.check_length(),
            Maker::SetDscp => self.number_of("SetIPDSCP", "dscp", 63),
            Maker::SetEcn => self.number_of("SetIPECN", "ecn", 3),
            Maker::StoreAddress => self.store_address(),
            Maker::GetAddress => self.get_address(),
            Maker::Rewrite => self.rewrite(),
            Maker::Encap => self.encap(),
            Maker::HostFilter => self.host_filter(),
            Maker::Strip => self.strip(true),
            Maker::Unstrip => self.strip(false),
            Maker::StripToNetwork => Ok(child("Null", "", 1)),
        }
    }

    fn arguments(&self) -> &[Argument] {
        &self.element.arguments
    }

    fn class(&self) -> &str {
        &self.element.class.text
    }

    /// What no packet but those of IPv4 passes.
    fn ip_only(&self) -> &'static str {
        if self.ethernet { "Constrain(has ip and not has vlan); " } else { "Constrain(has ip); " }
    }

    fn no_model(&self, why: &str) -> Making {
        Ok(Made::Assumed(not_modelled(self.element.class.node, self.class(), why)))
    }

    fn must_see_frames(&self, frames: bool) -> Result<(), Fault> {
        if self.frames == frames {
            return Ok(());
        }
        Err(wrong_view(self.element.node, &self.element.name, frames))
    }

    /// The one word of the argument at a position.
    fn word(&self, at: usize, what: &str) -> Result<&Name, Fault> {
        match self.arguments().get(at).map(|argument| argument.words.as_slice()) {
            Some([word]) => Ok(word),
            Some(_) => Err(bad_argument(self.arguments()[at].node, format!("expected {what}"))),
            None => Err(bad_argument(self.element.class.node, format!("`{}` needs {what}", self.class()))),
        }
    }

    fn classifier(&self) -> Making {
        if self.ethernet && !self.frames {
            return self.no_model("what stands behind a stripped Ethernet header is not known to be IPv4");
        }
        let mut rules = Vec::new();
        for (output, argument) in self.arguments().iter().enumerate() {
            match bytes::condition(argument, self.frames) {
                Ok(condition) => rules.push((condition, Some(output as u64))),
                Err(fault) if fault.severity == rdcl_base::Severity::Warning => return Ok(Made::Assumed(fault)),
                Err(fault) => return Err(fault),
            }
        }
        self.rules("", &rules, BTreeSet::new(), "no pattern matches")
    }

    fn ip_classifier(&self) -> Making {
        let (mut rules, mut params) = (Vec::new(), BTreeSet::new());
        for (output, argument) in self.arguments().iter().enumerate() {
            let condition = pattern::condition(&argument.words, argument.node, self.params)?;
            params.extend(condition.params);
            rules.push((condition.text, Some(output as u64)));
        }
        self.rules(self.ip_only(), &rules, params, "no pattern matches")
    }

    fn ip_filter(&self) -> Making {
        let (mut rules, mut params) = (Vec::new(), BTreeSet::new());
        for argument in self.arguments() {
            let Some((action, words)) = argument.words.split_first() else { continue };
            let output = match action.text.as_str() {
                "allow" => Some(0),
                "deny" | "drop" => None,
                text => Some(number(text).filter(|output| *output < MOST_OUTPUTS).ok_or_else(|| {
                    let fault = bad_argument(action.node, format!("`{text}` is no action"));
                    let fault = fault.with_help("a rule begins with `allow`, `deny` or the number of an output");
                    Box::new(fault.misspelt(text, ["allow", "deny", "drop"]))
                })?),
            };
            let condition = pattern::condition(words, argument.node, self.params)?;
            params.extend(condition.params);
            rules.push((condition.text, output));
        }
        self.rules(self.ip_only(), &rules, params, "no rule allows it")
    }

    /// The first rule that holds decides.
    fn rules(&self, first: &str, rules: &[(String, Option<u64>)], params: BTreeSet<String>, otherwise: &str) -> Making {
        if rules.is_empty() {
            return Err(bad_argument(self.element.class.node, format!("`{}` needs patterns", self.class())));
        }
        let mut text = first.to_owned();
        let mut open = true;
        for (i, (condition, output)) in rules.iter().enumerate() {
            let end = match output {
                Some(output) => format!("Forward(output[{output}])"),
                None => format!("Fail(\"denied by rule {}\")", i + 1),
            };
            if condition == "1 == 1" {
                _ = write!(text, "{end};");
                open = false;
                break;
            }
            if condition != "1 == 0" {
                _ = write!(text, "If({condition}, {end}); ");
            }
        }
        if open {
            _ = write!(text, "Fail(\"{otherwise}\");");
        }
        let most = rules.iter().filter_map(|(_, output)| *output).max().map_or(1, |output| output + 1);
        Ok(Made::Statements { text, outputs: most as u32, params })
    }

    fn lookup(&self) -> Making {
        if self.gateway {
            return self.no_model("what it looks at may be the gateway that a lookup before it has found");
        }
        let mut routes: BTreeMap<Prefix, u64> = BTreeMap::new();
        for argument in self.arguments() {
            let (Some(first), Some(last)) = (argument.words.first(), argument.words.last()) else { continue };
            let Some(prefix) = prefix(&first.text) else {
                return Err(bad_argument(first.node, format!("`{}` is no network, such as `10.0.0.0/8`", first.text)));
            };
            if let [_, gateway, _] = argument.words.as_slice()
                && gateway.text != "-"
                && address(&gateway.text).is_none()
            {
                return Err(bad_argument(gateway.node, format!("`{}` is no address of a gateway", gateway.text)));
            }
            let output = number(&last.text).filter(|n| *n < MOST_OUTPUTS && (2..=3).contains(&argument.words.len()));
            let Some(output) = output else {
                let fault = bad_argument(argument.node, "this is no route");
                return Err(Box::new(fault.with_help("write the network, a gateway if there is one, and the output")));
            };
            if routes.insert(prefix, output).is_some_and(|before| before != output) {
                return Err(bad_argument(argument.node, format!("`{}` has two routes", prefix.text())));
            }
        }
        let rule = |(prefix, output): (&Prefix, &u64)| match prefix.length {
            0 => ("1 == 1".to_owned(), Some(*output)),
            _ => (format!("ip.dst in {}", prefix.text()), Some(*output)),
        };
        // The longest prefix decides, wherever it is written.
        let rules: Vec<_> = routes.iter().rev().map(rule).collect();
        self.rules(self.ip_only(), &rules, BTreeSet::new(), "no route")
    }

    fn switch(&self) -> Making {
        let text = match self.arguments() {
            [] => "0",
            _ => self.word(0, "the number of an output")?.text.as_str(),
        };
        if text == "-1" {
            return Ok(Made::Statements { text: "Fail(\"off\");".into(), outputs: 1, params: BTreeSet::new() });
        }
        let Some(output) = number(text).filter(|output| *output < MOST_OUTPUTS) else {
            return Err(bad_argument(self.arguments()[0].node, format!("`{text}` is no number of an output")));
        };
        let text = format!("Forward(output[{output}]);");
        Ok(Made::Statements { text, outputs: output as u32 + 1, params: BTreeSet::new() })
    }

    /// The offset of a header is where the Ethernet header ends, stripped or not.
    fn header_at(&self, offset: u64) -> Result<(), Fault> {
        if offset == if self.frames { 14 } else { 0 } {
            return Ok(());
        }
        if self.frames && offset == 0 {
            return Err(wrong_view(self.element.node, &self.element.name, false));
        }
        Err(bad_argument(self.element.class.node, format!("no IPv4 header begins at offset {offset} here")))
    }

    fn mark_header(&self) -> Making {
        let offset = match self.arguments() {
            [] => 0,
            _ => {
                let word = self.word(0, "an offset")?;
                number(&word.text).ok_or_else(|| bad_argument(word.node, format!("`{}` is no offset", word.text)))?
            }
        };
        self.header_at(offset)?;
        Ok(child("Null", "", 1))
    }

    fn check_header(&self) -> Making {
        let (mut offset, mut bad) = (0, Vec::new());
        for argument in self.arguments() {
            let words: Vec<&str> = argument.words.iter().map(|word| word.text.trim_matches('"')).collect();
            match words.as_slice() {
                [] | [""] | ["CHECKSUM" | "VERBOSE" | "DETAILS", _] => {}
                [text] | ["OFFSET", text] if number(text).is_some() => offset = number(text).unwrap_or_default(),
                ["BADSRC", sources @ ..] | sources => {
                    let sources = sources.iter().flat_map(|text| text.split_whitespace());
                    let Some(found) = sources.map(address).collect::<Option<Vec<_>>>() else {
                        return self.no_model("its configuration is about interfaces, or in a form that is not known");
                    };
                    bad.extend(found);
                }
            }
        }
        self.header_at(offset)?;
        if bad.is_empty() {
            return Ok(child("CheckIPHeader", "", 2));
        }
        let is_ip = if self.ethernet { "has ip and not has vlan" } else { "has ip" };
        let sources: Vec<String> = bad.iter().map(|source| format!("ip.src != {source}")).collect();
        let text = format!("If({is_ip} and {}, Forward(output[0]), Forward(output[1]));", sources.join(" and "));
        Ok(Made::Statements { text, outputs: 2, params: BTreeSet::new() })
    }

    fn check_length(&self) -> Making {
        if self.ethernet {
            return self.no_model("the length of a frame is not known");
        }
        let word = self.word(0, "a length")?;
        let Some(most) = number(&word.text).filter(|most| *most <= 65535) else {
            return Err(bad_argument(word.node, format!("`{}` is no length", word.text)));
        };
        let text = format!("If(has ip and ip.len <= {most}, Forward(output[0]), Forward(output[1]));");
        Ok(Made::Statements { text, outputs: 2, params: BTreeSet::new() })
    }

    fn number_of(&self, parent: &'static str, param: &str, most: u64) -> Making {
        let word = self.word(0, "a number")?;
        match number(&word.text).filter(|value| *value <= most) {
            Some(value) => Ok(child(parent, &format!("{param} = {value}, "), 1)),
            None => Err(bad_argument(word.node, format!("`{}` is no number up to {most}", word.text))),
        }
    }

    fn store_address(&self) -> Making {
        let [value, place] = self.arguments() else {
            return self.no_model("it writes an address that travels beside the packet");
        };
        let (value, place) = (value.text(), place.text());
        let Some(value) = address(&value) else {
            return Err(bad_argument(self.arguments()[0].node, format!("`{value}` is no IPv4 address")));
        };
        let parent = match place.as_str() {
            "src" => "StoreIPSource",
            "dst" => "StoreIPDestination",
            "12" if !self.frames => "StoreIPSource",
            "16" if !self.frames => "StoreIPDestination",
            _ => return self.no_model("no field of IPv4 is known at this offset"),
        };
        Ok(child(parent, &format!("address = {value}, "), 1))
    }

    fn get_address(&self) -> Making {
        match self.arguments() {
            [offset] if offset.text() == "16" && !self.frames => Ok(child("Null", "", 1)),
            _ => self.no_model("it makes an address travel beside the packet that is not its destination"),
        }
    }

    fn mac(&self, at: usize, what: &str) -> Result<String, Fault> {
        let Some(argument) = self.arguments().get(at) else {
            return Err(bad_argument(self.element.class.node, format!("`{}` needs {what}", self.class())));
        };
        let value = argument.words.last().map_or("", |word| word.text.as_str());
        mac(value).ok_or_else(|| bad_argument(argument.node, format!("`{value}` is no Ethernet address")))
    }

    fn rewrite(&self) -> Making {
        self.must_see_frames(true)?;
        let (src, dst) = (self.mac(0, "the address of the source")?, self.mac(1, "that of the destination")?);
        Ok(child("EtherRewrite", &format!("src = {src}, dst = {dst}, "), 1))
    }

    fn encap(&self) -> Making {
        if !self.ethernet {
            return self.no_model("the ports of the block carry no Ethernet header");
        }
        self.must_see_frames(false)?;
        let ty = self.word(0, "a type")?;
        let (src, dst) = (self.mac(1, "the address of the source")?, self.mac(2, "that of the destination")?);
        match number(&ty.text).filter(|ty| *ty <= 0xffff) {
            Some(0x0800) => Ok(child("EtherEncap", &format!("src = {src}, dst = {dst}, "), 1)),
            Some(_) => self.no_model("it announces something else than IPv4"),
            None => Err(bad_argument(ty.node, format!("`{}` is no EtherType, such as `0x0800`", ty.text))),
        }
    }

    fn host_filter(&self) -> Making {
        self.must_see_frames(true)?;
        let address = self.mac(0, "the address of the host")?;
        Ok(child("HostEtherFilter", &format!("address = {address}, "), 2))
    }

    fn strip(&self, frames: bool) -> Making {
        let word = self.word(0, "a length")?;
        if !self.ethernet || word.text != "14" {
            return self.no_model("only an Ethernet header of 14 bytes is stripped and put back");
        }
        self.must_see_frames(frames)?;
        Ok(child("Null", "", 1))
    }
}

/// Whether an element makes the address of a gateway travel beside packets.
pub(super) fn finds_gateways(element: &Element) -> bool {
    element.arguments.iter().any(|argument| argument.words.len() > 2)
}

fn child(parent: &'static str, arguments: &str, outputs: u32) -> Made {
    Made::Child { parent, arguments: arguments.to_owned(), outputs }
}
