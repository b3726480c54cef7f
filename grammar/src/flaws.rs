//! Complaints about what is no token, and about brackets. One function for each kind of fault.

use crate::recover::near_miss;
use crate::tokens::{Flaw, split_quantity};
use rdcl_base::{Code, Diagnostic, Quantity, Span};

type Fault = Diagnostic<Span>;

/// A literal that cannot be converted, or text that is never closed.
pub(crate) fn literal(flaw: Flaw, text: &str, span: Span) -> Fault {
    match flaw {
        Flaw::Stray => stray(text, span),
        Flaw::OpenString => Diagnostic::new(Code::E0102, span, "a string is never closed")
            .with_help("end it with `\"` on the same line"),
        Flaw::OpenForeign => {
            Diagnostic::new(Code::E0103, Span::new(span.start, span.start + 2), "`{{` is never closed")
                .with_help("end the block with `}}`, and balance the braces inside")
        }
        Flaw::TooLarge => too_large(text, span),
        Flaw::Unit => unknown_unit(text, span),
        Flaw::NoUnit => Diagnostic::new(Code::E0106, span, format!("the fraction `{}` has no unit", brief(text)))
            .with_help("write the unit behind the number, such as `0.5core`"),
        Flaw::Address => bad_address(text, span),
    }
}

/// Characters that begin no token.
pub(crate) fn stray(text: &str, span: Span) -> Fault {
    let help = match text {
        "!" => Some("negation is written `not`"),
        "“" | "”" | "'" | "‘" | "’" => Some("a string stands between two `\"`"),
        "→" => Some("a flow is written `->`"),
        "↔" => Some("a wire is written `<->`"),
        "–" | "−" => Some("subtraction is written `-`"),
        "#" => Some("a comment begins with `//`"),
        _ => None,
    };
    Diagnostic::new(Code::E0102, span, format!("`{}` is not part of the language", brief(text)))
        .with_optional_help(help.map(str::to_owned))
}

fn too_large(text: &str, span: Span) -> Fault {
    let (number, unit) = split_quantity(text);
    let fault = Diagnostic::new(Code::E0105, span, format!("`{}` does not fit", brief(text)));
    if text.starts_with("0x") || unit.is_empty() {
        fault.with_note("integers have at most 128 bits")
    } else if number.contains('.') {
        fault.with_note("a quantity is a whole number of the smallest unit of its kind, of at most 64 bits")
    } else {
        fault.with_note("a quantity, counted in the smallest unit of its kind, has at most 64 bits")
    }
}

fn unknown_unit(text: &str, span: Span) -> Fault {
    let (number, unit) = split_quantity(text);
    let message = format!("`{}` is not a unit", brief(unit));
    let fault = Diagnostic::new(Code::E0106, span, message);
    match guess_unit(unit) {
        Some(near) if is_other_amount(unit, near) => {
            let note = "`b` stands for bits and `B` for bytes";
            fault.with_help(format!("perhaps `{number}{near}` is meant")).with_note(note)
        }
        Some(near) => fault.with_help(format!("write `{number}{near}`")).with_fix(format!("{number}{near}")),
        None => fault.with_note(format!("the units are {}", Quantity::units().collect::<Vec<_>>().join(", "))),
    }
}

/// The unit that was meant: one that begins like it, or the nearest.
fn guess_unit(unit: &str) -> Option<&'static str> {
    let common = match unit {
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        "msec" | "msecs" => Some("ms"),
        "usec" | "usecs" => Some("us"),
        "minutes" | "mins" => Some("min"),
        "hours" | "hour" => Some("h"),
        "cpu" | "cpus" | "cores" | "vcpu" => Some("core"),
        "M" | "MB" | "mb" | "Mi" => Some("MiB"),
        "G" | "GB" | "gb" | "Gi" => Some("GiB"),
        "K" | "KB" | "kB" | "Ki" => Some("KiB"),
        "TB" | "Ti" => Some("TiB"),
        _ => None,
    };
    common
        .or_else(|| Quantity::units().find(|u| u.eq_ignore_ascii_case(unit)))
        .or_else(|| near_miss(unit, Quantity::units()))
}

/// Whether a unit that is near may be another amount: a byte has eight bits.
fn is_other_amount(unit: &str, near: &str) -> bool {
    unit.contains('B') != near.contains('B') && unit.contains("bps") | unit.contains("Bps")
}

fn bad_address(text: &str, span: Span) -> Fault {
    let fault = |kind: &str| Diagnostic::new(Code::E0109, span, format!("`{}` is not {kind}", brief(text)));
    if text.starts_with("ip6") {
        fault("an IPv6 address")
            .with_note("an address is eight groups of four hexadecimal digits, such as `ip6\"fe80::1\"`")
    } else if text.contains(':') {
        fault("a MAC address")
            .with_note("a MAC address is six pairs of hexadecimal digits, such as `02:00:00:00:00:01`")
    } else if text.contains('/') {
        fault("an IPv4 prefix")
            .with_note("a prefix is four numbers below 256 and a length of at most 32, such as `10.1.0.0/16`")
    } else {
        fault("an IPv4 address").with_note("an address is four numbers below 256, such as `10.1.0.1`")
    }
}

/// An opening bracket without its partner; `before` is where the partner is missed, if not at the end.
pub(crate) fn never_closed(bracket: &str, at: Span, before: Option<Span>) -> Fault {
    let fault = Diagnostic::new(Code::E0103, at, format!("`{bracket}` is never closed"));
    match before {
        Some(place) => fault.with_label(place, "its partner is missed before this"),
        None => fault,
    }
}

/// A closing bracket without its partner.
pub(crate) fn closes_nothing(bracket: &str, at: Span) -> Fault {
    Diagnostic::new(Code::E0103, at, format!("`{bracket}` closes nothing")).with_help("remove it").with_fix("")
}

/// The text, cut to a length fit for a message.
pub(crate) fn brief(text: &str) -> String {
    const MOST: usize = 32;
    let line = text.lines().next().unwrap_or("");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
