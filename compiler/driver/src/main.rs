//! The `rdclc` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    rdclc::main()
}
