//! What the repository needs besides the compiler: generated tables, benchmarks, and a look at its own tidiness.

mod bench;
mod fib;
mod random;
mod tidy;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
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
    /// Measure, print the figures and record them
    Bench(bench::Arguments),
    /// Look for what the repository's rules forbid
    Tidy,
}

fn main() -> ExitCode {
    let done = match CommandLine::parse().task {
        Task::Fib(arguments) => {
            print!("{}", fib::table(&arguments));
            Ok(())
        }
        Task::Bench(arguments) => bench::run(&arguments).map_err(|e| e.to_string()),
        Task::Tidy => tidy(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn tidy() -> Result<(), String> {
    let complaints = tidy::complaints(&root()).map_err(|e| e.to_string())?;
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
