//! Nothing panics, whatever the text.

use super::world::World;
use crate::{assumptions, default_instance, network, properties, subjects};
use salsa::Setter;

const EXAMPLE: &str = include_str!("../../../../examples/branch/main.rdcl");

/// Asks for everything there is about a package.
fn ask(world: &World) {
    world.complaints();
    for subject in subjects(&world.db, world.package) {
        network(&world.db, *subject);
        properties(&world.db, *subject);
        assumptions(&world.db, *subject);
    }
}

#[test]
fn every_prefix_of_an_example_has_some_meaning() {
    let mut world = World::new(EXAMPLE);
    let file = world.file(0);
    for end in (0..EXAMPLE.len()).step_by(7).filter(|i| EXAMPLE.is_char_boundary(*i)) {
        file.set_text(&mut world.db).to(EXAMPLE[..end].to_owned());
        ask(&world);
    }
}

#[test]
fn every_line_of_an_example_can_be_left_out() {
    let lines: Vec<&str> = EXAMPLE.split_inclusive('\n').collect();
    let mut world = World::new(EXAMPLE);
    let file = world.file(0);
    for gone in 0..lines.len() {
        let kept = lines.iter().enumerate().filter(|(i, _)| *i != gone);
        file.set_text(&mut world.db).to(kept.map(|(_, line)| *line).collect());
        ask(&world);
    }
}

#[test]
fn every_word_of_an_example_can_be_another() {
    let words: Vec<&str> = EXAMPLE.split_inclusive([' ', '\n', '(', ';', ':', '.']).collect();
    let mut world = World::new(EXAMPLE);
    let file = world.file(0);
    for swapped in (0..words.len() - 1).step_by(3) {
        let mut words = words.clone();
        words.swap(swapped, swapped + 1);
        file.set_text(&mut world.db).to(words.concat());
        ask(&world);
    }
}

#[test]
fn the_library_is_clean_and_complete() {
    let world = World::new("");
    assert_eq!(world.complaints(), [""; 0]);
    let files = world.package.std(&world.db).iter();
    for item in files.flat_map(|file| crate::items(&world.db, *file)) {
        let instance = default_instance(&world.db, *item);
        network(&world.db, instance);
    }
}

#[test]
fn the_deepest_nest_allowed_fits_the_stack() {
    let port = "port inout a: Ip4;";
    let parts: String = (0..62)
        .map(|i| format!("rfb D{i} {{ {port} part x: D{n}; wire a <-> x.a; ensures n: no loop; }}\n", n = i + 1))
        .collect();
    let classes: String = (0..62).map(|i| format!("rfb C{i} : C{n} {{ {port} }}\n", n = i + 1)).collect();
    let world =
        World::new(&format!("use std::net::Ip4;\n{parts}rfb D62 {{ {port} }}\n{classes}rfb C62 {{ {port} }}\n"));
    assert_eq!(world.complaints(), [""; 0]);
    ask(&world);
}
