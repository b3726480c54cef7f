//! `rdclc build`: check, verify, place, plan, emit; then files, whole or not at all.
//!
//! Nothing is written unless everything asked for can be: an error, a violated promise or an undecided one stops all.

use crate::args::{self, Allowed, Format, Style};
use crate::check::Checked;
use crate::exit::Exit;
use crate::place::{Placed, placed};
use crate::session::Session;
use crate::{files, json, paths, without};
use rdcl_base::{Diagnostic, FileSpan, Sources};
use rdcl_emit::{Artifact, Place, heat, provenance};
use rdcl_hir::{Loc, place};
use rdcl_plan::{Plan, plan};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A deployment, built.
#[derive(Debug)]
pub struct Built {
    /// Its name.
    pub deploy: String,
    /// Its files; none if no part of it runs where files are made for.
    pub artifacts: Vec<Artifact>,
    /// Why there are none.
    pub nothing: Option<String>,
    /// What is lost, and what cannot be built.
    pub findings: Vec<Diagnostic<FileSpan>>,
}

/// The files of a placed deployment; `root` leads from their directory to that of the package.
pub fn built(checked: &Checked, placed: &Placed<'_>, root: &str) -> Built {
    let (plan, problems) = plan(&checked.db, placed.deployment, &placed.placement);
    let places = |loc| place_of(checked, loc);
    let mut artifacts = heat(&plan, &places);
    without::give_reasons(&checked.db, placed, &plan, &mut artifacts, &places);
    if !artifacts.is_empty() {
        artifacts.push(provenance(&artifacts, root, &places, &|name| text_of(checked, name)));
    }
    let nothing = artifacts.is_empty().then(|| nothing_for(&plan));
    let mut findings: Vec<_> = problems.into_iter().map(|p| p.map(|loc| place(&checked.db, loc))).collect();
    findings.sort_by_key(|d| d.primary);
    Built { deploy: plan.deploy, artifacts, nothing, findings }
}

/// Where a statement stands in the text. Its file is named from the directory of the package on: what is built does not
/// depend on where that is, nor on how it was called.
fn place_of(checked: &Checked, loc: Loc) -> Place {
    let (at, sources): (FileSpan, &Sources) = (place(&checked.db, loc), &checked.sources);
    Place {
        file: within(checked, sources.name(at.file)).to_owned(),
        start: sources.line_column(at.file, at.span.start),
        end: sources.line_column(at.file, at.span.end),
    }
}

/// The name of a file from the directory of the package on; that of one elsewhere stays.
fn within<'n>(checked: &Checked, name: &'n str) -> &'n str {
    Path::new(name).strip_prefix(&checked.root).ok().and_then(Path::to_str).unwrap_or(name)
}

/// The text of a file that is named so.
fn text_of<'a>(checked: &'a Checked, wanted: &str) -> Option<&'a str> {
    checked.sources.files().find(|(name, _)| within(checked, name) == wanted).map(|(_, text)| text)
}

/// `nothing for heat: every part of `edge` runs on kvm`
fn nothing_for(plan: &Plan) -> String {
    let kinds: BTreeSet<&str> = plan.used.iter().map(|(_, kind)| kind.as_str()).collect();
    let runs = match kinds.iter().copied().collect::<Vec<_>>()[..] {
        [] => return format!("nothing for heat: `{}` has no parts", plan.deploy),
        ["openstack"] => "is without a wire".to_owned(),
        _ => {
            format!("runs on {}", kinds.iter().filter(|k| **k != "openstack").copied().collect::<Vec<_>>().join(" or "))
        }
    };
    format!("nothing for heat: every part of `{}` {runs}", plan.deploy)
}

/// The command.
pub fn command(arguments: &args::Build, style: Style) -> Exit {
    let mut session = Session::start(style);
    session.allowed =
        arguments.allow.iter().filter_map(|a| if let Allowed::Code(c) = a { Some(*c) } else { None }).collect();
    let mut all: Vec<(PathBuf, Artifact)> = Vec::new();
    for path in &arguments.paths {
        let checked = session.checked(path);
        if checked.has_errors() {
            continue;
        }
        if let Some(results) = session.proved(path, &checked, arguments.allow.contains(&Allowed::Undecided)) {
            session.assumptions(&results);
            all.extend(session.built(path, &checked, arguments));
        }
    }
    if let Some(path) = twice(&all) {
        session.console.note(&format!("error: `{}` would be written twice; build one at a time", path.display()));
        session.exit = session.exit.and(Exit::Usage);
    }
    if session.exit == Exit::Fine {
        session.written(&arguments.output, &all);
    }
    session.end()
}

/// The folder of one package of several: named like its directory, or like a lone program's file.
fn folder_of(path: &Path) -> PathBuf {
    let path = paths::whole(path);
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map(PathBuf::from).unwrap_or_default()
}

/// A path that two files have: packages or deployments of one name.
fn twice(all: &[(PathBuf, Artifact)]) -> Option<&Path> {
    let mut seen = BTreeSet::new();
    all.iter().map(|(path, _)| path.as_path()).find(|path| !seen.insert(*path))
}

impl Session {
    /// The files of every deployment asked for, each below the directory it gets.
    fn built(&mut self, path: &Path, checked: &Checked, arguments: &args::Build) -> Vec<(PathBuf, Artifact)> {
        let placements = match self.timed("placing", path, |_| placed(checked, arguments.deploy.as_deref())) {
            Ok(placements) => placements,
            Err(nothing) => {
                self.progress.hide();
                self.console.note(&format!("error: {}: {nothing}", path.display()));
                self.exit = self.exit.and(nothing.exit());
                return Vec::new();
            }
        };
        self.report(&placements.findings, checked);
        let several = placements.placed.len() > 1;
        let package = if arguments.paths.len() > 1 { folder_of(path) } else { PathBuf::new() };
        let mut all = Vec::new();
        for placed in &placements.placed {
            let folder = if several { package.join(&placed.deployment.name) } else { package.clone() };
            let root = paths::between(&arguments.output.join(&folder), &checked.root);
            let built = self.timed("building", path, |_| built(checked, placed, &root));
            self.report(&built.findings, checked);
            built.nothing.iter().for_each(|sentence| self.console.note(sentence));
            all.extend(built.artifacts.into_iter().map(|a| (folder.join(&a.path), a)));
        }
        all
    }

    fn written(&mut self, output: &Path, all: &[(PathBuf, Artifact)]) {
        self.progress.hide();
        let contents: Vec<(&Path, &[u8])> = all.iter().map(|(path, a)| (path.as_path(), a.bytes.as_slice())).collect();
        if let Err(error) = files::write_all(output, &contents) {
            self.console.note(&format!("error: {error}"));
            self.exit = self.exit.and(Exit::Environment);
            return;
        }
        for (path, artifact) in all {
            let path = output.join(path);
            match self.console.format {
                Format::Json => self.console.object(&json::artifact("heat", &path, &artifact.sha256())),
                Format::Human | Format::Short => self.console.print(&format!("{}\n", path.display())),
            }
        }
    }
}
