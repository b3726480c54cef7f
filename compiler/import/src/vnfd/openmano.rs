//! OpenMANO descriptors: `vnf` with `VNFC`, `external-connections` and `internal-connections`.

use super::{Reader, list};
use crate::yaml::Value;

/// Reads one, if it is one.
pub(super) fn read(root: Value<'_>, reader: &mut Reader) -> bool {
    let Some(vnf) = root.get("vnf").filter(|vnf| vnf.is_map()) else { return false };
    reader.descriptor.format = "OpenMANO";
    for unit in vnf.list("VNFC") {
        let image = unit.text_of("VNFC image").or_else(|| unit.text_of("image name")).or_else(|| unit.text_of("image"));
        reader.unit(unit.get("name"), image);
    }
    for connection in vnf.list("external-connections") {
        let (unit, kind) = (connection.text_of("VNFC"), connection.text_of("type"));
        reader.expect_unit(connection.get("VNFC"));
        let names = [connection.get("local_iface_name"), connection.get("name")];
        let same = names[0].and_then(Value::text) == names[1].and_then(Value::text);
        names.into_iter().take(2 - usize::from(same)).for_each(|name| reader.interface(name, unit, kind, true));
    }
    for connection in vnf.list("internal-connections") {
        let kind = connection.text_of("type");
        for element in connection.list("elements") {
            reader.expect_unit(element.get("VNFC"));
            reader.interface(element.get("local_iface_name"), element.text_of("VNFC"), kind, false);
        }
    }
    for unit in vnf.list("VNFC") {
        interfaces_of(unit, reader);
    }
    true
}

/// What a VNFC has besides: nothing leads there from outside.
fn interfaces_of(unit: Value<'_>, reader: &mut Reader) {
    let own = unit.text_of("name");
    let of_numas = list(unit, "numas").flat_map(|numa| numa.list("interfaces"));
    let all = of_numas.chain(unit.list("bridge-ifaces")).filter_map(|interface| interface.get("name"));
    for name in all {
        let known = |i: &super::Interface| Some(i.name.as_str()) == name.text() && i.unit.as_deref() == own;
        if !reader.descriptor.interfaces.iter().any(known) {
            reader.interface(Some(name), own, None, false);
        }
    }
}
