//! Layouts: text with places where a line may break, and how they become lines.
//!
//! After Wadler's pretty printer: a group is set flat if it fits and nothing in it breaks, else each of its places for
//! breaks is one. A block is a group that its surroundings need not break for: `If(a, {` may end a line.

use super::columns::{Column, Line};

/// The longest line that is set by choice.
pub(super) const WIDTH: usize = 120;

/// A layout.
#[derive(Debug)]
pub(super) enum Doc<'s> {
    /// As it is. Only foreign blocks hold line breaks.
    Text(&'s str),
    /// A space.
    Space,
    /// A space that may be widened to line up with others.
    Column(Column),
    /// A break if the group is broken, after an empty line perhaps; else a space, or nothing.
    Line {
        /// What it is in a flat group.
        space: bool,
        /// Whether an empty line goes before it.
        blank: bool,
    },
    /// A break.
    Hard {
        /// Whether an empty line goes before it.
        blank: bool,
    },
    /// A comment behind something; a break always follows.
    Remark {
        /// With its slashes.
        text: &'s str,
        /// Whether it was lined up.
        padded: bool,
    },
    /// Indented by so much where the group is broken.
    Nest(usize, Vec<Doc<'s>>),
    /// Flat or broken.
    Group(Group<'s>),
}

/// What is set flat or broken.
#[derive(Debug)]
pub(super) struct Group<'s> {
    docs: Vec<Doc<'s>>,
    /// It must be broken.
    broken: bool,
    /// Something in it must be broken.
    breaks: bool,
    /// What it stands in may be flat nevertheless.
    block: bool,
}

impl<'s> Doc<'s> {
    /// A group, broken if asked for or if it holds what breaks.
    pub(super) fn group(docs: Vec<Doc<'s>>, asked: bool) -> Doc<'s> {
        let broken = asked || docs.iter().any(|doc| doc.breaks(false));
        let breaks = broken || docs.iter().any(|doc| doc.breaks(true));
        Doc::Group(Group { docs, broken, breaks, block: false })
    }

    /// A block, broken if asked for or if it holds what breaks, blocks included.
    pub(super) fn block(docs: Vec<Doc<'s>>, asked: bool) -> Doc<'s> {
        let broken = asked || docs.iter().any(|doc| doc.breaks(true));
        Doc::Group(Group { docs, broken, breaks: broken, block: true })
    }

    /// Whether it breaks whatever the width.
    fn breaks(&self, blocks_too: bool) -> bool {
        match self {
            Doc::Text(text) => text.contains('\n'),
            Doc::Space | Doc::Column(_) | Doc::Line { .. } => false,
            Doc::Hard { .. } | Doc::Remark { .. } => true,
            Doc::Nest(_, docs) => docs.iter().any(|doc| doc.breaks(blocks_too)),
            Doc::Group(group) => {
                if blocks_too {
                    group.breaks
                } else {
                    group.broken && !group.block
                }
            }
        }
    }
}

/// How what is being set is set.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Flat,
    Broken,
}

/// A layout on its way, with the indentation and mode of its surroundings.
type Task<'d, 's> = (usize, Mode, &'d Doc<'s>);

/// Sets a layout in lines, the first of which begins with `blank`.
pub(super) fn lines<'s>(docs: &[Doc<'s>], blank: bool) -> Vec<Line<'s>> {
    let mut printer = Printer { lines: vec![Line::new(0, blank)], tasks: Vec::new() };
    printer.push(0, Mode::Broken, docs);
    while let Some((indent, mode, doc)) = printer.tasks.pop() {
        printer.set(indent, mode, doc);
    }
    printer.lines
}

struct Printer<'d, 's> {
    lines: Vec<Line<'s>>,
    /// What is still to be set, the next one last.
    tasks: Vec<Task<'d, 's>>,
}

impl<'d, 's> Printer<'d, 's> {
    fn push(&mut self, indent: usize, mode: Mode, docs: &'d [Doc<'s>]) {
        self.tasks.extend(docs.iter().rev().map(|doc| (indent, mode, doc)));
    }

    fn line(&mut self) -> &mut Line<'s> {
        self.lines.last_mut().expect("it begins with a line and none is taken away")
    }

    fn set(&mut self, indent: usize, mode: Mode, doc: &'d Doc<'s>) {
        match doc {
            Doc::Text(text) => self.line().text.push_str(text),
            Doc::Space => self.line().text.push(' '),
            Doc::Hard { blank } => self.lines.push(Line::new(indent, *blank)),
            Doc::Line { blank, .. } if mode == Mode::Broken => self.lines.push(Line::new(indent, *blank)),
            Doc::Line { space, .. } => self.line().text.push_str(if *space { " " } else { "" }),
            Doc::Column(column) => self.line().column(*column),
            Doc::Remark { text, padded } => self.line().remark = Some((text, *padded)),
            Doc::Nest(by, docs) => self.push(indent + if mode == Mode::Broken { *by } else { 0 }, mode, docs),
            Doc::Group(group) => {
                let mode = if !group.broken && self.fits(group) { Mode::Flat } else { Mode::Broken };
                self.push(indent, mode, &group.docs);
            }
        }
    }

    /// Whether a group, set flat, and what follows up to the next break go on this line. What follows a group may break
    /// at the first block, and so may the group unless it is a block.
    fn fits(&self, group: &'d Group<'s>) -> bool {
        let mut room = Room { left: WIDTH.saturating_sub(self.lines.last().map_or(0, Line::width)) };
        let mut taken = room.take_all(Mode::Flat, &group.docs, group.block);
        let mut rest = self.tasks.iter().rev();
        while let (Taken::All, Some((_, mode, doc))) = (taken, rest.next()) {
            taken = room.take(*mode, doc, false);
        }
        taken != Taken::Part
    }
}

/// How much of a layout found room.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Taken {
    /// All, on one line.
    All,
    /// All up to a break.
    UpToBreak,
    /// Too little.
    Part,
}

/// The room on a line.
struct Room {
    left: usize,
}

impl Room {
    fn take_all(&mut self, mode: Mode, docs: &[Doc<'_>], strict: bool) -> Taken {
        for doc in docs {
            match self.take(mode, doc, strict) {
                Taken::All => {}
                end @ (Taken::UpToBreak | Taken::Part) => return end,
            }
        }
        Taken::All
    }

    fn take(&mut self, mode: Mode, doc: &Doc<'_>, strict: bool) -> Taken {
        match doc {
            Doc::Text(text) => self.take_text(text),
            Doc::Hard { .. } | Doc::Remark { .. } => Taken::UpToBreak,
            Doc::Line { .. } if mode == Mode::Broken => Taken::UpToBreak,
            Doc::Space | Doc::Column(_) => self.take_width(1),
            Doc::Line { space, .. } => self.take_width(usize::from(*space)),
            Doc::Nest(_, docs) => self.take_all(mode, docs, strict),
            Doc::Group(group) => {
                let broken = group.broken || (group.block && !strict);
                self.take_all(if broken { Mode::Broken } else { Mode::Flat }, &group.docs, strict)
            }
        }
    }

    fn take_text(&mut self, text: &str) -> Taken {
        match text.split_once('\n') {
            None => self.take_width(text.chars().count()),
            Some((line, _)) => match self.take_width(line.chars().count()) {
                Taken::All | Taken::UpToBreak => Taken::UpToBreak,
                Taken::Part => Taken::Part,
            },
        }
    }

    fn take_width(&mut self, width: usize) -> Taken {
        match self.left.checked_sub(width) {
            Some(left) => {
                self.left = left;
                Taken::All
            }
            None => Taken::Part,
        }
    }
}
