//! The machine format: one JSON object per line, as `docs/json-format.md` describes. Additive changes only.

use crate::outcome::{Answer, Conclusion, Copy, Crossing, Entry, PropertyResult, Trace};
use crate::packet;
use crate::place::{Crossed, PlacementResult};
use crate::testing::{Failure, Report};
use rdcl_base::{Diagnostic, FileSpan, Sources};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The first line of every output.
pub fn version() -> Value {
    json!({"type": "version", "format_version": "1.0"})
}

/// A diagnostic.
pub fn diagnostic(diagnostic: &Diagnostic<FileSpan>, sources: &Sources) -> Value {
    let related = diagnostic.secondary.iter().map(|l| json!({"at": sources.place(l.at), "message": l.message}));
    let fix = diagnostic
        .fix
        .as_ref()
        .map(|f| json!({"at": sources.place(f.at), "end": sources.end_place(f.at), "replacement": f.replacement}));
    json!({
        "type": "diagnostic",
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity.word(),
        "message": diagnostic.message,
        "at": sources.place(diagnostic.primary),
        "end": sources.end_place(diagnostic.primary),
        "help": diagnostic.help,
        "related": related.collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "fix": fix,
    })
}

/// A file that is not as the formatter sets it, or was not until now.
pub fn formatted(path: &str, written: bool, diff: Option<&str>) -> Value {
    json!({"type": "formatted", "path": path, "written": written, "diff": diff})
}

/// A file that fixes have changed.
pub fn fixed(path: &str, fixes: usize) -> Value {
    json!({"type": "fixed", "path": path, "fixes": fixes})
}

/// A test: its name, its block, where it begins, and what is other than expected.
pub fn test(test: (&str, &str, &str), failures: &[Failure], sources: &Sources) -> Value {
    let (name, block, at) = test;
    let failure = |failure: &Failure| {
        json!({
            "at": sources.place(failure.at),
            "sent": failure.sent,
            "expected": failure.expected,
            "found": failure.found,
        })
    };
    json!({
        "type": "test",
        "name": name,
        "block": block,
        "at": at,
        "result": if failures.is_empty() { "passed" } else { "failed" },
        "failures": failures.iter().map(failure).collect::<Vec<_>>(),
    })
}

/// What tests have taken of a package.
pub fn coverage(package: &Path, report: &Report, sources: &Sources) -> Value {
    let counts = report.counts.iter().map(|(kind, (taken, of))| {
        let (name, value) = (format!("{}s", kind.word()), json!({"taken": taken, "of": of}));
        (name, value)
    });
    let never = report.never.iter().map(|never| {
        json!({
            "kind": never.kind.word(),
            "at": sources.place(never.at),
            "which": Some(&never.which).filter(|which| !which.is_empty()),
        })
    });
    let mut object: Map<String, Value> = counts.collect();
    object.insert("type".into(), json!("coverage"));
    object.insert("package".into(), json!(package.to_string_lossy()));
    object.insert("never".into(), never.collect());
    Value::Object(object)
}

/// How many tests came out how.
pub fn test_summary(passed: usize, failed: usize, left_out: usize) -> Value {
    json!({"type": "test_summary", "passed": passed, "failed": failed, "left_out": left_out})
}

/// A verdict.
pub fn verdict(result: &PropertyResult) -> Value {
    let (witness, reason) = match &result.result {
        Conclusion::Violated(trace) => (Some(witness(trace)), None),
        Conclusion::Undecided(reason) => (None, Some(reason)),
        Conclusion::Proved | Conclusion::Assumed => (None, None),
    };
    json!({
        "type": "verdict",
        "property": result.property,
        "at": result.at,
        "result": result.result.word(),
        "assumes": result.assumes,
        "refused": result.refused,
        "reason": reason,
        "witness": witness,
        "stats": {"states": result.stats.states, "solver_calls": result.stats.solver_calls},
    })
}

/// An answer to a query.
pub fn answer(answer: &rdcl_hir::Answer, at: &str) -> Value {
    json!({
        "type": "answer",
        "query": answer.query,
        "at": at,
        "from": answer.from,
        "item": answer.item,
        "values": answer.values,
    })
}

