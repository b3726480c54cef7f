//! What can be wrong with the declaration of a header.

use crate::cx::Cx;
use crate::lineage::name_place;
use crate::source::db::Db;
use crate::source::item::Item;
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic};
use rdcl_core::{Field, HeaderKind, MOST_BYTES, MOST_FIELDS, UserHeader, WIDEST_FIELD, mask};
use rdcl_syntax::ast::{Announced, Header, HeaderField, Name, TypeExpr};

/// Why a header has no size.
pub(super) enum SizeFault {
    /// It has no field.
    Empty,
    /// It has too many.
    Fields(usize),
    /// They make no whole number of bytes.
    Bits(usize),
    /// They make too many.
    Bytes(usize),
}

pub(super) fn taken_name(cx: &Cx<'_>, name: &Name, sefl: &str) -> Problem {
    let message = format!("`{}` would be called `{sefl}` in a behaviour, which means something else", name.text);
    Diagnostic::new(Code::E0373, cx.at(name.node), message)
        .with_help(format!("give it another name, such as `My{}`", name.text))
}

pub(super) fn circle(cx: &Cx<'_>, tree: &Header) -> Problem {
    let message = format!("`{}` comes after itself", tree.name.text);
    Diagnostic::new(Code::E0372, cx.at(tree.name.node), message)
        .with_help("what stands behind `after` leads to a built-in header in the end, such as `udp`")
}

pub(super) fn field_twice(cx: &Cx<'_>, field: &HeaderField, first: &HeaderField) -> Problem {
    let message = format!("the field `{}` is declared twice", field.name.text);
    Diagnostic::new(Code::E0203, cx.at(field.name.node), message)
        .with_label(cx.at(first.name.node), "first declared here")
}

pub(super) fn size(cx: &Cx<'_>, tree: &Header, fault: SizeFault) -> Problem {
    let name = &tree.name.text;
    let (message, help) = match fault {
        SizeFault::Empty => (format!("`{name}` has no field"), "a header has one bit at least".to_owned()),
        SizeFault::Fields(count) => {
            (format!("`{name}` has {count} fields"), format!("a header has at most {MOST_FIELDS}"))
        }
        SizeFault::Bits(bits) => {
            let message = format!("`{name}` has {bits} bits, which is no whole number of bytes");
            (message, format!("a field `reserved: u{};` fills it up", 8 - bits % 8))
        }
        SizeFault::Bytes(bytes) => {
            (format!("`{name}` is {bytes} bytes long"), format!("a header has at most {MOST_BYTES} bytes"))
        }
    };
    Diagnostic::new(Code::E0370, cx.at(tree.name.node), message).with_help(help)
}

pub(super) fn width(cx: &Cx<'_>, ty: &TypeExpr, name: &str) -> Problem {
    Diagnostic::new(Code::E0370, cx.at(ty.node), format!("a field cannot be `{name}`"))
        .with_help(format!("a field has 1 to {WIDEST_FIELD} bits: `u1` to `u{WIDEST_FIELD}`"))
}

pub(super) fn no_field_type(cx: &Cx<'_>, ty: &TypeExpr, name: &str) -> Problem {
    let message = if name.is_empty() {
        "this is not a type of fields".to_owned()
    } else {
        format!("`{name}` is not a type of fields")
    };
    Diagnostic::new(Code::E0202, cx.at(ty.node), message)
        .with_help("a field is `u1` to `u64`, `bool`, `Ipv4` or `Mac`")
        .misspelt(name, ["u8", "u16", "u32", "u64", "bool", "Ipv4", "Mac"])
}

pub(super) fn announces_nothing(cx: &Cx<'_>, below: HeaderKind, announced: &Announced) -> Problem {
    let message = format!("`{}` does not say what follows it", below.name());
    let problem = Diagnostic::new(Code::E0372, cx.at(announced.header.node), message);
    match below {
        HeaderKind::User(_) => {
            problem.with_help("a field says so with the headers in braces: `next: u16 { 0x0800: ip; }`")
        }
        _ => problem.with_help("a header comes after `eth`, `svlan`, `vlan`, `ip`, `ip6`, `udp`, `gre` or `gtpu`"),
    }
}

