//! Which values of a column are free beside the other columns of a unique index, and for how long.
//!
//! There is a *site* for each column that some choice leaves open. The values in use beside each rest are a set of
//! [`Bits`]. Where a choice wants the value that has been free for longest, the values ever used are another, and those
//! that came free are a list, oldest first; since values never leave the former, rest and value must be narrow.

use crate::asm::{Asm, Code, Is, Label, Memory, Value, words_of};
use crate::bits::{Args, Bits};
use crate::bootable::reachable;
use crate::error::NotBootable;
use crate::map::slots;
use crate::plan::{Plan, Space};
use rdcl_core::{BlockId, ChoiceId, End, Free, InstrId, MapId, Program, Resolver};

/// The most bits of rest and value for which the order can be kept.
const MOST_ORDERED: u32 = 24;

/// A column of an index that choices leave open.
#[derive(Clone, Debug)]
pub(crate) struct SitePlan {
    pub(crate) map: MapId,
    index: u16,
    /// The position in the index.
    position: usize,
    /// The column there, and the others.
    pub(crate) column: u16,
    pub(crate) rest_columns: Vec<u16>,
    width: u16,
    rest: Vec<u16>,
    used: Bits,
    order: Option<Order>,
}

/// What tells how long values have been free.
#[derive(Clone, Debug)]
struct Order {
    /// Values ever used.
    touched: Bits,
    /// For each value, the values before and after it in the list, plus one.
    links: u32,
    /// For each rest, both ends of its list, plus one.
    ends: u32,
}

/// Where things are in a pair of links or ends.
const BEFORE: u32 = 0;
const AFTER: u32 = 4;
const FIRST: u32 = 0;
const LAST: u32 = 4;

/// A choice among free values.
struct Choice<'p> {
    choice: ChoiceId,
    at: InstrId,
    free: &'p Free,
    is_ordered: bool,
}

impl SitePlan {
    /// Plans the sites of all choices that are reached.
    pub(crate) fn of_program(
        program: &Program,
        reached: &[bool],
        space: &mut Space,
    ) -> (Vec<SitePlan>, Vec<NotBootable>) {
        let choices = choices(program, reached);
        let (mut sites, mut problems) = (Vec::<SitePlan>::new(), Vec::new());
        for choice in &choices {
            problems.extend(refused(program, choice));
            let key = site_of(choice.free);
            if sites.iter().any(|site| site.key() == key) {
                continue;
            }
            let is_ordered = choices.iter().any(|c| c.is_ordered && site_of(c.free) == key);
            let is_ordered = is_ordered && bits_of(program, choice.free) <= MOST_ORDERED;
            sites.push(SitePlan::new(program, key, is_ordered, space));
        }
        (sites, problems)
    }

    fn new(program: &Program, key: (MapId, u16, usize), is_ordered: bool, space: &mut Space) -> SitePlan {
        let (map, index, position) = key;
        let decl = &program.maps[map.index()];
        let mut rest_columns = decl.index_columns(index);
        let column = rest_columns.remove(position);
        let width = decl.column(column).1;
        let rest: Vec<u16> = rest_columns.iter().map(|column| decl.column(*column).1).collect();
        let most = slots(program, &reachable(program), map);
        let used = Bits::new(width, rest.clone(), most, space);
        let order = is_ordered.then(|| {
            let rest_bits: u32 = rest.iter().map(|w| u32::from(*w)).sum();
            let touched = Bits::new(width, rest.clone(), most, space);
            let links = space.place(8 << (rest_bits + u32::from(width)), 64);
            Order { touched, links, ends: space.place(8 << rest_bits, 64) }
        });
        SitePlan { map, index, position, column, rest_columns, width, rest, used, order }
    }

    fn key(&self) -> (MapId, u16, usize) {
        (self.map, self.index, self.position)
    }

    /// Whether it matters in which order values come free.
    pub(crate) fn keeps_order(&self) -> bool {
        self.order.is_some()
    }

