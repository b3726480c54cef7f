//! Paths in the machine format.

use super::{Shown, compat_counts};
use rdcl_sefl::{HeaderField, Metadata, Options, Outcome, Path};
use serde_json::{Map, Value, json};

/// A path.
pub fn path(number: usize, path: &Path, shown: &Shown<'_>) -> Value {
    let tags: Map<String, Value> = path.tags.iter().map(|(tag, at)| (tag.clone(), json!(at))).collect();
    let metadata = |m: &Metadata| json!({"name": m.name, "width": m.width, "value": m.value, "number": m.number.map(self::number)});
    let field = |f: &HeaderField| {
        let number = f.number.map(self::number);
        json!({"at": f.at, "name": f.name, "width": f.width, "value": f.value, "number": number})
    };
    let model: Map<String, Value> =
        path.model.iter().map(|(name, value)| (name.clone(), self::number(*value))).collect();
    let mut object = json!({
        "type": "path",
        "path": number,
        "outcome": path.outcome.word(),
        "at": shown.place(path),
        "message": path.message,
        "code": path.code.map(|code| code.as_str()),
        "help": path.help,
        "ports": path.ports,
        "condition": path.condition,
        "model": model,
        "tags": tags,
        "metadata": path.metadata.iter().map(metadata).collect::<Vec<_>>(),
        "fields": path.fields.iter().map(field).collect::<Vec<_>>(),
    });
    if shown.options.trace {
        let step = |(node, text): &(rdcl_base::NodeId, String)| json!({"at": shown.sources.place(shown.at(*node)), "did": text});
        object["trace"] = path.trace.iter().map(step).collect();
    }
    object
}

/// How many paths ended how.
pub fn summary(summary: &[(Outcome, usize)], options: &Options) -> Value {
    let mut object = json!({"type": "summary"});
    for (outcome, count) in summary {
        object[outcome.word()] = json!(count);
    }
    if options.compat {
        let (ok, failed) = compat_counts(summary);
        object["ok"] = json!(ok);
        object["failed"] = json!(failed);
    }
    object
}

/// A number; as a decimal string beyond 64 bits.
fn number(value: u128) -> Value {
    u64::try_from(value).map_or_else(|_| json!(value.to_string()), |v| json!(v))
}
