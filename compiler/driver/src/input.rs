//! Reading what a path names: a lone file, or every `.rdcl` and `.nemo` file of a package.
//!
//! A file that cannot be used is a finding, not a failure: the rest is still looked at.

use crate::args::Access;
use crate::dependencies::{self, Dependency};
use crate::files;
use crate::manifest::{self, Manifest, Requirement};
use rdcl_base::lints::{Level, Lint};
use rdcl_base::{Code, Diagnostic, FileId, FileSpan, Severity, Span};
use rdcl_hir::Home;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest file that is read, in bytes.
pub const MAX_FILE: u64 = 64 << 20;

/// What a path on the command line stands for, as read.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The directory that table files are named relative to.
    pub root: PathBuf,
    /// Shown name and text of every file, in [`FileId`] order.
    pub files: Vec<(String, String)>,
    /// Which of them are program text, and the module each is: `main`, `sub::file`.
    pub sources: Vec<(FileId, String)>,
    /// Where each of `sources` was read; empty for what came from memory.
    pub places: Vec<PathBuf>,
    /// What is wrong with files and manifest.
    pub findings: Vec<Diagnostic<FileSpan>>,
    /// The manifest, if there is one.
    pub manifest: Option<FileId>,
    /// What the manifest says about lints.
    pub lints: Vec<(&'static Lint, Level)>,
    /// The package as its sources see it.
    pub home: Arc<Home>,
    /// What it is built on.
    pub dependencies: Vec<Dependency>,
    /// Whether a dependency is missing, so that names cannot be told.
    pub incomplete: bool,
    /// What is wrong with this machine rather than with the files.
    pub faults: Vec<String>,
}

impl Input {
    /// A lone program that is in memory already.
    pub fn from_text(name: &str, text: &str) -> Input {
        let mut input = Input::default();
        let file = input.add(name.to_owned(), text.to_owned());
        input.sources.push((file, "main".to_owned()));
        input
    }

    /// Adds a program text that is in no file.
    pub fn add_text(&mut self, name: &str, text: &str, module: &str) {
        let file = self.add(name.to_owned(), text.to_owned());
        self.sources.push((file, module.to_owned()));
        self.places.push(PathBuf::new());
    }

    /// Adds a text.
    pub fn add(&mut self, name: String, text: String) -> FileId {
        self.files.push((name, text));
        FileId(self.files.len() as u32 - 1)
    }

    /// Reads a file; one that is not usable stands as empty text, with a finding.
    fn add_file(&mut self, path: &Path) -> Option<FileId> {
        let read = read_text(path);
        let file = self.add(shown(path), String::new());
        match read {
            Ok(text) => self.files[file.0 as usize].1 = text,
            Err(fault) => {
                self.findings.push(fault.finding(file));
                self.files[file.0 as usize].1 = fault.shown();
                return None;
            }
        }
        Some(file)
    }

    fn add_source(&mut self, path: &Path) {
        let module = module(path.strip_prefix(&self.root).unwrap_or(path));
        let file = self.add_file(path);
        if let Some(file) = file {
            self.sources.push((file, module));
            self.places.push(path.to_owned());
        }
    }

    /// Warns of program texts that no path can lead to: their names are no words, or another one has the same.
    fn expect_reachable(&mut self) {
        let mut seen: BTreeMap<&str, FileId> = BTreeMap::new();
        let mut found = Vec::new();
        for ((file, module), _) in
            self.sources.iter().zip(&self.places).filter(|(_, path)| path.extension() == Some("rdcl".as_ref()))
        {
            if let Some(segment) = module.split("::").find(|segment| !manifest::is_word(segment)) {
                let message = format!("no path leads here: `{segment}` is no name");
                found.push(
                    Diagnostic::new(Code::W0003, whole(*file), message)
                        .with_help(format!("name files and directories with {}", manifest::NAME)),
                );
            } else if let Some(first) = seen.insert(module, *file) {
                found.push(
                    Diagnostic::new(Code::W0003, whole(*file), format!("two files are the module `{module}`"))
                        .with_label(whole(first), "the other one")
                        .with_help("give one of them another name; `-` counts as `_`"),
                );
            }
        }
        self.findings.extend(found);
    }

