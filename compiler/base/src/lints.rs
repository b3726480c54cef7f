//! Lints: warnings by name, which a package or a comment in a source can pass over or turn into errors.
//!
//! Every code of a warning is a lint. Those from W1201 on are looked for by `rdclc lint` alone.

use crate::codes::Code;

/// What is done about a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is passed over.
    Allow,
    /// It is said.
    Warn,
    /// It is an error.
    Deny,
}

impl Level {
    /// The one of a word.
    pub fn find(word: &str) -> Option<Level> {
        match word {
            "allow" => Some(Level::Allow),
            "warn" => Some(Level::Warn),
            "deny" => Some(Level::Deny),
            _ => None,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }
}

/// A warning that has a name.
#[derive(Debug)]
pub struct Lint {
    /// Its code.
    pub code: Code,
    /// Its name, in small letters.
    pub name: &'static str,
    /// What is done about it where nobody says otherwise.
    pub level: Level,
}

impl Lint {
    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Lint> {
        LINTS.iter().find(|lint| lint.name == name)
    }

    /// The one of this code.
    pub fn of(code: Code) -> Option<&'static Lint> {
        LINTS.iter().find(|lint| lint.code == code)
    }
}

macro_rules! lints {
    ($($code:ident $name:ident $level:ident)*) => {
        /// Every lint, by code.
        pub static LINTS: &[Lint] =
            &[$(Lint { code: Code::$code, name: stringify!($name), level: Level::$level },)*];
    };
}

lints! {
    W0001 unknown_manifest_key Warn
    W0002 unknown_lint Warn
    W0003 unreachable_module Warn
    W0101 old_nemo_word Warn
    W0102 old_nemo_statement Warn
    W0103 quoted_nemo_name Warn
    W0104 missing_nemo_semicolon Warn
    W0105 old_nemo_list Warn
    W0106 nemo_label Warn
    W0107 odd_nemo_form Warn
    W0108 nemo_placeholder Warn
    W0109 idle_nemo_operation Warn
    W0201 unused_import Warn
    W0202 hiding_name Warn
    W0301 diverging_parents Warn
    W0310 unhosted_implementation Warn
    W0311 unreached_state Warn
    W0312 endless_state Warn
    W0401 unwired_port Warn
    W0402 unused_flow Warn
    W0403 missing_priority Warn
    W0404 always_true Warn
    W0405 never_true Warn
    W0406 unconnected_point Warn
    W0407 missing_value Warn
    W0408 untyped_connection Warn
    W0460 unmodelled_element Warn
    W0461 unused_implementation Warn
    W0409 unused_model Warn
    W0410 unknown_quantity Warn
    W0411 undeclared_name Warn
    W0427 dangling_descriptor Warn
    W0501 unreachable_statement Warn
    W0502 missing_decision Warn
    W0503 missing_behaviour Warn
    W0504 unbootable_block Warn
    W0505 empty_pattern Warn
    W0601 undelivered_premise Warn
    W0701 unkept_service_level Warn
    W0901 unenforced_operation Warn
    W0902 unenforced_promise Warn
    W0903 untold_wire Warn
    W0904 untold_service_level Warn
    W0905 untold_event Warn
    W0906 missing_server Warn
    W0907 missing_table Warn
    W0908 tagged_network Warn
    W0909 missing_network Warn
    W0910 untold_feature Warn
    W0911 untold_policy Warn
    W0912 untold_states Warn
    W0913 untold_metadata Warn
    W1201 unused_parameter Warn
    W1202 unused_element Warn
    W1203 unused_state Warn
    W1204 unused_column Warn
    W1205 unused_stack Warn
    W1206 constant_condition Warn
    W1207 repeated_condition Warn
    W1208 width_comparison Warn
    W1209 repeated_promise Warn
    W1210 block_name Warn
    W1211 small_name Warn
    W1212 missing_documentation Allow
    W1213 needless_parentheses Warn
    W1214 single_element_array Warn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::CODES;
    use crate::diagnostic::Severity;

    #[test]
    fn every_warning_is_a_lint_of_its_own_name() {
        let codes: Vec<Code> = CODES.iter().map(|c| c.code).filter(|c| c.severity() == Severity::Warning).collect();
        let missing: Vec<&Code> = codes.iter().filter(|code| Lint::of(**code).is_none()).collect();
        assert!(missing.is_empty(), "warnings without a row in `lints!`: {missing:?}");
        let mut names: Vec<&str> = LINTS.iter().map(|lint| lint.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), codes.len()), (LINTS.len(), LINTS.len()));
    }
}
