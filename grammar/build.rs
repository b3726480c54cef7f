//! Turns the grammars in `src` into parsers.

fn main() {
    lalrpop::Configuration::new()
        .emit_rerun_directives(true)
        .process_dir("src")
        .expect("the grammars in src are free of conflicts");
}