    /// The number of the words of the rest.
    fn rest_words(&self) -> usize {
        self.rest.iter().map(|width| words_of(*width) as usize).sum()
    }

    /// The parameters of a routine: data, the rest, then values of the column's width.
    fn params(&self, asm: &mut Asm<'_>) -> (Args, Vec<Value>) {
        let all = asm.params_from(1);
        let (rest, values) = all.split_at(self.rest_words());
        let args = Args { data: asm.param(0), rest: rest.to_vec() };
        let values = values.chunks(words_of(self.width) as usize).map(|words| asm.of_words(words)).collect();
        (args, values)
    }

    /// The address of a value's links, less where links are.
    fn link(&self, asm: &mut Asm<'_>, args: &Args, value: Value) -> Value {
        let number = self.used.number(asm, args, value, self.width);
        let bytes = asm.shl(number, 3);
        asm.add(args.data, bytes)
    }

    /// The address of a rest's ends, less where ends are.
    fn end(&self, asm: &mut Asm<'_>, args: &Args) -> Value {
        let none = asm.int(0);
        let number = self.used.number(asm, args, none, 0);
        let bytes = asm.shl(number, 3);
        asm.add(args.data, bytes)
    }
}

/// The site of a restriction.
fn site_of(free: &Free) -> (MapId, u16, usize) {
    let open = free.keys.iter().position(Option::is_none);
    (free.map, free.index, open.expect("a well-formed restriction leaves one column open"))
}

/// The number of the site of a restriction.
pub(crate) fn number_of(plan: &Plan<'_>, free: &Free) -> u32 {
    let key = site_of(free);
    plan.sites.iter().position(|site| site.key() == key).expect("every choice has its site") as u32
}

fn bits_of(program: &Program, free: &Free) -> u32 {
    let decl = &program.maps[free.map.index()];
    decl.index_columns(free.index).into_iter().map(|column| u32::from(decl.column(column).1)).sum()
}

fn choices<'p>(program: &'p Program, reached: &[bool]) -> Vec<Choice<'p>> {
    let mut choices = Vec::new();
    for (id, block) in (0..).map(BlockId).zip(&program.blocks).filter(|(id, _)| reached[id.index()]) {
        if let End::Choose { choice, free: Some(free), resolver, .. } = &block.end {
            let at = InstrId { block: id, index: block.ops.len() as u32 };
            let is_ordered = *resolver == Some(Resolver::LeastRecentlyFreed);
            choices.push(Choice { choice: *choice, at, free, is_ordered });
        }
    }
    choices
}

fn refused(program: &Program, choice: &Choice<'_>) -> Option<NotBootable> {
    let bits = bits_of(program, choice.free);
    let (choice_id, at, most) = (choice.choice, choice.at, MOST_ORDERED);
    (choice.is_ordered && bits > most).then_some(NotBootable::Resolver { choice: choice_id, at, bits, most })
}

/// Writes the routine that finds the least free value of an interval.
pub(crate) fn write_next_free(plan: &Plan<'_>, site: &SitePlan, asm: &mut Asm<'_>) {
    let (args, bounds) = site.params(asm);
    let (found, value, none) = results(site, asm);
    site.used.search(asm, &args, (bounds[0], bounds[1]), (found, none));
    end_search(plan, asm, args.data, (found, value), none);
}

fn results(site: &SitePlan, asm: &mut Asm<'_>) -> (Label, Value, Label) {
    let found = asm.label();
    (found, asm.taken(found, site.width), asm.label())
}

fn end_search(plan: &Plan<'_>, asm: &mut Asm<'_>, data: Value, (found, value): (Label, Value), none: Label) {
    asm.bind(found);
    asm.store_value(Memory::State, value, data, plan.found);
    let one = asm.int(1);
    asm.ret(&[one]);
    asm.bind(none);
    let zero = asm.int(0);
    asm.ret(&[zero]);
}

