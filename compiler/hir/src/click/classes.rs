//! The classes of Click that have a model.

/// A class.
#[derive(Debug)]
pub(super) struct ElementClass {
    pub name: &'static str,
    /// The least and the greatest number of inputs.
    pub inputs: (u32, u32),
    /// The least and the greatest number of outputs.
    pub outputs: (u32, u32),
    pub model: Model,
}

/// What an element of a class becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// A block of `std::click`; the configuration says nothing about packets.
    Block(&'static str),
    /// A block of `std::click` with as many outputs as are used.
    BlockOver(&'static str),
    /// A block made for the element and its configuration.
    Made(Maker),
    /// What enters the block by a port comes from it.
    Entry,
    /// What reaches it leaves the block by a port.
    Exit,
    /// Nothing: no packet comes to it.
    Information,
}

/// How a block is made for an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    Classifier,
    IpClassifier,
    IpFilter,
    Lookup,
    Switch,
    CheckIpHeader,
    MarkIpHeader,
    CheckLength,
    SetDscp,
    SetEcn,
    StoreAddress,
    GetAddress,
    Rewrite,
    Encap,
    HostFilter,
    Strip,
    Unstrip,
    StripToNetwork,
}

/// The most ports, where there is no other limit.
pub(super) const ANY: u32 = u32::MAX;

const ONE: (u32, u32) = (1, 1);
const NONE: (u32, u32) = (0, 0);
/// One, and one for what is wrong or left over.
const SPARE: (u32, u32) = (1, 2);
const MANY: (u32, u32) = (1, ANY);

const fn row(name: &'static str, inputs: (u32, u32), outputs: (u32, u32), model: Model) -> ElementClass {
    ElementClass { name, inputs, outputs, model }
}

const fn passes(name: &'static str) -> ElementClass {
    row(name, ONE, ONE, Model::Block("Null"))
}

const fn made(name: &'static str, outputs: (u32, u32), maker: Maker) -> ElementClass {
    row(name, ONE, outputs, Model::Made(maker))
}

const fn entry(name: &'static str) -> ElementClass {
    row(name, NONE, ONE, Model::Entry)
}

const fn exit(name: &'static str) -> ElementClass {
    row(name, ONE, NONE, Model::Exit)
}

const fn information(name: &'static str) -> ElementClass {
    row(name, NONE, NONE, Model::Information)
}

/// The class of this name.
pub(super) fn find(name: &str) -> Option<&'static ElementClass> {
    CLASSES.iter().find(|class| class.name == name)
}

pub(super) static CLASSES: &[ElementClass] = &[
    entry("FromPort"),
    entry("FromDevice"),
    entry("PollDevice"),
    entry("FromDPDKDevice"),
    exit("ToPort"),
    exit("ToDevice"),
    exit("ToDPDKDevice"),
    information("AddressInfo"),
    information("ControlSocket"),
    information("DriverManager"),
    information("Message"),
    information("PortInfo"),
    information("ScheduleInfo"),
    information("Script"),
    row("Discard", ONE, NONE, Model::Block("Discard")),
    row("Idle", (0, ANY), (0, ANY), Model::BlockOver("Idle")),
    row("Tee", ONE, MANY, Model::BlockOver("Tee")),
    row("PullTee", ONE, MANY, Model::BlockOver("Tee")),
    passes("Null"),
    passes("PushNull"),
    passes("PullNull"),
    passes("Align"),
    passes("AverageCounter"),
    passes("BandwidthRatedUnqueue"),
    passes("BandwidthShaper"),
    passes("Counter"),
    passes("DelayShaper"),
    passes("DelayUnqueue"),
    passes("FrontDropQueue"),
    passes("IPPrint"),
    passes("LinkUnqueue"),
    passes("MarkMACHeader"),
    passes("NotifierQueue"),
    passes("Paint"),
    passes("Print"),
    passes("Queue"),
    passes("RatedUnqueue"),
    passes("SetIPChecksum"),
    passes("SetTCPChecksum"),
    passes("SetTimestamp"),
    passes("SetUDPChecksum"),
    passes("Shaper"),
    passes("SimpleQueue"),
    passes("ThreadSafeQueue"),
    passes("TimedUnqueue"),
    passes("Unqueue"),
    row("IPGWOptions", ONE, SPARE, Model::Block("Null")),
    row("PrioSched", MANY, ONE, Model::Block("Null")),
    row("RoundRobinSched", MANY, ONE, Model::Block("Null")),
    row("StrideSched", MANY, ONE, Model::Block("Null")),
    row("BandwidthMeter", ONE, MANY, Model::BlockOver("Either")),
    row("BandwidthRatedSplitter", ONE, (2, 2), Model::BlockOver("Either")),
    row("HashSwitch", ONE, MANY, Model::BlockOver("Either")),
    row("Meter", ONE, MANY, Model::BlockOver("Either")),
    row("RED", ONE, SPARE, Model::BlockOver("Either")),
    row("RandomSample", ONE, SPARE, Model::BlockOver("Either")),
    row("RandomSwitch", ONE, MANY, Model::BlockOver("Either")),
    row("RatedSplitter", ONE, (2, 2), Model::BlockOver("Either")),
    row("RoundRobinSwitch", ONE, MANY, Model::BlockOver("Either")),
    row("DecIPTTL", ONE, SPARE, Model::Block("DecIPTTL")),
    row("IPMirror", ONE, ONE, Model::Block("IPMirror")),
    row("EtherMirror", ONE, ONE, Model::Block("EtherMirror")),
    made("CheckIPHeader", SPARE, Maker::CheckIpHeader),
    made("CheckIPHeader2", SPARE, Maker::CheckIpHeader),
    made("MarkIPHeader", ONE, Maker::MarkIpHeader),
    made("CheckLength", SPARE, Maker::CheckLength),
    made("Classifier", MANY, Maker::Classifier),
    made("IPClassifier", MANY, Maker::IpClassifier),
    made("IPFilter", MANY, Maker::IpFilter),
    made("DirectIPLookup", MANY, Maker::Lookup),
    made("LinearIPLookup", MANY, Maker::Lookup),
    made("LookupIPRoute", MANY, Maker::Lookup),
    made("RadixIPLookup", MANY, Maker::Lookup),
    made("RangeIPLookup", MANY, Maker::Lookup),
    made("StaticIPLookup", MANY, Maker::Lookup),
    made("StaticSwitch", MANY, Maker::Switch),
    made("Switch", MANY, Maker::Switch),
    made("SetIPDSCP", ONE, Maker::SetDscp),
    made("SetIPECN", ONE, Maker::SetEcn),
    made("StoreIPAddress", ONE, Maker::StoreAddress),
    made("GetIPAddress", ONE, Maker::GetAddress),
    made("EtherRewrite", ONE, Maker::Rewrite),
    made("EtherEncap", ONE, Maker::Encap),
    made("HostEtherFilter", SPARE, Maker::HostFilter),
    made("Strip", ONE, Maker::Strip),
    made("StripToNetworkHeader", ONE, Maker::StripToNetwork),
    made("Unstrip", ONE, Maker::Unstrip),
];
