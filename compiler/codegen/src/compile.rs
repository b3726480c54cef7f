//! From a program to a guest: checks, layout, code.

use crate::asm::Asm;
use crate::link::Routine;
use crate::plan::Plan;
use crate::{Counter, NotBootable, bootable, checksum, guest, link, map, table, values};
use rdcl_abi::{Image, RingShape};
use rdcl_core::{Program, TableData};
use std::sync::Arc;

/// A guest, and what it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    image: Image,
    counters: Vec<Counter>,
}

impl Compiled {
    /// The guest. Nobody but [`compile`] makes one of these, which is why its code may run in this process.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// What each counter at the start of its data counts, in order.
    pub fn counters(&self) -> &[Counter] {
        &self.counters
    }
}

/// Compiles a program with the data of its tables, for rings of this shape.
///
/// # Errors
/// Everything that keeps the program from becoming a guest.
///
/// ```
/// use rdcl_abi::RingShape;
/// use rdcl_core::{Block, BlockId, End, HeaderKind, PortDecl, PortId, Program, Stack};
/// let stack = Stack::new(&[HeaderKind::Eth]).unwrap();
/// let port = |name: &str| PortDecl { name: name.into(), stack };
/// let wire = Program {
///     ports: vec![port("a"), port("b")],
///     blocks: vec![Block { ops: vec![], end: End::Forward(PortId(1)) }],
///     entry: vec![Some(BlockId(0)), None],
///     ..Program::default()
/// };
/// let guest = rdcl_codegen::compile(&wire, &[], RingShape::default()).unwrap();
/// assert_eq!(guest.image().ports, 2);
/// ```
pub fn compile(program: &Program, tables: &[Arc<TableData>], rings: RingShape) -> Result<Compiled, Vec<NotBootable>> {
    let problems = bootable::check(program, tables, rings);
    if !problems.is_empty() {
        return Err(problems);
    }
    let plan = Plan::new(program, tables, rings)?;
    let code = link::build(|routine, asm| write(&plan, routine, asm)).map_err(|error| vec![error])?;
    let image = Image {
        code,
        entry: 0,
        rodata: plan.rodata,
        data: Vec::new(),
        data_bytes: plan.data_bytes as usize,
        counters: plan.counters.len(),
        ports: program.ports.len() as u32,
        rings,
    };
    Ok(Compiled { image, counters: plan.counters })
}

fn write(plan: &Plan<'_>, routine: Routine, asm: &mut Asm<'_>) {
    let site = |number: u32| &plan.sites[number as usize];
    match routine {
        Routine::Entry => guest::write(plan, asm),
        Routine::Sum => checksum::write_sum(asm),
        Routine::Match(table) => table::write_match(&plan.tables[table.index()], asm),
        Routine::Find(map, index) => map::write_find(plan.map(map), index, asm),
        Routine::Insert(map) => map::write_insert(plan, plan.map(map), asm),
        Routine::Remove(map) => map::write_remove(plan, plan.map(map), asm),
        Routine::Touch(map) => map::write_touch(plan.map(map), asm),
        Routine::Expire(map) => map::write_expire(plan.map(map), asm),
        Routine::NextFree(number) => values::write_next_free(plan, site(number), asm),
        Routine::LongestFree(number) => values::write_longest_free(plan, site(number), asm),
        Routine::Take(number) => values::write_take(site(number), asm),
        Routine::Release(number) => values::write_release(site(number), asm),
    }
}