/// A placement.
pub fn placement(result: &PlacementResult) -> Value {
    let instance =
        |(name, ree, chosen): &(String, String, Option<String>)| (name.clone(), json!({"ree": ree, "impl": chosen}));
    let hop = |crossed: &Crossed| json!({"link": crossed.link, "from": crossed.from, "to": crossed.to});
    let routes = result.routes.iter().map(|(wire, way)| (wire.clone(), way.iter().map(hop).collect()));
    let levels = result.levels.iter().map(|level| {
        json!({"sla": level.sla, "measure": level.measure, "op": level.op, "limit": level.limit, "value": level.reached})
    });
    let flows = result.flows.iter().map(|kpi| {
        let values = json!({
            "delay": kpi.delay,
            "bandwidth": kpi.bandwidth,
            "packet_rate": kpi.packet_rate,
            "loss": kpi.loss,
            "availability": kpi.availability,
        });
        (kpi.flow.clone(), values)
    });
    json!({
        "type": "placement",
        "deploy": result.deploy,
        "minimize": result.objective,
        "objective": result.value,
        "bound": result.bound,
        "gap": result.gap(),
        "instances": Value::Object(result.instances.iter().map(instance).collect()),
        "routes": Value::Object(routes.collect()),
        "levels": levels.collect::<Vec<_>>(),
        "flows": Value::Object(flows.collect()),
    })
}

/// Whether some packet crosses.
pub fn crossing(crossing: &Crossing) -> Value {
    let (result, trace, reason) = match &crossing.answer {
        Answer::Reachable(trace) => ("reachable", Some(witness(trace)), None),
        Answer::Unreachable => ("unreachable", None, None),
        Answer::Undecided(reason) => ("undecided", None, Some(reason)),
    };
    json!({
        "type": "reachability",
        "rfb": crossing.rfb,
        "from": crossing.from,
        "to": crossing.to,
        "result": result,
        "reason": reason,
        "witness": trace,
    })
}

/// The most packets of a history that are written; a map is filled with tens of thousands. A capture file has them all.
const MOST_HISTORY: usize = 1_000;

/// A file that was built.
pub fn artifact(target: &str, path: &Path, sha256: &str) -> Value {
    json!({"type": "artifact", "target": target, "path": path.to_string_lossy(), "sha256": sha256})
}

/// A line of a built file, and from where to where a statement stands that it is there because of, or stood if the file has
/// changed since.
pub fn origin(artifact: &str, (at, end): (&str, &str), changed: bool) -> Value {
    json!({"type": "origin", "artifact": artifact, "at": at, "end": end, "changed": changed})
}

fn witness(trace: &Trace) -> Value {
    let mut object = entry(&trace.packet);
    object.insert("path".into(), trace.telling_copies().next().map_or_else(|| json!([]), path));
    object.insert("outcome".into(), json!(trace.outcome));
    object.insert("minimal".into(), json!(trace.minimal));
    let history = trace.history.iter().take(MOST_HISTORY).map(|e| Value::Object(entry(e)));
    object.insert("history".into(), history.collect());
    object.insert("history_length".into(), json!(trace.history.len()));
    Value::Object(object)
}

fn entry(entry: &Entry) -> Map<String, Value> {
    let fields = entry.fields.iter().map(|(field, value)| {
        let shown = if packet::is_address(*field) { json!(packet::value(*field, *value)) } else { number(*value) };
        (field.to_string(), shown)
    });
    let choices = entry.choices.iter().map(|(name, value)| json!({"name": name, "value": number(*value)}));
    let mut object = Map::new();
    object.insert("port".into(), json!(entry.port));
    object.insert("time".into(), json!(entry.now));
    object.insert("packet".into(), Value::Object(fields.collect()));
    object.insert("hex".into(), json!(packet::hex(&entry.bytes)));
    object.insert("choices".into(), choices.collect());
    object.insert("path".into(), entry.copies.first().map_or_else(|| json!([]), path));
    let copies = entry.copies.iter().map(|c| json!({"outcome": c.outcome, "path": path(c)}));
    object.insert("copies".into(), copies.collect());
    object
}

fn path(copy: &Copy) -> Value {
    let place = |at: &str| if at.is_empty() { Value::Null } else { json!(at) };
    copy.hops.iter().map(|hop| json!({"port": hop.port, "at": place(&hop.at)})).collect()
}

/// A number; as a decimal string beyond 64 bits.
fn number(value: u128) -> Value {
    u64::try_from(value).map_or_else(|_| json!(value.to_string()), |v| json!(v))
}
