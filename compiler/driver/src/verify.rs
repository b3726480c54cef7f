//! From a checked package to verdicts: every property of every subject, with its place and its witness's source lines.

use crate::check::Checked;
use crate::outcome::{Answer, Conclusion, Crossing, PropertyResult, Trace};
use crate::trace::Tracer;
use rdcl_base::{Code, Diagnostic, FileSpan, Sources};
use rdcl_hir::{Database, Instance, Loc, full_name, place, properties, property_places, short_name, subjects};
use rdcl_verify::{Options, Outcome, Verdict, Witness, reachability, verdicts, verdicts_on};
use std::collections::BTreeSet;

/// What verification found.
#[derive(Debug, Default)]
pub struct Verified {
    /// A result for each property.
    pub results: Vec<PropertyResult>,
    /// What is wrong with the properties themselves.
    pub findings: Vec<Diagnostic<FileSpan>>,
}

/// Verifies all subjects, or only the property of this name; says which subject it is at.
pub fn verify(checked: &Checked, options: &Options, only: Option<&str>, progress: &mut dyn FnMut(&str)) -> Verified {
    let mut verified = Verified::default();
    for (name, instance) in named_subjects(checked) {
        let property = only.map(|wanted| wanted.strip_prefix(&format!("{name}.")));
        if property == Some(None) {
            continue;
        }
        progress(&name);
        let subject = Subject { checked, instance, name: &name };
        let found = match property.flatten() {
            Some(property) => verdicts_on(&checked.db, instance, *options, property.to_owned()),
            None => verdicts(&checked.db, instance, *options),
        };
        for verdict in found {
            verified.results.push(subject.result(verdict));
            verified.findings.extend(subject.findings(verdict));
        }
    }
    verified
}

/// The names of all properties, for those who misspell one.
pub fn property_names(checked: &Checked) -> Vec<String> {
    let of_subject = |(name, instance): (String, Instance<'_>)| -> Vec<String> {
        properties(&checked.db, instance).iter().map(|p| format!("{name}.{}", p.name)).collect()
    };
    named_subjects(checked).into_iter().flat_map(of_subject).collect()
}

/// For each ordered pair of boundary ports of each root whether some packet crosses.
pub fn crossings(checked: &Checked, options: &Options, progress: &mut dyn FnMut(&str)) -> Vec<Crossing> {
    let roots = named_subjects(checked).into_iter().filter(|(_, instance)| is_root(checked, *instance));
    let of_root = |(name, instance): (String, Instance<'_>)| -> Vec<Crossing> {
        progress(&name);
        let tracer = Tracer { checked, instance };
        let found = reachability(&checked.db, instance, *options).iter();
        let crossing = found.map(|r| Crossing {
            rfb: name.clone(),
            from: r.from.clone(),
            to: r.to.clone(),
            answer: match (&r.witness, &r.undecided) {
                (Some(witness), _) => Answer::Reachable(Box::new(tracer.trace(witness, None))),
                (None, Some(reason)) => Answer::Undecided(reason.clone()),
                (None, None) => Answer::Unreachable,
            },
        });
        crossing.collect()
    };
    roots.flat_map(of_root).collect()
}

/// Whether no subject has the instance as a part.
fn is_root(checked: &Checked, instance: Instance<'_>) -> bool {
    let db = &checked.db;
    subjects(db, checked.package).iter().all(|subject| !is_part(db, *subject, instance))
}

fn is_part<'db>(db: &'db Database, whole: Instance<'db>, part: Instance<'db>) -> bool {
    let owner = rdcl_hir::body(db, whole).owner();
    owner.is_some_and(|owner| rdcl_hir::parts(db, owner).groups.iter().any(|group| group.instance == part))
}

/// Subjects by name: the RFB's, and its arguments too where several subjects are of one RFB.
fn named_subjects(checked: &Checked) -> Vec<(String, Instance<'_>)> {
    let db = &checked.db;
    let subjects = subjects(db, checked.package);
    let mut seen = BTreeSet::new();
    let several: BTreeSet<String> =
        subjects.iter().map(|s| short_name(db, *s)).filter(|name| !seen.insert(name.clone())).collect();
    let name = |instance: &Instance<'_>| {
        let short = short_name(db, *instance);
        if several.contains(&short) { full_name(db, *instance) } else { short }
    };
    subjects.iter().map(|instance| (name(instance), *instance)).collect()
}

/// A subject under verification.
struct Subject<'a> {
    checked: &'a Checked,
    instance: Instance<'a>,
    name: &'a str,
}

impl Subject<'_> {
    fn result(&self, verdict: &Verdict) -> PropertyResult {
        let result = match &verdict.result {
            Outcome::Proved => Conclusion::Proved,
            Outcome::Violated(witness) => Conclusion::Violated(Box::new(self.trace(verdict, witness))),
            Outcome::Undecided(reason) => Conclusion::Undecided(reason.clone()),
            Outcome::Vacuous => Conclusion::Undecided("no packet satisfies its premise".to_owned()),
            Outcome::Assumed => Conclusion::Assumed,
        };
        PropertyResult {
            property: format!("{}.{}", self.name, verdict.property),
            group: self.group(verdict),
            at: self.sources().place(self.place(verdict)),
            result,
            assumes: verdict.assumes.clone(),
            refused: false,
            stats: verdict.stats,
        }
    }

    fn trace(&self, verdict: &Verdict, witness: &Witness) -> Trace {
        let property = verdict.index.and_then(|i| properties(&self.checked.db, self.instance).get(i));
        let tracer = Tracer { checked: self.checked, instance: self.instance };
        let mut trace = tracer.trace(witness, property);
        if property.is_none() && verdict.property.ends_with(".invariant") {
            trace.outcome = "leaves an entry that breaks it".to_owned();
        }
        trace
    }

    fn group(&self, verdict: &Verdict) -> Option<String> {
        let inherited = verdict.property.rsplit_once('.').filter(|_| verdict.index.is_some());
        if let Some((parent, _)) = inherited {
            return Some(format!("{}.{parent}.*", self.name));
        }
        let file = self.instance.rfb(&self.checked.db).file(&self.checked.db);
        let of_library = self.checked.package.std(&self.checked.db).contains(&file);
        of_library.then(|| format!("{}.*", self.name))
    }

    /// A premise that nothing satisfies is an error in the contract; a remark is a warning.
    fn findings(&self, verdict: &Verdict) -> Vec<Diagnostic<FileSpan>> {
        let (at, name) = (self.place(verdict), &verdict.property);
        let vacuous = matches!(verdict.result, Outcome::Vacuous).then(|| {
            Diagnostic::new(Code::E0601, at, format!("no packet satisfies the premise of `{}.{name}`", self.name))
                .with_help("a promise about no packet promises nothing; check its `when` against the port's type and what is assumed")
        });
        let remarks = verdict.remarks.iter().map(|remark| {
            Diagnostic::new(Code::W0601, at, format!("`{}.{name}`: {remark}", self.name))
                .with_help("the promise holds because nothing arrives; is that what is meant?")
        });
        vacuous.into_iter().chain(remarks).collect()
    }

    fn sources(&self) -> &Sources {
        &self.checked.sources
    }

    /// Where the property is promised; an obligation of a state map is the whole RFB's.
    fn place(&self, verdict: &Verdict) -> FileSpan {
        let db = &self.checked.db;
        let written = verdict.index.and_then(|i| property_places(db, self.instance).get(i).copied());
        let item = self.instance.rfb(db);
        place(db, written.unwrap_or(Loc::Text(item.file(db), item.id(db), rdcl_base::Span::default())))
    }
}
