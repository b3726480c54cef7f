//! `rdclc graph`: the nested service graph of each root, as a drawing or as objects.
//!
//! Standard output gets the whole of it or nothing: a drawing that lacks a package would not say so.

use crate::args::{self, Draw, Format, Style};
use crate::check::Checked;
use crate::exit::Exit;
use crate::json;
use crate::session::Session;
use rdcl_base::nearest;
use rdcl_graph::{Graph, dot, graph};
use rdcl_hir::{Instance, Loc, body, full_name, parts, place, short_name, subjects};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Runs the command.
pub fn draw(arguments: &args::Graph, style: Style) -> Exit {
    if style.format == Format::Json && arguments.draw == Draw::Dot {
        eprintln!("error: `--format json` and `--draw dot` both want standard output; use `--draw json`");
        return Exit::Usage;
    }
    let mut session = Session::start(style);
    let mut drawn = Drawn::default();
    for path in &arguments.paths {
        let checked = session.checked(path);
        if !checked.has_errors() {
            session.timed("drawing", path, |_| drawn.add(&checked, arguments));
        }
    }
    match &arguments.rfb {
        _ if session.exit != Exit::Fine => {}
        Some(wanted) if drawn.is_empty() => session.unknown_rfb(wanted, &drawn),
        Some(_) | None => session.show(&drawn, arguments.draw),
    }
    session.end()
}

/// The graphs asked for, in the form asked for.
#[derive(Default)]
struct Drawn {
    graphs: Vec<Graph>,
    objects: Vec<String>,
    /// The RFBs that could be drawn.
    names: Vec<String>,
    /// Those that nobody gives the arguments they need.
    unfilled: Vec<String>,
}

impl Drawn {
    fn add(&mut self, checked: &Checked, arguments: &args::Graph) {
        let wanted = match &arguments.rfb {
            Some(name) => named(checked, name),
            None => roots(checked),
        };
        let graphs = wanted.into_iter().map(|instance| graph(&checked.db, instance));
        match arguments.draw {
            Draw::Dot => self.graphs.extend(graphs),
            Draw::Json => {
                let known = RefCell::default();
                self.objects.extend(graphs.map(|graph| rdcl_graph::json(&graph, &|loc| shown(checked, loc, &known))));
            }
        }
        let (db, subjects) = (&checked.db, subjects(&checked.db, checked.package));
        let unfilled = rdcl_hir::checked(db, checked.package).iter().skip(subjects.len());
        self.names.extend(subjects.iter().map(|instance| short_name(db, *instance)));
        self.unfilled.extend(unfilled.map(|instance| short_name(db, *instance)));
    }

    fn is_empty(&self) -> bool {
        self.graphs.is_empty() && self.objects.is_empty()
    }
}

impl Session {
    fn show(&mut self, drawn: &Drawn, draw: Draw) {
        self.progress.hide();
        match draw {
            Draw::Dot => self.console.print(&dot(&drawn.graphs)),
            Draw::Json => {
                if self.console.format != Format::Json {
                    self.console.object(&json::version());
                }
                drawn.objects.iter().for_each(|object| self.console.print(&format!("{object}\n")));
            }
        }
    }

    fn unknown_rfb(&mut self, wanted: &str, drawn: &Drawn) {
        let message = if drawn.unfilled.iter().any(|name| name == wanted) {
            format!("`{wanted}` has parameters without a default, and no part gives them")
        } else {
            let near = nearest(wanted, drawn.names.iter().map(String::as_str));
            let help = near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            format!("there is no RFB `{wanted}`{help}")
        };
        self.console.note(&format!("error: {message}"));
        self.exit = self.exit.and(Exit::Usage);
    }
}

/// The subjects that are no part of another.
fn roots(checked: &Checked) -> Vec<Instance<'_>> {
    let (db, subjects) = (&checked.db, subjects(&checked.db, checked.package));
    let owners = subjects.iter().filter_map(|subject| body(db, *subject).owner());
    let groups = owners.flat_map(|owner| &parts(db, owner).groups);
    let inner: HashSet<Instance<'_>> = groups.map(|group| group.instance).collect();
    subjects.iter().copied().filter(|subject| !inner.contains(subject)).collect()
}

/// The subjects of this name, with or without arguments.
fn named<'a>(checked: &'a Checked, name: &str) -> Vec<Instance<'a>> {
    let db = &checked.db;
    let is_named = |subject: &Instance<'_>| short_name(db, *subject) == name || full_name(db, *subject) == name;
    subjects(db, checked.package).iter().copied().filter(is_named).collect()
}

/// `file:line:column`; the parts of an array have one place.
fn shown(checked: &Checked, loc: Loc, known: &RefCell<HashMap<Loc, String>>) -> String {
    let find = || checked.sources.place(place(&checked.db, loc));
    known.borrow_mut().entry(loc).or_insert_with(find).clone()
}
