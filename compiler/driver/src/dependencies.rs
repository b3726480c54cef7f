//! The packages that a package is built on: found, read, and held to the lock file.
//!
//! Names are unique in a program, so a package is there once however many others ask for it. What is wrong with a
//! dependency is reported where it is asked for; what is wrong in it, at its own files.

mod git;
mod lock;

use crate::args::Access;
use crate::input::Input;
use crate::manifest::{Manifest, Requirement, Selector, Source};
use git::{Cache, GitError};
use indexmap::IndexMap;
use lock::{Lock, Locked, Pinned};
use rdcl_base::{Code, Diagnostic, FileId, FileSpan, nearest};
use rdcl_hir::Home;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The most packages a program is made of; it bounds what a mistake can fetch.
const MOST_PACKAGES: usize = 1_000;

/// A package that is built upon, as read.
#[derive(Clone, Debug, Default)]
pub struct Dependency {
    /// Its name and what it depends on itself.
    pub home: Arc<Home>,
    /// The directory that its table files are named relative to.
    pub root: PathBuf,
    /// Its program texts, and the module each is.
    pub sources: Vec<(FileId, String)>,
}

/// Reads everything that a package is built on. Writes the lock file where it has to change, and nothing is wrong.
pub fn load(input: &mut Input, manifest: &Manifest, access: Access) {
    let root = input.root.clone();
    let old = match lock::read(&root) {
        Ok(old) => old,
        Err(fault) => {
            input.incomplete = true;
            return fault.report(input);
        }
    };
    let name = manifest.name.clone().unwrap_or_default();
    let mut loader = Loader { input, access, cache: Cache::of_user(), old, met: IndexMap::new() };
    let here = Place { directory: root.clone(), path: PathBuf::new(), git: None };
    let way = vec![Step { name, directory: fs::canonicalize(&root).unwrap_or(root.clone()) }];
    loader.input.home = loader.home("", manifest);
    loader.modules_named_as_dependencies(manifest);
    loader.all(manifest, &here, &way);
    loader.finish(&root);
}

/// Where a package is.
#[derive(Clone, Debug)]
struct Place {
    directory: PathBuf,
    /// The same relative to the package that is compiled, or to the root of the repository.
    path: PathBuf,
    /// The repository it was taken out of.
    git: Option<Pinned>,
}

/// A package on the way to the one that is looked at.
#[derive(Clone, Debug)]
struct Step {
    name: String,
    directory: PathBuf,
}

/// A package that has been met.
struct Met {
    name: String,
    /// Where it was asked for first.
    at: FileSpan,
    source: Source,
    place: Place,
}

struct Loader<'i> {
    input: &'i mut Input,
    access: Access,
    cache: Cache,
    old: Lock,
    met: IndexMap<String, Met>,
}

