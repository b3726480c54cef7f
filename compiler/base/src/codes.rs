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
    // parse
    E0101 "unexpected text"
    E0102 "a character or literal that is not part of the language"
    E0103 "a bracket is never closed, or closes nothing"
    E0104 "nesting is too deep"
    E0105 "a number does not fit"
    E0106 "an unknown unit"
    E0107 "a reserved word used as a name"
    E0108 "a foreign block is malformed"
    E0109 "an address or prefix is malformed"
}