/// Writes the routine that finds the value of an interval that has been free for longest: the least never used, else
/// the one that came free first.
pub(crate) fn write_longest_free(plan: &Plan<'_>, site: &SitePlan, asm: &mut Asm<'_>) {
    let order = site.order.as_ref().expect("a site whose values are chosen by age knows their order");
    let (args, bounds) = site.params(asm);
    let (lo, hi) = (bounds[0], bounds[1]);
    let (found, value, none) = results(site, asm);
    let listed = asm.label();
    order.touched.search(asm, &args, (lo, hi), (found, listed));
    asm.bind(listed);
    let ends = site.end(asm, &args);
    let first = asm.load(Memory::State, 4, ends, order.ends + FIRST);
    let at = asm.variable_of(first);
    let (again, there, above, outside) = (asm.label(), asm.label(), asm.label(), asm.label());
    asm.jump(again);
    asm.bind(again);
    let here = asm.get(at);
    asm.branch(here, there, none);
    asm.bind(there);
    let own = asm.add_int(here, u64::MAX);
    let is_above = asm.is(Is::LessOrEqual, lo, own);
    asm.branch(is_above, above, outside);
    asm.bind(above);
    let (inside, is_below) = (asm.label(), asm.is(Is::LessOrEqual, own, hi));
    asm.branch(is_below, inside, outside);
    asm.bind(inside);
    asm.jump_with(found, own);
    asm.bind(outside);
    let links = site.link(asm, &args, own);
    let next = asm.load(Memory::State, 4, links, order.links + AFTER);
    asm.set(at, next);
    asm.jump(again);
    end_search(plan, asm, args.data, (found, value), none);
}

/// Writes the routine that takes a free value into use.
pub(crate) fn write_take(site: &SitePlan, asm: &mut Asm<'_>) {
    let (args, values) = site.params(asm);
    let value = values[0];
    site.used.insert(asm, &args, value);
    if let Some(order) = &site.order {
        let was_used = order.touched.has(asm, &args, value);
        asm.either(
            was_used,
            |asm| unlist(site, order, asm, &args, value),
            |asm| order.touched.insert(asm, &args, value),
        );
    }
    asm.ret(&[]);
}

/// Takes a value out of the list.
fn unlist(site: &SitePlan, order: &Order, asm: &mut Asm<'_>, args: &Args, value: Value) {
    let links = site.link(asm, args, value);
    let before = asm.load(Memory::State, 4, links, order.links + BEFORE);
    let after = asm.load(Memory::State, 4, links, order.links + AFTER);
    put_neighbour(site, order, asm, args, (before, AFTER, FIRST), after);
    put_neighbour(site, order, asm, args, (after, BEFORE, LAST), before);
}

/// Says what is beside a value in the list, or where an end of the list is if there is no such value.
fn put_neighbour(
    site: &SitePlan,
    order: &Order,
    asm: &mut Asm<'_>,
    args: &Args,
    (of, side, end): (Value, u32, u32),
    neighbour: Value,
) {
    asm.either(
        of,
        |asm| {
            let value = asm.add_int(of, u64::MAX);
            let links = site.link(asm, args, value);
            asm.store(Memory::State, 4, neighbour, links, order.links + side);
        },
        |asm| {
            let ends = site.end(asm, args);
            asm.store(Memory::State, 4, neighbour, ends, order.ends + end);
        },
    );
}

/// Writes the routine that frees a value.
pub(crate) fn write_release(site: &SitePlan, asm: &mut Asm<'_>) {
    let (args, values) = site.params(asm);
    let value = values[0];
    site.used.remove(asm, &args, value);
    if let Some(order) = &site.order {
        let ends = site.end(asm, &args);
        let last = asm.load(Memory::State, 4, ends, order.ends + LAST);
        let links = site.link(asm, &args, value);
        let none = asm.int(0);
        asm.store(Memory::State, 4, last, links, order.links + BEFORE);
        asm.store(Memory::State, 4, none, links, order.links + AFTER);
        let own = asm.add_int(value, 1);
        put_neighbour(site, order, asm, &args, (last, AFTER, FIRST), own);
        asm.store(Memory::State, 4, own, ends, order.ends + LAST);
    }
    asm.ret(&[]);
}
