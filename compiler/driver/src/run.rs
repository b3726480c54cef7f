//! A run of the binary, from arguments to exit code.

use crate::args::{Command, CommandLine, Explain, Format, Man, is_standard_input};
use crate::commands;
use crate::console::Console;
use crate::exit::Exit;
use crate::{ask, boot, build, crash, draw, explain, fmt, lint, new, pages, place, sefl, testing, whence};
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{io, thread};

/// The stack of the working thread: far more than nesting within the limits of the language can use. It is reserved,
/// not filled.
const DEEP_STACK: usize = 256 << 20;

/// Runs the binary on the process's own arguments.
pub fn main() -> ExitCode {
    guarded(run)
}

/// Runs something on a thread with a deep stack; a panic becomes a report file and exit code 101.
pub fn guarded(run: impl FnOnce() -> Exit + Send + 'static) -> ExitCode {
    crash::install_hook();
    let exit = match with_deep_stack(run) {
        Ok(Some(exit)) => exit,
        Ok(None) => Exit::Bug,
        Err(error) => {
            eprintln!("error: cannot start a thread: {error}");
            Exit::Environment
        }
    };
    ExitCode::from(exit.code())
}

/// Runs on a thread with a deep stack, as the binary does; none if it panics.
///
/// # Errors
/// When no thread can be started.
pub fn with_deep_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> io::Result<Option<T>> {
    let worker = thread::Builder::new().name("rdclc".into()).stack_size(DEEP_STACK).spawn(run)?;
    Ok(worker.join().ok())
}

fn run() -> Exit {
    let line = match parsed(std::env::args_os().collect()) {
        Ok(line) => line,
        Err(error) => {
            // A usage message that cannot be written has nowhere else to go.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
        }
    };
    if line.style.report.is_some() && !line.command.has_report() {
        eprintln!("error: reports are made of what check, lint, test, verify, place and build find");
        return Exit::Usage;
    }
    if line.style.format != Format::Human && line.command.is_text() {
        eprintln!("error: what this command writes is a text, and has no other format");
        return Exit::Usage;
    }
    let is_missing = |path: &&PathBuf| {
        let given = line.command.reads_standard_input() && is_standard_input(path);
        !given && path.symlink_metadata().is_err()
    };
    let missing: Vec<&PathBuf> = line.command.paths().iter().filter(is_missing).collect();
    for path in &missing {
        eprintln!("error: there is no file or directory `{}`", path.display());
    }
    if !missing.is_empty() {
        return Exit::Usage;
    }
    if let Some(path) =
        line.command.paths().iter().find(|path| sefl::is_program(path) && !line.command.takes_programs())
    {
        eprintln!("error: `{}` is a program of SEFL and no service; `rdclc sefl` runs it", path.display());
        return Exit::Usage;
    }
    if let Some(path) =
        line.command.paths().iter().find(|path| path.is_file() && path.extension() == Some("toml".as_ref()))
    {
        let package = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        eprintln!(
            "error: `{}` is no program; a package is named by its directory, `{}`",
            path.display(),
            package.display()
        );
        return Exit::Usage;
    }
    match &line.command {
        Command::New(arguments) => new::command(arguments, line.style),
        Command::Explain(arguments) => explain(arguments),
        Command::Completions(arguments) => Console::print_artifact(&pages::completions(arguments.shell)),
        Command::Man(arguments) => man(arguments),
        Command::Fmt(arguments) => fmt::command(arguments, line.style),
        Command::Lint(arguments) => lint::command(arguments, line.style),
        Command::Test(arguments) => testing::command(arguments, line.style),
        Command::Run(arguments) => boot::command(arguments, line.style),
        Command::Place(arguments) => place::command(arguments, line.style),
        Command::Build(arguments) => build::command(arguments, line.style),
        Command::Where(arguments) => whence::command(arguments, line.style),
        Command::Query(arguments) => ask::ask(arguments, line.style),
        Command::Graph(arguments) => draw::draw(arguments, line.style),
        Command::Check(arguments) => commands::check(arguments, line.style),
        Command::Sefl(arguments) => sefl::command(arguments, line.style),
        Command::Verify(arguments) => commands::verify(arguments, line.style),
    }
}

/// The command line; what is wrong with it is coloured as it asks.
fn parsed(arguments: Vec<OsString>) -> Result<CommandLine, clap::Error> {
    let asks = |choice: &str| {
        let together = format!("--color={choice}");
        arguments.iter().any(|word| *word == *together)
            || arguments.windows(2).any(|words| words[0] == "--color" && words[1] == choice)
    };
    let color = [("never", clap::ColorChoice::Never), ("always", clap::ColorChoice::Always)];
    let color = color.into_iter().find(|(choice, _)| asks(choice)).map_or(clap::ColorChoice::Auto, |(_, color)| color);
    let matches = CommandLine::command().color(color).try_get_matches_from(arguments)?;
    CommandLine::from_arg_matches(&matches)
}

fn explain(arguments: &Explain) -> Exit {
    match &arguments.code {
        None => print(Ok(explain::list())),
        Some(code) => print(explain::page(code).map(str::to_owned)),
    }
}

fn man(arguments: &Man) -> Exit {
    print(pages::manual(arguments.command.as_deref()))
}

/// Prints a text, or why there is none.
fn print(text: Result<String, String>) -> Exit {
    match text {
        Ok(text) => Console::print_artifact(&text),
        Err(message) => {
            eprintln!("error: {message}");
            Exit::Usage
        }
    }
}
