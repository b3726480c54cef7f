//! `rdclc completions` and `rdclc man`: what shells and `man` are told about the command line, made from it.

use crate::args::CommandLine;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use rdcl_base::nearest;

/// What this shell reads to complete the command line.
pub fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "rdclc", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A page of the manual: about a command, or about all.
///
/// # Errors
/// What to tell the user when there is no such command.
pub fn manual(command: Option<&str>) -> Result<String, String> {
    let mut line = CommandLine::command();
    line.build();
    let about = match command {
        None => line,
        Some(name) => line.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &line))?,
    };
    let mut text = Vec::new();
    let source = concat!("rdclc ", env!("CARGO_PKG_VERSION"));
    Man::new(about).source(source).render(&mut text).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn unknown(name: &str, line: &clap::Command) -> String {
    let help = nearest(name, line.get_subcommands().map(clap::Command::get_name));
    let help = help.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    format!("there is no command `{name}`{help}")
}
