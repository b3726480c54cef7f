//! What the repository needs besides the compiler: generated tables, benchmarks, and a look at its own tidiness.

mod fib;
mod random;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "xtask", about = "Chores of the rdclc repository")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Print a routing table of overlapping prefixes with a default route
    Fib(fib::Arguments),
}

fn main() -> ExitCode {
    match CommandLine::parse().task {
        Task::Fib(arguments) => print!("{}", fib::table(&arguments)),
    }
    ExitCode::SUCCESS
}