impl Loader<'_> {
    fn home(&self, package: &str, manifest: &Manifest) -> Arc<Home> {
        let dependencies: BTreeSet<String> = manifest.dependencies.iter().map(Requirement::word).collect();
        Arc::new(Home { package: package.to_owned(), dependencies })
    }

    fn all(&mut self, manifest: &Manifest, from: &Place, way: &[Step]) {
        self.input.incomplete |= manifest.incomplete;
        for requirement in &manifest.dependencies {
            if let Err(refusal) = self.one(requirement, from, way) {
                match refusal {
                    Refusal::Finding(finding) => self.input.findings.push(*finding),
                    Refusal::Environment(reason) => self.input.faults.push(reason),
                }
                self.input.incomplete = true;
            }
        }
    }

    fn one(&mut self, requirement: &Requirement, from: &Place, way: &[Step]) -> Result<(), Refusal> {
        if let Some(met) = self.met.get(&requirement.word()) {
            return Ok(self.again(requirement, met, from, way)?);
        }
        let place = self.place(requirement, from)?;
        expect_no_circle(requirement, &place, way)?;
        if self.met.len() == MOST_PACKAGES {
            let message = format!("the program is made of more than {MOST_PACKAGES} packages");
            return Err(finding(Code::E0007, requirement.at, message).into());
        }
        let (name, source) = (requirement.name.clone(), requirement.source.clone());
        self.met.insert(requirement.word(), Met { name, at: requirement.at, source, place: place.clone() });
        let manifest = self.input.read_dependency(&place.directory, requirement)?;
        if let Some(name) = manifest.name.as_ref().filter(|name| **name != requirement.name) {
            return Err(other_name(requirement, name).into());
        }
        let home = self.home(&requirement.word(), &manifest);
        self.input.add_dependency(home, &place.directory);
        let step = Step { name: requirement.name.clone(), directory: resolved(&place.directory) };
        self.all(&manifest, &place, &[way, &[step]].concat());
        Ok(())
    }

    /// A package that has been met before is the same one, or there is a mistake.
    fn again(&self, requirement: &Requirement, met: &Met, from: &Place, way: &[Step]) -> Result<(), Finding> {
        let (here, there) = (&requirement.source, &met.source);
        match (here, there) {
            (Source::Git(url, selector), Source::Git(other, before)) if url == other && selector != before => {
                return Err(two_versions(requirement, selector, met.at, before));
            }
            (Source::Git(..), Source::Git(..)) if here == there => return Ok(()),
            (Source::Path(path), _) if resolved(&from.directory.join(path)) == resolved(&met.place.directory) => {
                return expect_no_circle(requirement, &met.place, way);
            }
            (Source::Git(..) | Source::Path(_), _) => {}
        }
        let message = format!("there are two packages `{}`", requirement.name);
        Err(boxed(
            Diagnostic::new(Code::E0010, requirement.at, message)
                .with_label(met.at, "the other one is asked for here")
                .with_help("all packages of a program have names of their own; let both places ask for the same one"),
        ))
    }

    fn place(&mut self, requirement: &Requirement, from: &Place) -> Result<Place, Refusal> {
        match &requirement.source {
            Source::Path(path) => {
                let path = Path::new(path);
                let inside = normal(&from.path.join(path));
                if from.git.is_some() && (path.is_absolute() || inside.starts_with("..")) {
                    let message = format!("`{}` is outside the repository of the package", path.display());
                    return Err(finding(Code::E0007, requirement.at, message).into());
                }
                Ok(Place { directory: from.directory.join(path), path: inside, git: from.git.clone() })
            }
            Source::Git(url, selector) => {
                let pinned = self.old.pinned(&requirement.name, url, selector);
                let found = self.cache.checkout(url, selector, pinned, self.access.offline);
                let (directory, commit) = found.map_err(|error| self.not_fetched(requirement, url, selector, error))?;
                let git = Some(Pinned { url: url.clone(), selector: selector.clone(), commit });
                Ok(Place { directory, path: PathBuf::new(), git })
            }
        }
    }

    fn not_fetched(&mut self, asked: &Requirement, url: &str, selector: &Selector, error: GitError) -> Refusal {
        let name = &asked.name;
        let found = match error {
            GitError::Environment(reason) => return Refusal::Environment(reason),
            GitError::Offline => {
                let message = format!("`{name}` is not at hand and would have to be fetched");
                Diagnostic::new(Code::E0015, asked.at, message).with_help("run once without `--offline`")
            }
            GitError::Unlocked(commit) => {
                let at = lock::place_of(self.input, &commit).unwrap_or(asked.at);
                let message = format!("there is no commit `{commit}` in `{url}`");
                let help = "delete the lock file; it is written again from `rdcl.toml`";
                Diagnostic::new(Code::E0012, at, message).with_help(help)
            }
            GitError::Unknown(known) => unknown(asked, url, selector, &known),
            GitError::Failed(reason) => {
                Diagnostic::new(Code::E0012, asked.at, format!("`{url}` cannot be read: {reason}"))
            }
        };
        boxed(found).into()
    }

    /// `acl::x` would mean two things.
    fn modules_named_as_dependencies(&mut self, manifest: &Manifest) {
        for requirement in &manifest.dependencies {
            let word = requirement.word();
            let is_named_so = |module: &str| module.split("::").next() == Some(&word);
            if let Some((file, _)) = self.input.sources.iter().find(|(_, module)| is_named_so(module)) {
                let message = format!("`{word}` is both a dependency and a module of this package");
                let at = FileSpan { file: *file, ..FileSpan::default() };
                let finding = Diagnostic::new(Code::E0016, requirement.at, message)
                    .with_label(at, "the module")
                    .with_help("give the file or directory another name");
                self.input.findings.push(finding);
            }
        }
    }

    /// Writes the lock file, unless it is as it should be.
    fn finish(self, root: &Path) {
        let packages = self.met.values().map(locked).collect();
        if !self.input.incomplete {
            lock::update(self.input, root, &self.old, &Lock::new(packages), self.access.locked);
        }
    }
}

