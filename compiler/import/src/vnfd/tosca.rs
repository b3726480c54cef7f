//! TOSCA templates of ETSI GS NFV-SOL 001, and of the older simple profile for NFV.

use super::Reader;
use crate::yaml::Value;

/// How many steps of `derived_from` are followed.
const LONGEST_LINEAGE: usize = 16;

/// Reads one, if it is one.
pub(super) fn read(root: Value<'_>, reader: &mut Reader) -> bool {
    if root.get("tosca_definitions_version").is_none() {
        return false;
    }
    reader.descriptor.format = "SOL001";
    let topology = root.get("topology_template");
    let templates = || topology.and_then(|t| t.get("node_templates")).into_iter().flat_map(Value::entries);
    for (_, key, template) in templates() {
        if kind_of(root, template).is_some_and(|kind| kind.contains(".nodes.nfv.Vdu.Compute") || kind.ends_with(".VDU"))
        {
            reader.unit(Some(key), image(template));
        }
    }
    for (_, key, template) in templates() {
        let kind = kind_of(root, template).unwrap_or_default();
        if kind.to_ascii_lowercase().ends_with("cp") {
            let unit = requirement(template, &["virtual_binding", "virtualBinding"]);
            let layer = template.get("properties").and_then(layer);
            reader.interface(Some(key), unit.and_then(Value::text), layer, true);
            reader.expect_unit(unit);
        }
    }
    let mappings = topology.and_then(|t| t.get("substitution_mappings"));
    if let Some(requirements) = mappings.and_then(|mappings| mappings.get("requirements")) {
        let entries = requirements.items().flat_map(Value::entries);
        for (_, key, to) in entries {
            let point = to.items().next().and_then(Value::text);
            let known = reader.descriptor.interfaces.iter().find(|i| Some(i.name.as_str()) == point).cloned();
            let (unit, kind) = known.map_or((None, None), |i| (i.unit, i.kind));
            reader.interface(Some(key), unit.as_deref(), kind.as_deref(), true);
        }
    }
    true
}

/// The type of a template, or the first of its ancestors that this file does not define.
fn kind_of<'d>(root: Value<'d>, template: Value<'d>) -> Option<&'d str> {
    let mut kind = template.text_of("type")?;
    for _ in 0..LONGEST_LINEAGE {
        match root.get("node_types").and_then(|types| types.get(kind)).and_then(|ty| ty.text_of("derived_from")) {
            Some(parent) => kind = parent,
            None => break,
        }
    }
    Some(kind)
}

/// `ipv4` of `layer_protocols: [ ipv4 ]`, or the older `type: vPort`.
fn layer(properties: Value<'_>) -> Option<&str> {
    properties.list("layer_protocols").next().and_then(Value::text).or_else(|| properties.text_of("type"))
}

/// What a requirement of one of these names leads to, in its short or its long form.
fn requirement<'d>(template: Value<'d>, names: &[&str]) -> Option<Value<'d>> {
    let all = template.list("requirements").flat_map(Value::entries);
    let to = all.filter(|(name, _, _)| names.contains(name)).map(|(_, _, to)| to).next()?;
    if to.is_map() { to.get("node") } else { Some(to) }
}

/// The file of an artifact that is an image, or the image's name.
fn image(template: Value<'_>) -> Option<&str> {
    let artifacts = template.get("artifacts").into_iter().flat_map(Value::entries);
    let files = artifacts.filter_map(|(_, _, artifact)| artifact.text().or_else(|| artifact.text_of("file")));
    let named = || template.get("properties")?.get("sw_image_data")?.text_of("name");
    files.into_iter().next().or_else(named)
}
