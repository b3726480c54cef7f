//! `rdclc run`: a deployment's guests, booted, with the packets of captures passed through them.
//!
//! What runs is what was proved: the same programs, and nothing at all when a promise of theirs is broken.

use crate::args::{self, BackendChoice, Format, Style};
use crate::check::Checked;
use crate::counts;
use crate::exit::Exit;
use crate::place::{Placed, placed};
use crate::session::Session;
use crate::traffic::{Traffic, TrafficError};
use rdcl_abi::RingShape;
use rdcl_base::{Code, Diagnostic, FileSpan};
use rdcl_codegen::NotBootable;
use rdcl_core::{InstrId, PartId};
use rdcl_hir::{Deployment, Loc, leaf_origins, leaf_program, network, place, structure, wiring};
use rdcl_host::{Backend, BootError, InProcess, Service};
use rdcl_plan::{GuestPlan, plan};
use rdcl_vmm::Hypervisor;
use serde_json::json;

/// The command.
pub fn command(arguments: &args::Run, style: Style) -> Exit {
    let mut session = Session::start(style);
    let checked = session.checked(&arguments.path);
    if !checked.has_errors() {
        match session.proved(&arguments.path, &checked, false) {
            Some(_) => session.deployed(&checked, arguments),
            None => session.console.note("error: nothing is booted, since not every promise is proved"),
        }
    }
    session.end()
}

impl Session {
    /// Places the deployment asked for, boots what of it runs on this kind of host, and passes packets.
    fn deployed(&mut self, checked: &Checked, arguments: &args::Run) {
        let placements = match placed(checked, arguments.deploy.as_deref()) {
            Ok(placements) => placements,
            Err(nothing) => {
                self.progress.hide();
                self.console.note(&format!("error: {nothing}"));
                self.exit = self.exit.and(nothing.exit());
                return;
            }
        };
        self.report(&placements.findings, checked);
        let running = placements.placed.iter().map(|placed| (placed, guests(checked, placed)));
        let running: Vec<(&Placed<'_>, Vec<GuestPlan>)> = running.filter(|(_, guests)| !guests.is_empty()).collect();
        match &running[..] {
            _ if self.exit != Exit::Fine => {}
            [] => self.nothing_to_boot(&placements.placed),
            [(placed, guests)] => self.boot(checked, placed.deployment, guests, arguments),
            several => {
                let names: Vec<&str> = several.iter().map(|(placed, _)| placed.deployment.name.as_str()).collect();
                self.usage(&format!("say which deployment to run with `--deploy`: {}", names.join(", ")));
            }
        }
    }

    fn nothing_to_boot(&mut self, placed: &[Placed<'_>]) {
        let names: Vec<&str> = placed.iter().map(|placed| placed.deployment.name.as_str()).collect();
        self.usage(&format!("nothing to boot: no part of `{}` runs on kvm", names.join("`, `")));
    }

    fn usage(&mut self, message: &str) {
        self.progress.hide();
        self.console.note(&format!("error: {message}"));
        self.exit = self.exit.and(Exit::Usage);
    }

    /// Boots guests and passes the packets.
    fn boot(&mut self, checked: &Checked, deployment: &Deployment<'_>, guests: &[GuestPlan], arguments: &args::Run) {
        let Some(backend) = self.backend(arguments.backend) else { return };
        let network = network(&checked.db, deployment.instance);
        let parts: Vec<PartId> = guests.iter().map(|guest| guest.part).collect();
        let booted = self.timed("booting", &arguments.path, |_| {
            Service::boot(network, &parts, backend.as_ref(), RingShape::default())
        });
        match booted {
            Ok(mut service) => match Traffic::read(&service, &arguments.pcap_in, &arguments.pcap_out) {
                Ok(mut traffic) => {
                    self.booted(backend.name(), checked, deployment, guests);
                    let passed =
                        self.timed("passing", &arguments.path, |_| traffic.pass(&mut service, arguments.count));
                    self.counted(checked, deployment, &service);
                    self.ended(passed.and_then(|()| traffic.write()));
                }
                Err(error) => self.ended(Err(error)),
            },
            Err(error) => self.not_booted(checked, deployment, error),
        }
    }

    /// What runs guests; none where what was asked for is not there.
    fn backend(&mut self, choice: BackendChoice) -> Option<Box<dyn Backend>> {
        if choice == BackendChoice::Native {
            return Some(Box::new(InProcess));
        }
        match Hypervisor::open() {
            Ok(hypervisor) => Some(Box::new(hypervisor)),
            Err(unavailable) if choice == BackendChoice::Auto => {
                self.progress.hide();
                self.console.note(&format!("note: {unavailable}; guests run in this process, without walls"));
                Some(Box::new(InProcess))
            }
            Err(unavailable) => {
                self.progress.hide();
                self.console.note(&format!("error: {unavailable}; `--backend native` needs no KVM"));
                self.exit = self.exit.and(Exit::Environment);
                None
            }
        }
    }

    fn booted(&mut self, backend: &str, checked: &Checked, deployment: &Deployment<'_>, guests: &[GuestPlan]) {
        self.progress.hide();
        let name = |guest: &GuestPlan| counts::guest_name(checked, deployment.instance, &guest.path);
        let names: Vec<String> = guests.iter().map(name).collect();
        match self.console.format {
            Format::Json => self
                .console
                .object(&json!({"type": "run", "deploy": deployment.name, "backend": backend, "guests": names})),
            Format::Human | Format::Short => {
                self.console.print(&format!("booted {} on {backend}: {}\n", deployment.name, names.join(", ")));
            }
        }
    }

    fn counted(&mut self, checked: &Checked, deployment: &Deployment<'_>, service: &Service) {
        self.progress.hide();
        let report = service.report();
        if report.parts.iter().any(|part| part.death.is_some()) {
            self.exit = self.exit.and(Exit::Findings);
        }
        match self.console.format {
            Format::Json => {
                let objects = counts::objects(checked, deployment.instance, &report);
                objects.iter().for_each(|object| self.console.object(object));
            }
            Format::Human | Format::Short => {
                let text = counts::human(checked, deployment.instance, &report, self.console.out_color);
                self.console.print(&text);
            }
        }
    }

    fn ended(&mut self, passed: Result<(), TrafficError>) {
        let Err(error) = passed else { return };
        self.progress.hide();
        self.console.note(&format!("error: {error}"));
        self.exit = self.exit.and(error.exit());
    }

    fn not_booted(&mut self, checked: &Checked, deployment: &Deployment<'_>, error: BootError) {
        match error {
            BootError::NotBootable { .. } => self.report(&reasons(checked, deployment, &error), checked),
            BootError::Backend { .. } => {
                self.progress.hide();
                self.console.note(&format!("error: {error}"));
                self.exit = self.exit.and(Exit::Environment);
            }
        }
    }
}

/// Why a placed deployment's guests do not boot, found by booting them in this process.
pub fn boot_findings(checked: &Checked, placed: &Placed<'_>) -> Vec<Diagnostic<FileSpan>> {
    let parts: Vec<PartId> = guests(checked, placed).iter().map(|guest| guest.part).collect();
    let network = network(&checked.db, placed.deployment.instance);
    let booted = Service::boot(network, &parts, &InProcess, RingShape::default());
    booted.err().map_or_else(Vec::new, |error| reasons(checked, placed.deployment, &error))
}

/// What keeps a part from being a guest, each where it is written.
fn reasons(checked: &Checked, deployment: &Deployment<'_>, error: &BootError) -> Vec<Diagnostic<FileSpan>> {
    match error {
        BootError::NotBootable { part, path, reasons } => {
            let subject = Unbootable { checked, deployment, part: *part, path };
            reasons.iter().map(|reason| subject.finding(reason)).collect()
        }
        BootError::Backend { .. } => Vec::new(),
    }
}

/// What of a placement runs on this kind of host.
fn guests(checked: &Checked, placed: &Placed<'_>) -> Vec<GuestPlan> {
    plan(&checked.db, placed.deployment, &placed.placement).0.guests
}

/// What to do about it, if anything.
fn help(reason: &NotBootable) -> Option<&'static str> {
    match reason {
        NotBootable::OpenChoice { .. } => Some("say who decides: `by first`, `by hash` or `by lru`"),
        NotBootable::Assume { .. } => Some("an assumption makes a specification; write what the block does instead"),
        NotBootable::Resolver { .. } => Some("`by first` and `by hash` need no order; `by lru` is for narrow values"),
        NotBootable::TooManyCopies { .. } => Some("forks with fewer arms, or fewer ports to flood, make fewer copies"),
        NotBootable::TooMuchState { .. } => Some("a smaller capacity fits a guest"),
        NotBootable::TooManyRows { .. } => Some("a smaller table fits a guest"),
        NotBootable::TooMuchStack { .. } | NotBootable::Compiler(_) => {
            Some("split the block into several that are wired one after the other")
        }
        NotBootable::TooManyHeaders { .. } | NotBootable::TooMuchGrowth { .. } => {
            Some("a block that adds fewer or shorter headers fits a guest")
        }
        NotBootable::Fault(_) | NotBootable::MissingTable { .. } | NotBootable::Row { .. } => None,
    }
}

/// A part that cannot be a guest.
struct Unbootable<'a> {
    checked: &'a Checked,
    deployment: &'a Deployment<'a>,
    part: PartId,
    path: &'a str,
}

