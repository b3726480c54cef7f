//! Tests over small worlds: one string is a package.

mod world;

mod pages;

#[test]
fn probe() {
    let Ok(path) = std::env::var("PROBE") else { return };
    let world = world::World::new(&std::fs::read_to_string(path).unwrap());
    println!("{}", world.complaints().join("\n"));
    for s in crate::subjects(&world.db, world.package) {
        println!("{} {:?}", crate::full_name(&world.db, *s), crate::assumptions(&world.db, *s));
        for p in crate::properties(&world.db, *s).iter() { println!("   {p:?}"); }
        println!("   {:?}", crate::structure(&world.db, *s));
    }
}