pub(super) fn announced_twice(cx: &Cx<'_>, below: HeaderKind, announced: &Announced) -> Problem {
    let message = format!("`{}` is named twice", below.name());
    Diagnostic::new(Code::E0371, cx.at(announced.node), message)
        .with_help("a header is announced by one number after each other header")
}

pub(super) fn number_taken(cx: &Cx<'_>, selector: Field, other: HeaderKind, announced: &Announced) -> Problem {
    let message = format!("`{selector}` {:#x} announces `{}`", announced.number, other.name());
    Diagnostic::new(Code::E0371, cx.at(announced.node), message)
        .with_help("a parser cannot tell the two apart; take another number")
}

pub(super) fn zero(cx: &Cx<'_>, announced: &Announced, field: &str) -> Problem {
    Diagnostic::new(Code::E0371, cx.at(announced.node), "nothing can be announced by 0")
        .with_note(format!("`{field}` is 0 where a header is followed by nothing that is known"))
        .with_help("take another number")
}

pub(super) fn too_wide(cx: &Cx<'_>, announced: &Announced, field: &str, width: u16) -> Problem {
    let message = format!("{:#x} does not fit `{field}`, which has {width} bits", announced.number);
    Diagnostic::new(Code::E0371, cx.at(announced.node), message)
        .with_help(format!("the greatest number is {:#x}", mask(width)))
}

pub(super) fn second_selector(cx: &Cx<'_>, first: &HeaderField, second: &HeaderField) -> Problem {
    let message = format!("`{}` is a second field that says what follows", second.name.text);
    Diagnostic::new(Code::E0372, cx.at(second.name.node), message)
        .with_label(cx.at(first.name.node), "the first one")
        .with_help("one field says so; leave out the braces of the other")
}

pub(super) fn cannot_follow(
    cx: &Cx<'_>,
    next: HeaderKind,
    after: &[(HeaderKind, u128)],
    announced: &Announced,
) -> Problem {
    let below: Vec<String> = after.iter().map(|(below, _)| format!("`{}`", below.name())).collect();
    let message = format!("`{}` cannot follow a header that comes after {}", next.name(), below.join(" and "));
    let problem = Diagnostic::new(Code::E0372, cx.at(announced.header.node), message);
    match next {
        HeaderKind::User(_) => problem.with_help("a declared header says itself what it comes `after`"),
        _ => problem.with_help(
            "what follows is of the next layer: after `eth` tags, `ip` or `ip6`, after these `tcp` or `udp`; or it is the \
             `eth`, `ip` or `ip6` of a packet in a tunnel",
        ),
    }
}

pub(super) fn told_twice(cx: &Cx<'_>, known: (HeaderKind, u128), announced: &Announced) -> Problem {
    let message = format!("`{}` is announced by {:#x}", known.0.name(), known.1);
    Diagnostic::new(Code::E0371, cx.at(announced.node), message)
        .with_help("each number announces one header, and each header has one number")
}

/// Two headers that meet in a block and that its parsers, or its readers, cannot tell apart.
pub(crate) fn confusion(db: &dyn Db, item: Item<'_>, one: UserHeader, two: UserHeader) -> Problem {
    let message = if one.name() == two.name() {
        format!("two different headers in `{}` are called `{}`", item.name(db), one.name())
    } else {
        let below = one.after().find(|below| two.number_after(*below) == one.number_after(*below));
        let by = below.and_then(|below| Some(format!("`{}` {:#x}", below.selector()?, one.number_after(below)?)));
        let by = by.unwrap_or_else(|| "the same number".to_owned());
        format!("in `{}` both `{}` and `{}` are announced by {by}", item.name(db), one.name(), two.name())
    };
    Diagnostic::new(Code::E0374, name_place(db, item), message)
        .with_note("all parsers of a block look for all headers that are mentioned in it")
        .with_help("give one of the two another name or number")
}