fn locked(met: &Met) -> Locked {
    let path = met.place.path.to_string_lossy().into_owned();
    Locked { name: met.name.clone(), path, git: met.place.git.clone() }
}

type Finding = Box<Diagnostic<FileSpan>>;

/// Why a package cannot be had.
enum Refusal {
    /// Something is wrong with what was asked for.
    Finding(Finding),
    /// Something is wrong with this machine.
    Environment(String),
}

impl From<Finding> for Refusal {
    fn from(finding: Finding) -> Refusal {
        Refusal::Finding(finding)
    }
}

fn boxed(finding: Diagnostic<FileSpan>) -> Finding {
    Box::new(finding)
}

fn finding(code: Code, at: FileSpan, message: String) -> Finding {
    boxed(Diagnostic::new(code, at, message))
}

fn expect_no_circle(requirement: &Requirement, place: &Place, way: &[Step]) -> Result<(), Finding> {
    let directory = resolved(&place.directory);
    let Some(first) = way.iter().position(|step| step.directory == directory) else { return Ok(()) };
    let names: Vec<&str> = way[first..].iter().map(|step| step.name.as_str()).collect();
    let circle = format!("{} -> {}", names.join(" -> "), names.first().copied().unwrap_or_default());
    Err(boxed(
        Diagnostic::new(Code::E0009, requirement.at, format!("packages are built on each other: {circle}"))
            .with_help("move what both need into a package of its own"),
    ))
}

fn other_name(requirement: &Requirement, name: &str) -> Finding {
    let mut finding = Diagnostic::new(
        Code::E0008,
        requirement.at,
        format!("the package there is called `{name}`, not `{}`", requirement.name),
    )
    .with_help("a dependency goes by the name of the package");
    finding.fix = Some(rdcl_base::Fix { at: requirement.at, replacement: name.to_owned() });
    boxed(finding)
}

fn two_versions(requirement: &Requirement, selector: &Selector, first: FileSpan, before: &Selector) -> Finding {
    let message = format!(
        "`{}` is asked for at {}, and at {} elsewhere",
        requirement.name,
        version_text(selector),
        version_text(before)
    );
    boxed(
        Diagnostic::new(Code::E0011, requirement.at, message)
            .with_label(first, "the other version is asked for here")
            .with_help("a program holds one version of a package; let both places ask for the same one"),
    )
}

fn version_text(selector: &Selector) -> String {
    selector.key().map_or_else(|| "no version".to_owned(), |(key, value)| format!("{key} `{value}`"))
}

/// A tag, branch or number that the repository does not have.
fn unknown(asked: &Requirement, url: &str, selector: &Selector, known: &[String]) -> Diagnostic<FileSpan> {
    let Some((key, text)) = selector.key() else {
        let message = format!("`{url}` offers no commit by itself");
        return Diagnostic::new(Code::E0012, asked.at, message).with_help("choose one by `rev`, `tag` or `branch`");
    };
    let what = if key == "rev" { "commit" } else { key };
    let finding = Diagnostic::new(Code::E0012, asked.chosen_at, format!("there is no {what} `{text}` in `{url}`"));
    let mut finding = finding.with_help(format!("see that the {what} is there"));
    if let Some(near) = nearest(text, known.iter().map(String::as_str)) {
        finding = finding.with_help(format!("did you mean `{near}`?")).with_fix(toml::Value::from(near).to_string());
    }
    finding
}

/// A directory without links; as it is where there is none.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A path without `.`, and with `..` only where it begins.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some_and(|name| name != "..") => _ = out.pop(),
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                out.push(component);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_normal() {
        let texts =
            ["./a/../b", "../a/./b", "a/../../c", "../../x"].map(|p| normal(Path::new(p)).display().to_string());
        assert_eq!(texts, ["b", "../a/b", "../c", "../../x"]);
    }
}