    /// The `.rdcl` files below a directory, in order.
    fn sources_below(&mut self, directory: &Path) -> Vec<PathBuf> {
        let mut sources = Vec::new();
        if let Err(fault) = collect_sources(directory, &mut sources) {
            let file = self.add(shown(directory), String::new());
            self.findings.push(Fault::Unreadable(fault).finding(file));
        }
        sources.sort();
        // A pipe would be waited for, and a device has no end.
        let (special, sources): (Vec<PathBuf>, Vec<PathBuf>) =
            sources.into_iter().partition(|path| files::is_special(path));
        for path in special {
            let file = self.add(shown(&path), String::new());
            let message = "cannot be read: it is neither a file nor a directory";
            self.findings.push(Diagnostic::new(Code::E0001, whole(file), message));
        }
        sources
    }

    /// The manifest of a package that another one is built on. What is warned of in it is its own affair.
    ///
    /// # Errors
    /// When there is no package.
    pub fn read_dependency(
        &mut self,
        directory: &Path,
        requirement: &Requirement,
    ) -> Result<Manifest, Box<Diagnostic<FileSpan>>> {
        let path = directory.join(MANIFEST);
        if !path.exists() {
            let (name, what) = (&requirement.name, if directory.is_dir() { "no `rdcl.toml`" } else { "no directory" });
            let message = format!("there is no package `{name}` in `{}`: {what} is there", directory.display());
            return Err(Box::new(Diagnostic::new(Code::E0007, requirement.at, message)));
        }
        let Some(file) = self.add_file(&path) else { return Ok(Manifest::default()) };
        let (manifest, findings) = manifest::read(file, &self.files[file.0 as usize].1);
        self.findings.extend(findings.into_iter().filter(|finding| finding.severity == Severity::Error));
        Ok(manifest)
    }

    /// Reads the sources of a package that this one is built on.
    pub fn add_dependency(&mut self, home: Arc<Home>, directory: &Path) {
        let mut sources = Vec::new();
        for path in self.sources_below(directory) {
            let module = module(path.strip_prefix(directory).unwrap_or(&path));
            sources.extend(self.add_file(&path).map(|file| (file, module)));
        }
        self.dependencies.push(Dependency { home, root: directory.to_owned(), sources });
    }

    /// The beginning of the manifest.
    pub fn manifest_place(&self) -> FileSpan {
        whole(self.manifest.unwrap_or_default())
    }
}

const MANIFEST: &str = "rdcl.toml";

/// Reads a file, or the package in a directory and all that it is built on.
pub fn load(path: &Path) -> Input {
    load_with(path, Access::default())
}

/// The same, with what is forbidden on the way.
pub fn load_with(path: &Path, access: Access) -> Input {
    let (mut input, manifest) = load_alone(path);
    if let Some(manifest) = manifest {
        dependencies::load(&mut input, &manifest, access);
    }
    input
}

/// Reads a file, or the package in a directory without what it is built on.
pub fn load_alone(path: &Path) -> (Input, Option<Manifest>) {
    let mut input = Input::default();
    if path.is_dir() {
        input.root = path.to_owned();
        let manifest = load_package(&mut input, path);
        return (input, manifest);
    }
    input.root = path.parent().unwrap_or(Path::new("")).to_owned();
    input.add_source(path);
    (input, None)
}

/// Reads standard input, which goes by this name.
pub fn standard_input(name: &str) -> Input {
    let mut input = Input::from_text(name, "");
    match text_of(io::stdin().lock()) {
        Ok(text) => input.files[0].1 = text,
        Err(fault) => {
            input.sources.clear();
            input.findings.push(fault.finding(FileId(0)));
            input.files[0].1 = fault.shown();
        }
    }
    input
}