impl Unbootable<'_> {
    fn finding(&self, reason: &NotBootable) -> Diagnostic<FileSpan> {
        let (code, at) = match reason {
            NotBootable::OpenChoice { at, .. } => (Code::E1101, self.origin(*at)),
            NotBootable::Assume { at } => (Code::E1102, self.origin(*at)),
            NotBootable::Resolver { at, .. } => (Code::E1103, self.origin(*at)),
            NotBootable::Fault(_)
            | NotBootable::TooManyCopies { .. }
            | NotBootable::TooMuchStack { .. }
            | NotBootable::TooMuchState { .. }
            | NotBootable::TooManyRows { .. }
            | NotBootable::TooManyHeaders { .. }
            | NotBootable::TooMuchGrowth { .. }
            | NotBootable::MissingTable { .. }
            | NotBootable::Row { .. }
            | NotBootable::Compiler(_) => (Code::E1103, None),
        };
        let at = at.unwrap_or_else(|| self.part_place());
        let found = Diagnostic::new(code, at, format!("`{}` cannot be booted: {reason}", self.path));
        match help(reason) {
            Some(help) => found.with_help(help),
            None => found,
        }
    }

    /// Where an instruction is written.
    fn origin(&self, at: InstrId) -> Option<FileSpan> {
        let db = &self.checked.db;
        let (_, leaf) = structure(db, self.deployment.instance).parts.get(self.part.0 as usize)?;
        let ops = leaf_program(db, *leaf).blocks.get(at.block.index())?.ops.len() as u32;
        let origins = leaf_origins(db, *leaf);
        let loc = origins.get(at).or_else(|| origins.get(InstrId { index: ops, ..at }))?;
        Some(place(db, loc))
    }

    /// Where the part is declared, or the deployment.
    fn part_place(&self) -> FileSpan {
        let db = &self.checked.db;
        let declared = wiring(db, self.deployment.instance).parts.get(self.part.0 as usize);
        let loc: Loc = declared.and_then(|places| places.last().copied()).unwrap_or(self.deployment.place);
        place(db, loc)
    }
}
