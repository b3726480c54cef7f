//! `rdclc new`: a package to begin from, made of a template, all of its files or none.

use crate::args::{self, Format, Style};
use crate::exit::Exit;
use crate::session::Session;
use crate::{files, json, manifest, templates};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// `rdclc new`.
pub fn command(arguments: &args::New, style: Style) -> Exit {
    let path = &arguments.path;
    let name = match name(path).and_then(|name| expect_free(path).map(|()| name)) {
        Ok(name) => name,
        Err(message) => {
            eprintln!("error: {message}");
            return Exit::Usage;
        }
    };
    let made = templates::files(arguments.template, name);
    let contents: Vec<(&Path, &[u8])> = made.iter().map(|(path, text)| (Path::new(path), text.as_bytes())).collect();
    let mut session = Session::start(style);
    if let Err(error) = files::make_with(path, &contents) {
        session.console.note(&format!("error: {error}"));
        session.exit = Exit::Environment;
        return session.end();
    }
    session.say_made(path, &contents);
    if style.format == Format::Human {
        session.console.note(&next(path, templates::next(arguments.template)));
    }
    session.end()
}

/// The name of a package in this directory: its last part.
fn name(path: &Path) -> Result<&str, String> {
    let last = path.file_name().unwrap_or(path.as_os_str());
    let name = last.to_str().filter(|name| manifest::is_name(name));
    name.ok_or_else(|| format!("`{}` is not a package name, expected {}", last.display(), manifest::NAME))
}

/// A package goes where nothing is, or into an empty directory.
fn expect_free(path: &Path) -> Result<(), String> {
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => Err(format!("`{}` is there already, and is no directory", path.display())),
        Ok(_) if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) => {
            Err(format!("the directory `{}` is not empty", path.display()))
        }
        // What cannot be looked at cannot be written either, which is then said.
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Session {
    fn say_made(&mut self, path: &Path, files: &[(&Path, &[u8])]) {
        for (file, bytes) in files {
            let path = path.join(file);
            match self.console.format {
                Format::Json => {
                    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
                    self.console.object(&json::artifact("package", &path, &digest));
                }
                Format::Human | Format::Short => self.console.print(&format!("{}\n", path.display())),
            }
        }
    }
}

/// What to type next, a command a line.
fn next(path: &Path, commands: &[&str]) -> String {
    let lines: String = commands.iter().map(|command| format!("\n  {command}")).collect();
    format!("next:\n  cd {}{lines}", quoted(path.as_os_str()))
}

/// A path as a shell takes it.
fn quoted(path: &OsStr) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(is_plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