fn load_package(input: &mut Input, directory: &Path) -> Option<Manifest> {
    let path = directory.join(MANIFEST);
    if !path.exists() {
        let file = input.add(shown(directory), String::new());
        let message = format!("`{}` is not a package: it has no `rdcl.toml`", directory.display());
        let help = format!("write one with {}", manifest::EXAMPLE);
        input.findings.push(Diagnostic::new(Code::E0003, whole(file), message).with_help(help));
        return None;
    }
    let mut manifest = None;
    if let Some(file) = input.add_file(&path) {
        let (read, findings) = manifest::read(file, &input.files[file.0 as usize].1);
        input.findings.extend(findings);
        input.manifest = Some(file);
        input.lints.clone_from(&read.lints);
        manifest = Some(read);
    }
    for source in input.sources_below(directory) {
        input.add_source(&source);
    }
    input.expect_reachable();
    manifest
}

/// `sub/file.rdcl` is the module `sub::file`; `-` stands in no word and becomes `_`.
fn module(path: &Path) -> String {
    let segment = |segment: &OsStr| segment.to_string_lossy().replace('-', "_");
    path.with_extension("").iter().map(segment).collect::<Vec<_>>().join("::")
}

/// Every `.rdcl` and `.nemo` file below a directory, not entering hidden directories, links, or packages within the package.
fn collect_sources(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if kind.is_dir() && !hidden && !path.join(MANIFEST).exists() {
            collect_sources(&path, found)?;
        } else if !kind.is_dir() && !hidden && path.extension().is_some_and(|e| e == "rdcl" || e == "nemo") {
            found.push(path);
        }
    }
    Ok(())
}

/// Why a file is not usable.
#[derive(Debug)]
pub enum Fault {
    /// The system says no.
    Unreadable(io::Error),
    /// It is longer than [`MAX_FILE`].
    TooLarge,
    /// It is not UTF-8; what comes before the first byte that fits no character.
    NotText(String),
}

impl Fault {
    /// What to tell the user about it. It points into [`Fault::shown`].
    pub fn finding(&self, file: FileId) -> Diagnostic<FileSpan> {
        match self {
            Fault::Unreadable(error) => {
                Diagnostic::new(Code::E0001, whole(file), format!("cannot be read: {}", reason(error)))
            }
            Fault::TooLarge => Diagnostic::new(Code::E0005, whole(file), "the file is larger than 64 MiB")
                .with_help("big data belongs in table files, one row a line"),
            Fault::NotText(before) => {
                let at = before.len() as u32;
                let message = format!("not UTF-8 text: byte {at} fits no character");
                Diagnostic::new(Code::E0002, FileSpan { file, span: Span::new(at, at) }, message)
                    .with_help("convert the file to UTF-8")
            }
        }
    }

    /// What can be shown of the file.
    pub fn shown(self) -> String {
        match self {
            Fault::Unreadable(_) | Fault::TooLarge => String::new(),
            Fault::NotText(before) => before,
        }
    }
}

/// The text of a file.
///
/// # Errors
/// A [`Fault`].
pub fn read_text(path: &Path) -> Result<String, Fault> {
    let file = File::open(path).map_err(Fault::Unreadable)?;
    if file.metadata().is_ok_and(|m| m.len() > MAX_FILE) {
        return Err(Fault::TooLarge);
    }
    text_of(file)
}

fn text_of(reader: impl Read) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    reader.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(Fault::Unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Fault::TooLarge);
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.into_bytes().get(..valid).map_or_else(Vec::new, <[u8]>::to_vec);
        Fault::NotText(String::from_utf8(before).unwrap_or_default())
    })?;
    // A byte order mark is no part of the text: columns would count it.
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The system's reason, without its error number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |c| c.to_lowercase().chain(characters).collect())
}

fn whole(file: FileId) -> FileSpan {
    FileSpan { file, ..FileSpan::default() }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
