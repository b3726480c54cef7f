//! OSM descriptors (`vnfd:vnfd-catalog`), and those of ETSI GS NFV-SOL 006 (`vnfd`).

use super::{Reader, get, list, text_of};
use crate::yaml::Value;

/// Reads one, if it is one.
pub(super) fn read(root: Value<'_>, reader: &mut Reader) -> bool {
    let catalog = get(root, "vnfd-catalog").or_else(|| get(root, "nfv"));
    let Some(all) = get(catalog.unwrap_or(root), "vnfd") else { return false };
    let mut any = false;
    for vnfd in all.items().filter(|vnfd| vnfd.is_map()) {
        any = true;
        let etsi = get(vnfd, "ext-cpd").is_some() || list(vnfd, "vdu").any(|vdu| get(vdu, "int-cpd").is_some());
        if etsi { sol006(vnfd, reader) } else { catalogued(vnfd, reader) }
    }
    any
}

fn catalogued(vnfd: Value<'_>, reader: &mut Reader) {
    reader.descriptor.format = "OSM";
    for vdu in list(vnfd, "vdu") {
        reader.unit(get(vdu, "id").or_else(|| get(vdu, "name")), text_of(vdu, &["image"]));
    }
    for point in list(vnfd, "connection-point") {
        let name = get(point, "name").or_else(|| get(point, "id"));
        reader.interface(name, None, text_of(point, &["type"]), true);
    }
    for vdu in list(vnfd, "vdu") {
        interfaces_of(vdu, reader);
    }
}

/// The interfaces of a VDU: of a connection point too, it is now known whose it is.
fn interfaces_of(vdu: Value<'_>, reader: &mut Reader) {
    let unit = text_of(vdu, &["id", "name"]);
    let typed = |key: &'static str, external: bool| list(vdu, key).map(move |interface| (interface, external));
    let newer = list(vdu, "interface").map(|interface| (interface, text_of(interface, &["type"]) != Some("INTERNAL")));
    for (interface, external) in
        typed("external-interface", true).chain(typed("internal-interface", false)).chain(newer)
    {
        let point = text_of(interface, &["vnfd-connection-point-ref", "external-connection-point-ref"]);
        let point =
            reader.descriptor.interfaces.iter_mut().find(|i| i.unit.is_none() && Some(i.name.as_str()) == point);
        let kind = point.as_ref().and_then(|point| point.kind.clone());
        if let Some(point) = point {
            point.unit = unit.map(str::to_owned);
        }
        let kind = kind.as_deref().or_else(|| text_of(get(interface, "virtual-interface")?, &["type"]));
        let name = get(interface, "name");
        let named_so =
            |i: &super::Interface| Some(i.name.as_str()) == name.and_then(Value::text) && i.unit.as_deref() == unit;
        if !reader.descriptor.interfaces.iter().any(named_so) {
            reader.interface(name, unit, kind, external);
        }
    }
}

fn sol006(vnfd: Value<'_>, reader: &mut Reader) {
    reader.descriptor.format = "SOL006";
    for vdu in list(vnfd, "vdu") {
        let image = text_of(vdu, &["sw-image-desc"]).map(|id| image_of(vnfd, id));
        reader.unit(get(vdu, "id"), image);
    }
    for point in list(vnfd, "ext-cpd") {
        let inside = get(point, "int-cpd");
        let unit = inside.and_then(|inside| text_of(inside, &["vdu-id"]));
        reader.expect_unit(inside.and_then(|inside| get(inside, "vdu-id")));
        let kind = text_of(point, &["layer-protocol"]).or_else(|| list(point, "layer-protocol").next()?.text());
        reader.interface(get(point, "id"), unit, kind, true);
    }
    for vdu in list(vnfd, "vdu") {
        for point in list(vdu, "int-cpd") {
            let outside = is_exposed(vnfd, vdu, point);
            let unit = text_of(vdu, &["id"]);
            reader.interface(get(point, "id"), unit, None, outside);
            for interface in list(point, "virtual-network-interface-requirement") {
                reader.interface(get(interface, "name"), unit, None, outside);
            }
        }
    }
}

/// Whether some external connection point leads to this one of a VDU.
fn is_exposed(vnfd: Value<'_>, vdu: Value<'_>, point: Value<'_>) -> bool {
    let (vdu, point) = (text_of(vdu, &["id"]), text_of(point, &["id"]));
    let leads = |inside: Value<'_>| text_of(inside, &["vdu-id"]) == vdu && text_of(inside, &["cpd"]) == point;
    list(vnfd, "ext-cpd").filter_map(|outer| get(outer, "int-cpd")).any(leads)
}

/// The file of an image, or its name.
fn image_of<'d>(vnfd: Value<'d>, id: &'d str) -> &'d str {
    let described = list(vnfd, "sw-image-desc").find(|image| text_of(*image, &["id"]) == Some(id));
    described.and_then(|image| text_of(image, &["image", "name"])).unwrap_or(id)
}
