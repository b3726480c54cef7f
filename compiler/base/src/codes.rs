//! The one table of diagnostic codes, grouped by stage and never renumbered.
//!
//! Each code has a page `docs/codes/CODE.md` (meaning, wrong example, right example), embedded here and
//! printed by `rdclc explain`. The first letter is the default severity: `E` error, `W` warning.

use crate::diagnostic::Severity;
use std::fmt;

/// A code's row in the table.
#[derive(Debug)]
pub struct CodeInfo {
    /// The code itself.
    pub code: Code,
    /// One line: what is wrong.
    pub title: &'static str,
    /// The page, in Markdown.
    pub page: &'static str,
}

/// A stable diagnostic code such as `E0203`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

impl Code {
    /// The code as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The severity its letter stands for.
    pub fn severity(self) -> Severity {
        if self.0.starts_with('W') { Severity::Warning } else { Severity::Error }
    }

    /// Its row in [`CODES`].
    pub fn info(self) -> &'static CodeInfo {
        CODES.iter().find(|c| c.code == self).expect("every code is a constant of the table")
    }

    /// The code with this text, if there is one.
    pub fn find(text: &str) -> Option<Code> {
        CODES.iter().map(|c| c.code).find(|c| c.0 == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! codes {
    ($($code:ident $title:literal)*) => {
        impl Code {
            $(#[doc = $title] pub const $code: Code = Code(stringify!($code));)*
        }
        /// Every code, in order.
        pub static CODES: &[CodeInfo] = &[
            $(CodeInfo {
                code: Code(stringify!($code)),
                title: $title,
                page: include_str!(concat!("../../../docs/codes/", stringify!($code), ".md")),
            },)*
        ];
    };
}

codes! {
    // input: files and packages
    E0001 "a file cannot be read"
    E0002 "a file is not UTF-8 text"
    E0003 "a directory is not a package"
    E0004 "the package manifest is malformed"
    E0005 "a file is too large"
    E0006 "a dependency that is described wrongly"
    E0007 "a dependency that is not there"
    E0008 "a dependency of another name"
    E0009 "packages that are built on each other"
    E0010 "two packages of one name"
    E0011 "a package in two versions"
    E0012 "a repository that cannot be read"
    E0013 "a lock file that is not up to date"
    E0014 "a lock file that is malformed"
    E0015 "a dependency that would have to be fetched"
    E0016 "a module with the name of a dependency"
    W0001 "an unknown key in a package manifest"
    W0002 "a lint that does not exist"
    W0003 "a file that no path leads to"
    // parse
    E0101 "unexpected text"
    E0102 "a character or literal that is not part of the language"
    E0103 "a bracket is never closed, or closes nothing"
    E0104 "nesting is too deep"
    E0105 "a number does not fit"
    E0106 "an unknown unit"
    E0107 "a reserved word used as a name"
    E0108 "a NEMO statement is malformed"
    E0109 "an address, prefix, date or time is malformed"
    E0110 "a character or literal that is not part of NEMO"
    E0111 "a placeholder that is not filled in"
    E0112 "two words without a space between them"
    E0113 "a clause of another kind of entity"
    E0114 "a clause given twice"
    E0115 "something that an entity must have is missing"
    W0101 "an old word of NEMO"
    W0102 "an old form of a NEMO statement"
    W0103 "quotes around a name"
    W0104 "a statement without a semicolon"
    W0105 "an old form of a list"
    W0106 "a label, dots or braces among statements"
    W0107 "a form of NEMO without a canonical counterpart"
    W0108 "a placeholder in an address"
    W0109 "an operation without an action"
    // resolve: names
    E0201 "no such block"
    E0202 "no such type"
    E0203 "a name is given twice"
    E0204 "nothing to import under this path"
    E0205 "a name of the wrong kind"
    E0206 "no such port"
    E0207 "no such part"
    E0208 "no such kind of execution environment"
    E0209 "a block is its own ancestor"
    E0210 "a block is a part of itself"
    E0211 "no such name in an expression"
    E0212 "a language that is not understood"
    E0213 "no such state map"
    E0214 "an abstract block that is to run"
    E0224 "a nested definition inside another clause"
    W0201 "an import is never used"
    W0202 "a name that hides another"
    // check: types and values
    E0301 "a value of the wrong type"
    E0302 "a value out of range"
    E0303 "a prefix with host bits set"
    E0304 "a mandatory argument is missing"
    E0305 "an argument that the block does not take"
    E0306 "not a constant"
    E0307 "an empty range"
    E0308 "an impossible header stack"
    E0309 "a port that the parent declares differently"
    E0310 "a parameter that the parent declares differently"
    E0311 "both a behaviour and parts"
    E0312 "an unknown attribute"
    E0313 "a malformed service level"
    E0314 "an unknown life cycle event"
    E0315 "a promise that cannot be read"
    E0316 "a flow against the direction of a port"
    E0317 "a table that cannot be looked up"
    E0318 "a condition of an event that cannot be read"
    E0319 "a body in an abstract block"
    E0320 "a sub-class of an abstract block without a body"
    E0321 "a header stack outside its bound"
    E0322 "arguments that a constraint does not allow"
    E0324 "a block that inherits two bodies"
    E0325 "a member that cannot depend on a condition"
    E0326 "metadata without a value where a packet leaves"
    E0340 "amounts of different dimensions"
    E0341 "an unknown feature"
    E0342 "a feature that is not written as it is meant"
    E0343 "an execution environment in itself"
    E0344 "an execution environment in the wrong host"
    E0350 "no first state, or several"
    E0351 "no such state"
    E0352 "two events of which both may happen"
    E0353 "an event that does not lead back"
    E0354 "an event after the end"
    E0355 "a life cycle that does not keep its parent's"
    E0356 "a state that is neither initial nor final"
    E0360 "an unknown word in a policy"
    E0361 "a rule that is not complete"
    E0362 "a policy about a part that is not there"
    E0370 "a header of an impossible size"
    E0371 "a header that cannot be told by its number"
    E0372 "a header in an impossible place"
    E0373 "a header with a name that is taken"
    E0374 "two headers that cannot be told apart"
    E0375 "metadata of one name and several types"
    E0376 "a wire between ports of different metadata"
    W0301 "parents that take different values for one parameter"
    W0310 "an implementation that no execution environment can host"
    W0311 "a state that no event leads to"
    W0312 "a state from which no way leads to the end"
    // expand: parts, wires, intents
    E0401 "a port is wired twice"
    E0402 "a wire between different header stacks"
    E0403 "a wire between ports that face the same way"
    E0404 "a wire from a port to itself"
    E0405 "a distribution that cannot be made"
    E0406 "arrays of different length"
    E0407 "a wrong index"
    E0408 "a service that is too large"
    E0411 "operations that contradict each other"
    E0412 "no such flow"
    E0413 "an unknown match key"
    E0414 "a match value of the wrong kind"
    E0415 "an unknown action"
    E0416 "a flow that no packet belongs to"
    // expand: NEMO models, their instances and what is intended for them
    E0420 "no such model"
    E0421 "a property that the model does not have"
    E0422 "a property value of the wrong kind"
    E0423 "a required property is missing"
    E0424 "no such node, connection point or target"
    E0425 "a name that exists already"
    E0426 "an update or deletion of something that does not exist"
    E0427 "a use of something that has been deleted"
    E0429 "a transaction that is not begun or not committed"
    E0430 "a connection with a wrong number of ends"
    E0431 "a connection point that is connected twice"
    E0432 "a model that holds itself"
    E0433 "a node that contains itself"
    E0434 "an action with a value too many, or without one"
    E0435 "a malformed date, time or address in quotes"
    E0436 "no such condition parameter"
    E0437 "a negative priority"
    E0438 "an instance of a model that is said to contain nodes"
    E0439 "no such interface in the descriptor"
    E0440 "interfaces of different types are connected"
    E0441 "a descriptor file is missing"
    E0442 "a node or connection that changes its type"
    E0443 "a query of something that does not exist"
    E0444 "no such type of values"
    E0451 "a descriptor that cannot be read"
    E0460 "no such Click element"
    E0461 "a Click element without a port of this number"
    E0462 "a port of a Click element is not connected"
    E0463 "an output of a Click element is connected twice"
    E0464 "a wrong argument of a Click element"
    E0465 "a compound or a connection of Click that cannot be made"
    E0466 "a Click element for a port that the block does not have"
    E0467 "an Ethernet header that is missing in Click, or in the way"
    W0401 "a port is not wired"
    W0402 "a flow is never used"
    W0403 "an operation without a priority"
    W0404 "a condition that is always true"
    W0405 "a condition that is never true"
    W0406 "a connection point that leads nowhere"
    W0407 "a parameter without a value"
    W0408 "a connection without a type"
    W0460 "a Click element without a model"
    W0461 "an implementation of a block whose elements run by themselves"
    W0409 "a model that is never used"
    W0410 "something of which nothing is known"
    W0411 "a NEMO name that this text does not declare"
    W0427 "a descriptor names what it does not describe"
    // lower: behaviours and conditions
    E0501 "an unknown instruction"
    E0502 "an instruction that is not written so"
    E0503 "an unknown header or field"
    E0504 "a header that may be absent"
    E0505 "a place that cannot be read or written"
    E0506 "an unknown name"
    E0507 "something of the wrong kind"
    E0508 "values of different width"
    E0509 "a constant that does not fit"
    E0510 "an operator that is not supported"
    E0511 "a constant is wanted"
    E0512 "a range without values"
    E0513 "a name that is in use"
    E0514 "a port that cannot be used so"
    E0515 "a port that is not declared"
    E0516 "a packet that is not fit for the port"
    E0517 "an added header with a field unset"
    E0518 "a header that cannot be added or removed"
    E0519 "a name that has no value on some path"
    E0520 "a name allocated on one path only"
    E0521 "a faulty state map"
    E0522 "an unknown map, table, column or entry"
    E0523 "a wrong number of keys or columns"
    E0524 "an arm is missing"
    E0525 "an arm that falls through"
    E0526 "an index that cannot be told"
    E0527 "a resolver that cannot be used"
    E0528 "state is written after a fork"
    E0529 "an address that is no field"
    E0530 "a tag that points nowhere"
    E0531 "two behaviours for a port"
    E0532 "`old` in the wrong place"
    E0533 "a behaviour that is too large"
    E0534 "a packet that cannot be put into a tunnel"
    E0535 "a packet that is in no tunnel"
    E0560 "header memory that is allocated twice"
    E0561 "memory that is not allocated so"
    E0562 "a tag that points nowhere on a path"
    E0563 "a place without a value"
    E0564 "a test that is none"
    E0565 "an assertion that does not hold"
    E0566 "an assumption that nothing meets"
    E0567 "a saved packet or a named block that is not there"
    E0568 "a statement that only a block of a service can have"
    E0569 "a width that no value has"
    W0501 "statements that no packet reaches"
    W0502 "a block that may end without a decision"
    W0503 "a port without a behaviour"
    W0504 "a block that cannot be booted"
    W0505 "a pattern that matches nothing"
    // verify: what is wrong with a promise itself
    E0601 "a premise that no packet satisfies"
    W0601 "no packet of the premise is ever delivered"
    // place: substrates and deployments
    E0701 "no such execution environment"
    E0702 "no such substrate"
    E0703 "an unknown objective"
    E0704 "a link from an execution environment to itself"
    E0705 "a service that is too large to place"
    E0706 "a part that can run nowhere"
    E0707 "a capacity that does not suffice"
    E0708 "a service level that cannot be met"
    E0709 "a wire without a route"
    E0710 "a feature that no execution environment offers"
    E0711 "a policy that cannot be kept"
    W0701 "a service level of a part, which a placement does not keep"
    // run: what keeps a block from becoming a guest
    E1101 "a choice that no guest can make"
    E1102 "an assumption in a block that is to run"
    E1103 "a block that is too large for a guest"
    // test: fixtures
    E1301 "a malformed fixture"
    E1302 "a fixture about no block that can be tested"
    E1303 "no such port in a fixture"
    E1304 "no such header or field in a fixture"
    E1305 "a value in a fixture that does not fit"
    E1306 "bytes of a packet that cannot be read"
    E1307 "a test that expects nothing"
    E1308 "two tests of one name"
    // lint: what is better said otherwise
    W1201 "a parameter is never used"
    W1202 "an element of an array is joined to nothing"
    W1203 "a state map is never looked into"
    W1204 "a column is never read"
    W1205 "a header stack is never used"
    W1206 "a condition that is always true or always false"
    W1207 "a condition that has failed before"
    W1208 "a comparison that the width decides"
    W1209 "a promise that is inherited already"
    W1210 "a block with a name in small letters"
    W1211 "a name with capital letters"
    W1212 "a block without documentation"
    W1213 "parentheses that change nothing"
    W1214 "an array of one element"
    // tables
    E0801 "a table file is missing"
    E0802 "a row with the wrong number of columns"
    E0803 "a malformed value in a table"
    E0804 "a value that does not fit its column"
    // plan: what is built, and what an artifact cannot say
    E0901 "no addresses are left for a network"
    E0902 "a name that is too long for a cloud"
    W0901 "an operation that a cloud does not enforce"
    W0902 "a promise that is no security rule"
    W0903 "a wire's promise that a cloud is not told"
    W0904 "a service level that a cloud is not told"
    W0905 "an event that a cloud is not told"
    W0906 "a part of which no server is made"
    W0907 "a table that is not handed to a server"
    W0908 "a network for tagged frames"
    W0909 "a wire of which nothing is made"
    W0910 "a required feature that a cloud is not told"
    W0911 "a policy that a cloud is not told"
    W0912 "a state machine that a cloud is not told"
    W0913 "a network for packets with metadata"
}
